-- Grain: one row per site, subject (page or origin), form factor, metric and day on which it was fetched.
CREATE OR REPLACE VIEW marts.field_metric AS
SELECT
  site_id,
  timezone(coalesce(site.time_zone, 'UTC'), measured_at)::DATE AS day_date,
  measured_at,
  auditor,
  scope,
  subject_url,
  page_url,
  form_factor,
  metric,
  p75,
  CASE metric
    WHEN 'lcp_ms' THEN CASE WHEN p75 <= 2500 THEN 'good' WHEN p75 <= 4000 THEN 'fair' ELSE 'poor' END
    WHEN 'inp_ms' THEN CASE WHEN p75 <= 200 THEN 'good' WHEN p75 <= 500 THEN 'fair' ELSE 'poor' END
    WHEN 'cls' THEN CASE WHEN p75 <= 0.1 THEN 'good' WHEN p75 <= 0.25 THEN 'fair' ELSE 'poor' END
    WHEN 'ttfb_ms' THEN CASE WHEN p75 <= 800 THEN 'good' WHEN p75 <= 1800 THEN 'fair' ELSE 'poor' END
    WHEN 'fcp_ms' THEN CASE WHEN p75 <= 1800 THEN 'good' WHEN p75 <= 3000 THEN 'fair' ELSE 'poor' END
  END AS band,
  good_ratio,
  fair_ratio,
  poor_ratio,
  coalesce(period_start_date, timezone('UTC', measured_at)::DATE - 28) AS period_start_date,
  coalesce(period_end_date, timezone('UTC', measured_at)::DATE - 1) AS period_end_date
FROM raw.field_metric LEFT JOIN (SELECT site_id, time_zone FROM staging.site) AS site USING (site_id)
-- Both services give the same figures: of one day the CrUX API's, which names its period, then the newest.
QUALIFY row_number() OVER (
  PARTITION BY site_id, scope, subject_url, form_factor, metric, timezone(coalesce(site.time_zone, 'UTC'), measured_at)::DATE
  ORDER BY auditor, measured_at DESC, batch_id
) = 1;
COMMENT ON VIEW marts.field_metric IS 'What real visitors saw, over 28 days (Chrome UX Report), with the bands of the Core Web Vitals. A subject without a row has too little traffic: unknown, not good. Never mix it with marts.page_performance.';
COMMENT ON COLUMN marts.field_metric.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.field_metric.day_date IS 'Day on which it was fetched, in the zone of the site.';
COMMENT ON COLUMN marts.field_metric.measured_at IS 'When, UTC.';
COMMENT ON COLUMN marts.field_metric.auditor IS 'crux or pagespeed.';
COMMENT ON COLUMN marts.field_metric.scope IS 'page or origin.';
COMMENT ON COLUMN marts.field_metric.subject_url IS 'Page or origin that the figures are of.';
COMMENT ON COLUMN marts.field_metric.page_url IS 'Page for which it was asked.';
COMMENT ON COLUMN marts.field_metric.form_factor IS 'mobile, desktop, tablet or all.';
COMMENT ON COLUMN marts.field_metric.metric IS 'lcp_ms, inp_ms, cls, ttfb_ms or fcp_ms.';
COMMENT ON COLUMN marts.field_metric.p75 IS '75th percentile of the visits, in the unit of the metric.';
COMMENT ON COLUMN marts.field_metric.band IS 'good, fair (needs improvement) or poor, by web.dev: LCP 2.5 and 4 s, INP 200 and 500 ms, CLS 0.1 and 0.25, TTFB 0.8 and 1.8 s, FCP 1.8 and 3 s.';
COMMENT ON COLUMN marts.field_metric.good_ratio IS 'Share of visits that were good, 0 to 1.';
COMMENT ON COLUMN marts.field_metric.fair_ratio IS 'Share that needs improvement.';
COMMENT ON COLUMN marts.field_metric.poor_ratio IS 'Share that was poor.';
COMMENT ON COLUMN marts.field_metric.period_start_date IS 'First day of the visits; 28 days before the fetch where the service does not say.';
COMMENT ON COLUMN marts.field_metric.period_end_date IS 'Last day of the visits.';
