-- Grain: one row per site, source, component, version and bundle.
CREATE OR REPLACE VIEW staging.component_listing AS
SELECT * EXCLUDE (parser_version)
FROM raw.component_observation
-- A bundle that a newer parser read again counts once, as that one read it.
QUALIFY try_cast(split_part(parser_version, '/', 2) AS BIGINT) IS NOT DISTINCT FROM
    max(try_cast(split_part(parser_version, '/', 2) AS BIGINT)) OVER (PARTITION BY site_id, source_id, bundle_id)
  AND row_number() OVER (
    PARTITION BY site_id, source_id, bundle_id, parser_version, ecosystem, name, version ORDER BY batch_id
  ) = 1;
COMMENT ON VIEW staging.component_listing IS 'Every component in every bundle, as the newest parser read it.';
COMMENT ON COLUMN staging.component_listing.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN staging.component_listing.source_id IS 'Source within the site.';
COMMENT ON COLUMN staging.component_listing.bundle_id IS 'Bundle that listed it.';
COMMENT ON COLUMN staging.component_listing.collected_at IS 'When the bundle was made on the server, UTC.';
COMMENT ON COLUMN staging.component_listing.ecosystem IS 'As in raw.component_observation.';
COMMENT ON COLUMN staging.component_listing.name IS 'Component.';
COMMENT ON COLUMN staging.component_listing.version IS 'Installed version.';
COMMENT ON COLUMN staging.component_listing.status IS 'Status as its own tool says it.';
COMMENT ON COLUMN staging.component_listing.update_state IS 'available, none or unknown.';
COMMENT ON COLUMN staging.component_listing.latest_version IS 'Version offered.';
COMMENT ON COLUMN staging.component_listing.is_security_update IS 'Whether the offered update is announced as a security update; null where the source does not say.';
COMMENT ON COLUMN staging.component_listing.is_auto_update IS 'Whether the platform updates it by itself.';
COMMENT ON COLUMN staging.component_listing.fresh_as_of_at IS 'Moment at which the update list was proved current, UTC.';
COMMENT ON COLUMN staging.component_listing.version_key IS 'Text whose byte order is the version order; null where the version has none.';
COMMENT ON COLUMN staging.component_listing.purl IS 'Package URL; null where it has none.';
COMMENT ON COLUMN staging.component_listing.advisory_ecosystem IS 'Ecosystem under which advisories name it; null where none can be matched: unknown, not safe.';
COMMENT ON COLUMN staging.component_listing.advisory_name IS 'Name that advisories use.';
COMMENT ON COLUMN staging.component_listing.advisory_key IS 'Key of the version that advisories speak of; null where it has no order.';
COMMENT ON COLUMN staging.component_listing.batch_id IS 'Batch that brought the row; see raw.batch.';
COMMENT ON COLUMN staging.component_listing.directory_state IS 'listed or closed, where the public directory of plugins is proved to have answered about this very one; null is unknown.';
COMMENT ON COLUMN staging.component_listing.directory_updated_date IS 'Day of its last change in the public directory, UTC; null is unknown.';
COMMENT ON COLUMN staging.component_listing.is_abandoned IS 'Whether its publisher says that it is abandoned or deprecated; null where the source does not say.';
COMMENT ON COLUMN staging.component_listing.replacement IS 'What its publisher names to take its place. Text from outside.';
COMMENT ON COLUMN staging.component_listing.is_held IS 'Whether it is held at its version; null where the source does not say.';
COMMENT ON COLUMN staging.component_listing.hold_reason IS 'Why it is held, as sites.yaml said; null where nobody gave a reason.';
