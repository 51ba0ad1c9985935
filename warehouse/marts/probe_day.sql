-- Grain: one row per site, day (of its zone), and plugin, theme or named flaw at which attacks were aimed.
CREATE OR REPLACE VIEW marts.probe_day AS
SELECT
  site_id,
  event_date AS day_date,
  'wordpress-' || regexp_extract(lower(path), '/wp-content/(plugin|theme)s/', 1) AS ecosystem,
  regexp_extract(lower(path), '/wp-content/(?:plugin|theme)s/([a-z0-9._-]+)/', 1) AS name,
  NULL::VARCHAR AS cve_id,
  sum(sample_weight) AS event_count
FROM staging.waf_event
WHERE attack_class IS NOT NULL AND regexp_matches(lower(path), '/wp-content/(plugin|theme)s/[a-z0-9._-]+/')
GROUP BY ALL
UNION ALL
SELECT site_id, event_date, NULL, NULL, cve_id, sum(sample_weight)
FROM (
  -- Several rules of one request may name the same flaw.
  SELECT DISTINCT event.site_id, event.event_date, event.event_id, event.sample_weight,
    unnest(regexp_extract_all(upper(concat_ws(' ', hit.rule_id, hit.message, array_to_string(hit.tags, ' '))), 'CVE-[0-9]{4}-[0-9]{4,19}')) AS cve_id
  FROM staging.waf_rule_hit AS hit JOIN staging.waf_event AS event USING (event_id)
  WHERE concat_ws(' ', hit.rule_id, hit.message, array_to_string(hit.tags, ' ')) ILIKE '%CVE-%'
)
GROUP BY ALL;
COMMENT ON VIEW marts.probe_day IS 'Attacks on the files of a plugin or theme, by their path, and attacks whose rule names a flaw. A request can stand in both: never add them up. That none was seen says little, since few rules name flaws.';
COMMENT ON COLUMN marts.probe_day.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.probe_day.day_date IS 'Day in the zone of the site.';
COMMENT ON COLUMN marts.probe_day.ecosystem IS 'wordpress-plugin or wordpress-theme; null where a flaw was named.';
COMMENT ON COLUMN marts.probe_day.name IS 'Plugin or theme, lower case; it need not be installed. Text from outside.';
COMMENT ON COLUMN marts.probe_day.cve_id IS 'Flaw that the rule names; null where the path tells.';
COMMENT ON COLUMN marts.probe_day.event_count IS 'Requests, weighted where the log is a sample.';
