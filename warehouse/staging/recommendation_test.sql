-- Grain: one row per run of a closing test.
CREATE OR REPLACE VIEW staging.recommendation_test AS
SELECT * EXCLUDE (parser_version, batch_id)
FROM raw.recommendation_test
QUALIFY row_number() OVER (PARTITION BY test_id ORDER BY tested_at, batch_id) = 1;
COMMENT ON VIEW staging.recommendation_test IS 'Runs of closing tests, each once however often it was landed.';
COMMENT ON COLUMN staging.recommendation_test.test_id IS 'Hash of the run and what it gave: a review that is repeated brings the same one.';
COMMENT ON COLUMN staging.recommendation_test.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN staging.recommendation_test.rule_id IS 'Rule of the recommendation.';
COMMENT ON COLUMN staging.recommendation_test.subject IS 'Subject of the recommendation.';
COMMENT ON COLUMN staging.recommendation_test.as_of_date IS 'First day after the days that were judged, in the zone of the site.';
COMMENT ON COLUMN staging.recommendation_test.quarter IS 'Quarter that ended on that day; null in between.';
COMMENT ON COLUMN staging.recommendation_test.outcome IS 'holds, fails, gone, unknown.';
COMMENT ON COLUMN staging.recommendation_test.why IS 'Why, in a few words.';
COMMENT ON COLUMN staging.recommendation_test.measured_value IS 'The number over the days of the test; null where it is not known.';
COMMENT ON COLUMN staging.recommendation_test.quarter_value IS 'The number over the whole quarter; null where it is not known, and in between.';
COMMENT ON COLUMN staging.recommendation_test.snapshot_id IS 'Snapshot on which it was run.';
COMMENT ON COLUMN staging.recommendation_test.tested_at IS 'When, UTC.';
