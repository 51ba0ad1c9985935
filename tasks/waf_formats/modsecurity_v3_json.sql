-- @setup
-- @use waf_modsecurity_macros
CREATE OR REPLACE TEMP TABLE parsed AS
SELECT
  line_number,
  line,
  coalesce(t.unique_id, md5(line)) AS key,
  t,
  -- The day of the month is padded with a blank: "Mon Nov  3 05:00:09 2026".
  local_at(try_strptime(replace(t.time_stamp, '  ', ' '), '%a %b %d %H:%M:%S %Y')) AS event_at
FROM (
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
);

-- The format has no word for what was done: an enforcing engine whose verdict or rules were followed by a refusal did it.
CREATE OR REPLACE TEMP TABLE request AS
SELECT
  line_number,
  key,
  event_at,
  true AS is_zone_assumed,
  t.unique_id AS request_id,
  t.client_ip AS client_ip,
  json_header(t.request.headers, 'Host') AS host,
  json_header(t.request.headers, 'User-Agent') AS user_agent,
  t.request.method AS method,
  t.request.uri AS target,
  'HTTP/' || t.request.http_version AS protocol,
  try_cast(t.response.http_code AS BIGINT) AS status,
  t.producer.secrules_engine AS engine,
  t.producer.secrules_engine = 'Enabled' AND len(t.messages) > 0 AND (
    t.response.http_code = '403'
    OR t.response.http_code >= '400' AND list_bool_or([left(m.details.ruleId, 3) IN ('949', '959') FOR m IN t.messages])
  ) AS is_intercepted,
  NULL::VARCHAR AS word
FROM parsed;

CREATE OR REPLACE TEMP TABLE rule_match AS
SELECT
  key,
  position,
  'Matched' AS verb,
  NULL::BIGINT AS code,
  m.details.ruleId AS rule_id,
  m.message AS message,
  nullif(m.details.data, '') AS data,
  nullif(regexp_extract(m.details.match, '\(Value: `((?s:.*))'' \)$', 1), '') AS value,
  nullif(regexp_extract(m.details.match, 'against variable `((?s:.*?))'' \(Value: `', 1), '') AS target,
  m.details.severity AS severity,
  m.details.ver AS ver,
  coalesce(m.details.tags, []) AS tags,
  try_cast(nullif(regexp_extract(m.details.match, 'with parameter `([0-9]+)'' against variable `TX:', 1), '') AS BIGINT) AS threshold
FROM (
  SELECT key, unnest(t.messages) AS m, generate_subscripts(t.messages, 1) AS position
  FROM parsed
  WHERE event_at IS NOT NULL AND len(t.messages) > 0
);

-- @use waf_modsecurity

-- @reject
SELECT
  line_number,
  CASE
    WHEN t IS NULL THEN 'the line is not a JSON object of a ModSecurity transaction'
    ELSE 'the transaction has no time_stamp as Mon Nov 23 05:00:09 2026'
  END AS reason,
  reject_excerpt(line) AS line
FROM parsed
WHERE event_at IS NULL
