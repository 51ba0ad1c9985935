-- @setup
-- Class by where the event comes from, then by what its rule says of itself (Cloudflare's managed rules are named so).
CREATE OR REPLACE MACRO cloudflare_class(source, description) AS CASE
  WHEN source IN ('ratelimit', 'rateLimit') THEN 'rate'
  WHEN source IN ('l7ddos', 'hot') THEN 'dos'
  WHEN source IN ('bic', 'uablock', 'botfight', 'botmanagement', 'uaBlock', 'botFight', 'botManagement') THEN 'bot'
  WHEN source IN ('ip', 'asn', 'iprange', 'ipRange', 'securitylevel', 'securityLevel', 'dlp') THEN 'reputation'
  WHEN source IN ('country', 'zonelockdown', 'zoneLockdown') THEN 'geo'
  WHEN source IN ('waf', 'firewallManaged', 'firewallmanaged') THEN CASE
    WHEN description ILIKE '%sqli%' OR description ILIKE '%sql injection%' THEN 'sqli'
    WHEN description ILIKE '%xss%' OR description ILIKE '%cross-site scripting%' OR description ILIKE '%cross site scripting%' THEN 'xss'
    WHEN description ILIKE '%webshell%' OR description ILIKE '%web shell%' THEN 'web_shell'
    WHEN description ILIKE '%ssrf%' THEN 'ssrf'
    WHEN description ILIKE '%remote file inclusion%' OR description ILIKE '%rfi%' THEN 'rfi'
    WHEN description ILIKE '%file inclusion%' OR description ILIKE '%traversal%' OR description ILIKE '%lfi%' OR description ILIKE '%information disclosure%' THEN 'lfi'
    WHEN description ILIKE '%log4j%' OR description ILIKE '%java%deserialization%' OR description ILIKE '%struts%' THEN 'java'
    WHEN description ILIKE '%rce%' OR description ILIKE '%remote code%' OR description ILIKE '%command injection%' OR description ILIKE '%code injection%' THEN 'rce'
    WHEN description ILIKE '%php%' THEN 'php'
    WHEN description ILIKE '%file upload%' THEN 'upload'
    WHEN description ILIKE '%scanner%' OR description ILIKE '%vulnerability scan%' THEN 'scanner'
    WHEN description ILIKE '%bot%' THEN 'bot'
    WHEN description ILIKE '%anomaly%' OR description ILIKE '%http%' THEN 'protocol'
  END
  WHEN source IN ('firewallrules', 'firewallCustom', 'firewallcustom', 'firewallRules') THEN 'custom'
END;
CREATE OR REPLACE MACRO strength(action) AS CASE action
  WHEN 'block' THEN 7 WHEN 'rate_limit' THEN 6 WHEN 'challenge' THEN 5 WHEN 'redirect' THEN 4 WHEN 'challenge_passed' THEN 3
  WHEN 'log' THEN 2 WHEN 'allow' THEN 1 ELSE 0 END;

CREATE OR REPLACE TEMP TABLE parsed AS
WITH document AS (
  SELECT
    line_number,
    line,
    TRY(json_transform(line, '{
      "Action": "VARCHAR", "ClientASN": "VARCHAR", "ClientCountry": "VARCHAR", "ClientIP": "VARCHAR", "ClientRequestHost": "VARCHAR",
      "ClientRequestMethod": "VARCHAR", "ClientRequestPath": "VARCHAR", "ClientRequestProtocol": "VARCHAR", "ClientRequestQuery": "VARCHAR",
      "ClientRequestUserAgent": "VARCHAR", "Datetime": "VARCHAR", "Description": "VARCHAR", "EdgeResponseStatus": "VARCHAR",
      "MatchIndex": "VARCHAR", "RayID": "VARCHAR", "RuleID": "VARCHAR", "Source": "VARCHAR"}')) AS p,
    TRY(json_transform(line, '{
      "action": "VARCHAR", "clientAsn": "VARCHAR", "clientCountryName": "VARCHAR", "clientIP": "VARCHAR", "clientRequestHTTPHost": "VARCHAR",
      "clientRequestHTTPMethodName": "VARCHAR", "clientRequestPath": "VARCHAR", "clientRequestHTTPProtocol": "VARCHAR",
      "clientRequestQuery": "VARCHAR", "userAgent": "VARCHAR", "datetime": "VARCHAR", "description": "VARCHAR",
      "edgeResponseStatus": "VARCHAR", "matchIndex": "VARCHAR", "rayName": "VARCHAR", "ruleId": "VARCHAR", "source": "VARCHAR",
      "sampleInterval": "VARCHAR"}')) AS g
  FROM lines
  WHERE line <> ''
)
SELECT
  line_number,
  line,
  coalesce(nullif(p.RayID, ''), nullif(g.rayName, ''), md5(line)) AS key,
  coalesce(nullif(p.RayID, ''), nullif(g.rayName, '')) AS ray,
  coalesce(p.Datetime, g.datetime) AS stamp,
  -- RFC 3339, or unix time in seconds or nanoseconds, as the job is set.
  CASE WHEN contains(coalesce(p.Datetime, g.datetime), '-') THEN try_cast(coalesce(p.Datetime, g.datetime) AS TIMESTAMPTZ)
    ELSE epoch_at(coalesce(p.Datetime, g.datetime)) END AS event_at,
  coalesce(p.Action, g.action) AS action_raw,
  CASE WHEN coalesce(p.Source, g.source) ILIKE 'ratelimit' AND action_of(coalesce(p.Action, g.action)) = 'block' THEN 'rate_limit'
    ELSE action_of(coalesce(p.Action, g.action)) END AS action,
  coalesce(p.ClientIP, g.clientIP) AS client_ip,
  try_cast(coalesce(p.ClientASN, g.clientAsn) AS BIGINT) AS asn,
  country_code(coalesce(p.ClientCountry, g.clientCountryName)) AS country,
  nullif(coalesce(p.ClientRequestUserAgent, g.userAgent), '') AS user_agent,
  lower(nullif(coalesce(p.ClientRequestHost, g.clientRequestHTTPHost), '')) AS host,
  coalesce(p.ClientRequestMethod, g.clientRequestHTTPMethodName) AS method,
  coalesce(p.ClientRequestPath, g.clientRequestPath) AS path,
  nullif(ltrim(coalesce(p.ClientRequestQuery, g.clientRequestQuery), '?'), '') AS query,
  nullif(coalesce(p.ClientRequestProtocol, g.clientRequestHTTPProtocol), '') AS protocol,
  nullif(try_cast(coalesce(p.EdgeResponseStatus, g.edgeResponseStatus) AS BIGINT), 0) AS status,
  try_cast(coalesce(p.MatchIndex, g.matchIndex) AS BIGINT) AS position,
  nullif(coalesce(p.RuleID, g.ruleId), '') AS rule_id,
  coalesce(p.Source, g.source) AS source,
  nullif(coalesce(p.Description, g.description), '') AS description,
  coalesce(try_cast(g.sampleInterval AS DOUBLE), 1.0) AS sample_weight
FROM document;

CREATE OR REPLACE TEMP TABLE matched AS
SELECT *
FROM parsed
WHERE event_at IS NOT NULL AND action_raw IS NOT NULL
-- One event may be delivered twice.
QUALIFY row_number() OVER (PARTITION BY key, position, rule_id ORDER BY line_number) = 1;

-- @event
SELECT
  min(line_number) AS line_number,
  key,
  min(event_at) AS event_at,
  any_value(ray) AS request_id,
  any_value(client_ip) AS client_ip,
  any_value(asn) AS asn,
  any_value(country) AS country,
  any_value(user_agent) AS user_agent,
  any_value(host) AS host,
  any_value(method) AS method,
  any_value(path) AS path,
  any_value(query) AS query,
  any_value(protocol) AS protocol,
  any_value(status) AS status,
  arg_max(action, strength(action)) AS action,
  arg_max(action_raw, strength(action)) AS action_raw,
  CASE WHEN max(strength(action)) > 2 THEN true END AS is_enforced,
  max(sample_weight) AS sample_weight
FROM matched
GROUP BY key

-- @hit
SELECT
  key,
  coalesce(position, line_number) AS position,
  coalesce(rule_id, source) AS rule_id,
  source AS ruleset,
  cloudflare_class(source, description) AS attack_class,
  redact(description) AS message,
  [lower(action_raw)] AS tags
FROM matched
WHERE coalesce(rule_id, source) IS NOT NULL

-- @reject
SELECT
  line_number,
  CASE
    WHEN action_raw IS NULL THEN 'the line is not a JSON object of a Cloudflare firewall event with Action'
    ELSE 'the time ' || coalesce(left(stamp, 40), 'is missing and') || ' is neither RFC 3339 nor unix time'
  END AS reason,
  line
FROM parsed
WHERE event_at IS NULL OR action_raw IS NULL
