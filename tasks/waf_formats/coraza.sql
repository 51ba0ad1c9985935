-- @setup
-- @use waf_modsecurity_macros
-- In Go's quotes, as in [uri "/a\"b"].
CREATE OR REPLACE MACRO unquoted(text) AS replace(replace(text, '\"', '"'), '\\', '\');

CREATE OR REPLACE TEMP TABLE entry AS
WITH document AS (
  -- Something may stand before the object, as what syslog puts there.
  SELECT
    line_number,
    line,
    CASE WHEN starts_with(line, '{') THEN line WHEN contains(line, '{"') THEN substr(line, strpos(line, '{"')) END AS json
  FROM lines
  WHERE line <> ''
)
SELECT
  line_number,
  line,
  CASE WHEN contains(json, '"transaction"') THEN TRY(json_transform(json, '{
    "transaction": {
      "unix_timestamp": "VARCHAR", "id": "VARCHAR", "client_ip": "VARCHAR", "server_id": "VARCHAR", "is_interrupted": "BOOLEAN",
      "request": {"method": "VARCHAR", "protocol": "VARCHAR", "http_version": "VARCHAR", "uri": "VARCHAR", "headers": "JSON"},
      "response": {"status": "VARCHAR"},
      "producer": {"rule_engine": "VARCHAR"}},
    "messages": [{"message": "VARCHAR", "data": {"id": "VARCHAR", "msg": "VARCHAR", "data": "VARCHAR", "severity": "VARCHAR",
      "ver": "VARCHAR", "tags": ["VARCHAR"]}}]
  }')) END AS audit,
  CASE WHEN audit IS NULL THEN TRY(json_transform(json, '{
    "ts": "VARCHAR", "logger": "VARCHAR", "msg": "VARCHAR", "status": "VARCHAR", "err_id": "VARCHAR",
    "request": {"remote_ip": "VARCHAR", "client_ip": "VARCHAR", "proto": "VARCHAR", "method": "VARCHAR", "host": "VARCHAR",
      "headers": "JSON"}
  }')) END AS caddy
FROM document;

CREATE OR REPLACE TEMP TABLE audited AS
SELECT
  line_number,
  audit.transaction AS t,
  audit.messages AS messages,
  coalesce(nullif(audit.transaction.id, ''), md5(line)) AS key,
  epoch_at(audit.transaction.unix_timestamp) AS event_at
FROM entry
WHERE audit.transaction IS NOT NULL
-- What stands in the log twice is taken once.
QUALIFY event_at IS NULL OR row_number() OVER (PARTITION BY key ORDER BY line_number) = 1;

-- One line may speak of several matches of a rule, each from [client "..."] on.
CREATE OR REPLACE TEMP TABLE told AS
SELECT
  line_number,
  ts,
  position,
  regexp_extract(text, '(?s)^(?:\[client ")?([^"]*)"\] Coraza: (.*)$', ['client_ip', 'text']) AS f,
  nullif(regexp_extract(text, '(?s)^.*\[unique_id "([^"]+)"\]', 1), '') AS unique_id,
  unquoted(nullif(regexp_extract(text, '(?s)^.* \[uri "((?:[^"\\]|\\.)*)"\] \[unique_id "', 1), '')) AS target
FROM (
  SELECT
    line_number,
    caddy.ts AS ts,
    unnest(string_split(caddy.msg, chr(10) || '[client "')) AS text,
    generate_subscripts(string_split(caddy.msg, chr(10) || '[client "'), 1) AS position
  FROM entry
  WHERE caddy.logger LIKE 'http.handlers.waf%' AND contains(caddy.msg, 'Coraza: ')
);

CREATE OR REPLACE TEMP TABLE stamped AS
SELECT
  *,
  NOT coalesce(regexp_matches(ts, '^[0-9.eE+-]+$|[Zz]$|[+-][0-9]{2}:?[0-9]{2}$'), false) AS is_zone_assumed,
  CASE
    WHEN regexp_full_match(ts, '[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?') THEN epoch_at(ts)
    WHEN is_zone_assumed THEN local_at(try_cast(replace(ts, '/', '-') AS TIMESTAMP))
    ELSE try_cast(regexp_replace(replace(ts, '/', '-'), '([+-][0-9]{2})([0-9]{2})$', '\1:\2') AS TIMESTAMPTZ)
  END AS event_at
FROM told ANTI JOIN audited ON audited.key = told.unique_id;

CREATE OR REPLACE TEMP TABLE request AS
SELECT
  line_number,
  key,
  event_at,
  false AS is_zone_assumed,
  t.id AS request_id,
  t.client_ip AS client_ip,
  coalesce(json_header(t.request.headers, 'Host') ->> '$[0]', nullif(t.server_id, '')) AS host,
  json_header(t.request.headers, 'User-Agent') ->> '$[0]' AS user_agent,
  t.request.method AS method,
  t.request.uri AS target,
  nullif(coalesce(nullif(t.request.http_version, ''), t.request.protocol), '') AS protocol,
  try_cast(t.response.status AS BIGINT) AS status,
  t.producer.rule_engine AS engine,
  -- Before version 3.1 it was not logged: then an enforcing engine's blocking evaluation says it.
  coalesce(
    t.is_interrupted,
    lower(t.producer.rule_engine) = 'on' AND list_bool_or([left(m.data.id, 3) IN ('949', '959') FOR m IN messages])
  ) AS is_intercepted,
  NULL::VARCHAR AS word
FROM audited
UNION ALL
SELECT
  min(stamped.line_number),
  unique_id,
  min(event_at),
  bool_or(is_zone_assumed),
  unique_id,
  any_value(f.client_ip),
  any_value(caddy.request.host),
  any_value(json_header(caddy.request.headers, 'User-Agent') ->> '$[0]'),
  any_value(caddy.request.method),
  any_value(target),
  any_value(caddy.request.proto),
  any_value(try_cast(caddy.status AS BIGINT)),
  NULL,
  any_value(caddy.err_id) IS NOT NULL OR NULL,
  NULL
FROM stamped LEFT JOIN entry ON caddy.err_id = unique_id
WHERE event_at IS NOT NULL AND unique_id IS NOT NULL
GROUP BY unique_id;

CREATE OR REPLACE TEMP TABLE message AS
SELECT unique_id AS key, line_number * 1000 + position AS position, f.text AS text, NULL::VARCHAR AS request_line
FROM stamped
WHERE unique_id IS NOT NULL AND (position = 1 OR NOT contains(f.text, '[msg ""]'));

-- @use waf_modsecurity_text
UPDATE rule_match
SET verb = 'Warning'
WHERE verb = 'Access denied' AND (
  phase = 5 OR left(rule_id, 3) NOT IN ('949', '959')
  AND key IN (SELECT key FROM rule_match WHERE verb = 'Access denied' GROUP BY key HAVING count(*) > 1)
);
INSERT INTO rule_match BY NAME
SELECT
  key,
  position,
  'Warning' AS verb,
  m.data.id AS rule_id,
  coalesce(nullif(m.data.msg, ''), nullif(m.message, '')) AS message,
  nullif(m.data.data, '') AS data,
  m.data.severity AS severity,
  nullif(m.data.ver, '') AS ver,
  coalesce(m.data.tags, []) AS tags
FROM (SELECT key, unnest(messages) AS m, generate_subscripts(messages, 1) AS position FROM audited)
-- Before version 3.1 rules that only set something were logged too: they have no message.
WHERE m.data.msg <> '' OR m.message <> '' OR m.data.data <> '';
-- @use waf_modsecurity

-- @reject
SELECT line_number, 'the line is not a JSON object of Coraza or Caddy' AS reason, reject_excerpt(line) AS line
FROM entry
WHERE audit.transaction IS NULL AND caddy IS NULL
UNION ALL
SELECT line_number, 'the transaction has no unix_timestamp in nanoseconds', ''
FROM audited
WHERE event_at IS NULL
UNION ALL
SELECT
  line_number,
  CASE WHEN unique_id IS NULL THEN 'the line is cut before the unique_id of its request' ELSE 'the line has no time (ts)' END,
  ''
FROM stamped
WHERE position = 1 AND (event_at IS NULL OR unique_id IS NULL)
ORDER BY line_number
