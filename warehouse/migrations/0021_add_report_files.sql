-- Reports that were written: what was handed out can be told by its hash.
CREATE TABLE raw.report_file (
  site_id VARCHAR NOT NULL,
  quarter VARCHAR NOT NULL,
  written_at TIMESTAMPTZ NOT NULL,
  file_name VARCHAR NOT NULL,
  sha256 VARCHAR NOT NULL,
  byte_count BIGINT NOT NULL,
  snapshot_id VARCHAR NOT NULL,
  recommendation_count BIGINT NOT NULL,
  parser_version VARCHAR NOT NULL,
  batch_id VARCHAR NOT NULL
);
COMMENT ON TABLE raw.report_file IS 'Reports that were written, each time: the same data and program give the same hash. Not what was sent.';
COMMENT ON COLUMN raw.report_file.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN raw.report_file.quarter IS 'Quarter of the report, as 2026Q3.';
COMMENT ON COLUMN raw.report_file.written_at IS 'When it was written, UTC.';
COMMENT ON COLUMN raw.report_file.file_name IS 'Name of the PDF.';
COMMENT ON COLUMN raw.report_file.sha256 IS 'SHA-256 of its bytes, hexadecimal.';
COMMENT ON COLUMN raw.report_file.byte_count IS 'Its size, bytes.';
COMMENT ON COLUMN raw.report_file.snapshot_id IS 'Snapshot that it was made from, as printed in it.';
COMMENT ON COLUMN raw.report_file.recommendation_count IS 'Recommendations in it.';
COMMENT ON COLUMN raw.report_file.parser_version IS 'What wrote the row, as name/version.';
COMMENT ON COLUMN raw.report_file.batch_id IS 'Batch that brought the row; see raw.batch.';
