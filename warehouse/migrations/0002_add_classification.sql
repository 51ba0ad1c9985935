-- Who asked for what: filled when a log is parsed, so that queries over a quarter need not classify again.
ALTER TABLE raw.http_request ADD COLUMN asn BIGINT;
ALTER TABLE raw.http_request ADD COLUMN country VARCHAR;
ALTER TABLE raw.http_request ADD COLUMN bot_class VARCHAR;
ALTER TABLE raw.http_request ADD COLUMN bot_name VARCHAR;
ALTER TABLE raw.http_request ADD COLUMN bot_identity VARCHAR;
ALTER TABLE raw.http_request ADD COLUMN path_class VARCHAR;
ALTER TABLE raw.waf_event ADD COLUMN path_class VARCHAR;
COMMENT ON COLUMN raw.http_request.asn IS 'Autonomous system number of the client; null where no database was given and the log has none.';
COMMENT ON COLUMN raw.http_request.country IS 'ISO 3166-1 alpha-2 code of the client; null where unknown.';
COMMENT ON COLUMN raw.http_request.bot_class IS 'By the User-Agent: search, ai, seo, monitoring, scanner, library or other; null where it names no bot.';
COMMENT ON COLUMN raw.http_request.bot_name IS 'Name of the bot as the kept list has it.';
COMMENT ON COLUMN raw.http_request.bot_identity IS 'verified, spoofed, or claimed where there was nothing to check the claim against; null where the User-Agent names no bot.';
COMMENT ON COLUMN raw.http_request.path_class IS 'What was asked for, where that is telling: login, xmlrpc, user_enumeration, sensitive_file, path_probe, checkout, search or static; else null.';
COMMENT ON COLUMN raw.waf_event.path_class IS 'What was asked for, where that is telling: as in raw.http_request.';
COMMENT ON COLUMN raw.waf_event.bot_class IS 'By the vendor or the User-Agent: search, ai, seo, monitoring, scanner, library or other; null where it names no bot.';
COMMENT ON COLUMN raw.waf_event.bot_identity IS 'verified, spoofed, or claimed where there was nothing to check the claim against; null where the User-Agent names no bot.';
