-- The action register: what was advised, what people and data said of it since, and each run of a closing test.
CREATE TABLE raw.recommendation (
  statement_id VARCHAR NOT NULL,
  site_id VARCHAR NOT NULL,
  rule_id VARCHAR NOT NULL,
  subject VARCHAR NOT NULL,
  rule_version VARCHAR NOT NULL,
  quarter VARCHAR NOT NULL,
  as_of_date DATE NOT NULL,
  title VARCHAR NOT NULL,
  why VARCHAR NOT NULL,
  area VARCHAR NOT NULL,
  lane VARCHAR NOT NULL,
  severity BIGINT NOT NULL,
  likelihood_ratio DOUBLE NOT NULL,
  reach_ratio DOUBLE NOT NULL,
  confidence_ratio DOUBLE NOT NULL,
  risk DOUBLE NOT NULL,
  floor VARCHAR NOT NULL,
  effort_low_hours DOUBLE NOT NULL,
  effort_high_hours DOUBLE NOT NULL,
  owner VARCHAR NOT NULL,
  is_client_needed BOOLEAN NOT NULL,
  due_date DATE NOT NULL,
  evidence_sql VARCHAR NOT NULL,
  evidence_parameters VARCHAR NOT NULL,
  snapshot_id VARCHAR NOT NULL,
  evidence_value DOUBLE NOT NULL,
  evidence_text VARCHAR NOT NULL,
  evidence_sample VARCHAR NOT NULL,
  threshold DOUBLE NOT NULL,
  measure_sql VARCHAR NOT NULL,
  measured_value DOUBLE,
  test_operator VARCHAR NOT NULL,
  test_value DOUBLE NOT NULL,
  test_sustained_days BIGINT NOT NULL,
  test_text VARCHAR NOT NULL,
  prediction_metric VARCHAR NOT NULL,
  prediction_direction VARCHAR NOT NULL,
  prediction_size DOUBLE NOT NULL,
  prediction_text VARCHAR NOT NULL,
  stated_at TIMESTAMPTZ NOT NULL,
  parser_version VARCHAR NOT NULL,
  batch_id VARCHAR NOT NULL
);
COMMENT ON TABLE raw.recommendation IS 'What a report or a review advised: one row each time that it was stated. The newest of a key counts; earlier ones are what was known then.';
COMMENT ON COLUMN raw.recommendation.statement_id IS 'Hash of what is stated: a run that is repeated brings the same one.';
COMMENT ON COLUMN raw.recommendation.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN raw.recommendation.rule_id IS 'Rule that speaks.';
COMMENT ON COLUMN raw.recommendation.subject IS 'What it is about, the same over quarters: a path, a server, a source.';
COMMENT ON COLUMN raw.recommendation.rule_version IS 'Hash of the queries of the rule when it spoke.';
COMMENT ON COLUMN raw.recommendation.quarter IS 'Quarter of which it speaks, as 2026Q3.';
COMMENT ON COLUMN raw.recommendation.as_of_date IS 'First day after the data that it speaks of, in the zone of the site.';
COMMENT ON COLUMN raw.recommendation.title IS 'What to do.';
COMMENT ON COLUMN raw.recommendation.why IS 'Why it matters, for the manager of the client.';
COMMENT ON COLUMN raw.recommendation.area IS 'Area of the report.';
COMMENT ON COLUMN raw.recommendation.lane IS 'support, maintenance or development.';
COMMENT ON COLUMN raw.recommendation.severity IS '1 to 5.';
COMMENT ON COLUMN raw.recommendation.likelihood_ratio IS 'How likely it is to hurt, 0 to 1.';
COMMENT ON COLUMN raw.recommendation.reach_ratio IS 'Share of the site or its visitors that it reaches, 0 to 1.';
COMMENT ON COLUMN raw.recommendation.confidence_ratio IS 'How sure the rule is, 0 to 1.';
COMMENT ON COLUMN raw.recommendation.risk IS '0 to 100, from the four before and the floor.';
COMMENT ON COLUMN raw.recommendation.floor IS 'Band that its risk never falls below: act now, high, medium, none.';
COMMENT ON COLUMN raw.recommendation.effort_low_hours IS 'Least hours of work.';
COMMENT ON COLUMN raw.recommendation.effort_high_hours IS 'Most hours of work.';
COMMENT ON COLUMN raw.recommendation.owner IS 'Who acts.';
COMMENT ON COLUMN raw.recommendation.is_client_needed IS 'Whether the client has to decide first.';
COMMENT ON COLUMN raw.recommendation.due_date IS 'Day by which it is to be done, as advised.';
COMMENT ON COLUMN raw.recommendation.evidence_sql IS 'Query that proves it.';
COMMENT ON COLUMN raw.recommendation.evidence_parameters IS 'Its parameters, a JSON object.';
COMMENT ON COLUMN raw.recommendation.snapshot_id IS 'Snapshot on which it was run.';
COMMENT ON COLUMN raw.recommendation.evidence_value IS 'The figure that it gave.';
COMMENT ON COLUMN raw.recommendation.evidence_text IS 'The figures in one line.';
COMMENT ON COLUMN raw.recommendation.evidence_sample IS 'Its first rows, a JSON list.';
COMMENT ON COLUMN raw.recommendation.threshold IS 'Threshold of the rule for this site.';
COMMENT ON COLUMN raw.recommendation.measure_sql IS 'Query for the one number by which it is followed.';
COMMENT ON COLUMN raw.recommendation.measured_value IS 'That number over the quarter; null where it is not known.';
COMMENT ON COLUMN raw.recommendation.test_operator IS 'Comparison of the closing test.';
COMMENT ON COLUMN raw.recommendation.test_value IS 'What the number is compared with.';
COMMENT ON COLUMN raw.recommendation.test_sustained_days IS 'Days over which it must hold.';
COMMENT ON COLUMN raw.recommendation.test_text IS 'The closing test in words.';
COMMENT ON COLUMN raw.recommendation.prediction_metric IS 'Name of the number.';
COMMENT ON COLUMN raw.recommendation.prediction_direction IS 'down or up.';
COMMENT ON COLUMN raw.recommendation.prediction_size IS 'By how much the number of a quarter is expected to change once it is done.';
COMMENT ON COLUMN raw.recommendation.prediction_text IS 'The prediction in words.';
COMMENT ON COLUMN raw.recommendation.stated_at IS 'When it was stated, UTC.';
COMMENT ON COLUMN raw.recommendation.parser_version IS 'Program that landed the row.';
COMMENT ON COLUMN raw.recommendation.batch_id IS 'Batch that brought the row.';

