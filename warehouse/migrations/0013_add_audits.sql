-- Audits: what a program that examines pages saw of them. Each auditor has tables of its own for what it found.
CREATE TABLE raw.audit_run (
  run_id VARCHAR NOT NULL,
  site_id VARCHAR NOT NULL,
  source_id VARCHAR NOT NULL,
  auditor VARCHAR NOT NULL,
  tool_version VARCHAR,
  page_url VARCHAR NOT NULL,
  final_url VARCHAR,
  started_at TIMESTAMPTZ NOT NULL,
  duration_ms DOUBLE,
  outcome VARCHAR NOT NULL,
  cause VARCHAR,
  status BIGINT,
  message VARCHAR,
  form_factor VARCHAR,
  throttling_method VARCHAR,
  details_file VARCHAR,
  parser_version VARCHAR NOT NULL,
  batch_id VARCHAR NOT NULL
);
COMMENT ON TABLE raw.audit_run IS 'Runs of an auditor on one page. Only a complete run says that something is not there; a page without one is unknown, never fine.';
COMMENT ON COLUMN raw.audit_run.run_id IS 'Run; opaque.';
COMMENT ON COLUMN raw.audit_run.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN raw.audit_run.source_id IS 'Source within the site.';
COMMENT ON COLUMN raw.audit_run.auditor IS 'lighthouse, pagespeed, crux, axe, static, posture or crawl.';
COMMENT ON COLUMN raw.audit_run.tool_version IS 'Version of the auditor or of its rules; null where none ran.';
COMMENT ON COLUMN raw.audit_run.page_url IS 'Page as it was asked for, without secrets: from sites.yaml or a sitemap. The key of a page over time.';
COMMENT ON COLUMN raw.audit_run.final_url IS 'Page that was examined, after redirects, without secrets; null where none was.';
COMMENT ON COLUMN raw.audit_run.started_at IS 'When the run started, UTC.';
COMMENT ON COLUMN raw.audit_run.duration_ms IS 'How long it took, ms; null where nothing was run.';
COMMENT ON COLUMN raw.audit_run.outcome IS 'complete; incomplete, what was found holds and more may be there; error, the page gave nothing to examine; unknown, it could not be examined.';
COMMENT ON COLUMN raw.audit_run.cause IS 'Why not complete: a word of the list in tasks/audits.py.';
COMMENT ON COLUMN raw.audit_run.status IS 'HTTP status of the page; null where none was seen.';
COMMENT ON COLUMN raw.audit_run.message IS 'What was seen, in words, without secrets. Text from outside.';
COMMENT ON COLUMN raw.audit_run.form_factor IS 'mobile or desktop; null where the auditor knows no such thing. Never mix the two in one series.';
COMMENT ON COLUMN raw.audit_run.throttling_method IS 'How Lighthouse slowed the page down: simulate, devtools or provided. Never mix them in one series.';
COMMENT ON COLUMN raw.audit_run.details_file IS 'What the auditor wrote, relative to var/evidence; null where nothing is kept.';
COMMENT ON COLUMN raw.audit_run.parser_version IS 'Parser that made the row, as name/version.';
COMMENT ON COLUMN raw.audit_run.batch_id IS 'Batch that brought the row; see raw.batch.';
