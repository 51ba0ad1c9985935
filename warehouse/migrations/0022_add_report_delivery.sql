-- What people do with a report before and when it is sent.
CREATE TABLE raw.report_event (
  site_id VARCHAR NOT NULL,
  quarter VARCHAR NOT NULL,
  event_at TIMESTAMPTZ NOT NULL,
  state VARCHAR NOT NULL,
  sha256 VARCHAR NOT NULL,
  recipient VARCHAR,
  done_by VARCHAR NOT NULL,
  message VARCHAR,
  parser_version VARCHAR NOT NULL,
  batch_id VARCHAR NOT NULL
);
COMMENT ON TABLE raw.report_event IS 'What happened to a report: it was reviewed, or sent to somebody, or could not be.';
COMMENT ON COLUMN raw.report_event.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN raw.report_event.quarter IS 'Quarter of the report, as 2026Q3.';
COMMENT ON COLUMN raw.report_event.event_at IS 'When, UTC.';
COMMENT ON COLUMN raw.report_event.state IS 'reviewed; sent; refused by the server for this recipient; failed; sending where the server broke off and may have it.';
COMMENT ON COLUMN raw.report_event.sha256 IS 'Which file: SHA-256 of the PDF, as in raw.report_file.';
COMMENT ON COLUMN raw.report_event.recipient IS 'Address that it went to; null for a review.';
COMMENT ON COLUMN raw.report_event.done_by IS 'Who did it.';
COMMENT ON COLUMN raw.report_event.message IS 'Why not, where it was refused or failed.';
COMMENT ON COLUMN raw.report_event.parser_version IS 'What wrote the row, as name/version.';
COMMENT ON COLUMN raw.report_event.batch_id IS 'Batch that brought the row; see raw.batch.';

CREATE TABLE raw.report_comment (
  site_id VARCHAR NOT NULL,
  quarter VARCHAR NOT NULL,
  section VARCHAR NOT NULL,
  comment_id VARCHAR NOT NULL,
  text VARCHAR NOT NULL,
  written_by VARCHAR NOT NULL,
  written_at TIMESTAMPTZ NOT NULL,
  parser_version VARCHAR NOT NULL,
  batch_id VARCHAR NOT NULL
);
COMMENT ON TABLE raw.report_comment IS 'Comments that people add to a section of a report before it is sent; printed with their name.';
COMMENT ON COLUMN raw.report_comment.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN raw.report_comment.quarter IS 'Quarter of the report, as 2026Q3.';
COMMENT ON COLUMN raw.report_comment.section IS 'Section, by the name of its file in tasks/analyse/.';
COMMENT ON COLUMN raw.report_comment.comment_id IS 'The comment; opaque. A later row of it replaces it, an empty text takes it back.';
COMMENT ON COLUMN raw.report_comment.text IS 'What is printed.';
COMMENT ON COLUMN raw.report_comment.written_by IS 'Who wrote it.';
COMMENT ON COLUMN raw.report_comment.written_at IS 'When, UTC.';
COMMENT ON COLUMN raw.report_comment.parser_version IS 'What wrote the row, as name/version.';
COMMENT ON COLUMN raw.report_comment.batch_id IS 'Batch that brought the row; see raw.batch.';
