-- Grain: one row per site, source, component, version and time during which it was installed.
CREATE OR REPLACE VIEW staging.installed_span AS
WITH listing AS MATERIALIZED (
  SELECT site_id, source_id, ecosystem, name, version, bundle_id, collected_at, advisory_ecosystem, advisory_name, advisory_key, batch_id
  FROM staging.component_listing
), bundle AS MATERIALIZED (
  -- Bundles by the time they were made on the server, not by arrival; with the next one of which the whole list could be read.
  SELECT *, min(CASE WHEN is_whole THEN number END) OVER (
      PARTITION BY site_id, source_id, ecosystem ORDER BY number ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
    ) AS next_whole
  FROM (
    SELECT *, row_number() OVER (PARTITION BY site_id, source_id, ecosystem ORDER BY collected_at, bundle_id) AS number
    FROM (
      SELECT
        listing.site_id, listing.source_id, listing.ecosystem, listing.bundle_id,
        max(listing.collected_at) AS collected_at,
        coalesce(bool_and(batch.reject_count = 0), false) AS is_whole
      FROM listing LEFT JOIN raw.batch AS batch USING (batch_id)
      GROUP BY listing.site_id, listing.source_id, listing.ecosystem, listing.bundle_id
      UNION ALL
      SELECT site_id, source_id, ecosystem, bundle_id, collected_at, true FROM staging.empty_inventory
    )
  )
), listed AS (
  -- The next list that names the component at all, in whatever version.
  SELECT *, lead(number) OVER (PARTITION BY site_id, source_id, ecosystem, name ORDER BY number) AS next_listed
  FROM (
    SELECT listing.site_id, listing.source_id, listing.ecosystem, listing.name, bundle.number, bundle.next_whole, bundle.collected_at
    FROM listing JOIN bundle USING (site_id, source_id, ecosystem, bundle_id)
    GROUP BY ALL
  )
), seen AS (
  SELECT
    listing.* EXCLUDE (bundle_id, collected_at, batch_id),
    listed.number, listed.collected_at, listed.next_listed, listed.next_whole,
    lead(listed.number) OVER same AS next_same
  FROM listing
  JOIN bundle USING (site_id, source_id, ecosystem, bundle_id)
  JOIN listed USING (site_id, source_id, ecosystem, name, number)
  WINDOW same AS (PARTITION BY listing.site_id, listing.source_id, listing.ecosystem, listing.name, listing.version ORDER BY listed.number)
), ended AS (
  -- That a component is missing from a list says that it was removed only where the whole list could be read.
  SELECT *, CASE
      WHEN next_whole < coalesce(next_listed, next_whole + 1) THEN next_whole
      WHEN next_same IS DISTINCT FROM next_listed THEN next_listed
    END AS closed_number
  FROM seen
), installed AS (
  -- What is installed again after it ended is a new time.
  SELECT
    site_id, source_id, ecosystem, name, version, stay,
    arg_max(advisory_ecosystem, collected_at) AS advisory_ecosystem,
    arg_max(advisory_name, collected_at) AS advisory_name,
    arg_max(advisory_key, collected_at) AS advisory_key,
    min(collected_at) AS seen_at,
    max(collected_at) AS last_seen_at,
    max(closed_number) AS number,
    coalesce(bool_or(closed_number = next_listed), false) AS is_replaced
  FROM (
    SELECT *, count(closed_number) OVER (
        PARTITION BY site_id, source_id, ecosystem, name, version ORDER BY number ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
      ) AS stay
    FROM ended
  )
  GROUP BY ALL
)
SELECT
  installed.* EXCLUDE (stay, number, is_replaced),
  bundle.collected_at AS closed_at,
  bundle.bundle_id AS closed_bundle_id,
  installed.is_replaced
FROM installed LEFT JOIN bundle USING (site_id, source_id, ecosystem, number);
COMMENT ON VIEW staging.installed_span IS 'Since when and until when each version was installed, as far as lists tell: it closes with the first list that names the component in other versions only, or, read whole, does not name it, also where it names nothing of the ecosystem.';
COMMENT ON COLUMN staging.installed_span.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN staging.installed_span.source_id IS 'Source within the site.';
COMMENT ON COLUMN staging.installed_span.ecosystem IS 'As in raw.component_observation.';
COMMENT ON COLUMN staging.installed_span.name IS 'Component.';
COMMENT ON COLUMN staging.installed_span.version IS 'Installed version.';
COMMENT ON COLUMN staging.installed_span.advisory_ecosystem IS 'Ecosystem under which advisories name it; null where none can be matched.';
COMMENT ON COLUMN staging.installed_span.advisory_name IS 'Name that advisories use.';
COMMENT ON COLUMN staging.installed_span.advisory_key IS 'Key of the version that advisories speak of; null where it has no order.';
COMMENT ON COLUMN staging.installed_span.seen_at IS 'First list that showed it, UTC; it may have been installed before.';
COMMENT ON COLUMN staging.installed_span.last_seen_at IS 'Last list that showed it, UTC.';
COMMENT ON COLUMN staging.installed_span.closed_at IS 'First list that no longer showed it, UTC; null while it is installed.';
COMMENT ON COLUMN staging.installed_span.closed_bundle_id IS 'Bundle of that list.';
COMMENT ON COLUMN staging.installed_span.is_replaced IS 'That list names the component in another version; false where it was removed, or is still installed.';
