-- Audits without a browser: security posture, and crawls.
CREATE TABLE raw.posture_test (
  run_id VARCHAR NOT NULL,
  site_id VARCHAR NOT NULL,
  source_id VARCHAR NOT NULL,
  page_url VARCHAR NOT NULL,
  audited_at TIMESTAMPTZ NOT NULL,
  test VARCHAR NOT NULL,
  outcome VARCHAR NOT NULL,
  points BIGINT NOT NULL,
  is_passed BOOLEAN,
  detail VARCHAR NOT NULL,
  score BIGINT NOT NULL,
  grade VARCHAR NOT NULL,
  known_count BIGINT NOT NULL,
  algorithm VARCHAR NOT NULL,
  parser_version VARCHAR NOT NULL,
  batch_id VARCHAR NOT NULL
);
COMMENT ON TABLE raw.posture_test IS 'Tests of the security headers of one page, twelve a run. What is not_known is neither passed nor failed; a page without a run is unknown.';
COMMENT ON COLUMN raw.posture_test.run_id IS 'Run, as in raw.audit_run.';
COMMENT ON COLUMN raw.posture_test.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN raw.posture_test.source_id IS 'Source within the site.';
COMMENT ON COLUMN raw.posture_test.page_url IS 'Page as it was asked for: its key over time.';
COMMENT ON COLUMN raw.posture_test.audited_at IS 'When the run started, UTC.';
COMMENT ON COLUMN raw.posture_test.test IS 'Test, as strict-transport-security: see tasks/posture.py.';
COMMENT ON COLUMN raw.posture_test.outcome IS 'What came of it, as hsts-not-implemented; not-known where it could not be seen.';
COMMENT ON COLUMN raw.posture_test.points IS 'Points of the outcome; those above 0 count only where the score is 90 or more without them.';
COMMENT ON COLUMN raw.posture_test.is_passed IS 'Whether it loses no points; null where it is not known.';
COMMENT ON COLUMN raw.posture_test.detail IS 'What was seen, cut, without secrets. Text from outside.';
COMMENT ON COLUMN raw.posture_test.score IS 'Score of all twelve tests, 0 to 160; the same in each of them.';
COMMENT ON COLUMN raw.posture_test.grade IS 'Grade of the score, A+ to F.';
COMMENT ON COLUMN raw.posture_test.known_count IS 'Tests of the twelve whose outcome is known: the score of fewer is an upper bound.';
COMMENT ON COLUMN raw.posture_test.algorithm IS 'Rules that gave points and score, as name/version. Never compare scores of two.';
COMMENT ON COLUMN raw.posture_test.parser_version IS 'Parser that made the row, as name/version.';
COMMENT ON COLUMN raw.posture_test.batch_id IS 'Batch that brought the row; see raw.batch.';
CREATE TABLE raw.posture_finding (
  run_id VARCHAR NOT NULL,
  site_id VARCHAR NOT NULL,
  source_id VARCHAR NOT NULL,
  page_url VARCHAR NOT NULL,
  audited_at TIMESTAMPTZ NOT NULL,
  kind VARCHAR NOT NULL,
  outcome VARCHAR NOT NULL,
  target VARCHAR NOT NULL,
  detail VARCHAR NOT NULL,
  parser_version VARCHAR NOT NULL,
  batch_id VARCHAR NOT NULL
);
COMMENT ON TABLE raw.posture_finding IS 'What else a site shows of itself: certificate, mixed content, mail policies, files that should not be there. Nothing here means not looked for, not fine.';
COMMENT ON COLUMN raw.posture_finding.run_id IS 'Run, as in raw.audit_run.';
COMMENT ON COLUMN raw.posture_finding.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN raw.posture_finding.source_id IS 'Source within the site.';
COMMENT ON COLUMN raw.posture_finding.page_url IS 'Page of the run.';
COMMENT ON COLUMN raw.posture_finding.audited_at IS 'When the run started, UTC.';
COMMENT ON COLUMN raw.posture_finding.kind IS 'certificate, mixed_content, spf, dmarc or exposed_file.';
COMMENT ON COLUMN raw.posture_finding.outcome IS 'ok, weak, missing or not_known of mail policies; refused of a certificate; ok, active or passive of mixed content; found, not_found or not_known of a file.';
COMMENT ON COLUMN raw.posture_finding.target IS 'What it is about: host, address, name or path, without secrets. Text from outside.';
COMMENT ON COLUMN raw.posture_finding.detail IS 'What was seen, cut, without secrets; never what a file holds. Text from outside.';
COMMENT ON COLUMN raw.posture_finding.parser_version IS 'Parser that made the row, as name/version.';
COMMENT ON COLUMN raw.posture_finding.batch_id IS 'Batch that brought the row; see raw.batch.';
CREATE TABLE raw.crawled_page (
  run_id VARCHAR NOT NULL,
  site_id VARCHAR NOT NULL,
  source_id VARCHAR NOT NULL,
  crawled_at TIMESTAMPTZ NOT NULL,
  url VARCHAR NOT NULL,
  kind VARCHAR NOT NULL,
  outcome VARCHAR NOT NULL,
  status BIGINT,
  cause VARCHAR,
  final_url VARCHAR,
  redirect_count BIGINT NOT NULL,
  content_type VARCHAR,
  body_bytes BIGINT,
  duration_ms DOUBLE,
  title VARCHAR,
  third_party_hosts VARCHAR[] NOT NULL,
  parser_version VARCHAR NOT NULL,
  batch_id VARCHAR NOT NULL
);
COMMENT ON TABLE raw.crawled_page IS 'Pages, pictures and links that a crawl of a site asked for. What is not here was not asked: never fine.';
COMMENT ON COLUMN raw.crawled_page.run_id IS 'Run, as in raw.audit_run: one for the whole crawl.';
COMMENT ON COLUMN raw.crawled_page.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN raw.crawled_page.source_id IS 'Source within the site.';
COMMENT ON COLUMN raw.crawled_page.crawled_at IS 'When the crawl started, UTC.';
COMMENT ON COLUMN raw.crawled_page.url IS 'Address that was asked, without secrets.';
COMMENT ON COLUMN raw.crawled_page.kind IS 'page, image, link (of another site) or file.';
COMMENT ON COLUMN raw.crawled_page.outcome IS 'ok; broken; or not_known: no answer, or one that says nothing, as 403 and 429 of another site.';
COMMENT ON COLUMN raw.crawled_page.status IS 'HTTP status of the last answer; null where there was none.';
COMMENT ON COLUMN raw.crawled_page.cause IS 'Why there was no answer: a word of tasks/probe_result.py.';
COMMENT ON COLUMN raw.crawled_page.final_url IS 'Where redirects led; null where there were none.';
COMMENT ON COLUMN raw.crawled_page.redirect_count IS 'Redirects on the way.';
COMMENT ON COLUMN raw.crawled_page.content_type IS 'Type that the answer says; null where it says none.';
COMMENT ON COLUMN raw.crawled_page.body_bytes IS 'Bytes of the body, unpacked, as far as it was read; null where none was.';
COMMENT ON COLUMN raw.crawled_page.duration_ms IS 'Time of all requests on the way, ms.';
COMMENT ON COLUMN raw.crawled_page.title IS 'Title of a page, cut; null of what is none. Text from outside.';
COMMENT ON COLUMN raw.crawled_page.third_party_hosts IS 'Hosts of other sites from which the HTML of the page loads something.';
COMMENT ON COLUMN raw.crawled_page.parser_version IS 'Parser that made the row, as name/version.';
COMMENT ON COLUMN raw.crawled_page.batch_id IS 'Batch that brought the row; see raw.batch.';
CREATE TABLE raw.crawl_issue (
  run_id VARCHAR NOT NULL,
  site_id VARCHAR NOT NULL,
  source_id VARCHAR NOT NULL,
  crawled_at TIMESTAMPTZ NOT NULL,
  issue_key VARCHAR NOT NULL,
  kind VARCHAR NOT NULL,
  page_url VARCHAR NOT NULL,
  target VARCHAR NOT NULL,
  detail VARCHAR NOT NULL,
  parser_version VARCHAR NOT NULL,
  batch_id VARCHAR NOT NULL
);
COMMENT ON TABLE raw.crawl_issue IS 'What a crawl found wrong, one row per run, kind, page and target.';
COMMENT ON COLUMN raw.crawl_issue.run_id IS 'Run, as in raw.audit_run.';
COMMENT ON COLUMN raw.crawl_issue.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN raw.crawl_issue.source_id IS 'Source within the site.';
COMMENT ON COLUMN raw.crawl_issue.crawled_at IS 'When the crawl started, UTC.';
COMMENT ON COLUMN raw.crawl_issue.issue_key IS 'What it is known by again in the next crawl: hash of kind, page and target.';
COMMENT ON COLUMN raw.crawl_issue.kind IS 'Kind of issue: a word of tasks/crawl_issues.py.';
COMMENT ON COLUMN raw.crawl_issue.page_url IS 'Page on which it is, without secrets.';
COMMENT ON COLUMN raw.crawl_issue.target IS 'What it is about: address, field, header; empty where it is the page itself. Text from outside.';
COMMENT ON COLUMN raw.crawl_issue.detail IS 'What was seen, cut, without secrets. Text from outside.';
COMMENT ON COLUMN raw.crawl_issue.parser_version IS 'Parser that made the row, as name/version.';
COMMENT ON COLUMN raw.crawl_issue.batch_id IS 'Batch that brought the row; see raw.batch.';
