CREATE SCHEMA IF NOT EXISTS raw;

CREATE TABLE raw.site (
  site_id VARCHAR NOT NULL,
  site_name VARCHAR NOT NULL,
  client_id VARCHAR NOT NULL,
  client_name VARCHAR NOT NULL,
  url VARCHAR NOT NULL,
  platform VARCHAR NOT NULL,
  time_zone VARCHAR NOT NULL,
  locale VARCHAR NOT NULL,
  owner_name VARCHAR NOT NULL,
  lanes VARCHAR[] NOT NULL,
  availability_slo_pct DOUBLE NOT NULL,
  security_patch_sla_days BIGINT NOT NULL,
  routine_patch_sla_days BIGINT NOT NULL,
  configured_at TIMESTAMPTZ NOT NULL,
  parser_version VARCHAR NOT NULL,
  batch_id VARCHAR NOT NULL
);
COMMENT ON TABLE raw.site IS 'Sites as sites.yaml had them, one row per change of the file. Not the list of today: use staging.site.';
COMMENT ON COLUMN raw.site.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN raw.site.site_name IS 'Name as the client knows it.';
COMMENT ON COLUMN raw.site.client_id IS 'Client that owns the site.';
COMMENT ON COLUMN raw.site.client_name IS 'Name of the client.';
COMMENT ON COLUMN raw.site.url IS 'Home page.';
COMMENT ON COLUMN raw.site.platform IS 'What runs the site: wordpress, drupal, static, other and so on.';
COMMENT ON COLUMN raw.site.time_zone IS 'IANA zone in which the site counts its days.';
COMMENT ON COLUMN raw.site.locale IS 'Language and region of the report, as en-GB.';
COMMENT ON COLUMN raw.site.owner_name IS 'Who at the agency owns the site.';
COMMENT ON COLUMN raw.site.lanes IS 'Service lanes bought: support, maintenance, development.';
COMMENT ON COLUMN raw.site.availability_slo_pct IS 'Agreed availability, 0 to 100.';
COMMENT ON COLUMN raw.site.security_patch_sla_days IS 'Days within which a security update is to be applied.';
COMMENT ON COLUMN raw.site.routine_patch_sla_days IS 'Days within which any other update is to be applied.';
COMMENT ON COLUMN raw.site.configured_at IS 'When this version of the configuration was landed, UTC.';
COMMENT ON COLUMN raw.site.parser_version IS 'Parser that made the row, as name/version.';
COMMENT ON COLUMN raw.site.batch_id IS 'Batch that brought the row; see raw.batch.';

CREATE TABLE raw.source (
  site_id VARCHAR NOT NULL,
  source_id VARCHAR NOT NULL,
  kind VARCHAR NOT NULL,
  fills VARCHAR NOT NULL,
  expected_every_seconds BIGINT NOT NULL,
  configured_at TIMESTAMPTZ NOT NULL,
  parser_version VARCHAR NOT NULL,
  batch_id VARCHAR NOT NULL
);
COMMENT ON TABLE raw.source IS 'Sources as sites.yaml had them: what should deliver. Not proof that it did: see raw.collection_run.';
COMMENT ON COLUMN raw.source.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN raw.source.source_id IS 'Source within the site, as in sites.yaml.';
COMMENT ON COLUMN raw.source.kind IS 'Collector that reads it.';
COMMENT ON COLUMN raw.source.fills IS 'Raw table that it fills.';
COMMENT ON COLUMN raw.source.expected_every_seconds IS 'Longest time between two deliveries that is still normal, seconds.';
COMMENT ON COLUMN raw.source.configured_at IS 'When this version of the configuration was landed, UTC.';
COMMENT ON COLUMN raw.source.parser_version IS 'Parser that made the row, as name/version.';
COMMENT ON COLUMN raw.source.batch_id IS 'Batch that brought the row; see raw.batch.';

