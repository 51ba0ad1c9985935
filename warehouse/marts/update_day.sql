-- Grain: one row per site, day (of its zone), ecosystem and change of an installed component.
CREATE OR REPLACE VIEW marts.update_day AS
SELECT
  event.site_id,
  timezone(site.time_zone, event.patched_at)::DATE AS day_date,
  event.* EXCLUDE (site_id, source_id)
FROM staging.patch_event AS event JOIN staging.site AS site USING (site_id)
WHERE event.action = 'upgrade';
COMMENT ON VIEW marts.update_day IS 'Updates that were applied, from logs or between two inventories.';
COMMENT ON COLUMN marts.update_day.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.update_day.day_date IS 'Day in the zone of the site.';
COMMENT ON COLUMN marts.update_day.patched_at IS 'When it happened, UTC; with at_precision between, the later bound.';
COMMENT ON COLUMN marts.update_day.at_precision IS 'exact or between.';
COMMENT ON COLUMN marts.update_day.ecosystem IS 'As in raw.component_observation.';
COMMENT ON COLUMN marts.update_day.name IS 'Component.';
COMMENT ON COLUMN marts.update_day.action IS 'Always upgrade.';
COMMENT ON COLUMN marts.update_day.old_version IS 'Version before.';
COMMENT ON COLUMN marts.update_day.new_version IS 'Version after.';
COMMENT ON COLUMN marts.update_day.method IS 'unattended, manual, or null where the source does not say.';
COMMENT ON COLUMN marts.update_day.requested_by IS 'Account that asked for it.';
