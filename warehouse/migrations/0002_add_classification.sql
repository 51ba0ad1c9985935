-- Who asked for what, and on which day of the site: filled when a log is parsed, so that a query over a quarter need
-- not classify again and reads only the blocks of its days.
ALTER TABLE raw.http_request ADD COLUMN asn BIGINT;
ALTER TABLE raw.http_request ADD COLUMN country VARCHAR;
ALTER TABLE raw.http_request ADD COLUMN bot_class VARCHAR;
ALTER TABLE raw.http_request ADD COLUMN bot_name VARCHAR;
ALTER TABLE raw.http_request ADD COLUMN bot_identity VARCHAR;
ALTER TABLE raw.http_request ADD COLUMN path_class VARCHAR;
ALTER TABLE raw.waf_event ADD COLUMN path_class VARCHAR;
ALTER TABLE raw.site ADD COLUMN trusted_networks VARCHAR[];
COMMENT ON COLUMN raw.site.trusted_networks IS 'Ranges that are never advised to be blocked: offices, CDNs, our own checks.';
COMMENT ON COLUMN raw.http_request.asn IS 'Autonomous system number of the client; null where no database was given and the log has none.';
COMMENT ON COLUMN raw.http_request.country IS 'ISO 3166-1 alpha-2 code of the client; null where unknown.';
COMMENT ON COLUMN raw.http_request.bot_class IS 'By the User-Agent: search, ai, seo, monitoring, scanner, library or other; null where it names no bot.';
COMMENT ON COLUMN raw.http_request.bot_name IS 'Name of the bot as the kept list has it.';
COMMENT ON COLUMN raw.http_request.bot_identity IS 'verified, spoofed, or claimed where there was nothing to check the claim against; null where the User-Agent names no bot.';
COMMENT ON COLUMN raw.http_request.path_class IS 'What was asked for, where that is telling: login, xmlrpc, user_enumeration, sensitive_file, path_probe, checkout, search or static; else null.';
COMMENT ON COLUMN raw.waf_event.path_class IS 'What was asked for, where that is telling: as in raw.http_request.';
COMMENT ON COLUMN raw.waf_event.bot_class IS 'By the vendor or the User-Agent: search, ai, seo, monitoring, scanner, library or other; null where it names no bot.';
COMMENT ON COLUMN raw.waf_event.bot_identity IS 'verified, spoofed, or claimed where there was nothing to check the claim against; null where the User-Agent names no bot.';

ALTER TABLE raw.http_request ADD COLUMN event_date DATE;
ALTER TABLE raw.waf_event ADD COLUMN event_date DATE;
ALTER TABLE raw.waf_rule_hit ADD COLUMN event_date DATE;
COMMENT ON COLUMN raw.http_request.event_date IS 'Day of the request in the zone of the site.';
COMMENT ON COLUMN raw.waf_event.event_date IS 'Day of the request in the zone of the site.';
COMMENT ON COLUMN raw.waf_rule_hit.event_date IS 'Day of the request in the zone of the site.';

-- Rows of before: their day, and one row for each event that was read twice.
CREATE OR REPLACE TEMP TABLE site_zone AS SELECT site_id, arg_max(time_zone, configured_at) AS time_zone FROM raw.site GROUP BY site_id;
CREATE OR REPLACE TEMP MACRO site_day(site, moment) AS
  timezone(coalesce((SELECT time_zone FROM site_zone WHERE site_id = site), 'UTC'), moment)::DATE;
DELETE FROM raw.waf_event AS e USING raw.waf_event AS other
WHERE e.site_id = other.site_id AND e.event_id = other.event_id AND e.batch_id > other.batch_id;
DELETE FROM raw.waf_rule_hit AS h WHERE NOT EXISTS (FROM raw.waf_event AS e WHERE e.event_id = h.event_id AND e.batch_id = h.batch_id);
UPDATE raw.http_request SET event_date = site_day(site_id, event_at);
UPDATE raw.waf_event SET event_date = site_day(site_id, event_at);
UPDATE raw.waf_rule_hit SET event_date = site_day(site_id, event_at);

-- Which months are stored in order: see warehouse/tidy.py.
CREATE TABLE raw.sorted_month (
  table_name VARCHAR NOT NULL,
  month_date DATE NOT NULL,
  row_count BIGINT NOT NULL
);
COMMENT ON TABLE raw.sorted_month IS 'Months whose rows are stored by site and time, so that a query for one site reads little.';
COMMENT ON COLUMN raw.sorted_month.table_name IS 'Table of schema raw.';
COMMENT ON COLUMN raw.sorted_month.month_date IS 'First day of the month, UTC.';
COMMENT ON COLUMN raw.sorted_month.row_count IS 'Rows of the month when they were sorted.';
