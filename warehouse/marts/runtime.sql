-- Grain: one row per site, source, inventory bundle and product that the site runs on.
CREATE OR REPLACE VIEW marts.runtime AS
WITH said AS (
  SELECT * EXCLUDE (parser_version, batch_id)
  FROM raw.runtime
  -- A bundle that a newer parser read again counts once, as that one read it.
  QUALIFY row_number() OVER (
    PARTITION BY site_id, source_id, bundle_id, product
    ORDER BY try_cast(split_part(parser_version, '/', 2) AS BIGINT) DESC, version DESC, batch_id
  ) = 1
), packaged AS (
  -- Packages of the distribution itself; those of other archives (sury, PGDG, MariaDB, MySQL, Remi) mark their versions.
  SELECT DISTINCT site_id, source_id, bundle_id,
    CASE
      WHEN name LIKE '%php%' THEN 'php'
      WHEN name LIKE 'mariadb-%' THEN 'mariadb'
      WHEN name LIKE 'mysql-%' THEN 'mysql'
      ELSE 'postgresql'
    END AS product
  FROM staging.component_state
  WHERE ecosystem IN ('deb', 'rpm')
    AND regexp_matches(name, '^((libapache2-mod-)?php[0-9.]*(-(cli|fpm|common))?|mariadb-server.*|mysql-server.*|postgresql(-server|-[0-9]+)?)$')
    AND NOT regexp_matches(version, '\+0~|\+maria~|\.pgdg|PGDG|\.remi|-1debian[0-9]|-1ubuntu[0-9]+\.')
), lifecycle AS (
  SELECT * FROM raw.product_lifecycle
  QUALIFY row_number() OVER (PARTITION BY feed, product, cycle ORDER BY fetched_at DESC) = 1
)
SELECT
  said.site_id,
  said.source_id,
  said.bundle_id,
  said.collected_at,
  timezone(site.time_zone, said.collected_at)::DATE AS collected_date,
  said.kind,
  said.product,
  said.version,
  packaged.product IS NOT NULL AS is_of_distribution,
  lifecycle.cycle,
  lifecycle.eol_date,
  lifecycle.is_eol,
  lifecycle.latest_version,
  feed.succeeded_at AS feed_succeeded_at
FROM said
JOIN staging.site AS site ON site.site_id = said.site_id
LEFT JOIN packaged
  ON packaged.site_id = said.site_id AND packaged.source_id = said.source_id AND packaged.bundle_id = said.bundle_id
  AND packaged.product = said.product
LEFT JOIN lifecycle
  ON lifecycle.product = said.product AND NOT lifecycle.is_gone
  AND (said.version = lifecycle.cycle OR starts_with(said.version, lifecycle.cycle || '.'))
LEFT JOIN marts.feed AS feed ON feed.feed = lifecycle.feed
QUALIFY row_number() OVER (
  PARTITION BY said.site_id, said.source_id, said.bundle_id, said.product
  ORDER BY length(lifecycle.cycle) DESC NULLS LAST, feed.succeeded_at DESC NULLS LAST, lifecycle.feed
) = 1;
COMMENT ON VIEW marts.runtime IS 'What sites run on, and until when it gets security fixes, by the feeds of endoflife.date. Without a cycle no feed knows the branch: unknown, not supported.';
COMMENT ON COLUMN marts.runtime.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.runtime.source_id IS 'Source within the site.';
COMMENT ON COLUMN marts.runtime.bundle_id IS 'Inventory that said it.';
COMMENT ON COLUMN marts.runtime.collected_at IS 'When that was made on the server, UTC.';
COMMENT ON COLUMN marts.runtime.collected_date IS 'Day of it in the zone of the site.';
COMMENT ON COLUMN marts.runtime.kind IS 'system, language or database.';
COMMENT ON COLUMN marts.runtime.product IS 'Product, as endoflife.date names it.';
COMMENT ON COLUMN marts.runtime.version IS 'Version, as it says itself.';
COMMENT ON COLUMN marts.runtime.is_of_distribution IS 'Whether the distribution of the server packages it: then that mends it for as long as the distribution itself lives, whatever eol_date says.';
COMMENT ON COLUMN marts.runtime.cycle IS 'Branch of the product that the version belongs to; null where no feed knows it.';
COMMENT ON COLUMN marts.runtime.eol_date IS 'Day on which security fixes of the branch end; null where the publisher names none.';
COMMENT ON COLUMN marts.runtime.is_eol IS 'Whether they have ended, where the publisher says that instead of a day.';
COMMENT ON COLUMN marts.runtime.latest_version IS 'Newest release of the branch.';
COMMENT ON COLUMN marts.runtime.feed_succeeded_at IS 'When the feed last was current, UTC; null where none knows the branch.';
