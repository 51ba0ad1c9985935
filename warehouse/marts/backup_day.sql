-- Grain: one row per site, source, kind and day (of the site's zone) on which a backup or a tested restore was reported.
CREATE OR REPLACE VIEW marts.backup_day AS
SELECT
  site_id,
  source_id,
  kind,
  event_date AS day_date,
  count(*) FILTER (state = 'succeeded') AS succeeded_count,
  count(*) FILTER (state = 'failed') AS failed_count,
  max(backup_at) FILTER (state = 'succeeded') AS last_succeeded_at,
  arg_max(bytes, backup_at) FILTER (state = 'succeeded') AS last_succeeded_bytes
FROM raw.backup
GROUP BY site_id, source_id, kind, event_date;
COMMENT ON VIEW marts.backup_day IS 'Backups and tested restores by day. A day without a row had no report: no proof of a backup.';
COMMENT ON COLUMN marts.backup_day.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.backup_day.source_id IS 'Source within the site.';
COMMENT ON COLUMN marts.backup_day.kind IS 'backup or restore_test.';
COMMENT ON COLUMN marts.backup_day.day_date IS 'Day in the zone of the site.';
COMMENT ON COLUMN marts.backup_day.succeeded_count IS 'Those that succeeded.';
COMMENT ON COLUMN marts.backup_day.failed_count IS 'Those that failed.';
COMMENT ON COLUMN marts.backup_day.last_succeeded_at IS 'End of the last one that succeeded, UTC.';
COMMENT ON COLUMN marts.backup_day.last_succeeded_bytes IS 'Size of that one; null where it was not reported.';
