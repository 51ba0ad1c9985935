-- Tickets of helpdesks; more words of alerts and of servers.
CREATE TABLE raw.ticket (
  site_id VARCHAR NOT NULL,
  source_id VARCHAR NOT NULL,
  ticket_id VARCHAR NOT NULL,
  content_sha256 VARCHAR NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  updated_at TIMESTAMPTZ,
  first_response_at TIMESTAMPTZ,
  resolved_at TIMESTAMPTZ,
  exported_at TIMESTAMPTZ NOT NULL,
  subject VARCHAR NOT NULL,
  status VARCHAR,
  category VARCHAR,
  is_about_outage BOOLEAN NOT NULL,
  event_date DATE,
  parser_version VARCHAR NOT NULL,
  batch_id VARCHAR NOT NULL
);
COMMENT ON TABLE raw.ticket IS 'Tickets of helpdesks as their exports have them, one row per ticket and content; the newest one counts, see staging.ticket.';
COMMENT ON COLUMN raw.ticket.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN raw.ticket.source_id IS 'Source within the site.';
COMMENT ON COLUMN raw.ticket.ticket_id IS 'Number of the ticket in the helpdesk.';
COMMENT ON COLUMN raw.ticket.content_sha256 IS 'Hash of what the export says of it: the same word again is one row.';
COMMENT ON COLUMN raw.ticket.created_at IS 'When it was opened, UTC.';
COMMENT ON COLUMN raw.ticket.updated_at IS 'When it was changed last, UTC; null where the export does not say.';
COMMENT ON COLUMN raw.ticket.first_response_at IS 'When it was first answered, UTC; null where it was not, or the export does not say.';
COMMENT ON COLUMN raw.ticket.resolved_at IS 'When it was resolved, UTC; null where it is not, or the export does not say.';
COMMENT ON COLUMN raw.ticket.exported_at IS 'Time of the exported file, UTC.';
COMMENT ON COLUMN raw.ticket.subject IS 'Its subject, cut, without mail addresses and secrets.';
COMMENT ON COLUMN raw.ticket.status IS 'Status in the words of the helpdesk.';
COMMENT ON COLUMN raw.ticket.category IS 'Category in the words of the helpdesk.';
COMMENT ON COLUMN raw.ticket.is_about_outage IS 'Its category or its subject says that the site can''t be reached.';
COMMENT ON COLUMN raw.ticket.event_date IS 'Day on which it was opened in the zone of the site.';
COMMENT ON COLUMN raw.ticket.parser_version IS 'Parser that made the row, as name/version.';
COMMENT ON COLUMN raw.ticket.batch_id IS 'Batch that brought the row; see raw.batch.';
COMMENT ON COLUMN raw.alert.kind IS 'incident_opened, incident_closed, source_silent, source_back, monitoring_blind or monitoring_back.';
COMMENT ON COLUMN raw.alert.site_id IS 'Site, as in sites.yaml; empty where our own connection is meant.';
COMMENT ON COLUMN raw.alert.source_id IS 'Source within the site; empty where our own connection is meant.';
COMMENT ON COLUMN raw.alert.state IS 'sent; failed, given up after a day; or skipped, as its channel was taken away.';
COMMENT ON COLUMN raw.alert.message IS 'Why it was not sent, or not to all; null where it was.';
COMMENT ON COLUMN raw.server_metric.metric IS 'cpu_busy_ratio, memory_used_ratio, load1, disk_available_bytes, disk_size_bytes, boot_at_seconds (unix time), is_reboot_required (0 or 1), or http_request_count and http_5xx_count (answers in the slot).';
