-- Grain: one row per site, day (of its zone), component and flaw that was open then and for which somebody probed.
CREATE OR REPLACE VIEW marts.finding_probe_day AS
WITH attack AS NOT MATERIALIZED (
  SELECT
    event_id, site_id, event_at, event_date, sample_weight, action = 'block' AS is_block,
    -- Some logs have every request: what no rule spoke of is no probe.
    coalesce(attack_class IS NOT NULL OR would_block OR action IN ('block', 'challenge', 'rate_limit'), false) AS is_attack,
    regexp_extract(lower(path), '/(wp-content/+plugins|wp-content/+themes|modules/+contrib)/+([^/]+)', ['folder', 'slug']) AS place
  FROM staging.waf_event
), of_component AS (
  SELECT
    * EXCLUDE (place),
    CASE WHEN place.folder LIKE '%plugins' THEN 'wordpress-plugin' WHEN place.folder LIKE '%themes' THEN 'wordpress-theme' ELSE 'Packagist' END AS ecosystem,
    CASE WHEN place.folder LIKE 'modules%' THEN 'drupal/' ELSE '' END || regexp_replace(place.slug, '\.php$', '') AS slug
  FROM attack WHERE is_attack AND place.slug <> ''
), of_flaw AS (
  SELECT DISTINCT hit.event_id, hit.site_id, coalesce(named.flaw_id, hit.cve) AS flaw_id
  FROM (
    SELECT event_id, site_id, unnest(regexp_extract_all(
      upper(concat_ws(' ', message, array_to_string(tags, ' '))), 'CVE-[0-9]{4}-[0-9]+')) AS cve
    FROM staging.waf_rule_hit
  ) AS hit LEFT JOIN (SELECT DISTINCT name, flaw_id FROM staging.flaw_name) AS named ON named.name = hit.cve
), open AS MATERIALIZED (
  SELECT site_id, ecosystem, name, flaw_id, opened_at, closed_at FROM marts.finding
), probe AS (
  SELECT
    attack.site_id, attack.event_date, open.ecosystem, open.name, open.flaw_id, attack.event_id, attack.sample_weight, attack.is_block,
    false AS is_named
  FROM of_component AS attack JOIN open ON open.site_id = attack.site_id AND open.ecosystem = attack.ecosystem AND lower(open.name) = attack.slug
  WHERE attack.event_at >= open.opened_at AND coalesce(attack.event_at < open.closed_at, true)
  UNION ALL
  SELECT
    attack.site_id, attack.event_date, open.ecosystem, open.name, open.flaw_id, attack.event_id, attack.sample_weight, attack.is_block,
    true
  FROM attack JOIN of_flaw USING (site_id, event_id) JOIN open ON open.site_id = of_flaw.site_id AND open.flaw_id = of_flaw.flaw_id
  WHERE attack.event_at >= open.opened_at AND coalesce(attack.event_at < open.closed_at, true)
)
SELECT
  site_id,
  event_date AS day_date,
  ecosystem,
  name,
  flaw_id,
  sum(sample_weight) AS event_count,
  coalesce(sum(sample_weight) FILTER (is_block), 0) AS block_count,
  coalesce(sum(sample_weight) FILTER (is_named), 0) AS named_count
FROM (
  -- A request counts once for a flaw, whatever told of it.
  SELECT site_id, event_date, ecosystem, name, flaw_id, event_id, max(sample_weight) AS sample_weight, bool_or(is_block) AS is_block, bool_or(is_named) AS is_named
  FROM probe
  GROUP BY ALL
)
GROUP BY ALL;
COMMENT ON VIEW marts.finding_probe_day IS 'Requests against components with an open flaw that a rule of the WAF spoke of: those for a file in the folder of the plugin, theme or module, and those whose rule names a CVE of the flaw. The former are after the component, not always after this flaw: of named_count only it is known. Probes by other ways, as REST routes and forms, are not in it, so no row does not mean that nobody tried.';
COMMENT ON COLUMN marts.finding_probe_day.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.finding_probe_day.day_date IS 'Day in the zone of the site.';
COMMENT ON COLUMN marts.finding_probe_day.ecosystem IS 'As raw.component_observation.ecosystem.';
COMMENT ON COLUMN marts.finding_probe_day.name IS 'Component.';
COMMENT ON COLUMN marts.finding_probe_day.flaw_id IS 'The flaw, as in marts.finding. Several flaws of one component share the requests for its folder: do not add them up.';
COMMENT ON COLUMN marts.finding_probe_day.event_count IS 'Requests while it was open, weighted where a source samples.';
COMMENT ON COLUMN marts.finding_probe_day.block_count IS 'Those of them that were blocked.';
COMMENT ON COLUMN marts.finding_probe_day.named_count IS 'Those of them whose rule names a CVE of the flaw.';