CREATE TABLE raw.recommendation_event (
  event_id VARCHAR NOT NULL,
  site_id VARCHAR NOT NULL,
  rule_id VARCHAR NOT NULL,
  subject VARCHAR NOT NULL,
  happened_at TIMESTAMPTZ NOT NULL,
  state VARCHAR NOT NULL,
  set_by VARCHAR NOT NULL,
  is_engine BOOLEAN NOT NULL,
  why VARCHAR NOT NULL,
  until_date DATE,
  due_date DATE,
  as_of_date DATE,
  measured_value DOUBLE,
  parser_version VARCHAR NOT NULL,
  batch_id VARCHAR NOT NULL
);
COMMENT ON TABLE raw.recommendation_event IS 'Each change of the state of a recommendation, by a person or by data; never changed, never removed.';
COMMENT ON COLUMN raw.recommendation_event.event_id IS 'Hash of the change: a review that is repeated brings the same one.';
COMMENT ON COLUMN raw.recommendation_event.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN raw.recommendation_event.rule_id IS 'Rule of the recommendation.';
COMMENT ON COLUMN raw.recommendation_event.subject IS 'Subject of the recommendation.';
COMMENT ON COLUMN raw.recommendation_event.happened_at IS 'When, UTC.';
COMMENT ON COLUMN raw.recommendation_event.state IS 'proposed, accepted, scheduled, in_progress, claimed_done, declined, risk_accepted; by data only: verified_done, came_back, unknown, superseded, no_longer_applies.';
COMMENT ON COLUMN raw.recommendation_event.set_by IS 'The person who set it; engine where data did.';
COMMENT ON COLUMN raw.recommendation_event.is_engine IS 'Whether data set it.';
COMMENT ON COLUMN raw.recommendation_event.why IS 'Why.';
COMMENT ON COLUMN raw.recommendation_event.until_date IS 'Last day of what was declined or accepted as a risk; null for other states.';
COMMENT ON COLUMN raw.recommendation_event.due_date IS 'Day for which it is scheduled; null where nobody said.';
COMMENT ON COLUMN raw.recommendation_event.as_of_date IS 'First day after the data that were judged; null for what a person set.';
COMMENT ON COLUMN raw.recommendation_event.measured_value IS 'What the closing test measured; null for what a person set, and where it is not known.';
COMMENT ON COLUMN raw.recommendation_event.parser_version IS 'Program that landed the row.';
COMMENT ON COLUMN raw.recommendation_event.batch_id IS 'Batch that brought the row.';

