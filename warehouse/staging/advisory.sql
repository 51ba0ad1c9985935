-- Grain: one row per feed and advisory, with the content that the feed gave last; without those that are gone.
CREATE OR REPLACE VIEW staging.advisory AS
SELECT
  feed,
  advisory_id,
  fetched_at,
  aliases,
  title,
  severity,
  cvss_score,
  cvss_vector,
  is_informational,
  published_at,
  modified_at,
  withdrawn_at,
  url,
  batch_id
FROM (
  SELECT * FROM raw.advisory
  QUALIFY row_number() OVER (PARTITION BY feed, advisory_id ORDER BY fetched_at DESC, batch_id DESC) = 1
)
WHERE NOT is_gone;
COMMENT ON VIEW staging.advisory IS 'Every advisory once, as the feed tells it now, withdrawn ones too.';
COMMENT ON COLUMN staging.advisory.feed IS 'Feed, as in agency.advisories of sites.yaml.';
COMMENT ON COLUMN staging.advisory.advisory_id IS 'Identifier that the publisher uses.';
COMMENT ON COLUMN staging.advisory.fetched_at IS 'When it was fetched with this content, UTC.';
COMMENT ON COLUMN staging.advisory.aliases IS 'Other identifiers of the same flaw, CVE among them.';
COMMENT ON COLUMN staging.advisory.title IS 'What it is, in the words of the publisher. Text from outside.';
COMMENT ON COLUMN staging.advisory.severity IS 'critical, high, medium, low, none or unknown.';
COMMENT ON COLUMN staging.advisory.cvss_score IS 'CVSS base score, 0 to 10; null where nobody scored it.';
COMMENT ON COLUMN staging.advisory.cvss_vector IS 'CVSS vector that the score follows from; 4.0 before 3 before 2.';
COMMENT ON COLUMN staging.advisory.is_informational IS 'Whether the publisher says that it is for information only.';
COMMENT ON COLUMN staging.advisory.published_at IS 'When it was disclosed, UTC; null where the publisher does not say.';
COMMENT ON COLUMN staging.advisory.modified_at IS 'When the publisher last changed it, UTC.';
COMMENT ON COLUMN staging.advisory.withdrawn_at IS 'When the publisher took it back, UTC; null where it holds.';
COMMENT ON COLUMN staging.advisory.url IS 'Page of the publisher. Text from outside.';
COMMENT ON COLUMN staging.advisory.batch_id IS 'Batch that brought the row; see raw.batch.';
