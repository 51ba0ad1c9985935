-- Feeds of advisories, of what is exploited and of what ends. Rows are changes: what a feed says again is not stored again.
CREATE TABLE raw.advisory (
  feed VARCHAR NOT NULL,
  advisory_id VARCHAR NOT NULL,
  fetched_at TIMESTAMPTZ NOT NULL,
  is_gone BOOLEAN NOT NULL,
  aliases VARCHAR[] NOT NULL,
  title VARCHAR,
  severity VARCHAR NOT NULL,
  cvss_score DOUBLE,
  cvss_vector VARCHAR,
  is_informational BOOLEAN NOT NULL,
  published_at TIMESTAMPTZ,
  modified_at TIMESTAMPTZ,
  withdrawn_at TIMESTAMPTZ,
  url VARCHAR,
  parser_version VARCHAR NOT NULL,
  batch_id VARCHAR NOT NULL
);
COMMENT ON TABLE raw.advisory IS 'What a feed said of one flaw, a row each time that changed. The newest fetched_at of a feed and advisory holds; marts.advisory gives those.';
COMMENT ON COLUMN raw.advisory.feed IS 'Feed, as in agency.advisories of sites.yaml.';
COMMENT ON COLUMN raw.advisory.advisory_id IS 'Identifier that the publisher uses.';
COMMENT ON COLUMN raw.advisory.fetched_at IS 'When it was fetched with this content, UTC.';
COMMENT ON COLUMN raw.advisory.is_gone IS 'Whether the feed, read whole, no longer holds it; then the columns behind are null or empty.';
COMMENT ON COLUMN raw.advisory.aliases IS 'Other identifiers of the same flaw, CVE among them.';
COMMENT ON COLUMN raw.advisory.title IS 'What it is, in the words of the publisher. Text from outside.';
COMMENT ON COLUMN raw.advisory.severity IS 'critical, high, medium, low, none or unknown.';
COMMENT ON COLUMN raw.advisory.cvss_score IS 'CVSS base score, 0 to 10; null where nobody scored it.';
COMMENT ON COLUMN raw.advisory.cvss_vector IS 'CVSS vector that the score follows from; 4.0 before 3 before 2.';
COMMENT ON COLUMN raw.advisory.is_informational IS 'Whether the publisher says that it is for information only.';
COMMENT ON COLUMN raw.advisory.published_at IS 'When it was disclosed, UTC; null where the publisher does not say.';
COMMENT ON COLUMN raw.advisory.modified_at IS 'When the publisher last changed it, UTC.';
COMMENT ON COLUMN raw.advisory.withdrawn_at IS 'When the publisher took it back, UTC; null where it holds.';
COMMENT ON COLUMN raw.advisory.url IS 'Page of the publisher. Text from outside.';
COMMENT ON COLUMN raw.advisory.parser_version IS 'Parser that made the row, as name/version.';
COMMENT ON COLUMN raw.advisory.batch_id IS 'Batch that brought the row; see raw.batch.';

CREATE TABLE raw.advisory_range (
  feed VARCHAR NOT NULL,
  advisory_id VARCHAR NOT NULL,
  fetched_at TIMESTAMPTZ NOT NULL,
  ecosystem VARCHAR NOT NULL,
  name VARCHAR NOT NULL,
  from_version VARCHAR,
  from_key VARCHAR,
  is_from_included BOOLEAN NOT NULL,
  to_version VARCHAR,
  to_key VARCHAR,
  is_to_included BOOLEAN NOT NULL,
  fixed_version VARCHAR,
  fixed_key VARCHAR,
  is_comparable BOOLEAN NOT NULL,
  parser_version VARCHAR NOT NULL,
  batch_id VARCHAR NOT NULL
);
COMMENT ON TABLE raw.advisory_range IS 'Versions of one component that have the flaw of an advisory: an interval. Belongs to the row of raw.advisory with the same feed, advisory_id and fetched_at.';
COMMENT ON COLUMN raw.advisory_range.feed IS 'Feed.';
COMMENT ON COLUMN raw.advisory_range.advisory_id IS 'Advisory.';
COMMENT ON COLUMN raw.advisory_range.fetched_at IS 'When the advisory was fetched with this content, UTC.';
COMMENT ON COLUMN raw.advisory_range.ecosystem IS 'As raw.component_observation.advisory_ecosystem.';
COMMENT ON COLUMN raw.advisory_range.name IS 'As raw.component_observation.advisory_name.';
COMMENT ON COLUMN raw.advisory_range.from_version IS 'First version; null is from the first of all.';
COMMENT ON COLUMN raw.advisory_range.from_key IS 'Its key, comparable with raw.component_observation.advisory_key.';
COMMENT ON COLUMN raw.advisory_range.is_from_included IS 'Whether the first version itself has the flaw.';
COMMENT ON COLUMN raw.advisory_range.to_version IS 'Last version; null is without an end.';
COMMENT ON COLUMN raw.advisory_range.to_key IS 'Its key.';
COMMENT ON COLUMN raw.advisory_range.is_to_included IS 'Whether the last version itself has the flaw.';
COMMENT ON COLUMN raw.advisory_range.fixed_version IS 'Smallest version that mends it for this interval; null where none is known.';
COMMENT ON COLUMN raw.advisory_range.fixed_key IS 'Its key.';
COMMENT ON COLUMN raw.advisory_range.is_comparable IS 'False where the publisher names no versions, or a bound has no order: then nobody knows who is affected, and nobody is safe.';
COMMENT ON COLUMN raw.advisory_range.parser_version IS 'Parser that made the row, as name/version.';
COMMENT ON COLUMN raw.advisory_range.batch_id IS 'Batch that brought the row; see raw.batch.';

