-- Grain: one row per site, source, ecosystem and bundle that would have listed components of it and lists none.
CREATE OR REPLACE VIEW staging.empty_inventory AS
WITH file AS MATERIALIZED (
  FROM raw.inventory_file
  -- A bundle that a newer parser read again counts once, as that one read it.
  QUALIFY try_cast(split_part(parser_version, '/', 2) AS BIGINT) IS NOT DISTINCT FROM
      max(try_cast(split_part(parser_version, '/', 2) AS BIGINT)) OVER (PARTITION BY site_id, source_id, bundle_id)
), whole AS (
  SELECT file.site_id, file.source_id, file.bundle_id, max(file.collected_at) AS collected_at, list(DISTINCT file.file) AS files
  FROM file JOIN raw.batch AS batch USING (batch_id)
  GROUP BY ALL
  HAVING max(batch.reject_count) = 0
), listed AS MATERIALIZED (
  SELECT site_id, source_id, ecosystem, bundle_id, max(collected_at) AS collected_at
  FROM raw.component_observation SEMI JOIN (SELECT DISTINCT site_id, source_id FROM file) AS told USING (site_id, source_id)
  GROUP BY ALL
), teller AS MATERIALIZED (
  -- The files that listed an ecosystem; null where it was known from other files only.
  SELECT listed.*, named.files
  FROM listed LEFT JOIN (
    SELECT site_id, source_id, bundle_id, ecosystem, list(DISTINCT file) AS files
    FROM (SELECT site_id, source_id, bundle_id, file, unnest(ecosystems) AS ecosystem FROM file)
    GROUP BY ALL
  ) AS named USING (site_id, source_id, bundle_id, ecosystem)
), silent AS (
  SELECT whole.*, known.ecosystem
  FROM whole JOIN (SELECT DISTINCT site_id, source_id, ecosystem FROM listed) AS known USING (site_id, source_id)
  ANTI JOIN listed USING (site_id, source_id, ecosystem, bundle_id)
)
SELECT silent.site_id, silent.source_id, silent.ecosystem, silent.bundle_id, silent.collected_at
FROM silent
ASOF JOIN teller
  ON teller.site_id = silent.site_id AND teller.source_id = silent.source_id AND teller.ecosystem = silent.ecosystem
  AND silent.collected_at > teller.collected_at
-- Where one of those files is missing, or was not read, nobody knows what it would have listed.
WHERE list_has_all(silent.files, teller.files);
COMMENT ON VIEW staging.empty_inventory IS 'Proof that nothing of an ecosystem is installed any more: a bundle read whole, with all the files that listed it in the last bundle that did, and none of them lists it.';
COMMENT ON COLUMN staging.empty_inventory.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN staging.empty_inventory.source_id IS 'Source within the site.';
COMMENT ON COLUMN staging.empty_inventory.ecosystem IS 'As in raw.component_observation.';
COMMENT ON COLUMN staging.empty_inventory.bundle_id IS 'Bundle without it.';
COMMENT ON COLUMN staging.empty_inventory.collected_at IS 'When the bundle was made on the server, UTC.';
