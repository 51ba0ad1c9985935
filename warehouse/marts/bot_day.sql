-- Grain: one row per site, day (of its zone), bot class, bot and identity.
CREATE OR REPLACE VIEW marts.bot_day AS
SELECT
  site_id,
  event_date AS day_date,
  bot_class,
  bot_name,
  bot_identity,
  count(*) AS request_count,
  sum(bytes) AS answered_bytes,
  count(*) FILTER (status IN (401, 403, 429)) AS stopped_count,
  count(DISTINCT client_network) AS network_count
FROM staging.http_request
WHERE bot_class IS NOT NULL
GROUP BY ALL;
COMMENT ON VIEW marts.bot_day IS 'Requests of bots, by what they say they are and whether that is true, from access logs. Bots that pose as a browser are not in here.';
COMMENT ON COLUMN marts.bot_day.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.bot_day.day_date IS 'Day in the zone of the site.';
COMMENT ON COLUMN marts.bot_day.bot_class IS 'search, ai, seo, monitoring, scanner, library or other.';
COMMENT ON COLUMN marts.bot_day.bot_name IS 'Name of the bot.';
COMMENT ON COLUMN marts.bot_day.bot_identity IS 'verified, spoofed, or claimed where there was nothing to check the claim against.';
COMMENT ON COLUMN marts.bot_day.request_count IS 'Requests.';
COMMENT ON COLUMN marts.bot_day.answered_bytes IS 'Bytes answered; null where the log has none.';
COMMENT ON COLUMN marts.bot_day.stopped_count IS 'Answered 401, 403 or 429.';
COMMENT ON COLUMN marts.bot_day.network_count IS 'Distinct networks; do not add up over days.';
