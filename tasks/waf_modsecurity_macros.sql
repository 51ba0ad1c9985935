-- The three words of a request line; the target between the first and the last may hold raw spaces.
CREATE OR REPLACE MACRO request_method(line) AS nullif(regexp_extract(line, '^([A-Z][A-Z_-]{1,30}) ', 1), '');
CREATE OR REPLACE MACRO request_protocol(line) AS nullif(regexp_extract(line, ' (HTTP/[0-9.]+)$', 1), '');
CREATE OR REPLACE MACRO request_target(line) AS
  nullif(regexp_replace(regexp_replace(line, '^[A-Z][A-Z_-]{1,30} ', ''), ' HTTP/[0-9.]+$', ''), '');

-- What may be shown of a JSON line that can't be read: nothing of a header or a body.
CREATE OR REPLACE MACRO reject_excerpt(line) AS
  CASE WHEN starts_with(ltrim(line), '{') THEN regexp_extract(left(line, 400), '^(?s:.*?)(?:"(?:headers|body|request|messages?|msg)"|$)') ELSE '' END;

