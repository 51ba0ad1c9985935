-- What servers say of themselves, and what their backup jobs report.
CREATE TABLE raw.server_metric (
  site_id VARCHAR NOT NULL,
  source_id VARCHAR NOT NULL,
  server VARCHAR NOT NULL,
  metric VARCHAR NOT NULL,
  device VARCHAR,
  measured_at TIMESTAMPTZ NOT NULL,
  value DOUBLE NOT NULL,
  interval_seconds DOUBLE NOT NULL,
  event_date DATE,
  parser_version VARCHAR NOT NULL,
  batch_id VARCHAR NOT NULL
);
COMMENT ON TABLE raw.server_metric IS 'Figures of servers, one row per server, metric, device and slot. A slot without a row was not measured: unknown, not idle.';
COMMENT ON COLUMN raw.server_metric.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN raw.server_metric.source_id IS 'Source within the site.';
COMMENT ON COLUMN raw.server_metric.server IS 'Server, as the source names it: the label instance of Prometheus.';
COMMENT ON COLUMN raw.server_metric.metric IS 'cpu_busy_ratio, memory_used_ratio, load1, disk_available_bytes, disk_size_bytes, boot_at_seconds (unix time) or is_reboot_required (0 or 1).';
COMMENT ON COLUMN raw.server_metric.device IS 'Mount point; null where the metric is of the whole server.';
COMMENT ON COLUMN raw.server_metric.measured_at IS 'End of the slot, UTC.';
COMMENT ON COLUMN raw.server_metric.value IS 'Value in the unit that the metric names; over the slot the mean, of free space the least, of size and reboot the most.';
COMMENT ON COLUMN raw.server_metric.interval_seconds IS 'Length of the slot, seconds.';
COMMENT ON COLUMN raw.server_metric.event_date IS 'Day of the end of the slot in the zone of the site.';
COMMENT ON COLUMN raw.server_metric.parser_version IS 'Parser that made the row, as name/version.';
COMMENT ON COLUMN raw.server_metric.batch_id IS 'Batch that brought the row; see raw.batch.';

CREATE TABLE raw.backup (
  site_id VARCHAR NOT NULL,
  source_id VARCHAR NOT NULL,
  kind VARCHAR NOT NULL,
  backup_at TIMESTAMPTZ NOT NULL,
  state VARCHAR NOT NULL,
  location VARCHAR,
  bytes BIGINT,
  message VARCHAR,
  event_date DATE,
  parser_version VARCHAR NOT NULL,
  batch_id VARCHAR NOT NULL
);
COMMENT ON TABLE raw.backup IS 'Backups and tested restores, as the jobs that made them report. A day without a row had no report: unknown, not backed up.';
COMMENT ON COLUMN raw.backup.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN raw.backup.source_id IS 'Source within the site.';
COMMENT ON COLUMN raw.backup.kind IS 'backup or restore_test.';
COMMENT ON COLUMN raw.backup.backup_at IS 'When it ended, UTC.';
COMMENT ON COLUMN raw.backup.state IS 'succeeded, failed or unknown.';
COMMENT ON COLUMN raw.backup.location IS 'Name of the place where it is kept; null where the report names none.';
COMMENT ON COLUMN raw.backup.bytes IS 'Size; null where the report names none.';
COMMENT ON COLUMN raw.backup.message IS 'What the job says of it, cut and redacted.';
COMMENT ON COLUMN raw.backup.event_date IS 'Day on which it ended in the zone of the site.';
COMMENT ON COLUMN raw.backup.parser_version IS 'Parser that made the row, as name/version.';
COMMENT ON COLUMN raw.backup.batch_id IS 'Batch that brought the row; see raw.batch.';
