-- @setup
-- @use w3c_log

CREATE OR REPLACE TEMP TABLE parsed AS
WITH place AS (
  SELECT line_number, len(names) AS width, {
      'date': list_position(names, 'date'),
      'time': list_position(names, 'time'),
      'client_ip': list_position(names, lower(coalesce(getvariable('option_client_ip'), 'c-ip'))),
      'host': coalesce(list_position(names, 'cs-host'), list_position(names, 'cs(host)')),
      'method': list_position(names, 'cs-method'),
      'path': list_position(names, 'cs-uri-stem'),
      'query': list_position(names, 'cs-uri-query'),
      'protocol': list_position(names, 'cs-version'),
      'status': list_position(names, 'sc-status'),
      'bytes': list_position(names, 'sc-bytes'),
      'referrer': list_position(names, 'cs(referer)'),
      'user_agent': list_position(names, 'cs(user-agent)')
    } AS p
  FROM fields
), cut AS (
  SELECT
    entry.line_number,
    entry.line,
    string_split(rtrim(entry.line, ' '), ' ') AS v,
    place.p,
    place.width,
    dates.started_at,
    cell(v, p.time) AS clock,
    coalesce(cell(v, p.date), strftime(started_at, '%Y-%m-%d')) AS day
  FROM entry
  LEFT JOIN place ON place.line_number = entry.fields_line
  LEFT JOIN dates ON dates.line_number = entry.date_line
), timed AS (
  SELECT
    *,
    CASE
      WHEN len(v) = width AND regexp_full_match(day || ' ' || clock, '[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?')
      THEN try_cast(day || ' ' || clock AS TIMESTAMP)
    END AS moment
  FROM cut
)
SELECT
  line_number,
  line,
  v,
  p,
  width,
  clock,
  day,
  -- A log that only has times goes on past midnight.
  CASE WHEN cell(v, p.date) IS NULL AND moment < started_at THEN moment + INTERVAL 1 DAY ELSE moment END AS moment
FROM timed;

-- @http_request
SELECT
  line_number,
  CASE WHEN is_local THEN local_at(moment) ELSE timezone('UTC', moment) END AS event_at,
  is_local AS is_zone_assumed,
  -- An address may have a scope, as fe80::1%4.
  ip_of(regexp_replace(trim(split_part(cell(v, p.client_ip), ',', -1), '+ '), '%.*$', '')) AS client_ip,
  lower(regexp_replace(cell(v, p.host), ':[0-9]+$', '')) AS host,
  cell(v, p.method) AS method,
  cell(v, p.path) AS path,
  cell(v, p.query) AS query,
  cell(v, p.protocol) AS protocol,
  CASE WHEN try_cast(cell(v, p.status) AS BIGINT) BETWEEN 100 AND 999 THEN try_cast(cell(v, p.status) AS BIGINT) END AS status,
  try_cast(cell(v, p.bytes) AS BIGINT) AS bytes,
  cell(v, p.referrer) AS referrer,
  -- Two in a row, or one before an address, are a blank and a plus: "(compatible;++https://a.example/bot)".
  replace(replace(replace(replace(cell(v, p.user_agent), '(+http', '(' || chr(1) || 'http'), '++', ' ' || chr(1)), '+', ' '), chr(1), '+') AS user_agent
FROM (
  SELECT *, coalesce(lower(getvariable('option_utc')) IN ('no', 'false', '0'), false) AS is_local
  FROM parsed
  WHERE moment IS NOT NULL
)

-- @reject
SELECT
  line_number,
  CASE
    WHEN trim(line, chr(0) || ' ') = '' THEN 'the line is room that the server kept free and never wrote to'
    WHEN width IS NULL THEN 'there is no #Fields line before this one; give the whole file'
    WHEN len(v) <> width THEN format('the line has {} fields, the #Fields line before it names {}', len(v), width)
    WHEN clock IS NULL OR day IS NULL THEN 'the line has no date and time; log both fields'
    ELSE 'the time ' || left(day || ' ' || clock, 40) || ' is not a date as 2026-11-23 05:00:09'
  END AS reason,
  line
FROM parsed
WHERE moment IS NULL
