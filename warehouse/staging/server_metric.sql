-- Grain: one row per site, source, server, metric, device and slot.
CREATE OR REPLACE VIEW staging.server_metric AS
SELECT * EXCLUDE (parser_version, batch_id)
FROM raw.server_metric;
COMMENT ON VIEW staging.server_metric IS 'Figures of servers, each slot once. A slot without a row was not measured: unknown, not idle.';
COMMENT ON COLUMN staging.server_metric.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN staging.server_metric.source_id IS 'Source within the site.';
COMMENT ON COLUMN staging.server_metric.server IS 'Server, as the source names it.';
COMMENT ON COLUMN staging.server_metric.metric IS 'What was measured, with its unit: as in raw.server_metric.';
COMMENT ON COLUMN staging.server_metric.device IS 'Mount point; null where the metric is of the whole server.';
COMMENT ON COLUMN staging.server_metric.measured_at IS 'End of the slot, UTC.';
COMMENT ON COLUMN staging.server_metric.value IS 'Value in the unit that the metric names.';
COMMENT ON COLUMN staging.server_metric.interval_seconds IS 'Length of the slot, seconds.';
COMMENT ON COLUMN staging.server_metric.event_date IS 'Day of the end of the slot in the zone of the site.';
