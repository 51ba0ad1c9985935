-- Grain: one row per incident that somebody wrote a note about; the newest note counts.
CREATE OR REPLACE VIEW marts.incident_note AS
SELECT
  incident.site_id,
  incident.source_id,
  incident.started_at,
  note.cause,
  note.fix,
  note.detected_by,
  note.noted_by,
  note.noted_at
FROM marts.incident AS incident
JOIN raw.incident_note AS note
  ON note.site_id = incident.site_id AND note.source_id = incident.source_id
  AND note.incident_at >= incident.started_at AND note.incident_at < incident.ended_at
QUALIFY row_number() OVER (
  PARTITION BY incident.site_id, incident.source_id, incident.started_at ORDER BY note.noted_at DESC, note.batch_id
) = 1;
COMMENT ON VIEW marts.incident_note IS 'What people wrote about incidents: one row per incident with a note, the newest one. Join marts.incident by site_id, source_id and started_at.';
COMMENT ON COLUMN marts.incident_note.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.incident_note.source_id IS 'Source within the site.';
COMMENT ON COLUMN marts.incident_note.started_at IS 'Start of the incident as marts.incident has it, UTC.';
COMMENT ON COLUMN marts.incident_note.cause IS 'Why it happened, in the words of a person; marts.incident.cause is what the checks saw.';
COMMENT ON COLUMN marts.incident_note.fix IS 'What ended it or keeps it from coming back; null where nobody said.';
COMMENT ON COLUMN marts.incident_note.detected_by IS 'Who or what noticed it first; null where nobody said.';
COMMENT ON COLUMN marts.incident_note.noted_by IS 'Who wrote the note.';
COMMENT ON COLUMN marts.incident_note.noted_at IS 'When the note was written, UTC.';
