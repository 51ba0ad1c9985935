-- Grain: one row per site, page, series, complete measurement and audit that was not passed.
CREATE OR REPLACE VIEW marts.page_opportunity AS
SELECT
  measured.site_id,
  measured.run_id,
  measured.page_url,
  measured.day_date,
  measured.measured_at,
  measured.series,
  measured.form_factor,
  measured.is_newest,
  found.audit_id,
  found.title,
  found.categories,
  found.score,
  found.display_value,
  found.fcp_saving_ms,
  found.lcp_saving_ms,
  found.tbt_saving_ms,
  found.cls_saving,
  found.saving_bytes,
  found.item_count,
  found.items
FROM marts.page_performance AS measured JOIN raw.page_opportunity AS found USING (site_id, run_id)
QUALIFY row_number() OVER (PARTITION BY found.site_id, found.run_id, found.audit_id ORDER BY found.batch_id) = 1;
COMMENT ON VIEW marts.page_opportunity IS 'What Lighthouse advises for pages, with estimated savings: they overlap, never add them up.';
COMMENT ON COLUMN marts.page_opportunity.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.page_opportunity.run_id IS 'Run; see marts.page_performance.';
COMMENT ON COLUMN marts.page_opportunity.page_url IS 'Page as it was asked for.';
COMMENT ON COLUMN marts.page_opportunity.day_date IS 'Day of the measurement in the zone of the site.';
COMMENT ON COLUMN marts.page_opportunity.measured_at IS 'When, UTC.';
COMMENT ON COLUMN marts.page_opportunity.series IS 'As in marts.page_performance.';
COMMENT ON COLUMN marts.page_opportunity.form_factor IS 'mobile or desktop.';
COMMENT ON COLUMN marts.page_opportunity.is_newest IS 'Whether the measurement is the newest of its series.';
COMMENT ON COLUMN marts.page_opportunity.audit_id IS 'Audit, as Lighthouse names it.';
COMMENT ON COLUMN marts.page_opportunity.title IS 'What it found. Text from outside.';
COMMENT ON COLUMN marts.page_opportunity.categories IS 'Categories that count it.';
COMMENT ON COLUMN marts.page_opportunity.score IS 'Score, 0 to 0.9.';
COMMENT ON COLUMN marts.page_opportunity.display_value IS 'Its figure in words. Text from outside.';
COMMENT ON COLUMN marts.page_opportunity.fcp_saving_ms IS 'Saving of FCP, estimate, ms.';
COMMENT ON COLUMN marts.page_opportunity.lcp_saving_ms IS 'Saving of LCP, estimate, ms.';
COMMENT ON COLUMN marts.page_opportunity.tbt_saving_ms IS 'Saving of TBT, estimate, ms.';
COMMENT ON COLUMN marts.page_opportunity.cls_saving IS 'Saving of CLS, estimate.';
COMMENT ON COLUMN marts.page_opportunity.saving_bytes IS 'Bytes that need not be loaded, estimate.';
COMMENT ON COLUMN marts.page_opportunity.item_count IS 'Files or elements that it names.';
COMMENT ON COLUMN marts.page_opportunity.items IS 'The first five of them, JSON. Text from outside.';
