-- @setup
-- @use w3c_log

-- Takes one level of CloudFront's own encoding off.
CREATE OR REPLACE MACRO sent(text) AS CASE WHEN contains(text, '%') THEN coalesce(TRY(url_decode(text)), text) ELSE text END;
-- A user agent has blanks: without one it is still encoded, as before 2019 and by some exports.
CREATE OR REPLACE MACRO agent(text) AS CASE
  WHEN contains(text, ' ') THEN text
  WHEN contains(text, '%2520') THEN sent(sent(text))
  ELSE sent(text)
END;

CREATE OR REPLACE TEMP TABLE raw_request AS
WITH named AS (
  -- Files of the output format Plain have no #Fields line.
  SELECT line_number, names FROM fields
  UNION ALL
  SELECT 0, string_split_regex(lower(trim(getvariable('option_fields'))), '[\s,]+')
  WHERE getvariable('option_fields') IS NOT NULL AND NOT EXISTS (FROM fields WHERE line_number = 0)
), place AS (
  SELECT line_number, len(names) AS width, {
      'date': list_position(names, 'date'),
      'time': list_position(names, 'time'),
      'epoch': coalesce(list_position(names, 'timestamp(ms)'), list_position(names, 'timestamp')),
      'client_ip': list_position(names, lower(coalesce(getvariable('option_client_ip'), 'c-ip'))),
      'asn': list_position(names, 'asn'),
      'country': list_position(names, 'c-country'),
      'asked_host': list_position(names, 'x-host-header'),
      'host': list_position(names, 'cs(host)'),
      'method': list_position(names, 'cs-method'),
      'path': list_position(names, 'cs-uri-stem'),
      'query': list_position(names, 'cs-uri-query'),
      'protocol': list_position(names, 'cs-protocol-version'),
      'status': list_position(names, 'sc-status'),
      'bytes': list_position(names, 'sc-bytes'),
      'referrer': list_position(names, 'cs(referer)'),
      'user_agent': list_position(names, 'cs(user-agent)')
    } AS p
  FROM named
), cut AS (
  SELECT
    entry.line_number,
    entry.line,
    -- The delimiter of v2 is free: a tab where there is one.
    string_split(entry.line, CASE WHEN contains(entry.line, chr(9)) THEN chr(9) ELSE ' ' END) AS v,
    place.p,
    place.width
  FROM entry LEFT JOIN place ON place.line_number = entry.fields_line
  WHERE NOT starts_with(entry.line, '{')
), document AS (
  SELECT line_number, line, TRY(json_extract_string(line, [
      '/date', '/time', '/timestamp(ms)', '/timestamp', '/c-ip', '/asn', '/c-country', '/x-host-header', '/cs(Host)', '/cs-method',
      '/cs-uri-stem', '/cs-uri-query', '/cs-protocol-version', '/sc-status', '/sc-bytes', '/cs(Referer)', '/cs(User-Agent)',
      '/' || coalesce(getvariable('option_client_ip'), 'c-ip')])) AS v
  FROM entry
  WHERE starts_with(line, '{')
)
SELECT
  line_number,
  line,
  CASE WHEN len(v) = width THEN 'whole' WHEN width IS NULL THEN 'unnamed' ELSE format('the line has {} fields, the #Fields line before it names {}', len(v), width) END AS shape,
  cell(v, p.date) || ' ' || cell(v, p.time) AS stamp,
  cell(v, p.epoch) AS epoch,
  cell(v, p.client_ip) AS client_ip,
  cell(v, p.asn) AS asn,
  cell(v, p.country) AS country,
  coalesce(cell(v, p.asked_host), cell(v, p.host)) AS host,
  cell(v, p.method) AS method,
  cell(v, p.path) AS path,
  cell(v, p.query) AS query,
  cell(v, p.protocol) AS protocol,
  cell(v, p.status) AS status,
  cell(v, p.bytes) AS bytes,
  cell(v, p.referrer) AS referrer,
  cell(v, p.user_agent) AS user_agent
FROM cut
UNION ALL
SELECT
  line_number,
  line,
  CASE WHEN v IS NULL THEN 'no json' ELSE 'whole' END,
  cell(v, 1) || ' ' || cell(v, 2),
  coalesce(cell(v, 3), cell(v, 4)),
  cell(v, 18),
  cell(v, 6),
  cell(v, 7),
  coalesce(cell(v, 8), cell(v, 9)),
  cell(v, 10),
  cell(v, 11),
  cell(v, 12),
  cell(v, 13),
  cell(v, 14),
  cell(v, 15),
  cell(v, 16),
  cell(v, 17)
FROM document;

CREATE OR REPLACE TEMP TABLE parsed AS
SELECT
  *,
  CASE
    WHEN shape <> 'whole' THEN NULL
    WHEN regexp_full_match(stamp, '[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}') THEN timezone('UTC', try_cast(stamp AS TIMESTAMP))
    WHEN regexp_full_match(epoch, '[0-9]{9,}(\.[0-9]+)?') THEN epoch_at(epoch)
  END AS event_at
FROM raw_request;

-- @http_request
SELECT
  line_number,
  event_at,
  ip_of(trim(split_part(sent(client_ip), ',', -1))) AS client_ip,
  try_cast(asn AS BIGINT) AS asn,
  country_code(country) AS country,
  lower(regexp_replace(sent(host), ':[0-9]+$', '')) AS host,
  method,
  sent(path) AS path,
  sent(query) AS query,
  protocol,
  CASE WHEN try_cast(status AS BIGINT) BETWEEN 100 AND 999 THEN try_cast(status AS BIGINT) END AS status,
  try_cast(bytes AS BIGINT) AS bytes,
  sent(referrer) AS referrer,
  agent(user_agent) AS user_agent
FROM parsed
WHERE event_at IS NOT NULL

-- @reject
SELECT
  line_number,
  CASE
    WHEN shape = 'no json' THEN 'the line is not a JSON object'
    WHEN shape = 'unnamed' THEN 'there is no #Fields line before this one; give the whole file, or the option fields'
    WHEN shape <> 'whole' THEN shape
    WHEN stamp IS NULL AND epoch IS NULL THEN 'the line has no date and time; log date and time, or timestamp(ms)'
    ELSE 'the time ' || left(coalesce(stamp, epoch), 40) || ' is not a date as 2026-11-23 05:00:09'
  END AS reason,
  line
FROM parsed
WHERE event_at IS NULL
