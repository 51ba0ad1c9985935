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
-- An export of tickets tells what was opened before it: each day up to the last one is known, and those until the next
-- one is due. A ticket is kept as the first export had it, so exports without news leave no rows.
SELECT
  span.site_id, span.source_id, calendar.day_date, 1.0,
  coalesce(sum(exported.ticket_count), 0)
FROM (
  SELECT ticket.site_id, ticket.source_id, min(ticket.event_date) AS first_date,
    max(timezone(site.time_zone, ticket.exported_at)::DATE) AS last_date
  FROM raw.ticket AS ticket JOIN staging.site AS site USING (site_id)
  GROUP BY ticket.site_id, ticket.source_id
) AS span
JOIN staging.source AS source USING (site_id, source_id)
JOIN staging.site_day AS calendar
  ON calendar.site_id = span.site_id AND calendar.day_date >= span.first_date
  AND calendar.day_date < span.last_date + ceil(source.expected_every_seconds / 86400)::INTEGER
LEFT JOIN (
  SELECT ticket.site_id, ticket.source_id, timezone(site.time_zone, ticket.exported_at)::DATE AS export_date, count(*) AS ticket_count
  FROM raw.ticket AS ticket JOIN staging.site AS site USING (site_id)
  GROUP BY ticket.site_id, ticket.source_id, export_date
) AS exported
  ON exported.site_id = span.site_id AND exported.source_id = span.source_id AND exported.export_date = calendar.day_date
GROUP BY span.site_id, span.source_id, calendar.day_date
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
GROUP BY bundle.site_id, bundle.source_id, bundle.collected_date + day_number::INTEGER
UNION ALL
-- An audit speaks for the days until the next one is due, by the share of its runs of which something is known.
SELECT
  audit.site_id, audit.source_id, (audit.run_date + day_number::INTEGER)::DATE, max(audit.known_ratio),
  sum(CASE WHEN day_number = 0 THEN audit.run_count ELSE 0 END)
FROM (
  SELECT site_id, source_id, run_date, avg(CASE WHEN outcome <> 'unknown' THEN 1.0 ELSE 0.0 END) AS known_ratio,
    count(*) AS run_count
  FROM staging.audit_run
  GROUP BY site_id, source_id, run_date
) AS audit
JOIN staging.source AS source USING (site_id, source_id)
CROSS JOIN (SELECT unnest(generate_series(0, 36)) AS day_number)
WHERE day_number * 86400 < source.expected_every_seconds
GROUP BY audit.site_id, audit.source_id, audit.run_date + day_number::INTEGER;
COMMENT ON VIEW marts.source_day IS 'How much of each day each source covers. A day without a row is a gap: print it as unknown.';
COMMENT ON COLUMN marts.source_day.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN marts.source_day.source_id IS 'Source within the site.';
COMMENT ON COLUMN marts.source_day.day_date IS 'Day in the zone of the site.';
COMMENT ON COLUMN marts.source_day.coverage_ratio IS 'Share of the day, or of the components, that is known: 0 to 1.';
COMMENT ON COLUMN marts.source_day.row_count IS 'Rows of that day.';
