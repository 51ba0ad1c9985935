-- Grain: one row per site, day (of its zone), rule, target and path that stopped likely visitors.
CREATE OR REPLACE VIEW marts.waf_exclusion_day AS
SELECT
  hit.site_id,
  hit.event_date AS day_date,
  hit.rule_id,
  hit.target,
  visitor.path,
  any_value(hit.message) AS message,
  any_value(hit.attack_class) AS attack_class,
  any_value(hit.ruleset) AS ruleset,
  any_value(hit.matched) AS sample,
  count(DISTINCT hit.event_id) AS visitor_event_count,
  count(DISTINCT visitor.client_ip) AS client_count
FROM staging.waf_rule_hit AS hit
JOIN staging.blocked_visitor AS visitor
  ON visitor.site_id = hit.site_id AND visitor.event_date = hit.event_date AND visitor.event_id = hit.event_id
GROUP BY hit.site_id, hit.event_date, hit.rule_id, hit.target, visitor.path;
COMMENT ON VIEW marts.waf_exclusion_day IS 'Rule, argument and path by which likely visitors were stopped: what to exclude, and nothing wider.';
COMMENT ON COLUMN marts.waf_exclusion_day.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.waf_exclusion_day.day_date IS 'Day in the zone of the site.';
COMMENT ON COLUMN marts.waf_exclusion_day.rule_id IS 'Rule as its rule set numbers it.';
COMMENT ON COLUMN marts.waf_exclusion_day.target IS 'What the rule looked at, as ARGS:content; null where the log does not say.';
COMMENT ON COLUMN marts.waf_exclusion_day.path IS 'Path, as sent.';
COMMENT ON COLUMN marts.waf_exclusion_day.message IS 'What the rule says of itself.';
COMMENT ON COLUMN marts.waf_exclusion_day.attack_class IS 'Class of the rule.';
COMMENT ON COLUMN marts.waf_exclusion_day.ruleset IS 'Rule set.';
COMMENT ON COLUMN marts.waf_exclusion_day.sample IS 'One match, cut, secrets removed. Hostile text.';
COMMENT ON COLUMN marts.waf_exclusion_day.visitor_event_count IS 'Requests of likely visitors in which it matched.';
COMMENT ON COLUMN marts.waf_exclusion_day.client_count IS 'Clients on that day.';
