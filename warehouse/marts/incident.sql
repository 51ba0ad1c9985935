-- Grain: one row per incident: a run of down slots of one site and source without an up slot between them.
CREATE OR REPLACE VIEW marts.incident AS
WITH known AS (
  SELECT *, lag(outcome) OVER slots AS previous_outcome, lead(outcome) OVER slots AS next_outcome
  FROM staging.check_span
  WHERE outcome IN ('up', 'down')
  WINDOW slots AS (PARTITION BY site_id, source_id ORDER BY start_at)
), down AS (
  SELECT
    *,
    count(*) FILTER (previous_outcome IS DISTINCT FROM 'down')
      OVER (PARTITION BY site_id, source_id ORDER BY start_at ROWS UNBOUNDED PRECEDING) AS run_number
  FROM known
  WHERE outcome = 'down'
), run AS (
  SELECT
    site_id,
    source_id,
    run_number,
    any_value(check_type) AS check_type,
    min(start_at) AS started_at,
    min(local_date) AS started_date,
    max(end_at) AS ended_at,
    sum(date_diff('microsecond', start_at, end_at)) / 1000000.0 AS down_seconds,
    count(*) AS check_count,
    mode(cause) AS cause,
    mode(status) AS status,
    arg_max(next_outcome, start_at) = 'up' AS is_end_seen
  FROM down
  GROUP BY site_id, source_id, run_number
)
SELECT * EXCLUDE (run_number)
FROM run;
COMMENT ON VIEW marts.incident IS 'One row per incident: a run of down slots of one site and source without an up slot between them.';
COMMENT ON COLUMN marts.incident.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.incident.source_id IS 'Source within the site.';
COMMENT ON COLUMN marts.incident.check_type IS 'What was down: http is the site, the others a part of it.';
COMMENT ON COLUMN marts.incident.started_at IS 'First slot that was down, UTC.';
COMMENT ON COLUMN marts.incident.ended_at IS 'Until when the last down slot speaks, UTC.';
COMMENT ON COLUMN marts.incident.down_seconds IS 'Time known to be down, seconds; gaps inside are not in it.';
COMMENT ON COLUMN marts.incident.check_count IS 'Slots that were down.';
COMMENT ON COLUMN marts.incident.cause IS 'Most frequent cause.';
COMMENT ON COLUMN marts.incident.status IS 'Most frequent HTTP status.';
COMMENT ON COLUMN marts.incident.is_end_seen IS 'An up slot followed; false where the monitoring stopped or the site is still down.';
COMMENT ON COLUMN marts.incident.started_date IS 'Day of the start in the zone of the site.';
