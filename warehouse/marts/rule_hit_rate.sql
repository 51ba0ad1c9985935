-- Grain: one row per rule whose advice was done and measured over a later quarter.
CREATE OR REPLACE VIEW marts.rule_hit_rate AS
WITH done AS (
  -- Each time that data verified something: the advice as it stood, and the first whole quarter measured since.
  SELECT
    event.site_id, event.rule_id, event.subject, event.as_of_date AS verified_date,
    arg_max(stated.measured_value, stated.as_of_date) AS stated_value,
    arg_max(stated.prediction_direction, stated.as_of_date) AS direction,
    arg_max(stated.prediction_size, stated.as_of_date) AS predicted_change
  FROM staging.recommendation_event AS event
  JOIN staging.recommendation AS stated
    ON stated.site_id = event.site_id AND stated.rule_id = event.rule_id AND stated.subject = event.subject
    AND stated.as_of_date < event.as_of_date
  WHERE event.is_engine AND event.state = 'verified_done' AND stated.measured_value IS NOT NULL
  GROUP BY event.site_id, event.rule_id, event.subject, event.as_of_date
), judged AS (
  SELECT
    done.site_id, done.rule_id, done.subject, done.verified_date, done.predicted_change,
    CASE WHEN done.direction = 'down' THEN done.stated_value - arg_min(test.quarter_value, test.as_of_date)
      ELSE arg_min(test.quarter_value, test.as_of_date) - done.stated_value END AS actual_change
  FROM done
  JOIN staging.recommendation_test AS test
    ON test.site_id = done.site_id AND test.rule_id = done.rule_id AND test.subject = done.subject
    AND test.as_of_date >= done.verified_date
  WHERE test.quarter_value IS NOT NULL
  GROUP BY done.site_id, done.rule_id, done.subject, done.verified_date, done.predicted_change, done.direction, done.stated_value
)
SELECT
  rule_id,
  count(*) AS judged_count,
  count(*) FILTER (actual_change >= 0.9 * predicted_change) AS hit_count,
  count(*) FILTER (actual_change >= 0.9 * predicted_change) / count(*) AS hit_ratio,
  median(predicted_change) AS median_predicted_change,
  median(actual_change) AS median_actual_change
FROM judged
GROUP BY rule_id;
COMMENT ON VIEW marts.rule_hit_rate IS 'How often the effect that a rule predicted came: of what was verified as done, and measured over the first quarter that ended since. A rule without a row was never put to the test.';
COMMENT ON COLUMN marts.rule_hit_rate.rule_id IS 'Rule.';
COMMENT ON COLUMN marts.rule_hit_rate.judged_count IS 'Recommendations that were done and measured.';
COMMENT ON COLUMN marts.rule_hit_rate.hit_count IS 'Of these, those where the measure changed by nine tenths of what was predicted, or more.';
COMMENT ON COLUMN marts.rule_hit_rate.hit_ratio IS 'Share of hits, 0 to 1. Read it together with judged_count.';
COMMENT ON COLUMN marts.rule_hit_rate.median_predicted_change IS 'Median of the predicted changes, in the unit of the measure of the rule, in the good direction.';
COMMENT ON COLUMN marts.rule_hit_rate.median_actual_change IS 'Median of the changes that came, in the same unit.';
