-- Inventories of every ecosystem, comparable versions, and what scanners find.
ALTER TABLE raw.component_observation ADD COLUMN version_key VARCHAR;
ALTER TABLE raw.component_observation ADD COLUMN purl VARCHAR;
ALTER TABLE raw.component_observation ADD COLUMN advisory_ecosystem VARCHAR;
ALTER TABLE raw.component_observation ADD COLUMN advisory_name VARCHAR;
ALTER TABLE raw.component_observation ADD COLUMN advisory_key VARCHAR;
COMMENT ON COLUMN raw.component_observation.ecosystem IS 'wordpress-core, wordpress-plugin, wordpress-theme, deb, rpm, apk, else as OSV names it (Packagist, npm, NuGet); empty where a bill of materials does not say.';
COMMENT ON COLUMN raw.component_observation.version_key IS 'Text whose byte order is the version order of the ecosystem; null where the version has none, and then nothing may be concluded from it.';
COMMENT ON COLUMN raw.component_observation.purl IS 'Package URL; null where it has none.';
COMMENT ON COLUMN raw.component_observation.advisory_ecosystem IS 'Ecosystem under which advisories name it, as Debian:12; null where no advisory can be matched: unknown, not safe.';
COMMENT ON COLUMN raw.component_observation.advisory_name IS 'Name that advisories use: that of the source package on Debian and Ubuntu.';
COMMENT ON COLUMN raw.component_observation.advisory_key IS 'Key of the version that advisories speak of, comparable with those of the same ecosystem; null where it has no order.';
COMMENT ON COLUMN raw.patch_event.at_precision IS 'exact, day (the log knows no time), or between (seen first in the inventory of patched_at).';

CREATE TABLE raw.scanner_run (
  site_id VARCHAR NOT NULL,
  source_id VARCHAR NOT NULL,
  bundle_id VARCHAR NOT NULL,
  collected_at TIMESTAMPTZ NOT NULL,
  scanner VARCHAR NOT NULL,
  file VARCHAR NOT NULL,
  finding_count BIGINT NOT NULL,
  reject_count BIGINT NOT NULL,
  parser_version VARCHAR NOT NULL,
  batch_id VARCHAR NOT NULL
);
COMMENT ON TABLE raw.scanner_run IS 'One answer of a scanner. Without a row nobody looked: no findings then means unknown, not none.';
COMMENT ON COLUMN raw.scanner_run.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN raw.scanner_run.source_id IS 'Source within the site, as in sites.yaml.';
COMMENT ON COLUMN raw.scanner_run.bundle_id IS 'Bundle that held it.';
COMMENT ON COLUMN raw.scanner_run.collected_at IS 'When the bundle was made on the server, UTC.';
COMMENT ON COLUMN raw.scanner_run.scanner IS 'Format of the file, as in `upkeep formats`: composer-audit, npm-audit, trivy and so on.';
COMMENT ON COLUMN raw.scanner_run.file IS 'File within the bundle.';
COMMENT ON COLUMN raw.scanner_run.finding_count IS 'Findings that were read.';
COMMENT ON COLUMN raw.scanner_run.reject_count IS 'Findings that could not be read: above 0, a count of 0 findings is no proof of none.';
COMMENT ON COLUMN raw.scanner_run.parser_version IS 'Parser that made the row, as name/version.';
COMMENT ON COLUMN raw.scanner_run.batch_id IS 'Batch that brought the row; see raw.batch.';

CREATE TABLE raw.scanner_finding (
  site_id VARCHAR NOT NULL,
  source_id VARCHAR NOT NULL,
  bundle_id VARCHAR NOT NULL,
  collected_at TIMESTAMPTZ NOT NULL,
  scanner VARCHAR NOT NULL,
  file VARCHAR NOT NULL,
  advisory_ids VARCHAR[] NOT NULL,
  ecosystem VARCHAR NOT NULL,
  name VARCHAR NOT NULL,
  version VARCHAR,
  version_key VARCHAR,
  fixed_version VARCHAR,
  severity VARCHAR NOT NULL,
  cvss_score DOUBLE,
  purl VARCHAR,
  location VARCHAR,
  title VARCHAR,
  parser_version VARCHAR NOT NULL,
  batch_id VARCHAR NOT NULL
);
COMMENT ON TABLE raw.scanner_finding IS 'One flaw in one component, in the words of a scanner. Several scanners name the same flaw: join by advisory_ids, never count rows.';
COMMENT ON COLUMN raw.scanner_finding.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN raw.scanner_finding.source_id IS 'Source within the site, as in sites.yaml.';
COMMENT ON COLUMN raw.scanner_finding.bundle_id IS 'Bundle that held it.';
COMMENT ON COLUMN raw.scanner_finding.collected_at IS 'When the bundle was made on the server, UTC.';
COMMENT ON COLUMN raw.scanner_finding.scanner IS 'Format of the file, as in `upkeep formats`.';
COMMENT ON COLUMN raw.scanner_finding.file IS 'File within the bundle.';
COMMENT ON COLUMN raw.scanner_finding.advisory_ids IS 'Identifiers of the flaw: CVE, GHSA and others; empty where the scanner names none.';
COMMENT ON COLUMN raw.scanner_finding.ecosystem IS 'As OSV names it; empty where the scanner does not say.';
COMMENT ON COLUMN raw.scanner_finding.name IS 'Component, as the scanner names it.';
COMMENT ON COLUMN raw.scanner_finding.version IS 'Installed version; null where the scanner does not say.';
COMMENT ON COLUMN raw.scanner_finding.version_key IS 'Text whose byte order is the version order; null where the version is not known or has none.';
COMMENT ON COLUMN raw.scanner_finding.fixed_version IS 'Smallest version above it that mends the flaw; null where none is known.';
COMMENT ON COLUMN raw.scanner_finding.severity IS 'critical, high, medium, low, none or unknown.';
COMMENT ON COLUMN raw.scanner_finding.cvss_score IS 'CVSS base score, 0 to 10, of the newest version that the scanner gives; null where nobody scored it.';
COMMENT ON COLUMN raw.scanner_finding.purl IS 'Package URL; null where the scanner gives none.';
COMMENT ON COLUMN raw.scanner_finding.location IS 'File or target in which the component was found.';
COMMENT ON COLUMN raw.scanner_finding.title IS 'What it is, in the words of the scanner. Text from outside.';
COMMENT ON COLUMN raw.scanner_finding.parser_version IS 'Parser that made the row, as name/version.';
COMMENT ON COLUMN raw.scanner_finding.batch_id IS 'Batch that brought the row; see raw.batch.';
