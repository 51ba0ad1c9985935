-- Grain: one row per comment on a section of a report that stands.
CREATE OR REPLACE VIEW marts.report_comment AS
SELECT site_id, quarter, section, comment_id, text, written_by, written_at
FROM raw.report_comment
QUALIFY row_number() OVER (PARTITION BY site_id, quarter, comment_id ORDER BY written_at DESC, batch_id DESC) = 1 AND text <> '';
COMMENT ON VIEW marts.report_comment IS 'Comments on reports as they are printed: replaced ones and those that were taken back are left out.';
COMMENT ON COLUMN marts.report_comment.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.report_comment.quarter IS 'Quarter of the report, as 2026Q3.';
COMMENT ON COLUMN marts.report_comment.section IS 'Section, by the name of its file in tasks/analyse/.';
COMMENT ON COLUMN marts.report_comment.comment_id IS 'The comment; opaque.';
COMMENT ON COLUMN marts.report_comment.text IS 'What is printed.';
COMMENT ON COLUMN marts.report_comment.written_by IS 'Who wrote it.';
COMMENT ON COLUMN marts.report_comment.written_at IS 'When, UTC.';
