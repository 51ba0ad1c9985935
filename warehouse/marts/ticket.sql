-- Grain: one row per ticket of a helpdesk, with the outage that it is about.
CREATE OR REPLACE VIEW marts.ticket AS
SELECT
  ticket.site_id,
  ticket.source_id,
  ticket.ticket_id,
  ticket.created_at,
  ticket.updated_at,
  ticket.first_response_at,
  ticket.resolved_at,
  ticket.subject,
  ticket.status,
  ticket.category,
  ticket.is_about_outage,
  ticket.event_date,
  incident.source_id AS incident_source_id,
  incident.started_at AS incident_started_at,
  incident.confirmed_at AS incident_confirmed_at,
  CASE
    WHEN NOT ticket.is_about_outage OR incident.is_planned THEN NULL
    WHEN incident.started_at IS NOT NULL THEN ticket.created_at < incident.confirmed_at
    WHEN day.day_date IS NOT NULL THEN true
  END AS is_before_monitor
FROM staging.ticket AS ticket
-- People write in the half hour before the checks call it an outage, and up to an hour after it is over.
LEFT JOIN marts.incident AS incident
  ON incident.site_id = ticket.site_id AND ticket.is_about_outage
  AND ticket.created_at >= incident.started_at - INTERVAL 30 MINUTES AND ticket.created_at <= incident.ended_at + INTERVAL 1 HOUR
LEFT JOIN marts.availability_day AS day
  ON day.site_id = ticket.site_id AND day.day_date = ticket.event_date AND day.is_primary
  AND day.up_seconds + day.down_seconds >= 0.9 * day.day_seconds
QUALIFY row_number() OVER (
  PARTITION BY ticket.site_id, ticket.source_id, ticket.ticket_id ORDER BY incident.started_at, incident.source_id
) = 1;
COMMENT ON VIEW marts.ticket IS 'Tickets of helpdesks, each with the outage of the site at its time where it is about one.';
COMMENT ON COLUMN marts.ticket.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.ticket.source_id IS 'Source within the site.';
COMMENT ON COLUMN marts.ticket.ticket_id IS 'Number of the ticket in the helpdesk.';
COMMENT ON COLUMN marts.ticket.created_at IS 'When it was opened, UTC.';
COMMENT ON COLUMN marts.ticket.updated_at IS 'When it was changed last, UTC; null where the export does not say.';
COMMENT ON COLUMN marts.ticket.first_response_at IS 'When it was first answered, UTC; null where it was not, or the export does not say.';
COMMENT ON COLUMN marts.ticket.resolved_at IS 'When it was resolved, UTC; null where it is not, or the export does not say.';
COMMENT ON COLUMN marts.ticket.subject IS 'Its subject, cut, without mail addresses and secrets.';
COMMENT ON COLUMN marts.ticket.status IS 'Status in the words of the helpdesk.';
COMMENT ON COLUMN marts.ticket.category IS 'Category in the words of the helpdesk.';
COMMENT ON COLUMN marts.ticket.is_about_outage IS 'Its category or its subject says that the site can''t be reached.';
COMMENT ON COLUMN marts.ticket.event_date IS 'Day on which it was opened in the zone of the site.';
COMMENT ON COLUMN marts.ticket.incident_source_id IS 'Source whose checks told the outage that the ticket is about; null for none.';
COMMENT ON COLUMN marts.ticket.incident_started_at IS 'Start of that outage as marts.incident has it, UTC.';
COMMENT ON COLUMN marts.ticket.incident_confirmed_at IS 'When our checks had confirmed it, UTC.';
COMMENT ON COLUMN marts.ticket.is_before_monitor IS 'For tickets about an outage: it came before our checks had confirmed one, or they saw none. Null for others, for announced maintenance, and where the checks did not look.';
