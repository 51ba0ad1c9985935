-- Grain: one row per site, source, server and day (of the site's zone) on which the server was measured.
CREATE OR REPLACE VIEW marts.server_day AS
SELECT
  site_id,
  source_id,
  server,
  event_date AS day_date,
  quantile_cont(value, 0.5) FILTER (metric = 'cpu_busy_ratio') AS cpu_busy_median_ratio,
  quantile_cont(value, 0.95) FILTER (metric = 'cpu_busy_ratio') AS cpu_busy_p95_ratio,
  quantile_cont(value, 0.95) FILTER (metric = 'memory_used_ratio') AS memory_used_p95_ratio,
  quantile_cont(value, 0.5) FILTER (metric = 'load1') AS load1_median,
  arg_max(value, measured_at) FILTER (metric = 'is_reboot_required') = 1 AS is_reboot_required,
  to_timestamp(max(value) FILTER (metric = 'boot_at_seconds')) AS boot_at,
  sum(interval_seconds) FILTER (metric = 'cpu_busy_ratio') AS cpu_measured_seconds,
  sum(interval_seconds) FILTER (metric = 'memory_used_ratio') AS memory_measured_seconds
FROM staging.server_metric
GROUP BY site_id, source_id, server, event_date;
COMMENT ON VIEW marts.server_day IS 'Load of each server by day. A day without a row was not measured: unknown, not idle. Null: that figure was not measured.';
COMMENT ON COLUMN marts.server_day.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.server_day.source_id IS 'Source within the site.';
COMMENT ON COLUMN marts.server_day.server IS 'Server, as the source names it.';
COMMENT ON COLUMN marts.server_day.day_date IS 'Day in the zone of the site.';
COMMENT ON COLUMN marts.server_day.cpu_busy_median_ratio IS 'Share of the CPU that was busy, median of the slots, 0 to 1.';
COMMENT ON COLUMN marts.server_day.cpu_busy_p95_ratio IS 'The same, 95th percentile of the slots.';
COMMENT ON COLUMN marts.server_day.memory_used_p95_ratio IS 'Share of the memory that was not available, 95th percentile of the slots, 0 to 1.';
COMMENT ON COLUMN marts.server_day.load1_median IS 'Load average of one minute, median of the slots.';
COMMENT ON COLUMN marts.server_day.is_reboot_required IS 'Whether the server waited for a restart at the end of the day.';
COMMENT ON COLUMN marts.server_day.boot_at IS 'When the server was last started, UTC.';
COMMENT ON COLUMN marts.server_day.cpu_measured_seconds IS 'Seconds of the day in which the CPU was measured.';
COMMENT ON COLUMN marts.server_day.memory_measured_seconds IS 'Seconds of the day in which the memory was measured.';
