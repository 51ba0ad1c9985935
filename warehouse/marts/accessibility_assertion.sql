-- Grain: one row per site, source, page and success criterion that people spoke of in manual audits; the newest statement counts.
CREATE OR REPLACE VIEW marts.accessibility_assertion AS
SELECT
  said.site_id,
  said.source_id,
  said.page_url,
  said.criterion,
  wcag.level,
  wcag.criterion_name,
  said.outcome,
  said.checked_date,
  said.is_manual,
  said.asserted_by,
  said.note
FROM raw.accessibility_assertion AS said JOIN staging.wcag_criterion AS wcag USING (criterion)
QUALIFY row_number() OVER (
  PARTITION BY said.site_id, said.source_id, said.page_url, said.criterion
  ORDER BY said.checked_date DESC, said.is_manual DESC, said.assertion_key, said.batch_id
) = 1;
COMMENT ON VIEW marts.accessibility_assertion IS 'What people said last of each success criterion of a site or of a page of it. A criterion without a row was not looked at.';
COMMENT ON COLUMN marts.accessibility_assertion.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.accessibility_assertion.source_id IS 'Source within the site.';
COMMENT ON COLUMN marts.accessibility_assertion.page_url IS 'Page; null where the statement is on the whole site.';
COMMENT ON COLUMN marts.accessibility_assertion.criterion IS 'Success criterion, as 1.4.3.';
COMMENT ON COLUMN marts.accessibility_assertion.level IS 'A, AA or AAA.';
COMMENT ON COLUMN marts.accessibility_assertion.criterion_name IS 'Its name in the standard.';
COMMENT ON COLUMN marts.accessibility_assertion.outcome IS 'passed, failed, cant_tell, inapplicable or untested.';
COMMENT ON COLUMN marts.accessibility_assertion.checked_date IS 'Day on which it was looked at.';
COMMENT ON COLUMN marts.accessibility_assertion.is_manual IS 'A person looked.';
COMMENT ON COLUMN marts.accessibility_assertion.asserted_by IS 'Who says so; null where the file does not say.';
COMMENT ON COLUMN marts.accessibility_assertion.note IS 'What was seen. Text from outside.';
