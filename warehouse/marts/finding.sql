-- Grain: one row per site, source, installed component and version, flaw and time during which that version was installed.
CREATE OR REPLACE VIEW marts.finding AS
WITH seen AS (
  SELECT state.*, site.time_zone
  FROM staging.component_state AS state JOIN staging.site AS site USING (site_id)
), flaw AS (
  SELECT
    seen.site_id, seen.source_id, seen.ecosystem, seen.name, seen.version, advisory.flaw_id,
    -- What can be told speaks before what cannot.
    CASE WHEN bool_or(affected.is_comparable AND seen.advisory_key IS NOT NULL) THEN 'affected' ELSE 'unknown' END AS outcome,
    list_sort(list(DISTINCT advisory.feed || ':' || advisory.advisory_id)) AS advisories,
    max(advisory.cvss_score) AS cvss_score,
    min(advisory.exploited_date) AS exploited_date,
    max(advisory.epss_score) AS epss_score,
    min(advisory.published_at) AS published_at,
    arg_min(affected.fixed_version, affected.fixed_key) FILTER (affected.fixed_key > seen.advisory_key) AS fixed_version
  FROM (SELECT DISTINCT site_id, source_id, ecosystem, name, version, advisory_ecosystem, advisory_name, advisory_key FROM seen) AS seen
  JOIN marts.advisory_range AS affected
    ON affected.ecosystem = seen.advisory_ecosystem AND affected.name = seen.advisory_name AND (
      NOT affected.is_comparable OR seen.advisory_key IS NULL
      OR ((affected.from_key IS NULL OR seen.advisory_key > affected.from_key OR (seen.advisory_key = affected.from_key AND affected.is_from_included))
        AND (affected.to_key IS NULL OR seen.advisory_key < affected.to_key OR (seen.advisory_key = affected.to_key AND affected.is_to_included))))
  JOIN marts.advisory AS advisory USING (feed, advisory_id)
  WHERE NOT advisory.is_informational
  GROUP BY ALL
), bundle AS (
  SELECT site_id, source_id, ecosystem, bundle_id, max(seen.collected_at) AS collected_at, bool_and(batch.reject_count = 0) AS is_whole
  FROM seen JOIN raw.batch AS batch USING (batch_id)
  GROUP BY ALL
), subject AS (
  SELECT DISTINCT site_id, source_id, ecosystem, name, version FROM flaw
), listed AS (
  SELECT
    subject.*, bundle.bundle_id, bundle.collected_at, bundle.is_whole,
    count(seen.version) AS listed_count,
    count(*) FILTER (seen.version = subject.version) AS same_count
  FROM subject
  JOIN bundle USING (site_id, source_id, ecosystem)
  LEFT JOIN seen ON seen.site_id = subject.site_id AND seen.source_id = subject.source_id
    AND seen.ecosystem = subject.ecosystem AND seen.name = subject.name AND seen.bundle_id = bundle.bundle_id
  GROUP BY ALL
), ended AS (
  -- That a component is missing from a list says that it was removed only where the whole list could be read.
  SELECT *, min(CASE WHEN same_count = 0 AND (listed_count > 0 OR is_whole) THEN collected_at END) OVER (
      PARTITION BY site_id, source_id, ecosystem, name, version
      ORDER BY collected_at, bundle_id ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
    ) AS closed_at
  FROM listed
), installed AS (
  -- What is installed again after it ended is a new time.
  SELECT site_id, source_id, ecosystem, name, version, closed_at, min(collected_at) AS seen_at, max(collected_at) AS last_seen_at
  FROM ended WHERE same_count > 0
  GROUP BY ALL
), successor AS (
  SELECT flaw.site_id, flaw.source_id, flaw.ecosystem, flaw.name, flaw.flaw_id, seen.collected_at AS closed_at
  FROM flaw JOIN seen USING (site_id, source_id, ecosystem, name, version)
  GROUP BY ALL
), known AS (
  SELECT site_id, any_value(time_zone) AS time_zone FROM seen GROUP BY site_id
)
SELECT
  flaw.*,
  installed.seen_at,
  installed.last_seen_at,
  greatest(installed.seen_at, flaw.published_at) AS opened_at,
  installed.closed_at,
  CASE
    WHEN installed.closed_at IS NULL THEN NULL
    WHEN successor.closed_at IS NOT NULL THEN 'version_changed'
    WHEN listed.listed_count > 0 THEN 'patched'
    ELSE 'removed'
  END AS closed_reason,
  greatest(date_diff('day',
    timezone(known.time_zone, greatest(installed.seen_at, flaw.published_at))::DATE,
    timezone(known.time_zone, coalesce(installed.closed_at, installed.last_seen_at))::DATE
  ), 0) AS exposure_days
