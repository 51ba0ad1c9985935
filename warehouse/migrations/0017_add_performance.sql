-- Performance of pages: in the laboratory (Lighthouse), and as visitors saw it (Chrome UX Report).
CREATE TABLE raw.page_performance (
  run_id VARCHAR NOT NULL,
  site_id VARCHAR NOT NULL,
  source_id VARCHAR NOT NULL,
  page_url VARCHAR NOT NULL,
  measured_at TIMESTAMPTZ NOT NULL,
  auditor VARCHAR NOT NULL,
  lighthouse_version VARCHAR,
  form_factor VARCHAR,
  throttling_method VARCHAR,
  outcome VARCHAR NOT NULL,
  run_count BIGINT NOT NULL,
  benchmark_index DOUBLE,
  performance_score DOUBLE,
  performance_score_min DOUBLE,
  performance_score_max DOUBLE,
  lcp_ms DOUBLE,
  lcp_ms_min DOUBLE,
  lcp_ms_max DOUBLE,
  tbt_ms DOUBLE,
  tbt_ms_min DOUBLE,
  tbt_ms_max DOUBLE,
  cls DOUBLE,
  cls_min DOUBLE,
  cls_max DOUBLE,
  fcp_ms DOUBLE,
  speed_index_ms DOUBLE,
  interactive_ms DOUBLE,
  server_response_ms DOUBLE,
  total_bytes DOUBLE,
  lcp_selector VARCHAR,
  lcp_image_url VARCHAR,
  lcp_image_bytes BIGINT,
  parser_version VARCHAR NOT NULL,
  batch_id VARCHAR NOT NULL
);
COMMENT ON TABLE raw.page_performance IS 'Figures of one page in the laboratory, by Lighthouse: the median run by performance score, kept whole, with the least and the most of all runs. Never compare rows of other auditor, form_factor, throttling_method or major version. Not what visitors see: that is raw.field_metric.';
COMMENT ON COLUMN raw.page_performance.run_id IS 'Run; see raw.audit_run.';
COMMENT ON COLUMN raw.page_performance.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN raw.page_performance.source_id IS 'Source within the site.';
COMMENT ON COLUMN raw.page_performance.page_url IS 'Page as it was asked for: its key over time.';
COMMENT ON COLUMN raw.page_performance.measured_at IS 'When it was measured, UTC.';
COMMENT ON COLUMN raw.page_performance.auditor IS 'lighthouse (run here) or pagespeed (run by Google).';
COMMENT ON COLUMN raw.page_performance.lighthouse_version IS 'Version of Lighthouse.';
COMMENT ON COLUMN raw.page_performance.form_factor IS 'mobile or desktop.';
COMMENT ON COLUMN raw.page_performance.throttling_method IS 'simulate, devtools or provided; null where the service does not say.';
COMMENT ON COLUMN raw.page_performance.outcome IS 'complete, or incomplete: then the row stays out of trends.';
COMMENT ON COLUMN raw.page_performance.run_count IS 'Runs that the median and the range are of.';
COMMENT ON COLUMN raw.page_performance.benchmark_index IS 'How fast the machine was during the median run, by Lighthouse; under about 1000 the figures are worse than the page.';
COMMENT ON COLUMN raw.page_performance.performance_score IS 'Score of the median run, 0 to 1.';
COMMENT ON COLUMN raw.page_performance.performance_score_min IS 'Least score of the runs.';
COMMENT ON COLUMN raw.page_performance.performance_score_max IS 'Most score of the runs.';
COMMENT ON COLUMN raw.page_performance.lcp_ms IS 'Largest Contentful Paint of the median run, ms.';
COMMENT ON COLUMN raw.page_performance.lcp_ms_min IS 'Least of the runs, ms.';
COMMENT ON COLUMN raw.page_performance.lcp_ms_max IS 'Most of the runs, ms.';
COMMENT ON COLUMN raw.page_performance.tbt_ms IS 'Total Blocking Time of the median run, ms; it counts only after the first paint.';
COMMENT ON COLUMN raw.page_performance.tbt_ms_min IS 'Least of the runs, ms.';
COMMENT ON COLUMN raw.page_performance.tbt_ms_max IS 'Most of the runs, ms.';
COMMENT ON COLUMN raw.page_performance.cls IS 'Cumulative Layout Shift of the median run, no unit.';
COMMENT ON COLUMN raw.page_performance.cls_min IS 'Least of the runs.';
COMMENT ON COLUMN raw.page_performance.cls_max IS 'Most of the runs: some pages shift in some runs only.';
COMMENT ON COLUMN raw.page_performance.fcp_ms IS 'First Contentful Paint of the median run, ms.';
COMMENT ON COLUMN raw.page_performance.speed_index_ms IS 'Speed Index of the median run, ms.';
COMMENT ON COLUMN raw.page_performance.interactive_ms IS 'Time to Interactive of the median run, ms.';
COMMENT ON COLUMN raw.page_performance.server_response_ms IS 'Time until the server answered with the document, median run, ms; not throttled.';
COMMENT ON COLUMN raw.page_performance.total_bytes IS 'All that was loaded over the network, median run, bytes.';
COMMENT ON COLUMN raw.page_performance.lcp_selector IS 'Element of the largest paint. Text from outside.';
COMMENT ON COLUMN raw.page_performance.lcp_image_url IS 'Its image; null where it is none, or the version does not tell.';
COMMENT ON COLUMN raw.page_performance.lcp_image_bytes IS 'Size of that image over the network, bytes.';
COMMENT ON COLUMN raw.page_performance.parser_version IS 'Parser that made the row, as name/version.';
COMMENT ON COLUMN raw.page_performance.batch_id IS 'Batch that brought the row; see raw.batch.';

