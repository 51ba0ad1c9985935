-- Grain: one row per site, day (of its zone) and status class.
CREATE OR REPLACE VIEW marts.request_day AS
SELECT
  site_id,
  event_date AS day_date,
  status // 100 AS status_class,
  count(*) AS request_count,
  sum(bytes) AS answered_bytes,
  count(DISTINCT client_ip) AS client_count
FROM staging.http_request
GROUP BY ALL;
COMMENT ON VIEW marts.request_day IS 'Requests by day and status class, from access logs: the denominator of what the WAF says. A day without rows is unknown, not quiet.';
COMMENT ON COLUMN marts.request_day.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.request_day.day_date IS 'Day in the zone of the site.';
COMMENT ON COLUMN marts.request_day.status_class IS 'First digit of the HTTP status.';
COMMENT ON COLUMN marts.request_day.request_count IS 'Requests.';
COMMENT ON COLUMN marts.request_day.answered_bytes IS 'Bytes answered.';
COMMENT ON COLUMN marts.request_day.client_count IS 'Distinct client addresses; do not add up over days.';
