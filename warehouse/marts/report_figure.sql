-- Grain: one row per site, quarter and score or figure of page one, as the newest report on that quarter told it.
CREATE OR REPLACE VIEW marts.report_figure AS
SELECT site_id, quarter, kind, name, value, unit, written_at
FROM raw.report_figure
QUALIFY dense_rank() OVER (PARTITION BY site_id, quarter ORDER BY written_at DESC, batch_id DESC) = 1;
COMMENT ON VIEW marts.report_figure IS 'Scores and figures of page one as the newest report on each quarter told them, to compare quarters by what was said.';
COMMENT ON COLUMN marts.report_figure.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.report_figure.quarter IS 'Quarter of the report, as 2026Q3.';
COMMENT ON COLUMN marts.report_figure.kind IS 'score, 0 to 100, or figure.';
COMMENT ON COLUMN marts.report_figure.name IS 'Name under which it is printed.';
COMMENT ON COLUMN marts.report_figure.value IS 'Its value; null where it was told to be not known.';
COMMENT ON COLUMN marts.report_figure.unit IS 'Unit of the value.';
COMMENT ON COLUMN marts.report_figure.written_at IS 'When that report was written, UTC.';
