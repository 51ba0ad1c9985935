-- Grain: one row per failure that appeared or went between two complete audits of a page, one after the other.
CREATE OR REPLACE VIEW marts.accessibility_change AS
WITH run AS (
  SELECT
    *,
    row_number() OVER (
      PARTITION BY site_id, source_id, auditor, major_version, page_url ORDER BY started_at, run_id
    ) AS number
  FROM staging.accessibility_run
  WHERE outcome = 'complete'
), failure AS (
  SELECT
    run.site_id,
    run.source_id,
    run.auditor,
    run.major_version,
    run.page_url,
    run.number,
    finding.finding_key,
    finding.rule_id,
    finding.impact,
    finding.success_criteria,
    finding.level,
    finding.selector,
    finding.snippet
  FROM staging.accessibility_finding AS finding JOIN run USING (run_id)
  WHERE finding.is_failure
), came AS (
  SELECT failure.*
  FROM failure
  ANTI JOIN failure AS before
    ON before.site_id = failure.site_id AND before.source_id = failure.source_id AND before.auditor = failure.auditor
    AND before.major_version = failure.major_version AND before.page_url = failure.page_url
    AND before.finding_key = failure.finding_key AND before.number = failure.number - 1
  WHERE failure.number > 1
), went AS (
  SELECT failure.* REPLACE (failure.number + 1 AS number)
  FROM failure
  ANTI JOIN failure AS later
    ON later.site_id = failure.site_id AND later.source_id = failure.source_id AND later.auditor = failure.auditor
    AND later.major_version = failure.major_version AND later.page_url = failure.page_url
    AND later.finding_key = failure.finding_key AND later.number = failure.number + 1
), appeared AS (
  SELECT came.*
  FROM came
  ANTI JOIN went
    ON went.site_id = came.site_id AND went.source_id = came.source_id AND went.auditor = came.auditor
    AND went.major_version = came.major_version AND went.page_url = came.page_url AND went.number = came.number
    AND went.rule_id = came.rule_id AND went.selector = came.selector
), known AS (
  SELECT DISTINCT site_id, source_id, auditor, major_version, page_url, rule_id, number, unnest([finding_key, selector]) AS sign
  FROM failure
), again AS (
  SELECT DISTINCT appeared.site_id, appeared.source_id, appeared.auditor, appeared.major_version, appeared.page_url,
    appeared.number, appeared.finding_key
  FROM appeared
  JOIN known
    ON known.site_id = appeared.site_id AND known.source_id = appeared.source_id AND known.auditor = appeared.auditor
    AND known.major_version = appeared.major_version AND known.page_url = appeared.page_url
    AND known.rule_id = appeared.rule_id AND known.number < appeared.number - 1
    AND known.sign IN (appeared.finding_key, appeared.selector)
), change AS (
  SELECT appeared.*, CASE WHEN again.finding_key IS NULL THEN 'new' ELSE 'regressed' END AS change
  FROM appeared LEFT JOIN again USING (site_id, source_id, auditor, major_version, page_url, number, finding_key)
  UNION ALL
  SELECT went.*, 'fixed'
  FROM went
  ANTI JOIN came
    ON came.site_id = went.site_id AND came.source_id = went.source_id AND came.auditor = went.auditor
    AND came.major_version = went.major_version AND came.page_url = went.page_url AND came.number = went.number
    AND came.rule_id = went.rule_id AND came.selector = went.selector
)
SELECT
  change.site_id,
  change.source_id,
  change.auditor,
  change.page_url,
  run.run_date AS day_date,
  run.started_at,
  change.change,
  change.finding_key,
  change.rule_id,
  change.impact,
  change.success_criteria,
  change.level,
  change.selector,
  change.snippet
FROM change JOIN run USING (site_id, source_id, auditor, major_version, page_url, number);
COMMENT ON VIEW marts.accessibility_change IS 'Failures of WCAG that are new, fixed or back since the audit before, page by page. Audits that were not complete are passed over, and findings are compared within one major version of the auditor only. An element whose place or markup alone changed is the same.';
COMMENT ON COLUMN marts.accessibility_change.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.accessibility_change.source_id IS 'Source within the site.';
COMMENT ON COLUMN marts.accessibility_change.auditor IS 'axe (in a browser) or static (HTML alone): never compare the two.';
COMMENT ON COLUMN marts.accessibility_change.page_url IS 'Page as it was asked for.';
COMMENT ON COLUMN marts.accessibility_change.day_date IS 'Day of the later audit in the zone of the site.';
COMMENT ON COLUMN marts.accessibility_change.started_at IS 'When the later audit started, UTC.';
COMMENT ON COLUMN marts.accessibility_change.change IS 'new; fixed, it is there no more; or regressed, it was there before, was gone, and is back.';
COMMENT ON COLUMN marts.accessibility_change.finding_key IS 'What the finding is known by from run to run.';
COMMENT ON COLUMN marts.accessibility_change.rule_id IS 'Rule of the auditor.';
COMMENT ON COLUMN marts.accessibility_change.impact IS 'critical, serious, moderate or minor.';
COMMENT ON COLUMN marts.accessibility_change.success_criteria IS 'Success criteria of WCAG 2.2 that it fails.';
COMMENT ON COLUMN marts.accessibility_change.level IS 'Lowest level of these criteria.';
COMMENT ON COLUMN marts.accessibility_change.selector IS 'CSS selector of the element.';
COMMENT ON COLUMN marts.accessibility_change.snippet IS 'Start of its HTML. Text from outside.';
