-- Grain: one row per site, source and inventory bundle.
CREATE OR REPLACE VIEW marts.bundle AS
SELECT
  state.site_id,
  state.source_id,
  state.bundle_id,
  state.ecosystem,
  max(state.collected_at) AS collected_at,
  timezone(any_value(site.time_zone), max(state.collected_at))::DATE AS collected_date,
  max(state.fresh_as_of_at) AS fresh_as_of_at,
  count(*) AS component_count,
  -- An offer stays true on an old list; that a list is current shows in what it says of the others, or in its age.
  count(*) FILTER (
    update_state = 'none' OR (update_state = 'available' AND fresh_as_of_at >= state.collected_at - INTERVAL 2 DAY)
  ) AS fresh_count,
  count(*) FILTER (update_state = 'available') AS outdated_count
FROM staging.component_state AS state JOIN staging.site AS site USING (site_id)
GROUP BY state.site_id, state.source_id, state.bundle_id, state.ecosystem;
COMMENT ON VIEW marts.bundle IS 'Each inventory: how much of it is known to be current. fresh_count 0 means that updates were unknown that day, whatever the lists said.';
COMMENT ON COLUMN marts.bundle.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.bundle.source_id IS 'Source within the site.';
COMMENT ON COLUMN marts.bundle.bundle_id IS 'Bundle.';
COMMENT ON COLUMN marts.bundle.ecosystem IS 'As in raw.component_observation.';
COMMENT ON COLUMN marts.bundle.collected_at IS 'When it was made on the server, UTC.';
COMMENT ON COLUMN marts.bundle.collected_date IS 'Day of collected_at in the zone of the site.';
COMMENT ON COLUMN marts.bundle.fresh_as_of_at IS 'Moment up to which its update list is proved current, UTC.';
COMMENT ON COLUMN marts.bundle.component_count IS 'Components listed.';
COMMENT ON COLUMN marts.bundle.fresh_count IS 'Components whose update state stands on a list that was current then.';
COMMENT ON COLUMN marts.bundle.outdated_count IS 'Components with an update on offer.';
