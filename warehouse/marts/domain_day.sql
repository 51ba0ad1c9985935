-- Grain: one row per site and day (of the site's zone) on which a registry said when the domain ends.
CREATE OR REPLACE VIEW marts.domain_day AS
SELECT site_id, local_date AS day_date, arg_max(certificate_not_after_at, start_at) AS expires_at
FROM staging.check_state
WHERE certificate_not_after_at IS NOT NULL AND check_type = 'domain'
GROUP BY site_id, local_date;
COMMENT ON VIEW marts.domain_day IS 'When the registration of the domain ends, as last heard on each day. A day without a row heard nothing: unknown, not safe.';
COMMENT ON COLUMN marts.domain_day.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.domain_day.day_date IS 'Day in the zone of the site.';
COMMENT ON COLUMN marts.domain_day.expires_at IS 'End of the registration, UTC.';
