-- Grain: one row per site, source and stretch of announced maintenance; windows that overlap are one.
-- A window counts where the configuration that held when it began has it: what is declared afterwards changes no
-- history, and what is taken out later stays what it was.
CREATE OR REPLACE VIEW staging.maintenance_span AS
WITH configuration AS (
  SELECT configured_at, coalesce(lead(configured_at) OVER (ORDER BY configured_at), 'infinity') AS replaced_at
  FROM (SELECT DISTINCT configured_at FROM raw.site)
), declared AS (
  SELECT
    "window".*,
    site.time_zone,
    replaced_at,
    least(configured_at, coalesce(timezone(site.time_zone, announced_date::TIMESTAMP), configured_at)) AS announced_at
  FROM raw.maintenance_window AS "window"
  JOIN configuration USING (configured_at)
  JOIN staging.site AS site ON site.site_id = "window".site_id
), weekly AS (
  SELECT *, unnest(generate_series(
    coalesce(first_date, announced_at::DATE - 1)::TIMESTAMP,
    least(coalesce(last_date, DATE '9999-12-31'), current_date + 31)::TIMESTAMP,
    INTERVAL 1 DAY
  )) AS day
  FROM declared
  WHERE len(weekdays) > 0
), occurrence AS (
  SELECT site_id, source_ids, reason, start_at, end_at, announced_at, replaced_at FROM declared WHERE start_at IS NOT NULL
  UNION ALL
  SELECT
    site_id, source_ids, reason, timezone(time_zone, day::DATE + local_time::TIME) AS start_at,
    timezone(time_zone, day::DATE + local_time::TIME) + to_minutes(duration_minutes), announced_at, replaced_at
  FROM weekly
  WHERE list_contains(weekdays, lower(dayname(day)))
), concerned AS (
  SELECT
    occurrence.*,
    source.source_id,
    max(end_at) OVER (
      PARTITION BY occurrence.site_id, source.source_id ORDER BY start_at, end_at ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS known_until
  FROM occurrence
  JOIN staging.source AS source
    ON source.site_id = occurrence.site_id AND (len(source_ids) = 0 OR list_contains(source_ids, source.source_id))
  WHERE start_at >= announced_at AND start_at < replaced_at
), chained AS (
  SELECT *, sum(coalesce(start_at > known_until, true)::INTEGER) OVER (
    PARTITION BY site_id, source_id ORDER BY start_at, end_at ROWS UNBOUNDED PRECEDING
  ) AS chain
  FROM concerned
)
SELECT
  site_id,
  source_id,
  min(start_at) AS start_at,
  max(end_at) AS end_at,
  string_agg(DISTINCT reason, '; ' ORDER BY reason) AS reason
FROM chained
GROUP BY site_id, source_id, chain;
COMMENT ON VIEW staging.maintenance_span IS 'Stretches of announced maintenance by site and source. A window counts where it was announced, or configured, before it began.';
COMMENT ON COLUMN staging.maintenance_span.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN staging.maintenance_span.source_id IS 'Source whose checks are concerned.';
COMMENT ON COLUMN staging.maintenance_span.start_at IS 'Start, UTC.';
COMMENT ON COLUMN staging.maintenance_span.end_at IS 'End (exclusive), UTC.';
COMMENT ON COLUMN staging.maintenance_span.reason IS 'What is done, as told to the client.';
