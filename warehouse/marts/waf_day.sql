-- Grain: one row per site, day (of its zone), action and attack class.
CREATE OR REPLACE VIEW marts.waf_day AS
SELECT
  site_id,
  event_date AS day_date,
  action,
  attack_class,
  sum(sample_weight) AS event_count,
  coalesce(sum(sample_weight) FILTER (would_block), 0) AS would_block_count,
  count(DISTINCT client_ip) AS client_count
FROM staging.waf_event
GROUP BY ALL;
COMMENT ON VIEW marts.waf_day IS 'What the WAF did, by day. Counts are weighted where a source samples. Requests without an attack class are there too, with a null class.';
COMMENT ON COLUMN marts.waf_day.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.waf_day.day_date IS 'Day in the zone of the site.';
COMMENT ON COLUMN marts.waf_day.action IS 'As in raw.waf_event.';
COMMENT ON COLUMN marts.waf_day.attack_class IS 'Primary class; null where no attack rule matched.';
COMMENT ON COLUMN marts.waf_day.event_count IS 'Requests.';
COMMENT ON COLUMN marts.waf_day.would_block_count IS 'Requests that a detecting engine would have blocked.';
COMMENT ON COLUMN marts.waf_day.client_count IS 'Distinct client addresses; do not add up over days.';
