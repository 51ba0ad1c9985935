-- A decision may take back an acceptance, from then on.
ALTER TABLE raw.finding_decision ALTER COLUMN accepted_until_date DROP NOT NULL;
COMMENT ON COLUMN raw.finding_decision.accepted_until_date IS 'Last day of the site on which the risk is accepted; null where an acceptance is taken back.';
