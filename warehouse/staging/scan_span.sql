-- Grain: one row per site, source, scanner and file, component and version, flaw and time during which the scanner told of it.
CREATE OR REPLACE VIEW staging.scan_span AS
WITH named AS MATERIALIZED (
  SELECT DISTINCT name, flaw_id FROM staging.flaw_name
), run AS MATERIALIZED (
  SELECT *, min(CASE WHEN is_whole THEN number END) OVER (
      PARTITION BY site_id, source_id, scanner, file ORDER BY number ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
    ) AS next_whole
  FROM (
    SELECT
      site_id, source_id, scanner, file, bundle_id, parser_version, max(collected_at) AS collected_at, bool_and(reject_count = 0) AS is_whole,
      row_number() OVER (PARTITION BY site_id, source_id, scanner, file ORDER BY max(collected_at), bundle_id) AS number
    FROM (
      FROM raw.scanner_run
      -- A bundle that a newer parser read again counts once, as that one read it.
      QUALIFY try_cast(split_part(parser_version, '/', 2) AS BIGINT) IS NOT DISTINCT FROM
        max(try_cast(split_part(parser_version, '/', 2) AS BIGINT)) OVER (PARTITION BY site_id, source_id, bundle_id)
    )
    GROUP BY site_id, source_id, scanner, file, bundle_id, parser_version
  )
), found AS MATERIALIZED (
  SELECT finding.* EXCLUDE (collected_at, parser_version, batch_id), run.number, run.next_whole, run.collected_at
  FROM raw.scanner_finding AS finding JOIN run USING (site_id, source_id, scanner, file, bundle_id, parser_version)
), identified AS MATERIALIZED (
  SELECT named_set.site_id, named_set.name, named_set.advisory_ids, named_set.id, named.flaw_id, starts_with(named_set.id, 'CVE-') AS is_cve
  FROM (
    SELECT site_id, name, advisory_ids, unnest(advisory_ids) AS id
    FROM (SELECT DISTINCT site_id, name, advisory_ids FROM found)
  ) AS named_set LEFT JOIN named ON named.name = named_set.id
), sibling AS (
  -- What one scanner calls by another name only, a second one may tell the CVE of.
  SELECT other.site_id, other.name, other.id, min(cve.id) AS cve
  FROM identified AS cve JOIN identified AS other USING (site_id, name, advisory_ids)
  WHERE cve.is_cve AND NOT other.is_cve
  GROUP BY ALL
  HAVING count(DISTINCT cve.id) = 1
), flaw AS (
  SELECT
    site_id, identified.name, advisory_ids,
    coalesce(
      arg_min(coalesce(identified.flaw_id, id), id) FILTER (is_cve), min(identified.flaw_id), min(of_sibling.flaw_id), min(sibling.cve), min(id)
    ) AS flaw_id
  FROM identified
  LEFT JOIN sibling USING (site_id, name, id)
  LEFT JOIN named AS of_sibling ON of_sibling.name = sibling.cve
  GROUP BY ALL
), listed AS MATERIALIZED (
  -- Scanners name a package as its own tool does, or as advisories do.
  SELECT DISTINCT site_id, source_id, bundle_id, ecosystem, name, version, version_key, called.ecosystem AS called_ecosystem, called.name AS called_name
  FROM (
    SELECT *, unnest([
      {'ecosystem': ecosystem, 'name': name},
      {'ecosystem': advisory_ecosystem, 'name': name},
      {'ecosystem': advisory_ecosystem, 'name': advisory_name}
    ]) AS called
    FROM staging.component_listing SEMI JOIN (SELECT DISTINCT site_id, source_id FROM found) AS scanned USING (site_id, source_id)
  )
), placed AS (
  SELECT DISTINCT found.*, listed.ecosystem AS listed_ecosystem, listed.name AS listed_name, listed.version AS listed_version
  FROM found LEFT JOIN listed
    ON listed.site_id = found.site_id AND listed.source_id = found.source_id
    AND listed.called_ecosystem = found.ecosystem AND listed.called_name = found.name
    -- Some scanners tell no version: theirs is the one of the same bundle.
    AND CASE WHEN found.version IS NULL THEN listed.bundle_id = found.bundle_id
      ELSE listed.version = found.version OR coalesce(listed.version_key = found.version_key, false) END
), told AS (
  SELECT
    placed.site_id, placed.source_id, placed.scanner, placed.file,
    coalesce(listed_ecosystem, ecosystem) AS ecosystem,
    coalesce(listed_name, placed.name) AS name,
    coalesce(listed_version, version, '') AS version,
    listed_name IS NOT NULL AS is_listed,
    coalesce(flaw.flaw_id, scanner || ': ' || coalesce(title, 'a flaw without a name')) AS flaw_id,
    number, collected_at, next_whole,
    ['unknown', 'none', 'low', 'medium', 'high', 'critical'][max(list_position(['unknown', 'none', 'low', 'medium', 'high', 'critical'], severity))] AS severity,
    max(cvss_score) AS cvss_score,
    min(fixed_version) AS fixed_version,
    min(title) AS title
  FROM placed LEFT JOIN flaw ON flaw.site_id = placed.site_id AND flaw.name = placed.name AND flaw.advisory_ids = placed.advisory_ids
  GROUP BY ALL
), ended AS (
  -- A scan that failed, or could not be read whole, ends nothing.
  SELECT *, CASE WHEN next_whole < coalesce(lead(number) OVER same, next_whole + 1) THEN next_whole END AS closed_number
  FROM told
  WINDOW same AS (PARTITION BY site_id, source_id, scanner, file, ecosystem, name, version, flaw_id ORDER BY number)
), spanned AS (
  SELECT
    site_id, source_id, scanner, file, ecosystem, name, version, flaw_id, times,
    bool_or(is_listed) AS is_listed,
    min(collected_at) AS first_at,
    max(collected_at) AS last_at,
    max(closed_number) AS number,
    arg_max(severity, number) AS severity,
    arg_max(cvss_score, number) AS cvss_score,
    arg_max(fixed_version, number) AS fixed_version,
    min(collected_at) FILTER (fixed_version IS NOT NULL) AS fix_told_at,
    arg_max(title, number) AS title
  FROM (
    SELECT *, count(closed_number) OVER (
        PARTITION BY site_id, source_id, scanner, file, ecosystem, name, version, flaw_id
        ORDER BY number ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
      ) AS times
    FROM ended
  )
  GROUP BY ALL
), disclosed AS (
  SELECT flaw.flaw_id, min(advisory.published_at) AS disclosed_at
  FROM staging.advisory AS advisory JOIN named AS flaw ON flaw.name = advisory.advisory_id
  GROUP BY flaw.flaw_id
)
SELECT
  spanned.* EXCLUDE (times, number),
  CASE WHEN spanned.times > 0 THEN spanned.first_at END AS from_at,
  run.collected_at AS until_at,
  coalesce(disclosed.disclosed_at, min(spanned.first_at) OVER (PARTITION BY spanned.site_id, spanned.ecosystem, spanned.name, flaw_id)) AS told_at
