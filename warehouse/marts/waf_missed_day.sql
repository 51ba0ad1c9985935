-- Grain: one row per site, day (of its zone), kind and path of hostile requests that were answered 2xx.
CREATE OR REPLACE VIEW marts.waf_missed_day AS
SELECT
  site_id,
  event_date AS day_date,
  'access_log' AS seen_in,
  path_class AS kind,
  path,
  count(*) AS request_count,
  count(DISTINCT client_ip) AS client_count,
  sum(bytes) AS answered_bytes
FROM staging.http_request
WHERE path_class IN ('sensitive_file', 'path_probe', 'injection') AND status BETWEEN 200 AND 299
GROUP BY site_id, event_date, path_class, path
UNION ALL
SELECT
  site_id,
  event_date,
  'waf_log',
  attack_class,
  path,
  sum(sample_weight)::BIGINT,
  count(DISTINCT client_ip),
  sum(bytes)
FROM staging.waf_event
WHERE action IN ('allow', 'log') AND status BETWEEN 200 AND 299
  AND attack_class NOT IN ('protocol', 'method', 'multipart', 'scanner', 'bot', 'reputation', 'geo', 'rate', 'custom')
GROUP BY site_id, event_date, attack_class, path;
COMMENT ON VIEW marts.waf_missed_day IS 'Hostile requests that were answered 2xx: by what they asked for (access_log), or recognised by the WAF and let through (waf_log). The same request may be in both; do not add the two up.';
COMMENT ON COLUMN marts.waf_missed_day.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.waf_missed_day.day_date IS 'Day in the zone of the site.';
COMMENT ON COLUMN marts.waf_missed_day.seen_in IS 'access_log or waf_log.';
COMMENT ON COLUMN marts.waf_missed_day.kind IS 'path_class of the access log or attack_class of the WAF.';
COMMENT ON COLUMN marts.waf_missed_day.path IS 'Path as sent. Hostile text.';
COMMENT ON COLUMN marts.waf_missed_day.request_count IS 'Requests answered 2xx.';
COMMENT ON COLUMN marts.waf_missed_day.client_count IS 'Distinct addresses.';
COMMENT ON COLUMN marts.waf_missed_day.answered_bytes IS 'Bytes answered; null where the log has none.';
