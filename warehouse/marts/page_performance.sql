-- Grain: one row per site, page, series (auditor, form factor, throttling method, major version) and complete measurement in the laboratory.
CREATE OR REPLACE VIEW marts.page_performance AS
SELECT
  site_id,
  source_id,
  run_id,
  page_url,
  timezone(coalesce(site.time_zone, 'UTC'), measured_at)::DATE AS day_date,
  measured_at,
  concat_ws(' ', page_url, auditor, form_factor, coalesce(throttling_method, 'throttling unknown'), major_version) AS series,
  auditor,
  form_factor,
  throttling_method,
  major_version,
  run_count,
  benchmark_index,
  performance_score,
  performance_score_min,
  performance_score_max,
  lag(performance_score) OVER before AS previous_score,
  lag(performance_score_min) OVER before AS previous_score_min,
  lag(measured_at) OVER before AS previous_at,
  lcp_ms,
  lcp_ms_min,
  lcp_ms_max,
  tbt_ms,
  cls,
  cls_max,
  fcp_ms,
  speed_index_ms,
  server_response_ms,
  total_bytes,
  lcp_selector,
  lcp_image_url,
  lcp_image_bytes,
  row_number() OVER (PARTITION BY site_id, page_url, auditor, form_factor, throttling_method, major_version ORDER BY measured_at DESC) = 1
    AS is_newest
FROM (
  SELECT *, regexp_extract(lighthouse_version, '^[0-9]+') AS major_version
  FROM raw.page_performance
  WHERE outcome = 'complete'
  QUALIFY row_number() OVER (PARTITION BY run_id ORDER BY batch_id) = 1
) LEFT JOIN (SELECT site_id, time_zone FROM staging.site) AS site USING (site_id)
WINDOW before AS (
  PARTITION BY site_id, page_url, auditor, form_factor, throttling_method, major_version ORDER BY measured_at
);
COMMENT ON VIEW marts.page_performance IS 'How fast pages are in the laboratory, by Lighthouse: only complete measurements. Compare rows of one series only. A page without a row is unknown, not fast; what visitors saw is marts.field_metric.';
COMMENT ON COLUMN marts.page_performance.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.page_performance.source_id IS 'Source within the site.';
COMMENT ON COLUMN marts.page_performance.run_id IS 'Run; see staging.audit_run.';
COMMENT ON COLUMN marts.page_performance.page_url IS 'Page as it was asked for.';
COMMENT ON COLUMN marts.page_performance.day_date IS 'Day of the measurement in the zone of the site.';
COMMENT ON COLUMN marts.page_performance.measured_at IS 'When, UTC.';
COMMENT ON COLUMN marts.page_performance.series IS 'What the row may be compared with: page, auditor, form factor, throttling method and major version.';
COMMENT ON COLUMN marts.page_performance.auditor IS 'lighthouse or pagespeed.';
COMMENT ON COLUMN marts.page_performance.form_factor IS 'mobile or desktop.';
COMMENT ON COLUMN marts.page_performance.throttling_method IS 'simulate, devtools, provided, or null where the service does not say.';
COMMENT ON COLUMN marts.page_performance.major_version IS 'Major version of Lighthouse.';
COMMENT ON COLUMN marts.page_performance.run_count IS 'Runs of which this is the median.';
COMMENT ON COLUMN marts.page_performance.benchmark_index IS 'How fast the machine was; under about 1000 the figures are worse than the page.';
COMMENT ON COLUMN marts.page_performance.performance_score IS 'Score of the median run, 0 to 1.';
COMMENT ON COLUMN marts.page_performance.performance_score_min IS 'Least score of the runs.';
COMMENT ON COLUMN marts.page_performance.performance_score_max IS 'Most score of the runs.';
COMMENT ON COLUMN marts.page_performance.previous_score IS 'Score of the measurement before in the series; null for the first.';
COMMENT ON COLUMN marts.page_performance.previous_score_min IS 'Least score of the runs of that one.';
COMMENT ON COLUMN marts.page_performance.previous_at IS 'When that one was, UTC.';
COMMENT ON COLUMN marts.page_performance.lcp_ms IS 'Largest Contentful Paint, median run, ms.';
COMMENT ON COLUMN marts.page_performance.lcp_ms_min IS 'Least of the runs.';
COMMENT ON COLUMN marts.page_performance.lcp_ms_max IS 'Most of the runs.';
COMMENT ON COLUMN marts.page_performance.tbt_ms IS 'Total Blocking Time, ms.';
COMMENT ON COLUMN marts.page_performance.cls IS 'Cumulative Layout Shift.';
COMMENT ON COLUMN marts.page_performance.cls_max IS 'Most of the runs.';
COMMENT ON COLUMN marts.page_performance.fcp_ms IS 'First Contentful Paint, ms.';
COMMENT ON COLUMN marts.page_performance.speed_index_ms IS 'Speed Index, ms.';
COMMENT ON COLUMN marts.page_performance.server_response_ms IS 'Time until the server answered with the document, ms.';
COMMENT ON COLUMN marts.page_performance.total_bytes IS 'All that was loaded over the network, bytes.';
COMMENT ON COLUMN marts.page_performance.lcp_selector IS 'Element of the largest paint. Text from outside.';
COMMENT ON COLUMN marts.page_performance.lcp_image_url IS 'Its image; null where it is none.';
COMMENT ON COLUMN marts.page_performance.lcp_image_bytes IS 'Size of that image, bytes.';
COMMENT ON COLUMN marts.page_performance.is_newest IS 'Whether it is the newest of its series.';
