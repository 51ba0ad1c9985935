-- @setup
-- Class of a managed rule by its name, then by its group. A customer's own rule has the class custom.
CREATE OR REPLACE MACRO aws_class(rule_id, ruleset) AS CASE
  WHEN rule_id LIKE 'SQLi%' OR ruleset = 'AWSManagedRulesSQLiRuleSet' THEN 'sqli'
  WHEN rule_id LIKE 'CrossSiteScripting%' THEN 'xss'
  WHEN rule_id LIKE 'GenericLFI%' OR rule_id LIKE 'LFI\_%' ESCAPE '\' OR rule_id LIKE 'RestrictedExtensions%' THEN 'lfi'
  WHEN rule_id LIKE 'GenericRFI%' THEN 'rfi'
  WHEN rule_id LIKE 'EC2MetaDataSSRF%' THEN 'ssrf'
  WHEN rule_id LIKE 'Log4J%' OR rule_id LIKE 'JavaDeserialization%' THEN 'java'
  WHEN rule_id LIKE 'ReactJSRCE%' THEN 'nodejs'
  WHEN rule_id LIKE 'UNIXShellCommandsVariables%' OR rule_id LIKE 'WindowsShellCommands%' OR rule_id LIKE 'PowerShellCommands%' THEN 'rce'
  WHEN rule_id LIKE 'PHPHighRiskMethods%' THEN 'php'
  WHEN rule_id LIKE 'WordPressExploitable%' OR rule_id LIKE 'ExploitablePaths%' OR rule_id LIKE 'AdminProtection%' THEN 'scanner'
  WHEN rule_id LIKE 'PROPFIND%' THEN 'method'
  WHEN rule_id LIKE 'SizeRestrictions%' OR rule_id LIKE 'Host\_localhost%' ESCAPE '\' THEN 'protocol'
  WHEN rule_id LIKE 'BadBots%' THEN 'scanner'
  WHEN rule_id LIKE 'NoUserAgent%' THEN 'bot'
  WHEN ruleset IN ('AWSManagedRulesAmazonIpReputationList', 'AWSManagedRulesAnonymousIpList') THEN 'reputation'
  WHEN ruleset = 'AWSManagedRulesAntiDDoSRuleSet' THEN 'dos'
  WHEN ruleset = 'AWSManagedRulesBotControlRuleSet' THEN 'bot'
  WHEN ruleset IN ('AWSManagedRulesATPRuleSet', 'AWSManagedRulesACFPRuleSet') THEN 'login'
  WHEN ruleset = 'AWSManagedRulesPHPRuleSet' THEN 'php'
  WHEN ruleset = 'AWSManagedRulesLinuxRuleSet' THEN 'lfi'
  WHEN ruleset = 'AWSManagedRulesUnixRuleSet' OR ruleset = 'AWSManagedRulesWindowsRuleSet' THEN 'rce'
  WHEN ruleset LIKE 'AWSManagedRules%' THEN NULL
  ELSE 'custom'
END;
-- AWS#AWSManagedRulesCommonRuleSet#Version_1.3, or the ARN of a group of one's own.
CREATE OR REPLACE MACRO aws_ruleset(group_id) AS
  CASE WHEN group_id LIKE 'arn:%' THEN split_part(group_id, '/', -2) ELSE nullif(split_part(group_id, '#', 2), '') END;
CREATE OR REPLACE MACRO aws_header(headers, header) AS
  list_filter(headers, lambda h: lower(h.name) = header)[1].value;
CREATE OR REPLACE MACRO aws_label(labels, start) AS
  nullif(substr(list_filter(labels, lambda l: starts_with(l.name, start))[1].name, length(start) + 1), '');
CREATE OR REPLACE MACRO stops(action) AS action IN ('BLOCK', 'CAPTCHA', 'CHALLENGE');

