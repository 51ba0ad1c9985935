-- Alerts: what was said to whom about incidents and silent sources.
CREATE TABLE raw.alert (
  alert_id VARCHAR NOT NULL,
  kind VARCHAR NOT NULL,
  site_id VARCHAR NOT NULL,
  source_id VARCHAR NOT NULL,
  channel VARCHAR NOT NULL,
  decided_at TIMESTAMPTZ NOT NULL,
  ended_at TIMESTAMPTZ NOT NULL,
  state VARCHAR NOT NULL,
  attempt_count BIGINT NOT NULL,
  subject VARCHAR NOT NULL,
  message VARCHAR,
  parser_version VARCHAR NOT NULL,
  batch_id VARCHAR NOT NULL
);
COMMENT ON TABLE raw.alert IS 'The ledger of alerts: one row per message and channel once it was sent, or given up.';
COMMENT ON COLUMN raw.alert.alert_id IS 'Identity of the message: a hash of kind, site, source and start. Receivers get it as Idempotency-Key.';
COMMENT ON COLUMN raw.alert.kind IS 'incident_opened, incident_closed, source_silent or source_back.';
COMMENT ON COLUMN raw.alert.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN raw.alert.source_id IS 'Source within the site.';
COMMENT ON COLUMN raw.alert.channel IS 'Channel, as in sites.yaml.';
COMMENT ON COLUMN raw.alert.decided_at IS 'When it was decided that there is something to say, UTC.';
COMMENT ON COLUMN raw.alert.ended_at IS 'When it was sent, or given up, UTC.';
COMMENT ON COLUMN raw.alert.state IS 'sent or failed.';
COMMENT ON COLUMN raw.alert.attempt_count IS 'Attempts to send it.';
COMMENT ON COLUMN raw.alert.subject IS 'Its first line.';
COMMENT ON COLUMN raw.alert.message IS 'Why it could not be sent; null where it was.';
COMMENT ON COLUMN raw.alert.parser_version IS 'Program that landed the row.';
COMMENT ON COLUMN raw.alert.batch_id IS 'Batch that brought the row.';