CREATE TABLE raw.feed_run (
  feed VARCHAR NOT NULL,
  format VARCHAR NOT NULL,
  fetched_at TIMESTAMPTZ NOT NULL,
  outcome VARCHAR NOT NULL,
  detail VARCHAR,
  as_of_at TIMESTAMPTZ,
  entry_count BIGINT,
  changed_count BIGINT,
  reject_count BIGINT,
  licence VARCHAR NOT NULL,
  parser_version VARCHAR NOT NULL,
  batch_id VARCHAR NOT NULL
);
COMMENT ON TABLE raw.feed_run IS 'One attempt to fetch a feed. Without a fetched or unchanged one of late, no answer from the feed may be called complete.';
COMMENT ON COLUMN raw.feed_run.feed IS 'Feed.';
COMMENT ON COLUMN raw.feed_run.format IS 'Format, as in `upkeep formats`.';
COMMENT ON COLUMN raw.feed_run.fetched_at IS 'When, UTC.';
COMMENT ON COLUMN raw.feed_run.outcome IS 'fetched, unchanged or failed.';
COMMENT ON COLUMN raw.feed_run.detail IS 'Why it failed, in a sentence.';
COMMENT ON COLUMN raw.feed_run.as_of_at IS 'Moment of which the publisher says that the content is, UTC; null where it does not say.';
COMMENT ON COLUMN raw.feed_run.entry_count IS 'Entries that were read; null where nothing was read.';
COMMENT ON COLUMN raw.feed_run.changed_count IS 'Entries that differ from those before, gone ones among them.';
COMMENT ON COLUMN raw.feed_run.reject_count IS 'Entries that could not be read; each keeps what was known of it.';
COMMENT ON COLUMN raw.feed_run.licence IS 'What the publisher asks of those who use it.';
COMMENT ON COLUMN raw.feed_run.parser_version IS 'Parser that made the row, as name/version.';
COMMENT ON COLUMN raw.feed_run.batch_id IS 'Batch that brought the row; see raw.batch.';

CREATE TABLE raw.exploited_vulnerability (
  feed VARCHAR NOT NULL,
  cve_id VARCHAR NOT NULL,
  fetched_at TIMESTAMPTZ NOT NULL,
  is_gone BOOLEAN NOT NULL,
  name VARCHAR,
  added_date DATE,
  due_date DATE,
  is_ransomware BOOLEAN,
  parser_version VARCHAR NOT NULL,
  batch_id VARCHAR NOT NULL
);
COMMENT ON TABLE raw.exploited_vulnerability IS 'What an authority knows to be exploited, a row each time that changed. The newest fetched_at of a feed and CVE holds.';
COMMENT ON COLUMN raw.exploited_vulnerability.feed IS 'Feed.';
COMMENT ON COLUMN raw.exploited_vulnerability.cve_id IS 'The flaw.';
COMMENT ON COLUMN raw.exploited_vulnerability.fetched_at IS 'When it was fetched with this content, UTC.';
COMMENT ON COLUMN raw.exploited_vulnerability.is_gone IS 'Whether the feed, read whole, no longer holds it.';
COMMENT ON COLUMN raw.exploited_vulnerability.name IS 'What it is. Text from outside.';
COMMENT ON COLUMN raw.exploited_vulnerability.added_date IS 'Day on which it was added, in the zone of the publisher.';
COMMENT ON COLUMN raw.exploited_vulnerability.due_date IS 'Day by which authorities must have mended it.';
COMMENT ON COLUMN raw.exploited_vulnerability.is_ransomware IS 'Whether ransomware is known to use it; null where that is not known.';
COMMENT ON COLUMN raw.exploited_vulnerability.parser_version IS 'Parser that made the row, as name/version.';
COMMENT ON COLUMN raw.exploited_vulnerability.batch_id IS 'Batch that brought the row; see raw.batch.';

