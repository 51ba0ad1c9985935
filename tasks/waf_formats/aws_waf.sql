-- @setup
-- Class of a rule of AWS by the first word of its name, else by its group: new rules come into known groups.
CREATE OR REPLACE MACRO aws_class(rule_id, ruleset) AS coalesce(
  MAP {
    'SQLi': 'sqli', 'SQLiExtendedPatterns': 'sqli', 'CrossSiteScripting': 'xss', 'GenericRFI': 'rfi', 'GenericLFI': 'lfi',
    'LFI': 'lfi', 'RestrictedExtensions': 'lfi', 'EC2MetaDataSSRF': 'ssrf', 'Log4JRCE': 'java', 'JavaDeserializationRCE': 'java',
    'ReactJSRCE': 'nodejs', 'UNIXShellCommandsVariables': 'rce', 'WindowsShellCommands': 'rce', 'PowerShellCommands': 'rce',
    'PHPHighRiskMethodsVariables': 'php', 'WordPressExploitableCommands': 'php', 'WordPressExploitablePaths': 'scanner',
    'ExploitablePaths': 'scanner', 'AdminProtection': 'scanner', 'PROPFIND': 'method', 'SizeRestrictions': 'protocol',
    'Host': 'protocol', 'NoUserAgent': 'bot', 'UserAgent': 'bot'
  }[split_part(rule_id, '_', 1)],
  MAP {
    'AWSManagedRulesSQLiRuleSet': 'sqli', 'AWSManagedRulesLinuxRuleSet': 'lfi', 'AWSManagedRulesUnixRuleSet': 'rce',
    'AWSManagedRulesWindowsRuleSet': 'rce', 'AWSManagedRulesPHPRuleSet': 'php', 'AWSManagedRulesWordPressRuleSet': 'php',
    'AWSManagedRulesAdminProtectionRuleSet': 'scanner', 'AWSManagedRulesAmazonIpReputationList': 'reputation',
    'AWSManagedRulesAnonymousIpList': 'reputation', 'AWSManagedRulesBotControlRuleSet': 'bot',
    'AWSManagedRulesATPRuleSet': 'login', 'AWSManagedRulesACFPRuleSet': 'login', 'AWSManagedRulesAntiDDoSRuleSet': 'dos'
  }[ruleset]
);
CREATE OR REPLACE MACRO stops(action) AS action IN ('BLOCK', 'CAPTCHA', 'CHALLENGE', 'MONETIZE');
-- A field that the owner of the log hides is said to be REDACTED.
CREATE OR REPLACE MACRO shown(text) AS CASE WHEN text NOT IN ('REDACTED', '') THEN text END;

