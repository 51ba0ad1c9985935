-- How many failures make an outage is kept with the source, so that history can be derived again when it changes.
ALTER TABLE raw.source ADD COLUMN confirm_down BIGINT DEFAULT 1;
ALTER TABLE raw.source ADD COLUMN confirm_of BIGINT DEFAULT 1;
ALTER TABLE raw.source ADD COLUMN confirm_up BIGINT DEFAULT 1;
ALTER TABLE raw.source ALTER COLUMN confirm_down SET NOT NULL;
ALTER TABLE raw.source ALTER COLUMN confirm_of SET NOT NULL;
ALTER TABLE raw.source ALTER COLUMN confirm_up SET NOT NULL;
COMMENT ON COLUMN raw.source.confirm_down IS 'Checks of the last confirm_of that must fail before it counts as down: 1 to 5.';
COMMENT ON COLUMN raw.source.confirm_of IS 'Checks that are looked at: 1 to 5.';
COMMENT ON COLUMN raw.source.confirm_up IS 'Checks in a row that must be up before an incident is over: 1 to 5.';
