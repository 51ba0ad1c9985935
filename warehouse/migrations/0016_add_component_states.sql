-- What inventories say of a component beside its version, of which ecosystems a feed speaks, and rejects of feeds.
ALTER TABLE raw.component_observation ADD COLUMN directory_state VARCHAR;
ALTER TABLE raw.component_observation ADD COLUMN directory_updated_date DATE;
ALTER TABLE raw.component_observation ADD COLUMN is_abandoned BOOLEAN;
ALTER TABLE raw.component_observation ADD COLUMN replacement VARCHAR;
ALTER TABLE raw.component_observation ADD COLUMN is_held BOOLEAN;
ALTER TABLE raw.component_observation ADD COLUMN hold_reason VARCHAR;
COMMENT ON COLUMN raw.component_observation.directory_state IS 'listed or closed, where the public directory of plugins is proved to have answered about this very one; null is unknown.';
COMMENT ON COLUMN raw.component_observation.directory_updated_date IS 'Day of its last change in the public directory, UTC; null is unknown.';
COMMENT ON COLUMN raw.component_observation.is_abandoned IS 'Whether its publisher says that it is abandoned or deprecated; null where the source does not say.';
COMMENT ON COLUMN raw.component_observation.replacement IS 'What its publisher names to take its place. Text from outside.';
COMMENT ON COLUMN raw.component_observation.is_held IS 'Whether it is held at its version; null where the source does not say.';
COMMENT ON COLUMN raw.component_observation.hold_reason IS 'Why it is held, as sites.yaml said when the inventory was read; null where nobody gave a reason.';

ALTER TABLE raw.feed_run ADD COLUMN ecosystems VARCHAR[];
COMMENT ON COLUMN raw.feed_run.ecosystems IS 'Ecosystems of which its advisories speak, and those that it was asked about; null in rows from before they were kept.';
COMMENT ON COLUMN raw.feed_run.licence IS 'What the publisher asks of those who use it; behind it the licence texts that stand in the feed.';
COMMENT ON COLUMN raw.feed_run.reject_count IS 'Entries that could not be read; each keeps what was known of it. raw.reject tells each of them once.';
COMMENT ON COLUMN raw.reject.site_id IS 'Site, as in sites.yaml; empty where it came with a feed of agency.advisories.';
COMMENT ON COLUMN raw.reject.source_id IS 'Source within the site, or feed.';
