-- every configured source has delivered something
SELECT source.site_id, source.source_id FROM staging.source AS source
ANTI JOIN (
  -- That there is a row needs no figures of its day: to work out those of all sources takes most of a publication.
  SELECT DISTINCT site_id, source_id FROM raw.check_result
  UNION ALL SELECT DISTINCT site_id, source_id FROM raw.component_observation
  UNION ALL SELECT DISTINCT site_id, source_id FROM raw.waf_event
  UNION ALL SELECT DISTINCT site_id, source_id FROM raw.http_request
  UNION ALL SELECT DISTINCT site_id, source_id FROM raw.journey_run
  UNION ALL SELECT DISTINCT site_id, source_id FROM raw.server_metric
  UNION ALL SELECT DISTINCT site_id, source_id FROM raw.backup
  UNION ALL SELECT DISTINCT site_id, source_id FROM raw.ticket
  UNION ALL SELECT DISTINCT site_id, source_id FROM raw.audit_run
  UNION ALL SELECT DISTINCT site_id, source_id FROM raw.page_performance
  UNION ALL SELECT DISTINCT site_id, source_id FROM raw.field_metric
  UNION ALL SELECT DISTINCT site_id, source_id FROM raw.accessibility_assertion
) AS delivered ON delivered.site_id = source.site_id AND delivered.source_id = source.source_id;
