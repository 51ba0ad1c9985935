-- Grain: one row per finding and run, with what a person decided on it.
CREATE OR REPLACE VIEW staging.accessibility_finding AS
SELECT
  finding.run_id,
  finding.site_id,
  finding.source_id,
  finding.auditor,
  finding.page_url,
  finding.started_at,
  run.run_date,
  run.audit_date,
  run.outcome AS run_outcome,
  finding.finding_key,
  finding.rule_id,
  finding.kind,
  finding.impact,
  coalesce(decision.decision, finding.outcome) AS judgement,
  finding.kind = 'wcag' AND coalesce(decision.decision, finding.outcome) IN ('violation', 'confirmed') AS is_failure,
  finding.success_criteria,
  finding.level,
  finding.selector,
  finding.snippet,
  finding.help,
  finding.message_key,
  finding.content_sha256,
  decision.reason AS decision_reason,
  decision.decided_by,
  decision.decided_at
FROM raw.accessibility_finding AS finding
JOIN staging.accessibility_run AS run USING (run_id)
LEFT JOIN (
  SELECT * FROM raw.accessibility_decision
  QUALIFY row_number() OVER (
    PARTITION BY site_id, finding_key, content_sha256 ORDER BY decided_at DESC, batch_id
  ) = 1
) AS decision
  ON decision.site_id = finding.site_id AND decision.finding_key = finding.finding_key
  AND decision.content_sha256 = finding.content_sha256 AND finding.outcome = 'needs_review'
QUALIFY row_number() OVER (PARTITION BY finding.run_id, finding.finding_key ORDER BY finding.batch_id) = 1;
COMMENT ON VIEW staging.accessibility_finding IS 'Findings of accessibility audits, each once a run, as they stand after the decisions of people.';
COMMENT ON COLUMN staging.accessibility_finding.run_id IS 'Run; see staging.accessibility_run.';
COMMENT ON COLUMN staging.accessibility_finding.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN staging.accessibility_finding.source_id IS 'Source within the site.';
COMMENT ON COLUMN staging.accessibility_finding.auditor IS 'axe (in a browser) or static (HTML alone): never compare the two.';
COMMENT ON COLUMN staging.accessibility_finding.page_url IS 'Page, as in raw.audit_run.';
COMMENT ON COLUMN staging.accessibility_finding.started_at IS 'When the run started, UTC.';
COMMENT ON COLUMN staging.accessibility_finding.run_date IS 'Day of the run in the zone of the site.';
COMMENT ON COLUMN staging.accessibility_finding.audit_date IS 'First day of the collection that the run belongs to.';
COMMENT ON COLUMN staging.accessibility_finding.run_outcome IS 'complete or incomplete: how the run went.';
COMMENT ON COLUMN staging.accessibility_finding.finding_key IS 'What the finding is known by from run to run.';
COMMENT ON COLUMN staging.accessibility_finding.rule_id IS 'Rule of the auditor.';
COMMENT ON COLUMN staging.accessibility_finding.kind IS 'wcag, best_practice or obsolete.';
COMMENT ON COLUMN staging.accessibility_finding.impact IS 'critical, serious, moderate or minor, in the judgement of the auditor.';
COMMENT ON COLUMN staging.accessibility_finding.judgement IS 'violation; needs_review; or what a person decided on that: confirmed or dismissed.';
COMMENT ON COLUMN staging.accessibility_finding.is_failure IS 'It fails WCAG 2.2: a violation, or confirmed by a person, of a rule with a success criterion.';
COMMENT ON COLUMN staging.accessibility_finding.success_criteria IS 'Success criteria of WCAG 2.2 that it is about; never add up over criteria.';
COMMENT ON COLUMN staging.accessibility_finding.level IS 'Lowest level of these criteria.';
COMMENT ON COLUMN staging.accessibility_finding.selector IS 'CSS selector of the element.';
COMMENT ON COLUMN staging.accessibility_finding.snippet IS 'Start of its HTML. Text from outside.';
COMMENT ON COLUMN staging.accessibility_finding.help IS 'What the rule asks for.';
COMMENT ON COLUMN staging.accessibility_finding.message_key IS 'Why the auditor could not tell.';
COMMENT ON COLUMN staging.accessibility_finding.content_sha256 IS 'Content that a decision holds for.';
COMMENT ON COLUMN staging.accessibility_finding.decision_reason IS 'Why a person decided so.';
COMMENT ON COLUMN staging.accessibility_finding.decided_by IS 'Who decided.';
COMMENT ON COLUMN staging.accessibility_finding.decided_at IS 'When, UTC.';
