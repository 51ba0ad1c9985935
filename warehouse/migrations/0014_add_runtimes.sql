-- What the sites run on: operating system, PHP, database.
CREATE TABLE raw.runtime (
  site_id VARCHAR NOT NULL,
  source_id VARCHAR NOT NULL,
  bundle_id VARCHAR NOT NULL,
  collected_at TIMESTAMPTZ NOT NULL,
  kind VARCHAR NOT NULL,
  product VARCHAR NOT NULL,
  version VARCHAR NOT NULL,
  parser_version VARCHAR NOT NULL,
  batch_id VARCHAR NOT NULL
);
COMMENT ON TABLE raw.runtime IS 'What a server said of what the site runs on, one row per inventory and product. A product without a row was not named: unknown, not absent.';
COMMENT ON COLUMN raw.runtime.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN raw.runtime.source_id IS 'Source within the site, as in sites.yaml.';
COMMENT ON COLUMN raw.runtime.bundle_id IS 'Bundle that said it.';
COMMENT ON COLUMN raw.runtime.collected_at IS 'When the bundle was made on the server, UTC.';
COMMENT ON COLUMN raw.runtime.kind IS 'system, language or database.';
COMMENT ON COLUMN raw.runtime.product IS 'Product, as raw.product_lifecycle names it: debian, php, mariadb and so on.';
COMMENT ON COLUMN raw.runtime.version IS 'Version, as it says itself, without what a packager added.';
COMMENT ON COLUMN raw.runtime.parser_version IS 'Parser that made the row, as name/version.';
COMMENT ON COLUMN raw.runtime.batch_id IS 'Batch that brought the row; see raw.batch.';
