-- Grain: one row per flaw that is known to be exploited, or scored.
CREATE OR REPLACE VIEW staging.flaw_risk AS
WITH told AS (
  SELECT cve_id, added_date, due_date, is_ransomware, NULL AS epss_score, NULL AS epss_percentile, NULL AS score_date
  FROM (
    SELECT * FROM raw.exploited_vulnerability
    QUALIFY row_number() OVER (PARTITION BY feed, cve_id ORDER BY fetched_at DESC, batch_id DESC) = 1
  )
  WHERE NOT is_gone
  UNION ALL
  SELECT cve_id, NULL, NULL, NULL, epss_score, epss_percentile, score_date
  FROM (
    SELECT * FROM raw.exploit_prediction
    QUALIFY row_number() OVER (PARTITION BY cve_id ORDER BY fetched_at DESC, batch_id DESC) = 1
  )
  WHERE NOT is_gone
)
SELECT
  coalesce(named.flaw_id, told.cve_id) AS flaw_id,
  min(told.added_date) AS exploited_date,
  min(told.due_date) AS due_date,
  bool_or(told.is_ransomware) AS is_ransomware,
  max(told.epss_score) AS epss_score,
  max(told.epss_percentile) AS epss_percentile,
  max(told.score_date) AS score_date
FROM told
LEFT JOIN (SELECT DISTINCT name, flaw_id FROM staging.flaw_name WHERE starts_with(name, 'CVE-')) AS named ON named.name = told.cve_id
GROUP BY ALL;
COMMENT ON VIEW staging.flaw_risk IS 'What is known of the exploitation of a flaw, the worst of all its CVEs. No row is not known, not no.';
COMMENT ON COLUMN staging.flaw_risk.flaw_id IS 'The flaw, as in staging.flaw_name; the CVE where no feed tells of it.';
COMMENT ON COLUMN staging.flaw_risk.exploited_date IS 'Day on which an authority added it to what is exploited.';
COMMENT ON COLUMN staging.flaw_risk.due_date IS 'Day by which authorities must have mended it.';
COMMENT ON COLUMN staging.flaw_risk.is_ransomware IS 'Whether ransomware is known to use it.';
COMMENT ON COLUMN staging.flaw_risk.epss_score IS 'Probability of exploitation within 30 days, 0 to 1.';
COMMENT ON COLUMN staging.flaw_risk.epss_percentile IS 'Share of all flaws with a lower score, 0 to 1.';
COMMENT ON COLUMN staging.flaw_risk.score_date IS 'Day of the score.';
