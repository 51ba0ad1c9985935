-- Grain: one row per site, day (of its zone), client network and path of a log-in.
CREATE OR REPLACE VIEW marts.login_day AS
SELECT
  site_id,
  event_date AS day_date,
  coalesce(client_network, 'unknown') AS client_network,
  path,
  count(*) AS attempt_count,
  count(*) FILTER (status IN (401, 403, 429)) AS stopped_count,
  count(*) FILTER (status = 302) AS redirect_count,
  count(DISTINCT client_ip) AS client_count
FROM staging.http_request
WHERE is_login_attempt
GROUP BY ALL;
COMMENT ON VIEW marts.login_day IS 'Attempts to log in, by day and network, from access logs. An answer of 200 to wp-login.php is a failed attempt, 302 a successful one; other software differs.';
COMMENT ON COLUMN marts.login_day.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.login_day.day_date IS 'Day in the zone of the site.';
COMMENT ON COLUMN marts.login_day.client_network IS 'IPv4 /24 or IPv6 /48.';
COMMENT ON COLUMN marts.login_day.path IS 'Path of the log-in, as sent.';
COMMENT ON COLUMN marts.login_day.attempt_count IS 'POST requests.';
COMMENT ON COLUMN marts.login_day.stopped_count IS 'Answered 401, 403 or 429.';
COMMENT ON COLUMN marts.login_day.redirect_count IS 'Answered 302: for WordPress a success.';
COMMENT ON COLUMN marts.login_day.client_count IS 'Distinct addresses of the network on that day.';
