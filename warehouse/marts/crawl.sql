-- Grain: one row per crawl of a site.
CREATE OR REPLACE VIEW marts.crawl AS
WITH asked AS (
  SELECT
    run_id,
    count(*) FILTER (kind = 'page' AND outcome = 'ok') AS page_count,
    count(*) FILTER (outcome = 'broken') AS broken_count,
    count(*) FILTER (outcome = 'ok') AS ok_count,
    count(*) FILTER (outcome = 'not_known') AS unknown_count,
    count(DISTINCT kind || url) AS address_count
  FROM (FROM raw.crawled_page QUALIFY row_number() OVER (PARTITION BY run_id, url, kind ORDER BY batch_id) = 1)
  GROUP BY run_id
), wrong AS (
  SELECT run_id, count(DISTINCT issue_key) AS issue_count FROM raw.crawl_issue GROUP BY run_id
)
SELECT
  run.site_id,
  run.source_id,
  run.run_id,
  run.run_date AS day_date,
  run.started_at,
  run.outcome,
  run.cause,
  run.message,
  coalesce(asked.page_count, 0) AS page_count,
  coalesce(asked.address_count, 0) AS address_count,
  coalesce(asked.ok_count, 0) AS ok_count,
  coalesce(asked.broken_count, 0) AS broken_count,
  coalesce(asked.unknown_count, 0) AS unknown_count,
  CASE WHEN run.outcome IN ('complete', 'incomplete') THEN coalesce(wrong.issue_count, 0) END AS issue_count,
  run.outcome IN ('complete', 'incomplete') AS is_read,
  lead(run.started_at) OVER (PARTITION BY run.site_id, run.source_id ORDER BY run.started_at, run.run_id) IS NULL AS is_newest
FROM staging.audit_run AS run
LEFT JOIN asked USING (run_id)
LEFT JOIN wrong USING (run_id)
WHERE run.auditor = 'crawl';
COMMENT ON VIEW marts.crawl IS 'Crawls of sites and how much they could see. What a crawl did not ask, or got no clear answer of, is not known: neither broken nor fine.';
COMMENT ON COLUMN marts.crawl.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.crawl.source_id IS 'Source within the site.';
COMMENT ON COLUMN marts.crawl.run_id IS 'Run, as in raw.audit_run.';
COMMENT ON COLUMN marts.crawl.day_date IS 'Day of its start in the zone of the site.';
COMMENT ON COLUMN marts.crawl.started_at IS 'When it started, UTC.';
COMMENT ON COLUMN marts.crawl.outcome IS 'complete; incomplete, a limit was reached; error or unknown, the site could not be read.';
COMMENT ON COLUMN marts.crawl.cause IS 'Why not complete: a word of tasks/audits.py.';
COMMENT ON COLUMN marts.crawl.message IS 'The same in words.';
COMMENT ON COLUMN marts.crawl.page_count IS 'Pages that were read.';
COMMENT ON COLUMN marts.crawl.address_count IS 'Addresses that the crawl came upon, those that were not asked included.';
COMMENT ON COLUMN marts.crawl.ok_count IS 'Addresses that answered as they should.';
COMMENT ON COLUMN marts.crawl.broken_count IS 'Addresses that are broken.';
COMMENT ON COLUMN marts.crawl.unknown_count IS 'Addresses that were not asked or gave no clear answer.';
COMMENT ON COLUMN marts.crawl.issue_count IS 'Issues found; null where the site could not be read.';
COMMENT ON COLUMN marts.crawl.is_read IS 'Whether pages were read: only then a missing issue says something.';
COMMENT ON COLUMN marts.crawl.is_newest IS 'Whether no later crawl is known.';
