-- Journeys: routine checks that core functions work.
CREATE TABLE raw.journey_run (
  run_id VARCHAR NOT NULL,
  site_id VARCHAR NOT NULL,
  source_id VARCHAR NOT NULL,
  journey_id VARCHAR NOT NULL,
  journey_name VARCHAR NOT NULL,
  engine VARCHAR NOT NULL,
  started_at TIMESTAMPTZ NOT NULL,
  interval_seconds DOUBLE NOT NULL,
  attempt_count BIGINT NOT NULL,
  outcome VARCHAR NOT NULL,
  cause VARCHAR,
  failed_step BIGINT,
  total_ms DOUBLE,
  status BIGINT,
  final_url VARCHAR,
  page_title VARCHAR,
  console_error_count BIGINT,
  screenshot_file VARCHAR,
  details_file VARCHAR,
  message VARCHAR,
  parser_version VARCHAR NOT NULL,
  batch_id VARCHAR NOT NULL
);
COMMENT ON TABLE raw.journey_run IS 'Runs of journeys: a routine check that a core function works, step by step. A run that could not be made is unknown, not failed.';
COMMENT ON COLUMN raw.journey_run.run_id IS 'Run; opaque.';
COMMENT ON COLUMN raw.journey_run.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN raw.journey_run.source_id IS 'Source within the site.';
COMMENT ON COLUMN raw.journey_run.journey_id IS 'Journey, as in sites.yaml or in the starter: stable over time.';
COMMENT ON COLUMN raw.journey_run.journey_name IS 'Name of the journey as printed.';
COMMENT ON COLUMN raw.journey_run.engine IS 'browser (Chromium) or http (no scripts are run): never mix the two in one series of times.';
COMMENT ON COLUMN raw.journey_run.started_at IS 'When the run started, UTC.';
COMMENT ON COLUMN raw.journey_run.interval_seconds IS 'How often the journey is meant to run, seconds.';
COMMENT ON COLUMN raw.journey_run.attempt_count IS 'Attempts made: a failure is confirmed at once, but never by sending a form twice. 2 with outcome passed is a flaky run.';
COMMENT ON COLUMN raw.journey_run.outcome IS 'Outcome of the last attempt: passed, failed, or unknown where a step could not be made for a reason of ours.';
COMMENT ON COLUMN raw.journey_run.cause IS 'Why not passed: a word of the list in tasks/journey_run.py.';
COMMENT ON COLUMN raw.journey_run.failed_step IS 'Number of the step that did not pass, from 1.';
COMMENT ON COLUMN raw.journey_run.total_ms IS 'All steps of the last attempt, ms; null where no step was made.';
COMMENT ON COLUMN raw.journey_run.status IS 'HTTP status of the page shown last; null where none was seen.';
COMMENT ON COLUMN raw.journey_run.final_url IS 'Address of the page shown last, without secrets.';
COMMENT ON COLUMN raw.journey_run.page_title IS 'Its title, cut, without secrets. Text from outside.';
COMMENT ON COLUMN raw.journey_run.console_error_count IS 'Errors in the console of the last attempt; null where no browser ran.';
COMMENT ON COLUMN raw.journey_run.screenshot_file IS 'Picture of the failure, relative to var/evidence; null where none was taken.';
COMMENT ON COLUMN raw.journey_run.details_file IS 'Console errors and the like of the failure as JSON, relative to var/evidence.';
COMMENT ON COLUMN raw.journey_run.message IS 'What was seen, in words, without secrets.';
COMMENT ON COLUMN raw.journey_run.parser_version IS 'Collector that made the row, as name/version.';
COMMENT ON COLUMN raw.journey_run.batch_id IS 'Batch that brought the row; see raw.batch.';

CREATE TABLE raw.journey_step (
  run_id VARCHAR NOT NULL,
  site_id VARCHAR NOT NULL,
  source_id VARCHAR NOT NULL,
  journey_id VARCHAR NOT NULL,
  started_at TIMESTAMPTZ NOT NULL,
  number BIGINT NOT NULL,
  action VARCHAR NOT NULL,
  target VARCHAR NOT NULL,
  outcome VARCHAR NOT NULL,
  cause VARCHAR,
  duration_ms DOUBLE,
  message VARCHAR,
  parser_version VARCHAR NOT NULL,
  batch_id VARCHAR NOT NULL
);
COMMENT ON TABLE raw.journey_step IS 'Steps of the attempt that counts, in order.';
COMMENT ON COLUMN raw.journey_step.run_id IS 'Run; see raw.journey_run.';
COMMENT ON COLUMN raw.journey_step.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN raw.journey_step.source_id IS 'Source within the site.';
COMMENT ON COLUMN raw.journey_step.journey_id IS 'Journey, as in raw.journey_run.';
COMMENT ON COLUMN raw.journey_step.started_at IS 'When the run started, UTC.';
COMMENT ON COLUMN raw.journey_step.number IS 'Number of the step, from 1.';
COMMENT ON COLUMN raw.journey_step.action IS 'goto, fill, select, check, click or expect.';
COMMENT ON COLUMN raw.journey_step.target IS 'What the step is about: address, labels, name or expectation, without what is typed.';
COMMENT ON COLUMN raw.journey_step.outcome IS 'passed, failed, unknown, or not_run after a step that did not pass.';
COMMENT ON COLUMN raw.journey_step.cause IS 'Why not passed, as in raw.journey_run.';
COMMENT ON COLUMN raw.journey_step.duration_ms IS 'Time that the step took, ms; null where it was not run.';
COMMENT ON COLUMN raw.journey_step.message IS 'What was seen, in words, without secrets.';
COMMENT ON COLUMN raw.journey_step.parser_version IS 'Collector that made the row, as name/version.';
COMMENT ON COLUMN raw.journey_step.batch_id IS 'Batch that brought the row; see raw.batch.';
