-- Grain: one row per statement.
CREATE OR REPLACE VIEW staging.recommendation AS
SELECT * EXCLUDE (parser_version, batch_id)
FROM raw.recommendation
QUALIFY row_number() OVER (PARTITION BY statement_id ORDER BY stated_at, batch_id) = 1;
COMMENT ON VIEW staging.recommendation IS 'Recommendations as they were stated, each statement once however often it was landed.';
COMMENT ON COLUMN staging.recommendation.statement_id IS 'Hash of what is stated: a run that is repeated brings the same one.';
COMMENT ON COLUMN staging.recommendation.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN staging.recommendation.rule_id IS 'Rule that speaks.';
COMMENT ON COLUMN staging.recommendation.subject IS 'What it is about, the same over quarters: a path, a server, a source.';
COMMENT ON COLUMN staging.recommendation.rule_version IS 'Hash of the queries of the rule when it spoke.';
COMMENT ON COLUMN staging.recommendation.quarter IS 'Quarter of which it speaks, as 2026Q3.';
COMMENT ON COLUMN staging.recommendation.as_of_date IS 'First day after the data that it speaks of, in the zone of the site.';
COMMENT ON COLUMN staging.recommendation.title IS 'What to do.';
COMMENT ON COLUMN staging.recommendation.why IS 'Why it matters, for the manager of the client.';
COMMENT ON COLUMN staging.recommendation.area IS 'Area of the report.';
COMMENT ON COLUMN staging.recommendation.lane IS 'support, maintenance or development.';
COMMENT ON COLUMN staging.recommendation.severity IS '1 to 5.';
COMMENT ON COLUMN staging.recommendation.likelihood_ratio IS 'How likely it is to hurt, 0 to 1.';
COMMENT ON COLUMN staging.recommendation.reach_ratio IS 'Share of the site or its visitors that it reaches, 0 to 1.';
COMMENT ON COLUMN staging.recommendation.confidence_ratio IS 'How sure the rule is, 0 to 1.';
COMMENT ON COLUMN staging.recommendation.risk IS '0 to 100, from the four before and the floor.';
COMMENT ON COLUMN staging.recommendation.floor IS 'Band that its risk never falls below: act now, high, medium, none.';
COMMENT ON COLUMN staging.recommendation.effort_low_hours IS 'Least hours of work.';
COMMENT ON COLUMN staging.recommendation.effort_high_hours IS 'Most hours of work.';
COMMENT ON COLUMN staging.recommendation.owner IS 'Who acts.';
COMMENT ON COLUMN staging.recommendation.is_client_needed IS 'Whether the client has to decide first.';
COMMENT ON COLUMN staging.recommendation.due_date IS 'Day by which it is to be done, as advised.';
COMMENT ON COLUMN staging.recommendation.evidence_sql IS 'Query that proves it.';
COMMENT ON COLUMN staging.recommendation.evidence_parameters IS 'Its parameters, a JSON object.';
COMMENT ON COLUMN staging.recommendation.snapshot_id IS 'Snapshot on which it was run.';
COMMENT ON COLUMN staging.recommendation.evidence_value IS 'The figure that it gave.';
COMMENT ON COLUMN staging.recommendation.evidence_text IS 'The figures in one line.';
COMMENT ON COLUMN staging.recommendation.evidence_sample IS 'Its first rows, a JSON list.';
COMMENT ON COLUMN staging.recommendation.threshold IS 'Threshold of the rule for this site.';
COMMENT ON COLUMN staging.recommendation.measure_sql IS 'Query for the one number by which it is followed.';
COMMENT ON COLUMN staging.recommendation.measured_value IS 'That number over the quarter; null where it is not known.';
COMMENT ON COLUMN staging.recommendation.test_operator IS 'Comparison of the closing test.';
COMMENT ON COLUMN staging.recommendation.test_value IS 'What the number is compared with.';
COMMENT ON COLUMN staging.recommendation.test_sustained_days IS 'Days over which it must hold.';
COMMENT ON COLUMN staging.recommendation.test_text IS 'The closing test in words.';
COMMENT ON COLUMN staging.recommendation.prediction_metric IS 'Name of the number.';
COMMENT ON COLUMN staging.recommendation.prediction_direction IS 'down or up.';
COMMENT ON COLUMN staging.recommendation.prediction_size IS 'By how much the number of a quarter is expected to change once it is done.';
COMMENT ON COLUMN staging.recommendation.prediction_text IS 'The prediction in words.';
COMMENT ON COLUMN staging.recommendation.stated_at IS 'When it was stated, UTC.';