CREATE TABLE raw.page_score (
  run_id VARCHAR NOT NULL,
  site_id VARCHAR NOT NULL,
  source_id VARCHAR NOT NULL,
  page_url VARCHAR NOT NULL,
  measured_at TIMESTAMPTZ NOT NULL,
  category VARCHAR NOT NULL,
  score DOUBLE,
  score_min DOUBLE,
  score_max DOUBLE,
  parser_version VARCHAR NOT NULL,
  batch_id VARCHAR NOT NULL
);
COMMENT ON TABLE raw.page_score IS 'Score of one page in one category of Lighthouse. Categories are an open set: other versions have others.';
COMMENT ON COLUMN raw.page_score.run_id IS 'Run; see raw.audit_run.';
COMMENT ON COLUMN raw.page_score.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN raw.page_score.source_id IS 'Source within the site.';
COMMENT ON COLUMN raw.page_score.page_url IS 'Page as it was asked for: its key over time.';
COMMENT ON COLUMN raw.page_score.measured_at IS 'When it was measured, UTC.';
COMMENT ON COLUMN raw.page_score.category IS 'performance, accessibility, best-practices, seo and others.';
COMMENT ON COLUMN raw.page_score.score IS 'Score of the median run, 0 to 1; null where it gave none.';
COMMENT ON COLUMN raw.page_score.score_min IS 'Least score of the runs.';
COMMENT ON COLUMN raw.page_score.score_max IS 'Most score of the runs.';
COMMENT ON COLUMN raw.page_score.parser_version IS 'Parser that made the row, as name/version.';
COMMENT ON COLUMN raw.page_score.batch_id IS 'Batch that brought the row; see raw.batch.';

