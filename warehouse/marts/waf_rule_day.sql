-- Grain: one row per site, day (of its zone) and rule.
CREATE OR REPLACE VIEW marts.waf_rule_day AS
SELECT
  event.site_id,
  event.local_date AS day_date,
  hit.rule_id,
  any_value(hit.message) AS message,
  any_value(hit.attack_class) AS attack_class,
  count(*) AS hit_count,
  count(DISTINCT event.event_id) AS event_count
FROM raw.waf_rule_hit AS hit
-- A file that was read twice brings its hits twice: the pair of event and batch decides.
JOIN (SELECT DISTINCT ON (site_id, event_id) site_id, event_id, batch_id FROM raw.waf_event ORDER BY batch_id) AS kept
  ON kept.site_id = hit.site_id AND kept.event_id = hit.event_id AND kept.batch_id = hit.batch_id
JOIN staging.waf_event AS event ON event.site_id = hit.site_id AND event.event_id = hit.event_id
WHERE NOT hit.is_verdict
GROUP BY event.site_id, event.local_date, hit.rule_id;
COMMENT ON VIEW marts.waf_rule_day IS 'Which rules matched, by day, verdict rules left out.';
COMMENT ON COLUMN marts.waf_rule_day.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.waf_rule_day.day_date IS 'Day in the zone of the site.';
COMMENT ON COLUMN marts.waf_rule_day.rule_id IS 'Rule as its rule set numbers it.';
COMMENT ON COLUMN marts.waf_rule_day.message IS 'What the rule says of itself.';
COMMENT ON COLUMN marts.waf_rule_day.attack_class IS 'Class of the rule; null for set-up rules.';
COMMENT ON COLUMN marts.waf_rule_day.hit_count IS 'Matches.';
COMMENT ON COLUMN marts.waf_rule_day.event_count IS 'Requests with at least one match.';
