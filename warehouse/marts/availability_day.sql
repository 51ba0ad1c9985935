-- Grain: one row per site, source and day (of the site's zone) with at least one check.
CREATE OR REPLACE VIEW marts.availability_day AS
WITH span AS (
  SELECT span.*, day.end_at AS day_end_at
  FROM staging.check_state AS span
  JOIN staging.site_day AS day ON day.site_id = span.site_id AND day.day_date = span.local_date
), piece AS (
  SELECT site_id, source_id, check_type, url, local_date, start_at, least(end_at, day_end_at) AS end_at, state, total_ms
  FROM span
  UNION ALL
  -- The few spans that cross midnight go on in the days after.
  SELECT
    span.site_id, span.source_id, span.check_type, span.url, day.day_date, day.start_at, least(span.end_at, day.end_at),
    span.state, span.total_ms
  FROM (SELECT * FROM span WHERE end_at > day_end_at) AS span
  JOIN staging.site_day AS day
    ON day.site_id = span.site_id AND day.start_at >= span.day_end_at AND day.start_at < span.end_at
), planned AS (
  SELECT site_id, source_id, day::DATE AS local_date, list({'start_at': start_at, 'end_at': end_at}) AS windows
  FROM (
    SELECT maintenance.*, unnest(generate_series(
      date_trunc('day', timezone(time_zone, start_at)), timezone(time_zone, end_at), INTERVAL 1 DAY
    )) AS day
    FROM staging.maintenance_span AS maintenance JOIN staging.site AS site USING (site_id)
  )
  GROUP BY site_id, source_id, day
), measured AS (
  SELECT
    piece.*,
    -- A difference of numbers: date_diff asks the calendar of the zone, which takes three times as long.
    epoch_us(end_at) - epoch_us(start_at) AS microseconds,
    CASE WHEN windows IS NULL THEN 0 ELSE list_sum(list_transform(windows, lambda w:
      greatest(epoch_us(least(piece.end_at, w.end_at)) - epoch_us(greatest(piece.start_at, w.start_at)), 0)
    )) END AS planned_microseconds
  FROM piece LEFT JOIN planned USING (site_id, source_id, local_date)
), by_day AS (
  SELECT
    piece.site_id,
    piece.source_id,
    any_value(piece.check_type) AS check_type,
    any_value(piece.url) AS url,
    piece.local_date AS day_date,
    coalesce(sum(microseconds) FILTER (state = 'up'), 0) / 1000000.0 AS up_seconds,
    coalesce(sum(microseconds) FILTER (state = 'down'), 0) / 1000000.0 AS down_seconds,
    coalesce(sum(microseconds) FILTER (state = 'unconfirmed'), 0) / 1000000.0 AS unconfirmed_seconds,
    coalesce(sum(planned_microseconds) FILTER (state = 'up'), 0) / 1000000.0 AS maintenance_up_seconds,
    coalesce(sum(planned_microseconds) FILTER (state = 'down'), 0) / 1000000.0 AS maintenance_down_seconds,
    count(*) AS check_count,
    round(median(total_ms), 1) AS median_total_ms
  FROM measured AS piece
  GROUP BY piece.site_id, piece.source_id, piece.local_date
), sized AS (
  SELECT by_day.*, date_diff('second', day.start_at, day.end_at) AS day_seconds, site.url = by_day.url AS is_home
  FROM by_day
  JOIN staging.site_day AS day ON day.site_id = by_day.site_id AND day.day_date = by_day.day_date
  JOIN staging.site AS site ON site.site_id = by_day.site_id
)
SELECT
  * EXCLUDE (url, is_home),
  greatest(day_seconds - up_seconds - down_seconds, 0) AS unknown_seconds,
  check_type = 'http'
    AND row_number() OVER (
      PARTITION BY site_id, day_date, check_type
      -- Of those that know about as much the one that asks for the home page, else the more frequent one.
      ORDER BY round((up_seconds + down_seconds) / 3600) DESC, is_home DESC, check_count DESC, source_id
    ) = 1 AS is_primary
FROM sized;
COMMENT ON VIEW marts.availability_day IS 'Availability by time, one row per site, source and day with at least one check. Availability is up / (up + down), and what was agreed the same without maintenance_up_seconds and maintenance_down_seconds; days without a row and unknown seconds are in neither. Sum only rows with is_primary, or two monitors of one site are mixed.';
COMMENT ON COLUMN marts.availability_day.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.availability_day.source_id IS 'Source within the site.';
COMMENT ON COLUMN marts.availability_day.check_type IS 'What the source checks: a source has one type.';
COMMENT ON COLUMN marts.availability_day.day_date IS 'Day in the zone of the site.';
COMMENT ON COLUMN marts.availability_day.day_seconds IS 'Length of the day, seconds: 82,800 or 90,000 when the clocks change.';
COMMENT ON COLUMN marts.availability_day.up_seconds IS 'Time known to be up, seconds.';
COMMENT ON COLUMN marts.availability_day.down_seconds IS 'Time known to be down, seconds.';
COMMENT ON COLUMN marts.availability_day.unconfirmed_seconds IS 'Time of failures that were not confirmed, seconds: in neither up nor down, and a part of unknown_seconds.';
COMMENT ON COLUMN marts.availability_day.unknown_seconds IS 'Time of which it is not known whether the site was up, seconds.';
COMMENT ON COLUMN marts.availability_day.maintenance_up_seconds IS 'The part of up_seconds inside announced maintenance, seconds: what is agreed leaves it out.';
COMMENT ON COLUMN marts.availability_day.maintenance_down_seconds IS 'The part of down_seconds inside announced maintenance, seconds: what is agreed leaves it out.';
COMMENT ON COLUMN marts.availability_day.check_count IS 'Results that speak for a part of the day.';
COMMENT ON COLUMN marts.availability_day.median_total_ms IS 'Median duration of a check, ms.';
COMMENT ON COLUMN marts.availability_day.is_primary IS 'The http source that knows most of this site on this day, by the hour: the one that counts; of equals the home page. Ports, records, heartbeats and the like never do.';
