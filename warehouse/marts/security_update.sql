-- Grain: one row per site, source, component and installed version that a security update took the place of.
CREATE OR REPLACE VIEW marts.security_update AS
WITH offered AS (
  -- What a package manager announces as a security update counts from the first list with it.
  SELECT site_id, source_id, ecosystem, name, version, min(collected_at) AS offered_at
  FROM staging.component_listing
  WHERE update_state = 'available' AND is_security_update
  GROUP BY ALL
), mended AS (
  SELECT site_id, source_id, ecosystem, name, version, closed_at, count(*) AS flaw_count, min(fix_known_at) AS fix_known_at
  FROM marts.finding
  WHERE closed_reason = 'patched' AND outcome = 'affected' AND fix_known_at IS NOT NULL
  GROUP BY ALL
), stay AS MATERIALIZED (
  FROM staging.installed_span
), replaced AS (
  SELECT
    stay.site_id, stay.source_id, stay.ecosystem, stay.name, stay.version, stay.seen_at, stay.last_seen_at, stay.closed_at,
    coalesce(mended.flaw_count, 0) AS flaw_count,
    -- Nobody could apply here what was out before the version was.
    greatest(least(mended.fix_known_at, offered.offered_at), stay.seen_at) AS available_at
  FROM stay
  LEFT JOIN mended USING (site_id, source_id, ecosystem, name, version, closed_at)
  LEFT JOIN offered ON offered.site_id = stay.site_id AND offered.source_id = stay.source_id AND offered.ecosystem = stay.ecosystem
    AND offered.name = stay.name AND offered.version = stay.version AND offered.offered_at < stay.closed_at
  WHERE stay.is_replaced AND (mended.flaw_count IS NOT NULL OR offered.offered_at IS NOT NULL)
), new AS (
  SELECT replaced.site_id, replaced.source_id, replaced.ecosystem, replaced.name, replaced.closed_at, max(stay.version) AS new_version
  FROM replaced JOIN stay USING (site_id, source_id, ecosystem, name)
  WHERE stay.seen_at = replaced.closed_at
  GROUP BY ALL
), event AS (
  SELECT site_id, source_id, ecosystem, name, old_version, patched_at, at_precision
  FROM staging.patch_event
  WHERE action = 'upgrade' AND at_precision IN ('exact', 'day')
), applied AS (
  SELECT
    replaced.*,
    new.new_version,
    min(event.patched_at) AS patched_at,
    bool_or(event.at_precision = 'exact') AS is_exact
  FROM replaced
  LEFT JOIN new USING (site_id, source_id, ecosystem, name, closed_at)
  LEFT JOIN event ON event.site_id = replaced.site_id AND event.source_id = replaced.source_id AND event.ecosystem = replaced.ecosystem
    AND event.name = replaced.name AND event.old_version = replaced.version
    AND event.patched_at > replaced.last_seen_at - INTERVAL 1 DAY AND event.patched_at <= replaced.closed_at
  GROUP BY ALL
), bounded AS (
  SELECT
    applied.* EXCLUDE (patched_at, is_exact),
    CASE WHEN patched_at IS NULL THEN 'between' WHEN is_exact THEN 'exact' ELSE 'day' END AS at_precision,
    coalesce(patched_at, greatest(last_seen_at, available_at)) AS patched_after_at,
    coalesce(patched_at, closed_at) AS patched_by_at
  FROM applied
)
SELECT
  bounded.site_id,
  bounded.source_id,
  bounded.ecosystem,
  bounded.name,
  bounded.version AS old_version,
  bounded.new_version,
  bounded.flaw_count,
  bounded.available_at,
  bounded.at_precision,
  bounded.patched_after_at,
  bounded.patched_by_at,
  timezone(site.time_zone, bounded.patched_by_at)::DATE AS day_date,
  greatest(date_diff('day', timezone(site.time_zone, bounded.available_at)::DATE, timezone(site.time_zone, bounded.patched_after_at)::DATE), 0) AS least_days,
  greatest(date_diff('day', timezone(site.time_zone, bounded.available_at)::DATE, timezone(site.time_zone, bounded.patched_by_at)::DATE), 0) AS most_days,
  site.security_patch_sla_days AS sla_days,
  CASE WHEN most_days <= sla_days THEN true WHEN least_days > sla_days THEN false END AS is_within_sla,
  CASE WHEN bounded.at_precision = 'exact' AND watched.day_date IS NOT NULL THEN incident.started_at IS NOT NULL END AS is_followed_by_incident,
  CASE WHEN bounded.at_precision = 'exact' THEN incident.started_at END AS incident_started_at
