-- Grain: one row per site of the configuration as it is now.
CREATE OR REPLACE VIEW staging.site AS
SELECT * EXCLUDE (parser_version, batch_id)
FROM raw.site
WHERE configured_at = (SELECT max(configured_at) FROM raw.site);
COMMENT ON VIEW staging.site IS 'One row per site of the configuration as it is now; sites that were taken out are only in raw.site.';
COMMENT ON COLUMN staging.site.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN staging.site.site_name IS 'Name as the client knows it.';
COMMENT ON COLUMN staging.site.client_id IS 'Client that owns the site.';
COMMENT ON COLUMN staging.site.client_name IS 'Name of the client.';
COMMENT ON COLUMN staging.site.url IS 'Home page.';
COMMENT ON COLUMN staging.site.platform IS 'What runs the site.';
COMMENT ON COLUMN staging.site.time_zone IS 'IANA zone in which the site counts its days.';
COMMENT ON COLUMN staging.site.locale IS 'Language and region of the report.';
COMMENT ON COLUMN staging.site.owner_name IS 'Who at the agency owns the site.';
COMMENT ON COLUMN staging.site.lanes IS 'Service lanes bought.';
COMMENT ON COLUMN staging.site.availability_slo_pct IS 'Agreed availability, 0 to 100.';
COMMENT ON COLUMN staging.site.security_patch_sla_days IS 'Days within which a security update is to be applied.';
COMMENT ON COLUMN staging.site.routine_patch_sla_days IS 'Days within which any other update is to be applied.';
COMMENT ON COLUMN staging.site.configured_at IS 'When this version of the configuration was landed, UTC.';
COMMENT ON COLUMN staging.site.trusted_networks IS 'Ranges that are never advised to be blocked.';
COMMENT ON COLUMN staging.site.thresholds IS 'Thresholds of rules where the site has its own: a JSON object of numbers by rule.';
