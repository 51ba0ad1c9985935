-- Grain: one row per run of an accessibility audit on one page, whatever came of it.
CREATE OR REPLACE VIEW staging.accessibility_run AS
SELECT
  run.run_id,
  run.site_id,
  run.source_id,
  run.auditor,
  run.page_url,
  run.started_at,
  run.run_date,
  min(run.run_date) OVER (PARTITION BY landed.batch_id, run.auditor) AS audit_date,
  run.outcome,
  run.cause,
  run.message,
  split_part(coalesce(run.tool_version, ''), '.', 1) AS major_version,
  looked.tested_criteria,
  looked.frame_count
FROM staging.audit_run AS run
JOIN (SELECT run_id, min(batch_id) AS batch_id FROM raw.audit_run GROUP BY run_id) AS landed USING (run_id)
LEFT JOIN raw.accessibility_run AS looked ON looked.run_id = run.run_id AND looked.batch_id = landed.batch_id
WHERE run.auditor IN ('axe', 'static');
COMMENT ON VIEW staging.accessibility_run IS 'Runs of accessibility audits, each once, with the day of the collection that they belong to.';
COMMENT ON COLUMN staging.accessibility_run.run_id IS 'Run; opaque.';
COMMENT ON COLUMN staging.accessibility_run.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN staging.accessibility_run.source_id IS 'Source within the site.';
COMMENT ON COLUMN staging.accessibility_run.auditor IS 'axe (in a browser) or static (HTML alone): never compare the two.';
COMMENT ON COLUMN staging.accessibility_run.page_url IS 'Page as it was asked for: its key over time.';
COMMENT ON COLUMN staging.accessibility_run.started_at IS 'When the run started, UTC.';
COMMENT ON COLUMN staging.accessibility_run.run_date IS 'Day of the start in the zone of the site.';
COMMENT ON COLUMN staging.accessibility_run.audit_date IS 'First day of the collection that audited all pages: what belongs together.';
COMMENT ON COLUMN staging.accessibility_run.outcome IS 'complete, incomplete, error or unknown.';
COMMENT ON COLUMN staging.accessibility_run.cause IS 'Why not complete.';
COMMENT ON COLUMN staging.accessibility_run.message IS 'What was seen, in words.';
COMMENT ON COLUMN staging.accessibility_run.major_version IS 'First number of the auditor''s version: findings are compared within one only.';
COMMENT ON COLUMN staging.accessibility_run.tested_criteria IS 'Success criteria for which a rule was run; null where there is no result.';
COMMENT ON COLUMN staging.accessibility_run.frame_count IS 'Frames that were examined.';
