-- every outcome, action, update state and run state is a word of its documented list
SELECT 'check_result' AS table_name, outcome AS word FROM raw.check_result WHERE outcome NOT IN ('up', 'down', 'unknown')
UNION ALL
SELECT 'waf_event', action FROM raw.waf_event
WHERE action NOT IN ('allow', 'block', 'challenge', 'challenge_passed', 'log', 'rate_limit', 'redirect', 'unknown')
UNION ALL
SELECT 'component_observation', update_state FROM raw.component_observation WHERE update_state NOT IN ('available', 'none', 'unknown')
UNION ALL
SELECT 'collection_run', state FROM raw.collection_run WHERE state NOT IN ('complete', 'partial', 'failed', 'empty')
UNION ALL
SELECT 'journey_run', outcome FROM raw.journey_run WHERE outcome NOT IN ('passed', 'failed', 'unknown')
UNION ALL
SELECT 'audit_run', outcome FROM raw.audit_run WHERE outcome NOT IN ('complete', 'incomplete', 'error', 'unknown')
UNION ALL
SELECT 'accessibility_finding', outcome FROM raw.accessibility_finding WHERE outcome NOT IN ('violation', 'needs_review')
UNION ALL
SELECT 'accessibility_decision', decision FROM raw.accessibility_decision WHERE decision NOT IN ('confirmed', 'dismissed')
UNION ALL
SELECT 'accessibility_assertion', outcome FROM raw.accessibility_assertion
WHERE outcome NOT IN ('passed', 'failed', 'cant_tell', 'inapplicable', 'untested')
UNION ALL
SELECT 'crawled_page', outcome FROM raw.crawled_page WHERE outcome NOT IN ('ok', 'broken', 'not_known')
UNION ALL
SELECT 'posture_finding', outcome FROM raw.posture_finding
WHERE outcome NOT IN ('ok', 'weak', 'missing', 'not_known', 'refused', 'active', 'passive', 'found', 'not_found');