FROM bounded
JOIN staging.site AS site USING (site_id)
LEFT JOIN (
  SELECT DISTINCT site_id, day_date FROM marts.availability_day
  WHERE is_primary AND up_seconds + down_seconds >= 0.9 * day_seconds
) AS watched ON watched.site_id = bounded.site_id AND watched.day_date = timezone(site.time_zone, bounded.patched_by_at)::DATE
LEFT JOIN marts.incident AS incident
  ON incident.site_id = bounded.site_id AND incident.check_type = 'http' AND NOT incident.is_planned
  AND incident.started_at >= bounded.patched_by_at AND incident.started_at < bounded.patched_by_at + INTERVAL 2 HOURS
QUALIFY row_number() OVER (
  PARTITION BY bounded.site_id, bounded.source_id, bounded.ecosystem, bounded.name, bounded.version, bounded.closed_at
  ORDER BY incident.started_at, incident.source_id
) = 1;
COMMENT ON VIEW marts.security_update IS 'Security updates that were applied: those that mended a known flaw, or that the package manager announced as such. How long after the fix was there they came: exact where a log dates them, else between two bounds.';
COMMENT ON COLUMN marts.security_update.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.security_update.source_id IS 'Source within the site.';
COMMENT ON COLUMN marts.security_update.ecosystem IS 'As raw.component_observation.ecosystem.';
COMMENT ON COLUMN marts.security_update.name IS 'Component.';
COMMENT ON COLUMN marts.security_update.old_version IS 'Version before.';
COMMENT ON COLUMN marts.security_update.new_version IS 'Version after, as the next list shows it.';
COMMENT ON COLUMN marts.security_update.flaw_count IS 'Known flaws that it mended; 0 where only the package manager announced it.';
COMMENT ON COLUMN marts.security_update.available_at IS 'Since when it could have been applied, UTC: since a fix was known, or offered, and not before the old version was seen.';
COMMENT ON COLUMN marts.security_update.at_precision IS 'exact, day (the log knows no time), or between (it happened after patched_after_at, by patched_by_at).';
COMMENT ON COLUMN marts.security_update.patched_after_at IS 'When it was applied at the earliest, UTC.';
COMMENT ON COLUMN marts.security_update.patched_by_at IS 'When it was applied at the latest, UTC.';
COMMENT ON COLUMN marts.security_update.day_date IS 'Day of patched_by_at in the zone of the site.';
COMMENT ON COLUMN marts.security_update.least_days IS 'Days of the site from available_at to patched_after_at: it took at least so long.';
COMMENT ON COLUMN marts.security_update.most_days IS 'Days of the site from available_at to patched_by_at: it took at most so long.';
COMMENT ON COLUMN marts.security_update.sla_days IS 'Days agreed.';
COMMENT ON COLUMN marts.security_update.is_within_sla IS 'Whether it was applied in the days agreed; null where the bounds lie on both sides: not known.';
COMMENT ON COLUMN marts.security_update.is_followed_by_incident IS 'Whether the site went down within two hours after it, unplanned; null where no log dates it exactly, or nobody watched that day.';
COMMENT ON COLUMN marts.security_update.incident_started_at IS 'Start of that incident, as in marts.incident, UTC.';