CREATE TABLE raw.exploit_prediction (
  feed VARCHAR NOT NULL,
  cve_id VARCHAR NOT NULL,
  fetched_at TIMESTAMPTZ NOT NULL,
  is_gone BOOLEAN NOT NULL,
  epss_score DOUBLE,
  epss_percentile DOUBLE,
  score_date DATE,
  model_version VARCHAR,
  parser_version VARCHAR NOT NULL,
  batch_id VARCHAR NOT NULL
);
COMMENT ON TABLE raw.exploit_prediction IS 'How likely a flaw is to be exploited within 30 days (EPSS), a row each time that the score, to three decimals, or the model changed. Scores of different models cannot be compared.';
COMMENT ON COLUMN raw.exploit_prediction.feed IS 'Feed.';
COMMENT ON COLUMN raw.exploit_prediction.cve_id IS 'The flaw.';
COMMENT ON COLUMN raw.exploit_prediction.fetched_at IS 'When it was fetched with this score, UTC.';
COMMENT ON COLUMN raw.exploit_prediction.is_gone IS 'Whether the feed, read whole, no longer holds it.';
COMMENT ON COLUMN raw.exploit_prediction.epss_score IS 'Probability, 0 to 1.';
COMMENT ON COLUMN raw.exploit_prediction.epss_percentile IS 'Share of all flaws with a lower score, 0 to 1, when the score last changed.';
COMMENT ON COLUMN raw.exploit_prediction.score_date IS 'Day of the score.';
COMMENT ON COLUMN raw.exploit_prediction.model_version IS 'Model that made it.';
COMMENT ON COLUMN raw.exploit_prediction.parser_version IS 'Parser that made the row, as name/version.';
COMMENT ON COLUMN raw.exploit_prediction.batch_id IS 'Batch that brought the row; see raw.batch.';

CREATE TABLE raw.product_lifecycle (
  feed VARCHAR NOT NULL,
  product VARCHAR NOT NULL,
  cycle VARCHAR NOT NULL,
  fetched_at TIMESTAMPTZ NOT NULL,
  is_gone BOOLEAN NOT NULL,
  released_date DATE,
  support_end_date DATE,
  eol_date DATE,
  is_eol BOOLEAN,
  latest_version VARCHAR,
  parser_version VARCHAR NOT NULL,
  batch_id VARCHAR NOT NULL
);
COMMENT ON TABLE raw.product_lifecycle IS 'A branch of a product and when its support ends, a row each time that changed. The newest fetched_at of a feed, product and cycle holds.';
COMMENT ON COLUMN raw.product_lifecycle.feed IS 'Feed.';
COMMENT ON COLUMN raw.product_lifecycle.product IS 'Product, as the publisher names it: php, debian and so on.';
COMMENT ON COLUMN raw.product_lifecycle.cycle IS 'Branch, as 8.3.';
COMMENT ON COLUMN raw.product_lifecycle.fetched_at IS 'When it was fetched with this content, UTC.';
COMMENT ON COLUMN raw.product_lifecycle.is_gone IS 'Whether the feed, read whole, no longer holds it.';
COMMENT ON COLUMN raw.product_lifecycle.released_date IS 'Day of its first release.';
COMMENT ON COLUMN raw.product_lifecycle.support_end_date IS 'Day on which active support ends.';
COMMENT ON COLUMN raw.product_lifecycle.eol_date IS 'Day on which security fixes end; null where the publisher names none.';
COMMENT ON COLUMN raw.product_lifecycle.is_eol IS 'Whether security fixes have ended, where the publisher says that instead of a day.';
COMMENT ON COLUMN raw.product_lifecycle.latest_version IS 'Its newest release.';
COMMENT ON COLUMN raw.product_lifecycle.parser_version IS 'Parser that made the row, as name/version.';
COMMENT ON COLUMN raw.product_lifecycle.batch_id IS 'Batch that brought the row; see raw.batch.';
