-- Grain: one row per site, installed component and version, as the newest bundle of its source lists it.
CREATE OR REPLACE VIEW marts.component AS
SELECT
  state.site_id,
  state.source_id,
  state.ecosystem,
  state.name,
  state.version,
  state.status,
  state.update_state,
  state.latest_version,
  state.is_security_update,
  state.fresh_as_of_at,
  state.collected_at
FROM staging.component_state AS state
JOIN (
  SELECT site_id, source_id, max(collected_at) AS collected_at
  FROM staging.component_state
  GROUP BY site_id, source_id
) AS newest USING (site_id, source_id, collected_at);
COMMENT ON VIEW marts.component IS 'What is installed now, and whether an update is known to be available. update_state unknown must never be counted as up to date.';
COMMENT ON COLUMN marts.component.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.component.source_id IS 'Source within the site.';
COMMENT ON COLUMN marts.component.ecosystem IS 'As in raw.component_observation.';
COMMENT ON COLUMN marts.component.name IS 'Component.';
COMMENT ON COLUMN marts.component.version IS 'Installed version.';
COMMENT ON COLUMN marts.component.status IS 'Status as its own tool says it.';
COMMENT ON COLUMN marts.component.update_state IS 'available, none or unknown.';
COMMENT ON COLUMN marts.component.latest_version IS 'Version offered.';
COMMENT ON COLUMN marts.component.is_security_update IS 'Whether the offer is announced as a security update.';
COMMENT ON COLUMN marts.component.fresh_as_of_at IS 'Moment at which the update list was proved current, UTC; null where not proved.';
COMMENT ON COLUMN marts.component.collected_at IS 'When the newest bundle was made, UTC.';
