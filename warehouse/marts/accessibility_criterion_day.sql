-- Grain: one row per site, source, auditor, day of an audit and success criterion of WCAG 2.2, of which there are 86.
CREATE OR REPLACE VIEW marts.accessibility_criterion_day AS
WITH page AS (
  SELECT * FROM staging.accessibility_run
  QUALIFY row_number() OVER (
    PARTITION BY site_id, source_id, auditor, page_url, audit_date ORDER BY started_at DESC, run_id
  ) = 1
), audit AS (
  SELECT
    site_id,
    source_id,
    auditor,
    audit_date,
    count(*) AS page_count,
    count(*) FILTER (outcome = 'complete') AS complete_page_count
  FROM page
  GROUP BY site_id, source_id, auditor, audit_date
), tested AS (
  SELECT site_id, source_id, auditor, audit_date, criterion, count(*) FILTER (outcome = 'complete') AS tested_page_count
  FROM (SELECT * EXCLUDE (tested_criteria), unnest(tested_criteria) AS criterion FROM page)
  GROUP BY site_id, source_id, auditor, audit_date, criterion
), found AS (
  SELECT
    site_id,
    source_id,
    auditor,
    audit_date,
    criterion,
    count(*) FILTER (is_failure) AS failing_element_count,
    count(DISTINCT page_url) FILTER (is_failure) AS failing_page_count,
    count(*) FILTER (judgement = 'needs_review') AS review_element_count,
    list_sort(list(DISTINCT rule_id) FILTER (is_failure)) AS failing_rules
  FROM (
    SELECT finding.*, unnest(finding.success_criteria) AS criterion
    FROM staging.accessibility_finding AS finding SEMI JOIN page ON page.run_id = finding.run_id
  )
  GROUP BY site_id, source_id, auditor, audit_date, criterion
)
SELECT
  audit.site_id,
  audit.source_id,
  audit.auditor,
  audit.audit_date AS day_date,
  wcag.criterion,
  wcag.level,
  wcag.criterion_name,
  wcag.principle,
  wcag.reading_order,
  CASE
    WHEN found.failing_element_count > 0 THEN 'fails'
    WHEN found.review_element_count > 0 THEN 'needs_review'
    WHEN tested.tested_page_count > 0 THEN 'no_failure_found'
    WHEN audit.complete_page_count > 0 AND tested.criterion IS NULL THEN 'not_testable'
    ELSE 'unknown'
  END AS state,
  audit.page_count,
  audit.complete_page_count,
  coalesce(found.failing_page_count, 0) AS failing_page_count,
  coalesce(found.failing_element_count, 0) AS failing_element_count,
  coalesce(found.review_element_count, 0) AS review_element_count,
  found.failing_rules
FROM audit
CROSS JOIN staging.wcag_criterion AS wcag
LEFT JOIN tested USING (site_id, source_id, auditor, audit_date, criterion)
LEFT JOIN found USING (site_id, source_id, auditor, audit_date, criterion);
COMMENT ON VIEW marts.accessibility_criterion_day IS 'How each success criterion of WCAG 2.2 stood in each audit of the pages of a site. No state means that a criterion is met: rules see a part of each, and of many nothing.';
COMMENT ON COLUMN marts.accessibility_criterion_day.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.accessibility_criterion_day.source_id IS 'Source within the site.';
COMMENT ON COLUMN marts.accessibility_criterion_day.auditor IS 'axe (in a browser) or static (HTML alone): never compare the two.';
COMMENT ON COLUMN marts.accessibility_criterion_day.day_date IS 'Day of the audit in the zone of the site.';
COMMENT ON COLUMN marts.accessibility_criterion_day.criterion IS 'Success criterion, as 1.4.3.';
COMMENT ON COLUMN marts.accessibility_criterion_day.level IS 'A, AA or AAA.';
COMMENT ON COLUMN marts.accessibility_criterion_day.criterion_name IS 'Its name in the standard.';
COMMENT ON COLUMN marts.accessibility_criterion_day.principle IS 'perceivable, operable, understandable or robust.';
COMMENT ON COLUMN marts.accessibility_criterion_day.reading_order IS 'Sorts as the standard does.';
COMMENT ON COLUMN marts.accessibility_criterion_day.state IS 'fails; needs_review; no_failure_found, by a rule on at least one page that was examined as a whole; not_testable, no rule speaks of it; unknown, no page could be examined as a whole.';
COMMENT ON COLUMN marts.accessibility_criterion_day.page_count IS 'Pages that were to be audited.';
COMMENT ON COLUMN marts.accessibility_criterion_day.complete_page_count IS 'Those that were examined as a whole: the others are not known.';
COMMENT ON COLUMN marts.accessibility_criterion_day.failing_page_count IS 'Pages with an element that fails it.';
COMMENT ON COLUMN marts.accessibility_criterion_day.failing_element_count IS 'Elements that fail it. An element may fail several criteria: never add up over criteria.';
COMMENT ON COLUMN marts.accessibility_criterion_day.review_element_count IS 'Elements that a person has to look at and nobody has yet.';
COMMENT ON COLUMN marts.accessibility_criterion_day.failing_rules IS 'Rules of the auditor that elements break.';
