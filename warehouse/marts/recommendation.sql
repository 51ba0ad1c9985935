-- Grain: one row per site, rule and subject: a recommendation with its state as it is now.
CREATE OR REPLACE VIEW marts.recommendation AS
SELECT
  newest.site_id,
  newest.rule_id,
  newest.subject,
  newest.title,
  newest.why,
  newest.area,
  newest.lane,
  newest.risk,
  newest.effort_low_hours,
  newest.effort_high_hours,
  newest.owner,
  newest.is_client_needed,
  state.state,
  state.state IN ('proposed', 'accepted', 'scheduled', 'in_progress', 'claimed_done', 'came_back', 'unknown') AS is_open,
  state.happened_at AS state_at,
  state.set_by AS state_by,
  state.why AS state_why,
  state.until_date,
  coalesce(planned.due_date, newest.due_date) AS due_date,
  first.quarter AS first_quarter,
  newest.quarter AS last_quarter,
  first.measured_value AS first_value,
  newest.measured_value AS last_value,
  test.measured_value AS tested_value,
  test.outcome AS test_outcome,
  test.as_of_date AS tested_date,
  newest.test_operator,
  newest.test_value,
  newest.test_sustained_days,
  newest.test_text,
  newest.prediction_metric,
  newest.evidence_text,
  newest.snapshot_id
FROM (
  FROM staging.recommendation
  QUALIFY row_number() OVER (PARTITION BY site_id, rule_id, subject ORDER BY as_of_date DESC, stated_at DESC, statement_id) = 1
) AS newest
JOIN (
  FROM staging.recommendation
  QUALIFY row_number() OVER (PARTITION BY site_id, rule_id, subject ORDER BY as_of_date, stated_at, statement_id) = 1
) AS first USING (site_id, rule_id, subject)
JOIN (
  FROM staging.recommendation_event
  QUALIFY row_number() OVER (PARTITION BY site_id, rule_id, subject ORDER BY happened_at DESC, event_id DESC) = 1
) AS state USING (site_id, rule_id, subject)
LEFT JOIN (
  FROM staging.recommendation_event WHERE due_date IS NOT NULL
  QUALIFY row_number() OVER (PARTITION BY site_id, rule_id, subject ORDER BY happened_at DESC, event_id DESC) = 1
) AS planned USING (site_id, rule_id, subject)
LEFT JOIN (
  FROM staging.recommendation_test
  QUALIFY row_number() OVER (PARTITION BY site_id, rule_id, subject ORDER BY as_of_date DESC, tested_at DESC, test_id) = 1
) AS test USING (site_id, rule_id, subject);
COMMENT ON VIEW marts.recommendation IS 'The action register as it is now: each recommendation with its state, by whom and why, what was measured first and last.';
COMMENT ON COLUMN marts.recommendation.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.recommendation.rule_id IS 'Rule that speaks.';
COMMENT ON COLUMN marts.recommendation.subject IS 'What it is about, the same over quarters.';
COMMENT ON COLUMN marts.recommendation.title IS 'What to do, as stated last.';
COMMENT ON COLUMN marts.recommendation.why IS 'Why it matters, as stated last.';
COMMENT ON COLUMN marts.recommendation.area IS 'Area of the report.';
COMMENT ON COLUMN marts.recommendation.lane IS 'support, maintenance or development.';
COMMENT ON COLUMN marts.recommendation.risk IS '0 to 100, as stated last.';
COMMENT ON COLUMN marts.recommendation.effort_low_hours IS 'Least hours of work.';
COMMENT ON COLUMN marts.recommendation.effort_high_hours IS 'Most hours of work.';
COMMENT ON COLUMN marts.recommendation.owner IS 'Who acts.';
COMMENT ON COLUMN marts.recommendation.is_client_needed IS 'Whether the client has to decide first.';
COMMENT ON COLUMN marts.recommendation.state IS 'State as it is now; see raw.recommendation_event.';
COMMENT ON COLUMN marts.recommendation.is_open IS 'Whether something is still to be done. What was declined or accepted as a risk is not open, and neither is what is verified.';
COMMENT ON COLUMN marts.recommendation.state_at IS 'Since when it is in this state, UTC.';
COMMENT ON COLUMN marts.recommendation.state_by IS 'Who set the state; engine where data did.';
COMMENT ON COLUMN marts.recommendation.state_why IS 'Why.';
COMMENT ON COLUMN marts.recommendation.until_date IS 'Last day of what was declined or accepted as a risk.';
COMMENT ON COLUMN marts.recommendation.due_date IS 'Day for which a person scheduled it, else as advised.';
COMMENT ON COLUMN marts.recommendation.first_quarter IS 'Quarter that stated it first.';
COMMENT ON COLUMN marts.recommendation.last_quarter IS 'Quarter that stated it last.';
COMMENT ON COLUMN marts.recommendation.first_value IS 'The measure over the quarter that stated it first; null where it is not known.';
COMMENT ON COLUMN marts.recommendation.last_value IS 'The measure over the quarter that stated it last; null where it is not known.';
COMMENT ON COLUMN marts.recommendation.tested_value IS 'What the last run of its closing test measured; null where it is not known, and before the first.';
COMMENT ON COLUMN marts.recommendation.test_outcome IS 'holds, fails, gone or unknown; null before the first run.';
COMMENT ON COLUMN marts.recommendation.tested_date IS 'First day after the days that were judged last.';
COMMENT ON COLUMN marts.recommendation.test_operator IS 'Comparison of the closing test.';
COMMENT ON COLUMN marts.recommendation.test_value IS 'What the measure is compared with.';
COMMENT ON COLUMN marts.recommendation.test_sustained_days IS 'Days over which it must hold.';
COMMENT ON COLUMN marts.recommendation.test_text IS 'The closing test in words.';
COMMENT ON COLUMN marts.recommendation.prediction_metric IS 'Name of the measure.';
COMMENT ON COLUMN marts.recommendation.evidence_text IS 'The figures in one line, as stated last.';
COMMENT ON COLUMN marts.recommendation.snapshot_id IS 'Snapshot on which it was stated last.';
