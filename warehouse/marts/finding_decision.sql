-- Grain: one row per decision to accept a flaw in a component of a site, or to take that back.
CREATE OR REPLACE VIEW marts.finding_decision AS
SELECT
  decision.site_id,
  decision.ecosystem,
  decision.name,
  coalesce(named.flaw_id, decision.flaw) AS flaw_id,
  decision.accepted_until_date,
  decision.reason,
  decision.decided_by,
  decision.decided_at,
  CASE WHEN decision.accepted_until_date IS NULL THEN decision.decided_at ELSE least(
    timezone(site.time_zone, decision.accepted_until_date::TIMESTAMP + INTERVAL 1 DAY),
    lead(decision.decided_at) OVER (
      PARTITION BY decision.site_id, decision.ecosystem, decision.name, coalesce(named.flaw_id, decision.flaw)
      ORDER BY decision.decided_at, decision.batch_id
    )
  ) END AS ends_at
FROM raw.finding_decision AS decision
JOIN staging.site AS site USING (site_id)
LEFT JOIN (SELECT DISTINCT name, flaw_id FROM staging.flaw_name) AS named ON named.name = decision.flaw;
COMMENT ON VIEW marts.finding_decision IS 'Who accepted which flaw, why and until when, and who took that back: all that was ever decided. An acceptance holds from decided_at to ends_at.';
COMMENT ON COLUMN marts.finding_decision.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.finding_decision.ecosystem IS 'As raw.component_observation.ecosystem.';
COMMENT ON COLUMN marts.finding_decision.name IS 'Component, in all its versions and sources.';
COMMENT ON COLUMN marts.finding_decision.flaw_id IS 'The flaw, as in marts.finding.';
COMMENT ON COLUMN marts.finding_decision.accepted_until_date IS 'Last day of the site on which it is accepted; null where an acceptance is taken back.';
COMMENT ON COLUMN marts.finding_decision.reason IS 'Why, in the words of the person.';
COMMENT ON COLUMN marts.finding_decision.decided_by IS 'Who decided.';
COMMENT ON COLUMN marts.finding_decision.decided_at IS 'When, UTC.';
COMMENT ON COLUMN marts.finding_decision.ends_at IS 'When it ends, UTC: with its last day, or where a later decision replaced it; decided_at where an acceptance is taken back.';
