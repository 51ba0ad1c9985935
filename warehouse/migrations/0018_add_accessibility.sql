-- Accessibility: what auditors and people found, element by element and criterion by criterion.

CREATE TABLE raw.accessibility_run (
  run_id VARCHAR NOT NULL,
  site_id VARCHAR NOT NULL,
  source_id VARCHAR NOT NULL,
  auditor VARCHAR NOT NULL,
  page_url VARCHAR NOT NULL,
  started_at TIMESTAMPTZ NOT NULL,
  tested_criteria VARCHAR[] NOT NULL,
  frame_count BIGINT,
  finding_count BIGINT NOT NULL,
  parser_version VARCHAR NOT NULL,
  batch_id VARCHAR NOT NULL
);
COMMENT ON TABLE raw.accessibility_run IS 'What an accessibility audit of one page looked for, one row per run that gave a result; a page without findings has one too. How it went is in raw.audit_run.';
COMMENT ON COLUMN raw.accessibility_run.run_id IS 'Run; see raw.audit_run.';
COMMENT ON COLUMN raw.accessibility_run.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN raw.accessibility_run.source_id IS 'Source within the site.';
COMMENT ON COLUMN raw.accessibility_run.auditor IS 'axe (in a browser) or static (HTML alone). Never compare the findings of the two.';
COMMENT ON COLUMN raw.accessibility_run.page_url IS 'Page as it was asked for, as in raw.audit_run.';
COMMENT ON COLUMN raw.accessibility_run.started_at IS 'When the run started, UTC.';
COMMENT ON COLUMN raw.accessibility_run.tested_criteria IS 'Success criteria of WCAG 2.2 for which at least one rule was run. No finding of one of them is no proof that it is met: rules see a part of each.';
COMMENT ON COLUMN raw.accessibility_run.frame_count IS 'Frames that were examined, the page itself among them; null where the auditor knows no frames.';
COMMENT ON COLUMN raw.accessibility_run.finding_count IS 'Rows of raw.accessibility_finding of this run.';
COMMENT ON COLUMN raw.accessibility_run.parser_version IS 'Parser that made the row, as name/version.';
COMMENT ON COLUMN raw.accessibility_run.batch_id IS 'Batch that brought the row; see raw.batch.';

CREATE TABLE raw.accessibility_finding (
  run_id VARCHAR NOT NULL,
  site_id VARCHAR NOT NULL,
  source_id VARCHAR NOT NULL,
  auditor VARCHAR NOT NULL,
  page_url VARCHAR NOT NULL,
  started_at TIMESTAMPTZ NOT NULL,
  finding_key VARCHAR NOT NULL,
  rule_id VARCHAR NOT NULL,
  kind VARCHAR NOT NULL,
  impact VARCHAR,
  outcome VARCHAR NOT NULL,
  success_criteria VARCHAR[] NOT NULL,
  level VARCHAR,
  selector VARCHAR NOT NULL,
  snippet VARCHAR NOT NULL,
  help VARCHAR NOT NULL,
  message_key VARCHAR,
  content_sha256 VARCHAR NOT NULL,
  parser_version VARCHAR NOT NULL,
  batch_id VARCHAR NOT NULL
);
COMMENT ON TABLE raw.accessibility_finding IS 'Elements that break a rule, or that a person has to look at, as one run saw them. Rules of best practice are no failures of WCAG.';
COMMENT ON COLUMN raw.accessibility_finding.run_id IS 'Run; see raw.audit_run.';
COMMENT ON COLUMN raw.accessibility_finding.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN raw.accessibility_finding.source_id IS 'Source within the site.';
COMMENT ON COLUMN raw.accessibility_finding.auditor IS 'axe or static.';
COMMENT ON COLUMN raw.accessibility_finding.page_url IS 'Page, as in raw.audit_run.';
COMMENT ON COLUMN raw.accessibility_finding.started_at IS 'When the run started, UTC.';
COMMENT ON COLUMN raw.accessibility_finding.finding_key IS 'What the finding is known by from run to run: auditor, rule, page and the element''s HTML without what changes by itself.';
COMMENT ON COLUMN raw.accessibility_finding.rule_id IS 'Rule of the auditor, as color-contrast.';
COMMENT ON COLUMN raw.accessibility_finding.kind IS 'wcag; best_practice, which is no failure of WCAG; or obsolete, of 4.1.1, which WCAG 2.2 removed.';
COMMENT ON COLUMN raw.accessibility_finding.impact IS 'critical, serious, moderate or minor, in the judgement of the auditor; null where it says none.';
COMMENT ON COLUMN raw.accessibility_finding.outcome IS 'violation, or needs_review where only a person can tell.';
COMMENT ON COLUMN raw.accessibility_finding.success_criteria IS 'Success criteria of WCAG 2.2 that it fails; one finding may name several. Empty for other kinds than wcag.';
COMMENT ON COLUMN raw.accessibility_finding.level IS 'Lowest official level of these criteria: A, AA or AAA.';
COMMENT ON COLUMN raw.accessibility_finding.selector IS 'CSS selector of the element, cut; >>> stands between a frame or a shadow host and what is in it.';
COMMENT ON COLUMN raw.accessibility_finding.snippet IS 'Start of the element''s HTML without what visitors typed, secrets and mail addresses. Text from outside.';
COMMENT ON COLUMN raw.accessibility_finding.help IS 'What the rule asks for, in the words of the auditor.';
COMMENT ON COLUMN raw.accessibility_finding.message_key IS 'Why the auditor could not tell, as bgGradient; null for violations and where it does not say.';
COMMENT ON COLUMN raw.accessibility_finding.content_sha256 IS 'Hash of what a decision of a person stands on: markup, colours, reason.';
COMMENT ON COLUMN raw.accessibility_finding.parser_version IS 'Parser that made the row, as name/version.';
COMMENT ON COLUMN raw.accessibility_finding.batch_id IS 'Batch that brought the row; see raw.batch.';

