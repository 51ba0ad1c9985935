-- @setup
CREATE OR REPLACE TEMP TABLE parsed AS
WITH document AS (
  SELECT
    line_number,
    line,
    CASE WHEN json_valid(line) AND line LIKE '{%' THEN
      json_transform(line, '{"transaction": {
        "client_ip": "VARCHAR", "time_stamp": "VARCHAR", "unique_id": "VARCHAR",
        "request": {"method": "VARCHAR", "http_version": "VARCHAR", "uri": "VARCHAR", "headers": "JSON"},
        "response": {"http_code": "VARCHAR"},
        "producer": {"secrules_engine": "VARCHAR", "components": ["VARCHAR"]},
        "messages": [{"message": "VARCHAR", "details": {"match": "VARCHAR", "ruleId": "VARCHAR", "data": "VARCHAR",
          "severity": "VARCHAR", "ver": "VARCHAR", "tags": ["VARCHAR"]}}]
      }}').transaction
    END AS t
  FROM lines
  WHERE line <> ''
)
SELECT
  line_number,
  line,
  t,
  md5(concat_ws('|', getvariable('site_id'), getvariable('source_id'), coalesce(t.unique_id, line))) AS event_id,
  -- The day of the month is padded with a blank: "Mon Nov  3 05:00:09 2026".
  timezone(
    getvariable('time_zone'), try_strptime(replace(t.time_stamp, '  ', ' '), '%a %b %d %H:%M:%S %Y')
  ) AS event_at
FROM document;

CREATE OR REPLACE TEMP TABLE hit AS
SELECT
  event_id,
  event_at,
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
  coalesce(m.details.tags, []) AS tags,
  crs_is_verdict(m.details.ruleId) AS is_verdict,
  try_cast(regexp_extract(m.message, 'Total Score: ([0-9]+)', 1) AS BIGINT) AS total_score,
  try_cast(regexp_extract(m.details.match, 'with parameter `([0-9]+)''', 1) AS BIGINT) AS threshold
FROM (
  SELECT event_id, event_at, unnest(t.messages) AS m, generate_subscripts(t.messages, 1) AS position
  FROM parsed
  WHERE event_at IS NOT NULL AND len(t.messages) > 0
)
WHERE m.details.ruleId IS NOT NULL;

CREATE OR REPLACE TEMP TABLE summary AS
WITH by_class AS (
  SELECT event_id, attack_class, sum(coalesce(score, 0)) AS score
  FROM hit
  WHERE attack_class IS NOT NULL
  GROUP BY ALL
), class_of AS (
  SELECT
    event_id,
    first(attack_class ORDER BY score DESC, class_rank(attack_class), attack_class) AS attack_class,
    list(attack_class ORDER BY attack_class) AS attack_classes
  FROM by_class
  GROUP BY event_id
), verdict AS (
  SELECT
    event_id,
    count(*) AS hit_count,
    bool_or(rule_id LIKE '949%') AS is_over_threshold,
    max(total_score) FILTER (rule_id LIKE '949%') AS score,
    max(threshold) FILTER (rule_id LIKE '949%') AS threshold,
    max(try_cast(regexp_extract(array_to_string(tags, ' '), 'paranoia-level/([0-9])', 1) AS BIGINT)) AS paranoia
  FROM hit
  GROUP BY event_id
)
SELECT verdict.*, class_of.attack_class, class_of.attack_classes
FROM verdict LEFT JOIN class_of USING (event_id);

-- @waf_event
SELECT
  event_id,
  event_at,
  true AS is_zone_assumed,
  t.unique_id AS request_id,
  t.client_ip AS client_ip,
  json_header(t.request.headers, 'User-Agent') AS user_agent,
  lower(regexp_replace(json_header(t.request.headers, 'Host'), ':[0-9]+$', '')) AS host,
  t.request.method AS method,
  target_path(t.request.uri) AS path,
  target_query(t.request.uri) AS query,
  'HTTP/' || t.request.http_version AS protocol,
  try_cast(t.response.http_code AS BIGINT) AS status,
  CASE
    WHEN NOT is_enforced THEN CASE WHEN hit_count > 0 THEN 'log' ELSE 'allow' END
    WHEN is_over_threshold AND http_code >= 400 THEN 'block'
    WHEN hit_count > 0 AND http_code = 403 THEN 'block'
    WHEN hit_count > 0 THEN 'log'
    WHEN http_code = 429 THEN 'rate_limit'
    ELSE 'allow'
  END AS action,
  is_enforced,
  NOT is_enforced AND coalesce(is_over_threshold, false) AS would_block,
  1.0 AS sample_weight,
  score,
  threshold,
  paranoia,
  attack_class,
  coalesce(attack_classes, []) AS attack_classes,
  line_number
FROM (
  SELECT
    *,
    t.producer.secrules_engine = 'Enabled' AS is_enforced,
    coalesce(try_cast(t.response.http_code AS BIGINT), 0) AS http_code
  FROM parsed
  WHERE event_at IS NOT NULL
) LEFT JOIN summary USING (event_id)
ORDER BY line_number;

-- @waf_rule_hit
SELECT
  event_id, event_at, rule_id, ruleset, ruleset_version, attack_class, severity, score, target,
  CASE WHEN is_secret_target(target) THEN '[redacted]' ELSE redact(left(matched, 200)) END AS matched,
  message, tags, is_verdict
FROM hit
ORDER BY event_id, position;

-- @reject
SELECT
  line_number,
  CASE
    WHEN t IS NULL THEN 'the line is not a JSON object of a ModSecurity transaction'
    ELSE 'the transaction has no time_stamp as Mon Nov 23 05:00:09 2026'
  END AS reason,
  line
FROM parsed
WHERE event_at IS NULL;
