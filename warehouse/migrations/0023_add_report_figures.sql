-- What page one of a report said, so that the next one can say what changed.
CREATE TABLE raw.report_figure (
  site_id VARCHAR NOT NULL,
  quarter VARCHAR NOT NULL,
  written_at TIMESTAMPTZ NOT NULL,
  kind VARCHAR NOT NULL,
  name VARCHAR NOT NULL,
  value DOUBLE,
  unit VARCHAR NOT NULL,
  parser_version VARCHAR NOT NULL,
  batch_id VARCHAR NOT NULL
);
COMMENT ON TABLE raw.report_figure IS 'Scores and figures of page one as a report told them. The measure of the quarter is in the marts: this is what was said of it.';
COMMENT ON COLUMN raw.report_figure.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN raw.report_figure.quarter IS 'Quarter of the report, as 2026Q3.';
COMMENT ON COLUMN raw.report_figure.written_at IS 'When the report was written, UTC.';
COMMENT ON COLUMN raw.report_figure.kind IS 'score, 0 to 100, or figure.';
COMMENT ON COLUMN raw.report_figure.name IS 'Name under which it is printed.';
COMMENT ON COLUMN raw.report_figure.value IS 'Its value; null where it was told to be not known.';
COMMENT ON COLUMN raw.report_figure.unit IS 'Unit of the value: points, percent, count, ms, seconds or another word.';
COMMENT ON COLUMN raw.report_figure.parser_version IS 'What wrote the row, as name/version.';
COMMENT ON COLUMN raw.report_figure.batch_id IS 'Batch that brought the row; see raw.batch.';
