-- @setup
CREATE OR REPLACE MACRO imperva_class(name) AS CASE
  WHEN name ILIKE '%SQL Injection%' THEN 'sqli' WHEN name ILIKE '%Cross Site Scripting%' OR name ILIKE '%XSS%' THEN 'xss'
  WHEN name ILIKE '%Remote File Inclusion%' THEN 'rfi' WHEN name ILIKE '%Illegal Resource Access%' THEN 'lfi' WHEN name ILIKE '%Backdoor%' THEN 'web_shell'
  WHEN name ILIKE '%DDoS%' THEN 'dos' WHEN name ILIKE '%Bot%' OR name ILIKE '%Automated%' THEN 'bot' WHEN name ILIKE '%Countr%' THEN 'geo'
  WHEN name ILIKE '%Blacklisted%' OR name ILIKE '%Blocked IP%' THEN 'reputation' WHEN name ILIKE '%Rate%' THEN 'rate' WHEN name ILIKE '%Remote Code%' OR name ILIKE '%Command%' THEN 'rce' WHEN name ILIKE '%Account Takeover%' THEN 'login'
  WHEN name ILIKE '%Cross Site Request%' OR name ILIKE '%Illegal%' THEN 'protocol' WHEN name IN ('Normal', 'N/A', '') THEN NULL WHEN name ILIKE '%rule%' OR name ILIKE '%ACL%' THEN 'custom' END;
CREATE OR REPLACE TEMP TABLE parsed AS
SELECT line_number, line, d, coalesce(nullif(d.deviceExternalId, ''), md5(line)) AS key, epoch_at(coalesce(d."start", d."end")) AS event_at,
  CASE
    WHEN action_of(d.act) <> 'unknown' THEN action_of(d.act)
    WHEN d.act ILIKE 'REQ_BLOCKED%' THEN 'block' WHEN d.act ILIKE 'REQ_CHALLENGE%' THEN 'challenge' WHEN d.act ILIKE 'REQ_CACHED%' THEN 'allow'
    ELSE 'unknown'
  END AS action
FROM (
  SELECT line_number, line, json_transform(line, '{"_name": "VARCHAR", "_class": "VARCHAR", "deviceExternalId": "VARCHAR", "start": "VARCHAR", "end": "VARCHAR", "src": "VARCHAR", "xff": "VARCHAR",
    "requestClientApplication": "VARCHAR", "requestMethod": "VARCHAR", "request": "VARCHAR", "qstr": "VARCHAR", "sourceServiceName": "VARCHAR", "act": "VARCHAR", "cn1": "VARCHAR", "in": "VARCHAR",
    "ccode": "VARCHAR", "app": "VARCHAR", "ver": "VARCHAR", "filePermission": "VARCHAR", "fileId": "VARCHAR", "fileType": "VARCHAR", "Rule name": "VARCHAR", "dproc": "VARCHAR"}') AS d
  FROM lines
);
CREATE OR REPLACE MACRO attack_words(d) AS coalesce(nullif(d.fileType, ''), CASE WHEN d._name NOT IN ('Normal', '') THEN d._name END);

-- @event
SELECT
  line_number, key, event_at,
  nullif(d.deviceExternalId, '') AS request_id,
  ip_of(d.src) AS client_ip,
  country_code(d.ccode) AS country,
  nullif(d.requestClientApplication, '') AS user_agent,
  lower(nullif(coalesce(nullif(regexp_extract(d.request, '^(?:[a-z]+://)?([^/:]+)', 1), ''), d.sourceServiceName), '')) AS host,
  nullif(d.requestMethod, '') AS method,
  nullif(target_path(regexp_replace(d.request, '^(?:[a-z]+://)?[^/]+', '')), '') AS path,
  nullif(coalesce(nullif(d.qstr, ''), raw_query(d.request)), '') AS query,
  nullif(d.app, '') AS protocol,
  nullif(try_cast(d.cn1 AS BIGINT), 0) AS status,
  try_cast(d."in" AS BIGINT) AS bytes,
  action,
  d.act AS action_raw,
  CASE WHEN action IN ('block', 'challenge', 'redirect') THEN true END AS is_enforced,
  CASE d.dproc WHEN 'Search Bot' THEN 'search' WHEN 'Site Helper' THEN 'monitoring' WHEN 'Hacking Tool' THEN 'scanner' WHEN 'Vulnerability Scanner' THEN 'scanner'
    WHEN 'Developer Tool' THEN 'library' WHEN 'Feed Fetcher' THEN 'other' WHEN 'Spam Bot' THEN 'other' WHEN 'Click Bot' THEN 'other' END AS bot_class
FROM parsed
WHERE event_at IS NOT NULL

-- @hit
SELECT key, coalesce(nullif(d.fileId, ''), nullif(d."Rule name", ''), attack_words(d)) AS rule_id, 'Imperva' AS ruleset, imperva_class(attack_words(d)) AS attack_class, redact(attack_words(d)) AS message
FROM parsed
WHERE event_at IS NOT NULL AND attack_words(d) IS NOT NULL

-- @reject
SELECT line_number, 'the event has no start in unix milliseconds' AS reason, left(coalesce(d.request, ''), 200) AS line FROM parsed WHERE event_at IS NULL
