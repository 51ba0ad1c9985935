"""The rows that collectors land: one frozen record class per table of schema `raw`.

Every field is documented in the migration that makes its column (`COMMENT ON`), which is where the data
dictionary comes from; a test holds the classes and the tables together. `batch_id` and `parser_version`
are not fields here: `warehouse.spool` adds them to every row that it lands.

Units are in the names: `_at` is an aware datetime, `_date` a date in the site's own time zone, `_ms`,
`_seconds`, `_bytes`, `_ratio` 0 to 1, `_pct` 0 to 100. None means unknown, never zero.
"""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar

import pyarrow as pa

_ARROW: dict[Any, pa.DataType] = {
    str: pa.string(),
    int: pa.int64(),
    float: pa.float64(),
    bool: pa.bool_(),
    datetime: pa.timestamp("us", tz="UTC"),
    date: pa.date32(),
    list[str]: pa.list_(pa.string()),
}


class Record:
    """Base of every record class.

    `table` is the table of schema `raw` that it fills. `identity` names the columns by which a row that is there
    already is known again, where sources overlap; the loader takes each such row once. Such records have `event_date`.
    """

    table: ClassVar[str]
    identity: ClassVar[tuple[str, ...]] = ()

    @classmethod
    @functools.cache
    def schema(cls) -> pa.Schema:
        """Return the Arrow schema of this record, one field per dataclass field, in order."""
        hints = typing.get_type_hints(cls)
        fields = []
        for field in dataclasses.fields(cls):  # type: ignore[arg-type]
            hint, is_nullable = hints[field.name], False
            if isinstance(hint, types.UnionType):
                hint = next(arg for arg in typing.get_args(hint) if arg is not types.NoneType)
                is_nullable = True
            fields.append(pa.field(field.name, _ARROW[hint], nullable=is_nullable))
        return pa.schema(fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site(Record):
    """One site as `sites.yaml` had it when the batch was landed."""

    table: ClassVar[str] = "site"
    site_id: str
    site_name: str
    client_id: str
    client_name: str
    url: str
    platform: str
    time_zone: str
    locale: str
    owner_name: str
    lanes: list[str]
    availability_slo_pct: float
    security_patch_sla_days: int
    routine_patch_sla_days: int
    configured_at: datetime
    trusted_networks: list[str] | None
    thresholds: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source(Record):
    """One source of one site as `sites.yaml` had it: what should deliver, and how often."""

    table: ClassVar[str] = "source"
    site_id: str
    source_id: str
    kind: str
    fills: str
    expected_every_seconds: int
    configured_at: datetime
    confirm_down: int = 1
    confirm_of: int = 1
    confirm_up: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionRun(Record):
    """One attempt to collect one source: the proof that somebody looked."""

    table: ClassVar[str] = "collection_run"
    run_id: str
    site_id: str
    source_id: str
    kind: str
    window_start_at: datetime | None
    window_end_at: datetime | None
    started_at: datetime
    ended_at: datetime
    state: str
    landed_count: int
    reject_count: int
    fresh_as_of_at: datetime | None
    message: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject(Record):
    """One piece of input that could not be taken, with the reason and a cut, redacted excerpt."""

    table: ClassVar[str] = "reject"
    site_id: str
    source_id: str
    file: str
    line_number: int | None
    reason: str
    excerpt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult(Record):
    """One attempt of one uptime check."""

    table: ClassVar[str] = "check_result"
    site_id: str
    source_id: str
    url: str
    slot_at: datetime
    checked_at: datetime
    attempt: int
    interval_seconds: float
    outcome: str
    cause: str | None
    status: int | None
    dns_ms: float | None
    connect_ms: float | None
    tls_ms: float | None
    first_byte_ms: float | None
    total_ms: float | None
    certificate_not_after_at: datetime | None
    is_certificate_valid: bool | None
    message: str | None
    check_type: str = "http"
    final_url: str | None = None
    redirect_count: int | None = None
    body_ms: float | None = None
    address: str | None = None
    certificate_subject: str | None = None
    certificate_issuer: str | None = None
    certificate_why_not: str | None = None
    tls_version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentObservation(Record):
    """One installed component as one bundle saw it."""

    table: ClassVar[str] = "component_observation"
    site_id: str
    source_id: str
    bundle_id: str
    collected_at: datetime
    ecosystem: str
    name: str
    version: str
    status: str | None
    update_state: str
    latest_version: str | None
    is_security_update: bool | None
    is_auto_update: bool | None
    fresh_as_of_at: datetime | None
    version_key: str | None = None
    purl: str | None = None
    advisory_ecosystem: str | None = None
    advisory_name: str | None = None
    advisory_key: str | None = None
    directory_state: str | None = None
    directory_updated_date: date | None = None
    is_abandoned: bool | None = None
    replacement: str | None = None
    is_held: bool | None = None
    hold_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InventoryFile(Record):
    """One file of a bundle that lists all that is installed of its kind, also where that is nothing."""

    table: ClassVar[str] = "inventory_file"
    site_id: str
    source_id: str
    bundle_id: str
    collected_at: datetime
    file: str
    ecosystems: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime(Record):
    """One product that a site runs on, as one bundle said."""

    table: ClassVar[str] = "runtime"
    site_id: str
    source_id: str
    bundle_id: str
    collected_at: datetime
    kind: str
    product: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchEvent(Record):
    """One change of one installed component: exact from a log, or bounded by two observations."""

    table: ClassVar[str] = "patch_event"
    site_id: str
    source_id: str
    event_id: str
    patched_at: datetime
    at_precision: str
    ecosystem: str
    name: str
    action: str
    old_version: str | None
    new_version: str | None
    method: str | None
    requested_by: str | None


WAF_ACTIONS = ("unknown", "allow", "log", "challenge_passed", "redirect", "rate_limit", "challenge", "block")
"""Words of `WafEvent.action`, the strongest last: of several events of one request it tells how the request ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WafEvent(Record):
    """One request that a WAF wrote down."""

    table: ClassVar[str] = "waf_event"
    identity: ClassVar[tuple[str, ...]] = ("site_id", "source_id", "event_id")
    event_id: str
    site_id: str
    source_id: str
    format: str
    event_at: datetime
    is_zone_assumed: bool
    request_id: str | None
    client_ip: str | None
    client_network: str | None
    peer_ip: str | None
    asn: int | None
    country: str | None
    user_agent: str | None
    host: str | None
    method: str | None
    path: str | None
    query: str | None
    protocol: str | None
    status: int | None
    bytes: int | None
    action: str
    action_raw: str | None
    is_enforced: bool | None
    would_block: bool | None
    sample_weight: float
    score: int | None
    threshold: int | None
    paranoia: int | None
    attack_class: str | None
    attack_classes: list[str]
    bot_class: str | None
    bot_name: str | None
    bot_identity: str | None
    file_id: str
    line_number: int
    path_class: str | None
    event_date: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WafRuleHit(Record):
    """One rule that matched in one request."""

    table: ClassVar[str] = "waf_rule_hit"
    identity: ClassVar[tuple[str, ...]] = ("site_id", "source_id", "event_id", "rule_id", "target", "matched")
    event_id: str
    site_id: str
    source_id: str
    event_at: datetime
    rule_id: str
    ruleset: str | None
    ruleset_version: str | None
    attack_class: str | None
    severity: str | None
    score: int | None
    target: str | None
    matched: str | None
    message: str | None
    tags: list[str]
    is_verdict: bool
    event_date: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest(Record):
    """One line of an access log: the denominator of everything the WAF says."""

    table: ClassVar[str] = "http_request"
    site_id: str
    source_id: str
    format: str
    event_at: datetime
    is_zone_assumed: bool
    client_ip: str | None
    client_network: str | None
    host: str | None
    method: str | None
    path: str | None
    query: str | None
    protocol: str | None
    status: int | None
    bytes: int | None
    referrer: str | None
    user_agent: str | None
    file_id: str
    line_number: int
    asn: int | None
    country: str | None
    bot_class: str | None
    bot_name: str | None
    bot_identity: str | None
    path_class: str | None
    event_date: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JourneyRun(Record):
    """One run of one journey: what came of it after a failure was confirmed."""

    table: ClassVar[str] = "journey_run"
    run_id: str
    site_id: str
    source_id: str
    journey_id: str
    journey_name: str
    engine: str
    started_at: datetime
    interval_seconds: float
    attempt_count: int
    outcome: str
    cause: str | None
    failed_step: int | None
    total_ms: float | None
    status: int | None
    final_url: str | None
    page_title: str | None
    console_error_count: int | None
    screenshot_file: str | None
    details_file: str | None
    message: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JourneyStep(Record):
    """One step of the attempt that counts."""

    table: ClassVar[str] = "journey_step"
    run_id: str
    site_id: str
    source_id: str
    journey_id: str
    started_at: datetime
    number: int
    action: str
    target: str
    outcome: str
    cause: str | None
    duration_ms: float | None
    message: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerMetric(Record):
    """One figure of one server over one slot of time."""

    table: ClassVar[str] = "server_metric"
    identity: ClassVar[tuple[str, ...]] = ("site_id", "source_id", "server", "metric", "device", "measured_at")
    site_id: str
    source_id: str
    server: str
    metric: str
    device: str | None
    measured_at: datetime
    value: float
    interval_seconds: float
    event_date: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup(Record):
    """One backup, or one tested restore."""

    table: ClassVar[str] = "backup"
    identity: ClassVar[tuple[str, ...]] = ("site_id", "source_id", "kind", "backup_at", "state", "location")
    site_id: str
    source_id: str
    kind: str
    backup_at: datetime
    state: str
    location: str | None
    bytes: int | None
    message: str | None
    event_date: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceWindow(Record):
    """Announced maintenance as `sites.yaml` had it when the batch was landed: once, or every week."""

    table: ClassVar[str] = "maintenance_window"
    site_id: str
    reason: str
    source_ids: list[str]
    start_at: datetime | None
    end_at: datetime | None
    weekdays: list[str]
    local_time: str | None
    duration_minutes: int | None
    first_date: date | None
    last_date: date | None
    announced_date: date | None
    configured_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannerRun(Record):
    """One answer of a scanner, also one without findings."""

    table: ClassVar[str] = "scanner_run"
    site_id: str
    source_id: str
    bundle_id: str
    collected_at: datetime
    scanner: str
    file: str
    finding_count: int
    reject_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannerFinding(Record):
    """One flaw that a scanner found in one component."""

    table: ClassVar[str] = "scanner_finding"
    site_id: str
    source_id: str
    bundle_id: str
    collected_at: datetime
    scanner: str
    file: str
    advisory_ids: list[str]
    ecosystem: str
    name: str
    version: str | None
    version_key: str | None
    fixed_version: str | None
    severity: str
    cvss_score: float | None
    purl: str | None
    location: str | None
    title: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert(Record):
    """One message to one channel, sent or given up."""

    table: ClassVar[str] = "alert"
    alert_id: str
    kind: str
    site_id: str
    source_id: str
    channel: str
    decided_at: datetime
    ended_at: datetime
    state: str
    attempt_count: int
    subject: str
    message: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentNote(Record):
    """What a person wrote down about one incident."""

    table: ClassVar[str] = "incident_note"
    site_id: str
    source_id: str
    incident_at: datetime
    cause: str
    fix: str | None
    detected_by: str | None
    noted_by: str
    noted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingDecision(Record):
    """What a person decided about a flaw in a component of a site."""

    table: ClassVar[str] = "finding_decision"
    site_id: str
    ecosystem: str
    name: str
    flaw: str
    accepted_until_date: date | None
    reason: str
    decided_by: str
    decided_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket(Record):
    """One ticket of a helpdesk, as one export had it."""

    table: ClassVar[str] = "ticket"
    identity: ClassVar[tuple[str, ...]] = ("site_id", "source_id", "ticket_id", "content_sha256")
    site_id: str
    source_id: str
    ticket_id: str
    content_sha256: str
    created_at: datetime
    updated_at: datetime | None
    first_response_at: datetime | None
    resolved_at: datetime | None
    exported_at: datetime
    subject: str
    status: str | None
    category: str | None
    is_about_outage: bool
    event_date: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvisoryChange(Record):
    """What a feed said of one flaw."""

    table: ClassVar[str] = "advisory"
    feed: str
    advisory_id: str
    fetched_at: datetime
    is_gone: bool
    aliases: list[str]
    title: str | None
    severity: str
    cvss_score: float | None
    cvss_vector: str | None
    is_informational: bool
    published_at: datetime | None
    modified_at: datetime | None
    withdrawn_at: datetime | None
    url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvisoryRange(Record):
    """Versions of one component that have the flaw of an advisory: an interval."""

    table: ClassVar[str] = "advisory_range"
    feed: str
    advisory_id: str
    fetched_at: datetime
    ecosystem: str
    name: str
    from_version: str | None
    from_key: str | None
    is_from_included: bool
    to_version: str | None
    to_key: str | None
    is_to_included: bool
    fixed_version: str | None
    fixed_key: str | None
    is_comparable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRun(Record):
    """One attempt to fetch a feed."""

    table: ClassVar[str] = "feed_run"
    feed: str
    format: str
    fetched_at: datetime
    outcome: str
    detail: str | None
    as_of_at: datetime | None
    entry_count: int | None
    changed_count: int | None
    reject_count: int | None
    licence: str
    ecosystems: list[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExploitedVulnerability(Record):
    """What an authority knows to be exploited."""

    table: ClassVar[str] = "exploited_vulnerability"
    feed: str
    cve_id: str
    fetched_at: datetime
    is_gone: bool
    name: str | None
    added_date: date | None
    due_date: date | None
    is_ransomware: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExploitPrediction(Record):
    """How likely a flaw is to be exploited within 30 days (EPSS)."""

    table: ClassVar[str] = "exploit_prediction"
    feed: str
    cve_id: str
    fetched_at: datetime
    is_gone: bool
    epss_score: float | None
    epss_percentile: float | None
    score_date: date | None
    model_version: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductLifecycle(Record):
    """A branch of a product and when its support ends."""

    table: ClassVar[str] = "product_lifecycle"
    feed: str
    product: str
    cycle: str
    fetched_at: datetime
    is_gone: bool
    released_date: date | None
    support_end_date: date | None
    eol_date: date | None
    is_eol: bool | None
    latest_version: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRun(Record):
    """One run of an auditor on one page."""

    table: ClassVar[str] = "audit_run"
    run_id: str
    site_id: str
    source_id: str
    auditor: str
    tool_version: str | None
    page_url: str
    final_url: str | None
    started_at: datetime
    duration_ms: float | None
    outcome: str
    cause: str | None
    status: int | None
    message: str | None
    form_factor: str | None
    throttling_method: str | None
    details_file: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PagePerformance(Record):
    """Figures of one page by Lighthouse: the median of several runs, kept whole."""

    table: ClassVar[str] = "page_performance"
    run_id: str
    site_id: str
    source_id: str
    page_url: str
    measured_at: datetime
    auditor: str
    lighthouse_version: str | None
    form_factor: str | None
    throttling_method: str | None
    outcome: str
    run_count: int
    benchmark_index: float | None
    performance_score: float | None
    performance_score_min: float | None
    performance_score_max: float | None
    lcp_ms: float | None
    lcp_ms_min: float | None
    lcp_ms_max: float | None
    tbt_ms: float | None
    tbt_ms_min: float | None
    tbt_ms_max: float | None
    cls: float | None
    cls_min: float | None
    cls_max: float | None
    fcp_ms: float | None
    speed_index_ms: float | None
    interactive_ms: float | None
    server_response_ms: float | None
    total_bytes: float | None
    lcp_selector: str | None
    lcp_image_url: str | None
    lcp_image_bytes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageScore(Record):
    """Score of one category of Lighthouse."""

    table: ClassVar[str] = "page_score"
    run_id: str
    site_id: str
    source_id: str
    page_url: str
    measured_at: datetime
    category: str
    score: float | None
    score_min: float | None
    score_max: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageOpportunity(Record):
    """One audit of Lighthouse that a page did not pass."""

    table: ClassVar[str] = "page_opportunity"
    run_id: str
    site_id: str
    source_id: str
    page_url: str
    measured_at: datetime
    audit_id: str
    title: str
    categories: list[str]
    score: float
    score_mode: str | None
    display_value: str | None
    fcp_saving_ms: float | None
    lcp_saving_ms: float | None
    tbt_saving_ms: float | None
    cls_saving: float | None
    saving_ms: float | None
    saving_bytes: float | None
    item_count: int | None
    items: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageThirdParty(Record):
    """What one other party costs a page."""

    table: ClassVar[str] = "page_third_party"
    run_id: str
    site_id: str
    source_id: str
    page_url: str
    measured_at: datetime
    third_party: str
    transfer_bytes: float | None
    main_thread_ms: float | None
    blocking_ms: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageResource(Record):
    """Weight of a page by kind of file."""

    table: ClassVar[str] = "page_resource"
    run_id: str
    site_id: str
    source_id: str
    page_url: str
    measured_at: datetime
    resource_type: str
    request_count: int
    transfer_bytes: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldMetric(Record):
    """One figure of what real visitors saw."""

    table: ClassVar[str] = "field_metric"
    run_id: str
    site_id: str
    source_id: str
    page_url: str
    auditor: str
    measured_at: datetime
    scope: str
    subject_url: str
    form_factor: str
    period_start_date: date | None
    period_end_date: date | None
    metric: str
    p75: float
    good_ratio: float | None
    fair_ratio: float | None
    poor_ratio: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessibilityRun(Record):
    """What an accessibility audit of one page looked for."""

    table: ClassVar[str] = "accessibility_run"
    run_id: str
    site_id: str
    source_id: str
    auditor: str
    page_url: str
    started_at: datetime
    tested_criteria: list[str]
    frame_count: int | None
    finding_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessibilityFinding(Record):
    """One element that breaks a rule, or that a person has to look at."""

    table: ClassVar[str] = "accessibility_finding"
    run_id: str
    site_id: str
    source_id: str
    auditor: str
    page_url: str
    started_at: datetime
    finding_key: str
    rule_id: str
    kind: str
    impact: str | None
    outcome: str
    success_criteria: list[str]
    level: str | None
    selector: str
    snippet: str
    help: str
    message_key: str | None
    content_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessibilityDecision(Record):
    """What a person decided on a finding that needs a review."""

    table: ClassVar[str] = "accessibility_decision"
    site_id: str
    finding_key: str
    content_sha256: str
    page_url: str
    rule_id: str
    decision: str
    reason: str
    decided_by: str
    decided_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessibilityAssertion(Record):
    """What a person said of one success criterion."""

    table: ClassVar[str] = "accessibility_assertion"
    site_id: str
    source_id: str
    assertion_key: str
    page_url: str | None
    criterion: str
    outcome: str
    checked_date: date
    is_manual: bool
    asserted_by: str | None
    note: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PostureTest(Record):
    """One test of the security headers of one page."""

    table: ClassVar[str] = "posture_test"
    run_id: str
    site_id: str
    source_id: str
    page_url: str
    audited_at: datetime
    test: str
    outcome: str
    points: int
    is_passed: bool | None
    detail: str
    score: int
    grade: str
    known_count: int
    algorithm: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PostureFinding(Record):
    """One thing that a site shows of itself beside the tests of its headers."""

    table: ClassVar[str] = "posture_finding"
    run_id: str
    site_id: str
    source_id: str
    page_url: str
    audited_at: datetime
    kind: str
    outcome: str
    target: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawledPage(Record):
    """One address that a crawl asked."""

    table: ClassVar[str] = "crawled_page"
    run_id: str
    site_id: str
    source_id: str
    crawled_at: datetime
    url: str
    kind: str
    outcome: str
    status: int | None
    cause: str | None
    final_url: str | None
    redirect_count: int
    content_type: str | None
    body_bytes: int | None
    duration_ms: float | None
    title: str | None
    third_party_hosts: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlIssue(Record):
    """One thing that a crawl found wrong."""

    table: ClassVar[str] = "crawl_issue"
    run_id: str
    site_id: str
    source_id: str
    crawled_at: datetime
    issue_key: str
    kind: str
    page_url: str
    target: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportEvent(Record):
    """What happened to a report that was written."""

    table: ClassVar[str] = "report_event"
    site_id: str
    quarter: str
    event_at: datetime
    state: str
    sha256: str
    recipient: str | None
    done_by: str
    message: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportComment(Record):
    """What a person wrote to a section of a report."""

    table: ClassVar[str] = "report_comment"
    site_id: str
    quarter: str
    section: str
    comment_id: str
    text: str
    written_by: str
    written_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFigure(Record):
    """A score or figure of page one, as a report told it."""

    table: ClassVar[str] = "report_figure"
    site_id: str
    quarter: str
    written_at: datetime
    kind: str
    name: str
    value: float | None
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFile(Record):
    """A report that was written."""

    table: ClassVar[str] = "report_file"
    site_id: str
    quarter: str
    written_at: datetime
    file_name: str
    sha256: str
    byte_count: int
    snapshot_id: str
    recommendation_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedRecommendation(Record):
    """One recommendation as it was stated once."""

    table: ClassVar[str] = "recommendation"
    statement_id: str
    site_id: str
    rule_id: str
    subject: str
    rule_version: str
    quarter: str
    as_of_date: date
    title: str
    why: str
    area: str
    lane: str
    severity: int
    likelihood_ratio: float
    reach_ratio: float
    confidence_ratio: float
    risk: float
    floor: str
    effort_low_hours: float
    effort_high_hours: float
    owner: str
    is_client_needed: bool
    due_date: date
    evidence_sql: str
    evidence_parameters: str
    snapshot_id: str
    evidence_value: float
    evidence_text: str
    evidence_sample: str
    threshold: float
    measure_sql: str
    measured_value: float | None
    test_operator: str
    test_value: float
    test_sustained_days: int
    test_text: str
    prediction_metric: str
    prediction_direction: str
    prediction_size: float
    prediction_text: str
    stated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecommendationEvent(Record):
    """One change of the state of a recommendation."""

    table: ClassVar[str] = "recommendation_event"
    event_id: str
    site_id: str
    rule_id: str
    subject: str
    happened_at: datetime
    state: str
    set_by: str
    is_engine: bool
    why: str
    until_date: date | None
    due_date: date | None
    as_of_date: date | None
    measured_value: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecommendationTest(Record):
    """One run of a closing test."""

    table: ClassVar[str] = "recommendation_test"
    test_id: str
    site_id: str
    rule_id: str
    subject: str
    as_of_date: date
    quarter: str | None
    outcome: str
    why: str
    measured_value: float | None
    quarter_value: float | None
    snapshot_id: str
    tested_at: datetime


RECORD_CLASSES: tuple[type[Record], ...] = (
    Site,
    Source,
    CollectionRun,
    Reject,
    CheckResult,
    ComponentObservation,
    InventoryFile,
    Runtime,
    PatchEvent,
    WafEvent,
    WafRuleHit,
    HttpRequest,
    JourneyRun,
    JourneyStep,
    ServerMetric,
    Backup,
    MaintenanceWindow,
    Alert,
    ScannerRun,
    ScannerFinding,
    IncidentNote,
    FindingDecision,
    Ticket,
    AdvisoryChange,
    AdvisoryRange,
    FeedRun,
    ExploitedVulnerability,
    ExploitPrediction,
    ProductLifecycle,
    AuditRun,
    PagePerformance,
    PageScore,
    PageOpportunity,
    PageThirdParty,
    PageResource,
    FieldMetric,
    AccessibilityRun,
    AccessibilityFinding,
    AccessibilityDecision,
    AccessibilityAssertion,
    PostureTest,
    PostureFinding,
    CrawledPage,
    CrawlIssue,
    ReportEvent,
    ReportComment,
    ReportFigure,
    ReportFile,
    StatedRecommendation,
    RecommendationEvent,
    RecommendationTest,
)