CREATE TABLE raw.collection_run (
  run_id VARCHAR NOT NULL,
  site_id VARCHAR NOT NULL,
  source_id VARCHAR NOT NULL,
  kind VARCHAR NOT NULL,
  window_start_at TIMESTAMPTZ,
  window_end_at TIMESTAMPTZ,
  started_at TIMESTAMPTZ NOT NULL,
  ended_at TIMESTAMPTZ NOT NULL,
  state VARCHAR NOT NULL,
  landed_count BIGINT NOT NULL,
  reject_count BIGINT NOT NULL,
  fresh_as_of_at TIMESTAMPTZ,
  message VARCHAR,
  parser_version VARCHAR NOT NULL,
  batch_id VARCHAR NOT NULL
);
COMMENT ON TABLE raw.collection_run IS 'One attempt to collect one source, successful or not: the proof that somebody looked. Frequent uptime checks are their own proof and are not listed here.';
COMMENT ON COLUMN raw.collection_run.run_id IS 'The attempt.';
COMMENT ON COLUMN raw.collection_run.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN raw.collection_run.source_id IS 'Source within the site, as in sites.yaml.';
COMMENT ON COLUMN raw.collection_run.kind IS 'Collector that ran.';
COMMENT ON COLUMN raw.collection_run.window_start_at IS 'Start of the time asked for, UTC; null where the source has no window.';
COMMENT ON COLUMN raw.collection_run.window_end_at IS 'End of the time asked for (exclusive), UTC.';
COMMENT ON COLUMN raw.collection_run.started_at IS 'Start of the attempt, UTC.';
COMMENT ON COLUMN raw.collection_run.ended_at IS 'End of the attempt, UTC.';
COMMENT ON COLUMN raw.collection_run.state IS 'complete, partial (something was rejected or cut short), failed or empty (the source answered and had nothing new).';
COMMENT ON COLUMN raw.collection_run.landed_count IS 'Records landed.';
COMMENT ON COLUMN raw.collection_run.reject_count IS 'Pieces of input rejected.';
COMMENT ON COLUMN raw.collection_run.fresh_as_of_at IS 'The source is proved current up to this moment, UTC; null means that it could not be proved.';
COMMENT ON COLUMN raw.collection_run.message IS 'One sentence where something went wrong.';
COMMENT ON COLUMN raw.collection_run.parser_version IS 'Parser that made the row, as name/version.';
COMMENT ON COLUMN raw.collection_run.batch_id IS 'Batch that brought the row; see raw.batch.';

CREATE TABLE raw.reject (
  site_id VARCHAR NOT NULL,
  source_id VARCHAR NOT NULL,
  file VARCHAR NOT NULL,
  line_number BIGINT,
  reason VARCHAR NOT NULL,
  excerpt VARCHAR NOT NULL,
  parser_version VARCHAR NOT NULL,
  batch_id VARCHAR NOT NULL
);
COMMENT ON TABLE raw.reject IS 'Input that could not be taken. The good rows beside it were loaded. The excerpt is cut and redacted, so it must not be used to restore data.';
COMMENT ON COLUMN raw.reject.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN raw.reject.source_id IS 'Source within the site, as in sites.yaml.';
COMMENT ON COLUMN raw.reject.file IS 'File or address.';
COMMENT ON COLUMN raw.reject.line_number IS 'Line in the file, from 1; null where the whole file is meant.';
COMMENT ON COLUMN raw.reject.reason IS 'Why, in one sentence.';
COMMENT ON COLUMN raw.reject.excerpt IS 'First 200 characters, secrets removed.';
COMMENT ON COLUMN raw.reject.parser_version IS 'Parser that made the row, as name/version.';
COMMENT ON COLUMN raw.reject.batch_id IS 'Batch that brought the row; see raw.batch.';