FROM flaw
JOIN installed USING (site_id, source_id, ecosystem, name, version)
JOIN known USING (site_id)
LEFT JOIN successor USING (site_id, source_id, ecosystem, name, flaw_id, closed_at)
LEFT JOIN (
  SELECT site_id, source_id, ecosystem, name, version, collected_at AS closed_at, max(listed_count) AS listed_count FROM listed GROUP BY ALL
) AS listed USING (site_id, source_id, ecosystem, name, version, closed_at)
-- A flaw that was disclosed after the version had gone never was a finding.
WHERE installed.closed_at IS NULL OR flaw.published_at IS NULL OR flaw.published_at < installed.closed_at;
COMMENT ON VIEW marts.finding IS 'Flaws of what is or was installed, by the advisories as they stand now: one that was withdrawn leaves no row. Nothing here means none is known, not none: see marts.feed for how current the feeds are, and marts.bundle for the lists.';
COMMENT ON COLUMN marts.finding.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.finding.source_id IS 'Source within the site, as in sites.yaml.';
COMMENT ON COLUMN marts.finding.ecosystem IS 'As raw.component_observation.ecosystem.';
COMMENT ON COLUMN marts.finding.name IS 'Component. Text from outside.';
COMMENT ON COLUMN marts.finding.version IS 'Installed version.';
COMMENT ON COLUMN marts.finding.flaw_id IS 'The flaw, as in marts.advisory.';
COMMENT ON COLUMN marts.finding.outcome IS 'affected, or unknown where the versions cannot be compared: neither affected nor safe.';
COMMENT ON COLUMN marts.finding.advisories IS 'Advisories that tell of it, as feed:advisory.';
COMMENT ON COLUMN marts.finding.cvss_score IS 'Highest CVSS base score, 0 to 10; null where nobody scored it.';
COMMENT ON COLUMN marts.finding.exploited_date IS 'Day on which an authority added it to what is exploited; null where no such feed names it.';
COMMENT ON COLUMN marts.finding.epss_score IS 'Probability of exploitation within 30 days, 0 to 1; null where no such feed scores it.';
COMMENT ON COLUMN marts.finding.published_at IS 'When it was first disclosed, UTC; null where no feed says.';
COMMENT ON COLUMN marts.finding.fixed_version IS 'Smallest version above the installed one that mends it; null where none is known.';
COMMENT ON COLUMN marts.finding.seen_at IS 'First list that showed this version, UTC; it may have been installed before.';
COMMENT ON COLUMN marts.finding.last_seen_at IS 'Last list that showed it, UTC.';
COMMENT ON COLUMN marts.finding.opened_at IS 'Since when it was exposed, UTC: the later of the disclosure and seen_at.';
COMMENT ON COLUMN marts.finding.closed_at IS 'First list that no longer showed it, UTC; null while it is open.';
COMMENT ON COLUMN marts.finding.closed_reason IS 'patched, removed, or version_changed where the version that followed has the flaw too, or nobody can tell; null while it is open.';
COMMENT ON COLUMN marts.finding.exposure_days IS 'Days of the site from opened_at to closed_at, or to last_seen_at while it is open: what came after is not known.';
