-- Grain: one row per interval of versions of a component that an advisory, not withdrawn, says to be affected now.
CREATE OR REPLACE VIEW marts.advisory_range AS
SELECT
  feed,
  advisory_id,
  affected.ecosystem,
  affected.name,
  affected.from_version,
  affected.from_key,
  affected.is_from_included,
  affected.to_version,
  affected.to_key,
  affected.is_to_included,
  affected.fixed_version,
  affected.fixed_key,
  affected.is_comparable
FROM raw.advisory_range AS affected
JOIN staging.advisory AS newest USING (feed, advisory_id, fetched_at, batch_id)
WHERE newest.withdrawn_at IS NULL;
COMMENT ON VIEW marts.advisory_range IS 'What to join installed components with, on ecosystem and name, the key between the bounds. Where is_comparable is false a component of that name is neither affected nor safe: unknown.';
COMMENT ON COLUMN marts.advisory_range.feed IS 'Feed.';
COMMENT ON COLUMN marts.advisory_range.advisory_id IS 'Advisory.';
COMMENT ON COLUMN marts.advisory_range.ecosystem IS 'As raw.component_observation.advisory_ecosystem.';
COMMENT ON COLUMN marts.advisory_range.name IS 'As raw.component_observation.advisory_name.';
COMMENT ON COLUMN marts.advisory_range.from_version IS 'First version; null is from the first of all.';
COMMENT ON COLUMN marts.advisory_range.from_key IS 'Its key, comparable with raw.component_observation.advisory_key.';
COMMENT ON COLUMN marts.advisory_range.is_from_included IS 'Whether the first version itself has the flaw.';
COMMENT ON COLUMN marts.advisory_range.to_version IS 'Last version; null is without an end.';
COMMENT ON COLUMN marts.advisory_range.to_key IS 'Its key.';
COMMENT ON COLUMN marts.advisory_range.is_to_included IS 'Whether the last version itself has the flaw.';
COMMENT ON COLUMN marts.advisory_range.fixed_version IS 'Smallest version that mends it for this interval; null where none is known.';
COMMENT ON COLUMN marts.advisory_range.fixed_key IS 'Its key.';
COMMENT ON COLUMN marts.advisory_range.is_comparable IS 'False where the publisher names no versions, or a bound has no order: then nobody knows who is affected, and nobody is safe.';
