-- type time elb client:port target:port 3x time status target_status received sent "request" "user_agent" cipher protocol ...
-- @setup
CREATE OR REPLACE TEMP TABLE parsed AS
WITH quoted AS (
  SELECT
    line_number,
    line,
    -- An escaped quote, which no documented line has, must not cut.
    string_split(CASE WHEN contains(line, '\"') THEN replace(line, '\"', '\x22') ELSE line END, '"') AS q
  FROM lines
  WHERE line <> ''
), cut AS (
  SELECT
    line_number,
    line,
    string_split(q[1], ' ') AS h,
    q[2] AS request,
    q[4] AS user_agent,
    len(q) >= 5 AND q[3] = ' ' AS is_whole
  FROM quoted
), timed AS (
  SELECT
    *,
    CASE
      WHEN is_whole AND len(h) = 13 AND regexp_full_match(h[2], '[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]+(\.[0-9]+)?Z')
      THEN try_cast(h[2] AS TIMESTAMPTZ)
    END AS event_at,
    -- GET https://www.example:443/path?query HTTP/1.1, and of a request that is none "- http://www.example:80- -".
    CASE WHEN regexp_matches(request, '^[A-Z]{3,20} ') THEN split_part(request, ' ', 1) END AS method,
    CASE WHEN regexp_matches(request, ' HTTP/[0-9.]+$') THEN split_part(request, ' ', -1) END AS protocol
  FROM cut
), worded AS (
  SELECT
    * EXCLUDE (request),
    CASE WHEN protocol IS NULL THEN regexp_replace(request, '- -$', '') ELSE left(request, length(request) - length(protocol) - 1) END AS url
  FROM timed
)
SELECT
  line_number,
  CASE WHEN event_at IS NULL THEN line END AS line,
  is_whole AND len(h) = 13 AS is_whole,
  h,
  event_at,
  method,
  protocol,
  regexp_extract(url, '^\S+ [a-z]+://(\[[^\]]*\]|[^/?:\s]*)(?::[0-9]+)?', 1) AS host,
  regexp_replace(url, '^\S+ (?:[a-z]+://(?:\[[^\]]*\]|[^/?:\s]*)(?::[0-9]*)?)?', '') AS target,
  user_agent
FROM worded;

-- @http_request
SELECT
  line_number,
  event_at,
  ip_of(h[4]) AS client_ip,
  nullif(nullif(lower(host), ''), '-') AS host,
  method,
  nullif(nullif(target_path(target), ''), '-') AS path,
  raw_query(target) AS query,
  protocol,
  CASE WHEN try_cast(h[9] AS BIGINT) BETWEEN 100 AND 999 THEN try_cast(h[9] AS BIGINT) END AS status,
  CASE WHEN try_cast(h[12] AS BIGINT) >= 0 THEN try_cast(h[12] AS BIGINT) END AS bytes,
  nullif(nullif(user_agent, '-'), '') AS user_agent
FROM parsed
WHERE event_at IS NOT NULL

-- @reject
SELECT
  line_number,
  CASE
    WHEN NOT is_whole THEN 'the line has not the 12 fields, the request and the user agent of an Application Load Balancer'
    ELSE 'the time ' || left(h[2], 40) || ' is not a date as 2026-11-23T05:00:09.186641Z'
  END AS reason,
  line
FROM parsed
WHERE event_at IS NULL
