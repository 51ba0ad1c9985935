-- Grain: one row per site, day (of its zone) and rule.
CREATE OR REPLACE VIEW marts.waf_rule_day AS
SELECT
  hit.site_id,
  hit.event_date AS day_date,
  hit.rule_id,
  any_value(hit.message) AS message,
  any_value(hit.attack_class) AS attack_class,
  count(*) AS hit_count,
  count(DISTINCT hit.event_id) AS event_count,
  count(DISTINCT visitor.event_id) AS visitor_event_count
FROM staging.waf_rule_hit AS hit
LEFT JOIN staging.blocked_visitor AS visitor
  ON visitor.site_id = hit.site_id AND visitor.event_date = hit.event_date AND visitor.event_id = hit.event_id
GROUP BY hit.site_id, hit.event_date, hit.rule_id;
COMMENT ON VIEW marts.waf_rule_day IS 'Which rules matched, by day, and how many of those requests came from likely visitors; verdict rules left out.';
COMMENT ON COLUMN marts.waf_rule_day.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.waf_rule_day.day_date IS 'Day in the zone of the site.';
COMMENT ON COLUMN marts.waf_rule_day.rule_id IS 'Rule as its rule set numbers it.';
COMMENT ON COLUMN marts.waf_rule_day.message IS 'What the rule says of itself.';
COMMENT ON COLUMN marts.waf_rule_day.attack_class IS 'Class of the rule; null for set-up rules.';
COMMENT ON COLUMN marts.waf_rule_day.hit_count IS 'Matches.';
COMMENT ON COLUMN marts.waf_rule_day.event_count IS 'Requests with at least one match.';
COMMENT ON COLUMN marts.waf_rule_day.visitor_event_count IS 'Of these, blocked requests of likely visitors.';
