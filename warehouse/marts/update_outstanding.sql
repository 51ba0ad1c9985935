-- Grain: one row per site, component and installed version for which an update was seen.
CREATE OR REPLACE VIEW marts.update_outstanding AS
WITH state AS (
  SELECT component_state.*, site.time_zone, site.security_patch_sla_days, site.routine_patch_sla_days
  FROM staging.component_state AS component_state JOIN staging.site AS site USING (site_id)
), offered AS (
  SELECT
    site_id,
    source_id,
    ecosystem,
    name,
    version,
    any_value(time_zone) AS time_zone,
    any_value(security_patch_sla_days) AS security_patch_sla_days,
    any_value(routine_patch_sla_days) AS routine_patch_sla_days,
    min(collected_at) FILTER (update_state = 'available') AS seen_at,
    max(collected_at) FILTER (update_state = 'available') AS last_seen_at,
    arg_max(latest_version, collected_at) FILTER (update_state = 'available') AS latest_version,
    min(collected_at) FILTER (update_state = 'available' AND is_security_update) AS security_seen_at,
    bool_or(is_security_update) FILTER (update_state = 'available') AS is_security_update,
    arg_max(status, collected_at) AS status
  FROM state
  GROUP BY site_id, source_id, ecosystem, name, version
  HAVING seen_at IS NOT NULL
), closed AS (
  SELECT site_id, source_id, ecosystem, name, version, min(collected_at) AS closed_at
  FROM (
    -- Bundles that list the component, but no longer in this version without a word that it is current.
    SELECT
      offered.site_id, offered.source_id, offered.ecosystem, offered.name, offered.version, state.collected_at
    FROM offered JOIN state
      ON state.site_id = offered.site_id AND state.source_id = offered.source_id
      AND state.ecosystem = offered.ecosystem AND state.name = offered.name
      AND state.collected_at > offered.last_seen_at
    GROUP BY ALL
    HAVING NOT bool_or(state.version = offered.version AND state.update_state <> 'none')
  )
  GROUP BY ALL
), removed AS (
  -- What a list read whole does not name any more needs no update.
  SELECT offered.site_id, offered.source_id, offered.ecosystem, offered.name, offered.version, min(stay.closed_at) AS removed_at
  FROM offered JOIN staging.installed_span AS stay USING (site_id, source_id, ecosystem, name, version)
  WHERE NOT stay.is_replaced AND stay.closed_at > offered.last_seen_at
  GROUP BY ALL
)
SELECT
  offered.site_id,
  offered.ecosystem,
  offered.name,
  offered.version,
  offered.latest_version,
  offered.status,
  offered.is_security_update,
  offered.seen_at,
  least(closed.closed_at, removed.removed_at) AS closed_at,
  timezone(offered.time_zone, offered.seen_at)::DATE AS seen_date,
  timezone(offered.time_zone, least(closed.closed_at, removed.removed_at))::DATE AS closed_date,
  coalesce(removed.removed_at < coalesce(closed.closed_at, 'infinity'::TIMESTAMPTZ), false) AS is_removed,
  CASE WHEN offered.is_security_update THEN offered.security_patch_sla_days ELSE offered.routine_patch_sla_days END AS sla_days,
  timezone(offered.time_zone, coalesce(offered.security_seen_at, offered.seen_at))::DATE
    + (CASE WHEN offered.is_security_update THEN offered.security_patch_sla_days ELSE offered.routine_patch_sla_days END)::INTEGER AS due_date
FROM offered
LEFT JOIN closed USING (site_id, source_id, ecosystem, name, version)
LEFT JOIN removed USING (site_id, source_id, ecosystem, name, version);
COMMENT ON VIEW marts.update_outstanding IS 'Updates that were on offer: since when, until when, and whether they were applied. An update closes only when the version changed, a fresh list no longer offers it, or a list read whole no longer names the component: an unknown state closes nothing.';
COMMENT ON COLUMN marts.update_outstanding.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.update_outstanding.ecosystem IS 'As in raw.component_observation.';
COMMENT ON COLUMN marts.update_outstanding.name IS 'Component.';
COMMENT ON COLUMN marts.update_outstanding.version IS 'Installed version that the update is for.';
COMMENT ON COLUMN marts.update_outstanding.latest_version IS 'Version offered last.';
COMMENT ON COLUMN marts.update_outstanding.status IS 'Status as its own tool says it.';
COMMENT ON COLUMN marts.update_outstanding.is_security_update IS 'Announced as a security update; null where the source does not say.';
COMMENT ON COLUMN marts.update_outstanding.seen_at IS 'First inventory that saw the offer, UTC: the update may be older.';
COMMENT ON COLUMN marts.update_outstanding.closed_at IS 'First inventory without it, UTC; null while it is outstanding.';
COMMENT ON COLUMN marts.update_outstanding.seen_date IS 'Day of seen_at in the zone of the site.';
COMMENT ON COLUMN marts.update_outstanding.closed_date IS 'Day of closed_at in the zone of the site.';
COMMENT ON COLUMN marts.update_outstanding.is_removed IS 'It closed because the component was removed, not updated.';
COMMENT ON COLUMN marts.update_outstanding.sla_days IS 'Days agreed for it.';
COMMENT ON COLUMN marts.update_outstanding.due_date IS 'Day by which it is to be applied, counted from when it was seen.';
