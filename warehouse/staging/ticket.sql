-- Grain: one row per ticket of a helpdesk: the newest word on it.
CREATE OR REPLACE VIEW staging.ticket AS
SELECT
  site_id,
  source_id,
  ticket_id,
  created_at,
  updated_at,
  first_response_at,
  resolved_at,
  subject,
  status,
  category,
  is_about_outage,
  event_date
FROM raw.ticket
QUALIFY row_number() OVER (
  PARTITION BY site_id, source_id, ticket_id ORDER BY updated_at DESC NULLS LAST, exported_at DESC, content_sha256
) = 1;
COMMENT ON VIEW staging.ticket IS 'Every ticket once, as the newest export has it.';
COMMENT ON COLUMN staging.ticket.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN staging.ticket.source_id IS 'Source within the site.';
COMMENT ON COLUMN staging.ticket.ticket_id IS 'Number of the ticket in the helpdesk.';
COMMENT ON COLUMN staging.ticket.created_at IS 'When it was opened, UTC.';
COMMENT ON COLUMN staging.ticket.updated_at IS 'When it was changed last, UTC; null where the export does not say.';
COMMENT ON COLUMN staging.ticket.first_response_at IS 'When it was first answered, UTC; null where it was not, or the export does not say.';
COMMENT ON COLUMN staging.ticket.resolved_at IS 'When it was resolved, UTC; null where it is not, or the export does not say.';
COMMENT ON COLUMN staging.ticket.subject IS 'Its subject, cut, without mail addresses and secrets.';
COMMENT ON COLUMN staging.ticket.status IS 'Status in the words of the helpdesk.';
COMMENT ON COLUMN staging.ticket.category IS 'Category in the words of the helpdesk.';
COMMENT ON COLUMN staging.ticket.is_about_outage IS 'Its category or its subject says that the site can''t be reached.';
COMMENT ON COLUMN staging.ticket.event_date IS 'Day on which it was opened in the zone of the site.';
