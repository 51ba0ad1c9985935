-- @setup
CREATE OR REPLACE TEMP TABLE parsed AS
SELECT
  *,
  -- A request line, where the parts are not logged one by one; an object there is another server's own.
  CASE WHEN starts_with(request, '{') THEN '' ELSE coalesce(request, '') END AS request_line,
  coalesce(
    CASE WHEN regexp_full_match(time, '-?[0-9.]+(e[0-9+]+)?') THEN epoch_at(time) END,
    CASE WHEN regexp_matches(time, '(Z|[+-][0-9]{2}:?[0-9]{2})$') THEN coalesce(
      try_cast(time AS TIMESTAMPTZ), try_strptime(time, ['%d/%b/%Y:%H:%M:%S %z', '%Y-%m-%dT%H:%M:%S%z', '%Y-%m-%dT%H:%M:%S.%f%z']))
    END,
    local_at(try_cast(time AS TIMESTAMP))
  ) AS event_at,
  NOT regexp_matches(time, '(Z|[+-][0-9]{2}:?[0-9]{2})$') AND NOT regexp_full_match(time, '-?[0-9.]+(e[0-9+]+)?') AS is_local
FROM fields();

-- @http_request
SELECT
  line_number,
  event_at,
  coalesce(is_local, false) AS is_zone_assumed,
  coalesce(ip_of(client_ip), client_ip) AS client_ip,
  lower(regexp_replace(host, ':[0-9]+$', '')) AS host,
  coalesce(method, nullif(regexp_extract(request_line, '^([A-Z]{3,20}) ', 1), '')) AS method,
  target_path(coalesce(target, path, asked)) AS path,
  coalesce(query, raw_query(coalesce(target, path, asked))) AS query,
  coalesce(CASE WHEN regexp_full_match(protocol, '[0-9.]+') THEN 'HTTP/' || protocol ELSE protocol END, nullif(regexp_extract(request_line, ' (HTTP/[0-9.]+)$', 1), '')) AS protocol,
  try_cast(status AS BIGINT) AS status,
  try_cast(bytes AS BIGINT) AS bytes,
  nullif(referrer, '-') AS referrer,
  nullif(user_agent, '-') AS user_agent
FROM (
  SELECT *, nullif(regexp_replace(regexp_replace(request_line, '^[A-Z]{3,20} ', ''), ' HTTP/[0-9.]+$', ''), '') AS asked
  FROM parsed
  WHERE event_at IS NOT NULL
)

-- @reject
SELECT lines.line_number, CASE
  WHEN parsed.line_number IS NULL THEN 'the line is not a JSON object'
  ELSE 'no time was found; name its key by the option time' END AS reason, lines.line
FROM lines LEFT JOIN parsed ON parsed.line_number = lines.line_number
WHERE lines.line <> '' AND parsed.event_at IS NULL
