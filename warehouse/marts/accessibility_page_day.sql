-- Grain: one row per site, source, auditor, page and day on which an accessibility audit ran; the last run of the day counts.
CREATE OR REPLACE VIEW marts.accessibility_page_day AS
SELECT
  run.site_id,
  run.source_id,
  run.auditor,
  run.page_url,
  run.run_date AS day_date,
  run.audit_date,
  run.outcome,
  run.cause,
  run.message,
  coalesce(counted.failure_count, run.least_count) AS failure_count,
  coalesce(counted.level_a_count, run.least_count) AS level_a_count,
  coalesce(counted.level_aa_count, run.least_count) AS level_aa_count,
  coalesce(counted.critical_count, run.least_count) AS critical_count,
  coalesce(counted.review_count, run.least_count) AS review_count,
  coalesce(counted.best_practice_count, run.least_count) AS best_practice_count
FROM (
  SELECT *, CASE WHEN tested_criteria IS NOT NULL THEN 0 END AS least_count
  FROM staging.accessibility_run
  QUALIFY row_number() OVER (
    PARTITION BY site_id, source_id, auditor, page_url, run_date ORDER BY started_at DESC, run_id
  ) = 1
) AS run
LEFT JOIN (
  SELECT
    run_id,
    count(*) FILTER (is_failure) AS failure_count,
    count(*) FILTER (is_failure AND level = 'A') AS level_a_count,
    count(*) FILTER (is_failure AND level = 'AA') AS level_aa_count,
    count(*) FILTER (is_failure AND impact = 'critical') AS critical_count,
    count(*) FILTER (kind = 'wcag' AND judgement = 'needs_review') AS review_count,
    count(*) FILTER (kind = 'best_practice' AND judgement = 'violation') AS best_practice_count
  FROM staging.accessibility_finding
  GROUP BY run_id
) AS counted USING (run_id);
COMMENT ON VIEW marts.accessibility_page_day IS 'What accessibility audits found on each page. Counts are null where there was no result, and a lower bound where the run is not complete.';
COMMENT ON COLUMN marts.accessibility_page_day.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.accessibility_page_day.source_id IS 'Source within the site.';
COMMENT ON COLUMN marts.accessibility_page_day.auditor IS 'axe (in a browser) or static (HTML alone): never compare the two.';
COMMENT ON COLUMN marts.accessibility_page_day.page_url IS 'Page as it was asked for.';
COMMENT ON COLUMN marts.accessibility_page_day.day_date IS 'Day of the run in the zone of the site.';
COMMENT ON COLUMN marts.accessibility_page_day.audit_date IS 'First day of the collection that the run belongs to.';
COMMENT ON COLUMN marts.accessibility_page_day.outcome IS 'complete, incomplete, error or unknown.';
COMMENT ON COLUMN marts.accessibility_page_day.cause IS 'Why not complete.';
COMMENT ON COLUMN marts.accessibility_page_day.message IS 'What was seen, in words.';
COMMENT ON COLUMN marts.accessibility_page_day.failure_count IS 'Elements that fail WCAG 2.2.';
COMMENT ON COLUMN marts.accessibility_page_day.level_a_count IS 'Those of level A; part of failure_count.';
COMMENT ON COLUMN marts.accessibility_page_day.level_aa_count IS 'Those of level AA; part of failure_count.';
COMMENT ON COLUMN marts.accessibility_page_day.critical_count IS 'Those that the auditor calls critical; part of failure_count.';
COMMENT ON COLUMN marts.accessibility_page_day.review_count IS 'Elements that a person has to look at and nobody has yet.';
COMMENT ON COLUMN marts.accessibility_page_day.best_practice_count IS 'Elements that break a rule of best practice, which is no failure of WCAG.';