CREATE TABLE raw.recommendation_test (
  test_id VARCHAR NOT NULL,
  site_id VARCHAR NOT NULL,
  rule_id VARCHAR NOT NULL,
  subject VARCHAR NOT NULL,
  as_of_date DATE NOT NULL,
  quarter VARCHAR,
  outcome VARCHAR NOT NULL,
  why VARCHAR NOT NULL,
  measured_value DOUBLE,
  quarter_value DOUBLE,
  snapshot_id VARCHAR NOT NULL,
  tested_at TIMESTAMPTZ NOT NULL,
  parser_version VARCHAR NOT NULL,
  batch_id VARCHAR NOT NULL
);
COMMENT ON TABLE raw.recommendation_test IS 'Each run of a closing test on data.';
COMMENT ON COLUMN raw.recommendation_test.test_id IS 'Hash of the run and what it gave: a review that is repeated brings the same one.';
COMMENT ON COLUMN raw.recommendation_test.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN raw.recommendation_test.rule_id IS 'Rule of the recommendation.';
COMMENT ON COLUMN raw.recommendation_test.subject IS 'Subject of the recommendation.';
COMMENT ON COLUMN raw.recommendation_test.as_of_date IS 'First day after the days that were judged, in the zone of the site.';
COMMENT ON COLUMN raw.recommendation_test.quarter IS 'Quarter that ended on that day; null in between.';
COMMENT ON COLUMN raw.recommendation_test.outcome IS 'holds, fails, gone, unknown.';
COMMENT ON COLUMN raw.recommendation_test.why IS 'Why, in a few words.';
COMMENT ON COLUMN raw.recommendation_test.measured_value IS 'The number over the days of the test; null where it is not known.';
COMMENT ON COLUMN raw.recommendation_test.quarter_value IS 'The number over the whole quarter; null where it is not known, and in between.';
COMMENT ON COLUMN raw.recommendation_test.snapshot_id IS 'Snapshot on which it was run.';
COMMENT ON COLUMN raw.recommendation_test.tested_at IS 'When, UTC.';
COMMENT ON COLUMN raw.recommendation_test.parser_version IS 'Program that landed the row.';
COMMENT ON COLUMN raw.recommendation_test.batch_id IS 'Batch that brought the row.';

-- Thresholds that the site has of its own.
ALTER TABLE raw.site ADD COLUMN thresholds VARCHAR;
COMMENT ON COLUMN raw.site.thresholds IS 'Thresholds of rules where the site has its own: a JSON object of numbers by rule; null where a version before wrote the row.';
