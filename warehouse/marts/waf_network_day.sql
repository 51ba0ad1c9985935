-- Grain: one row per site, day (of its zone) and client network.
CREATE OR REPLACE VIEW marts.waf_network_day AS
SELECT
  site_id,
  event_date AS day_date,
  coalesce(client_network, 'unknown') AS client_network,
  max(asn) AS asn,
  max(country) AS country,
  sum(sample_weight) AS event_count,
  coalesce(sum(sample_weight) FILTER (action = 'block'), 0) AS block_count,
  coalesce(sum(sample_weight) FILTER (would_block), 0) AS would_block_count,
  coalesce(sum(sample_weight) FILTER (attack_class IS NOT NULL), 0) AS attack_count,
  count(DISTINCT client_ip) AS client_count
FROM staging.waf_event
GROUP BY site_id, event_date, coalesce(client_network, 'unknown');
COMMENT ON VIEW marts.waf_network_day IS 'Who the WAF wrote down, by network and day; sampled sources are weighted.';
COMMENT ON COLUMN marts.waf_network_day.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.waf_network_day.day_date IS 'Day in the zone of the site.';
COMMENT ON COLUMN marts.waf_network_day.client_network IS 'IPv4 /24 or IPv6 /48; unknown where the log names no address.';
COMMENT ON COLUMN marts.waf_network_day.asn IS 'Autonomous system number; null where unknown.';
COMMENT ON COLUMN marts.waf_network_day.country IS 'ISO 3166-1 alpha-2 code; null where unknown.';
COMMENT ON COLUMN marts.waf_network_day.event_count IS 'Requests that the WAF wrote down.';
COMMENT ON COLUMN marts.waf_network_day.block_count IS 'Of these, blocked.';
COMMENT ON COLUMN marts.waf_network_day.would_block_count IS 'Of these, would have been blocked by an enforcing engine.';
COMMENT ON COLUMN marts.waf_network_day.attack_count IS 'Of these, with an attack class.';
COMMENT ON COLUMN marts.waf_network_day.client_count IS 'Distinct addresses; do not add up over days.';
