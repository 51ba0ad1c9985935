-- every WAF rule hit belongs to an event of its own batch
SELECT hit.event_id, hit.batch_id
FROM raw.waf_rule_hit AS hit
ANTI JOIN raw.waf_event AS event ON event.event_id = hit.event_id AND event.batch_id = hit.batch_id;
