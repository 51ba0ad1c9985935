-- Announced maintenance, as the configuration has it each time that it changes.
CREATE TABLE raw.maintenance_window (
  site_id VARCHAR NOT NULL,
  reason VARCHAR NOT NULL,
  source_ids VARCHAR[] NOT NULL,
  start_at TIMESTAMPTZ,
  end_at TIMESTAMPTZ,
  weekdays VARCHAR[] NOT NULL,
  local_time VARCHAR,
  duration_minutes BIGINT,
  first_date DATE,
  last_date DATE,
  announced_date DATE,
  configured_at TIMESTAMPTZ NOT NULL,
  parser_version VARCHAR NOT NULL,
  batch_id VARCHAR NOT NULL
);
COMMENT ON TABLE raw.maintenance_window IS 'Maintenance as declared in sites.yaml, one row per declaration and change of the configuration: once, or every week.';
COMMENT ON COLUMN raw.maintenance_window.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN raw.maintenance_window.reason IS 'What is done, as told to the client.';
COMMENT ON COLUMN raw.maintenance_window.source_ids IS 'Sources whose checks are concerned; empty for all.';
COMMENT ON COLUMN raw.maintenance_window.start_at IS 'Start of what happens once, UTC; null for what comes every week.';
COMMENT ON COLUMN raw.maintenance_window.end_at IS 'End of it (exclusive), UTC.';
COMMENT ON COLUMN raw.maintenance_window.weekdays IS 'Days of what comes every week, as monday; empty for what happens once.';
COMMENT ON COLUMN raw.maintenance_window.local_time IS 'Its start in the zone of the site, HH:MM.';
COMMENT ON COLUMN raw.maintenance_window.duration_minutes IS 'Its length, minutes.';
COMMENT ON COLUMN raw.maintenance_window.first_date IS 'First day of what comes every week; null for the day of its announcement.';
COMMENT ON COLUMN raw.maintenance_window.last_date IS 'Last day of it; null for no end.';
COMMENT ON COLUMN raw.maintenance_window.announced_date IS 'Day on which it was announced, where that was before it was configured.';
COMMENT ON COLUMN raw.maintenance_window.configured_at IS 'When this configuration was landed, UTC.';
COMMENT ON COLUMN raw.maintenance_window.parser_version IS 'Program that landed the row.';
COMMENT ON COLUMN raw.maintenance_window.batch_id IS 'Batch that brought the row.';
