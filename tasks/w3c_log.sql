-- A W3C extended log, and what the directives before each line say: https://www.w3.org/TR/WD-logfile.html
-- `entry` has the lines that are no directives; its `fields_line` and `date_line` join `fields`, the names of the cells in
-- lower case, and `dates`, the day that holds where the lines only have a time. Those before the block are in line 0.
CREATE OR REPLACE TEMP TABLE directive AS
SELECT 0 AS line_number, unnest(string_split(getvariable('header'), chr(10))) AS line
UNION ALL
SELECT line_number, line FROM lines WHERE starts_with(line, '#');

CREATE OR REPLACE TEMP TABLE fields AS
SELECT line_number, string_split_regex(lower(trim(substr(line, 9))), '\s+') AS names
FROM directive
WHERE starts_with(line, '#Fields:');

CREATE OR REPLACE TEMP TABLE dates AS
SELECT line_number, try_strptime(left(trim(substr(line, 7)), 19), ['%Y-%m-%d %H:%M:%S', '%Y-%m-%d']) AS started_at
FROM directive
WHERE regexp_matches(line, '^#Date: *[0-9]{4}-');

CREATE OR REPLACE TEMP TABLE entry AS
SELECT line_number, line, fields_line, date_line
FROM (
  SELECT
    line_number,
    line,
    coalesce(max(CASE WHEN starts_with(line, '#Fields:') THEN line_number END) OVER before, 0) AS fields_line,
    coalesce(max(CASE WHEN regexp_matches(line, '^#Date: *[0-9]{4}-') THEN line_number END) OVER before, 0) AS date_line
  FROM lines
  WINDOW before AS (ORDER BY line_number ROWS UNBOUNDED PRECEDING)
)
WHERE line <> '' AND NOT starts_with(line, '#');

CREATE OR REPLACE MACRO cell(v, place) AS nullif(nullif(v[place], '-'), '');
