-- A file uses few of the names that `candidate` knows: of each column the best four whose first key is in the block are
-- looked up in one go, as values 1 to 52, in the order of the columns in `slot`.
-- @setup
CREATE OR REPLACE TEMP TABLE present AS
SELECT DISTINCT unnest(keys) AS name
FROM (SELECT DISTINCT TRY(json_keys(line)) AS keys FROM lines WHERE line <> '');

SET VARIABLE pointers = (
  WITH slot AS (
    SELECT unnest(['time', 'client_ip', 'method', 'path', 'query', 'target', 'request', 'status', 'bytes', 'referrer', 'user_agent',
      'host', 'protocol']) AS column_name, unnest(range(13)) AS place
  ), chosen AS (
    SELECT column_name, list(pointer ORDER BY rank) AS pointers
    FROM candidate
    WHERE replace(replace(split_part(pointer, '/', 2), '~1', '/'), '~0', '~') IN (SELECT name FROM present)
    GROUP BY column_name
  )
  SELECT list(coalesce(pointers[item], '/~0') ORDER BY place, item)
  FROM slot LEFT JOIN chosen USING (column_name) CROSS JOIN range(1, 5) AS items (item)
);

CREATE OR REPLACE MACRO scalar(text) AS CASE
  WHEN text IN ('', '-') THEN NULL
  WHEN starts_with(text, '{') THEN CASE WHEN NOT json_valid(text) THEN text END
  ELSE text
END;
CREATE OR REPLACE MACRO picked(v, place) AS
  coalesce(scalar(v[4 * place - 3]), scalar(v[4 * place - 2]), scalar(v[4 * place - 1]), scalar(v[4 * place]));
-- A short number is no time: some call a duration `msec`.
CREATE OR REPLACE MACRO moment(text) AS CASE WHEN NOT regexp_full_match(text, '[0-9]{1,8}(\.[0-9]*)?') THEN scalar(text) END;
-- DuckDB takes "infinity" and "epoch" for times, whatever the format.
CREATE OR REPLACE MACRO spelt(text) AS CASE WHEN regexp_matches(text, '[0-9]:[0-9]') THEN text END;

CREATE OR REPLACE TEMP TABLE parsed AS
WITH document AS (
  SELECT
    line_number,
    line,
    TRY(json_extract_string(line, getvariable('pointers'))) AS v
  FROM lines
  WHERE line <> ''
), cut AS (
  SELECT
    line_number,
    line,
    {
      'time': coalesce(moment(v[1]), moment(v[2]), moment(v[3]), moment(v[4])), 'client_ip': picked(v, 2), 'method': picked(v, 3), 'path': picked(v, 4), 'query': picked(v, 5),
      'target': picked(v, 6), 'request': picked(v, 7), 'status': picked(v, 8), 'bytes': picked(v, 9),
      'referrer': picked(v, 10), 'user_agent': picked(v, 11), 'host': picked(v, 12), 'protocol': picked(v, 13)
    } AS f
  FROM document
), stamped AS (
  SELECT
    *,
    trim(f.time, '[]') AS stamp
  FROM cut
), timed AS (
  SELECT
    *,
    CASE
      WHEN regexp_full_match(stamp, '[0-9]{9,}(\.[0-9]*)?') THEN epoch_at(stamp)
      WHEN regexp_full_match(stamp, '[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:]+([.,][0-9]+)? ?(Z|UTC|[+-][0-9]{2}(:?[0-9]{2})?)')
        THEN try_cast(replace(stamp, ',', '.') AS TIMESTAMPTZ)
      ELSE try_strptime(spelt(stamp), ['%d/%b/%Y:%H:%M:%S %z', '%d/%b/%Y:%H:%M:%S.%f %z', '%a, %d %b %Y %H:%M:%S %Z'])
    END AS zoned_at
  FROM stamped
), worded AS (
  SELECT
    *,
    CASE
      WHEN zoned_at IS NOT NULL THEN zoned_at
      WHEN regexp_full_match(stamp, '[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:]+([.,][0-9]+)?')
        THEN local_at(try_cast(replace(stamp, ',', '.') AS TIMESTAMP))
      ELSE local_at(try_strptime(spelt(stamp), ['%d/%b/%Y:%H:%M:%S', '%d/%b/%Y:%H:%M:%S.%f', '%Y/%m/%d %H:%M:%S', '%Y/%m/%d %H:%M:%S.%f']))
    END AS event_at,
    coalesce(f.method, f.request, f.status, f.target, f.path) IS NOT NULL AS is_request,
    -- The protocol is the last word where there is one; the target between may hold raw spaces.
    CASE WHEN regexp_matches(f.request, '^[A-Z]{3,20} .') THEN split_part(f.request, ' ', 1) END AS verb,
    CASE WHEN regexp_matches(f.request, ' HTTP/[0-9.]+$') THEN split_part(f.request, ' ', -1) END AS version
  FROM timed
)
SELECT
  line_number,
  CASE WHEN event_at IS NULL OR NOT is_request THEN line END AS line,
  f,
  stamp,
  event_at,
  is_request,
  zoned_at IS NULL AS is_zone_assumed,
  coalesce(f.method, verb) AS method,
  coalesce(
    regexp_replace(f.target, '^https?://[^/?]+', ''),
    CASE
      WHEN verb IS NULL THEN redact(f.request)
      WHEN version IS NULL THEN substr(f.request, length(verb) + 2)
      ELSE substr(f.request, length(verb) + 2, length(f.request) - length(verb) - length(version) - 2)
    END
  ) AS target,
  CASE
    WHEN regexp_full_match(f.protocol, 'HTTP/[0-9.]+') THEN f.protocol
    WHEN regexp_full_match(f.protocol, '[0-9](\.[0-9])?') THEN 'HTTP/' || f.protocol
    ELSE version
  END AS protocol
FROM worded;

-- @http_request
SELECT
  line_number,
  event_at,
  is_zone_assumed,
  ip_of(trim(split_part(f.client_ip, ',', -1))) AS client_ip,
  lower(regexp_replace(f.host, ':[0-9]+$', '')) AS host,
  method,
  target_path(coalesce(f.path, target)) AS path,
  coalesce(raw_query(target), raw_query(f.path), ltrim(f.query, '?')) AS query,
  protocol,
  CASE WHEN try_cast(f.status AS BIGINT) BETWEEN 100 AND 999 THEN try_cast(f.status AS BIGINT) END AS status,
  CASE WHEN try_cast(f.bytes AS BIGINT) >= 0 THEN try_cast(f.bytes AS BIGINT) END AS bytes,
  f.referrer AS referrer,
  f.user_agent AS user_agent
FROM parsed
WHERE event_at IS NOT NULL AND is_request

-- @reject
SELECT
  line_number,
  CASE
    WHEN NOT json_valid(line) OR NOT starts_with(ltrim(line), '{') THEN 'the line is not a JSON object'
    WHEN NOT is_request THEN 'the line has no method, request, path or status; if it is a request, name its keys with the options'
    WHEN stamp IS NULL THEN 'the line has no time under a known name; name its key with the option time'
    ELSE 'the time ' || left(stamp, 40) || ' is none of ISO 8601, Unix time and 23/Nov/2026:05:00:09 +0000'
  END AS reason,
  line
FROM parsed
WHERE event_at IS NULL OR NOT is_request
