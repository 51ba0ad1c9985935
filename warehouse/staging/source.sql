-- Grain: one row per source of the configuration as it is now.
CREATE OR REPLACE VIEW staging.source AS
SELECT * EXCLUDE (parser_version, batch_id)
FROM raw.source
WHERE configured_at = (SELECT max(configured_at) FROM raw.source);
COMMENT ON VIEW staging.source IS 'One row per source of the configuration as it is now: what should deliver.';
COMMENT ON COLUMN staging.source.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN staging.source.source_id IS 'Source within the site, as in sites.yaml.';
COMMENT ON COLUMN staging.source.kind IS 'Collector that reads it.';
COMMENT ON COLUMN staging.source.fills IS 'Raw table that it fills.';
COMMENT ON COLUMN staging.source.expected_every_seconds IS 'Longest time between two deliveries that is still normal, seconds.';
COMMENT ON COLUMN staging.source.confirm_down IS 'Checks of the last confirm_of that must fail before it counts as down.';
COMMENT ON COLUMN staging.source.confirm_of IS 'Checks that are looked at.';
COMMENT ON COLUMN staging.source.confirm_up IS 'Checks in a row that must be up before an incident is over.';
COMMENT ON COLUMN staging.source.configured_at IS 'When this version of the configuration was landed, UTC.';
