CREATE OR REPLACE TEMP TABLE parsed AS
WITH cut AS (
  SELECT
    line_number,
    line,
    cut_line(line) AS f
  FROM lines
  WHERE line <> ''
), timed AS (
  SELECT
    line_number,
    line,
    f,
    time_of(f) AS event_at,
    -- The protocol is the last word where there is one; the target between may hold raw spaces.
    CASE WHEN regexp_matches(f.request, '^[A-Z]{3,20} .') THEN split_part(f.request, ' ', 1) END AS verb,
    CASE WHEN regexp_matches(f.request, ' HTTP/[0-9.]+$') THEN split_part(f.request, ' ', -1) END AS version
  FROM cut
)
SELECT
  line_number,
  CASE WHEN event_at IS NULL THEN line END AS line,
  f,
  event_at,
  nullif(nullif(f.method, ''), '-') AS method,
  nullif(nullif(f.protocol, ''), '-') AS protocol,
  verb,
  version,
  coalesce(
    nullif(nullif(f.target, ''), '-'),
    nullif(CASE
      WHEN verb IS NULL THEN redact(nullif(f.request, '-'))
      WHEN version IS NULL THEN substr(f.request, length(verb) + 2)
      ELSE substr(f.request, length(verb) + 2, length(f.request) - length(verb) - length(version) - 2)
    END, '')
  ) AS target
FROM timed;

-- @http_request
SELECT
  line_number,
  event_at,
  is_unzoned() AS is_zone_assumed,
  -- Of a list of addresses the last one counts: the nearest proxy wrote it, the others anyone can claim.
  coalesce(ip_of(f.client_ip), ip_of(trim(split_part(f.forwarded, ',', -1)))) AS client_ip,
  nullif(nullif(nullif(lower(regexp_replace(f.host, ':[0-9]+$', '')), ''), '-'), '_') AS host,
  coalesce(method, verb) AS method,
  coalesce(nullif(target_path(nullif(f.path, '-')), ''), target_path(target)) AS path,
  coalesce(nullif(ltrim(nullif(f.query, '-'), '?'), ''), raw_query(target)) AS query,
  coalesce(protocol, version) AS protocol,
  CASE WHEN try_cast(f.status AS BIGINT) BETWEEN 100 AND 999 THEN try_cast(f.status AS BIGINT) END AS status,
  try_cast(f.bytes AS BIGINT) AS bytes,
  nullif(nullif(f.referrer, ''), '-') AS referrer,
  nullif(nullif(f.user_agent, ''), '-') AS user_agent
FROM parsed
WHERE event_at IS NOT NULL

-- @reject
SELECT
  line_number,
  CASE
    WHEN stamp_of(f) SIMILAR TO '[ .]*' THEN 'the line is not as the option log_format says'
    ELSE 'the time ' || left(stamp_of(f), 40) || ' is not a date as the option log_format says'
  END AS reason,
  line
FROM parsed
WHERE event_at IS NULL
