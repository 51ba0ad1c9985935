-- Grain: one row per feed.
CREATE OR REPLACE VIEW marts.feed AS
SELECT
  feed,
  arg_max(format, fetched_at) AS format,
  max(fetched_at) AS tried_at,
  max(fetched_at) FILTER (outcome <> 'failed') AS succeeded_at,
  max(as_of_at) AS as_of_at,
  arg_max(outcome, fetched_at) AS outcome,
  arg_max(coalesce(detail, ''), fetched_at) AS detail,
  arg_max(entry_count, fetched_at) FILTER (outcome = 'fetched') AS entry_count,
  arg_max(reject_count, fetched_at) FILTER (outcome = 'fetched') AS reject_count,
  coalesce(arg_max(licence, fetched_at) FILTER (outcome = 'fetched'), arg_max(licence, fetched_at)) AS licence,
  coalesce(arg_max(ecosystems, fetched_at) FILTER (outcome <> 'failed'), []) AS ecosystems
FROM raw.feed_run
GROUP BY feed;
COMMENT ON VIEW marts.feed IS 'How current each feed is. What was not fetched of late says nothing of what was disclosed since.';
COMMENT ON COLUMN marts.feed.feed IS 'Feed.';
COMMENT ON COLUMN marts.feed.format IS 'Format, as in `upkeep formats`.';
COMMENT ON COLUMN marts.feed.tried_at IS 'Last attempt, UTC.';
COMMENT ON COLUMN marts.feed.succeeded_at IS 'Last attempt that gave the content, or proved it unchanged, UTC; null where none did.';
COMMENT ON COLUMN marts.feed.as_of_at IS 'Newest moment of which a publisher said that the content is, UTC.';
COMMENT ON COLUMN marts.feed.outcome IS 'Of the last attempt: fetched, unchanged or failed.';
COMMENT ON COLUMN marts.feed.detail IS 'Why the last attempt failed; empty where it did not.';
COMMENT ON COLUMN marts.feed.entry_count IS 'Entries when it last was read; null where it never was.';
COMMENT ON COLUMN marts.feed.reject_count IS 'Entries that could not be read then.';
COMMENT ON COLUMN marts.feed.licence IS 'What the publisher asks of those who use it.';
COMMENT ON COLUMN marts.feed.ecosystems IS 'Ecosystems of which its advisories speak, and those that it was asked about: of others it says nothing.';
