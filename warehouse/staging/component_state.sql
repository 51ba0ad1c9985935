-- Grain: one row per site, source, component, version and bundle.
CREATE OR REPLACE VIEW staging.component_state AS
SELECT
  * EXCLUDE (is_single),
  CASE WHEN is_single THEN lag(version) OVER component END AS previous_version,
  CASE WHEN is_single THEN lag(collected_at) OVER component END AS previous_collected_at,
  CASE WHEN is_single THEN lag(version_key) OVER component END AS previous_key
FROM (
  -- npm and others install a package in several versions at once: which one took the place of which is not known.
  SELECT *, count(*) OVER (PARTITION BY site_id, source_id, bundle_id, ecosystem, name) = 1 AS is_single
  FROM staging.component_listing
)
WINDOW component AS (PARTITION BY site_id, source_id, ecosystem, name, is_single ORDER BY collected_at, bundle_id);
COMMENT ON VIEW staging.component_state IS 'Every component in every bundle, with what the bundle before said of it. Bundles are ordered by the time they were made on the server, not by arrival.';
COMMENT ON COLUMN staging.component_state.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN staging.component_state.source_id IS 'Source within the site.';
COMMENT ON COLUMN staging.component_state.bundle_id IS 'Bundle that listed it.';
COMMENT ON COLUMN staging.component_state.collected_at IS 'When the bundle was made on the server, UTC.';
COMMENT ON COLUMN staging.component_state.ecosystem IS 'As in raw.component_observation.';
COMMENT ON COLUMN staging.component_state.name IS 'Component.';
COMMENT ON COLUMN staging.component_state.version IS 'Installed version.';
COMMENT ON COLUMN staging.component_state.status IS 'Status as its own tool says it.';
COMMENT ON COLUMN staging.component_state.update_state IS 'available, none or unknown.';
COMMENT ON COLUMN staging.component_state.latest_version IS 'Version offered.';
COMMENT ON COLUMN staging.component_state.is_security_update IS 'Whether the offered update is announced as a security update; null where the source does not say.';
COMMENT ON COLUMN staging.component_state.is_auto_update IS 'Whether the platform updates it by itself.';
COMMENT ON COLUMN staging.component_state.fresh_as_of_at IS 'Moment at which the update list was proved current, UTC.';
COMMENT ON COLUMN staging.component_state.previous_version IS 'Installed version in the bundle before; null in the first, and where several versions are installed at once.';
COMMENT ON COLUMN staging.component_state.previous_collected_at IS 'When the bundle before was made, UTC.';
COMMENT ON COLUMN staging.component_state.version_key IS 'Text whose byte order is the version order; null where the version has none.';
COMMENT ON COLUMN staging.component_state.purl IS 'Package URL; null where it has none.';
COMMENT ON COLUMN staging.component_state.advisory_ecosystem IS 'Ecosystem under which advisories name it; null where none can be matched: unknown, not safe.';
COMMENT ON COLUMN staging.component_state.advisory_name IS 'Name that advisories use.';
COMMENT ON COLUMN staging.component_state.advisory_key IS 'Key of the version that advisories speak of; null where it has no order.';
COMMENT ON COLUMN staging.component_state.batch_id IS 'Batch that brought the row; see raw.batch.';
COMMENT ON COLUMN staging.component_state.directory_state IS 'listed or closed, where the public directory of plugins is proved to have answered about this very one; null is unknown.';
COMMENT ON COLUMN staging.component_state.directory_updated_date IS 'Day of its last change in the public directory, UTC; null is unknown.';
COMMENT ON COLUMN staging.component_state.is_abandoned IS 'Whether its publisher says that it is abandoned or deprecated; null where the source does not say.';
COMMENT ON COLUMN staging.component_state.replacement IS 'What its publisher names to take its place. Text from outside.';
COMMENT ON COLUMN staging.component_state.is_held IS 'Whether it is held at its version; null where the source does not say.';
COMMENT ON COLUMN staging.component_state.hold_reason IS 'Why it is held, as sites.yaml said; null where nobody gave a reason.';
COMMENT ON COLUMN staging.component_state.previous_key IS 'Key of the version in the bundle before, comparable with version_key; null where previous_version is, or has no order.';
