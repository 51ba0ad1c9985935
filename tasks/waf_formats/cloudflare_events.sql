-- @setup
-- Class of a managed rule by what Cloudflare calls it, the telling words first: its names are "Product - Attack - CVE:..".
CREATE OR REPLACE MACRO managed_class(name) AS CASE
  WHEN regexp_matches(name, '^9[0-9]{5}\b') THEN crs_class(left(name, 6))
  WHEN regexp_matches(name, '(?i)web ?shell|backdoor') THEN 'web_shell'
  WHEN regexp_matches(name, '(?i)sqli\b|sql[ -]*injection') THEN 'sqli'
  WHEN regexp_matches(name, '(?i)\bxss\b|cross[ -]?site scripting|html injection') THEN 'xss'
  WHEN regexp_matches(name, '(?i)ssrf|server[ -]side request forgery') THEN 'ssrf'
  WHEN regexp_matches(name, '(?i)remote file inclusion|\brfi\b') THEN 'rfi'
  WHEN regexp_matches(name, '(?i)file inclusion|traversal|\blfi\b|file (read|access)|information disclosure') THEN 'lfi'
  WHEN regexp_matches(name, '(?i)upload') THEN 'upload'
  WHEN regexp_matches(name, '(?i)log4j|struts|\bjava\b|jndi|ognl|spring') THEN 'java'
  WHEN regexp_matches(name, '(?i)\bphp\b') THEN 'php'
  WHEN regexp_matches(name, '(?i)node\.?js|next\.?js|\breact\b|prototype pollution') THEN 'nodejs'
  WHEN regexp_matches(name, '(?i)\brce\b|(command|code|template) injection|(code|command) execution|deserialization|shellshock') THEN 'rce'
  WHEN regexp_matches(name, '(?i)scanner|vulnerability scan') THEN 'scanner'
  WHEN regexp_matches(name, '(?i)credential|brute[ -]?force|password') THEN 'login'
  WHEN regexp_matches(name, '(?i)\bbots?\b|crawler') THEN 'bot'
  WHEN regexp_matches(name, '(?i)denial of service|\bdos\b') THEN 'dos'
  WHEN regexp_matches(name, '(?i)^anomaly') THEN 'protocol'
END;
-- Class by the product that matched. What hotlink protection and API Shield stop is no attack that has a class.
CREATE OR REPLACE MACRO cloudflare_class(source, rule_id, description) AS CASE
  WHEN source IN ('waf', 'firewallmanaged') THEN managed_class(description)
  WHEN source IN ('validation', 'sanitycheck') THEN CASE WHEN contains(rule_id, 'shellshock') THEN 'rce' ELSE 'protocol' END
  ELSE MAP {
    'ratelimit': 'rate', 'l7ddos': 'dos', 'bic': 'bot', 'uablock': 'bot', 'botfight': 'bot', 'botmanagement': 'bot',
    'ip': 'reputation', 'iprange': 'reputation', 'asn': 'reputation', 'securitylevel': 'reputation', 'country': 'geo',
    'zonelockdown': 'custom', 'firewallrules': 'custom', 'firewallcustom': 'custom', 'dlp': 'data_leak',
    'apishieldschemavalidation': 'protocol'
  }[source]
END;
CREATE OR REPLACE MACRO strength(action) AS coalesce(MAP {
  'block': 7, 'rate_limit': 6, 'challenge': 5, 'redirect': 4, 'challenge_passed': 3, 'log': 2, 'allow': 1
}[action], 0);

