-- [Mon Nov 23 00:00:09.511945 2026] [security2:error] [pid 6558:tid 6578] [client 203.0.113.80:0] [client 203.0.113.80]
--   ModSecurity: Warning. Pattern match .. [hostname "shop.example"] [uri "/"] [unique_id "a"], referer: http://..
-- Apache doubles the backslashes of ModSecurity's own escapes, and escapes no quotes: a client can send `[unique_id "`
-- in a name or a referrer, and it is not known any more which one is ModSecurity's. Such a line is an event of its own
-- with what stands before all that was sent: time, client and verb.
-- @setup
-- @use waf_modsecurity_macros
CREATE OR REPLACE TEMP TABLE entry AS
WITH started AS (
  SELECT
    line_number,
    line,
    local_at(try_strptime(
      replace(regexp_extract(left(line, 60), '^\[([^\]]*)\] \[', 1), '  ', ' '),
      ['%a %b %d %H:%M:%S.%f %Y', '%a %b %d %H:%M:%S %Y', '%Y-%m-%d %H:%M:%S.%f', '%Y-%m-%d %H:%M:%S']
    )) AS event_at,
    regexp_extract(
      left(line, 400), '^\[[^"]*\[client ([^\] ]*)\] ModSecurity: ((?:Warning|Access|Pausing)[^.]*\.)', ['client_ip', 'verb']
    ) AS start,
    (length(line) - length(replace(line, '[unique_id "', ''))) // 12 AS id_count
  FROM lines
  WHERE contains(line, '] ModSecurity: ')
), halved AS (
  -- Before the id, with ModSecurity's own escapes; and from the id on.
  SELECT
    *,
    CASE WHEN id_count = 1 THEN replace(split_part(line, '[unique_id "', 1), '\\', '\') END AS head,
    CASE WHEN id_count = 1 THEN nullif(regexp_extract(split_part(line, '[unique_id "', 2), '^([^"]+)"\]', 1), '') END AS unique_id
  FROM started
  WHERE start.verb <> ''
), placed AS (
  SELECT
    *,
    regexp_extract(
      split_part(head, ' [hostname "', -1), '^((?:[^"\\]|\\.)*)"\] \[uri "((?:[^"\\]|\\.)*)"\] $', ['host', 'path']
    ) AS place
  FROM halved
)
SELECT
  line_number,
  line,
  event_at,
  start.client_ip AS client_ip,
  start.verb AS verb,
  id_count,
  unique_id,
  substr(head, strpos(head, 'ModSecurity: ') + 13) AS text,
  nullif(place.host, '') AS host,
  nullif(replace(place.path, '\"', '"'), '') AS path
FROM placed;

CREATE OR REPLACE TEMP TABLE kept AS
SELECT
  *,
  -- Equal lines without an id are told apart by their number.
  coalesce(unique_id, md5(line) || row_number() OVER (PARTITION BY unique_id, line ORDER BY line_number)) AS key
FROM entry
WHERE event_at IS NOT NULL AND (unique_id IS NOT NULL OR id_count > 1);

CREATE OR REPLACE TEMP TABLE request AS
SELECT
  min(line_number) AS line_number,
  key,
  min(event_at) AS event_at,
  true AS is_zone_assumed,
  any_value(unique_id) AS request_id,
  any_value(client_ip) AS client_ip,
  any_value(host) AS host,
  NULL::VARCHAR AS user_agent,
  NULL::VARCHAR AS method,
  any_value(path) AS target,
  NULL::VARCHAR AS protocol,
  NULL::BIGINT AS status,
  NULL::VARCHAR AS engine,
  NULL::BOOLEAN AS is_intercepted,
  NULL::VARCHAR AS word
FROM kept
GROUP BY key;

CREATE OR REPLACE TEMP TABLE message AS
SELECT key, line_number AS position, CASE WHEN unique_id IS NULL THEN verb ELSE text END AS text, NULL::VARCHAR AS request_line
FROM kept;

-- @use waf_modsecurity_text
-- @use waf_modsecurity

-- @reject
SELECT
  line_number,
  CASE
    WHEN event_at IS NULL THEN 'the line has no time as [Mon Nov 23 05:00:09.511945 2026]'
    ELSE 'the line is cut before the unique_id of its request, as Apache does with long ones; read the audit log instead'
  END AS reason,
  regexp_extract(left(line, 200), '^[^"(]*') AS line
FROM entry
WHERE event_at IS NULL OR unique_id IS NULL AND id_count <= 1
ORDER BY line_number
