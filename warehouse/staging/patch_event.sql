-- Grain: one row per change of one installed component.
CREATE OR REPLACE VIEW staging.patch_event AS
SELECT site_id, source_id, patched_at, at_precision, ecosystem, name, action, old_version, new_version, method, requested_by
FROM raw.patch_event
QUALIFY row_number() OVER (PARTITION BY site_id, source_id, event_id ORDER BY batch_id) = 1
UNION ALL
-- WordPress keeps no log: a version that changed from one inventory to the next was changed between them.
SELECT
  site_id, source_id, collected_at, 'between', ecosystem, name,
  CASE WHEN version_key < previous_key THEN 'downgrade' ELSE 'upgrade' END, previous_version, version, NULL, NULL
FROM staging.component_state
WHERE ecosystem <> 'deb' AND previous_version <> version AND previous_version <> '' AND version <> '';
COMMENT ON VIEW staging.patch_event IS 'Every change of an installed component, each once: from logs where there are any, else from two successive inventories (at_precision between: it happened at some time before patched_at).';
COMMENT ON COLUMN staging.patch_event.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN staging.patch_event.source_id IS 'Source within the site.';
COMMENT ON COLUMN staging.patch_event.patched_at IS 'When it happened, UTC; with at_precision between, the later bound.';
COMMENT ON COLUMN staging.patch_event.at_precision IS 'exact or between.';
COMMENT ON COLUMN staging.patch_event.ecosystem IS 'As in raw.component_observation.';
COMMENT ON COLUMN staging.patch_event.name IS 'Component.';
COMMENT ON COLUMN staging.patch_event.action IS 'install, upgrade, downgrade or remove; a change between two inventories to a version that is not known to be lower counts as upgrade.';
COMMENT ON COLUMN staging.patch_event.old_version IS 'Version before.';
COMMENT ON COLUMN staging.patch_event.new_version IS 'Version after.';
COMMENT ON COLUMN staging.patch_event.method IS 'unattended, manual, or null where the source does not say.';
COMMENT ON COLUMN staging.patch_event.requested_by IS 'Account that asked for it.';
