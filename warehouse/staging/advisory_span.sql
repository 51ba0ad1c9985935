-- Grain: one row per feed, advisory and content that it had for a time.
CREATE OR REPLACE VIEW staging.advisory_span AS
SELECT
  feed,
  advisory_id,
  fetched_at,
  batch_id,
  NOT (is_gone OR is_informational OR withdrawn_at IS NOT NULL) AS is_standing,
  CASE WHEN lag(fetched_at) OVER contents IS NOT NULL THEN fetched_at END AS from_at,
  lead(fetched_at) OVER contents AS until_at,
  CASE
    WHEN lead(is_gone OR withdrawn_at IS NOT NULL) OVER contents THEN 'withdrawn'
    WHEN lead(fetched_at) OVER contents IS NOT NULL THEN 'not_affected'
  END AS ended_reason,
  coalesce(published_at, fetched_at) AS told_at,
  published_at,
  severity,
  cvss_score,
  title
FROM raw.advisory
WINDOW contents AS (PARTITION BY feed, advisory_id ORDER BY fetched_at, batch_id);
COMMENT ON VIEW staging.advisory_span IS 'What each advisory said from when to when. The first content that we know reaches back to the disclosure; a later one holds since the feed gave it.';
COMMENT ON COLUMN staging.advisory_span.feed IS 'Feed, as in agency.advisories of sites.yaml.';
COMMENT ON COLUMN staging.advisory_span.advisory_id IS 'Identifier that the publisher uses.';
COMMENT ON COLUMN staging.advisory_span.fetched_at IS 'When it was fetched with this content, UTC.';
COMMENT ON COLUMN staging.advisory_span.batch_id IS 'Batch that brought the row; see raw.batch.';
COMMENT ON COLUMN staging.advisory_span.is_standing IS 'It tells of a flaw: not gone, not withdrawn, not for information only.';
COMMENT ON COLUMN staging.advisory_span.from_at IS 'Since when it says so, UTC; null for the first content.';
COMMENT ON COLUMN staging.advisory_span.until_at IS 'When the next content was fetched, UTC; null where this one holds.';
COMMENT ON COLUMN staging.advisory_span.ended_reason IS 'What the next content means for a version that it no longer names: withdrawn or not_affected; null where this one holds.';
COMMENT ON COLUMN staging.advisory_span.told_at IS 'When it was disclosed, else when it was fetched, UTC.';
COMMENT ON COLUMN staging.advisory_span.published_at IS 'When it was disclosed, UTC; null where the publisher does not say.';
COMMENT ON COLUMN staging.advisory_span.severity IS 'critical, high, medium, low, none or unknown.';
COMMENT ON COLUMN staging.advisory_span.cvss_score IS 'CVSS base score, 0 to 10; null where nobody scored it.';
COMMENT ON COLUMN staging.advisory_span.title IS 'What it is, in the words of the publisher. Text from outside.';