FROM spanned
LEFT JOIN run USING (site_id, source_id, scanner, file, number)
LEFT JOIN disclosed USING (flaw_id);
COMMENT ON VIEW staging.scan_span IS 'What scanners told of each component from when to when, with the flaw by the name that feeds and other scanners know it by. It ends with the first scan, read whole, that no longer tells of it.';
COMMENT ON COLUMN staging.scan_span.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN staging.scan_span.source_id IS 'Source within the site.';
COMMENT ON COLUMN staging.scan_span.scanner IS 'Format of the file, as in `upkeep formats`.';
COMMENT ON COLUMN staging.scan_span.file IS 'File within the bundle.';
COMMENT ON COLUMN staging.scan_span.ecosystem IS 'As raw.component_observation.ecosystem where an inventory lists the component, else as the scanner says.';
COMMENT ON COLUMN staging.scan_span.name IS 'Component, as the inventory names it, else as the scanner does.';
COMMENT ON COLUMN staging.scan_span.version IS 'Installed version; empty where neither tells it.';
COMMENT ON COLUMN staging.scan_span.flaw_id IS 'The flaw, as in staging.flaw_name; else its CVE, else another name.';
COMMENT ON COLUMN staging.scan_span.is_listed IS 'An inventory of the source lists the component in this version.';
COMMENT ON COLUMN staging.scan_span.first_at IS 'First scan of this time that told of it, UTC.';
COMMENT ON COLUMN staging.scan_span.last_at IS 'Last scan that told of it, UTC.';
COMMENT ON COLUMN staging.scan_span.severity IS 'critical, high, medium, low, none or unknown.';
COMMENT ON COLUMN staging.scan_span.cvss_score IS 'CVSS base score, 0 to 10; null where nobody scored it.';
COMMENT ON COLUMN staging.scan_span.fixed_version IS 'Version that mends it, as the scanner says.';
COMMENT ON COLUMN staging.scan_span.fix_told_at IS 'First scan that named one, UTC.';
COMMENT ON COLUMN staging.scan_span.title IS 'What it is, in the words of the scanner. Text from outside.';
COMMENT ON COLUMN staging.scan_span.from_at IS 'Since when it is told again, UTC; null where it is told for the first time.';
COMMENT ON COLUMN staging.scan_span.until_at IS 'First scan that no longer told of it, UTC; null where none did.';
COMMENT ON COLUMN staging.scan_span.told_at IS 'When a feed says that the flaw was disclosed, else when a scanner told first of it in this component of the site, UTC.';
