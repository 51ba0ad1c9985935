-- @setup
-- @use waf_modsecurity_macros
-- @use waf_modsecurity_native
-- @use waf_modsecurity_text
-- @use waf_modsecurity

-- @reject
SELECT
  line_number,
  'the time ' || left(t.time, 40) || ' of the transaction is not a date as 23/Nov/2026:05:00:09 +0000' AS reason,
  '' AS line
FROM parsed
WHERE event_at IS NULL
ORDER BY line_number
