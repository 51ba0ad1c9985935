-- Grain: one row per line of an access log.
CREATE OR REPLACE VIEW staging.http_request AS
SELECT
  * EXCLUDE (format, is_zone_assumed, file_id, line_number, parser_version, batch_id),
  method = 'POST' AND path_class IN ('login', 'xmlrpc') AS is_login_attempt
FROM raw.http_request;
COMMENT ON VIEW staging.http_request IS 'One row per line of an access log, with the day of the site and what the request was for.';
COMMENT ON COLUMN staging.http_request.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN staging.http_request.source_id IS 'Source within the site.';
COMMENT ON COLUMN staging.http_request.event_at IS 'When the server logged the request, UTC.';
COMMENT ON COLUMN staging.http_request.client_ip IS 'Client address as text.';
COMMENT ON COLUMN staging.http_request.client_network IS 'Client network: IPv4 /24, IPv6 /48.';
COMMENT ON COLUMN staging.http_request.host IS 'Virtual host.';
COMMENT ON COLUMN staging.http_request.method IS 'HTTP method; null where the request line is malformed.';
COMMENT ON COLUMN staging.http_request.path IS 'Path as sent, without query. Hostile text.';
COMMENT ON COLUMN staging.http_request.query IS 'Query string, secrets removed. Hostile text.';
COMMENT ON COLUMN staging.http_request.protocol IS 'As HTTP/1.1.';
COMMENT ON COLUMN staging.http_request.status IS 'HTTP status answered.';
COMMENT ON COLUMN staging.http_request.bytes IS 'Bytes answered.';
COMMENT ON COLUMN staging.http_request.referrer IS 'Referer as sent, secrets removed. Hostile text.';
COMMENT ON COLUMN staging.http_request.user_agent IS 'User-Agent as sent. Hostile text.';
COMMENT ON COLUMN staging.http_request.event_date IS 'Day of the request in the zone of the site.';
COMMENT ON COLUMN staging.http_request.is_login_attempt IS 'A POST to a place where software lets somebody log in: path_class login or xmlrpc.';
COMMENT ON COLUMN staging.http_request.asn IS 'Autonomous system number; null where unknown.';
COMMENT ON COLUMN staging.http_request.country IS 'ISO 3166-1 alpha-2 code; null where unknown.';
COMMENT ON COLUMN staging.http_request.bot_class IS 'search, ai, seo, monitoring, scanner, library or other; null where the User-Agent names no bot.';
COMMENT ON COLUMN staging.http_request.bot_name IS 'Name of the bot.';
COMMENT ON COLUMN staging.http_request.bot_identity IS 'verified, spoofed, or claimed where there was nothing to check the claim against.';
COMMENT ON COLUMN staging.http_request.path_class IS 'login, xmlrpc, user_enumeration, sensitive_file, path_probe, checkout, search, static, or null.';
