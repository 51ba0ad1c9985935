-- Grain: one row per change of the state of a recommendation.
CREATE OR REPLACE VIEW marts.recommendation_history AS
SELECT
  event.site_id,
  event.rule_id,
  event.subject,
  row_number() OVER (PARTITION BY event.site_id, event.rule_id, event.subject ORDER BY event.happened_at, event.event_id) AS number,
  event.happened_at,
  event.state,
  event.set_by,
  event.is_engine,
  event.why,
  event.until_date,
  event.due_date,
  event.as_of_date,
  event.measured_value,
  event.event_id
FROM staging.recommendation_event AS event;
COMMENT ON VIEW marts.recommendation_history IS 'What became of each recommendation: every change of its state, who or what set it, and why.';
COMMENT ON COLUMN marts.recommendation_history.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.recommendation_history.rule_id IS 'Rule of the recommendation.';
COMMENT ON COLUMN marts.recommendation_history.subject IS 'Subject of the recommendation.';
COMMENT ON COLUMN marts.recommendation_history.number IS '1 for the first change of the recommendation, 2 for the next.';
COMMENT ON COLUMN marts.recommendation_history.happened_at IS 'When, UTC.';
COMMENT ON COLUMN marts.recommendation_history.state IS 'proposed, accepted, scheduled, in_progress, claimed_done, declined, risk_accepted; by data only: verified_done, came_back, unknown, superseded, no_longer_applies.';
COMMENT ON COLUMN marts.recommendation_history.set_by IS 'The person who set it; engine where data did.';
COMMENT ON COLUMN marts.recommendation_history.is_engine IS 'Whether data set it.';
COMMENT ON COLUMN marts.recommendation_history.why IS 'Why.';
COMMENT ON COLUMN marts.recommendation_history.until_date IS 'Last day of what was declined or accepted as a risk; null for other states.';
COMMENT ON COLUMN marts.recommendation_history.due_date IS 'Day for which it is scheduled; null where nobody said.';
COMMENT ON COLUMN marts.recommendation_history.as_of_date IS 'First day after the data that were judged; null for what a person set.';
COMMENT ON COLUMN marts.recommendation_history.measured_value IS 'What the closing test measured; null for what a person set, and where it is not known.';
COMMENT ON COLUMN marts.recommendation_history.event_id IS 'Hash of the change.';