CREATE OR REPLACE TEMP TABLE parsed AS
WITH document AS (
  SELECT
    line_number,
    line,
    TRY(json_transform(line, '{
      "timestamp": "VARCHAR", "terminatingRuleId": "VARCHAR", "terminatingRuleType": "VARCHAR", "action": "VARCHAR",
      "terminatingRuleMatchDetails": [{"conditionType": "VARCHAR", "location": "VARCHAR", "matchedData": ["VARCHAR"], "matchedFieldName": "VARCHAR"}],
      "ruleGroupList": [{
        "ruleGroupId": "VARCHAR",
        "terminatingRule": {"ruleId": "VARCHAR", "action": "VARCHAR", "overriddenAction": "VARCHAR",
          "ruleMatchDetails": [{"conditionType": "VARCHAR", "location": "VARCHAR", "matchedData": ["VARCHAR"], "matchedFieldName": "VARCHAR"}]},
        "nonTerminatingMatchingRules": [{"ruleId": "VARCHAR", "action": "VARCHAR", "overriddenAction": "VARCHAR",
          "ruleMatchDetails": [{"conditionType": "VARCHAR", "location": "VARCHAR", "matchedData": ["VARCHAR"], "matchedFieldName": "VARCHAR"}]}],
        "excludedRules": [{"ruleId": "VARCHAR", "exclusionType": "VARCHAR"}]}],
      "nonTerminatingMatchingRules": [{"ruleId": "VARCHAR", "action": "VARCHAR", "overriddenAction": "VARCHAR",
        "ruleMatchDetails": [{"conditionType": "VARCHAR", "location": "VARCHAR", "matchedData": ["VARCHAR"], "matchedFieldName": "VARCHAR"}]}],
      "responseCodeSent": "VARCHAR", "clientAsn": "VARCHAR",
      "httpRequest": {"clientIp": "VARCHAR", "country": "VARCHAR", "headers": [{"name": "VARCHAR", "value": "VARCHAR"}],
        "uri": "VARCHAR", "args": "VARCHAR", "httpVersion": "VARCHAR", "httpMethod": "VARCHAR", "requestId": "VARCHAR", "host": "VARCHAR"},
      "labels": [{"name": "VARCHAR"}]
    }')) AS t
  FROM lines
  WHERE line <> ''
)
SELECT
  line_number,
  CASE WHEN t.action IS NULL OR t.httpRequest IS NULL THEN line END AS bad_line,
  -- Two rows may have one request id: a page and what was asked for to solve its challenge.
  concat_ws('|', coalesce(t.httpRequest.requestId, md5(line)), t.timestamp, t.action) AS key,
  t,
  -- Epoch milliseconds; exports made by hand have ISO times.
  CASE WHEN contains(t.timestamp, '-') THEN try_cast(t.timestamp AS TIMESTAMPTZ) ELSE epoch_at(t.timestamp) END AS event_at,
  list_filter(
    t.ruleGroupList,
    lambda g: g.terminatingRule.ruleId IS NOT NULL OR len(g.nonTerminatingMatchingRules) > 0 OR len(g.excludedRules) > 0
  ) AS rule_groups
FROM document;

CREATE OR REPLACE TEMP TABLE found AS
WITH grouped AS (
  SELECT key, t.action AS final_action, t.terminatingRuleType = 'MANAGED_RULE_GROUP' OR t.terminatingRuleType = 'GROUP' AS is_by_group, unnest(rule_groups) AS g
  FROM parsed
  WHERE event_at IS NOT NULL AND bad_line IS NULL AND len(rule_groups) > 0
), matched AS (
  SELECT
    key,
    aws_ruleset(g.ruleGroupId) AS ruleset,
    g.terminatingRule AS rule,
    -- A group that is set to count leaves its rules their words; the request goes on all the same.
    stops(coalesce(g.terminatingRule.overriddenAction, g.terminatingRule.action)) AND final_action = 'ALLOW' AS would_stop
  FROM grouped
  WHERE g.terminatingRule.ruleId IS NOT NULL
  UNION ALL
  SELECT key, ruleset, rule, stops(rule.overriddenAction) FROM (
    SELECT key, aws_ruleset(g.ruleGroupId) AS ruleset, unnest(g.nonTerminatingMatchingRules) AS rule FROM grouped WHERE len(g.nonTerminatingMatchingRules) > 0
  )
  UNION ALL
  SELECT
    key, ruleset, {'ruleId': rule.ruleId, 'action': rule.exclusionType, 'overriddenAction': NULL, 'ruleMatchDetails': NULL}, true
  FROM (
    SELECT key, aws_ruleset(g.ruleGroupId) AS ruleset, unnest(g.excludedRules) AS rule FROM grouped WHERE len(g.excludedRules) > 0
  )
  UNION ALL
  SELECT key, NULL, rule, stops(rule.overriddenAction) FROM (
    SELECT key, unnest(t.nonTerminatingMatchingRules) AS rule
    FROM parsed
    WHERE event_at IS NOT NULL AND bad_line IS NULL AND len(t.nonTerminatingMatchingRules) > 0
  )
  UNION ALL
  SELECT
    key,
    CASE WHEN t.terminatingRuleType = 'RATE_BASED' THEN 'rate' END,
    {'ruleId': t.terminatingRuleId, 'action': t.action, 'overriddenAction': NULL, 'ruleMatchDetails':
      [{'conditionType': d.conditionType, 'location': d.location, 'matchedData': d.matchedData, 'matchedFieldName': d.matchedFieldName} FOR d IN t.terminatingRuleMatchDetails]},
    false
  FROM parsed
  WHERE event_at IS NOT NULL AND bad_line IS NULL AND t.terminatingRuleType IN ('REGULAR', 'RATE_BASED') AND t.terminatingRuleId <> 'Default_Action'
)
SELECT key, ruleset, rule, coalesce(would_stop, false) AS would_stop, rule.ruleMatchDetails[1] AS detail
FROM matched
WHERE rule.ruleId IS NOT NULL;

-- @event
SELECT
  parsed.line_number,
  parsed.key,
  event_at,
  t.httpRequest.requestId AS request_id,
  t.httpRequest.clientIp AS client_ip,
  try_cast(t.clientAsn AS BIGINT) AS asn,
  country_code(t.httpRequest.country) AS country,
  aws_header(t.httpRequest.headers, 'user-agent') AS user_agent,
  lower(regexp_replace(coalesce(aws_header(t.httpRequest.headers, 'host'), t.httpRequest.host), ':[0-9]+$', '')) AS host,
  t.httpRequest.httpMethod AS method,
  t.httpRequest.uri AS path,
  nullif(t.httpRequest.args, '') AS query,
  nullif(t.httpRequest.httpVersion, '') AS protocol,
  try_cast(t.responseCodeSent AS BIGINT) AS status,
  CASE
    WHEN t.action = 'BLOCK' AND t.terminatingRuleType = 'RATE_BASED' THEN 'rate_limit'
    WHEN t.action <> 'ALLOW' THEN action_of(t.action)
    WHEN judged.is_challenged THEN 'challenge_passed'
    WHEN judged.key IS NOT NULL AND t.terminatingRuleId = 'Default_Action' THEN 'log'
    ELSE action_of(t.action)
  END AS action,
  t.action AS action_raw,
  NOT coalesce(judged.would_block, false) AS is_enforced,
  coalesce(judged.would_block, false) AS would_block,
  CASE aws_label(t.labels, 'awswaf:managed:aws:bot-control:bot:category:')
    WHEN 'search_engine' THEN 'search' WHEN 'ai' THEN 'ai' WHEN 'seo' THEN 'seo' WHEN 'monitoring' THEN 'monitoring'
    WHEN 'security' THEN 'scanner' WHEN 'http_library' THEN 'library' WHEN 'scraping_framework' THEN 'library' WHEN NULL THEN NULL
    ELSE CASE WHEN aws_label(t.labels, 'awswaf:managed:aws:bot-control:bot:category:') IS NOT NULL THEN 'other' END
  END AS bot_class,
  aws_label(t.labels, 'awswaf:managed:aws:bot-control:bot:name:') AS bot_name,
  CASE WHEN list_contains([l.name FOR l IN t.labels], 'awswaf:managed:aws:bot-control:bot:verified') THEN 'verified' END AS bot_identity
FROM parsed LEFT JOIN (
  SELECT
    key,
    bool_or(would_stop) AS would_block,
    bool_or(rule.action IN ('CAPTCHA', 'CHALLENGE')) AS is_challenged
  FROM found
  GROUP BY key
) AS judged ON judged.key = parsed.key
WHERE event_at IS NOT NULL AND bad_line IS NULL

-- @hit
SELECT
  key,
  rule.ruleId AS rule_id,
  CASE WHEN ruleset <> 'rate' THEN ruleset END AS ruleset,
  CASE
    WHEN ruleset = 'rate' THEN 'rate'
    WHEN detail.conditionType = 'SQL_INJECTION' THEN 'sqli'
    WHEN detail.conditionType = 'XSS' THEN 'xss'
    ELSE aws_class(rule.ruleId, ruleset)
  END AS attack_class,
  CASE
    WHEN detail.matchedFieldName <> '' THEN CASE detail.location
      WHEN 'ALL_QUERY_ARGS' THEN 'ARGS_GET' WHEN 'SINGLE_QUERY_ARG' THEN 'ARGS_GET' WHEN 'SINGLE_HEADER' THEN 'REQUEST_HEADERS'
      WHEN 'HEADER' THEN 'REQUEST_HEADERS' WHEN 'COOKIE' THEN 'REQUEST_COOKIES' WHEN 'JSON_BODY' THEN 'ARGS_POST' WHEN 'BODY' THEN 'ARGS_POST'
      ELSE detail.location END || ':' || detail.matchedFieldName
    WHEN detail.location = 'BODY' OR detail.location = 'JSON_BODY' THEN 'REQUEST_BODY'
    ELSE nullif(detail.location, '')
  END AS target,
  array_to_string(detail.matchedData, ' ') AS matched,
  [lower(rule.action)] AS tags
FROM found

-- @reject
SELECT
  line_number,
  CASE
    WHEN bad_line IS NOT NULL THEN 'the line is not a JSON object of AWS WAF with action and httpRequest'
    ELSE 'the timestamp ' || coalesce(left(t.timestamp, 40), 'is missing and') || ' is no number of milliseconds'
  END AS reason,
  coalesce(bad_line, t.timestamp) AS line
FROM parsed
WHERE event_at IS NULL OR bad_line IS NOT NULL
