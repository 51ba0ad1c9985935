-- Grain: one row per site, day (of its zone), client, path and attack class that was blocked though the client behaves like a visitor.
CREATE OR REPLACE VIEW marts.blocked_visitor_day AS
SELECT
  site_id,
  event_date AS day_date,
  client_ip,
  path,
  attack_class,
  reason,
  count(*) AS block_count,
  any_value(answered_count) AS answered_count
FROM staging.blocked_visitor
GROUP BY ALL;
COMMENT ON VIEW marts.blocked_visitor_day IS 'Likely false positives of the WAF, by client and path: see staging.blocked_visitor for what is likely. Likely, not proved.';
COMMENT ON COLUMN marts.blocked_visitor_day.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.blocked_visitor_day.day_date IS 'Day in the zone of the site.';
COMMENT ON COLUMN marts.blocked_visitor_day.client_ip IS 'Client address.';
COMMENT ON COLUMN marts.blocked_visitor_day.path IS 'Path that was blocked, as sent.';
COMMENT ON COLUMN marts.blocked_visitor_day.attack_class IS 'Primary class of the rules that blocked.';
COMMENT ON COLUMN marts.blocked_visitor_day.reason IS 'free_text or answered: why the client is taken for a visitor.';
COMMENT ON COLUMN marts.blocked_visitor_day.block_count IS 'Blocks, or would-be blocks of a detecting engine.';
COMMENT ON COLUMN marts.blocked_visitor_day.answered_count IS 'Requests of the client answered 2xx or 3xx on that day.';
