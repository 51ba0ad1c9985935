-- What people write down about incidents: cause, fix, who noticed.
CREATE TABLE raw.incident_note (
  site_id VARCHAR NOT NULL,
  source_id VARCHAR NOT NULL,
  incident_at TIMESTAMPTZ NOT NULL,
  cause VARCHAR NOT NULL,
  fix VARCHAR,
  detected_by VARCHAR,
  noted_by VARCHAR NOT NULL,
  noted_at TIMESTAMPTZ NOT NULL,
  parser_version VARCHAR NOT NULL,
  batch_id VARCHAR NOT NULL
);
COMMENT ON TABLE raw.incident_note IS 'What a person wrote down about an incident, one row per note; a later note replaces an earlier one when it is read.';
COMMENT ON COLUMN raw.incident_note.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN raw.incident_note.source_id IS 'Source whose checks told the incident.';
COMMENT ON COLUMN raw.incident_note.incident_at IS 'A moment of the incident, its start when the note was written, UTC. Starts are derived and may move; the note stays with the incident that holds this moment.';
COMMENT ON COLUMN raw.incident_note.cause IS 'Why it happened, in the words of the person.';
COMMENT ON COLUMN raw.incident_note.fix IS 'What ended it or keeps it from coming back; null where nobody said.';
COMMENT ON COLUMN raw.incident_note.detected_by IS 'Who or what noticed it first; null where nobody said.';
COMMENT ON COLUMN raw.incident_note.noted_by IS 'Who wrote the note.';
COMMENT ON COLUMN raw.incident_note.noted_at IS 'When the note was written, UTC.';
COMMENT ON COLUMN raw.incident_note.parser_version IS 'Program that landed the row.';
COMMENT ON COLUMN raw.incident_note.batch_id IS 'Batch that brought the row.';
