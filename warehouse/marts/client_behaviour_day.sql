-- Grain: one row per site, day (of its zone), client and behaviour.
CREATE OR REPLACE VIEW marts.client_behaviour_day AS
WITH client AS NOT MATERIALIZED (
  SELECT
    site_id,
    event_date,
    client_ip,
    any_value(client_network) AS client_network,
    max(asn) AS asn,
    max(country) AS country,
    max(bot_class) AS bot_class,
    count(*) AS request_count,
    count(*) FILTER (is_login_attempt AND path_class = 'login' AND coalesce(status, 0) <> 302) AS login_count,
    count(*) FILTER (is_login_attempt AND path_class = 'xmlrpc') AS xmlrpc_count,
    count(*) FILTER (path_class = 'user_enumeration') AS enumeration_count,
    count(DISTINCT path) FILTER (path_class = 'path_probe') AS probe_count,
    count(DISTINCT path) FILTER (path_class = 'sensitive_file') AS sensitive_count,
    count(*) FILTER (path_class = 'injection') AS injection_count,
    count(*) FILTER (path_class = 'checkout' AND method = 'POST') AS checkout_count,
    count(*) FILTER (path_class = 'checkout' AND method = 'POST' AND status >= 400) AS refused_checkout_count,
    count(DISTINCT path) FILTER (path_class IS NULL AND method = 'GET' AND status = 200) AS page_count,
    count(*) FILTER (path_class = 'static') AS static_count
  FROM staging.http_request
  WHERE client_ip IS NOT NULL
  GROUP BY site_id, event_date, client_ip
)
SELECT
  site_id,
  event_date AS day_date,
  client_ip,
  client_network,
  asn,
  country,
  found.behaviour,
  found.request_count
FROM client, LATERAL (
  SELECT unnest([
    {behaviour: 'login_brute_force', request_count: login_count, is_found: login_count >= 20},
    {behaviour: 'xmlrpc_abuse', request_count: xmlrpc_count, is_found: xmlrpc_count >= 20},
    {behaviour: 'user_enumeration', request_count: enumeration_count, is_found: enumeration_count >= 5},
    {behaviour: 'path_probing', request_count: probe_count, is_found: probe_count >= 5},
    {behaviour: 'sensitive_files', request_count: sensitive_count, is_found: sensitive_count >= 3},
    {behaviour: 'injection', request_count: injection_count, is_found: injection_count >= 3},
    {behaviour: 'scanner', request_count: client.request_count, is_found: bot_class = 'scanner'},
    {behaviour: 'scraping', request_count: page_count, is_found: page_count >= 300 AND static_count * 10 < page_count AND bot_class IS NULL},
    {behaviour: 'carding', request_count: checkout_count, is_found: checkout_count >= 10 AND refused_checkout_count * 2 >= checkout_count}
  ], recursive := true)
) AS found
WHERE found.is_found;
COMMENT ON VIEW marts.client_behaviour_day IS 'What clients did on a day that visitors do not do, from access logs, with the number of requests that show it. Thresholds are in the view; a client may have several behaviours.';
COMMENT ON COLUMN marts.client_behaviour_day.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.client_behaviour_day.day_date IS 'Day in the zone of the site.';
COMMENT ON COLUMN marts.client_behaviour_day.client_ip IS 'Client address.';
COMMENT ON COLUMN marts.client_behaviour_day.client_network IS 'IPv4 /24 or IPv6 /48.';
COMMENT ON COLUMN marts.client_behaviour_day.asn IS 'Autonomous system number; null where unknown.';
COMMENT ON COLUMN marts.client_behaviour_day.country IS 'ISO 3166-1 alpha-2 code; null where unknown.';
COMMENT ON COLUMN marts.client_behaviour_day.behaviour IS 'login_brute_force (20 failed log-ins or more), xmlrpc_abuse (20 posts), user_enumeration (5), path_probing (5 paths), sensitive_files (3 paths), injection (3), scanner (by its name), scraping (300 pages without what a browser loads), carding (10 posts to a checkout, half of them refused).';
COMMENT ON COLUMN marts.client_behaviour_day.request_count IS 'Requests, or distinct paths, that show it.';