CREATE TABLE raw.check_result (
  site_id VARCHAR NOT NULL,
  source_id VARCHAR NOT NULL,
  url VARCHAR NOT NULL,
  slot_at TIMESTAMPTZ NOT NULL,
  checked_at TIMESTAMPTZ NOT NULL,
  attempt BIGINT NOT NULL,
  interval_seconds DOUBLE NOT NULL,
  outcome VARCHAR NOT NULL,
  cause VARCHAR,
  status BIGINT,
  dns_ms DOUBLE,
  connect_ms DOUBLE,
  tls_ms DOUBLE,
  first_byte_ms DOUBLE,
  total_ms DOUBLE,
  certificate_not_after_at TIMESTAMPTZ,
  is_certificate_valid BOOLEAN,
  message VARCHAR,
  parser_version VARCHAR NOT NULL,
  batch_id VARCHAR NOT NULL
);
COMMENT ON TABLE raw.check_result IS 'One attempt of one uptime check. A slot may hold several attempts: availability is computed on staging.check_slot, never here.';
COMMENT ON COLUMN raw.check_result.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN raw.check_result.source_id IS 'Source within the site, as in sites.yaml.';
COMMENT ON COLUMN raw.check_result.url IS 'Address that was checked.';
COMMENT ON COLUMN raw.check_result.slot_at IS 'Start of the first attempt of this check, UTC: attempts of one check share it.';
COMMENT ON COLUMN raw.check_result.checked_at IS 'Start of this attempt, UTC.';
COMMENT ON COLUMN raw.check_result.attempt IS '1 for the first; more are immediate confirmations on fresh connections.';
COMMENT ON COLUMN raw.check_result.interval_seconds IS 'Seconds until the next check is due.';
COMMENT ON COLUMN raw.check_result.outcome IS 'up, down, or unknown (the check itself could not run).';
COMMENT ON COLUMN raw.check_result.cause IS 'Why not up, from the list of the prober; null when up.';
COMMENT ON COLUMN raw.check_result.status IS 'HTTP status.';
COMMENT ON COLUMN raw.check_result.dns_ms IS 'Name look-up, ms.';
COMMENT ON COLUMN raw.check_result.connect_ms IS 'TCP connect, ms.';
COMMENT ON COLUMN raw.check_result.tls_ms IS 'TLS handshake, ms.';
COMMENT ON COLUMN raw.check_result.first_byte_ms IS 'Request sent to first byte, ms.';
COMMENT ON COLUMN raw.check_result.total_ms IS 'Whole check, ms.';
COMMENT ON COLUMN raw.check_result.certificate_not_after_at IS 'Expiry of the certificate that was presented, UTC, valid or not.';
COMMENT ON COLUMN raw.check_result.is_certificate_valid IS 'Whether the certificate was accepted for this host; null over plain HTTP or when none was seen.';
COMMENT ON COLUMN raw.check_result.message IS 'Detail of a failure, for people.';
COMMENT ON COLUMN raw.check_result.parser_version IS 'Parser that made the row, as name/version.';
COMMENT ON COLUMN raw.check_result.batch_id IS 'Batch that brought the row; see raw.batch.';

