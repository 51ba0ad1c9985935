-- Grain: one row per site, day (of its zone), client, path and rule that blocked somebody who otherwise behaves like a visitor.
CREATE OR REPLACE VIEW marts.blocked_visitor_day AS
WITH visitor AS (
  SELECT
    site_id,
    local_date,
    client_ip,
    count(*) AS request_count,
    count(*) FILTER (status BETWEEN 200 AND 399) AS answered_count,
    count(DISTINCT path) FILTER (status BETWEEN 200 AND 399) AS path_count,
    count(*) FILTER (is_login_attempt AND status = 200) AS failed_login_count
  FROM staging.http_request
  GROUP BY ALL
), blocked AS (
  SELECT
    site_id,
    local_date,
    client_ip,
    count(*) AS block_count,
    bool_or(list_contains(attack_classes, 'scanner')) AS is_scanner
  FROM staging.waf_event
  WHERE action = 'block' OR would_block
  GROUP BY ALL
)
SELECT
  event.site_id,
  event.local_date AS day_date,
  event.client_ip,
  event.path,
  event.attack_class,
  count(*) AS block_count,
  any_value(visitor.answered_count) AS answered_count
FROM staging.waf_event AS event
JOIN visitor ON visitor.site_id = event.site_id AND visitor.local_date = event.local_date AND visitor.client_ip = event.client_ip
JOIN blocked ON blocked.site_id = event.site_id AND blocked.local_date = event.local_date AND blocked.client_ip = event.client_ip
WHERE (event.action = 'block' OR event.would_block)
  AND visitor.answered_count >= 10
  AND visitor.path_count >= 3
  AND visitor.failed_login_count < 5
  AND blocked.block_count * 3 < visitor.request_count
  AND NOT blocked.is_scanner
GROUP BY event.site_id, event.local_date, event.client_ip, event.path, event.attack_class;
COMMENT ON VIEW marts.blocked_visitor_day IS 'Likely false positives: blocks of a client that on the same day was answered normally ten times or more on three paths or more, with blocks below a third of its requests and no scanner rule. Likely, not proved.';
COMMENT ON COLUMN marts.blocked_visitor_day.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.blocked_visitor_day.day_date IS 'Day in the zone of the site.';
COMMENT ON COLUMN marts.blocked_visitor_day.client_ip IS 'Client address.';
COMMENT ON COLUMN marts.blocked_visitor_day.path IS 'Path that was blocked, as sent.';
COMMENT ON COLUMN marts.blocked_visitor_day.attack_class IS 'Primary class of the rules that blocked.';
COMMENT ON COLUMN marts.blocked_visitor_day.block_count IS 'Blocks, or would-be blocks of a detecting engine.';
COMMENT ON COLUMN marts.blocked_visitor_day.answered_count IS 'Requests of the client answered 2xx or 3xx on that day.';
