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
  state.collected_at,
  state.directory_state,
  state.directory_updated_date,
  state.is_abandoned,
  state.replacement,
  state.is_held,
  state.hold_reason
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
COMMENT ON COLUMN marts.component.directory_state IS 'listed or closed, where the public directory of plugins is proved to have answered about this very one; null is unknown.';
COMMENT ON COLUMN marts.component.directory_updated_date IS 'Day of its last change in the public directory, UTC; null is unknown.';
COMMENT ON COLUMN marts.component.is_abandoned IS 'Whether its publisher says that it is abandoned or deprecated; null where the source does not say.';
COMMENT ON COLUMN marts.component.replacement IS 'What its publisher names to take its place. Text from outside.';
COMMENT ON COLUMN marts.component.is_held IS 'Whether it is held at its version; null where the source does not say.';
COMMENT ON COLUMN marts.component.hold_reason IS 'Why it is held, as sites.yaml said; null where nobody gave a reason.';