CREATE TABLE raw.page_opportunity (
  run_id VARCHAR NOT NULL,
  site_id VARCHAR NOT NULL,
  source_id VARCHAR NOT NULL,
  page_url VARCHAR NOT NULL,
  measured_at TIMESTAMPTZ NOT NULL,
  audit_id VARCHAR NOT NULL,
  title VARCHAR NOT NULL,
  categories VARCHAR[] NOT NULL,
  score DOUBLE NOT NULL,
  score_mode VARCHAR,
  display_value VARCHAR,
  fcp_saving_ms DOUBLE,
  lcp_saving_ms DOUBLE,
  tbt_saving_ms DOUBLE,
  cls_saving DOUBLE,
  saving_ms DOUBLE,
  saving_bytes DOUBLE,
  item_count BIGINT,
  items VARCHAR,
  parser_version VARCHAR NOT NULL,
  batch_id VARCHAR NOT NULL
);
COMMENT ON TABLE raw.page_opportunity IS 'Audits of Lighthouse that a page did not pass in the median run (score under 0.9), with estimated savings. Savings of different audits overlap: never add them up.';
COMMENT ON COLUMN raw.page_opportunity.run_id IS 'Run; see raw.audit_run.';
COMMENT ON COLUMN raw.page_opportunity.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN raw.page_opportunity.source_id IS 'Source within the site.';
COMMENT ON COLUMN raw.page_opportunity.page_url IS 'Page as it was asked for: its key over time.';
COMMENT ON COLUMN raw.page_opportunity.measured_at IS 'When it was measured, UTC.';
COMMENT ON COLUMN raw.page_opportunity.audit_id IS 'Audit, as Lighthouse names it: differs between major versions.';
COMMENT ON COLUMN raw.page_opportunity.title IS 'What it found, in its words. Text from outside.';
COMMENT ON COLUMN raw.page_opportunity.categories IS 'Categories that count it.';
COMMENT ON COLUMN raw.page_opportunity.score IS 'Score, 0 to 0.9.';
COMMENT ON COLUMN raw.page_opportunity.score_mode IS 'How the score is meant: binary, numeric or metricSavings.';
COMMENT ON COLUMN raw.page_opportunity.display_value IS 'Its figure in words. Text from outside.';
COMMENT ON COLUMN raw.page_opportunity.fcp_saving_ms IS 'What mending it would save of FCP, estimate, ms.';
COMMENT ON COLUMN raw.page_opportunity.lcp_saving_ms IS 'The same of LCP, ms.';
COMMENT ON COLUMN raw.page_opportunity.tbt_saving_ms IS 'The same of TBT, ms.';
COMMENT ON COLUMN raw.page_opportunity.cls_saving IS 'The same of CLS.';
COMMENT ON COLUMN raw.page_opportunity.saving_ms IS 'Saving over all, as older audits estimate it, ms.';
COMMENT ON COLUMN raw.page_opportunity.saving_bytes IS 'Bytes that need not be loaded, estimate.';
COMMENT ON COLUMN raw.page_opportunity.item_count IS 'Files or elements that it names; null where it names none.';
COMMENT ON COLUMN raw.page_opportunity.items IS 'The first five of them as JSON: url, total_bytes, wasted_bytes, wasted_ms, selector, snippet, text; cut, without secrets. Text from outside.';
COMMENT ON COLUMN raw.page_opportunity.parser_version IS 'Parser that made the row, as name/version.';
COMMENT ON COLUMN raw.page_opportunity.batch_id IS 'Batch that brought the row; see raw.batch.';

CREATE TABLE raw.page_third_party (
  run_id VARCHAR NOT NULL,
  site_id VARCHAR NOT NULL,
  source_id VARCHAR NOT NULL,
  page_url VARCHAR NOT NULL,
  measured_at TIMESTAMPTZ NOT NULL,
  third_party VARCHAR NOT NULL,
  transfer_bytes DOUBLE,
  main_thread_ms DOUBLE,
  blocking_ms DOUBLE,
  parser_version VARCHAR NOT NULL,
  batch_id VARCHAR NOT NULL
);
COMMENT ON TABLE raw.page_third_party IS 'What code and files of other parties cost a page, in the median run.';
COMMENT ON COLUMN raw.page_third_party.run_id IS 'Run; see raw.audit_run.';
COMMENT ON COLUMN raw.page_third_party.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN raw.page_third_party.source_id IS 'Source within the site.';
COMMENT ON COLUMN raw.page_third_party.page_url IS 'Page as it was asked for: its key over time.';
COMMENT ON COLUMN raw.page_third_party.measured_at IS 'When it was measured, UTC.';
COMMENT ON COLUMN raw.page_third_party.third_party IS 'Who, as Lighthouse names it. Text from outside.';
COMMENT ON COLUMN raw.page_third_party.transfer_bytes IS 'Bytes that it loads.';
COMMENT ON COLUMN raw.page_third_party.main_thread_ms IS 'Time for which it keeps the main thread busy, ms.';
COMMENT ON COLUMN raw.page_third_party.blocking_ms IS 'Time for which it blocks it, ms; newer versions do not say.';
COMMENT ON COLUMN raw.page_third_party.parser_version IS 'Parser that made the row, as name/version.';
COMMENT ON COLUMN raw.page_third_party.batch_id IS 'Batch that brought the row; see raw.batch.';