CREATE TABLE raw.component_observation (
  site_id VARCHAR NOT NULL,
  source_id VARCHAR NOT NULL,
  bundle_id VARCHAR NOT NULL,
  collected_at TIMESTAMPTZ NOT NULL,
  ecosystem VARCHAR NOT NULL,
  name VARCHAR NOT NULL,
  version VARCHAR NOT NULL,
  status VARCHAR,
  update_state VARCHAR NOT NULL,
  latest_version VARCHAR,
  is_security_update BOOLEAN,
  is_auto_update BOOLEAN,
  fresh_as_of_at TIMESTAMPTZ,
  parser_version VARCHAR NOT NULL,
  batch_id VARCHAR NOT NULL
);
COMMENT ON TABLE raw.component_observation IS 'One installed component as one bundle saw it. Every bundle repeats every component: use staging.component for the state of today.';
COMMENT ON COLUMN raw.component_observation.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN raw.component_observation.source_id IS 'Source within the site, as in sites.yaml.';
COMMENT ON COLUMN raw.component_observation.bundle_id IS 'Bundle that listed it.';
COMMENT ON COLUMN raw.component_observation.collected_at IS 'When the bundle was made on the server, UTC.';
COMMENT ON COLUMN raw.component_observation.ecosystem IS 'wordpress-core, wordpress-plugin, wordpress-theme or deb.';
COMMENT ON COLUMN raw.component_observation.name IS 'Component: directory of a plugin or theme, name of a package.';
COMMENT ON COLUMN raw.component_observation.version IS 'Installed version; empty where the component states none.';
COMMENT ON COLUMN raw.component_observation.status IS 'Status as its own tool says it: active, inactive, must-use, ii and so on.';
COMMENT ON COLUMN raw.component_observation.update_state IS 'available, none, or unknown (the update source was not reached, or its freshness is not proved).';
COMMENT ON COLUMN raw.component_observation.latest_version IS 'Version offered.';
COMMENT ON COLUMN raw.component_observation.is_security_update IS 'Whether the offered update is announced as a security update; null where the source does not say.';
COMMENT ON COLUMN raw.component_observation.is_auto_update IS 'Whether the platform updates it by itself; null where the source does not say.';
COMMENT ON COLUMN raw.component_observation.fresh_as_of_at IS 'Moment at which the update list was proved current, UTC; null means not proved.';
COMMENT ON COLUMN raw.component_observation.parser_version IS 'Parser that made the row, as name/version.';
COMMENT ON COLUMN raw.component_observation.batch_id IS 'Batch that brought the row; see raw.batch.';

CREATE TABLE raw.patch_event (
  site_id VARCHAR NOT NULL,
  source_id VARCHAR NOT NULL,
  event_id VARCHAR NOT NULL,
  patched_at TIMESTAMPTZ NOT NULL,
  at_precision VARCHAR NOT NULL,
  ecosystem VARCHAR NOT NULL,
  name VARCHAR NOT NULL,
  action VARCHAR NOT NULL,
  old_version VARCHAR,
  new_version VARCHAR,
  method VARCHAR,
  requested_by VARCHAR,
  parser_version VARCHAR NOT NULL,
  batch_id VARCHAR NOT NULL
);
COMMENT ON TABLE raw.patch_event IS 'One change of one installed component. From a log it is exact; between two inventories it is bounded by at_precision.';
COMMENT ON COLUMN raw.patch_event.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN raw.patch_event.source_id IS 'Source within the site, as in sites.yaml.';
COMMENT ON COLUMN raw.patch_event.event_id IS 'Stable identity: the same change from two log files has the same one.';
COMMENT ON COLUMN raw.patch_event.patched_at IS 'When it happened, UTC; for at_precision between, the later bound.';
COMMENT ON COLUMN raw.patch_event.at_precision IS 'exact, or between (seen first in the inventory of patched_at).';
COMMENT ON COLUMN raw.patch_event.ecosystem IS 'As in raw.component_observation.';
COMMENT ON COLUMN raw.patch_event.name IS 'Component.';
COMMENT ON COLUMN raw.patch_event.action IS 'install, upgrade, downgrade or remove.';
COMMENT ON COLUMN raw.patch_event.old_version IS 'Version before; null for an install.';
COMMENT ON COLUMN raw.patch_event.new_version IS 'Version after; null for a removal.';
COMMENT ON COLUMN raw.patch_event.method IS 'unattended, manual, or null where the log does not say.';
COMMENT ON COLUMN raw.patch_event.requested_by IS 'Account that asked for it, where the log says.';
COMMENT ON COLUMN raw.patch_event.parser_version IS 'Parser that made the row, as name/version.';
COMMENT ON COLUMN raw.patch_event.batch_id IS 'Batch that brought the row; see raw.batch.';

