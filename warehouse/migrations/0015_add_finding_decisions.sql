-- What people decide about findings: which flaw is accepted where, by whom, why and until when.
CREATE TABLE raw.finding_decision (
  site_id VARCHAR NOT NULL,
  ecosystem VARCHAR NOT NULL,
  name VARCHAR NOT NULL,
  flaw VARCHAR NOT NULL,
  accepted_until_date DATE NOT NULL,
  reason VARCHAR NOT NULL,
  decided_by VARCHAR NOT NULL,
  decided_at TIMESTAMPTZ NOT NULL,
  parser_version VARCHAR NOT NULL,
  batch_id VARCHAR NOT NULL
);
COMMENT ON TABLE raw.finding_decision IS 'What a person decided about a flaw in a component of a site, one row per decision; a later one replaces an earlier one from then on. See marts.finding_decision.';
COMMENT ON COLUMN raw.finding_decision.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN raw.finding_decision.ecosystem IS 'As raw.component_observation.ecosystem.';
COMMENT ON COLUMN raw.finding_decision.name IS 'Component.';
COMMENT ON COLUMN raw.finding_decision.flaw IS 'A name of the flaw when it was decided; the decision stays with the flaw that has this name.';
COMMENT ON COLUMN raw.finding_decision.accepted_until_date IS 'Last day of the site on which the risk is accepted.';
COMMENT ON COLUMN raw.finding_decision.reason IS 'Why, in the words of the person.';
COMMENT ON COLUMN raw.finding_decision.decided_by IS 'Who decided.';
COMMENT ON COLUMN raw.finding_decision.decided_at IS 'When, UTC.';
COMMENT ON COLUMN raw.finding_decision.parser_version IS 'Program that landed the row.';
COMMENT ON COLUMN raw.finding_decision.batch_id IS 'Batch that brought the row.';