CREATE OR REPLACE TEMP TABLE parsed AS
WITH document AS (
  SELECT
    line_number,
    line,
    -- What CloudWatch exports has a time before each object.
    TRY(json_transform(CASE WHEN starts_with(line, '{') THEN line ELSE substr(line, strpos(line, ' {') + 1) END, '{
      "timestamp": "VARCHAR", "action": "VARCHAR", "terminatingRuleId": "VARCHAR", "terminatingRuleType": "VARCHAR",
      "terminatingRuleMatchDetails": [{"conditionType": "VARCHAR", "location": "VARCHAR", "matchedData": ["VARCHAR"], "matchedFieldName": "VARCHAR"}],
      "ruleGroupList": [{
        "ruleGroupId": "VARCHAR",
        "terminatingRule": {"ruleId": "VARCHAR", "action": "VARCHAR", "overriddenAction": "VARCHAR",
          "ruleMatchDetails": [{"conditionType": "VARCHAR", "location": "VARCHAR", "matchedData": ["VARCHAR"], "matchedFieldName": "VARCHAR"}]},
        "nonTerminatingMatchingRules": [{"ruleId": "VARCHAR", "action": "VARCHAR", "overriddenAction": "VARCHAR",
          "ruleMatchDetails": [{"conditionType": "VARCHAR", "location": "VARCHAR", "matchedData": ["VARCHAR"], "matchedFieldName": "VARCHAR"}]}],
        "excludedRules": [{"ruleId": "VARCHAR", "action": "VARCHAR", "overriddenAction": "VARCHAR",
          "ruleMatchDetails": [{"conditionType": "VARCHAR", "location": "VARCHAR", "matchedData": ["VARCHAR"], "matchedFieldName": "VARCHAR"}]}]}],
      "nonTerminatingMatchingRules": [{"ruleId": "VARCHAR", "action": "VARCHAR", "overriddenAction": "VARCHAR",
          "ruleMatchDetails": [{"conditionType": "VARCHAR", "location": "VARCHAR", "matchedData": ["VARCHAR"], "matchedFieldName": "VARCHAR"}]}],
      "rateBasedRuleList": [{"rateBasedRuleName": "VARCHAR"}],
      "captchaResponse": {"solveTimestamp": "BIGINT"}, "challengeResponse": {"solveTimestamp": "BIGINT"},
      "responseCodeSent": "BIGINT", "clientAsn": "BIGINT", "labels": [{"name": "VARCHAR"}],
      "httpRequest": {"clientIp": "VARCHAR", "country": "VARCHAR", "headers": [{"name": "VARCHAR", "value": "VARCHAR"}],
        "uri": "VARCHAR", "args": "VARCHAR", "httpVersion": "VARCHAR", "httpMethod": "VARCHAR", "requestId": "VARCHAR",
        "host": "VARCHAR"}
    }')) AS t
  FROM lines
  WHERE line <> ''
), part AS (
  SELECT
    *,
    t.httpRequest AS r,
    -- list_filter takes a third of the time of [... FOR ... IF ...].
    list_filter(t.httpRequest.headers, lambda h: lower(h.name) IN ('host', 'user-agent')) AS named
  FROM document
)
SELECT
  line_number,
  CASE WHEN t.action IS NULL OR r IS NULL THEN line END AS bad_line,
  t.timestamp AS stamp,
  -- Epoch milliseconds; exports made by hand have ISO times.
  CASE WHEN contains(t.timestamp, '-') THEN try_cast(t.timestamp AS TIMESTAMPTZ) ELSE epoch_at(t.timestamp) END AS event_at,
  -- The request id of a load balancer is its trace, which clients may choose and which several requests may have.
  CASE WHEN r.requestId IS NULL THEN md5(line) ELSE concat_ws('|', r.requestId, t.timestamp, t.action, r.clientIp, r.uri, r.args) END AS key,
  r.requestId AS request_id,
  r.clientIp AS client_ip,
  t.clientAsn AS asn,
  country_code(r.country) AS country,
  shown(list_filter(named, lambda h: length(h.name) = 10)[1].value) AS user_agent,
  shown(lower(coalesce(list_filter(named, lambda h: length(h.name) = 4)[1].value, r.host))) AS host,
  r.httpMethod AS method,
  shown(r.uri) AS path,
  shown(r.args) AS query,
  r.httpVersion AS protocol,
  t.responseCodeSent AS status,
  t.action AS word,
  t.terminatingRuleId AS rule_id,
  t.terminatingRuleType AS rule_type,
  -- Where the request went on, a challenge that it met was solved before.
  coalesce(t.captchaResponse.solveTimestamp, t.challengeResponse.solveTimestamp) > 0 AS is_solved,
  t.terminatingRuleMatchDetails AS details,
  list_filter(t.ruleGroupList, lambda g:
    g.terminatingRule.ruleId IS NOT NULL OR len(g.nonTerminatingMatchingRules) > 0 OR len(g.excludedRules) > 0) AS groups,
  t.nonTerminatingMatchingRules AS counted,
  [rate.rateBasedRuleName FOR rate IN t.rateBasedRuleList] AS rates,
  [l.name FOR l IN t.labels IF starts_with(l.name, 'awswaf:managed:aws:bot-control:')] AS bot_labels
FROM part;

CREATE OR REPLACE TEMP TABLE found AS
WITH candidate AS MATERIALIZED (
  SELECT line_number, key, word, rule_id, rule_type, rates, details, groups, counted
  FROM parsed
  WHERE event_at IS NOT NULL AND bad_line IS NULL
    AND (len(groups) > 0 OR len(counted) > 0 OR rule_type IN ('REGULAR', 'RATE_BASED') AND rule_id <> 'Default_Action')
), grouped AS MATERIALIZED (
  SELECT line_number, key, word, rates, details, unnest(groups) AS g FROM candidate
), matched AS (
  -- What a group that only counts would have done stands as its terminating rule, while the request went on.
  SELECT
    line_number, key, rates, CASE WHEN word = 'ALLOW' THEN 'group' ELSE 'final' END AS part, g.ruleGroupId AS group_id, g.terminatingRule AS rule,
    stops(g.terminatingRule.action) AND word = 'ALLOW' AS would_stop,
    CASE WHEN word <> 'ALLOW' THEN details[1] END AS other_detail
  FROM grouped
  UNION ALL
  SELECT line_number, key, rates, 'counts', g.ruleGroupId, unnest(g.nonTerminatingMatchingRules), NULL, NULL FROM grouped
  UNION ALL
  SELECT line_number, key, rates, 'excluded', g.ruleGroupId, unnest(g.excludedRules), true, NULL FROM grouped
  UNION ALL
  -- The count of a whole group is a rule here too, under a name that one chooses: then it is not sure whose it is.
  SELECT
    line_number, key, rates,
    CASE WHEN len([g FOR g IN groups IF g.terminatingRule.ruleId IS NOT NULL]) > 0 THEN 'counts' ELSE 'own' END,
    NULL, unnest(counted), NULL, NULL
  FROM candidate
  UNION ALL
  SELECT
    line_number, key, rates, 'final', NULL,
    {'ruleId': rule_id, 'action': word, 'overriddenAction': NULL, 'ruleMatchDetails': details}, false, NULL
  FROM candidate
  WHERE rule_type IN ('REGULAR', 'RATE_BASED') AND rule_id <> 'Default_Action'
), named AS (
  SELECT
    line_number,
    key,
    part,
    rule.ruleId AS rule_id,
    coalesce(rule.action, 'EXCLUDED_AS_COUNT') AS action,
    group_id,
    -- AWS#AWSManagedRulesCommonRuleSet#Version_1.3, Vendor#Group of the marketplace, or the ARN of a group of one's own,
    -- whose name is the last part but one.
    CASE WHEN starts_with(group_id, 'arn:') THEN split_part(group_id, '/', -2) ELSE nullif(split_part(group_id, '#', 2), '') END AS ruleset,
    coalesce(would_stop, stops(rule.overriddenAction), false) AS would_stop,
    coalesce(rule.ruleMatchDetails[1], other_detail) AS detail,
    group_id IS NULL AND contains(rule.ruleId, 'AWSManagedRules') AS is_verdict,
    coalesce(list_contains(rates, rule.ruleId), false) AS is_rate
  FROM matched
  WHERE rule.ruleId IS NOT NULL
)
SELECT
  *,
  CASE
    WHEN action = 'ALLOW' OR is_verdict THEN NULL
    WHEN is_rate THEN 'rate'
    WHEN detail.conditionType = 'SQL_INJECTION' THEN 'sqli'
    WHEN detail.conditionType = 'XSS' THEN 'xss'
    WHEN starts_with(group_id, 'AWS#') THEN aws_class(rule_id, ruleset)
    -- What Shield Advanced adds by itself.
    WHEN starts_with(ruleset, 'ShieldMitigationRuleGroup') THEN 'dos'
    WHEN starts_with(group_id, 'arn:') OR group_id IS NULL AND part <> 'counts' THEN 'custom'
  END AS attack_class
FROM named;

-- @event
SELECT
  parsed.line_number,
  key,
  event_at,
  nullif(request_id, 'null') AS request_id,
  client_ip,
  asn,
  country,
  user_agent,
  CASE WHEN contains(host, ':') THEN regexp_replace(host, ':[0-9]+$', '') ELSE host END AS host,
  method,
  path,
  query,
  protocol,
  status,
  CASE
    WHEN word = 'BLOCK' AND (rule_type = 'RATE_BASED' OR judged.is_rate) THEN 'rate_limit'
    WHEN word = 'ALLOW' AND (is_solved OR judged.is_passed) THEN 'challenge_passed'
    WHEN word = 'ALLOW' AND judged.line_number IS NOT NULL AND rule_id = 'Default_Action' THEN 'log'
    ELSE action_of(word)
  END AS action,
  word AS action_raw,
  word = 'ALLOW' AND coalesce(judged.would_stop, false) AS would_block,
  NOT would_block AS is_enforced,
  judged.attack_class,
  CASE WHEN len(bot_labels) > 0 THEN coalesce(MAP {
    'search_engine': 'search', 'ai': 'ai', 'seo': 'seo', 'monitoring': 'monitoring', 'security': 'scanner',
    'http_library': 'library', 'scraping_framework': 'library'
  }[bot_category], CASE WHEN bot_category <> '' THEN 'other' END) END AS bot_class,
  CASE WHEN len(bot_labels) > 0 THEN split_part([l FOR l IN bot_labels IF contains(l, ':bot:name:')][1], ':bot:name:', 2) END AS bot_name,
  CASE WHEN list_has_any(bot_labels, ['awswaf:managed:aws:bot-control:bot:verified', 'awswaf:managed:aws:bot-control:web_bot_auth:verified'])
    THEN 'verified' END AS bot_identity
FROM (
  SELECT
    *,
    CASE WHEN len(bot_labels) > 0 THEN split_part([l FOR l IN bot_labels IF contains(l, ':bot:category:')][1], ':bot:category:', 2) END AS bot_category
  FROM parsed
  WHERE event_at IS NOT NULL AND bad_line IS NULL
) AS parsed LEFT JOIN (
  SELECT
    line_number,
    bool_or(would_stop) AS would_stop,
    bool_or(part IN ('counts', 'own') AND upper(action) IN ('CAPTCHA', 'CHALLENGE')) AS is_passed,
    bool_or(is_rate AND action = 'BLOCK') AS is_rate,
    -- A group that only counted stands before the one that ended it.
    last(attack_class) FILTER (part = 'final') AS attack_class
  FROM found
  GROUP BY line_number
) AS judged ON judged.line_number = parsed.line_number

-- @hit
SELECT
  key,
  rule_id,
  ruleset,
  nullif(replace(split_part(group_id, '#', 3), 'Version_', ''), '') AS ruleset_version,
  attack_class,
  CASE
    -- The place of a match in a body of JSON is said to be unknown.
    WHEN detail.location IN ('BODY', 'JSON_BODY', 'UNKNOWN') THEN 'REQUEST_BODY'
    ELSE nullif(concat_ws(':', CASE
      WHEN contains(detail.location, 'COOKIE') THEN 'REQUEST_COOKIES'
      WHEN contains(detail.location, 'HEADER') THEN 'REQUEST_HEADERS'
      WHEN contains(detail.location, 'QUERY_ARG') THEN 'ARGS_GET'
      ELSE nullif(detail.location, '')
    END, nullif(detail.matchedFieldName, '')), '')
  END AS target,
  -- Of a header without a name it is not known whether it holds a secret.
  CASE WHEN NOT contains(detail.location, 'HEADER') OR detail.matchedFieldName <> '' THEN nullif(array_to_string(detail.matchedData, ' '), '') END AS matched,
  [lower(action)] AS tags,
  is_verdict
FROM found

-- @reject
SELECT
  line_number,
  CASE
    WHEN bad_line IS NOT NULL THEN 'the line is not a JSON object of AWS WAF with action and httpRequest'
    WHEN stamp IS NULL THEN 'the line has no timestamp in milliseconds'
    ELSE 'the timestamp ' || left(stamp, 40) || ' is no number of milliseconds'
  END AS reason,
  -- A line that was cut may begin within a header that holds a secret.
  regexp_replace(coalesce(bad_line, stamp, ''), '(?is)(cookie|authorization|token).*', '\1') AS line
FROM parsed
WHERE event_at IS NULL OR bad_line IS NOT NULL