CREATE OR REPLACE TEMP TABLE matched AS
WITH pushed AS (
  SELECT
    line_number,
    line,
    TRY(json_transform(line, '{
      "Action": "VARCHAR", "ClientASN": "BIGINT", "ClientCountry": "VARCHAR", "ClientIP": "VARCHAR", "ClientRequestHost": "VARCHAR",
      "ClientRequestMethod": "VARCHAR", "ClientRequestPath": "VARCHAR", "ClientRequestProtocol": "VARCHAR", "ClientRequestQuery": "VARCHAR",
      "ClientRequestUserAgent": "VARCHAR", "Datetime": "VARCHAR", "Description": "VARCHAR", "EdgeResponseStatus": "BIGINT",
      "MatchIndex": "BIGINT", "RayID": "VARCHAR", "RuleID": "VARCHAR", "Source": "VARCHAR"}')) AS p
  FROM lines
  WHERE line <> ''
), asked AS (
  -- The other shape, of GraphQL, differs in the case of names, which no struct can.
  SELECT
    *,
    CASE WHEN p.Action IS NULL THEN TRY(json_transform(line, '{
      "action": "VARCHAR", "clientAsn": "BIGINT", "clientCountryName": "VARCHAR", "clientIP": "VARCHAR", "clientRequestHTTPHost": "VARCHAR",
      "clientRequestHTTPMethodName": "VARCHAR", "clientRequestPath": "VARCHAR", "clientRequestHTTPProtocol": "VARCHAR",
      "clientRequestQuery": "VARCHAR", "userAgent": "VARCHAR", "datetime": "VARCHAR", "description": "VARCHAR",
      "edgeResponseStatus": "BIGINT", "matchIndex": "BIGINT", "rayName": "VARCHAR", "ruleId": "VARCHAR", "source": "VARCHAR",
      "sampleInterval": "DOUBLE"}')) END AS g
  FROM pushed
), joined AS (
  SELECT
    line_number,
    line,
    nullif(coalesce(p.RayID, g.rayName), '') AS ray,
    coalesce(p.Datetime, g.datetime) AS stamp,
    coalesce(p.Action, g.action) AS action_raw,
    lower(coalesce(p.Source, g.source)) AS source,
    nullif(coalesce(p.ClientIP, g.clientIP), '') AS client_ip,
    nullif(coalesce(p.ClientASN, g.clientAsn), 0) AS asn,
    country_code(coalesce(p.ClientCountry, g.clientCountryName)) AS country,
    nullif(coalesce(p.ClientRequestUserAgent, g.userAgent), '') AS user_agent,
    regexp_replace(lower(nullif(coalesce(p.ClientRequestHost, g.clientRequestHTTPHost), '')), ':[0-9]+$', '') AS host,
    nullif(coalesce(p.ClientRequestMethod, g.clientRequestHTTPMethodName), '') AS method,
    nullif(coalesce(p.ClientRequestPath, g.clientRequestPath), '') AS path,
    -- It starts with the question mark.
    nullif(regexp_replace(coalesce(p.ClientRequestQuery, g.clientRequestQuery), '^\?', ''), '') AS query,
    nullif(coalesce(p.ClientRequestProtocol, g.clientRequestHTTPProtocol), '') AS protocol,
    nullif(coalesce(p.EdgeResponseStatus, g.edgeResponseStatus), 0) AS status,
    coalesce(p.MatchIndex, g.matchIndex) AS position,
    nullif(coalesce(p.RuleID, g.ruleId), '') AS rule_id,
    nullif(coalesce(p.Description, g.description), '') AS description,
    g.sampleInterval AS sample_weight
  FROM asked
)
SELECT
  *,
  coalesce(ray, md5(line)) AS key,
  -- RFC 3339, or unix time in seconds or nanoseconds, as the job is set.
  CASE WHEN contains(stamp, '-') THEN try_cast(stamp AS TIMESTAMPTZ) ELSE epoch_at(stamp) END AS event_at,
  CASE WHEN source = 'ratelimit' AND lower(action_raw) = 'block' THEN 'rate_limit' ELSE action_of(action_raw) END AS action
FROM joined;

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
  -- The class of the rule that did most to the request: others only logged it, or let it skip something.
  arg_max(cloudflare_class(source, rule_id, description), strength(action) * 1000 - coalesce(position, 0)) FILTER (strength(action) > 2) AS attack_class,
  max(sample_weight) AS sample_weight
FROM matched
WHERE event_at IS NOT NULL AND action_raw IS NOT NULL
GROUP BY key

-- @hit
SELECT
  key,
  -- The last rule that matched has the index 0.
  -coalesce(position, 0) AS position,
  coalesce(rule_id, source) AS rule_id,
  source AS ruleset,
  CASE WHEN action <> 'allow' THEN cloudflare_class(source, rule_id, description) END AS attack_class,
  redact(description) AS message,
  [lower(action_raw)] AS tags,
  coalesce(source IN ('waf', 'firewallmanaged') AND contains(lower(description), 'anomaly score'), false) AS is_verdict
FROM matched
WHERE event_at IS NOT NULL AND action_raw IS NOT NULL AND coalesce(rule_id, source) IS NOT NULL
-- One event may be delivered twice.
QUALIFY row_number() OVER (PARTITION BY key, position, rule_id, source, action_raw ORDER BY line_number) = 1

-- @reject
SELECT
  line_number,
  CASE
    WHEN action_raw IS NULL THEN 'the line is not a JSON object of a Cloudflare firewall event with Action'
    WHEN stamp IS NULL THEN 'the event has no Datetime; add it to the fields of the Logpush job'
    ELSE 'the time ' || left(stamp, 40) || ' is neither RFC 3339 nor unix time'
  END AS reason,
  line
FROM matched
WHERE event_at IS NULL OR action_raw IS NULL
