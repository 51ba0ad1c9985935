-- Macros that every log format's SQL may use. Beside them: redact(text) and is_secret_target(target).

-- Class of an OWASP CRS rule by its number: https://coreruleset.org/docs/ (rule ranges). Null for set-up rules and verdicts.
CREATE OR REPLACE MACRO crs_class(rule_id) AS CASE left(rule_id, 3)
  WHEN '911' THEN 'method' WHEN '912' THEN 'dos' WHEN '913' THEN 'scanner'
  WHEN '920' THEN 'protocol' WHEN '921' THEN 'protocol' WHEN '922' THEN 'multipart'
  WHEN '930' THEN 'lfi' WHEN '931' THEN 'rfi' WHEN '932' THEN 'rce' WHEN '933' THEN 'php' WHEN '934' THEN 'nodejs'
  WHEN '941' THEN 'xss' WHEN '942' THEN 'sqli' WHEN '943' THEN 'session' WHEN '944' THEN 'java'
  WHEN '950' THEN 'data_leak' WHEN '951' THEN 'data_leak' WHEN '952' THEN 'data_leak' WHEN '953' THEN 'data_leak'
  WHEN '954' THEN 'data_leak' WHEN '955' THEN 'web_shell' WHEN '956' THEN 'data_leak'
END;

-- Rules that only sum up others: blocking evaluation, outbound evaluation, correlation.
CREATE OR REPLACE MACRO crs_is_verdict(rule_id) AS left(rule_id, 3) IN ('949', '959', '980');

-- Where two classes have the same score the specific one comes first: a lower number is more specific.
CREATE OR REPLACE MACRO class_rank(attack_class) AS CASE attack_class
  WHEN 'web_shell' THEN 1 WHEN 'rce' THEN 2 WHEN 'java' THEN 3 WHEN 'php' THEN 4 WHEN 'nodejs' THEN 5 WHEN 'sqli' THEN 6
  WHEN 'xss' THEN 7 WHEN 'rfi' THEN 8 WHEN 'lfi' THEN 9 WHEN 'session' THEN 10 WHEN 'data_leak' THEN 11
  WHEN 'scanner' THEN 12 WHEN 'dos' THEN 13 WHEN 'multipart' THEN 14 WHEN 'protocol' THEN 15 WHEN 'method' THEN 16
  ELSE 17 END;

-- ModSecurity's severity number in words, and the points that CRS gives for it.
CREATE OR REPLACE MACRO severity_word(severity) AS CASE severity
  WHEN '0' THEN 'emergency' WHEN '1' THEN 'alert' WHEN '2' THEN 'critical' WHEN '3' THEN 'error' WHEN '4' THEN 'warning'
  WHEN '5' THEN 'notice' WHEN '6' THEN 'info' WHEN '7' THEN 'debug' ELSE nullif(lower(severity), '') END;
CREATE OR REPLACE MACRO severity_points(severity) AS CASE severity_word(severity)
  WHEN 'critical' THEN 5 WHEN 'error' THEN 4 WHEN 'warning' THEN 3 WHEN 'notice' THEN 2 END;

-- The two halves of a request target.
CREATE OR REPLACE MACRO target_path(target) AS split_part(target, '?', 1);

-- One header out of a JSON object of headers, whatever its case; of one that was sent twice the first counts.
CREATE OR REPLACE MACRO json_header(headers, header_name) AS coalesce(
  headers ->> ('$."' || header_name || '"'),
  headers ->> ('$."' || lower(header_name) || '"'),
  headers ->> ('$."' || list_filter(json_keys(headers), lambda k: lower(k) = lower(header_name))[1] || '"')
);
CREATE OR REPLACE MACRO raw_query(target) AS
  CASE WHEN strpos(target, '?') > 0 THEN substr(target, strpos(target, '?') + 1) END;

-- An ISO 3166 code, or null where the source says that it does not know.
CREATE OR REPLACE MACRO country_code(text) AS
  CASE WHEN regexp_full_match(upper(text), '[A-Z]{2}') AND upper(text) NOT IN ('XX', 'ZZ') THEN upper(text) END;

-- Unix time in seconds, milliseconds, microseconds or nanoseconds: told apart by its size.
CREATE OR REPLACE MACRO epoch_at(number) AS CASE
  WHEN abs(try_cast(number AS DOUBLE)) < 1e19 THEN to_timestamp(try_cast(number AS DOUBLE) / CASE
    WHEN abs(try_cast(number AS DOUBLE)) < 1e11 THEN 1 WHEN abs(try_cast(number AS DOUBLE)) < 1e14 THEN 1e3
    WHEN abs(try_cast(number AS DOUBLE)) < 1e17 THEN 1e6 ELSE 1e9 END)
END;

-- A time without a zone, in the configured one. The event then says is_zone_assumed.
CREATE OR REPLACE MACRO local_at(moment) AS timezone(getvariable('time_zone'), moment);

-- The bare address of 192.0.2.1, 192.0.2.1:443, 2001:db8::1 and [2001:db8::1]:443; null where it is none.
CREATE OR REPLACE MACRO ip_of(text) AS CASE
  WHEN regexp_full_match(text, '[0-9]{1,3}(\.[0-9]{1,3}){3}(:[0-9]+)?') THEN split_part(text, ':', 1)
  WHEN regexp_full_match(text, '\[[0-9A-Fa-f:.]+\](:[0-9]+)?') THEN regexp_extract(text, '\[(.*)\]', 1)
  WHEN regexp_full_match(text, '[0-9A-Fa-f]*:[0-9A-Fa-f:.]*') THEN text
END;
