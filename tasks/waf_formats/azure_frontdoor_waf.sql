-- @setup
-- Microsoft_DefaultRuleSet-2.1-SQLI-942330: the class by the number, else by the group's own name.
CREATE OR REPLACE MACRO drs_number(rule_name) AS nullif(regexp_extract(rule_name, '-([0-9]{6})$', 1), '');
CREATE OR REPLACE MACRO azure_class(rule_name) AS coalesce(
  crs_class(drs_number(rule_name)),
  CASE
    WHEN rule_name LIKE '%-MS-ThreatIntel-WebShells-%' THEN 'web_shell' WHEN rule_name LIKE '%-MS-ThreatIntel-SQLI-%' THEN 'sqli'
    WHEN rule_name LIKE '%-MS-ThreatIntel-XSS-%' THEN 'xss' WHEN rule_name LIKE '%-MS-ThreatIntel-CVEs-%' THEN 'rce'
    WHEN rule_name LIKE '%-MS-ThreatIntel-AppSec-%' THEN 'lfi' WHEN rule_name LIKE '%BotManager%' THEN 'bot'
    WHEN rule_name LIKE '%DefaultRuleSet%' THEN NULL ELSE 'custom' END
);
-- In the words of ModSecurity, which say of each variable whether it may hold a secret.
CREATE OR REPLACE MACRO azure_target(name) AS nullif(concat_ws(':',
  coalesce(MAP {
    'QueryParamValue': 'ARGS_GET', 'QueryParamName': 'ARGS_GET_NAMES', 'PostParamValue': 'ARGS_POST', 'PostParamName': 'ARGS_POST_NAMES',
    'MultipartParamValue': 'ARGS_POST', 'JsonValue': 'ARGS_POST', 'CookieValue': 'REQUEST_COOKIES', 'CookieName': 'REQUEST_COOKIES_NAMES',
    'HeaderValue': 'REQUEST_HEADERS', 'HeaderName': 'REQUEST_HEADERS_NAMES'
  }[split_part(name, ':', 1)], split_part(name, ':', 1)),
  nullif(substr(name, length(split_part(name, ':', 1)) + 2), '')), '');
CREATE OR REPLACE TEMP TABLE parsed AS
SELECT
  line_number,
  line,
  d,
  p,
  try_cast(regexp_replace(coalesce(d.time, d.timestamp), '(\.[0-9]{6})[0-9]+', '\1') AS TIMESTAMPTZ) AS event_at,
  coalesce(nullif(p.trackingReference, ''), md5(line)) AS key,
  d.category ILIKE '%WebApplicationFirewallLog' AND p.action IS NOT NULL AS is_event,
  lower(p.policyMode) = 'detection' AS is_detecting
FROM (
  SELECT line_number, line, d, d.properties AS p
  FROM (
    SELECT line_number, line, TRY(json_transform(line, '{"time": "VARCHAR", "timestamp": "VARCHAR", "category": "VARCHAR", "properties": {
      "clientIP": "VARCHAR", "socketIP": "VARCHAR", "requestUri": "VARCHAR", "ruleName": "VARCHAR", "policy": "VARCHAR", "action": "VARCHAR",
      "host": "VARCHAR", "trackingReference": "VARCHAR", "policyMode": "VARCHAR",
      "details": {"matches": [{"matchVariableName": "VARCHAR", "matchVariableValue": "VARCHAR"}], "msg": "VARCHAR", "data": "VARCHAR"}}}')) AS d
    FROM lines
    WHERE line <> ''
  )
);
CREATE OR REPLACE MACRO strength(action) AS CASE action
  WHEN 'block' THEN 6 WHEN 'challenge' THEN 5 WHEN 'redirect' THEN 4 WHEN 'challenge_passed' THEN 3 WHEN 'log' THEN 2 WHEN 'allow' THEN 1 ELSE 0 END;

-- @event
SELECT
  min(line_number) AS line_number,
  key,
  min(event_at) AS event_at,
  any_value(nullif(p.trackingReference, '')) AS request_id,
  any_value(ip_of(p.clientIP)) AS client_ip,
  any_value(ip_of(p.socketIP)) AS peer_ip,
  any_value(lower(regexp_replace(coalesce(nullif(p.host, ''), regexp_extract(p.requestUri, '^[a-z]+://([^/]+)', 1)), ':[0-9]+$', ''))) AS host,
  any_value(target_path(regexp_replace(p.requestUri, '^[a-z]+://[^/]+', ''))) AS path,
  any_value(raw_query(p.requestUri)) AS query,
  CASE WHEN bool_or(is_detecting) THEN 'log' ELSE arg_max(action_of(p.action), strength(action_of(p.action))) END AS action,
  arg_max(p.action, strength(action_of(p.action))) AS action_raw,
  CASE WHEN bool_or(is_detecting) THEN false WHEN any_value(p.policyMode) IS NOT NULL THEN true END AS is_enforced,
  coalesce(bool_or(is_detecting AND action_of(p.action) IN ('block', 'challenge', 'redirect')), false) AS would_block
FROM parsed
WHERE is_event AND event_at IS NOT NULL
GROUP BY key

-- @hit
SELECT
  key,
  line_number AS position,
  coalesce(drs_number(p.ruleName), p.ruleName) AS rule_id,
  CASE WHEN drs_number(p.ruleName) IS NOT NULL THEN split_part(p.ruleName, '-', 1) ELSE p.policy END AS ruleset,
  CASE WHEN drs_number(p.ruleName) IS NOT NULL THEN split_part(p.ruleName, '-', 2) END AS ruleset_version,
  azure_class(p.ruleName) AS attack_class,
  azure_target(p.details.matches[1].matchVariableName) AS target,
  coalesce(nullif(p.details.matches[1].matchVariableValue, ''), nullif(p.details.data, '')) AS matched,
  redact(nullif(p.details.msg, '')) AS message,
  coalesce(crs_is_verdict(drs_number(p.ruleName)), false) AS is_verdict,
  [lower(p.action)] AS tags
FROM parsed
WHERE is_event AND event_at IS NOT NULL AND p.ruleName IS NOT NULL

-- @reject
SELECT
  line_number,
  CASE WHEN d IS NULL THEN 'the line is not a JSON object' ELSE 'the event has no time as 2026-11-23T05:00:09.1234567Z' END AS reason,
  line
FROM parsed
-- Other categories of the same stream are no events of the WAF.
WHERE d IS NULL OR is_event AND event_at IS NULL
