-- Which lists a bundle holds, so that a list without a row of some ecosystem can say that nothing of it is installed.
CREATE TABLE raw.inventory_file (
  site_id VARCHAR NOT NULL,
  source_id VARCHAR NOT NULL,
  bundle_id VARCHAR NOT NULL,
  collected_at TIMESTAMPTZ NOT NULL,
  file VARCHAR NOT NULL,
  ecosystems VARCHAR[] NOT NULL,
  parser_version VARCHAR NOT NULL,
  batch_id VARCHAR NOT NULL
);
COMMENT ON TABLE raw.inventory_file IS 'The files of a bundle that list all that is installed of their kind, one row per file, also where the list is empty. Files that name only what is outdated or has a flaw are not among them.';
COMMENT ON COLUMN raw.inventory_file.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN raw.inventory_file.source_id IS 'Source within the site, as in sites.yaml.';
COMMENT ON COLUMN raw.inventory_file.bundle_id IS 'Bundle that holds it.';
COMMENT ON COLUMN raw.inventory_file.collected_at IS 'When the bundle was made on the server, UTC.';
COMMENT ON COLUMN raw.inventory_file.file IS 'Name of the file. Text from outside.';
COMMENT ON COLUMN raw.inventory_file.ecosystems IS 'Ecosystems of which it lists components, as in raw.component_observation; what is for one ecosystem only names that one in an empty list too.';
COMMENT ON COLUMN raw.inventory_file.parser_version IS 'Parser that made the row, as name/version.';
COMMENT ON COLUMN raw.inventory_file.batch_id IS 'Batch that brought the row; see raw.batch.';
