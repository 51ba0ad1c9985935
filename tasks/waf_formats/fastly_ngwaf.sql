-- @setup
CREATE OR REPLACE MACRO signal_class(signal) AS CASE
  WHEN signal = 'SQLI' THEN 'sqli' WHEN signal = 'XSS' THEN 'xss' WHEN signal IN ('CMDEXE', 'CVE', 'OOB-DOMAIN', 'CODEINJECTION') THEN 'rce'
  WHEN signal IN ('TRAVERSAL', 'PRIVATEFILE') THEN 'lfi' WHEN signal = 'BACKDOOR' THEN 'web_shell' WHEN signal LIKE 'LOG4J%' THEN 'java' WHEN signal LIKE 'CVE-%' THEN 'rce'
  WHEN signal = 'SSRF' THEN 'ssrf' WHEN signal IN ('USERAGENT', 'SCANNER', 'FORCEFULBROWSING', 'HTTP404') THEN 'scanner'
  WHEN signal IN ('LOGINATTEMPT', 'LOGINFAILURE', 'LOGINDISCOVERY', 'CREDENTIAL-STUFFING') THEN 'login'
  WHEN signal IN ('BLOCKED-IP', 'SANS', 'TORNODE', 'SIGSCI-IP', 'DATACENTER') THEN 'reputation'
  WHEN signal IN ('ABNORMALPATH', 'NOUA', 'NULLBYTE', 'DOUBLEENCODING', 'INVALIDENCODING', 'MALFORMED-DATA', 'RESPONSESPLIT', 'NOTUTF8', 'BHH', 'DUPLICATE-HEADERS', 'JSON-ERROR', 'XML-ERROR') THEN 'protocol'
  WHEN signal IN ('BAD-BOT', 'SUSPECTED-BAD-BOT', 'SUSPECTED-BOT', 'IMPOSTOR') OR signal LIKE '%BOT%' THEN 'bot'
  WHEN signal LIKE 'RATE-LIMIT%' OR signal LIKE 'site.%limit%' THEN 'rate' WHEN signal LIKE 'site.%' OR signal LIKE 'corp.%' THEN 'custom' END;
CREATE OR REPLACE TEMP TABLE parsed AS
SELECT line_number, line, d, coalesce(d.id, md5(line)) AS key,
  CASE
    WHEN action_of(d.agent_response_code) <> 'unknown' THEN action_of(d.agent_response_code)
    WHEN d.agent_response_code <> '499' AND try_cast(d.agent_response_code AS BIGINT) BETWEEN 400 AND 599 THEN 'block'
    ELSE 'unknown'
  END AS action,
  CASE WHEN contains(d.timestamp, '-') THEN try_cast(d.timestamp AS TIMESTAMPTZ) ELSE epoch_at(d.timestamp) END AS event_at
FROM (
  SELECT line_number, line, json_transform(line, '{"id": "VARCHAR", "timestamp": "VARCHAR", "remote_ip": "VARCHAR", "remote_country_code": "VARCHAR",
    "user_agent": "VARCHAR", "method": "VARCHAR", "server_name": "VARCHAR", "server_hostname": "VARCHAR", "protocol": "VARCHAR", "path": "VARCHAR", "uri": "VARCHAR",
    "response_code": "VARCHAR", "response_size": "VARCHAR", "agent_response_code": "VARCHAR",
    "tags": [{"type": "VARCHAR", "location": "VARCHAR", "name": "VARCHAR", "value": "VARCHAR", "detector": "VARCHAR"}]}') AS d
  FROM lines
);

-- @event
SELECT
  line_number, key, event_at,
  d.id AS request_id,
  ip_of(d.remote_ip) AS client_ip,
  country_code(d.remote_country_code) AS country,
  nullif(d.user_agent, '') AS user_agent,
  lower(nullif(coalesce(d.server_name, d.server_hostname), '')) AS host,
  d.method AS method,
  target_path(coalesce(d.path, d.uri)) AS path,
  raw_query(coalesce(d.uri, d.path)) AS query,
  d.protocol AS protocol,
  try_cast(d.response_code AS BIGINT) AS status,
  nullif(try_cast(d.response_size AS BIGINT), -1) AS bytes,
  action,
  d.agent_response_code AS action_raw,
  CASE WHEN action IN ('block', 'rate_limit', 'redirect') THEN true END AS is_enforced
FROM parsed
WHERE event_at IS NOT NULL

-- @hit
SELECT key, tag.type AS rule_id, 'Fastly' AS ruleset, signal_class(tag.type) AS attack_class,
  CASE tag.location WHEN 'QUERYSTRING' THEN 'ARGS_GET:' || coalesce(tag.name, '') WHEN 'POST' THEN 'ARGS_POST:' || coalesce(tag.name, '')
    WHEN 'USERAGENT' THEN 'REQUEST_HEADERS:User-Agent' WHEN 'COOKIE' THEN 'REQUEST_COOKIES:' || coalesce(tag.name, '') ELSE nullif(tag.location, '') END AS target,
  nullif(tag.value, '') AS matched,
  nullif(tag.detector, '') AS message
FROM (SELECT key, unnest(d.tags) AS tag FROM parsed WHERE event_at IS NOT NULL AND len(d.tags) > 0)
WHERE tag.type IS NOT NULL

-- @reject
SELECT line_number, 'the request has no timestamp in RFC 3339' AS reason, line FROM parsed WHERE event_at IS NULL
