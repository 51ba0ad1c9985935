-- From `request` (one row a transaction) and `rule_match` (one row for each rule that a message speaks of) to what is
-- stored, so that an action, a score and a target mean the same in every format of the family.
--   request: line_number, key, event_at, is_zone_assumed, request_id, client_ip, host, user_agent, method, target (path
--   and query as sent), protocol, status, engine (its mode), is_intercepted, word (of what is no rule, as a rate limit).
--   rule_match: key, position, verb (Matched where the format has no words), code, phase, rule_id, message, data, value, target, severity, ver, tags, threshold.

CREATE OR REPLACE TEMP TABLE said AS
SELECT
  key,
  arg_max(verb, CASE action_of(verb) WHEN 'redirect' THEN 5 WHEN 'block' THEN 4 WHEN 'unknown' THEN 3 WHEN 'allow' THEN 2 ELSE 1 END) AS verb,
  bool_or(action_of(verb) IN ('block', 'redirect')) AS is_denied,
  max(code) AS code,
  count(*) AS message_count,
  bool_or(left(rule_id, 3) IN ('949', '959')) AS is_verdict,
  -- An outbound verdict (959) is about the answer: the request was let through before.
  bool_or(left(rule_id, 3) = '949') AS is_inbound_verdict,
  coalesce(
    max(try_cast(regexp_extract(message, 'Total (?:Inbound )?Score: ([0-9]+)', 1) AS BIGINT)) FILTER (left(rule_id, 3) = '949'),
    max(try_cast(regexp_extract(message, '(?:Total Inbound Score: |Inbound Scores: blocking=)([0-9]+)', 1) AS BIGINT))
      FILTER (left(rule_id, 3) = '980'),
    max(try_cast(regexp_extract(message, 'Total (?:Outbound )?Score: ([0-9]+)', 1) AS BIGINT)) FILTER (left(rule_id, 3) = '959')
  ) AS score,
  coalesce(
    max(threshold) FILTER (left(rule_id, 3) = '949'),
    max(try_cast(regexp_extract(message, 'Inbound Scores: [^)]*threshold=([0-9]+)', 1) AS BIGINT)) FILTER (left(rule_id, 3) = '980'),
    max(threshold) FILTER (left(rule_id, 3) = '959')
  ) AS threshold,
  max(try_cast(regexp_extract(array_to_string(tags, ' '), 'paranoia-level/([0-9])', 1) AS BIGINT)) AS paranoia
FROM rule_match
WHERE verb IS NOT NULL
GROUP BY key;

CREATE OR REPLACE TEMP TABLE judged AS
SELECT
  request.*,
  said.* EXCLUDE (key, code),
  coalesce(nullif(request.status, 0), said.code) AS found_status,
  -- Where no mode is logged: only an enforcing engine denies, and only a detecting one leaves it at a warning.
  CASE
    WHEN lower(engine) IN ('enabled', 'on') THEN true
    WHEN lower(engine) IN ('detection_only', 'detectiononly') THEN false
    WHEN is_denied OR is_intercepted THEN true
    WHEN is_verdict THEN false
  END AS is_enforced
FROM request LEFT JOIN said ON said.key = request.key;

-- @event
SELECT
  line_number,
  key,
  event_at,
  is_zone_assumed,
  request_id,
  ip_of(client_ip) AS client_ip,
  user_agent,
  lower(regexp_replace(nullif(host, ''), ':[0-9]+$', '')) AS host,
  method,
  target_path(target) AS path,
  raw_query(target) AS query,
  protocol,
  found_status AS status,
  CASE
    WHEN word IS NOT NULL THEN action_of(word)
    WHEN NOT is_enforced THEN CASE WHEN message_count > 0 THEN 'log' ELSE 'allow' END
    WHEN is_denied AND found_status = 429 THEN 'rate_limit'
    WHEN is_denied THEN action_of(verb)
    WHEN is_intercepted THEN 'block'
    WHEN message_count > 0 THEN action_of(verb)
    WHEN found_status = 429 THEN 'rate_limit'
    ELSE 'allow'
  END AS action,
  CASE WHEN is_denied OR is_intercepted IS NOT TRUE THEN coalesce(word, nullif(verb, 'Matched')) END AS action_raw,
  is_enforced,
  coalesce(NOT is_enforced AND (is_inbound_verdict OR word IS NOT NULL), false) AS would_block,
  score,
  threshold,
  paranoia
FROM judged
WHERE event_at IS NOT NULL
ORDER BY line_number

-- @hit
SELECT
  key,
  position,
  rule_id,
  split_part(ver, '/', 1) AS ruleset,
  nullif(split_part(ver, '/', 2), '') AS ruleset_version,
  crs_class(rule_id) AS attack_class,
  severity,
  CASE WHEN NOT crs_is_verdict(rule_id) THEN severity_points(severity) END AS score,
  target,
  CASE
    WHEN is_secret_target(data_target) OR is_secret_target(target) THEN '[redacted]'
    -- Cut before the name of what it was found in: whether it is a secret is not known.
    WHEN data LIKE 'Matched Data:%' AND target IS NULL THEN NULL
    ELSE coalesce(data, value)
  END AS matched,
  redact(message) AS message,
  tags,
  crs_is_verdict(rule_id) AS is_verdict
FROM (
  SELECT
    * EXCLUDE (target, severity),
    coalesce(target, data_target) AS target,
    -- A rule without a severity is logged as 0 by ModSecurity 3 and as emergency by Coraza; the real one is EMERGENCY.
    CASE WHEN severity NOT IN ('0', 'emergency') THEN severity_word(severity) END AS severity
  FROM (
    SELECT
      *,
      coalesce(
        nullif(regexp_extract(data, 'found within ([A-Z][A-Z_]+(?::(?s:.*?))?): ', 1), ''),
        nullif(regexp_extract(data, '^([A-Z][A-Z_]{3,}(?::[^=]*)?)=', 1), '')
      ) AS data_target
    FROM rule_match
    WHERE verb IS NOT NULL AND rule_id IS NOT NULL
  )
)
