-- @setup
-- Akamai's own groups stand in the tags; a rule of the Kona and automated sets may carry a number of the CRS too.
CREATE OR REPLACE MACRO akamai_class(tags, rule, message) AS CASE
  WHEN tags ILIKE '%SQL%' OR rule ILIKE '%SQLI%' OR rule ILIKE 'SQL-INJECTION%' THEN 'sqli' WHEN tags ILIKE '%XSS%' OR rule ILIKE 'XSS%' OR rule ILIKE 'CROSS-SITE%' THEN 'xss'
  WHEN tags ILIKE '%CMD%' OR tags ILIKE '%COMMAND%' OR rule ILIKE 'CMD-%' OR rule ILIKE 'COMMAND-INJECTION%' THEN 'rce' WHEN tags ILIKE '%RFI%' OR rule ILIKE 'RFI%' THEN 'rfi'
  WHEN tags ILIKE '%LFI%' OR rule ILIKE 'LFI%' THEN 'lfi' WHEN tags ILIKE '%PHP%' OR rule ILIKE 'PHP%' THEN 'php' WHEN tags ILIKE '%TROJAN%' THEN 'web_shell'
  WHEN tags ILIKE '%DDOS%' OR rule ILIKE '%SLOW-POST%' THEN 'dos' WHEN tags ILIKE '%BOT%' OR rule ILIKE 'BOT-%' THEN 'bot'
  WHEN rule ILIKE 'IPBLOCK%' OR rule ILIKE 'REP_%' OR tags ILIKE '%REPUTATION%' THEN 'reputation' WHEN rule ILIKE '%RATE%' OR tags ILIKE '%RATE%' THEN 'rate'
  WHEN rule ILIKE 'GEO%' THEN 'geo' WHEN tags ILIKE '%TOOL%' OR tags ILIKE '%AUTOMATION%' THEN 'scanner' WHEN tags ILIKE '%PROTOCOL%' OR tags ILIKE '%POLICY%' OR tags ILIKE '%INVALID%' THEN 'protocol'
  WHEN regexp_full_match(rule, '9[0-9]{5}') THEN crs_class(rule) WHEN regexp_full_match(rule, '6[0-9]{7}') THEN 'custom' END;
CREATE OR REPLACE TEMP TABLE parsed AS
SELECT line_number, line, d, concat_ws('|', d.id, d.start, d.ip) AS key, epoch_at(d.start) AS event_at,
  -- deny_custom_12345: the deny of one's own with that number.
  CASE WHEN lower(d.action) LIKE 'deny\_custom\_%' ESCAPE '\' THEN 'block' ELSE coalesce(action_of(d.action), 'unknown') END AS action
FROM (
  SELECT line_number, line, json_transform(line, '{"ip": "VARCHAR", "action": "VARCHAR", "has_applied": "BOOLEAN", "agent": "VARCHAR", "id": "VARCHAR", "start": "VARCHAR", "method": "VARCHAR", "host": "VARCHAR",
    "path": "VARCHAR", "query": "VARCHAR", "protocol": "VARCHAR", "status": "VARCHAR", "bytes": "VARCHAR", "country": "VARCHAR", "asn": "VARCHAR",
    "rules": [{"rule": "VARCHAR", "ruleActions": "VARCHAR", "ruleMessages": "VARCHAR", "ruleTags": "VARCHAR", "ruleData": "VARCHAR", "ruleSelectors": "VARCHAR"}]}') AS d
  FROM lines
);

-- @event
SELECT
  line_number, key, event_at,
  d.id AS request_id, ip_of(d.ip) AS client_ip, try_cast(d.asn AS BIGINT) AS asn, country_code(d.country) AS country, d.agent AS user_agent,
  lower(d.host) AS host, d.method AS method, target_path(d.path) AS path, d.query AS query, d.protocol AS protocol,
  try_cast(d.status AS BIGINT) AS status, try_cast(d.bytes AS BIGINT) AS bytes,
  action,
  d.action AS action_raw,
  CASE WHEN action = 'log' THEN false WHEN action NOT IN ('allow', 'unknown') THEN true END AS is_enforced
FROM parsed
WHERE event_at IS NOT NULL

-- @hit
SELECT key, r.rule AS rule_id, 'Akamai' AS ruleset, akamai_class(r.ruleTags, r.rule, r.ruleMessages) AS attack_class,
  nullif(r.ruleSelectors, '') AS target, nullif(r.ruleData, '') AS matched, redact(nullif(r.ruleMessages, '')) AS message, [lower(coalesce(r.ruleActions, ''))] AS tags
FROM (SELECT key, unnest(d.rules) AS r FROM parsed WHERE event_at IS NOT NULL AND len(d.rules) > 0)
WHERE r.rule <> ''

-- @reject
SELECT line_number, 'the event has no start in unix time' AS reason, line FROM parsed WHERE event_at IS NULL
