-- Grain: one row per request that was, or would have been, blocked and whose client otherwise behaves like a visitor or editor.
CREATE OR REPLACE VIEW staging.blocked_visitor AS
WITH matched AS (
  SELECT site_id, event_date, event_id, bool_and(is_free_text) AS is_free_text, bool_or(attack_class = 'scanner') AS is_scanner
  FROM staging.waf_rule_hit
  GROUP BY ALL
), stopped AS NOT MATERIALIZED (
  SELECT * FROM staging.waf_event WHERE (action = 'block' OR would_block) AND client_ip IS NOT NULL
), client AS (
  SELECT
    event.site_id,
    event.event_date,
    event.client_ip,
    count(*) AS stopped_count,
    bool_and(coalesce(matched.is_free_text, false) AND event.method IN ('POST', 'PUT', 'PATCH')) AS is_only_free_text
  FROM stopped AS event LEFT JOIN matched
    ON matched.site_id = event.site_id AND matched.event_date = event.event_date AND matched.event_id = event.event_id
  GROUP BY ALL
  -- A tool by its name, or files that nobody links to: no visitor.
  HAVING NOT bool_or(
    coalesce(event.bot_class, '') IN ('scanner', 'library')
    OR coalesce(event.path_class, '') IN ('sensitive_file', 'path_probe', 'injection')
    OR coalesce(matched.is_scanner, false)
  )
), visitor AS (
  SELECT
    site_id,
    event_date,
    client_ip,
    count(*) FILTER (status BETWEEN 200 AND 399) AS answered_count,
    count(DISTINCT path) FILTER (status BETWEEN 200 AND 399) AS answered_path_count,
    count(*) FILTER (is_login_attempt AND status = 200) AS failed_login_count
  FROM staging.http_request
  WHERE bot_class IS NULL
  GROUP BY ALL
), likely AS (
  SELECT client.*, coalesce(visitor.answered_count, 0) AS answered_count
  FROM client LEFT JOIN visitor USING (site_id, event_date, client_ip)
  WHERE coalesce(visitor.failed_login_count, 0) < 5
    AND (
      is_only_free_text
      OR visitor.answered_count >= 10 AND visitor.answered_path_count >= 3 AND stopped_count * 2 < visitor.answered_count
    )
)
SELECT
  stopped.site_id,
  stopped.event_date,
  stopped.event_id,
  stopped.client_ip,
  stopped.path,
  stopped.attack_class,
  likely.answered_count,
  CASE WHEN likely.is_only_free_text THEN 'free_text' ELSE 'answered' END AS reason
FROM stopped JOIN likely USING (site_id, event_date, client_ip);
COMMENT ON VIEW staging.blocked_visitor IS 'Requests that were, or would have been, blocked and whose client on the same day did only what visitors and editors do. Likely, not proved.';
COMMENT ON COLUMN staging.blocked_visitor.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN staging.blocked_visitor.event_date IS 'Day of the request in the zone of the site.';
COMMENT ON COLUMN staging.blocked_visitor.event_id IS 'Event in staging.waf_event.';
COMMENT ON COLUMN staging.blocked_visitor.client_ip IS 'Client address.';
COMMENT ON COLUMN staging.blocked_visitor.path IS 'Path that was blocked, as sent. Hostile text.';
COMMENT ON COLUMN staging.blocked_visitor.attack_class IS 'Primary class of the rules that matched.';
COMMENT ON COLUMN staging.blocked_visitor.answered_count IS 'Requests of the client answered 2xx or 3xx on that day, by the access log.';
COMMENT ON COLUMN staging.blocked_visitor.reason IS 'free_text: every match of the client was in text that it posted; answered: it was answered normally ten times or more on three paths or more, with blocks below a third of its requests.';
