-- What ModSecurity and Coraza say of a rule is one sentence with fields behind it:
--   Warning. Pattern match "..." at ARGS:q. [file "..."] [line "1"] [id "942100"] [msg "..."] [data "..."] [severity "CRITICAL"] ..
-- From `message(key, position, text, request_line)` to `rule_match`, one row a sentence. The fields begin at the last
-- [file "..."]: what a client sent stands before it, or is escaped behind it. Only ModSecurity 3 repeats the path without
-- escapes: where the path holds such a field too (`request_line` is given there), the fields begin at the first one.
CREATE OR REPLACE TEMP TABLE rule_match AS
WITH split AS (
  SELECT
    key,
    position,
    text,
    CASE
      WHEN NOT contains(text, ' [file "') THEN length(text) + 1
      WHEN contains(coalesce(TRY(url_decode(request_line)), request_line), '[file "')
      THEN strpos(text, ' [file "')
      ELSE length(text) - length(split_part(text, ' [file "', -1)) - 7
    END AS fields_at
  FROM message
), cut AS (
  SELECT
    key,
    position,
    left(text, 200) AS start,
    left(text, fields_at - 1) AS sentence,
    split_part(substr(text, fields_at), ' [hostname "', 1) AS fields
  FROM split
)
SELECT
  key,
  position,
  nullif(regexp_extract(
    start,
    '^(?:Warning|Access denied(?: with (?:redirection|connection close)| using proxy)?|Access (?:dropped|redirected|allowed)|Access to (?:phase|request) allowed|Pausing transaction|Custom disruptive action triggered)\b'
  ), '') AS verb,
  try_cast(regexp_extract(start, '^Access denied with (?:code|redirection to [^ ]+ using status) ([0-9]{3})\b', 1) AS BIGINT) AS code,
  try_cast(regexp_extract(start, '^[^.]*\(phase ([0-9])\)', 1) AS BIGINT) AS phase,
  nullif(regexp_extract(fields, ' \[id "([0-9]+)"\]', 1), '') AS rule_id,
  nullif(replace(regexp_extract(fields, ' \[msg "((?:[^"\\]|\\.|"+[^"\]])*"*?)"\]', 1), '\"', '"'), '') AS message,
  nullif(replace(regexp_extract(fields, ' \[data "((?:[^"\\]|\\.|"+[^"\]])*"*?)"\]', 1), '\"', '"'), '') AS data,
  nullif(regexp_extract(sentence, '\(Value: `((?s:.*))'' \)$', 1), '') AS value,
  coalesce(
    nullif(regexp_extract(sentence, 'against variable `((?s:.*?))'' \(Value: `', 1), ''),
    nullif(regexp_extract(sentence, ' at ([A-Z][A-Z_]+(?::(?s:.*))?)\.$', 1), ''),
    nullif(regexp_extract(sentence, ' against "([^"]*)" required\.$', 1), ''),
    nullif(regexp_extract(sentence, ' byte\(s\) in ((?s:.*)) outside range: ', 1), '')
  ) AS target,
  nullif(regexp_extract(fields, ' \[severity "([A-Za-z0-9]+)"\]', 1), '') AS severity,
  nullif(regexp_extract(fields, ' \[ver "([^"]*)"\]', 1), '') AS ver,
  regexp_extract_all(fields, ' \[tag "((?:[^"\\]|\\.)*)"\]', 1) AS tags,
  try_cast(coalesce(
    nullif(regexp_extract(sentence, 'with parameter `([0-9]+)'' against variable `TX:', 1), ''),
    nullif(regexp_extract(sentence, 'Operator G[ET] matched ([0-9]+) at TX:', 1), '')
  ) AS BIGINT) AS threshold
FROM cut;
