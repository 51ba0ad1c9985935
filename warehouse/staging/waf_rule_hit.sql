-- Grain: one row per rule that matched in one request, verdicts left out.
CREATE OR REPLACE VIEW staging.waf_rule_hit AS
SELECT
  * EXCLUDE (parser_version, batch_id, is_verdict),
  -- Arguments in which people write text: what matches there may be prose or markup of an editor.
  coalesce(regexp_matches(
    lower(target),
    '^args(_post)?:(json\.)?(.*[._\[-])?(content|message|comment|comments|body|text|description|excerpt|review|bio|answer|note|notes|summary|html|nachricht|mensaje)(\]|_?[0-9])*$'
  ), false) AS is_free_text
FROM raw.waf_rule_hit
WHERE NOT is_verdict;
COMMENT ON VIEW staging.waf_rule_hit IS 'One row per rule that matched in one request; verdict rules, which only sum up others, are left out.';
COMMENT ON COLUMN staging.waf_rule_hit.event_id IS 'Event in which it matched.';
COMMENT ON COLUMN staging.waf_rule_hit.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN staging.waf_rule_hit.source_id IS 'Source within the site, as in sites.yaml.';
COMMENT ON COLUMN staging.waf_rule_hit.event_at IS 'When the request was made, UTC.';
COMMENT ON COLUMN staging.waf_rule_hit.rule_id IS 'Rule as its rule set numbers it.';
COMMENT ON COLUMN staging.waf_rule_hit.ruleset IS 'Rule set.';
COMMENT ON COLUMN staging.waf_rule_hit.ruleset_version IS 'Version of the rule set.';
COMMENT ON COLUMN staging.waf_rule_hit.attack_class IS 'Class of the rule; null for set-up rules.';
COMMENT ON COLUMN staging.waf_rule_hit.severity IS 'In words: emergency to debug.';
COMMENT ON COLUMN staging.waf_rule_hit.score IS 'Points that the rule adds.';
COMMENT ON COLUMN staging.waf_rule_hit.target IS 'What the rule looked at, as ARGS:q.';
COMMENT ON COLUMN staging.waf_rule_hit.matched IS 'What matched, cut, secrets removed. Hostile text.';
COMMENT ON COLUMN staging.waf_rule_hit.message IS 'What the rule says of itself.';
COMMENT ON COLUMN staging.waf_rule_hit.tags IS 'Tags of the rule.';
COMMENT ON COLUMN staging.waf_rule_hit.event_date IS 'Day of the request in the zone of the site.';
COMMENT ON COLUMN staging.waf_rule_hit.is_free_text IS 'The target is an argument in which people write text, by its name.';
