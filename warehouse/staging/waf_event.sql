-- Grain: one row per request that a WAF wrote down, each once even where a file was read twice.
CREATE OR REPLACE VIEW staging.waf_event AS
SELECT
  event.* EXCLUDE (parser_version, batch_id, file_id, line_number),
  day.day_date AS local_date
FROM raw.waf_event AS event
ASOF JOIN staging.site_day AS day ON day.site_id = event.site_id AND event.event_at >= day.start_at
QUALIFY row_number() OVER (PARTITION BY event.site_id, event.source_id, event.event_id ORDER BY event.batch_id) = 1;
COMMENT ON VIEW staging.waf_event IS 'One row per request that a WAF wrote down, each once; columns as in raw.waf_event.';
COMMENT ON COLUMN staging.waf_event.event_id IS 'Stable identity of the event.';
COMMENT ON COLUMN staging.waf_event.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN staging.waf_event.source_id IS 'Source within the site, as in sites.yaml.';
COMMENT ON COLUMN staging.waf_event.format IS 'Log format it came from.';
COMMENT ON COLUMN staging.waf_event.event_at IS 'When the request was made, UTC.';
COMMENT ON COLUMN staging.waf_event.is_zone_assumed IS 'The log gave no time zone and the configured one was used.';
COMMENT ON COLUMN staging.waf_event.request_id IS 'The request as the WAF names it.';
COMMENT ON COLUMN staging.waf_event.client_ip IS 'Client address as text.';
COMMENT ON COLUMN staging.waf_event.client_network IS 'Client network: IPv4 /24, IPv6 /48.';
COMMENT ON COLUMN staging.waf_event.peer_ip IS 'Address that really connected, where a proxy is in between.';
COMMENT ON COLUMN staging.waf_event.asn IS 'Autonomous system number.';
COMMENT ON COLUMN staging.waf_event.country IS 'ISO 3166-1 alpha-2 code.';
COMMENT ON COLUMN staging.waf_event.user_agent IS 'User-Agent as sent. Hostile text.';
COMMENT ON COLUMN staging.waf_event.host IS 'Host asked for.';
COMMENT ON COLUMN staging.waf_event.method IS 'HTTP method.';
COMMENT ON COLUMN staging.waf_event.path IS 'Path as sent, without query. Hostile text.';
COMMENT ON COLUMN staging.waf_event.query IS 'Query string, secrets removed. Hostile text.';
COMMENT ON COLUMN staging.waf_event.protocol IS 'As HTTP/1.1.';
COMMENT ON COLUMN staging.waf_event.status IS 'HTTP status answered.';
COMMENT ON COLUMN staging.waf_event.bytes IS 'Bytes answered.';
COMMENT ON COLUMN staging.waf_event.action IS 'allow, block, challenge, challenge_passed, log, rate_limit, redirect or unknown.';
COMMENT ON COLUMN staging.waf_event.action_raw IS 'The vendor''s own word; null where the format has none.';
COMMENT ON COLUMN staging.waf_event.is_enforced IS 'The engine was set to enforce; false where it only detects.';
COMMENT ON COLUMN staging.waf_event.would_block IS 'The engine only detected and would have blocked.';
COMMENT ON COLUMN staging.waf_event.sample_weight IS 'Requests that this row stands for: 1 unless the source samples.';
COMMENT ON COLUMN staging.waf_event.score IS 'Inbound anomaly score.';
COMMENT ON COLUMN staging.waf_event.threshold IS 'Score from which the engine blocks.';
COMMENT ON COLUMN staging.waf_event.paranoia IS 'Highest paranoia level of a matching rule.';
COMMENT ON COLUMN staging.waf_event.attack_class IS 'Class of the highest score, the specific before the general; null where no attack rule matched.';
COMMENT ON COLUMN staging.waf_event.attack_classes IS 'Every class that matched, sorted; verdict rules never count.';
COMMENT ON COLUMN staging.waf_event.bot_class IS 'Class of the client program; null where not classified.';
COMMENT ON COLUMN staging.waf_event.bot_name IS 'Name of the client program.';
COMMENT ON COLUMN staging.waf_event.bot_identity IS 'claimed, verified, spoofed or unknown.';
COMMENT ON COLUMN staging.waf_event.local_date IS 'Day of the event in the zone of the site.';
COMMENT ON COLUMN staging.waf_event.path_class IS 'What was asked for, where that is telling: as in raw.http_request.';
