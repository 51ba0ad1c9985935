-- Grain: one row per site, source, issue that a crawl found and time for which it lasted.
CREATE OR REPLACE VIEW marts.crawl_issue AS
WITH issue AS (
  FROM raw.crawl_issue
  QUALIFY row_number() OVER (PARTITION BY run_id, issue_key ORDER BY batch_id) = 1
), named AS (
  SELECT
    site_id,
    source_id,
    issue_key,
    any_value(kind) AS kind,
    any_value(page_url) AS page_url,
    any_value(target) AS target,
    min(crawled_at) AS first_at
  FROM issue
  GROUP BY site_id, source_id, issue_key
), page AS (
  SELECT DISTINCT run_id, unnest([url, coalesce(final_url, url)]) AS page_url
  FROM raw.crawled_page WHERE kind = 'page' AND outcome = 'ok'
), doubt AS (
  SELECT DISTINCT run_id, left(url, 500) AS target FROM raw.crawled_page WHERE outcome <> 'ok'
), looked AS (
  -- What a later crawl says of an issue: there; gone, where its page was read and its target is not in doubt; or nothing.
  SELECT
    named.*,
    crawl.run_id,
    crawl.started_at,
    crawl.day_date,
    issue.detail,
    issue.issue_key IS NOT NULL AS is_there,
    issue.issue_key IS NULL AND doubt.run_id IS NULL AND (
      page.run_id IS NOT NULL OR named.kind IN ('soft_404', 'robots_invalid', 'robots_closed', 'sitemap_missing', 'sitemap_invalid', 'sitemap_entry')
    ) AS is_gone
  FROM named
  JOIN marts.crawl AS crawl
    ON crawl.site_id = named.site_id AND crawl.source_id = named.source_id AND crawl.is_read AND crawl.started_at >= named.first_at
  LEFT JOIN issue ON issue.run_id = crawl.run_id AND issue.issue_key = named.issue_key
  LEFT JOIN page ON page.run_id = crawl.run_id AND page.page_url = named.page_url
  LEFT JOIN doubt ON doubt.run_id = crawl.run_id AND doubt.target = CASE named.target WHEN '' THEN named.page_url ELSE named.target END
), stretch AS (
  SELECT *, count(*) FILTER (is_gone) OVER (
      PARTITION BY site_id, source_id, issue_key ORDER BY started_at, run_id ROWS UNBOUNDED PRECEDING
    ) AS gone_count
  FROM looked
  WHERE is_there OR is_gone
), spoken AS (
  SELECT *, is_gone AND lag(is_there) OVER crawl_before AS is_end, gone_count - CASE WHEN is_gone THEN 1 ELSE 0 END AS number
  FROM stretch
  WINDOW crawl_before AS (PARTITION BY site_id, source_id, issue_key ORDER BY started_at, run_id)
)
SELECT
  site_id,
  source_id,
  issue_key,
  kind,
  page_url,
  target,
  arg_max(detail, started_at) FILTER (is_there) AS detail,
  min(day_date) FILTER (is_there) AS seen_date,
  max(day_date) FILTER (is_there) AS last_seen_date,
  min(day_date) FILTER (is_end) AS fixed_date,
  bool_or(number > 0 AND is_there) AS is_back
FROM spoken
GROUP BY site_id, source_id, issue_key, kind, page_url, target, number
HAVING bool_or(is_there);
COMMENT ON VIEW marts.crawl_issue IS 'What crawls found wrong, since when and until when. An issue is fixed only where a later crawl read its page and its target is not in doubt; what comes again is a new time.';
COMMENT ON COLUMN marts.crawl_issue.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.crawl_issue.source_id IS 'Source within the site.';
COMMENT ON COLUMN marts.crawl_issue.issue_key IS 'What it is known by again: hash of kind, page and target.';
COMMENT ON COLUMN marts.crawl_issue.kind IS 'Kind of issue: a word of tasks/crawl_issues.py.';
COMMENT ON COLUMN marts.crawl_issue.page_url IS 'Page on which it is.';
COMMENT ON COLUMN marts.crawl_issue.target IS 'What it is about. Text from outside.';
COMMENT ON COLUMN marts.crawl_issue.detail IS 'What was seen last. Text from outside.';
COMMENT ON COLUMN marts.crawl_issue.seen_date IS 'Day of the first crawl that found it, in the zone of the site.';
COMMENT ON COLUMN marts.crawl_issue.last_seen_date IS 'Day of the last crawl that found it.';
COMMENT ON COLUMN marts.crawl_issue.fixed_date IS 'Day of the first crawl that no longer found it and could have; null while it is open.';
COMMENT ON COLUMN marts.crawl_issue.is_back IS 'Whether it had been fixed before.';
