-- From what `native_transactions` of waf_modsecurity.py yields, to `request` and `message`.
CREATE OR REPLACE TEMP TABLE parsed AS
SELECT *, try_strptime(t.time, '%d/%b/%Y:%H:%M:%S.%f %z') AS event_at
FROM (
  SELECT
    line_number,
    json_transform(line, '{"time": "VARCHAR", "id": "VARCHAR", "client_ip": "VARCHAR", "request_line": "VARCHAR",
      "host": "VARCHAR", "user_agent": "VARCHAR", "status": "BIGINT", "engine": "VARCHAR", "is_intercepted": "BOOLEAN",
      "messages": ["VARCHAR"]}') AS t
  FROM lines
)
-- What stands in the log twice is taken once.
QUALIFY event_at IS NULL OR row_number() OVER (PARTITION BY t.id ORDER BY line_number) = 1;

CREATE OR REPLACE TEMP TABLE request AS
SELECT
  line_number,
  t.id AS key,
  event_at,
  false AS is_zone_assumed,
  t.id AS request_id,
  t.client_ip AS client_ip,
  t.host AS host,
  t.user_agent AS user_agent,
  request_method(t.request_line) AS method,
  request_target(t.request_line) AS target,
  request_protocol(t.request_line) AS protocol,
  t.status AS status,
  t.engine AS engine,
  t.is_intercepted AS is_intercepted,
  NULL::VARCHAR AS word
FROM parsed;

CREATE OR REPLACE TEMP TABLE message AS
SELECT
  t.id AS key,
  generate_subscripts(t.messages, 1) AS position,
  unnest(t.messages) AS text,
  t.request_line AS request_line
FROM parsed;
