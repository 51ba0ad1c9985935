-- @setup
CREATE OR REPLACE TEMP TABLE parsed AS
SELECT
  line_number,
  d,
  try_strptime(d.date || ' ' || d.time, ['%Y-%m-%d %H:%M:%S', '%Y-%m-%d %H:%M:%S.%g']) AS moment,
  coalesce(lower(getvariable('option_utc')) IN ('no', 'false', '0'), false) AS is_local
FROM (
  SELECT line_number, json_transform(line, '{"date": "VARCHAR", "time": "VARCHAR", "client_ip": "VARCHAR", "host": "VARCHAR", "method": "VARCHAR",
    "path": "VARCHAR", "query": "VARCHAR", "protocol": "VARCHAR", "status": "VARCHAR", "bytes": "VARCHAR", "referrer": "VARCHAR", "user_agent": "VARCHAR",
    "forwarded": "VARCHAR"}') AS d
  FROM lines
);

-- @http_request
SELECT
  line_number,
  CASE WHEN is_local THEN local_at(moment) ELSE timezone('UTC', moment) END AS event_at,
  is_local AS is_zone_assumed,
  ip_of(d.client_ip) AS client_ip,
  lower(d.host) AS host,
  d.method AS method,
  d.path AS path,
  d.query AS query,
  d.protocol AS protocol,
  try_cast(d.status AS BIGINT) AS status,
  try_cast(d.bytes AS BIGINT) AS bytes,
  d.referrer AS referrer,
  replace(d.user_agent, '+', ' ') AS user_agent
FROM parsed
WHERE moment IS NOT NULL

-- @reject
SELECT line_number, 'the line has no date and time as 2026-11-23 05:00:09' AS reason, concat_ws(' ', d.date, d.time, d.path) AS line
FROM parsed
WHERE moment IS NULL
