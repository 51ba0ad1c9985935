-- @setup
-- owasp-crs-v030301-id942432-sqli: the class by the number, else by the last word.
CREATE OR REPLACE MACRO armor_number(expression) AS nullif(regexp_extract(expression, '-id([0-9]{6})', 1), '');
CREATE OR REPLACE TEMP TABLE parsed AS
SELECT
  line_number,
  line,
  d,
  d.jsonPayload.enforcedSecurityPolicy AS enforced,
  d.jsonPayload.previewSecurityPolicy AS preview,
  coalesce(d.insertId, md5(line)) AS key,
  try_cast(regexp_replace(coalesce(d.timestamp, d.receiveTimestamp), '(\.[0-9]{6})[0-9]+', '\1') AS TIMESTAMPTZ) AS event_at
FROM (
  SELECT line_number, line, TRY(json_transform(line, '{"insertId": "VARCHAR", "timestamp": "VARCHAR", "receiveTimestamp": "VARCHAR",
    "httpRequest": {"remoteIp": "VARCHAR", "requestMethod": "VARCHAR", "requestUrl": "VARCHAR", "responseSize": "VARCHAR", "status": "VARCHAR",
      "userAgent": "VARCHAR", "protocol": "VARCHAR"},
    "jsonPayload": {"statusDetails": "VARCHAR",
      "remoteIpInfo": {"asn": "VARCHAR", "regionCode": "VARCHAR"},
      "enforcedSecurityPolicy": {"name": "VARCHAR", "priority": "VARCHAR", "configuredAction": "VARCHAR", "outcome": "VARCHAR", "preconfiguredExprIds": ["VARCHAR"],
        "matchedFieldType": "VARCHAR", "matchedFieldName": "VARCHAR", "matchedFieldValue": "VARCHAR", "rateLimitAction": {"outcome": "VARCHAR"}},
      "previewSecurityPolicy": {"name": "VARCHAR", "priority": "VARCHAR", "configuredAction": "VARCHAR", "outcome": "VARCHAR", "preconfiguredExprIds": ["VARCHAR"],
        "matchedFieldType": "VARCHAR", "matchedFieldName": "VARCHAR", "matchedFieldValue": "VARCHAR"}}}')) AS d
  FROM lines
  WHERE line <> ''
);

-- @event
SELECT
  line_number,
  key,
  event_at,
  d.insertId AS request_id,
  ip_of(d.httpRequest.remoteIp) AS client_ip,
  try_cast(d.jsonPayload.remoteIpInfo.asn AS BIGINT) AS asn,
  country_code(d.jsonPayload.remoteIpInfo.regionCode) AS country,
  nullif(d.httpRequest.userAgent, '') AS user_agent,
  lower(nullif(regexp_extract(d.httpRequest.requestUrl, '^[a-z]+://([^/:]+)', 1), '')) AS host,
  d.httpRequest.requestMethod AS method,
  nullif(target_path(regexp_replace(d.httpRequest.requestUrl, '^[a-z]+://[^/]+', '')), '') AS path,
  raw_query(d.httpRequest.requestUrl) AS query,
  d.httpRequest.protocol AS protocol,
  try_cast(d.httpRequest.status AS BIGINT) AS status,
  try_cast(d.httpRequest.responseSize AS BIGINT) AS bytes,
  CASE
    WHEN enforced.outcome = 'DENY' AND enforced.configuredAction IN ('THROTTLE', 'RATE_BASED_BAN') THEN 'rate_limit'
    WHEN enforced.outcome = 'ACCEPT' AND preview.outcome IN ('DENY', 'REDIRECT') THEN 'log'
    WHEN enforced.outcome IS NULL AND preview.outcome IS NOT NULL THEN CASE WHEN preview.outcome = 'ACCEPT' THEN 'allow' ELSE 'log' END
    ELSE coalesce(action_of(enforced.outcome), 'unknown')
  END AS action,
  coalesce(enforced.outcome, preview.outcome) AS action_raw,
  CASE WHEN enforced.outcome IN ('DENY', 'REDIRECT') THEN true WHEN preview.outcome IN ('DENY', 'REDIRECT') THEN false WHEN preview.outcome IS NOT NULL AND enforced.outcome IS NULL THEN false WHEN enforced.outcome = 'ACCEPT' THEN true END AS is_enforced,
  coalesce(enforced.outcome, 'ACCEPT') = 'ACCEPT' AND coalesce(preview.outcome IN ('DENY', 'REDIRECT'), false) AS would_block,
  1.0 / coalesce(nullif(try_cast(getvariable('option_sample_rate') AS DOUBLE), 0), 1.0) AS sample_weight
FROM parsed
WHERE event_at IS NOT NULL AND (enforced.name IS NOT NULL OR preview.name IS NOT NULL)

-- @hit
SELECT
  key,
  rule AS rule_id,
  policy.name AS ruleset,
  coalesce(crs_class(armor_number(rule)), CASE
    WHEN policy.configuredAction IN ('THROTTLE', 'RATE_BASED_BAN') THEN 'rate'
    WHEN rule LIKE '%-cve%' OR rule LIKE 'cve-%' THEN 'rce' WHEN rule LIKE '%-json-sqli%' OR rule LIKE '%sqli%' THEN 'sqli'
    WHEN rule = 'priority ' || policy.priority THEN 'custom' END) AS attack_class,
  CASE policy.matchedFieldType WHEN 'ARG_VALUES' THEN 'ARGS:' WHEN 'HEADER_VALUES' THEN 'REQUEST_HEADERS:' WHEN 'COOKIE_VALUES' THEN 'REQUEST_COOKIES:' ELSE nullif(policy.matchedFieldType, '') || ':' END
    || coalesce(policy.matchedFieldName, '') AS target,
  policy.matchedFieldValue AS matched,
  [lower(policy.configuredAction)] AS tags
FROM (
  SELECT key, policy, unnest(CASE WHEN len(policy.preconfiguredExprIds) > 0 THEN policy.preconfiguredExprIds ELSE ['priority ' || policy.priority] END) AS rule
  FROM (
    SELECT key, {'name': enforced.name, 'priority': enforced.priority, 'configuredAction': enforced.configuredAction, 'outcome': enforced.outcome,
      'preconfiguredExprIds': enforced.preconfiguredExprIds, 'matchedFieldType': enforced.matchedFieldType, 'matchedFieldName': enforced.matchedFieldName,
      'matchedFieldValue': enforced.matchedFieldValue} AS policy
    FROM parsed WHERE event_at IS NOT NULL AND enforced.outcome IN ('DENY', 'REDIRECT')
    UNION ALL
    SELECT key, preview FROM parsed WHERE event_at IS NOT NULL AND preview.outcome IN ('DENY', 'REDIRECT')
  )
)

-- @reject
SELECT
  line_number,
  CASE WHEN d IS NULL THEN 'the line is not a JSON object' ELSE 'the entry has no timestamp in RFC 3339' END AS reason,
  line
FROM parsed
-- Requests that no policy judged are no events.
WHERE d IS NULL OR event_at IS NULL AND (enforced.name IS NOT NULL OR preview.name IS NOT NULL)
