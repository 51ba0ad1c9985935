-- no row is dated more than a day after the batch that brought it was landed
SELECT event.site_id, event.source_id, max(event.event_at) AS event_at
FROM (
  SELECT site_id, source_id, event_at, batch_id FROM raw.waf_event
  UNION ALL SELECT site_id, source_id, event_at, batch_id FROM raw.http_request
  UNION ALL SELECT site_id, source_id, checked_at, batch_id FROM raw.check_result
) AS event JOIN raw.batch AS batch USING (batch_id)
WHERE event.event_at > batch.landed_at + INTERVAL 1 DAY
GROUP BY event.site_id, event.source_id;
