-- @setup
CREATE OR REPLACE TEMP TABLE parsed AS
WITH document AS (
  SELECT
    line_number,
    line,
    TRY(json_transform(line, '{"transaction": {
      "client_ip": "VARCHAR", "time_stamp": "VARCHAR", "unique_id": "VARCHAR",
      "request": {"method": "VARCHAR", "http_version": "VARCHAR", "uri": "VARCHAR", "headers": "JSON"},
      "response": {"http_code": "VARCHAR"},
      "producer": {"secrules_engine": "VARCHAR"},
      "messages": [{"message": "VARCHAR", "details": {"match": "VARCHAR", "ruleId": "VARCHAR", "data": "VARCHAR",
        "severity": "VARCHAR", "ver": "VARCHAR", "tags": ["VARCHAR"]}}]
    }}').transaction) AS t
  FROM lines
  WHERE line <> ''
)
SELECT
  line_number,
  coalesce(t.unique_id, md5(line)) AS key,
  t,
  -- The day of the month is padded with a blank: "Mon Nov  3 05:00:09 2026".
  local_at(try_strptime(replace(t.time_stamp, '  ', ' '), '%a %b %d %H:%M:%S %Y')) AS event_at,
  t.producer.secrules_engine = 'Enabled' AS is_enforced,
  coalesce(try_cast(t.response.http_code AS BIGINT), 0) AS http_code,
  list_filter(t.messages, lambda m: starts_with(m.details.ruleId, '949'))[1] AS verdict,
  len(list_filter(t.messages, lambda m: m.details.ruleId IS NOT NULL)) AS hit_count
FROM document;

-- @event
SELECT
  line_number,
  key,
  event_at,
  true AS is_zone_assumed,
  t.unique_id AS request_id,
  t.client_ip AS client_ip,
  json_header(t.request.headers, 'User-Agent') AS user_agent,
  lower(regexp_replace(json_header(t.request.headers, 'Host'), ':[0-9]+$', '')) AS host,
  t.request.method AS method,
  target_path(t.request.uri) AS path,
  raw_query(t.request.uri) AS query,
  'HTTP/' || t.request.http_version AS protocol,
  try_cast(t.response.http_code AS BIGINT) AS status,
  CASE
    WHEN NOT is_enforced THEN CASE WHEN hit_count > 0 THEN 'log' ELSE 'allow' END
    WHEN verdict IS NOT NULL AND http_code >= 400 THEN 'block'
    WHEN hit_count > 0 AND http_code = 403 THEN 'block'
    WHEN hit_count > 0 THEN 'log'
    WHEN http_code = 429 THEN 'rate_limit'
    ELSE 'allow'
  END AS action,
  is_enforced,
  NOT is_enforced AND verdict IS NOT NULL AS would_block,
  try_cast(regexp_extract(verdict.message, 'Total Score: ([0-9]+)', 1) AS BIGINT) AS score,
  try_cast(regexp_extract(verdict.details.match, 'with parameter `([0-9]+)''', 1) AS BIGINT) AS threshold,
  list_max([
    try_cast(regexp_extract(array_to_string(m.details.tags, ' '), 'paranoia-level/([0-9])', 1) AS BIGINT)
    FOR m IN t.messages
  ]) AS paranoia
FROM parsed
WHERE event_at IS NOT NULL

-- @hit
SELECT
  key,
  position,
  m.details.ruleId AS rule_id,
  split_part(nullif(m.details.ver, ''), '/', 1) AS ruleset,
  nullif(split_part(m.details.ver, '/', 2), '') AS ruleset_version,
  crs_class(m.details.ruleId) AS attack_class,
  severity_word(m.details.severity) AS severity,
  severity_points(m.details.severity) AS score,
  coalesce(
    nullif(regexp_extract(m.details.match, 'against variable `([^'']*)''', 1), ''),
    nullif(regexp_extract(m.details.data, 'found within ([A-Z_]+(?::[^ :]+)?)', 1), '')
  ) AS target,
  coalesce(nullif(m.details.data, ''), nullif(regexp_extract(m.details.match, '\(Value: `(.*)'' \)$', 1), '')) AS matched,
  m.message AS message,
  m.details.tags AS tags,
  crs_is_verdict(m.details.ruleId) AS is_verdict
FROM (
  SELECT key, unnest(t.messages) AS m, generate_subscripts(t.messages, 1) AS position
  FROM parsed
  WHERE event_at IS NOT NULL AND hit_count > 0
)
WHERE m.details.ruleId IS NOT NULL

-- @reject
SELECT
  line_number,
  CASE
    WHEN t IS NULL THEN 'the line is not a JSON object of a ModSecurity transaction'
    ELSE 'the transaction has no time_stamp as Mon Nov 23 05:00:09 2026'
  END AS reason,
  (SELECT line FROM lines WHERE lines.line_number = parsed.line_number) AS line
FROM parsed
WHERE event_at IS NULL