CREATE TABLE raw.waf_event (
  event_id VARCHAR NOT NULL,
  site_id VARCHAR NOT NULL,
  source_id VARCHAR NOT NULL,
  format VARCHAR NOT NULL,
  event_at TIMESTAMPTZ NOT NULL,
  is_zone_assumed BOOLEAN NOT NULL,
  request_id VARCHAR,
  client_ip VARCHAR,
  client_network VARCHAR,
  peer_ip VARCHAR,
  asn BIGINT,
  country VARCHAR,
  user_agent VARCHAR,
  host VARCHAR,
  method VARCHAR,
  path VARCHAR,
  query VARCHAR,
  protocol VARCHAR,
  status BIGINT,
  bytes BIGINT,
  action VARCHAR NOT NULL,
  action_raw VARCHAR,
  is_enforced BOOLEAN,
  would_block BOOLEAN,
  sample_weight DOUBLE NOT NULL,
  score BIGINT,
  threshold BIGINT,
  paranoia BIGINT,
  attack_class VARCHAR,
  attack_classes VARCHAR[] NOT NULL,
  bot_class VARCHAR,
  bot_name VARCHAR,
  bot_identity VARCHAR,
  file_id VARCHAR NOT NULL,
  line_number BIGINT NOT NULL,
  parser_version VARCHAR NOT NULL,
  batch_id VARCHAR NOT NULL
);
COMMENT ON TABLE raw.waf_event IS 'One request that a WAF wrote down. Not every request: the denominator is raw.http_request.';
COMMENT ON COLUMN raw.waf_event.event_id IS 'Stable identity of the event.';
COMMENT ON COLUMN raw.waf_event.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN raw.waf_event.source_id IS 'Source within the site, as in sites.yaml.';
COMMENT ON COLUMN raw.waf_event.format IS 'Log format it came from.';
COMMENT ON COLUMN raw.waf_event.event_at IS 'When the request was made, UTC.';
COMMENT ON COLUMN raw.waf_event.is_zone_assumed IS 'The log gave no time zone and the configured one was used.';
COMMENT ON COLUMN raw.waf_event.request_id IS 'The request as the WAF names it.';
COMMENT ON COLUMN raw.waf_event.client_ip IS 'Client address as text.';
COMMENT ON COLUMN raw.waf_event.client_network IS 'Client network: IPv4 /24, IPv6 /48.';
COMMENT ON COLUMN raw.waf_event.peer_ip IS 'Address that really connected, where a proxy is in between.';
COMMENT ON COLUMN raw.waf_event.asn IS 'Autonomous system number.';
COMMENT ON COLUMN raw.waf_event.country IS 'ISO 3166-1 alpha-2 code.';
COMMENT ON COLUMN raw.waf_event.user_agent IS 'User-Agent as sent. Hostile text.';
COMMENT ON COLUMN raw.waf_event.host IS 'Host asked for.';
COMMENT ON COLUMN raw.waf_event.method IS 'HTTP method.';
COMMENT ON COLUMN raw.waf_event.path IS 'Path as sent, without query. Hostile text.';
COMMENT ON COLUMN raw.waf_event.query IS 'Query string, secrets removed. Hostile text.';
COMMENT ON COLUMN raw.waf_event.protocol IS 'As HTTP/1.1.';
COMMENT ON COLUMN raw.waf_event.status IS 'HTTP status answered.';
COMMENT ON COLUMN raw.waf_event.bytes IS 'Bytes answered.';
COMMENT ON COLUMN raw.waf_event.action IS 'allow, block, challenge, challenge_passed, log, rate_limit, redirect or unknown.';
COMMENT ON COLUMN raw.waf_event.action_raw IS 'The vendor''s own word; null where the format has none.';
COMMENT ON COLUMN raw.waf_event.is_enforced IS 'The engine was set to enforce; false where it only detects.';
COMMENT ON COLUMN raw.waf_event.would_block IS 'The engine only detected and would have blocked.';
COMMENT ON COLUMN raw.waf_event.sample_weight IS 'Requests that this row stands for: 1 unless the source samples.';
COMMENT ON COLUMN raw.waf_event.score IS 'Inbound anomaly score.';
COMMENT ON COLUMN raw.waf_event.threshold IS 'Score from which the engine blocks.';
COMMENT ON COLUMN raw.waf_event.paranoia IS 'Highest paranoia level of a matching rule.';
COMMENT ON COLUMN raw.waf_event.attack_class IS 'Class of the highest score, the specific before the general; null where no attack rule matched.';
COMMENT ON COLUMN raw.waf_event.attack_classes IS 'Every class that matched, sorted; verdict rules never count.';
COMMENT ON COLUMN raw.waf_event.bot_class IS 'Class of the client program; null where not classified.';
COMMENT ON COLUMN raw.waf_event.bot_name IS 'Name of the client program.';
COMMENT ON COLUMN raw.waf_event.bot_identity IS 'claimed, verified, spoofed or unknown.';
COMMENT ON COLUMN raw.waf_event.file_id IS 'Identity of the log file by its first bytes; stays through rotation.';
COMMENT ON COLUMN raw.waf_event.line_number IS 'Line within that file, from 1.';
COMMENT ON COLUMN raw.waf_event.parser_version IS 'Parser that made the row, as name/version.';
COMMENT ON COLUMN raw.waf_event.batch_id IS 'Batch that brought the row; see raw.batch.';

