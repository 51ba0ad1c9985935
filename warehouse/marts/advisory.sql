-- Grain: one row per feed and advisory, as the feed tells it now.
CREATE OR REPLACE VIEW marts.advisory AS
SELECT
  newest.feed,
  newest.advisory_id,
  flaw.flaw_id,
  newest.aliases,
  newest.title,
  newest.severity,
  newest.cvss_score,
  newest.cvss_vector,
  newest.is_informational,
  newest.published_at,
  newest.modified_at,
  newest.withdrawn_at,
  newest.url,
  newest.fetched_at,
  risk.exploited_date,
  risk.due_date,
  risk.is_ransomware,
  risk.epss_score,
  risk.epss_percentile,
  risk.score_date
FROM staging.advisory AS newest
JOIN staging.flaw_name AS flaw
  ON flaw.feed = newest.feed AND flaw.advisory_id = newest.advisory_id AND flaw.name = newest.advisory_id
LEFT JOIN staging.flaw_risk AS risk USING (flaw_id);
COMMENT ON VIEW marts.advisory IS 'Advisories as the feeds tell them now. Several feeds tell of one flaw: count flaw_id, never rows. Null in the columns of exploitation is not known, not no: see marts.feed.';
COMMENT ON COLUMN marts.advisory.feed IS 'Feed, as in agency.advisories of sites.yaml.';
COMMENT ON COLUMN marts.advisory.advisory_id IS 'Identifier that the publisher uses.';
COMMENT ON COLUMN marts.advisory.flaw_id IS 'The flaw: its first CVE, else its first name. Advisories that share a name share it, also over others between them.';
COMMENT ON COLUMN marts.advisory.aliases IS 'Other identifiers of the same flaw, CVE among them.';
COMMENT ON COLUMN marts.advisory.title IS 'What it is, in the words of the publisher. Text from outside.';
COMMENT ON COLUMN marts.advisory.severity IS 'critical, high, medium, low, none or unknown.';
COMMENT ON COLUMN marts.advisory.cvss_score IS 'CVSS base score, 0 to 10; null where nobody scored it.';
COMMENT ON COLUMN marts.advisory.cvss_vector IS 'CVSS vector that the score follows from; 4.0 before 3 before 2.';
COMMENT ON COLUMN marts.advisory.is_informational IS 'Whether the publisher says that it is for information only.';
COMMENT ON COLUMN marts.advisory.published_at IS 'When it was disclosed, UTC; null where the publisher does not say.';
COMMENT ON COLUMN marts.advisory.modified_at IS 'When the publisher last changed it, UTC.';
COMMENT ON COLUMN marts.advisory.withdrawn_at IS 'When the publisher took it back, UTC; null where it holds.';
COMMENT ON COLUMN marts.advisory.url IS 'Page of the publisher. Text from outside.';
COMMENT ON COLUMN marts.advisory.fetched_at IS 'Since when the feed tells it so, as far as we know, UTC.';
COMMENT ON COLUMN marts.advisory.exploited_date IS 'Day on which the authority added it to what is exploited; null where no such feed names it.';
COMMENT ON COLUMN marts.advisory.due_date IS 'Day by which authorities must have mended it.';
COMMENT ON COLUMN marts.advisory.is_ransomware IS 'Whether ransomware is known to use it.';
COMMENT ON COLUMN marts.advisory.epss_score IS 'Probability of exploitation within 30 days, 0 to 1; null where no such feed scores it.';
COMMENT ON COLUMN marts.advisory.epss_percentile IS 'Share of all flaws with a lower score, 0 to 1.';
COMMENT ON COLUMN marts.advisory.score_date IS 'Day of the score.';
