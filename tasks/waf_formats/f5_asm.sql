-- @setup
CREATE OR REPLACE MACRO f5_class(attack) AS CASE
  WHEN attack ILIKE '%SQL-Injection%' OR attack ILIKE '%SQL Injection%' THEN 'sqli' WHEN attack ILIKE '%Cross Site Scripting%' OR attack ILIKE '%XSS%' THEN 'xss'
  WHEN attack ILIKE '%Command Execution%' OR attack ILIKE '%Remote Code%' THEN 'rce' WHEN attack ILIKE '%Server Side Code Injection%' THEN 'php' WHEN attack ILIKE '%Path Traversal%' OR attack ILIKE '%Predictable Resource%' OR attack ILIKE '%Forceful Browsing%' THEN 'lfi'
  WHEN attack ILIKE '%Remote File Include%' THEN 'rfi' WHEN attack ILIKE '%Server-Side Request Forgery%' OR attack ILIKE '%SSRF%' THEN 'ssrf' WHEN attack ILIKE '%Detection Evasion%' OR attack ILIKE '%HTTP Parser%' OR attack ILIKE '%Parser Attack%' OR attack ILIKE '%HTTP Response Splitting%' OR attack ILIKE '%HTTP Request Smuggling%' THEN 'protocol'
  WHEN attack ILIKE '%Trojan%' OR attack ILIKE '%Backdoor%' OR attack ILIKE '%Malicious File%' THEN 'web_shell' WHEN attack ILIKE '%Vulnerability Scan%' THEN 'scanner' WHEN attack ILIKE '%Brute Force%' THEN 'login' WHEN attack ILIKE '%Denial of Service%' OR attack ILIKE '%DoS%' THEN 'dos'
  WHEN attack ILIKE '%Session Hijacking%' THEN 'session' WHEN attack ILIKE '%Information Leakage%' THEN 'data_leak' WHEN attack ILIKE '%Bot%' OR attack ILIKE '%Web Scraping%' THEN 'bot' WHEN attack ILIKE '%Java%' THEN 'java' END;
CREATE OR REPLACE TEMP TABLE parsed AS
SELECT line_number, line, d, d.support_id AS key,
  local_at(try_strptime(left(coalesce(d.date_time, d.dateTime), 19), ['%Y-%m-%d %H:%M:%S', '%Y-%m-%dT%H:%M:%S'])) AS event_at
FROM (
  SELECT line_number, line, json_transform(line, '{"support_id": "VARCHAR", "date_time": "VARCHAR", "dateTime": "VARCHAR", "ip_client": "VARCHAR", "x_forwarded_for_header_value": "VARCHAR", "geo_location": "VARCHAR", "geo_info": "VARCHAR", "method": "VARCHAR", "protocol": "VARCHAR",
    "uri": "VARCHAR", "query_string": "VARCHAR", "query_str": "VARCHAR", "response_code": "VARCHAR", "resp_code": "VARCHAR", "request_status": "VARCHAR", "req_status": "VARCHAR", "attack_type": "VARCHAR", "violations": "VARCHAR", "sig_ids": "VARCHAR", "sig_names": "VARCHAR",
    "violation_rating": "VARCHAR", "enforcement_action": "VARCHAR", "policy_name": "VARCHAR", "blocking_exception_reason": "VARCHAR", "host": "VARCHAR", "user_agent": "VARCHAR"}') AS d
  FROM lines
);

-- @event
SELECT
  line_number, key, event_at, true AS is_zone_assumed,
  d.support_id AS request_id,
  ip_of(d.ip_client) AS client_ip,
  country_code(coalesce(d.geo_location, d.geo_info)) AS country,
  nullif(d.user_agent, '') AS user_agent,
  lower(nullif(d.host, '')) AS host,
  d.method AS method,
  target_path(d.uri) AS path,
  nullif(nullif(coalesce(d.query_string, d.query_str), ''), 'N/A') AS query,
  nullif(d.protocol, '') AS protocol,
  nullif(try_cast(coalesce(d.response_code, d.resp_code) AS BIGINT), 0) AS status,
  action_of(d.request_status) AS action,
  d.request_status AS action_raw,
  CASE lower(d.request_status) WHEN 'blocked' THEN true WHEN 'alerted' THEN false END AS is_enforced,
  -- Alerted: a violation that the policy is not set to block.
  coalesce(lower(d.request_status) = 'alerted', false) AS would_block,
  f5_class(split_part(d.attack_type, ',', 1)) AS attack_class,
  list_sort(list_distinct(list_filter([f5_class(a) FOR a IN string_split(coalesce(d.attack_type, ''), ',')], lambda c: c IS NOT NULL))) AS attack_classes
FROM parsed
WHERE event_at IS NOT NULL

-- @hit
SELECT key, position, coalesce(nullif(trim(sig), ''), nullif(trim(violation), '')) AS rule_id, 'F5' AS ruleset, f5_class(attack) AS attack_class, redact(coalesce(nullif(trim(name), ''), trim(violation))) AS message
FROM (
  SELECT key, d.attack_type AS attack, unnest(string_split(d.sig_ids, ',')) AS sig, unnest(string_split(d.sig_names, ',')) AS name, NULL AS violation, generate_subscripts(string_split(d.sig_ids, ','), 1) AS position
  FROM parsed WHERE event_at IS NOT NULL AND nullif(nullif(d.sig_ids, ''), 'N/A') IS NOT NULL
  UNION ALL
  SELECT key, d.attack_type, NULL, NULL, unnest(string_split(d.violations, ',')), 100 + generate_subscripts(string_split(d.violations, ','), 1)
  FROM parsed WHERE event_at IS NOT NULL AND nullif(nullif(d.sig_ids, ''), 'N/A') IS NULL AND nullif(nullif(d.violations, ''), 'N/A') IS NOT NULL
)
WHERE coalesce(nullif(trim(sig), ''), nullif(trim(violation), '')) IS NOT NULL

-- @reject
SELECT line_number, 'the request has no date_time as 2026-11-23 05:00:09' AS reason, left(line, 200) AS line FROM parsed WHERE event_at IS NULL
