-- Grain: one row per site, source, journey and day (of the site's zone) on which it ran.
CREATE OR REPLACE VIEW marts.journey_day AS
WITH slowest AS (
  SELECT
    run.site_id,
    run.source_id,
    run.journey_id,
    run.run_date,
    max(step.duration_ms) AS slowest_step_ms,
    arg_max(step.number, step.duration_ms) AS slowest_step,
    arg_max(step.action || ' ' || step.target, step.duration_ms) AS slowest_step_text
  FROM staging.journey_run AS run
  JOIN raw.journey_step AS step ON step.run_id = run.run_id AND step.outcome = 'passed'
  WHERE run.outcome = 'passed'
  GROUP BY run.site_id, run.source_id, run.journey_id, run.run_date
)
SELECT
  run.site_id,
  run.source_id,
  run.journey_id,
  run.run_date AS day_date,
  arg_max(run.journey_name, run.started_at) AS journey_name,
  arg_max(run.engine, run.started_at) AS engine,
  count(*) AS run_count,
  count(*) FILTER (run.outcome = 'passed') AS passed_count,
  count(*) FILTER (run.outcome = 'failed') AS failed_count,
  count(*) FILTER (run.outcome = 'unknown') AS unknown_count,
  count(*) FILTER (run.outcome = 'passed' AND run.attempt_count > 1) AS flaky_count,
  least(sum(run.interval_seconds) FILTER (run.outcome != 'unknown') / 86400, 1.0) AS coverage_ratio,
  median(run.total_ms) FILTER (run.outcome = 'passed') AS median_total_ms,
  any_value(slowest.slowest_step) AS slowest_step,
  any_value(slowest.slowest_step_text) AS slowest_step_text,
  any_value(slowest.slowest_step_ms) AS slowest_step_ms
FROM staging.journey_run AS run LEFT JOIN slowest USING (site_id, source_id, journey_id, run_date)
GROUP BY run.site_id, run.source_id, run.journey_id, run.run_date;
COMMENT ON VIEW marts.journey_day IS 'How often each journey passed on each day, and how long it took. A day without a row, and runs that are unknown, are not known: neither passed nor failed.';
COMMENT ON COLUMN marts.journey_day.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.journey_day.source_id IS 'Source within the site.';
COMMENT ON COLUMN marts.journey_day.journey_id IS 'Journey: stable over time.';
COMMENT ON COLUMN marts.journey_day.day_date IS 'Day in the zone of the site.';
COMMENT ON COLUMN marts.journey_day.journey_name IS 'Name of the journey as printed.';
COMMENT ON COLUMN marts.journey_day.engine IS 'browser or http, of the last run.';
COMMENT ON COLUMN marts.journey_day.run_count IS 'Runs, those that are unknown included.';
COMMENT ON COLUMN marts.journey_day.passed_count IS 'Runs that passed.';
COMMENT ON COLUMN marts.journey_day.failed_count IS 'Runs that failed, each confirmed where that sends no form twice.';
COMMENT ON COLUMN marts.journey_day.unknown_count IS 'Runs that could not be made.';
COMMENT ON COLUMN marts.journey_day.flaky_count IS 'Runs that passed at the second attempt; part of passed_count.';
COMMENT ON COLUMN marts.journey_day.coverage_ratio IS 'Share of the day for which runs speak: 0 to 1.';
COMMENT ON COLUMN marts.journey_day.median_total_ms IS 'Median time of the runs that passed, ms.';
COMMENT ON COLUMN marts.journey_day.slowest_step IS 'Number of the slowest step of the runs that passed.';
COMMENT ON COLUMN marts.journey_day.slowest_step_text IS 'That step in words.';
COMMENT ON COLUMN marts.journey_day.slowest_step_ms IS 'Its longest time, ms.';
