-- Grain: one row per run of an auditor on one page, with the day of its site.
CREATE OR REPLACE VIEW staging.audit_run AS
SELECT
  run.run_id,
  run.site_id,
  run.source_id,
  run.auditor,
  run.tool_version,
  run.page_url,
  run.final_url,
  run.started_at,
  run.duration_ms,
  run.outcome,
  run.cause,
  run.status,
  run.message,
  run.form_factor,
  run.throttling_method,
  run.details_file,
  timezone(coalesce(site.time_zone, 'UTC'), run.started_at)::DATE AS run_date
FROM raw.audit_run AS run LEFT JOIN staging.site AS site USING (site_id)
QUALIFY row_number() OVER (PARTITION BY run.run_id ORDER BY run.batch_id) = 1;
COMMENT ON VIEW staging.audit_run IS 'Runs of auditors on pages, each once, with the day of the site.';
COMMENT ON COLUMN staging.audit_run.run_id IS 'Run; opaque.';
COMMENT ON COLUMN staging.audit_run.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN staging.audit_run.source_id IS 'Source within the site.';
COMMENT ON COLUMN staging.audit_run.auditor IS 'lighthouse, pagespeed, crux, axe, static, posture or crawl.';
COMMENT ON COLUMN staging.audit_run.tool_version IS 'Version of the auditor or of its rules.';
COMMENT ON COLUMN staging.audit_run.page_url IS 'Page as it was asked for: its key over time.';
COMMENT ON COLUMN staging.audit_run.final_url IS 'Page that was examined, after redirects.';
COMMENT ON COLUMN staging.audit_run.started_at IS 'When the run started, UTC.';
COMMENT ON COLUMN staging.audit_run.duration_ms IS 'How long it took, ms.';
COMMENT ON COLUMN staging.audit_run.outcome IS 'complete, incomplete, error or unknown.';
COMMENT ON COLUMN staging.audit_run.cause IS 'Why not complete.';
COMMENT ON COLUMN staging.audit_run.status IS 'HTTP status of the page.';
COMMENT ON COLUMN staging.audit_run.message IS 'What was seen, in words.';
COMMENT ON COLUMN staging.audit_run.form_factor IS 'mobile or desktop.';
COMMENT ON COLUMN staging.audit_run.throttling_method IS 'simulate, devtools or provided.';
COMMENT ON COLUMN staging.audit_run.details_file IS 'What the auditor wrote, relative to var/evidence.';
COMMENT ON COLUMN staging.audit_run.run_date IS 'Day of the start in the zone of the site.';
