-- Grain: one row per site, page, series, complete measurement and other party.
CREATE OR REPLACE VIEW marts.page_third_party AS
SELECT
  measured.site_id,
  measured.run_id,
  measured.page_url,
  measured.day_date,
  measured.measured_at,
  measured.series,
  measured.form_factor,
  measured.is_newest,
  found.third_party,
  found.transfer_bytes,
  found.main_thread_ms,
  found.blocking_ms
FROM marts.page_performance AS measured JOIN raw.page_third_party AS found USING (site_id, run_id)
QUALIFY row_number() OVER (PARTITION BY found.site_id, found.run_id, found.third_party ORDER BY found.batch_id) = 1;
COMMENT ON VIEW marts.page_third_party IS 'What code and files of other parties cost pages in the laboratory. A measurement without a row met none.';
COMMENT ON COLUMN marts.page_third_party.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.page_third_party.run_id IS 'Run; see marts.page_performance.';
COMMENT ON COLUMN marts.page_third_party.page_url IS 'Page as it was asked for.';
COMMENT ON COLUMN marts.page_third_party.day_date IS 'Day of the measurement in the zone of the site.';
COMMENT ON COLUMN marts.page_third_party.measured_at IS 'When, UTC.';
COMMENT ON COLUMN marts.page_third_party.series IS 'As in marts.page_performance.';
COMMENT ON COLUMN marts.page_third_party.form_factor IS 'mobile or desktop.';
COMMENT ON COLUMN marts.page_third_party.is_newest IS 'Whether the measurement is the newest of its series.';
COMMENT ON COLUMN marts.page_third_party.third_party IS 'Who, as Lighthouse names it. Text from outside.';
COMMENT ON COLUMN marts.page_third_party.transfer_bytes IS 'Bytes that it loads.';
COMMENT ON COLUMN marts.page_third_party.main_thread_ms IS 'Time for which it keeps the main thread busy, ms.';
COMMENT ON COLUMN marts.page_third_party.blocking_ms IS 'Time for which it blocks it, ms; null where the version does not say.';
