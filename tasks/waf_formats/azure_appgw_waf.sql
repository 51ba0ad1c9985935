-- @setup
CREATE OR REPLACE TEMP TABLE parsed AS
SELECT
  line_number,
  line,
  d,
  p,
  try_cast(regexp_replace(coalesce(d.timeStamp, d.timestamp, d.time), '(\.[0-9]{6})[0-9]+', '\1') AS TIMESTAMPTZ) AS event_at,
  coalesce(nullif(p.transactionId, ''), md5(line)) AS key,
  d.category = 'ApplicationGatewayFirewallLog' AND p.action IS NOT NULL AS is_event
FROM (
  SELECT line_number, line, d, d.properties AS p
  FROM (
    SELECT line_number, line, TRY(json_transform(line, '{"timeStamp": "VARCHAR", "timestamp": "VARCHAR", "time": "VARCHAR", "category": "VARCHAR", "properties": {
      "clientIp": "VARCHAR", "requestUri": "VARCHAR", "ruleSetType": "VARCHAR", "ruleSetVersion": "VARCHAR", "ruleId": "VARCHAR", "ruleGroup": "VARCHAR",
      "message": "VARCHAR", "action": "VARCHAR", "hostname": "VARCHAR", "transactionId": "VARCHAR",
      "details": {"message": "VARCHAR", "data": "VARCHAR"}}}')) AS d
    FROM lines
    WHERE line <> ''
  )
);
CREATE OR REPLACE MACRO strength(word) AS CASE
  WHEN lower(word) = 'detected' THEN 3 WHEN action_of(word) = 'block' THEN 6 WHEN action_of(word) = 'challenge' THEN 5
  WHEN action_of(word) = 'challenge_passed' THEN 4 WHEN action_of(word) = 'log' THEN 2 WHEN action_of(word) = 'allow' THEN 1 ELSE 0 END;

-- @event
SELECT
  min(line_number) AS line_number,
  key,
  min(event_at) AS event_at,
  any_value(nullif(p.transactionId, '')) AS request_id,
  any_value(ip_of(p.clientIp)) AS client_ip,
  any_value(lower(nullif(regexp_replace(p.hostname, ':[0-9]+$', ''), ''))) AS host,
  any_value(target_path(regexp_replace(p.requestUri, '^[a-z]+://[^/]+', ''))) AS path,
  any_value(raw_query(p.requestUri)) AS query,
  arg_max(action_of(p.action), strength(p.action)) AS action,
  arg_max(p.action, strength(p.action)) AS action_raw,
  CASE WHEN bool_or(action_of(p.action) IN ('block', 'challenge')) THEN true WHEN bool_or(lower(p.action) = 'detected') THEN false END AS is_enforced,
  bool_or(lower(p.action) = 'detected') AND NOT bool_or(action_of(p.action) IN ('block', 'challenge')) AS would_block,
  max(try_cast(regexp_extract(p.message, 'Total (?:Inbound )?Score: ([0-9]+)', 1) AS BIGINT)) AS score
FROM parsed
WHERE is_event AND event_at IS NOT NULL
GROUP BY key

-- @hit
SELECT
  key,
  line_number AS position,
  p.ruleId AS rule_id,
  nullif(p.ruleSetType, '') AS ruleset,
  nullif(p.ruleSetVersion, '') AS ruleset_version,
  CASE WHEN p.ruleSetType ILIKE '%bot%' THEN 'bot' WHEN p.ruleSetType ILIKE 'custom' OR p.ruleGroup ILIKE 'custom' THEN 'custom' ELSE crs_class(p.ruleId) END AS attack_class,
  -- Pattern match .. at ARGS:q. / found within [ARGS:q:1]
  coalesce(
    nullif(regexp_extract(p.details.data, 'found within \[?([A-Z_]+(?::[^:\] ]+)?)', 1), ''),
    nullif(regexp_extract(p.details.message, ' at ([A-Z_]+(?::[^ .]+)?)\.', 1), '')
  ) AS target,
  nullif(p.details.data, '') AS matched,
  redact(nullif(p.message, '')) AS message,
  crs_is_verdict(p.ruleId) AS is_verdict,
  [lower(p.action)] AS tags
FROM parsed
WHERE is_event AND event_at IS NOT NULL AND p.ruleId IS NOT NULL

-- @reject
SELECT
  line_number,
  CASE WHEN d IS NULL THEN 'the line is not a JSON object' ELSE 'the event has no time as 2026-11-23T05:00:09.1234567Z' END AS reason,
  line
FROM parsed
WHERE d IS NULL OR is_event AND event_at IS NULL
