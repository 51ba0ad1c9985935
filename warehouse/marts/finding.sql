-- Grain: one row per site, source, installed component and version, flaw and time during which that version was exposed to it.
CREATE OR REPLACE VIEW marts.finding AS
WITH scan AS MATERIALIZED (
  FROM staging.scan_span
), installed AS MATERIALIZED (
  FROM staging.installed_span
  UNION ALL BY NAME
  -- What only a scanner knows of is there for as long as it says so.
  SELECT site_id, source_id, ecosystem, name, version, min(first_at) AS seen_at, max(last_at) AS last_seen_at, false AS is_replaced
  FROM scan WHERE NOT is_listed
  GROUP BY ALL
), hit AS (
  -- What each advisory says of each version, from when to when.
  SELECT
    seen.*,
    flaw.flaw_id,
    span.feed || ':' || span.advisory_id AS teller,
    span.from_at, span.until_at, span.ended_reason, span.told_at, coalesce(span.from_at, span.told_at) AS fix_told_at, span.published_at, span.severity, span.cvss_score, span.title,
    false AS is_scan,
    bool_or(affected.is_comparable AND seen.advisory_key IS NOT NULL) AS is_comparable,
    -- 5.1 and 5.1.0 are one version to whoever writes an advisory, and two to WordPress.
    bool_and(
      starts_with(seen.advisory_ecosystem, 'wordpress-') AND affected.is_comparable
      AND NOT list_contains([affected.from_version, affected.to_version], seen.version)
      AND list_contains([regexp_replace(affected.from_version, '(\.0)+$', ''), regexp_replace(affected.to_version, '(\.0)+$', '')], regexp_replace(seen.version, '(\.0)+$', ''))
    ) AS is_probable,
    arg_min(affected.fixed_version, affected.fixed_key) FILTER (affected.fixed_key > seen.advisory_key) AS fixed_version,
    min(affected.fixed_key) FILTER (affected.fixed_key > seen.advisory_key) AS fixed_key
  FROM (SELECT DISTINCT advisory_ecosystem, advisory_name, advisory_key, version FROM installed WHERE advisory_name IS NOT NULL) AS seen
  JOIN raw.advisory_range AS affected
    ON affected.ecosystem = seen.advisory_ecosystem AND affected.name = seen.advisory_name AND (
      NOT affected.is_comparable OR seen.advisory_key IS NULL
      OR ((affected.from_key IS NULL OR seen.advisory_key > affected.from_key OR (seen.advisory_key = affected.from_key AND affected.is_from_included))
        AND (affected.to_key IS NULL OR seen.advisory_key < affected.to_key OR (seen.advisory_key = affected.to_key AND affected.is_to_included))))
  JOIN staging.advisory_span AS span USING (feed, advisory_id, fetched_at, batch_id)
  JOIN staging.flaw_name AS flaw ON flaw.feed = span.feed AND flaw.advisory_id = span.advisory_id AND flaw.name = span.advisory_id
  WHERE span.is_standing
  GROUP BY ALL
), told AS (
  SELECT version.site_id, version.source_id, version.ecosystem, version.name, version.version, hit.* EXCLUDE (advisory_ecosystem, advisory_name, advisory_key, version)
  FROM (SELECT DISTINCT site_id, source_id, ecosystem, name, version, advisory_ecosystem, advisory_name, advisory_key FROM installed) AS version
  JOIN hit
    ON hit.advisory_ecosystem = version.advisory_ecosystem AND hit.advisory_name = version.advisory_name
    AND hit.advisory_key IS NOT DISTINCT FROM version.advisory_key AND hit.version = version.version
  UNION ALL BY NAME
  SELECT
    site_id, source_id, ecosystem, name, version, flaw_id, scanner AS teller, true AS is_scan, from_at, until_at, CASE WHEN until_at IS NOT NULL THEN 'not_affected' END AS ended_reason, told_at,
    fix_told_at, severity, cvss_score, title, true AS is_comparable, false AS is_probable, fixed_version
  FROM scan
), changed AS (
  SELECT DISTINCT site_id, source_id, ecosystem, name, version, flaw_id FROM told WHERE from_at IS NOT NULL OR until_at IS NOT NULL
), reached AS (
  SELECT *, max(coalesce(until_at, 'infinity'::TIMESTAMPTZ)) OVER (
      PARTITION BY site_id, source_id, ecosystem, name, version, flaw_id
      ORDER BY coalesce(from_at, '-infinity'::TIMESTAMPTZ) ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS reached_at
  FROM told SEMI JOIN changed USING (site_id, source_id, ecosystem, name, version, flaw_id)
), counted AS (
  SELECT * EXCLUDE (reached_at), count(*) FILTER (from_at > reached_at) OVER (
      PARTITION BY site_id, source_id, ecosystem, name, version, flaw_id
      ORDER BY coalesce(from_at, '-infinity'::TIMESTAMPTZ), reached_at ROWS UNBOUNDED PRECEDING
    ) AS times
  FROM reached
), timed AS (
  -- As long as one of them tells of it, it stands; what is told again after that is a new time.
  SELECT *, max(coalesce(until_at, 'infinity'::TIMESTAMPTZ)) OVER (
      PARTITION BY site_id, source_id, ecosystem, name, version, flaw_id, times
    ) = coalesce(until_at, 'infinity'::TIMESTAMPTZ) AS is_last
  FROM counted
  UNION ALL
  SELECT told.*, 0, true FROM told ANTI JOIN changed USING (site_id, source_id, ecosystem, name, version, flaw_id)
), stood AS (
  SELECT
    site_id, source_id, ecosystem, name, version, flaw_id, times,
    CASE WHEN bool_or(is_comparable) FILTER (is_last) THEN 'affected' ELSE 'unknown' END AS outcome,
    bool_and(is_probable) FILTER (is_last AND is_comparable) AS is_probable,
    list_sort(list(DISTINCT teller) FILTER (is_last)) AS advisories,
    bool_and(is_scan) FILTER (is_last) AS is_only_scanned,
    ['unknown', 'none', 'low', 'medium', 'high', 'critical'][max(list_position(['unknown', 'none', 'low', 'medium', 'high', 'critical'], severity)) FILTER (is_last)] AS severity,
    max(cvss_score) FILTER (is_last) AS cvss_score,
    min(title) FILTER (is_last) AS title,
    min(published_at) FILTER (is_last) AS published_at,
    -- Versions of scanners have no key here: theirs count where no feed names one.
    coalesce(arg_min(fixed_version, fixed_key) FILTER (is_last), min(fixed_version) FILTER (is_last)) AS fixed_version,
    min(fix_told_at) FILTER (fixed_version IS NOT NULL) AS fix_known_at,
    greatest(coalesce(min(published_at) FILTER (is_last), min(told_at)), nullif(min(coalesce(from_at, '-infinity'::TIMESTAMPTZ)), '-infinity'::TIMESTAMPTZ)) AS from_at,
    max(until_at) FILTER (is_last) AS until_at,
    min(ended_reason) FILTER (is_last) AS ended_reason
  FROM timed
  GROUP BY ALL
), exposed AS (
  SELECT
    stood.* EXCLUDE (times, from_at, until_at, ended_reason, is_only_scanned),
    installed.seen_at,
    installed.last_seen_at,
    greatest(stood.from_at, installed.seen_at) AS opened_at,
    least(stood.until_at, installed.closed_at) AS closed_at,
    CASE
      WHEN coalesce(stood.until_at < installed.closed_at, installed.closed_at IS NULL) THEN stood.ended_reason
      -- Of the new version only a later scan can tell.
      WHEN installed.is_replaced AND stood.is_only_scanned AND stood.until_at IS NULL THEN 'version_changed'
      WHEN installed.is_replaced THEN 'patched'
      ELSE 'removed'
    END AS closed_reason
  FROM stood JOIN installed USING (site_id, source_id, ecosystem, name, version)
  WHERE coalesce(greatest(stood.from_at, installed.seen_at) < least(stood.until_at, installed.closed_at), true)
), successor AS (
  -- An update to a version with the flaw, or of which nobody can tell, mends nothing.
  SELECT DISTINCT mended.site_id, mended.source_id, mended.ecosystem, mended.name, mended.version, mended.flaw_id, mended.closed_at
  FROM exposed AS mended JOIN exposed AS following USING (site_id, source_id, ecosystem, name, flaw_id)
  WHERE mended.closed_reason = 'patched' AND following.opened_at <= mended.closed_at
    AND coalesce(following.closed_at > mended.closed_at, true)
), decided AS MATERIALIZED (
  FROM marts.finding_decision WHERE ends_at > decided_at
), gap AS (
  -- The times between acceptances, each with the one that ends it.
  SELECT
    site_id, ecosystem, name, flaw_id,
    lag(ends_at) OVER (PARTITION BY site_id, ecosystem, name, flaw_id ORDER BY decided_at) AS from_at,
    decided_at AS until_at,
    accepted_until_date, decided_by, reason
  FROM decided
  UNION ALL
  SELECT site_id, ecosystem, name, flaw_id, max(ends_at), NULL, NULL, NULL, NULL
  FROM decided
  GROUP BY ALL
), finding AS (
  SELECT
    exposed.* EXCLUDE (opened_at, closed_at, closed_reason),
    greatest(exposed.opened_at, gap.from_at) AS opened_at,
    least(exposed.closed_at, gap.until_at) AS closed_at,
    CASE
      WHEN gap.until_at < coalesce(exposed.closed_at, 'infinity'::TIMESTAMPTZ) THEN 'accepted'
      WHEN successor.flaw_id IS NOT NULL THEN 'version_changed'
      ELSE exposed.closed_reason
    END AS closed_reason,
    gap.accepted_until_date, gap.decided_by, gap.reason
  FROM exposed
  LEFT JOIN successor USING (site_id, source_id, ecosystem, name, version, flaw_id, closed_at)
  LEFT JOIN gap USING (site_id, ecosystem, name, flaw_id)
  WHERE coalesce(greatest(exposed.opened_at, gap.from_at) < least(exposed.closed_at, gap.until_at), true)
), dated AS (
  -- Asking for the zone row by row is slow, and few moments differ.
  SELECT time_zone, moment_at, timezone(time_zone, moment_at)::DATE AS day_date
  FROM (
    SELECT DISTINCT site.time_zone, unnest([opened_at, coalesce(closed_at, last_seen_at), fix_known_at]) AS moment_at
    FROM finding JOIN staging.site AS site USING (site_id)
  )
)
SELECT
  finding.site_id,
  finding.source_id,
  finding.ecosystem,
  finding.name,
  finding.version,
  finding.flaw_id,
  finding.outcome,
  coalesce(finding.is_probable, false) AS is_probable,
  finding.advisories,
  finding.title,
  finding.severity,
  finding.cvss_score,
  risk.exploited_date,
  risk.due_date,
  risk.is_ransomware,
  risk.epss_score,
  risk.score_date,
  finding.published_at,
  finding.fixed_version,
  finding.fix_known_at,
  finding.seen_at,
  finding.last_seen_at,
  finding.opened_at,
  finding.closed_at,
  finding.closed_reason,
  coalesce(finding.closed_at, finding.last_seen_at + to_seconds(coalesce(source.expected_every_seconds, 0))) AS known_until_at,
  CASE WHEN finding.opened_at <= coalesce(finding.closed_at, finding.last_seen_at) THEN date_diff('day', opened.day_date, ended.day_date) END AS exposure_days,
  CASE WHEN finding.opened_at <= coalesce(finding.closed_at, finding.last_seen_at) AND finding.fix_known_at IS NOT NULL
    THEN greatest(date_diff('day', greatest(opened.day_date, fixed.day_date), ended.day_date), 0) END AS fix_exposure_days,
  finding.accepted_until_date,
  finding.decided_by AS accepted_by,
  finding.reason AS accepted_reason
FROM finding
JOIN staging.site AS site USING (site_id)
LEFT JOIN staging.source AS source ON source.site_id = finding.site_id AND source.source_id = finding.source_id
LEFT JOIN staging.flaw_risk AS risk USING (flaw_id)
LEFT JOIN dated AS opened ON opened.time_zone = site.time_zone AND opened.moment_at = finding.opened_at
LEFT JOIN dated AS ended ON ended.time_zone = site.time_zone AND ended.moment_at = coalesce(finding.closed_at, finding.last_seen_at)
LEFT JOIN dated AS fixed ON fixed.time_zone = site.time_zone AND fixed.moment_at = finding.fix_known_at;
COMMENT ON VIEW marts.finding IS 'Flaws of what is or was installed: since when, until when and why it ended. No row means that none is known, not that there is none: see marts.feed for how current the feeds are, and marts.bundle for the lists.';
COMMENT ON COLUMN marts.finding.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.finding.source_id IS 'Source within the site, as in sites.yaml.';
COMMENT ON COLUMN marts.finding.ecosystem IS 'As raw.component_observation.ecosystem.';
COMMENT ON COLUMN marts.finding.name IS 'Component. Text from outside.';
COMMENT ON COLUMN marts.finding.version IS 'Installed version; empty where nobody tells it.';
COMMENT ON COLUMN marts.finding.flaw_id IS 'The flaw, as in marts.advisory.';
COMMENT ON COLUMN marts.finding.outcome IS 'affected, or unknown where the versions cannot be compared: neither affected nor safe.';
COMMENT ON COLUMN marts.finding.is_probable IS 'The version is that of a bound but for zeros at its end, as 5.1.0 for 5.1: two versions to WordPress, probably one to whoever wrote the advisory.';
COMMENT ON COLUMN marts.finding.advisories IS 'Who tells of it: advisories as feed:advisory, scanners by their format.';
COMMENT ON COLUMN marts.finding.title IS 'What it is, in the words of one of them. Text from outside.';
COMMENT ON COLUMN marts.finding.severity IS 'The worst that one of them says: critical, high, medium, low, none or unknown.';
COMMENT ON COLUMN marts.finding.cvss_score IS 'Highest CVSS base score, 0 to 10; null where nobody scored it.';
COMMENT ON COLUMN marts.finding.exploited_date IS 'Day on which an authority added it to what is exploited; null where no such feed names it.';
COMMENT ON COLUMN marts.finding.due_date IS 'Day by which authorities must have mended it.';
COMMENT ON COLUMN marts.finding.is_ransomware IS 'Whether ransomware is known to use it; null where that is not known.';
COMMENT ON COLUMN marts.finding.epss_score IS 'Probability of exploitation within 30 days, 0 to 1; null where no such feed scores it.';
COMMENT ON COLUMN marts.finding.score_date IS 'Day of epss_score.';
COMMENT ON COLUMN marts.finding.published_at IS 'When it was first disclosed by those that tell of it, UTC; null where none says.';
COMMENT ON COLUMN marts.finding.fixed_version IS 'Smallest version above the installed one that mends it; null where none is known.';
COMMENT ON COLUMN marts.finding.fix_known_at IS 'Since when a version that mends it was known, UTC: when the advisory was published, if it named one when it was first fetched, else when it named one first; null where none is known.';
COMMENT ON COLUMN marts.finding.seen_at IS 'First list that showed this version, UTC; it may have been installed before.';
COMMENT ON COLUMN marts.finding.last_seen_at IS 'Last list that showed it, UTC.';
COMMENT ON COLUMN marts.finding.opened_at IS 'Since when it was exposed, UTC: the latest of seen_at, of the disclosure (where nobody dates it, of when we first were told) and of a change of the advisory that first named this version; the end of an acceptance where it was accepted, and then it may lie ahead. Ask for opened_at before the end of your time.';
COMMENT ON COLUMN marts.finding.closed_at IS 'When that ended, UTC: the first list that no longer showed it, the fetch that no longer told it, or the acceptance; null while it is open.';
COMMENT ON COLUMN marts.finding.closed_reason IS 'patched, removed, version_changed (the version that followed has the flaw too, or nobody can tell), not_affected (the advisory no longer names the version, or a later scan no longer finds it), withdrawn (nobody tells of it any more) or accepted; null while it is open.';
COMMENT ON COLUMN marts.finding.known_until_at IS 'Until when this is known, UTC: closed_at, or for what is open last_seen_at and the longest normal time between two lists. Whether it was still open after that is unknown.';
COMMENT ON COLUMN marts.finding.exposure_days IS 'Days since disclosure: of the site, from the day of opened_at to that of closed_at, or of last_seen_at while it is open; a half-open interval, so days of times that follow each other add up. Null where it opened after the last list.';
COMMENT ON COLUMN marts.finding.fix_exposure_days IS 'The same since a fix existed: from the later of opened_at and fix_known_at. Null where no fix is known.';
COMMENT ON COLUMN marts.finding.accepted_until_date IS 'Last day of the acceptance that closed it, in the zone of the site.';
COMMENT ON COLUMN marts.finding.accepted_by IS 'Who accepted it.';
COMMENT ON COLUMN marts.finding.accepted_reason IS 'Why, in the words of that person.';
