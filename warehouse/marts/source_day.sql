-- Grain: one row per site, source and day (of the site's zone) on which the source delivered something.
CREATE OR REPLACE VIEW marts.source_day AS
SELECT site_id, source_id, day_date, least((up_seconds + down_seconds) / day_seconds, 1.0) AS coverage_ratio, check_count AS row_count
FROM marts.availability_day
UNION ALL
SELECT site_id, source_id, event_date, 1.0, count(*) FROM staging.http_request GROUP BY site_id, source_id, event_date
UNION ALL
SELECT site_id, source_id, event_date, 1.0, count(*) FROM staging.waf_event GROUP BY site_id, source_id, event_date
UNION ALL
-- Of several journeys the one that is known least speaks for the source.
SELECT site_id, source_id, day_date, min(coalesce(coverage_ratio, 0.0)), sum(run_count)
FROM marts.journey_day GROUP BY site_id, source_id, day_date
UNION ALL
-- Of several servers the one that is known least speaks for the source; one without figures of its load has other ones.
SELECT
  site_id, source_id, day_date,
  min(least(coalesce(cpu_measured_seconds, memory_measured_seconds, 86400) / 86400, 1.0)), count(*)
FROM marts.server_day GROUP BY site_id, source_id, day_date
UNION ALL
-- A backup speaks for the days until the next one is due.
SELECT backup.site_id, backup.source_id, (backup.day_date + day_number::INTEGER)::DATE, 1.0,
  sum(CASE WHEN day_number = 0 THEN succeeded_count + failed_count ELSE 0 END)
FROM marts.backup_day AS backup
JOIN staging.source AS source USING (site_id, source_id)
CROSS JOIN (SELECT unnest(generate_series(0, 31)) AS day_number)
WHERE day_number * 86400 < source.expected_every_seconds
GROUP BY backup.site_id, backup.source_id, backup.day_date + day_number::INTEGER
UNION ALL
-- An export of tickets speaks for the days until the next one is due.
SELECT ticket.site_id, ticket.source_id, (export_date + day_number::INTEGER)::DATE, 1.0,
  sum(CASE WHEN day_number = 0 THEN ticket_count ELSE 0 END)
FROM (
  SELECT ticket.site_id, ticket.source_id, (exported_at AT TIME ZONE time_zone)::DATE AS export_date, count(*) AS ticket_count
  FROM raw.ticket AS ticket JOIN staging.site AS site USING (site_id)
  GROUP BY ticket.site_id, ticket.source_id, export_date
) AS ticket
JOIN staging.source AS source USING (site_id, source_id)
CROSS JOIN (SELECT unnest(generate_series(0, 31)) AS day_number)
WHERE day_number * 86400 < source.expected_every_seconds
GROUP BY ticket.site_id, ticket.source_id, export_date + day_number::INTEGER
UNION ALL
-- An inventory speaks for the days until the next one is due, as far as it is known to be fresh.
SELECT
  bundle.site_id,
  bundle.source_id,
  (bundle.collected_date + day_number::INTEGER)::DATE AS day_date,
  max(bundle.fresh_count / bundle.component_count),
  sum(CASE WHEN day_number = 0 THEN bundle.component_count ELSE 0 END)
FROM (
  SELECT site_id, source_id, bundle_id, max(collected_date) AS collected_date, sum(component_count) AS component_count, sum(fresh_count) AS fresh_count
  FROM marts.bundle
  GROUP BY site_id, source_id, bundle_id
) AS bundle
JOIN staging.source AS source USING (site_id, source_id)
CROSS JOIN (SELECT unnest(generate_series(0, 31)) AS day_number)
WHERE day_number * 86400 < source.expected_every_seconds
GROUP BY bundle.site_id, bundle.source_id, bundle.collected_date + day_number::INTEGER;
COMMENT ON VIEW marts.source_day IS 'How much of each day each source covers. A day without a row is a gap: print it as unknown.';
COMMENT ON COLUMN marts.source_day.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.source_day.source_id IS 'Source within the site.';
COMMENT ON COLUMN marts.source_day.day_date IS 'Day in the zone of the site.';
COMMENT ON COLUMN marts.source_day.coverage_ratio IS 'Share of the day, or of the components, that is known: 0 to 1.';
COMMENT ON COLUMN marts.source_day.row_count IS 'Rows of that day.';
