-- Grain: one row per site and day (of the site's zone) on which a certificate was seen.
CREATE OR REPLACE VIEW marts.certificate_day AS
SELECT
  site_id,
  local_date AS day_date,
  arg_max(certificate_not_after_at, start_at) AS not_after_at,
  arg_max(is_certificate_valid, start_at) AS is_valid
FROM staging.check_state
WHERE certificate_not_after_at IS NOT NULL AND check_type IN ('http', 'tls')
GROUP BY site_id, local_date;
COMMENT ON VIEW marts.certificate_day IS 'The last certificate seen on each day. A day without a row saw none: unknown, not valid.';
COMMENT ON COLUMN marts.certificate_day.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.certificate_day.day_date IS 'Day in the zone of the site.';
COMMENT ON COLUMN marts.certificate_day.not_after_at IS 'Expiry, UTC.';
COMMENT ON COLUMN marts.certificate_day.is_valid IS 'Whether it was accepted for this host; null where the source does not say.';