CREATE TABLE raw.waf_rule_hit (
  event_id VARCHAR NOT NULL,
  site_id VARCHAR NOT NULL,
  source_id VARCHAR NOT NULL,
  event_at TIMESTAMPTZ NOT NULL,
  rule_id VARCHAR NOT NULL,
  ruleset VARCHAR,
  ruleset_version VARCHAR,
  attack_class VARCHAR,
  severity VARCHAR,
  score BIGINT,
  target VARCHAR,
  matched VARCHAR,
  message VARCHAR,
  tags VARCHAR[] NOT NULL,
  is_verdict BOOLEAN NOT NULL,
  parser_version VARCHAR NOT NULL,
  batch_id VARCHAR NOT NULL
);
COMMENT ON TABLE raw.waf_rule_hit IS 'One rule that matched in one request, verdict rules included (is_verdict). Never count verdicts as attacks.';
COMMENT ON COLUMN raw.waf_rule_hit.event_id IS 'Event in raw.waf_event.';
COMMENT ON COLUMN raw.waf_rule_hit.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN raw.waf_rule_hit.source_id IS 'Source within the site, as in sites.yaml.';
COMMENT ON COLUMN raw.waf_rule_hit.event_at IS 'When the request was made, UTC.';
COMMENT ON COLUMN raw.waf_rule_hit.rule_id IS 'Rule as its rule set numbers it.';
COMMENT ON COLUMN raw.waf_rule_hit.ruleset IS 'Rule set.';
COMMENT ON COLUMN raw.waf_rule_hit.ruleset_version IS 'Version of the rule set.';
COMMENT ON COLUMN raw.waf_rule_hit.attack_class IS 'Class of the rule; null for verdicts and set-up rules.';
COMMENT ON COLUMN raw.waf_rule_hit.severity IS 'critical, error, warning, notice or as the vendor says.';
COMMENT ON COLUMN raw.waf_rule_hit.score IS 'Points the rule adds, by its severity.';
COMMENT ON COLUMN raw.waf_rule_hit.target IS 'Variable that matched, as ARGS:q.';
COMMENT ON COLUMN raw.waf_rule_hit.matched IS 'What matched, cut to 200 characters, secrets removed. Hostile text.';
COMMENT ON COLUMN raw.waf_rule_hit.message IS 'What the rule says of itself.';
COMMENT ON COLUMN raw.waf_rule_hit.tags IS 'Tags of the rule.';
COMMENT ON COLUMN raw.waf_rule_hit.is_verdict IS 'The rule only sums up others (949, 959, 980).';
COMMENT ON COLUMN raw.waf_rule_hit.parser_version IS 'Parser that made the row, as name/version.';
COMMENT ON COLUMN raw.waf_rule_hit.batch_id IS 'Batch that brought the row; see raw.batch.';

