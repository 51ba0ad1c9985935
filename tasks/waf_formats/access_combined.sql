-- @setup
CREATE OR REPLACE TEMP TABLE parsed AS
WITH cut AS (
  SELECT
    line_number,
    line,
    regexp_extract(
      line,
      '^(?:(\S+?)(?::[0-9]+)? )?(\S+) \S+ \S+ \[([^\]]+)\] "((?:[^"\\]|\\.)*)" ([0-9]{3}) ([0-9]+|-)(?: "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)")?',
      ['host', 'client_ip', 'stamp', 'request', 'status', 'bytes', 'referrer', 'user_agent']
    ) AS f
  FROM lines
  WHERE line <> ''
)
SELECT
  line_number,
  line,
  f,
  try_strptime(f.stamp, '%d/%b/%Y:%H:%M:%S %z') AS event_at,
  -- The protocol is the last word where there is one; the target between may hold raw spaces.
  CASE WHEN regexp_matches(f.request, '^[A-Z]{3,20} .') THEN split_part(f.request, ' ', 1) END AS method,
  CASE WHEN regexp_matches(f.request, ' HTTP/[0-9.]+$') THEN split_part(f.request, ' ', -1) END AS protocol
FROM cut;

-- @http_request
SELECT
  event_at,
  false AS is_zone_assumed,
  f.client_ip AS client_ip,
  nullif(f.host, '') AS host,
  method,
  target_path(target) AS path,
  target_query(target) AS query,
  protocol,
  try_cast(f.status AS BIGINT) AS status,
  try_cast(f.bytes AS BIGINT) AS bytes,
  redact(nullif(nullif(f.referrer, ''), '-')) AS referrer,
  nullif(nullif(f.user_agent, ''), '-') AS user_agent,
  line_number
FROM (
  SELECT
    *,
    CASE
      WHEN method IS NULL THEN redact(f.request)
      WHEN protocol IS NULL THEN substr(f.request, length(method) + 2)
      ELSE substr(f.request, length(method) + 2, length(f.request) - length(method) - length(protocol) - 2)
    END AS target
  FROM parsed
)
WHERE event_at IS NOT NULL;

-- @reject
SELECT
  line_number,
  CASE
    WHEN f.stamp = '' THEN 'the line is not in the combined log format'
    ELSE 'the time ' || left(f.stamp, 40) || ' is not a date as 23/Nov/2026:05:00:09 +0000'
  END AS reason,
  line
FROM parsed
WHERE event_at IS NULL;
