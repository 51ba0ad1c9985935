-- Grain: one row per site, source, page, test of the security headers and audit.
CREATE OR REPLACE VIEW marts.posture_test AS
SELECT
  test.site_id,
  test.source_id,
  test.run_id,
  test.page_url,
  timezone(coalesce(site.time_zone, 'UTC'), test.audited_at)::DATE AS day_date,
  test.audited_at,
  test.test,
  test.outcome,
  test.points,
  test.is_passed,
  test.detail,
  test.score,
  test.grade,
  test.known_count,
  test.algorithm,
  lag(test.outcome) OVER audit_before AS previous_outcome,
  lag(test.score) OVER audit_before AS previous_score,
  lead(test.audited_at) OVER audit_before IS NULL AS is_newest
FROM (
  FROM raw.posture_test
  QUALIFY row_number() OVER (PARTITION BY run_id, test ORDER BY batch_id) = 1
) AS test LEFT JOIN staging.site AS site USING (site_id)
WINDOW audit_before AS (
  PARTITION BY test.site_id, test.source_id, test.page_url, test.test, test.algorithm ORDER BY test.audited_at, test.run_id
);
COMMENT ON VIEW marts.posture_test IS 'Tests of the security headers of pages, audit by audit. What is not-known is neither passed nor failed; a page without a row was not audited.';
COMMENT ON COLUMN marts.posture_test.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.posture_test.source_id IS 'Source within the site.';
COMMENT ON COLUMN marts.posture_test.run_id IS 'Run, as in raw.audit_run.';
COMMENT ON COLUMN marts.posture_test.page_url IS 'Page as it was asked for: its key over time.';
COMMENT ON COLUMN marts.posture_test.day_date IS 'Day of the audit in the zone of the site.';
COMMENT ON COLUMN marts.posture_test.audited_at IS 'When it started, UTC.';
COMMENT ON COLUMN marts.posture_test.test IS 'Test, as strict-transport-security.';
COMMENT ON COLUMN marts.posture_test.outcome IS 'What came of it, as hsts-not-implemented; not-known where it could not be seen.';
COMMENT ON COLUMN marts.posture_test.points IS 'Points of the outcome.';
COMMENT ON COLUMN marts.posture_test.is_passed IS 'Whether it loses no points; null where it is not known.';
COMMENT ON COLUMN marts.posture_test.detail IS 'What was seen. Text from outside.';
COMMENT ON COLUMN marts.posture_test.score IS 'Score of all twelve tests together; the same in each.';
COMMENT ON COLUMN marts.posture_test.grade IS 'Grade of the score.';
COMMENT ON COLUMN marts.posture_test.known_count IS 'Tests of the twelve whose outcome is known.';
COMMENT ON COLUMN marts.posture_test.algorithm IS 'Rules of points and score, as name/version.';
COMMENT ON COLUMN marts.posture_test.previous_outcome IS 'Outcome in the audit before by the same rules; null in the first.';
COMMENT ON COLUMN marts.posture_test.previous_score IS 'Score of the audit before by the same rules; null in the first.';
COMMENT ON COLUMN marts.posture_test.is_newest IS 'Whether no later audit of the page by the same rules is known.';
