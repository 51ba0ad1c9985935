-- @setup
-- @use waf_modsecurity_macros
CREATE OR REPLACE TEMP TABLE parsed AS
SELECT
  line_number,
  line,
  d,
  coalesce(nullif(d.transaction.transaction_id, ''), md5(line)) AS key,
  -- ModSecurity prints an offset west of Greenwich with two signs: --0500.
  try_strptime(
    regexp_replace(regexp_replace(d.transaction.time, '([+-])-', '\1'), '(:[0-9]{2}) ', '\1.0 '), '%d/%b/%Y:%H:%M:%S.%f %z'
  ) AS event_at
FROM (
  SELECT
    line_number,
    line,
    TRY(json_transform(line, '{
      "transaction": {"time": "VARCHAR", "transaction_id": "VARCHAR", "remote_address": "VARCHAR"},
      "request": {"request_line": "VARCHAR", "headers": "JSON"},
      "response": {"status": "VARCHAR"},
      "audit_data": {"messages": ["VARCHAR"], "action": {"intercepted": "VARCHAR"}, "engine_mode": "VARCHAR"}
    }')) AS d
  FROM lines
  WHERE line <> ''
)
-- What stands in the log twice is taken once.
QUALIFY event_at IS NULL OR d.audit_data IS NULL OR row_number() OVER (PARTITION BY key ORDER BY line_number) = 1;

CREATE OR REPLACE TEMP TABLE request AS
SELECT
  line_number,
  key,
  event_at,
  false AS is_zone_assumed,
  d.transaction.transaction_id AS request_id,
  d.transaction.remote_address AS client_ip,
  json_header(d.request.headers, 'Host') AS host,
  json_header(d.request.headers, 'User-Agent') AS user_agent,
  request_method(d.request.request_line) AS method,
  request_target(d.request.request_line) AS target,
  request_protocol(d.request.request_line) AS protocol,
  try_cast(d.response.status AS BIGINT) AS status,
  d.audit_data.engine_mode AS engine,
  try_cast(d.audit_data.action.intercepted AS BOOLEAN) AS is_intercepted,
  NULL::VARCHAR AS word
FROM parsed
WHERE d.audit_data IS NOT NULL;

CREATE OR REPLACE TEMP TABLE message AS
SELECT
  key,
  generate_subscripts(d.audit_data.messages, 1) AS position,
  unnest(d.audit_data.messages) AS text,
  d.request.request_line AS request_line
FROM parsed
WHERE event_at IS NOT NULL;

-- @use waf_modsecurity_text
-- @use waf_modsecurity

-- @reject
SELECT
  line_number,
  CASE
    WHEN d.transaction IS NULL THEN 'the line is not a JSON object of a ModSecurity transaction'
    WHEN event_at IS NULL THEN 'the transaction has no time as 23/Nov/2026:05:00:09.512582 +0000'
    ELSE 'the transaction has no audit_data, so what was done with it is not known; add H to SecAuditLogParts'
  END AS reason,
  reject_excerpt(line) AS line
FROM parsed
WHERE event_at IS NULL OR d.audit_data IS NULL
ORDER BY line_number