CREATE TABLE raw.http_request (
  site_id VARCHAR NOT NULL,
  source_id VARCHAR NOT NULL,
  format VARCHAR NOT NULL,
  event_at TIMESTAMPTZ NOT NULL,
  is_zone_assumed BOOLEAN NOT NULL,
  client_ip VARCHAR,
  client_network VARCHAR,
  host VARCHAR,
  method VARCHAR,
  path VARCHAR,
  query VARCHAR,
  protocol VARCHAR,
  status BIGINT,
  bytes BIGINT,
  referrer VARCHAR,
  user_agent VARCHAR,
  file_id VARCHAR NOT NULL,
  line_number BIGINT NOT NULL,
  parser_version VARCHAR NOT NULL,
  batch_id VARCHAR NOT NULL
);
COMMENT ON TABLE raw.http_request IS 'One line of an access log: the denominator of everything the WAF says.';
COMMENT ON COLUMN raw.http_request.site_id IS 'Site, as in sites.yaml.';
COMMENT ON COLUMN raw.http_request.source_id IS 'Source within the site, as in sites.yaml.';
COMMENT ON COLUMN raw.http_request.format IS 'Log format it came from.';
COMMENT ON COLUMN raw.http_request.event_at IS 'When the server logged the request, UTC.';
COMMENT ON COLUMN raw.http_request.is_zone_assumed IS 'The log gave no time zone and the configured one was used.';
COMMENT ON COLUMN raw.http_request.client_ip IS 'Client address as text.';
COMMENT ON COLUMN raw.http_request.client_network IS 'Client network: IPv4 /24, IPv6 /48.';
COMMENT ON COLUMN raw.http_request.host IS 'Virtual host, from the line or the configuration.';
COMMENT ON COLUMN raw.http_request.method IS 'HTTP method; null where the request line is malformed.';
COMMENT ON COLUMN raw.http_request.path IS 'Path as sent, without query; the whole request line where it is malformed. Hostile text.';
COMMENT ON COLUMN raw.http_request.query IS 'Query string, secrets removed. Hostile text.';
COMMENT ON COLUMN raw.http_request.protocol IS 'As HTTP/1.1.';
COMMENT ON COLUMN raw.http_request.status IS 'HTTP status answered.';
COMMENT ON COLUMN raw.http_request.bytes IS 'Bytes answered.';
COMMENT ON COLUMN raw.http_request.referrer IS 'Referer as sent, secrets removed. Hostile text.';
COMMENT ON COLUMN raw.http_request.user_agent IS 'User-Agent as sent. Hostile text.';
COMMENT ON COLUMN raw.http_request.file_id IS 'Identity of the log file by its first bytes; stays through rotation.';
COMMENT ON COLUMN raw.http_request.line_number IS 'Line within that file, from 1.';
COMMENT ON COLUMN raw.http_request.parser_version IS 'Parser that made the row, as name/version.';
COMMENT ON COLUMN raw.http_request.batch_id IS 'Batch that brought the row; see raw.batch.';

CREATE TABLE raw.batch (
  batch_id VARCHAR NOT NULL,
  collector VARCHAR NOT NULL,
  parser_version VARCHAR NOT NULL,
  landed_at TIMESTAMPTZ NOT NULL,
  loaded_at TIMESTAMPTZ NOT NULL,
  row_count BIGINT NOT NULL,
  reject_count BIGINT NOT NULL
);
COMMENT ON TABLE raw.batch IS 'The ledger: one row per loaded batch, written in the transaction that loads it. A batch named here is never loaded again.';
COMMENT ON COLUMN raw.batch.batch_id IS 'The batch. Derived from what was read wherever the source allows, so that reading it again makes the same one.';
COMMENT ON COLUMN raw.batch.collector IS 'Collector that landed it.';
COMMENT ON COLUMN raw.batch.parser_version IS 'Parser that made its rows, as name/version.';
COMMENT ON COLUMN raw.batch.landed_at IS 'When the collector landed it, UTC.';
COMMENT ON COLUMN raw.batch.loaded_at IS 'When it was loaded, UTC.';
COMMENT ON COLUMN raw.batch.row_count IS 'Rows of all its tables, rejects not counted.';
COMMENT ON COLUMN raw.batch.reject_count IS 'Rows of raw.reject that it brought.';