CREATE TABLE raw.page_resource (
  run_id VARCHAR NOT NULL,
  site_id VARCHAR NOT NULL,
  source_id VARCHAR NOT NULL,
  page_url VARCHAR NOT NULL,
  measured_at TIMESTAMPTZ NOT NULL,
  resource_type VARCHAR NOT NULL,
  request_count BIGINT NOT NULL,
  transfer_bytes DOUBLE NOT NULL,
  parser_version VARCHAR NOT NULL,
  batch_id VARCHAR NOT NULL
);
COMMENT ON TABLE raw.page_resource IS 'Weight of a page by kind of file, in the median run. third-party overlaps the other kinds: leave it out of sums.';
COMMENT ON COLUMN raw.page_resource.run_id IS 'Run; see raw.audit_run.';
COMMENT ON COLUMN raw.page_resource.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN raw.page_resource.source_id IS 'Source within the site.';
COMMENT ON COLUMN raw.page_resource.page_url IS 'Page as it was asked for: its key over time.';
COMMENT ON COLUMN raw.page_resource.measured_at IS 'When it was measured, UTC.';
COMMENT ON COLUMN raw.page_resource.resource_type IS 'document, script, stylesheet, image, media, font, other, third-party and others.';
COMMENT ON COLUMN raw.page_resource.request_count IS 'Requests.';
COMMENT ON COLUMN raw.page_resource.transfer_bytes IS 'Bytes over the network.';
COMMENT ON COLUMN raw.page_resource.parser_version IS 'Parser that made the row, as name/version.';
COMMENT ON COLUMN raw.page_resource.batch_id IS 'Batch that brought the row; see raw.batch.';

CREATE TABLE raw.field_metric (
  run_id VARCHAR NOT NULL,
  site_id VARCHAR NOT NULL,
  source_id VARCHAR NOT NULL,
  page_url VARCHAR NOT NULL,
  auditor VARCHAR NOT NULL,
  measured_at TIMESTAMPTZ NOT NULL,
  scope VARCHAR NOT NULL,
  subject_url VARCHAR NOT NULL,
  form_factor VARCHAR NOT NULL,
  period_start_date DATE,
  period_end_date DATE,
  metric VARCHAR NOT NULL,
  p75 DOUBLE NOT NULL,
  good_ratio DOUBLE,
  fair_ratio DOUBLE,
  poor_ratio DOUBLE,
  parser_version VARCHAR NOT NULL,
  batch_id VARCHAR NOT NULL
);
COMMENT ON TABLE raw.field_metric IS 'What real visitors saw, over 28 days: the Chrome UX Report, by its own API or by PageSpeed Insights. A page or origin without rows has too little traffic: unknown. Never mix it with raw.page_performance.';
COMMENT ON COLUMN raw.field_metric.run_id IS 'Run; see raw.audit_run.';
COMMENT ON COLUMN raw.field_metric.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN raw.field_metric.source_id IS 'Source within the site.';
COMMENT ON COLUMN raw.field_metric.page_url IS 'Page as it was asked for: its key over time.';
COMMENT ON COLUMN raw.field_metric.auditor IS 'crux, or pagespeed.';
COMMENT ON COLUMN raw.field_metric.measured_at IS 'When it was fetched, UTC.';
COMMENT ON COLUMN raw.field_metric.scope IS 'page, or origin: all pages of the host together.';
COMMENT ON COLUMN raw.field_metric.subject_url IS 'Page or origin that the figures are of, as the service names it.';
COMMENT ON COLUMN raw.field_metric.form_factor IS 'mobile, desktop, tablet, or all.';
COMMENT ON COLUMN raw.field_metric.period_start_date IS 'First day of the visits; null where the service does not say: 28 days up to measured_at.';
COMMENT ON COLUMN raw.field_metric.period_end_date IS 'Last day of the visits.';
COMMENT ON COLUMN raw.field_metric.metric IS 'lcp_ms, inp_ms, cls, ttfb_ms or fcp_ms.';
COMMENT ON COLUMN raw.field_metric.p75 IS '75th percentile of the visits, in the unit of the metric; cls has none.';
COMMENT ON COLUMN raw.field_metric.good_ratio IS 'Share of visits that were good, 0 to 1.';
COMMENT ON COLUMN raw.field_metric.fair_ratio IS 'Share that needs improvement.';
COMMENT ON COLUMN raw.field_metric.poor_ratio IS 'Share that was poor.';
COMMENT ON COLUMN raw.field_metric.parser_version IS 'Parser that made the row, as name/version.';
COMMENT ON COLUMN raw.field_metric.batch_id IS 'Batch that brought the row; see raw.batch.';
