-- @setup
CREATE OR REPLACE MACRO sucuri_class(reason) AS CASE
  WHEN reason ILIKE '%SQL injection%' OR reason ILIKE '%SQLi%' THEN 'sqli' WHEN reason ILIKE '%XSS%' OR reason ILIKE '%cross-site%' OR reason ILIKE '%cross site%' THEN 'xss'
  WHEN reason ILIKE '%RFI%' OR reason ILIKE '%remote file%' THEN 'rfi' WHEN reason ILIKE '%LFI%' OR reason ILIKE '%directory traversal%' OR reason ILIKE '%local file%' THEN 'lfi' WHEN reason ILIKE '%backdoor%' OR reason ILIKE '%webshell%' THEN 'web_shell'
  WHEN reason ILIKE '%upload%' THEN 'upload' WHEN reason ILIKE '%brute force%' OR reason ILIKE '%password guessing%' OR reason ILIKE '%login%' THEN 'login' WHEN reason ILIKE '%DDOS%' OR reason ILIKE '%flood%' THEN 'dos'
  WHEN reason ILIKE '%exploit%' OR reason ILIKE '%RCE%' OR reason ILIKE '%code execution%' OR reason ILIKE '%shellshock%' THEN 'rce' WHEN reason ILIKE '%scanner%' OR reason ILIKE '%recon%' THEN 'scanner' WHEN reason ILIKE '%bot %' OR reason ILIKE '%bad bot%' OR reason ILIKE '%spam%' OR reason ILIKE '%user agent%' THEN 'bot'
  WHEN reason ILIKE '%country%' OR reason ILIKE '%geo%' THEN 'geo' WHEN reason ILIKE '%blacklist%' OR reason ILIKE '%blocklist%' OR reason ILIKE '%IP address%' THEN 'reputation' WHEN reason ILIKE '%evasion%' OR reason ILIKE '%anomaly%' OR reason ILIKE '%HTTP%' THEN 'protocol'
  WHEN nullif(reason, '') IS NOT NULL AND reason NOT IN ('0', '1', 'true', 'false') THEN 'custom' END;
CREATE OR REPLACE TEMP TABLE parsed AS
SELECT line_number, line, d,
  coalesce(nullif(d.sucuri_block_reason, ''), nullif(d.sucuri_is_blocked_reason, ''), '') AS reason,
  coalesce(nullif(d.checksum, ''), md5(line)) AS key,
  try_strptime(d.request_date || ' ' || d.request_time, ['%d-%b-%Y %H:%M:%S', '%d/%b/%Y %H:%M:%S', '%Y-%m-%d %H:%M:%S', '%d-%m-%Y %H:%M:%S']) AS moment
FROM (
  SELECT line_number, line, json_transform(line, '{"checksum": "VARCHAR", "request_date": "VARCHAR", "request_time": "VARCHAR", "request_timezone": "VARCHAR", "remote_addr": "VARCHAR", "request_method": "VARCHAR", "resource_path": "VARCHAR",
    "http_protocol": "VARCHAR", "http_status": "VARCHAR", "http_bytes_sent": "VARCHAR", "http_user_agent": "VARCHAR", "http_host": "VARCHAR", "domain": "VARCHAR", "sucuri_is_blocked": "VARCHAR", "sucuri_is_allowed": "VARCHAR", "sucuri_block_code": "VARCHAR",
    "sucuri_block_reason": "VARCHAR", "sucuri_is_blocked_reason": "VARCHAR", "geo_location": "VARCHAR", "country": "VARCHAR"}') AS d
  FROM lines
);
CREATE OR REPLACE TEMP TABLE timed AS
SELECT *,
  coalesce(action_of(d.sucuri_is_blocked), CASE WHEN reason <> '' THEN 'block' END, 'unknown') AS action,
  CASE WHEN regexp_full_match(d.request_timezone, '[+-][0-9]{4}')
  THEN try_strptime(strftime(moment, '%Y-%m-%d %H:%M:%S') || ' ' || d.request_timezone, '%Y-%m-%d %H:%M:%S %z') ELSE local_at(moment) END AS event_at
FROM parsed;

-- @event
SELECT
  line_number, key, event_at,
  coalesce(NOT regexp_full_match(d.request_timezone, '[+-][0-9]{4}'), true) AS is_zone_assumed,
  nullif(d.checksum, '') AS request_id,
  ip_of(d.remote_addr) AS client_ip,
  country_code(coalesce(d.country, d.geo_location)) AS country,
  nullif(d.http_user_agent, '-') AS user_agent,
  lower(nullif(coalesce(d.http_host, d.domain), '')) AS host,
  d.request_method AS method, target_path(d.resource_path) AS path, raw_query(d.resource_path) AS query, d.http_protocol AS protocol,
  try_cast(d.http_status AS BIGINT) AS status, try_cast(d.http_bytes_sent AS BIGINT) AS bytes,
  action,
  coalesce(nullif(redact(reason), ''), d.sucuri_is_blocked) AS action_raw,
  CASE WHEN action IN ('block', 'challenge') THEN true END AS is_enforced
FROM timed
WHERE event_at IS NOT NULL

-- @hit
SELECT key, coalesce(nullif(d.sucuri_block_code, ''), reason) AS rule_id, 'Sucuri' AS ruleset, sucuri_class(reason) AS attack_class, redact(reason) AS message
FROM timed
WHERE event_at IS NOT NULL AND reason <> ''

-- @reject
SELECT line_number, 'the row has no request_date and request_time as 23-Nov-2026 and 05:00:09' AS reason, left(line, 200) AS line FROM timed WHERE event_at IS NULL
