-- @setup
-- A category of Wordfence's own rules, or what the action itself says.
CREATE OR REPLACE MACRO wordfence_class(category, description, action) AS CASE
  WHEN lower(category) IN ('sqli', 'xss', 'lfi', 'rfi', 'rce', 'ssrf') THEN lower(category)
  WHEN category IN ('file_upload', 'file-upload', 'malicious-upload') THEN 'upload'
  WHEN category IN ('traversal', 'path-traversal', 'directory-traversal', 'file_download') THEN 'lfi'
  WHEN category IN ('auth-bypass', 'brute-force', 'username_enumeration') THEN 'login'
  WHEN category IN ('xxe', 'obji', 'insecure-deserialization') THEN 'php'
  WHEN lower(action) IN ('lockedout', 'loginfailvalidusername', 'loginfailinvalidusername') THEN 'login'
  WHEN lower(action) LIKE 'blocked:wfsn%' THEN 'reputation'
  WHEN lower(action) = 'throttled' THEN 'rate'
  WHEN description ILIKE '%SQL Injection%' THEN 'sqli'
  WHEN description ILIKE '%XSS%' OR description ILIKE '%cross site scripting%' THEN 'xss'
  WHEN description ILIKE '%traversal%' OR description ILIKE '%local file inclusion%' THEN 'lfi'
  WHEN description ILIKE '%upload%' THEN 'upload'
  WHEN description ILIKE '%country%' OR description ILIKE '%geo%' THEN 'geo'
  WHEN description ILIKE '%crawler%' OR description ILIKE '%Google%' THEN 'bot'
  WHEN lower(action) = 'blocked:wordfence' THEN 'custom'
END;
CREATE OR REPLACE TEMP TABLE parsed AS
SELECT
  line_number,
  line,
  concat_ws('|', d.id, d.ctime, d.ip, d.url) AS key,
  d,
  epoch_at(d.ctime) AS event_at
FROM (
  SELECT line_number, line, json_transform(line, '{"id": "VARCHAR", "ctime": "VARCHAR", "ip": "VARCHAR", "status": "VARCHAR", "url": "VARCHAR",
    "ua": "VARCHAR", "action": "VARCHAR", "description": "VARCHAR", "rules": ["VARCHAR"], "category": "VARCHAR", "param": "VARCHAR", "value": "VARCHAR"}') AS d
  FROM lines
);
-- request.body[content] is what others call ARGS_POST:content.
CREATE OR REPLACE MACRO wordfence_target(param) AS CASE
  WHEN param LIKE 'request.body%' THEN 'ARGS_POST:' || regexp_extract(param, '\[([^\]]*)\]', 1)
  WHEN param LIKE 'request.queryString%' THEN 'ARGS_GET:' || regexp_extract(param, '\[([^\]]*)\]', 1)
  WHEN param LIKE 'request.cookies%' THEN 'REQUEST_COOKIES:' || regexp_extract(param, '\[([^\]]*)\]', 1)
  WHEN param LIKE 'request.headers%' THEN 'REQUEST_HEADERS:' || regexp_extract(param, '\[([^\]]*)\]', 1)
  ELSE param END;

-- @event
SELECT
  line_number,
  key,
  event_at,
  d.id AS request_id,
  d.ip AS client_ip,
  nullif(d.ua, '') AS user_agent,
  lower(nullif(regexp_extract(d.url, '^https?://([^/:]+)', 1), '')) AS host,
  nullif(target_path(regexp_replace(d.url, '^https?://[^/]+', '')), '') AS path,
  raw_query(d.url) AS query,
  try_cast(d.status AS BIGINT) AS status,
  action_of(coalesce(d.action, '')) AS action,
  nullif(d.action, '') AS action_raw,
  CASE WHEN action_of(d.action) IN ('block', 'rate_limit', 'redirect') THEN true WHEN lower(d.action) IN ('learned:waf', 'logged:waf') THEN false END AS is_enforced,
  coalesce(lower(d.action) IN ('learned:waf', 'logged:waf'), false) AS would_block,
  wordfence_class(d.category, d.description, d.action) AS attack_class,
  CASE WHEN wordfence_class(d.category, d.description, d.action) IS NOT NULL THEN [wordfence_class(d.category, d.description, d.action)] END AS attack_classes
FROM parsed
WHERE event_at IS NOT NULL

-- @hit
SELECT
  key,
  rule AS rule_id,
  'Wordfence' AS ruleset,
  wordfence_class(d.category, d.description, d.action) AS attack_class,
  wordfence_target(d.param) AS target,
  d.value AS matched,
  redact(nullif(d.description, '')) AS message
FROM (SELECT key, d, unnest(d.rules) AS rule FROM parsed WHERE event_at IS NOT NULL AND len(d.rules) > 0)

-- @reject
SELECT line_number, 'the row has no ctime in unix time' AS reason, d.url AS line
FROM parsed
WHERE event_at IS NULL
