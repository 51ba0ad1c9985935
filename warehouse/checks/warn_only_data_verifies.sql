-- only data may say that something is verified, came back, is unknown, superseded or no longer applies
SELECT site_id, rule_id, subject, state, set_by, batch_id
FROM raw.recommendation_event
WHERE NOT is_engine AND state NOT IN ('accepted', 'scheduled', 'in_progress', 'claimed_done', 'declined', 'risk_accepted')
  OR is_engine AND set_by <> 'engine'
  OR NOT is_engine AND set_by = 'engine';
