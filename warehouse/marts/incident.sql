-- Grain: one row per incident: confirmed failures of one site and source without a recovery between them.
-- Three or more that follow each other within 30 minutes are one that flaps: one message, one row.
CREATE OR REPLACE VIEW marts.incident AS
WITH run AS (
  SELECT
    site_id,
    source_id,
    incident_number,
    any_value(check_type) AS check_type,
    min(start_at) FILTER (state = 'down') AS started_at,
    min(local_date) FILTER (state = 'down') AS started_date,
    min(start_at) FILTER (is_open) AS confirmed_at,
    max(end_at) FILTER (state = 'down') AS ended_at,
    sum(date_diff('microsecond', start_at, end_at)) FILTER (state = 'down') / 1000000.0 AS down_seconds,
    count(*) FILTER (state = 'down') AS check_count,
    sum(attempt_count) FILTER (state = 'down') AS attempt_count,
    mode(cause) FILTER (state = 'down') AS cause,
    mode(status) FILTER (state = 'down') AS status,
    coalesce(arg_max_null(is_open_next, start_at) = false, false) AS is_end_seen
  FROM staging.check_state
  WHERE incident_number IS NOT NULL
  GROUP BY site_id, source_id, incident_number
), chained AS (
  SELECT *, sum(coalesce(started_at > previous_ended_at + INTERVAL 30 MINUTES, true)::INTEGER) OVER runs AS chain
  FROM (
    SELECT *, lag(ended_at) OVER (PARTITION BY site_id, source_id ORDER BY started_at) AS previous_ended_at FROM run
  )
  WINDOW runs AS (PARTITION BY site_id, source_id ORDER BY started_at ROWS UNBOUNDED PRECEDING)
), sized AS (
  SELECT *, count(*) OVER (PARTITION BY site_id, source_id, chain) AS flip_count FROM chained
)
SELECT
  site_id,
  source_id,
  any_value(check_type) AS check_type,
  min(started_at) AS started_at,
  min(started_date) AS started_date,
  min(confirmed_at) AS confirmed_at,
  max(ended_at) AS ended_at,
  sum(down_seconds) AS down_seconds,
  sum(check_count)::BIGINT AS check_count,
  sum(attempt_count)::BIGINT AS attempt_count,
  arg_max(cause, down_seconds) AS cause,
  arg_max(status, down_seconds) AS status,
  arg_max(is_end_seen, started_at) AS is_end_seen,
  max(flip_count) >= 3 AS is_flapping
FROM sized
GROUP BY site_id, source_id, chain, CASE WHEN flip_count >= 3 THEN 0 ELSE incident_number END;
COMMENT ON VIEW marts.incident IS 'One row per incident: confirmed failures of one site and source without a recovery between them. Three or more within 30 minutes of each other are one that flaps.';
COMMENT ON COLUMN marts.incident.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.incident.source_id IS 'Source within the site.';
COMMENT ON COLUMN marts.incident.check_type IS 'What was down: http is the site, the others a part of it.';
COMMENT ON COLUMN marts.incident.started_at IS 'First slot that was down, UTC.';
COMMENT ON COLUMN marts.incident.started_date IS 'Day of the start in the zone of the site.';
COMMENT ON COLUMN marts.incident.confirmed_at IS 'Slot in which it was down often enough to count, UTC.';
COMMENT ON COLUMN marts.incident.ended_at IS 'Until when the last down slot speaks, UTC.';
COMMENT ON COLUMN marts.incident.down_seconds IS 'Time known to be down, seconds; gaps inside are not in it.';
COMMENT ON COLUMN marts.incident.check_count IS 'Slots that were down: what it was confirmed by.';
COMMENT ON COLUMN marts.incident.attempt_count IS 'Attempts in those slots, each on a fresh connection.';
COMMENT ON COLUMN marts.incident.cause IS 'Most frequent cause.';
COMMENT ON COLUMN marts.incident.status IS 'Most frequent HTTP status.';
COMMENT ON COLUMN marts.incident.is_end_seen IS 'It recovered; false where the monitoring stopped or the site is still down.';
COMMENT ON COLUMN marts.incident.is_flapping IS 'Three or more outages within 30 minutes of each other, told as one.';
