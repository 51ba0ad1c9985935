-- @setup
CREATE OR REPLACE TEMP TABLE parsed AS
WITH named AS (
  -- The line stands before the block, or, in the first one, below #Version.
  SELECT string_split(trim(replace(
    coalesce(nullif(getvariable('header'), ''), (SELECT min_by(line, line_number) FROM lines WHERE starts_with(line, '#Fields:'))), '#Fields:', ''
  )), ' ') AS names
), cut AS (
  SELECT line_number, line, string_split(line, chr(9)) AS v, names
  FROM lines CROSS JOIN named
  WHERE line <> '' AND NOT starts_with(line, '#')
), picked AS (
  SELECT
    line_number,
    line,
    len(v) = len(names) AS is_whole,
    v[list_position(names, 'date')] || ' ' || v[list_position(names, 'time')] AS stamp,
    nullif(v[list_position(names, 'c-ip')], '-') AS client_ip,
    nullif(coalesce(v[list_position(names, 'x-host-header')], v[list_position(names, 'cs(Host)')]), '-') AS host,
    nullif(v[list_position(names, 'cs-method')], '-') AS method,
    nullif(v[list_position(names, 'cs-uri-stem')], '-') AS path,
    nullif(v[list_position(names, 'cs-uri-query')], '-') AS query,
    nullif(v[list_position(names, 'cs-protocol-version')], '-') AS protocol,
    -- 000: the client went before there was an answer.
    nullif(try_cast(v[list_position(names, 'sc-status')] AS BIGINT), 0) AS status,
    try_cast(v[list_position(names, 'sc-bytes')] AS BIGINT) AS bytes,
    nullif(v[list_position(names, 'cs(Referer)')], '-') AS referrer,
    nullif(v[list_position(names, 'cs(User-Agent)')], '-') AS user_agent,
    country_code(v[list_position(names, 'c-country')]) AS country
  FROM cut
)
SELECT
  * EXCLUDE (user_agent, referrer),
  coalesce(TRY(url_decode(TRY(url_decode(user_agent)))), user_agent) AS user_agent,
  coalesce(TRY(url_decode(referrer)), referrer) AS referrer,
  CASE WHEN is_whole THEN timezone('UTC', try_strptime(stamp, '%Y-%m-%d %H:%M:%S')) END AS event_at
FROM picked;

-- @http_request
SELECT line_number, event_at, client_ip, country, host, method, path, query, protocol, status, bytes, referrer, user_agent
FROM parsed
WHERE event_at IS NOT NULL

-- @reject
SELECT
  line_number,
  CASE
    WHEN is_whole IS NULL THEN 'there is no #Fields line before this one: the file must be whole'
    WHEN NOT is_whole THEN 'the line has not as many fields as the #Fields line names'
    ELSE 'the time ' || coalesce(left(stamp, 40), 'is missing and') || ' is not a date as 2026-11-23 05:00:09'
  END AS reason,
  line
FROM parsed
WHERE event_at IS NULL
