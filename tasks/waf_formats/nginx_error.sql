-- 2026/11/23 05:00:09 [error] 6546#6546: *29 [client 203.0.113.80] ModSecurity: Access denied .. [unique_id "1"] [ref "v1"],
--   client: 203.0.113.80, server: shop.example, request: "GET / HTTP/1.1", host: "shop.example", referrer: "http://.."
-- nginx and ModSecurity 3 escape nothing: a client can send `[unique_id "` itself, and it is not known any more which one
-- is theirs. Such a line is an event of its own with what stands before all that was sent: time, verb and, where a
-- request was denied, its client.
-- @setup
-- @use waf_modsecurity_macros
CREATE OR REPLACE TEMP TABLE entry AS
WITH started AS (
  SELECT
    line_number,
    line,
    local_at(try_strptime(left(line, 19), '%Y/%m/%d %H:%M:%S')) AS event_at,
    regexp_extract(
      left(line, 200),
      '^.{19} \[[a-z]+\] [0-9]+#[0-9]+: (?:\*[0-9]+ )?(?:((?:limiting requests|limiting connections|delaying request)(?:, dry run)?)[, ]|(?:\[client ([^\]]*)\] )?ModSecurity: ((?:Warning|Access|Pausing)[^.]*\.))',
      ['word', 'client_ip', 'verb']
    ) AS start,
    (length(line) - length(replace(line, '[unique_id "', ''))) // 12 AS id_count
  FROM lines
  WHERE contains(line, 'ModSecurity: ') OR contains(line, 'limiting ') OR contains(line, 'delaying ')
), tailed AS (
  SELECT
    *,
    CASE
      WHEN start.word <> '' THEN regexp_extract(line, '(), client: (.*)$', ['unique_id', 'context'])
      WHEN id_count = 1 THEN regexp_extract(
        split_part(line, '[unique_id "', 2),
        '^([^"]+)"\](?: \[ref "[^"]*"\])?(?: while [A-Za-z -]+)?, client: (.*)$',
        ['unique_id', 'context']
      )
    END AS tail
  FROM started
  WHERE start.word <> '' OR start.verb <> ''
)
SELECT
  line_number,
  line,
  event_at,
  nullif(start.word, '') AS word,
  nullif(start.client_ip, '') AS denied_ip,
  start.verb AS verb,
  id_count,
  nullif(tail.unique_id, '') AS unique_id,
  tail.context AS context,
  regexp_extract(tail.context, ', request: "(.*?)"(?:, (?:subrequest|upstream|host|referrer): "|$)', 1) AS request_line
FROM tailed;

CREATE OR REPLACE TEMP TABLE kept AS
SELECT
  *,
  -- Equal lines without an id are told apart by their number.
  coalesce(unique_id, md5(line) || row_number() OVER (PARTITION BY unique_id, line ORDER BY line_number)) AS key
FROM entry
WHERE event_at IS NOT NULL AND (word IS NOT NULL OR unique_id IS NOT NULL OR id_count > 1);

CREATE OR REPLACE TEMP TABLE request AS
SELECT
  min(line_number) AS line_number,
  key,
  min(event_at) AS event_at,
  true AS is_zone_assumed,
  any_value(unique_id) AS request_id,
  any_value(coalesce(nullif(regexp_extract(context, '^[^,]*'), ''), denied_ip)) AS client_ip,
  any_value(coalesce(
    nullif(regexp_extract(context, ', host: "([^"]*)"', 1), ''),
    nullif(nullif(regexp_extract(context, '^[^,]*, server: ([^,]*),', 1), ''), '_')
  )) AS host,
  NULL::VARCHAR AS user_agent,
  any_value(request_method(request_line)) AS method,
  any_value(request_target(request_line)) AS target,
  any_value(request_protocol(request_line)) AS protocol,
  any_value(CASE
    WHEN word LIKE 'limiting%' AND word NOT LIKE '%dry run' THEN try_cast(getvariable('option_limit_status') AS BIGINT)
  END) AS status,
  any_value(CASE WHEN word LIKE '%dry run' THEN 'detection_only' WHEN word IS NOT NULL THEN 'on' END) AS engine,
  NULL::BOOLEAN AS is_intercepted,
  any_value(word) AS word
FROM kept
GROUP BY key;

CREATE OR REPLACE TEMP TABLE message AS
SELECT
  key,
  line_number AS position,
  CASE WHEN unique_id IS NULL THEN verb ELSE substr(split_part(line, '[unique_id "', 1), strpos(line, 'ModSecurity: ') + 13) END AS text,
  request_line
FROM kept
WHERE word IS NULL;

-- @use waf_modsecurity_text
-- @use waf_modsecurity

-- @reject
SELECT
  line_number,
  CASE
    WHEN event_at IS NULL THEN 'the time ' || left(line, 19) || ' is not a date as 2026/11/23 05:00:09'
    ELSE 'the line is cut before the unique_id of its request, as nginx does with long ones; read the audit log instead'
  END AS reason,
  regexp_extract(left(line, 200), '^[^"(]*') AS line
FROM entry
WHERE event_at IS NULL OR word IS NULL AND unique_id IS NULL AND id_count <= 1
ORDER BY line_number
