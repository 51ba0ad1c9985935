-- Grain: one row per run of a journey, with the day of its site.
CREATE OR REPLACE VIEW staging.journey_run AS
SELECT
  run.run_id,
  run.site_id,
  run.source_id,
  run.journey_id,
  run.journey_name,
  run.engine,
  run.started_at,
  run.interval_seconds,
  run.attempt_count,
  run.outcome,
  run.cause,
  run.failed_step,
  run.total_ms,
  run.screenshot_file,
  run.message,
  timezone(coalesce(site.time_zone, 'UTC'), run.started_at)::DATE AS run_date
FROM raw.journey_run AS run LEFT JOIN staging.site AS site USING (site_id)
QUALIFY row_number() OVER (PARTITION BY run.run_id ORDER BY run.batch_id) = 1;
COMMENT ON VIEW staging.journey_run IS 'Runs of journeys, each once, with the day of the site.';
COMMENT ON COLUMN staging.journey_run.run_id IS 'Run; opaque.';
COMMENT ON COLUMN staging.journey_run.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN staging.journey_run.source_id IS 'Source within the site.';
COMMENT ON COLUMN staging.journey_run.journey_id IS 'Journey: stable over time.';
COMMENT ON COLUMN staging.journey_run.journey_name IS 'Name of the journey as printed.';
COMMENT ON COLUMN staging.journey_run.engine IS 'browser or http.';
COMMENT ON COLUMN staging.journey_run.started_at IS 'When the run started, UTC.';
COMMENT ON COLUMN staging.journey_run.interval_seconds IS 'How often the journey is meant to run, seconds.';
COMMENT ON COLUMN staging.journey_run.attempt_count IS 'Attempts made.';
COMMENT ON COLUMN staging.journey_run.outcome IS 'passed, failed or unknown.';
COMMENT ON COLUMN staging.journey_run.cause IS 'Why not passed.';
COMMENT ON COLUMN staging.journey_run.failed_step IS 'Number of the step that did not pass, from 1.';
COMMENT ON COLUMN staging.journey_run.total_ms IS 'All steps of the last attempt, ms.';
COMMENT ON COLUMN staging.journey_run.screenshot_file IS 'Picture of the failure, relative to var/evidence.';
COMMENT ON COLUMN staging.journey_run.message IS 'What was seen, in words.';
COMMENT ON COLUMN staging.journey_run.run_date IS 'Day of the start in the zone of the site.';
