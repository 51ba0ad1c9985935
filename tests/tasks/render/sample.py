"""Three made-up quarters for tests and for looking at: `rich`, `sparse` (most of it not known) and `crowded` (a bad one)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from tasks.analyse.availability import AvailabilityView
from tasks.analyse.content import ContentView
from tasks.analyse.coverage import CoverageView, Proof, SourceStrip
from tasks.analyse.journeys import JourneysView
from tasks.analyse.performance import PerformanceView
from tasks.analyse.posture import PostureView
from tasks.analyse.security import SecurityView
from tasks.analyse.servers import ServersView
from tasks.analyse.updates import UpdatesView
from tasks.analyse.vulnerabilities import VulnerabilitiesView
from tasks.discovery import units
from tasks.report_model import (
    Action,
    BackupStrip,
    DayState,
    Dial,
    Fact,
    JourneyRow,
    LaneCard,
    LimitBar,
    NoData,
    Part,
    RecommendationView,
    Report,
)

START, END = date(2026, 7, 1), date(2026, 10, 1)
DAYS = [START + timedelta(days=number) for number in range((END - START).days)]
WEEKS = [f"{START + timedelta(weeks=number):%-d %b}" for number in range(13)]
HOSTILE = (
    "<script>alert(1)</script>",
    "/../../../../etc/passwd",
    "{{7*7}}${jndi:ldap://x}",
    "=cmd()|'/C calc'!A0",
    '"><img src=file:///etc/passwd>',
    "<style>@import 'http://127.0.0.1/x'</style>",
    "a" * 80,
)
"""Texts that must arrive in the PDF as they are, and do nothing."""

SQL = """SELECT path, sum(block_count) AS block_count, sum(block_count) / sum(sum(block_count)) OVER () AS share
FROM marts.waf_path_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date
GROUP BY path ORDER BY block_count DESC"""


def fact(label: str, text: str, value: float | None = None, **more: object) -> Fact:
    return Fact(**({"label": label, "text": text, "value": value, "unit": "count", "query": "marts.sample"} | more))  # type: ignore[arg-type]


def recommendation(
    number: int, title: str, why: str, band: str, risk: int, lane: str, area: str, **more: str
) -> RecommendationView:
    words = {
        "evidence": "50.4% of all blocks on one path that nothing on the site uses",
        "rule_id": "security.single_path",
        "sql": SQL,
        "effort": "1 to 2 hours",
        "owner": "Northlight Studio",
        "due": "30 Nov 2026",
        "standard": "WordPress hardening guide",
        "closed_when": "no request to the path is answered with 2xx for 30 days",
        "expected": "half of the blocked requests are gone",
        "change": 'SecRule REQUEST_FILENAME "@streq /xmlrpc.php" \\\n  "id:9900102,phase:1,deny,status:403,log"',
    }
    words |= {"state": "Proposed", "is_client_needed": True}
    return RecommendationView(
        number=f"R-{number:02d}",
        title=title,
        why=why,
        band=band,
        risk=risk,
        lane=lane,
        area=area,
        **(words | more),  # type: ignore[arg-type]
    )


def rich() -> Report:
    """Return an ordinary quarter of a well watched site."""
    items = [
        recommendation(
            1, "Replace the abandoned booking plugin", "It has a publicly exploited flaw, no fix is coming, and it was probed 1,904 times this quarter.",
            "act now", 94, "development", "updates", rule_id="updates.security_overdue", effort="2 to 3 days", owner="You approve, Northlight Studio builds",
            due="31 Oct 2026", standard="CISA KEV; OWASP A06:2021", closed_when="plugin absent for 14 days and the ticket journey passes",
            evidence="1 vulnerability open for 41 days",
        ),
        recommendation(2, "Close the old login endpoint", "24,300 blocked requests aimed at xmlrpc.php, which nothing on the site uses.", "high", 81, "maintenance", "security"),
        recommendation(
            3, "Add disk space before December", "At the current trend the disk is full on 9 December.", "high", 77, "maintenance", "availability",
            rule_id="availability.below_slo", effort="2 to 4 hours", standard="Google SRE, capacity planning",
            closed_when="used share stays under 75% for 14 days", evidence="82% used, growing 0.26 points a day",
        ),
        recommendation(
            4, "Allow editors through rule 941100", "Four people were turned away from saving a page.", "medium", 58, "support", "security",
            rule_id="security.visitors_blocked", effort="up to an hour", closed_when="no likely visitor is blocked for 14 days",
            evidence="9 blocks of 4 likely visitors",
        ),
        recommendation(
            5, "Send the access log of the staging host", "A source that should deliver every day was silent for 18 days.", "medium", 52, "maintenance", "coverage",
            rule_id="coverage.source_silent", effort="up to an hour", closed_when="a row arrives on 95% of days", evidence="data on 74 of 92 days",
        ),
    ]  # fmt: skip
    return Report(
        site_id="harbour-vale",
        site_name="Harbour & Vale Museum",
        client_name="Harbour & Vale Trust",
        host="harbourvale.example",
        agency_name="Northlight Studio",
        contact="hello@northlight.example",
        ink="#14213a",
        accent="#3a4fd8",
        logo=None,
        logo_type="image/png",
        locale="en-GB",
        quarter="2026Q3",
        start_date=START,
        end_date=END,
        period="July to September 2026",
        data_as_of="30 September 2026",
        snapshot_id="9f2c61d04be7a855c1d2e3f405162738",
        verdict=(
            ("The site is ", False),
            ("healthy, with one security action overdue", True),
            (". It stayed up 99.94% of the quarter; one plugin with a known exploited flaw still needs your approval to replace.", False),
        ),
        dials=(
            Dial(name="Availability", score=96, note="goal 99.9%", tone="good"),
            Dial(name="Security", score=68, note="2 open", tone="warn"),
            Dial(name="Updates", score=84, note="2 past their date", tone="good"),
            Dial(name="Data coverage", score=None, note="not known", tone="unknown"),
        ),
        kpis=(
            fact("Uptime", "99.941%", 99.941, unit="percent", note="goal 99.9%", tone="good", series=[99.9, 100, 99.7, 100, 100, None, None, 100, 99.8, 100, 100, 99.9, 100]),
            fact("Response time", "184 ms", 184, unit="ms", note="median of the checks", series=[240, 238, 251, 230, 221, 214, 209, 204, 199, 190, 188, 186, 184]),
            fact("Attacks stopped", "48,200", 48_200, note="31% more than in Q2", series=[3500, 3700, 3750, 4400, 3800, 4500, 3000, 4600, 4100, 4500, 3100, 4000, 3900]),
            fact("Updates applied", "63", 63, note="median 3 days", tone="good", series=[4, 6, 0, 9, 3, 5, 2, 7, 6, 8, 4, 5, 4]),
            fact("Updates overdue", "2", 2, note="of what is known", tone="bad", series=()),
            fact("Requests served", "not known", None, note="no access log", tone="unknown"),
        ),
        lanes=(
            LaneCard(lane="support", headline="Not measured", text="No helpdesk is connected, so tickets are not part of this report."),
            LaneCard(lane="maintenance", headline="63 updates", text="26,496 uptime checks. No update caused an outage."),
            LaneCard(lane="development", headline="1 proposal", text="Scoped and quoted separately."),
        ),
        recommendations=items,
        parts=parts(
            availability=_availability(), security=_security(), updates=_updates(), journeys=_journeys(),
            performance=_performance(), vulnerabilities=_vulnerabilities(), servers=_servers(),
            coverage=_coverage(items),
        ),
        silent=(("availability.certificate_expiry", "71 days of validity left"), ("security.waf_detects_only", "the firewall enforces"), ("updates.stale_data", "every list was proved current within 3 days")),
        unknown=(("security.login_brute_force", "an access log of the first 18 days"),),
    )  # fmt: skip


def parts(**views: Any) -> list[Part]:
    """Return sections, by the names of their files, in the order of the report."""
    known = units("tasks.analyse")
    return [
        Part(name=name, title=known[name].SECTION.title, view=views[name])
        for name in sorted(views, key=lambda name: known[name].SECTION.order)
    ]


def with_views(report: Report, **views: Any) -> Report:
    """Return the report with other views in some of its sections."""
    return replace(report, parts=parts(**({part.name: part.view for part in report.parts} | views)))


def _availability() -> AvailabilityView:
    levels: list[int | None] = [0] * len(DAYS)
    for day, level in ((5, 1), (17, 3), (18, 1), (40, 2), (66, 1), (77, 2)):
        levels[day] = level
    levels[50:55] = [None] * 5
    spent = {5: 3.0, 17: 41.0, 18: 2.0, 40: 12.0, 66: 4.0, 77: 15.0}
    left, burn = 132.0, list[float | None]()
    for number in range(len(DAYS)):
        left -= spent.get(number, 0.0)
        burn.append(None if levels[number] is None else left)
    return AvailabilityView(
        lead="77 minutes of downtime against an agreed 132 minutes: 42% of it is left. For 5 days nobody can say.",
        stats=(
            fact("uptime", "99.941%", 99.941, unit="percent", note="goal 99.9%", tone="good"),
            fact("incidents", "6", 6),
            fact("longest outage", "41 minutes", 2460, unit="seconds"),
            fact("of the quarter not known", "5.4%", 120, unit="hours", tone="unknown"),
        ),
        days=[DayState(day=day, level=level) for day, level in zip(DAYS, levels, strict=True)],
        burn=burn,
        burn_note="At the worst, in the four weeks to 8 August, the site used 1.1 times the downtime agreed for them.",
        budget_minutes=132.0,
        incidents=(
            ("Mon 6 Jul, 09:14", "the connection was refused", "3", "09:17"),
            ("Sat 18 Jul, 02:31", "the site answered 503", "41", "03:12"),
            ("Sun 19 Jul, 11:05", "no answer within 10 seconds", "2", "11:07"),
            ("Mon 10 Aug, 14:40", "the name could not be resolved", "12", "14:52"),
            ("Sat 5 Sept, 23:58", "the site answered 500", "4", "not seen"),
            ("Wed 16 Sept, 08:20", "the certificate was not accepted", "15", "08:35"),
        ),
        incident_note="",
        action=Action(text="Add disk space before December.", numbers="R-03"),
    )


def _security() -> SecurityView:
    weeks: list[Sequence[float] | None] = [
        [2100 + 90 * (number % 5), 800 + 70 * (number % 4), 420 - 10 * number, 260 + 15 * (number % 3), 90]
        for number in range(13)
    ]
    weeks[7] = None
    return SecurityView(
        lead="The firewall stopped 48,200 hostile requests, 50% of them at /xmlrpc.php.",
        stats=(
            fact("attacks stopped", "48,200", 48_200),
            fact("of all requests", "2.3%", 2.3, unit="percent", note="of 2,091,455 logged"),
            fact("attempts to log in", "9,120", 9120),
            fact("blocks of likely visitors", "9", 9, tone="warn"),
        ),
        chart_title="Requests blocked per week",
        week_labels=WEEKS,
        classes=("Scanners", "SQL injection", "Cross-site scripting", "File access", "Everything else"),
        weeks=weeks,
        paths=(
            ("/xmlrpc.php", "24,300"), ("/wp-login.php", "9,120"), ("/?s=<script>alert(1)</script>", "611"), ("/../../etc/passwd", "402"),
            ('/"><img src=file:///etc/passwd>', "87"), ("/{{7*7}}${jndi:ldap://x}", "55"), ("/wp-content/plugins/booking/=cmd()", "31"), ("/.env", "12"),
        ),
        networks=(
            ("203.0.113.0/24", "61", "12,044"), ("198.51.100.0/24", "14", "8,310"), ("192.0.2.0/24", "92", "3,001"), ("2001:db8:77::/48", "9", "940"),
            ("2001:db8:1234::/48", "3", "771"), ("203.0.112.0/24", "21", "502"), ("198.51.101.0/24", "2", "98"), ("192.0.3.0/24", "1", "44"),
        ),
        bots=[("Search engines", "3,895", "1.2%"), ("False: not who they claim to be", "15", "0.0%")],
        visitors=(("/wp-admin/post.php", "4", "9"), ("/kontakt/", "1", "2")),
        visitors_note="Clients that were answered normally ten times or more on the same day. Likely, not proved.",
        action=Action(text="Close the old login endpoint.", numbers="R-02 and R-04"),
    )  # fmt: skip


def _updates() -> UpdatesView:
    names = ("booking-forms", "seo-toolkit", "openssl", "libxml2", "gallery-lite", "php8.3-fpm", "wordpress", "nginx")
    return UpdatesView(
        lead="63 updates were applied; 2 known of are past the agreed date. Of 11 of 148 components nobody knows whether they are current.",
        stats=(
            fact("updates applied", "63", 63),
            fact("updates overdue", "2", 2, tone="bad", note="of what is known"),
            fact("components not known", "11", 11, tone="unknown", note="of 148"),
            fact("last inventory", "30 September", None, unit="date"),
        ),
        week_labels=[label if number % 4 == 0 else "" for number, label in enumerate(WEEKS)],
        weeks=[[4.0], [6.0], [0.0], [9.0], None, [5.0], [2.0], [7.0], [6.0], [8.0], [4.0], [5.0], [4.0]],
        states=(("Current", 129), ("Update available", 8), ("Not known", 11)),
        outstanding=(("booking-forms (security)", "5.1.2", "5.1.9", "18 Aug", "34"), ("gallery-lite", "2.0", "2.3.1", "2 Sept", "5")),
        outstanding_note="",
        applied=[
            (f"{DAYS[number]:%-d %b}", names[number % 8], f"{number % 7}.{number % 5}.1", f"{number % 7}.{number % 5}.2", "unattended" if number % 3 else "by this date")
            for number in range(0, 84, 2)
        ],
        applied_note="“By” a date: seen in the inventory of that day, applied at some time since the one before.",
        action=Action(text="Replace the abandoned booking plugin.", numbers="R-01"),
    )  # fmt: skip


def _coverage(items: Sequence[RecommendationView]) -> CoverageView:
    whole: list[float | None] = [1.0] * len(DAYS)
    holed = [None if 50 <= number < 55 else 0.97 for number in range(len(DAYS))]
    partly = [None if number < 18 else 0.4 + (number % 7) / 10 for number in range(len(DAYS))]
    rules = {item.rule_id: item.sql for item in items}
    return CoverageView(
        lead="The 4 sources of this site cover 89% of the quarter.",
        stats=(
            fact("of the quarter covered", "89%", 89, unit="percent"),
            fact("gaps of a day or more", "2", 2),
            fact("pieces of input rejected", "31", 31),
            fact("snapshot", "9f2c61d0", None, unit="hash"),
        ),
        strips=(
            SourceStrip(name="uptime", kind="uptime checks", days=holed, text="87 of 92 days"),
            SourceStrip(name="firewall", kind="firewall events", days=whole, text="92 of 92 days"),
            SourceStrip(name="access", kind="requests", days=partly, text="74 of 92 days"),
            SourceStrip(name="inventory", kind="installed versions", days=whole, text="92 of 92 days"),
        ),
        gaps=(("uptime", "20 Aug", "24 Aug"), ("access", "1 Jul", "18 Jul")),
        rejects=(("firewall", "not JSON", "29"), ("access", "the request line is malformed", "2")),
        evidence=[Proof(numbers=", ".join(i.number for i in items if i.rule_id == rule), rule_id=rule, sql=sql, sha256="9f2c61d0" * 8) for rule, sql in rules.items()],
        action=Action(text="Send the access log of the staging host.", numbers="R-05"),
    )  # fmt: skip


def _journeys() -> JourneysView:
    fine: list[float | None] = [100.0] * 13
    return JourneysView(
        lead="1 of 4 core functions failed at times; “Contact form” most, in 12.4% of its checks.",
        stats=[
            fact("of checks passed", "96.8%", 96.8, unit="percent", note="goal 99%", tone="bad"),
            fact("checks that failed", "272", 272),
            fact("slowest function, median", "2.4 s", 2400, unit="ms", note="Cart"),
            fact("checks not known", "168", 168, note="of 8,832"),
        ],
        rows=[
            JourneyRow(name="Contact form", weeks=[100, 100, 100, 99.4, 92.1, 41.0, 0.0, 98.2, None, 100, 100, 100, 100], rate=87.6, text="87.6%", time_text="1.9 s"),
            JourneyRow(name="Cart", weeks=fine, rate=100, text="100%", time_text="2.4 s"),
            JourneyRow(name="Log in", weeks=[*fine[:8], None, *fine[9:]], rate=100, text="100%", time_text="1.2 s"),
            JourneyRow(name="Search", weeks=fine, rate=100, text="100%", time_text="0.8 s"),
        ],
        rows_note="",
        week_labels=WEEKS,
        failures=[("Contact form", "expect text Thank you for your message. It has been sent.", "272", "24 Aug", HOSTILE[0])],
        failures_note="",
        action=Action(text="Make “Contact form” work every time.", numbers="R-02", anchor="R-02"),
    )  # fmt: skip


def _performance() -> PerformanceView:
    return PerformanceView(
        lead="One visit in four on phones waited 3.1 s or longer for the main content, which is in need of improvement.",
        stats=[
            fact("main content (LCP)", "3.1 s", 3100, unit="ms", note="needs improvement, phones", tone="warn"),
            fact("answer to a tap (INP)", "160 ms", 160, unit="ms", note="good, phones", tone="good"),
            fact("shifts (CLS)", "0.29", 0.29, unit="ratio", note="poor, phones", tone="bad"),
            fact("least Lighthouse score", "64", 64, unit="points", note="laboratory, 3 pages", tone="warn"),
        ],
        trend_title="Main content shown (LCP), seconds: 75th percentile of visits on phones, the whole site",
        trend=[2.4, 2.5, 2.5, 2.6, None, None, 2.9, 3.0, 3.1, 4.6, 3.2, 3.1, 3.1],
        week_labels=WEEKS,
        shares=[
            ("Phones, LCP", "3.1 s", (0.62, 0.25, 0.13)), ("Phones, INP", "160 ms", (0.84, 0.12, 0.04)), ("Phones, CLS", "0.29", (0.51, 0.22, 0.27)),
            ("Desktops, LCP", "1.9 s", (0.88, 0.09, 0.03)),
        ],
        weights=[("/", "3.4 MB", (2.1, 0.9, 0.2, 0.1, 0.05, 0.05)), ("/visit/", "1.2 MB", (0.3, 0.7, 0.1, 0.05, 0.04, 0.01)), (HOSTILE[0], "240 kB", (0.1, 0.1, 0.0, 0.02, 0.02, 0.0))],
        kinds=["image", "script", "font", "stylesheet", "document", "other"],
        pages=[("/", "phones", "64", "61 to 70", "4.2 s", "310 ms", "0.24"), (HOSTILE[1], "phones", "88", "86 to 91", "2.3 s", "120 ms", "not known")],
        pages_note="1 page could not be measured lately, which is unknown and not slow: /old/: the audit was not done in time.",
        advice=[("Serve images in next-gen formats", "2", "1.9 s of LCP, 1.4 MB"), (HOSTILE[2], "1", "300 ms of blocking")],
        action=Action(text="Make the main image of / smaller.", numbers="R-03"),
    )  # fmt: skip


def _vulnerabilities() -> VulnerabilitiesView:
    return VulnerabilitiesView(
        lead="3 known flaws are open in 2 components, the oldest for 91 days. 1 of them is known to be exploited.",
        stats=[
            fact("known flaws open", "3", 3, note="1 exploited", tone="bad"),
            fact("longest exposure", "91 days", 91, unit="days", note="agreed: 7 days", tone="bad"),
            fact("flaws patched", "17", 17, note="median 5 days after a fix"),
            fact("components without a feed", "4", 4, note="of 112", tone="unknown"),
        ],
        week_labels=WEEKS,
        weeks=[[1, 0, 1], [1, 0, 1], [1, 2, 1], [1, 0, 1], None, None, [2, 1, 1], [1, 0, 1], [1, 0, 1], [1, 0, 1], [1, 0, 1], [1, 1, 1], [1, 0, 1]],
        open=[
            ("event-diary", "4.2.1", "4.3.0", "CVE-2026-90101", "exploited, CVSS 9.8, EPSS 71%", "91"),
            ("event-diary", "4.2.1", "4.3.0", "CVE-2026-90102", "CVSS 6.4, EPSS under 1%", "91"),
            (HOSTILE[0], HOSTILE[1], "no fix known", HOSTILE[2], "not scored", "12*"),
        ],
        open_note="* The last list that showed it is old: whether it was still open is not known.",
        ended=[
            ("gallery-grid", "CVE-2026-90103", "patched", "8", "8"), ("libssl3", "CVE-2026-90201", "patched", "0", "0"),
            ("wordpress", "CVE-2026-90105", "accepted until 1 Oct 2026", "8", "no fix known"),
        ],
        ended_note="The 8 of 17 that were open longest; all are in marts.finding.",
        latency_note="Of 19 security updates 17 came within the 7 days agreed since a fix was there, of 1 the lists can’t tell.",
        source_note="Told by these feeds, each with the day of its last copy: wordfence (1 Oct 2026), kev (1 Oct 2026).",
        action=Action(text="Update event-diary to 4.3.0: fixes 2 known flaws.", numbers="R-01"),
    )  # fmt: skip


def _servers() -> ServersView:
    return ServersView(
        lead="/var/lib/mysql of db1 is full in 46 days if it goes on so.",
        stats=[
            fact("until the first disk is full", "46 days", 46.0, unit="days", note="/var/lib/mysql of db1", tone="bad"),
            fact("memory at busy times", "74%", 74.2, unit="percent", note="db1; limit 90%", tone="good"),
            fact("days without a backup", "5 of 92", 5.0, unit="days", note="2 of them failed", tone="bad"),
            fact("since a restore was tested", "50 days", 50.0, unit="days", note="12 August", tone="good"),
        ],
        disks=[
            LimitBar(name="db1 /var/lib/mysql", value=46.0, text="46 days", limit=60, is_beyond=True),
            LimitBar(name="web1 /", value=3650.0, text="over a year", limit=60, is_beyond=False),
            LimitBar(name=HOSTILE[0], value=None, text="not known", limit=60, is_beyond=False),
        ],
        loads=[
            LimitBar(name="db1 CPU", value=25.0, text="25%", limit=80, is_beyond=False),
            LimitBar(name="db1 memory", value=92.0, text="92%", limit=90, is_beyond=True),
        ],
        disk_limit="limit 60 days",
        load_limits="limits: CPU 80%, memory 90%",
        bars_note="",
        backups=[
            BackupStrip(name="nightly", days=["before"] * 9 + ["made"] * 40 + [None] * 3 + ["failed"] * 2 + ["made"] * 38, tested=[42], text="78 of 83 days"),
            BackupStrip(name=HOSTILE[4], days=[None] * 92, tested=[], text="0 of 92 days"),
        ],
        error_weeks=[[0.0], [3.0], None, *[[float(number)] for number in range(10)]],
        error_text="48 of 122,501 requests, 0.04%.",
        week_labels=[label if number % 4 == 0 else "" for number, label in enumerate(WEEKS)],
        restarts=[("db1", "20 May", "none due"), (HOSTILE[5], "not known", "2 September")],
        action=Action(text="Make room on /var/lib/mysql of db1.", numbers="R-05", anchor="R-05"),
    )  # fmt: skip


def posture() -> PostureView:
    return PostureView(
        lead="What the pages send earns 55 points, grade C; they lose most by Content-Security-Policy and 2 more.",
        stats=[
            fact("score, grade C", "55", 55, unit="points", note="30 in the first audit", tone="warn"),
            fact("tests without a loss", "9 of 12", 9, tone="warn"),
            fact("mail policies that hold", "1 of 2", 1, note="SPF, DMARC", tone="warn"),
            fact("files that should not be there", "not known", None, note="not asked for", tone="unknown"),
        ],
        tests=[("Content-Security-Policy", "not implemented", "-25", HOSTILE[0]), ("Cookies", "not known", "not known", HOSTILE[6])],
        tests_note="https://harbourvale.example/, audited on 29 September.",
        findings=[("DMARC", "weak", HOSTILE[4], HOSTILE[2])],
        findings_note="",
        action=Action(text="Protect visitors.", numbers="R-03", anchor="R-03"),
    )  # fmt: skip


def content() -> ContentView:
    return ContentView(
        lead="2 issues are open on the 8 pages read, all of them links or files that are not there.",
        stats=[fact("pages read", "8", 8), fact("broken addresses", "2", 2, tone="bad"), fact("issues mended", "1", 1), fact("addresses not known", "4", 4)],
        kinds=[("A link leads to what is not there", "2", "1", "1")],
        issues=[("broken link", HOSTILE[1], HOSTILE[5], "7 Jul"), ("broken link", HOSTILE[6], HOSTILE[3], "14 Jul, again")],
        issues_note="2 of 40; the rest is in marts.crawl_issue.",
        errors=[("/ and 2 more", HOSTILE[0], HOSTILE[4])],
        errors_note="Told by the browser when 3 pages were last measured, five of each page at most.",
        action=None,
    )  # fmt: skip


def sparse() -> Report:
    """Return a quarter of which next to nothing is known."""
    report = rich()
    unknown = [
        replace(item, text="not known", value=None, tone="unknown", series=(), note="no data") for item in report.kpis
    ]
    nothing: list[float | None] = [None] * len(DAYS)
    stats = [
        replace(item, text="not known", value=None, tone="unknown", note="") for item in report.view("coverage").stats
    ]
    return with_views(
        replace(
        report,
        verdict=(("The state of the site is ", False), ("mostly not known", True), (". Whether it was up was not watched.", False)),
        dials=[Dial(name=dial.name, score=None, note="no data", tone="unknown") for dial in report.dials],
        kpis=unknown,
        data_as_of="not known",
        lanes=(
            report.lanes[0],
            LaneCard(lane="maintenance", headline="Updates not known", text="0 uptime checks."),
            LaneCard(lane="development", headline="No proposals", text="Nothing in this quarter’s data asks for larger change."),
        ),
        recommendations=(),
        silent=(),
        unknown=[(f"availability.rule_{number}", "uptime checks of this quarter") for number in range(11)],
        ),
        availability=NoData(title="Availability", missing="no uptime check of this quarter is in the warehouse", remedy="Add an uptime source, or see the gaps under data coverage."),
        security=NoData(title="Security", missing="no WAF log of this quarter is in the warehouse", remedy="Add a waf_logs source for the firewall in front of this site."),
        updates=NoData(title="Updates", missing="no inventory of this site is in the warehouse", remedy="Add a patches_bundle source and its cron job on the server."),
        journeys=NoData(title="Journeys", missing="whether log-in, search, forms or the cart work was not measured", remedy="Add a journeys_browser source."),
        servers=NoData(title="Servers and backups", missing="servers and backups were not measured", remedy="Add servers and backups to the sources."),
        coverage=replace(
            report.view("coverage"),
            lead="The 2 sources of this site cover 0% of the quarter; 2 of them brought nothing at all.",
            stats=stats,
            strips=[replace(strip, days=nothing, text="0 of 92 days") for strip in report.view("coverage").strips[:2]],
            gaps=(("uptime", "1 Jul", "30 Sept"), ("firewall", "1 Jul", "30 Sept")),
            rejects=(),
            evidence=(),
            action=None,
        ),
    )  # fmt: skip


def crowded() -> Report:
    """Return a bad quarter: 40 recommendations, huge numbers, very long names."""
    report = rich()
    bands = [("act now", 99)] * 6 + [("high", 82)] * 14 + [("medium", 60)] * 12 + [("low", 22)] * 8
    items = [
        recommendation(
            number, f"Update the {'exceptionally-long-named-' * (number % 3)}component-{number} to the newest version that its maker offers",
            "The flaw is exploited in the wild and the fix has been there for weeks. " * (1 + number % 3),
            band, risk, ("support", "maintenance", "development")[number % 3], ("security", "updates", "availability")[number % 3],
            rule_id=("updates.security_overdue", "security.single_path", "availability.below_slo")[number % 3],
            owner="You decide, The Very Long Named Agency for Websites & Partners can do it",
        )
        for number, (band, risk) in enumerate(bands, start=1)
    ]  # fmt: skip
    many = Action(text=f"{items[0].title}.", numbers=", ".join(item.number for item in items[:12]) + " and R-40")
    security, updates, availability = _security(), _updates(), _availability()
    return with_views(
        replace(
        report,
        site_name="The Donaudampfschifffahrtselektrizitätenhauptbetriebswerk Museum of Łódź, Zürich & Århus",
        client_name="Donaudampfschifffahrtsgesellschaft",
        host="www.donaudampfschifffahrtselektrizitaetenhauptbetriebswerk.museum.example",
        agency_name="The Very Long Named Agency for Websites & Partners",
        contact="a.very.long.address.of.somebody@the-very-long-named-agency.example",
        verdict=(
            ("The site is ", False),
            ("in need of twenty actions soon", True),
            (f". It was up 91.02% of the time that was watched; first of all, {items[0].title[0].lower()}{items[0].title[1:]}.", False),
        ),
        dials=(
            Dial(name="Availability", score=0, note="goal 99.9%", tone="bad"),
            Dial(name="Security", score=12, note="26 open", tone="bad"),
            Dial(name="Updates", score=51, note="1,204 past their date", tone="warn"),
            Dial(name="Data coverage", score=100, note="of the quarter", tone="good"),
        ),
        kpis=[replace(item, text="1,234,567,890", value=1_234_567_890, tone="bad", note="recognised, let through") for item in report.kpis],
        recommendations=items,
        ),
        availability=replace(
            availability,
            days=[DayState(day=day, level=number % 4) for number, day in enumerate(DAYS)],
            burn=[132.0 - 90 * number for number in range(len(DAYS))],
            incidents=[availability.incidents[number % 6] for number in range(12)],
            incident_note="The 12 longest of 340.",
            action=many,
        ),
        security=replace(
            security,
            weeks=[[1e6 * number, 2.5e5, 1e5, 3e4, 10.0] for number in range(13)],
            paths=[(f"/{'very-long-path/' * 4}"[:60], "12,345,678")] * 8,
            action=many,
        ),
        updates=replace(
            updates,
            outstanding=[(f"{'long-plugin-name-' * 3}{number}", "10.11.12-1+deb13u4", "10.11.12-1+deb13u5", "18 Aug", "134") for number in range(10)],
            outstanding_note="The first 10 of 1,204.",
            applied=[(f"{DAYS[number]:%-d %b}", f"{'libsomething-' * 3}{number}", "10.11.12-1+deb13u4", "10.11.12-1+deb13u5", "unattended") for number in range(60)],
            applied_note="The first 60 of 2,310; all are in marts.update_day.",
            action=many,
        ),
        coverage=_coverage(items),
    )  # fmt: skip


def hostile(text: str) -> Report:
    """Return the rich quarter with `text` in every place that outside text can reach."""
    report = rich()
    item = replace(
        report.recommendations[0],
        title=text,
        why=text,
        evidence=text,
        owner=text,
        closed_when=text,
        standard=text,
        sql=text,
    )
    return with_views(
        replace(
        report,
        site_name=text,
        client_name=text,
        host=text,
        agency_name=text,
        contact=text,
        verdict=((text, False), (text, True)),
        dials=[replace(dial, note=text) for dial in report.dials],
        kpis=[replace(kpi, label=text, text=text, note=text) for kpi in report.kpis],
        lanes=[replace(card, headline=text, text=text) for card in report.lanes],
        recommendations=[item],
        silent=[(text, text)],
        unknown=[(text, text)],
        ),
        availability=replace(report.view("availability"), lead=text, incidents=[(text, text, text, text)], incident_note=text),
        security=replace(
            report.view("security"), lead=text, chart_title=text, classes=[text], weeks=[[1.0]] * 13, paths=[(text, "1")], networks=[(text, "1", "1")],
            bots=[("Search engines", "3,895", "1.2%"), ("False: not who they claim to be", "15", "0.0%")],
            visitors=[(text, "1", "1")], visitors_note=text, action=Action(text=text, numbers="R-01"),
        ),
        updates=replace(report.view("updates"), lead=text, states=[(text, 1)], outstanding=[(text,) * 5], applied=[(text,) * 5], applied_note=text),
        coverage=replace(
            report.view("coverage"), lead=text, strips=[replace(report.view("coverage").strips[0], name=text, kind=text, text=text)], gaps=[(text,) * 3],
            rejects=[(text,) * 3], evidence=[Proof(numbers="R-01", rule_id=text, sql=text, sha256=text)],
        ),
    )  # fmt: skip
