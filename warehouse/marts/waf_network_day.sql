-- Grain: one row per site, day (of its zone) and client network.
CREATE OR REPLACE VIEW marts.waf_network_day AS
SELECT
  site_id,
  local_date AS day_date,
  coalesce(client_network, 'unknown') AS client_network,
  sum(sample_weight) AS event_count,
  coalesce(sum(sample_weight) FILTER (action = 'block'), 0) AS block_count,
  coalesce(sum(sample_weight) FILTER (would_block), 0) AS would_block_count,
  count(DISTINCT client_ip) AS client_count
FROM staging.waf_event
GROUP BY ALL;
COMMENT ON VIEW marts.waf_network_day IS 'Where attacks came from, by day. A network may hold real visitors too: look at marts.blocked_visitor_day before anybody blocks it.';
COMMENT ON COLUMN marts.waf_network_day.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.waf_network_day.day_date IS 'Day in the zone of the site.';
COMMENT ON COLUMN marts.waf_network_day.client_network IS 'IPv4 /24 or IPv6 /48; unknown where the log has no address.';
COMMENT ON COLUMN marts.waf_network_day.event_count IS 'Requests that the WAF wrote down.';
COMMENT ON COLUMN marts.waf_network_day.block_count IS 'Requests blocked.';
COMMENT ON COLUMN marts.waf_network_day.would_block_count IS 'Requests that a detecting engine would have blocked.';
COMMENT ON COLUMN marts.waf_network_day.client_count IS 'Distinct addresses of the network on that day.';