CREATE TABLE raw.accessibility_decision (
  site_id VARCHAR NOT NULL,
  finding_key VARCHAR NOT NULL,
  content_sha256 VARCHAR NOT NULL,
  page_url VARCHAR NOT NULL,
  rule_id VARCHAR NOT NULL,
  decision VARCHAR NOT NULL,
  reason VARCHAR NOT NULL,
  decided_by VARCHAR NOT NULL,
  decided_at TIMESTAMPTZ NOT NULL,
  parser_version VARCHAR NOT NULL,
  batch_id VARCHAR NOT NULL
);
COMMENT ON TABLE raw.accessibility_decision IS 'What a person decided on a finding that needs a review, one row per decision; the last one holds as long as the content of the element stays the same.';
COMMENT ON COLUMN raw.accessibility_decision.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN raw.accessibility_decision.finding_key IS 'Finding, as in raw.accessibility_finding.';
COMMENT ON COLUMN raw.accessibility_decision.content_sha256 IS 'Content that was looked at; another one needs a new decision.';
COMMENT ON COLUMN raw.accessibility_decision.page_url IS 'Page of the finding.';
COMMENT ON COLUMN raw.accessibility_decision.rule_id IS 'Rule of the finding.';
COMMENT ON COLUMN raw.accessibility_decision.decision IS 'confirmed, it is a failure; or dismissed, it is none.';
COMMENT ON COLUMN raw.accessibility_decision.reason IS 'Why, in the words of the person.';
COMMENT ON COLUMN raw.accessibility_decision.decided_by IS 'Who decided.';
COMMENT ON COLUMN raw.accessibility_decision.decided_at IS 'When, UTC.';
COMMENT ON COLUMN raw.accessibility_decision.parser_version IS 'Parser that made the row, as name/version.';
COMMENT ON COLUMN raw.accessibility_decision.batch_id IS 'Batch that brought the row; see raw.batch.';

CREATE TABLE raw.accessibility_assertion (
  site_id VARCHAR NOT NULL,
  source_id VARCHAR NOT NULL,
  assertion_key VARCHAR NOT NULL,
  page_url VARCHAR,
  criterion VARCHAR NOT NULL,
  outcome VARCHAR NOT NULL,
  checked_date DATE NOT NULL,
  is_manual BOOLEAN NOT NULL,
  asserted_by VARCHAR,
  note VARCHAR,
  parser_version VARCHAR NOT NULL,
  batch_id VARCHAR NOT NULL
);
COMMENT ON TABLE raw.accessibility_assertion IS 'What people said of success criteria in manual audits, one row per statement (an assertion of EARL).';
COMMENT ON COLUMN raw.accessibility_assertion.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN raw.accessibility_assertion.source_id IS 'Source within the site.';
COMMENT ON COLUMN raw.accessibility_assertion.assertion_key IS 'Hash of page, criterion, day and person: the same statement again is one row when it is read.';
COMMENT ON COLUMN raw.accessibility_assertion.page_url IS 'Page that was looked at; null where the statement is on the whole site.';
COMMENT ON COLUMN raw.accessibility_assertion.criterion IS 'Success criterion of WCAG 2.2, as 1.4.3.';
COMMENT ON COLUMN raw.accessibility_assertion.outcome IS 'passed, failed, cant_tell, inapplicable or untested.';
COMMENT ON COLUMN raw.accessibility_assertion.checked_date IS 'Day on which it was looked at.';
COMMENT ON COLUMN raw.accessibility_assertion.is_manual IS 'A person looked; false where a tool said so by itself.';
COMMENT ON COLUMN raw.accessibility_assertion.asserted_by IS 'Who says so; null where the file does not say.';
COMMENT ON COLUMN raw.accessibility_assertion.note IS 'What was seen, cut, without secrets and mail addresses. Text from outside.';
COMMENT ON COLUMN raw.accessibility_assertion.parser_version IS 'Parser that made the row, as name/version.';
COMMENT ON COLUMN raw.accessibility_assertion.batch_id IS 'Batch that brought the row; see raw.batch.';
