-- @setup
CREATE OR REPLACE TEMP TABLE parsed AS
SELECT
  line_number,
  line,
  f,
  try_cast(nullif(f.stamp, '') AS TIMESTAMPTZ) AS event_at,
  split_part(f.request, ' ', 1) AS method,
  regexp_extract(f.request, ' (HTTP/[0-9.]+)$', 1) AS protocol,
  -- GET https://shop.example:443/path?query HTTP/1.1
  regexp_extract(f.request, '^\S+ (?:[a-z]+://)?([^/ ]*?)(?::[0-9]+)?(/.*?)?(?: HTTP/[0-9.]+|- -)?$', ['host', 'target']) AS url
FROM (
  SELECT
    line_number,
    line,
    regexp_extract(
      line,
      '^(\S+) (\S+) \S+ (\S+?):[0-9]+ \S+ \S+ \S+ \S+ ([0-9]{3}|-) \S+ (\S+) (\S+) "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)" ',
      ['kind', 'stamp', 'client', 'status', 'received', 'sent', 'request', 'user_agent']
    ) AS f
  FROM lines
  WHERE line <> ''
);

-- @http_request
SELECT
  line_number,
  event_at,
  ip_of(f.client) AS client_ip,
  lower(nullif(nullif(url.host, '-'), '')) AS host,
  CASE WHEN regexp_full_match(method, '[A-Z]{3,20}') THEN method END AS method,
  nullif(target_path(url.target), '') AS path,
  raw_query(url.target) AS query,
  nullif(protocol, '') AS protocol,
  try_cast(f.status AS BIGINT) AS status,
  try_cast(f.sent AS BIGINT) AS bytes,
  nullif(nullif(f.user_agent, '-'), '') AS user_agent
FROM parsed
WHERE event_at IS NOT NULL

-- @reject
SELECT line_number, 'the line is not one of an Application Load Balancer, which begins with a type and a time' AS reason, line
FROM parsed
WHERE event_at IS NULL
