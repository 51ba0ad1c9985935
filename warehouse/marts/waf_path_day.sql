-- Grain: one row per site, day (of its zone), path and attack class.
CREATE OR REPLACE VIEW marts.waf_path_day AS
SELECT
  site_id,
  event_date AS day_date,
  path,
  attack_class,
  sum(sample_weight) AS event_count,
  coalesce(sum(sample_weight) FILTER (action = 'block'), 0) AS block_count,
  coalesce(sum(sample_weight) FILTER (would_block), 0) AS would_block_count
FROM staging.waf_event
GROUP BY ALL;
COMMENT ON VIEW marts.waf_path_day IS 'Which paths were attacked, by day. The path is hostile text, as sent.';
COMMENT ON COLUMN marts.waf_path_day.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.waf_path_day.day_date IS 'Day in the zone of the site.';
COMMENT ON COLUMN marts.waf_path_day.path IS 'Path as sent, without query. Hostile text.';
COMMENT ON COLUMN marts.waf_path_day.attack_class IS 'Primary class.';
COMMENT ON COLUMN marts.waf_path_day.event_count IS 'Requests that the WAF wrote down.';
COMMENT ON COLUMN marts.waf_path_day.block_count IS 'Requests blocked.';
COMMENT ON COLUMN marts.waf_path_day.would_block_count IS 'Requests that a detecting engine would have blocked.';
