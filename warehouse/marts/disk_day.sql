-- Grain: one row per site, source, server, device and day (of the site's zone) on which the disk was measured.
CREATE OR REPLACE VIEW marts.disk_day AS
WITH day AS (
  SELECT
    site_id,
    source_id,
    server,
    device,
    event_date AS day_date,
    min(value) FILTER (metric = 'disk_available_bytes') AS available_bytes,
    max(value) FILTER (metric = 'disk_size_bytes') AS size_bytes
  FROM staging.server_metric
  WHERE metric IN ('disk_available_bytes', 'disk_size_bytes')
  GROUP BY site_id, source_id, server, device, event_date
), trend AS (
  SELECT
    *,
    -- Of the last 30 days, as days since 2020: large numbers would cost the sums their last digits.
    regr_slope(available_bytes, date_diff('day', DATE '2020-01-01', day_date)) OVER month AS bytes_per_day,
    count(available_bytes) OVER month AS trend_day_count
  FROM day
  WINDOW month AS (PARTITION BY site_id, source_id, server, device ORDER BY day_date RANGE BETWEEN INTERVAL 29 DAY PRECEDING AND CURRENT ROW)
)
SELECT
  *,
  CASE WHEN trend_day_count >= 14 AND bytes_per_day < 0 THEN available_bytes / -bytes_per_day END AS days_to_full
FROM trend;
COMMENT ON VIEW marts.disk_day IS 'Free space of each disk by day, and when it runs out if it goes on so. A day without a row was not measured: unknown, not free.';
COMMENT ON COLUMN marts.disk_day.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.disk_day.source_id IS 'Source within the site.';
COMMENT ON COLUMN marts.disk_day.server IS 'Server, as the source names it.';
COMMENT ON COLUMN marts.disk_day.device IS 'Mount point.';
COMMENT ON COLUMN marts.disk_day.day_date IS 'Day in the zone of the site.';
COMMENT ON COLUMN marts.disk_day.available_bytes IS 'Least space that was available, bytes.';
COMMENT ON COLUMN marts.disk_day.size_bytes IS 'Size of the file system, bytes.';
COMMENT ON COLUMN marts.disk_day.bytes_per_day IS 'Slope of the available space over the 30 days up to this one, by least squares; negative where the disk fills.';
COMMENT ON COLUMN marts.disk_day.trend_day_count IS 'Days of those 30 on which it was measured.';
COMMENT ON COLUMN marts.disk_day.days_to_full IS 'Days until no space is left at that slope; null with fewer than 14 days measured, or where space does not shrink.';
