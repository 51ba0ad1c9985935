-- every batch in the ledger has the rows it says; fewer only where overlapping sources bring a row twice
SELECT batch.batch_id, batch.row_count, coalesce(counted.row_count, 0) AS found
FROM raw.batch AS batch
LEFT JOIN (
  SELECT batch_id, count(*) AS row_count
  FROM (
    SELECT batch_id FROM raw.site UNION ALL SELECT batch_id FROM raw.source
    UNION ALL SELECT batch_id FROM raw.collection_run UNION ALL SELECT batch_id FROM raw.check_result
    UNION ALL SELECT batch_id FROM raw.inventory_file
    UNION ALL SELECT batch_id FROM raw.runtime UNION ALL SELECT batch_id FROM raw.component_observation UNION ALL SELECT batch_id FROM raw.patch_event
    UNION ALL SELECT batch_id FROM raw.waf_event UNION ALL SELECT batch_id FROM raw.waf_rule_hit
    UNION ALL SELECT batch_id FROM raw.http_request UNION ALL SELECT batch_id FROM raw.journey_run
    UNION ALL SELECT batch_id FROM raw.journey_step UNION ALL SELECT batch_id FROM raw.server_metric
    UNION ALL SELECT batch_id FROM raw.backup UNION ALL SELECT batch_id FROM raw.maintenance_window
    UNION ALL SELECT batch_id FROM raw.scanner_run UNION ALL SELECT batch_id FROM raw.scanner_finding
    UNION ALL SELECT batch_id FROM raw.incident_note UNION ALL SELECT batch_id FROM raw.alert
    UNION ALL SELECT batch_id FROM raw.ticket UNION ALL SELECT batch_id FROM raw.advisory
    UNION ALL SELECT batch_id FROM raw.advisory_range UNION ALL SELECT batch_id FROM raw.feed_run
    UNION ALL SELECT batch_id FROM raw.exploited_vulnerability UNION ALL SELECT batch_id FROM raw.exploit_prediction
    UNION ALL SELECT batch_id FROM raw.product_lifecycle UNION ALL SELECT batch_id FROM raw.audit_run
    UNION ALL SELECT batch_id FROM raw.page_performance UNION ALL SELECT batch_id FROM raw.page_score
    UNION ALL SELECT batch_id FROM raw.page_opportunity UNION ALL SELECT batch_id FROM raw.page_third_party
    UNION ALL SELECT batch_id FROM raw.page_resource UNION ALL SELECT batch_id FROM raw.field_metric
    UNION ALL SELECT batch_id FROM raw.finding_decision
    UNION ALL SELECT batch_id FROM raw.accessibility_run UNION ALL SELECT batch_id FROM raw.accessibility_finding
    UNION ALL SELECT batch_id FROM raw.accessibility_decision UNION ALL SELECT batch_id FROM raw.accessibility_assertion
    UNION ALL SELECT batch_id FROM raw.posture_test UNION ALL SELECT batch_id FROM raw.posture_finding
    UNION ALL SELECT batch_id FROM raw.crawled_page UNION ALL SELECT batch_id FROM raw.crawl_issue
    UNION ALL SELECT batch_id FROM raw.report_file UNION ALL SELECT batch_id FROM raw.report_event
    UNION ALL SELECT batch_id FROM raw.report_comment UNION ALL SELECT batch_id FROM raw.report_figure
    UNION ALL SELECT batch_id FROM raw.recommendation UNION ALL SELECT batch_id FROM raw.recommendation_event
    UNION ALL SELECT batch_id FROM raw.recommendation_test
  )
  GROUP BY batch_id
) AS counted USING (batch_id)
WHERE batch.row_count < coalesce(counted.row_count, 0)
  OR batch.row_count > coalesce(counted.row_count, 0)
    AND NOT regexp_matches(batch.collector, '^(waf|servers|backups|tickets)_');
