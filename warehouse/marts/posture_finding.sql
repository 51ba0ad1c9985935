-- Grain: one row per site, source, page, kind, target and audit: certificate, mixed content, mail policies, files.
CREATE OR REPLACE VIEW marts.posture_finding AS
SELECT
  finding.site_id,
  finding.source_id,
  finding.run_id,
  finding.page_url,
  timezone(coalesce(site.time_zone, 'UTC'), finding.audited_at)::DATE AS day_date,
  finding.audited_at,
  finding.kind,
  finding.outcome,
  finding.target,
  finding.detail,
  lead(finding.audited_at) OVER (
    PARTITION BY finding.site_id, finding.source_id, finding.kind, finding.target ORDER BY finding.audited_at, finding.run_id
  ) IS NULL AS is_newest
FROM (
  FROM raw.posture_finding
  QUALIFY row_number() OVER (PARTITION BY run_id, kind, target, outcome ORDER BY batch_id) = 1
) AS finding LEFT JOIN staging.site AS site USING (site_id);
COMMENT ON VIEW marts.posture_finding IS 'What else a site shows of itself, audit by audit. Nothing here means not looked for, not fine.';
COMMENT ON COLUMN marts.posture_finding.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.posture_finding.source_id IS 'Source within the site.';
COMMENT ON COLUMN marts.posture_finding.run_id IS 'Run, as in raw.audit_run.';
COMMENT ON COLUMN marts.posture_finding.page_url IS 'Page of the run.';
COMMENT ON COLUMN marts.posture_finding.day_date IS 'Day of the audit in the zone of the site.';
COMMENT ON COLUMN marts.posture_finding.audited_at IS 'When it started, UTC.';
COMMENT ON COLUMN marts.posture_finding.kind IS 'certificate, mixed_content, spf, dmarc or exposed_file.';
COMMENT ON COLUMN marts.posture_finding.outcome IS 'As raw.posture_finding.outcome.';
COMMENT ON COLUMN marts.posture_finding.target IS 'Host, address, name or path. Text from outside.';
COMMENT ON COLUMN marts.posture_finding.detail IS 'What was seen. Text from outside.';
COMMENT ON COLUMN marts.posture_finding.is_newest IS 'Whether no later audit says something of the same kind and target.';
