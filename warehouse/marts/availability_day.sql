-- Grain: one row per site, source and day (of the site's zone) with at least one check.
CREATE OR REPLACE VIEW marts.availability_day AS
WITH span AS (
  SELECT site.time_zone, check_span.*
  FROM staging.check_span AS check_span JOIN staging.site AS site USING (site_id)
), piece AS (
  SELECT site_id, source_id, time_zone, local_date, start_at, end_at, outcome, total_ms FROM span
  WHERE timezone(time_zone, end_at - INTERVAL 1 MICROSECOND)::DATE = local_date
  UNION ALL
  -- The few spans that cross midnight are cut at each midnight.
  SELECT
    site_id, source_id, time_zone, day::DATE,
    greatest(start_at, timezone(time_zone, day::TIMESTAMP)),
    least(end_at, timezone(time_zone, day::TIMESTAMP + INTERVAL 1 DAY)),
    outcome, total_ms
  FROM (
    SELECT
      *,
      unnest(generate_series(local_date::TIMESTAMP, timezone(time_zone, end_at - INTERVAL 1 MICROSECOND)::DATE::TIMESTAMP, INTERVAL 1 DAY)) AS day
    FROM span
    WHERE timezone(time_zone, end_at - INTERVAL 1 MICROSECOND)::DATE > local_date
  )
), by_day AS (
  SELECT
    site_id,
    source_id,
    local_date AS day_date,
    any_value(date_diff('second', timezone(time_zone, local_date::TIMESTAMP), timezone(time_zone, local_date::TIMESTAMP + INTERVAL 1 DAY))) AS day_seconds,
    coalesce(sum(date_diff('microsecond', start_at, end_at)) FILTER (outcome = 'up'), 0) / 1000000.0 AS up_seconds,
    coalesce(sum(date_diff('microsecond', start_at, end_at)) FILTER (outcome = 'down'), 0) / 1000000.0 AS down_seconds,
    count(*) AS check_count,
    round(median(total_ms), 1) AS median_total_ms
  FROM piece
  GROUP BY site_id, source_id, local_date
)
SELECT
  *,
  greatest(day_seconds - up_seconds - down_seconds, 0) AS unknown_seconds,
  row_number() OVER (PARTITION BY site_id, day_date ORDER BY up_seconds + down_seconds DESC, source_id) = 1 AS is_primary
FROM by_day;
COMMENT ON VIEW marts.availability_day IS 'Availability by time, one row per site, source and day with at least one check. Availability is up / (up + down); days without a row and unknown seconds are in neither. Sum only rows with is_primary, or two monitors of one site are mixed.';
COMMENT ON COLUMN marts.availability_day.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.availability_day.source_id IS 'Source within the site.';
COMMENT ON COLUMN marts.availability_day.day_date IS 'Day in the zone of the site.';
COMMENT ON COLUMN marts.availability_day.day_seconds IS 'Length of the day, seconds: 82,800 or 90,000 when the clocks change.';
COMMENT ON COLUMN marts.availability_day.up_seconds IS 'Time known to be up, seconds.';
COMMENT ON COLUMN marts.availability_day.down_seconds IS 'Time known to be down, seconds.';
COMMENT ON COLUMN marts.availability_day.unknown_seconds IS 'Time that no check speaks for, seconds.';
COMMENT ON COLUMN marts.availability_day.check_count IS 'Results that speak for a part of the day.';
COMMENT ON COLUMN marts.availability_day.median_total_ms IS 'Median duration of a check, ms.';
COMMENT ON COLUMN marts.availability_day.is_primary IS 'The source that knows most of this site on this day: the one that counts.';
