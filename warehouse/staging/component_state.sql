-- Grain: one row per site, source, component and bundle.
CREATE OR REPLACE VIEW staging.component_state AS
SELECT
  * EXCLUDE (parser_version, batch_id),
  lag(version) OVER component AS previous_version,
  lag(collected_at) OVER component AS previous_collected_at
FROM (
  SELECT *
  FROM raw.component_observation
  QUALIFY row_number() OVER (PARTITION BY site_id, source_id, bundle_id, ecosystem, name ORDER BY batch_id) = 1
)
WINDOW component AS (PARTITION BY site_id, source_id, ecosystem, name ORDER BY collected_at, bundle_id);
COMMENT ON VIEW staging.component_state IS 'Every component in every bundle, with what the bundle before said of it. Bundles are ordered by the time they were made on the server, not by arrival.';
COMMENT ON COLUMN staging.component_state.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN staging.component_state.source_id IS 'Source within the site.';
COMMENT ON COLUMN staging.component_state.bundle_id IS 'Bundle that listed it.';
COMMENT ON COLUMN staging.component_state.collected_at IS 'When the bundle was made on the server, UTC.';
COMMENT ON COLUMN staging.component_state.ecosystem IS 'wordpress-core, wordpress-plugin, wordpress-theme or deb.';
COMMENT ON COLUMN staging.component_state.name IS 'Component.';
COMMENT ON COLUMN staging.component_state.version IS 'Installed version.';
COMMENT ON COLUMN staging.component_state.status IS 'Status as its own tool says it.';
COMMENT ON COLUMN staging.component_state.update_state IS 'available, none or unknown.';
COMMENT ON COLUMN staging.component_state.latest_version IS 'Version offered.';
COMMENT ON COLUMN staging.component_state.is_security_update IS 'Whether the offered update is announced as a security update; null where the source does not say.';
COMMENT ON COLUMN staging.component_state.is_auto_update IS 'Whether the platform updates it by itself.';
COMMENT ON COLUMN staging.component_state.fresh_as_of_at IS 'Moment at which the update list was proved current, UTC.';
COMMENT ON COLUMN staging.component_state.previous_version IS 'Installed version in the bundle before; null in the first.';
COMMENT ON COLUMN staging.component_state.previous_collected_at IS 'When the bundle before was made, UTC.';
