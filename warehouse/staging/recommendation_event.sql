-- Grain: one row per change of the state of a recommendation.
CREATE OR REPLACE VIEW staging.recommendation_event AS
SELECT * EXCLUDE (parser_version, batch_id)
FROM raw.recommendation_event
-- What only data may say counts only where data said it.
WHERE is_engine OR state IN ('accepted', 'scheduled', 'in_progress', 'claimed_done', 'declined', 'risk_accepted')
QUALIFY row_number() OVER (PARTITION BY event_id ORDER BY happened_at, batch_id) = 1;
COMMENT ON VIEW staging.recommendation_event IS 'Changes of state, each once however often it was landed, without what a person can not set.';
COMMENT ON COLUMN staging.recommendation_event.event_id IS 'Hash of the change: a review that is repeated brings the same one.';
COMMENT ON COLUMN staging.recommendation_event.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN staging.recommendation_event.rule_id IS 'Rule of the recommendation.';
COMMENT ON COLUMN staging.recommendation_event.subject IS 'Subject of the recommendation.';
COMMENT ON COLUMN staging.recommendation_event.happened_at IS 'When, UTC.';
COMMENT ON COLUMN staging.recommendation_event.state IS 'proposed, accepted, scheduled, in_progress, claimed_done, declined, risk_accepted; by data only: verified_done, came_back, unknown, superseded, no_longer_applies.';
COMMENT ON COLUMN staging.recommendation_event.set_by IS 'The person who set it; engine where data did.';
COMMENT ON COLUMN staging.recommendation_event.is_engine IS 'Whether data set it.';
COMMENT ON COLUMN staging.recommendation_event.why IS 'Why.';
COMMENT ON COLUMN staging.recommendation_event.until_date IS 'Last day of what was declined or accepted as a risk; null for other states.';
COMMENT ON COLUMN staging.recommendation_event.due_date IS 'Day for which it is scheduled; null where nobody said.';
COMMENT ON COLUMN staging.recommendation_event.as_of_date IS 'First day after the data that were judged; null for what a person set.';
COMMENT ON COLUMN staging.recommendation_event.measured_value IS 'What the closing test measured; null for what a person set, and where it is not known.';
