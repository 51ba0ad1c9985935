"""Reports to look at and to test with: a rich quarter, one of which little is known, a bad one, and a hostile one.

`python -m tests.tasks.render.sample FOLDER` writes them all as PDF, to be looked at.
"""

from __future__ import annotations

import sys
from dataclasses import fields, is_dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from tasks.render.document import write_report
from tasks.report_model import (
    Action,
    AvailabilityView,
    CoverageView,
    DayState,
    Dial,
    Fact,
    LaneCard,
    NoData,
    Proof,
    RecommendationView,
    Report,
    SecurityView,
    SourceStrip,
    UpdatesView,
)

START, DAYS = date(2026, 7, 1), 92
WEEKS = [f"W{week}" for week in range(27, 40)]
GAP = range(50, 57)
"""Days of the rich quarter of which nothing is known."""

HOSTILE = (
    "<script>alert(1)</script>",
    "../../etc/passwd",
    "{{7*7}}",
    "{% raw %}",
    "=cmd()|'/C calc'!A0",
    "<img src=file:///etc/passwd>",
    "<link rel=attachment href=file:///etc/passwd>",
    "</title></style></svg>",
    "a\u202eb",
    "c\x00\x1b[31m\nd",
    "\u4e2d\U0001f600",
    "Aa1" * 40,
)
"""What every text of the hostile report holds, in this order."""
UNCHANGED = ("site_id", "ink", "accent", "logo_type", "locale", "quarter", "tone", "lane", "unit")
"""Fields that are words of our own, checked before a report is made."""

SQL = """SELECT path, sum(block_count) AS block_count
FROM marts.attacked_path_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date
GROUP BY path ORDER BY block_count DESC"""

ADVICE = (
    ("act now", 94, "development", "updates", "updates.exploited_flaw", "Replace the abandoned booking plugin",
     "It has a publicly exploited flaw, no fix is coming, and it was probed 1,904 times this quarter.",
     "1 vulnerability open 41 days, EPSS 0.71", "2 to 3 days", "You approve, Northlight Studio builds", "CISA KEV; OWASP A06",
     "the plugin is absent for 14 days and the ticket journey passes", "Probes of this flaw find nothing to hit"),
    ("high", 81, "maintenance", "security", "security.single_path", "Close the old login endpoint",
     "24,300 blocked requests aimed at xmlrpc.php, which nothing on the site uses.",
     "50.4% of all blocks on one unused path", "up to an hour", "Northlight Studio", "WordPress hardening guide",
     "no 2xx answer on the path for 30 days", "Blocks fall by half"),
    ("high", 77, "maintenance", "availability", "availability.certificate_expiry", "Renew the certificate automatically",
     "It was renewed by hand two days before it would have run out.",
     "2 days left on 14 August, goal 21", "1 to 2 hours", "Northlight Studio", "CA/B Forum baseline",
     "more than 21 days left on every check for 30 days", "No renewal needs a person"),
    ("medium", 62, "maintenance", "coverage", "availability.monitoring_gap", "Watch the site without gaps",
     "For seven days in August nobody can say whether the site was up.",
     "92.4% of the quarter is watched, goal 95%", "up to an hour", "Northlight Studio", "Google SRE workbook",
     "at least 95% watched for 30 days", "Every day of the next quarter is known"),
    ("low", 31, "support", "security", "security.visitors_blocked", "Let the newsletter form through the firewall",
     "Eleven likely visitors were turned away at the form.",
     "14 blocks of 11 clients that browsed normally", "1 to 2 hours", "Northlight Studio", "OWASP CRS tuning guide",
     "no likely visitor blocked there for 14 days", "About one more sign-up a week"),
)  # fmt: skip


def recommendation(number: int, row: tuple[Any, ...]) -> RecommendationView:
    band, risk, lane, area, rule, title, why, evidence, effort, owner, standard, closed, expected = row
    return RecommendationView(
        number=f"R-{number:02d}", title=title, why=why, band=band, risk=risk, lane=lane, evidence=evidence, rule_id=rule,
        sql=SQL, effort=effort, owner=owner, due="31 Oct 2026", standard=standard, closed_when=closed, expected=expected,
        area=area,
    )  # fmt: skip


def fact(label: str, text: str, value: float | None = 1.0, **more: Any) -> Fact:
    return Fact(label=label, text=text, value=value, unit="count", query="marts.example", **more)


def wave(base: float, *, rise: float = 0.0, gap: bool = False) -> list[float | None]:
    """Thirteen weekly numbers that look like data; always the same."""
    swing = (0, 4, -3, 6, 1, -5, 3, 8, -2, 2, 5, -1, 4)
    return [None if gap and week in (7, 8) else base * (1 + step / 60) + rise * week for week, step in enumerate(swing)]


def availability() -> AvailabilityView:
    down = {9: 3.0, 33: 41.0, 34: 6.0, 71: 12.0, 80: 15.0}
    budget, left, burn = 132.0, 132.0, list[float | None]()
    for day in range(DAYS):
        left -= down.get(day, 0)
        burn.append(None if day in GAP else left)
    level = {3.0: 1, 6.0: 2, 12.0: 2, 15.0: 2, 41.0: 3}
    return AvailabilityView(
        lead="77 minutes of downtime against an agreed 132 minutes: 42% of it is left. For 7 days nobody can say.",
        stats=[
            fact("uptime", "99.94%", tone="good", note="goal 99.9%"), fact("incidents", "5"),
            fact("longest outage", "41 minutes"), fact("of the quarter not known", "7.6%", tone="unknown"),
        ],
        days=[
            DayState(day=START + timedelta(days=day), level=None if day in GAP else level.get(down.get(day, 0), 0))
            for day in range(DAYS)
        ],
        burn=burn,
        budget_minutes=budget,
        incidents=[
            ("Fri 10 Jul, 03:12", "no answer in time", "3", "03:15"),
            ("Mon 3 Aug, 09:00", "the site answered 502", "41", "09:41"),
            ("Tue 4 Aug, 22:18", "the site answered 502", "6", "22:24"),
            ("Thu 10 Sep, 11:05", "the name did not resolve", "12", "11:17"),
            ("Sat 19 Sep, 02:40", "the certificate was refused", "15", "not seen"),
        ],
        incident_note="",
        action=Action(text="Renew the certificate automatically.", numbers="R-03", anchor="R-03"),
    )  # fmt: skip


def security() -> SecurityView:
    rows: list[list[float] | None] = [
        [2100 + 180 * (week % 4), 900 + 90 * (week % 3), 300 + 60 * (week % 5), 150 + 15 * week, 40 + 9 * week]
        for week in range(13)
    ]
    rows[7] = None
    return SecurityView(
        lead="The firewall stopped 48,200 hostile requests, 50% of them at /xmlrpc.php.",
        stats=[
            fact("attacks stopped", "48,200"), fact("of all requests", "3.1%", note="of 1,554,800 logged"),
            fact("attempts to log in", "9,120"), fact("blocks of likely visitors", "14", tone="warn"),
        ],
        chart_title="Requests blocked per week",
        week_labels=WEEKS,
        classes=["File access", "Scanners", "SQL injection", "Cross-site scripting", "Everything else"],
        weeks=rows,
        paths=[
            ("/xmlrpc.php", "24,300"), ("/wp-login.php", "9,120"), ("/?s=<script>alert(1)</script>", "611"),
            ("/../../etc/passwd", "402"), ('/"><img src=file:///etc/passwd>', "87"), ("/{{7*7}}${jndi:ldap://x}", "55"),
        ],
        networks=[
            ("203.0.113.0/24", "61", "12,904"), ("198.51.100.0/24", "44", "7,310"), ("192.0.2.0/24", "40", "2,845"),
            ("2001:db8:51::/48", "12", "911"), ("203.0.114.0/24", "9", "602"), ("198.51.101.0/24", "3", "77"),
        ],
        visitors=[("/newsletter", "11", "14"), ("/contact?topic=hire", "2", "3")],
        visitors_note="Clients that were answered normally ten times or more on the same day. Likely, not proved.",
        action=Action(text="Close the old login endpoint, and one more.", numbers="R-02, R-05"),
    )  # fmt: skip


def updates(applied: int = 63, late: int = 3) -> UpdatesView:
    names = ("WordPress", "Booking Calendar", "Contact Form 7", "openssl", "nginx-common", "Yoast SEO", "libxml2", "php8.3-fpm")
    return UpdatesView(
        lead=f"{applied} updates were applied; {late} known of are past the agreed date.",
        stats=[
            fact("updates applied", f"{applied}"), fact("updates overdue", f"{late}", tone="bad", note="of what is known"),
            fact("components not known", "4", tone="unknown", note="of 212"), fact("last inventory", "30 September"),
        ],
        week_labels=[label if number % 4 == 0 else "" for number, label in enumerate(WEEKS)],
        weeks=[[float(3 + (week * 7) % 6)] for week in range(13)],
        states=[("Current", 201), ("Update available", 7), ("Not known", 4)],
        outstanding=[
            (f"{names[1 + number % 7]}{' (security)' if number == 0 else ''}", "5.1.2-1ubuntu0.3", "5.1.9", "12 Aug", f"{41 - number}")
            for number in range(min(late, 10))
        ],
        outstanding_note="" if late <= 10 else f"The first 10 of {late}.",
        applied=[
            (f"{START + timedelta(days=number):%-d %b}", names[number % 8], f"{number % 4}.1.{number}", f"{number % 4}.1.{number + 1}",
             "by this date" if number % 3 == 0 else "apt")
            for number in range(min(applied, 60))
        ],
        applied_note="“By” a date: seen in the inventory of that day, applied at some time since the one before.",
        action=Action(text="Replace the abandoned booking plugin.", numbers="R-01", anchor="R-01"),
    )  # fmt: skip


def coverage(advice: list[RecommendationView]) -> CoverageView:
    full: list[float | None] = [1.0] * DAYS
    gappy: list[float | None] = [None if day in GAP else 1.0 if day % 9 else 0.6 for day in range(DAYS)]
    numbers = {item.rule_id: item for item in reversed(advice)}
    return CoverageView(
        lead="Of all that the sources should have said about this quarter, 96% was said.",
        stats=[
            fact("known of the quarter", "96%"), fact("days with a gap", "7", tone="unknown"),
            fact("lines rejected", "12"), fact("rules that could not look", "2"),
        ],
        strips=[
            SourceStrip(name="uptime", kind="uptime checks", days=gappy, text="92.4%"),
            SourceStrip(name="audit", kind="firewall events", days=full, text="100%"),
            SourceStrip(name="access", kind="requests", days=[*full[:90], 0.4, None], text="98.4%"),
            SourceStrip(name="patches", kind="installed versions", days=full, text="100%"),
        ],
        gaps=[("uptime", "20 Aug", "26 Aug")],
        rejects=[("access", "no time that can be read", "11"), ("audit", "cut in the middle", "1")],
        silent=[
            ("availability.below_slo", "availability was 99.94%, goal 99.9%"),
            ("updates.routine_overdue", "no routine update is past its date"),
            ("security.login_brute_force", "no day had more than 500 attempts"),
        ],
        unknown=[("updates.end_of_life", "no source says when PHP ends"), ("coverage.backups", "no backup source")],
        evidence=[Proof(numbers=item.number, rule_id=rule, sql=SQL) for rule, item in sorted(numbers.items())],
        action=Action(text="Watch the site without gaps.", numbers="R-04"),
    )  # fmt: skip


def rich() -> Report:
    """A good quarter of a well-watched site, with a week of unknown uptime."""
    advice = [recommendation(number, row) for number, row in enumerate(ADVICE, start=1)]
    return Report(
        site_id="museum", site_name="Harbour & Vale Museum", client_name="Harbour & Vale Trust", host="harbourvale.example",
        agency_name="Northlight Studio", contact="hello@northlight.example", ink="#14213a", accent="#3a4fd8", logo=None,
        logo_type="image/png", locale="en-GB", quarter="2026Q3", start_date=START, end_date=date(2026, 10, 1),
        period="July to September 2026", data_as_of="30 September 2026", snapshot_id="20261001T020000Z-5f2b810c",
        verdict=[
            ("The site is ", False), ("healthy, with one security action overdue", True),
            (". It was up 99.94% of the time that was watched; one plugin with a known exploited flaw still needs your "
             "approval to replace.", False),
        ],
        dials=[
            Dial(name="Availability", score=79, note="goal 99.9%", tone="warn"),
            Dial(name="Security", score=54, note="2 open", tone="warn"),
            Dial(name="Updates", score=97, note="3 past their date", tone="good"),
            Dial(name="Data coverage", score=96, note="of the quarter", tone="good"),
        ],
        kpis=[
            fact("Uptime", "99.94%", tone="good", note="goal 99.9%", series=wave(99.9, gap=True)),
            fact("Response time", "412 ms", note="median of the checks", series=wave(430, rise=-3, gap=True)),
            fact("Attacks stopped", "48,200", series=wave(3600, rise=40)),
            fact("Updates applied", "63", series=wave(5)),
            fact("Updates overdue", "3", tone="bad", note="of what is known"),
            fact("Requests served", "1,554,800", note="on 92 days", series=wave(119_000, rise=900)),
        ],
        lanes=[
            LaneCard(lane="support", headline="Not measured", text="No helpdesk is connected, so tickets are not part of this report."),
            LaneCard(lane="maintenance", headline="63 updates", text="25,344 uptime checks."),
            LaneCard(lane="development", headline="1 proposal", text="Scoped and quoted separately."),
        ],
        recommendations=advice, availability=availability(), security=security(), updates=updates(), coverage=coverage(advice),
    )  # fmt: skip


def sparse() -> Report:
    """A quarter of which almost nothing is known."""
    unknown = [
        fact(label, "not known", None, tone="unknown", note=note)
        for label, note in (
            ("Uptime", "no checks"), ("Response time", "no checks"), ("Attacks stopped", "no firewall log"),
            ("Updates applied", "no inventory"), ("Updates overdue", "no inventory"), ("Requests served", "no access log"),
        )
    ]  # fmt: skip
    missing = "no {} of this quarter is in the warehouse"
    report = rich()
    return replace(
        report, site_id="sparse", recommendations=[], kpis=unknown,
        verdict=[("The state of the site is ", False), ("mostly not known", True), (". Whether it was up was not watched.", False)],
        dials=[Dial(name=dial.name, score=None, note="no data", tone="unknown") for dial in report.dials],
        availability=NoData(title="Availability", missing=missing.format("uptime check"), remedy="Add an uptime source."),
        security=NoData(title="Security", missing=missing.format("WAF log"), remedy="Add a waf_logs source."),
        updates=NoData(title="Updates", missing=missing.format("inventory"), remedy="Add a patches_bundle source."),
        coverage=replace(
            report.coverage, lead="None of the sources said anything about this quarter.", gaps=[], rejects=[], evidence=[], action=None,
            strips=[SourceStrip(name="uptime", kind="uptime checks", days=[None] * DAYS, text="0%")],
            stats=[fact("known of the quarter", "not known", None, tone="unknown"), *report.coverage.stats[1:]],
        ),
    )  # fmt: skip


def bad() -> Report:
    """A bad quarter: forty recommendations, very long names, a budget overdrawn, in colours of the agency's own."""
    long = "Königlich-Bayerische Donaudampfschifffahrtsgesellschaft & Söhne – Stiftung für Łódź, Kraków und Škofja Loka"
    advice = []
    for number in range(1, 41):
        row = list(ADVICE[min((number - 1) // 8, 4)])
        row[5] = f"{row[5]} in {long if number % 7 == 0 else f'part {number}'}"
        row[10] = "OWASP A06:2021; NIST SP 800-40r4; WordPress hardening guide" if number % 3 == 0 else row[10]
        row[4] = f"{row[4]}_{number}"
        advice.append(recommendation(number, tuple(row)))
    view = availability()
    burn = [None if value is None else value - 9.3 * day for day, value in enumerate(view.burn)]
    report = rich()
    return replace(
        report, site_id="bad", site_name=long, client_name=long, host=f"{'very-long-' * 8}name.example", ink="#3b1029",
        accent="#c2410c", recommendations=advice, updates=updates(480, 64), coverage=coverage(advice),
        verdict=[
            ("The site is ", False), ("in need of 24 actions soon", True),
            (f". It was up 98.61% of the time that was watched; first of all, {advice[6].title}.", False),
        ],
        dials=[
            Dial(name="Availability", score=0, note="goal 99.9%", tone="bad"),
            Dial(name="Security", score=8, note="31 open", tone="bad"),
            Dial(name="Updates", score=None, note="mostly not known", tone="unknown"),
            Dial(name="Data coverage", score=100, note="of the quarter", tone="good"),
        ],
        availability=replace(
            view, lead="923 minutes of downtime against an agreed 132 minutes: that is 7.0 times as much.", burn=burn,
            incidents=[*view.incidents, *view.incidents, *view.incidents[:2]], incident_note="The 12 longest of 61.",
            action=Action(text=f"Renew the certificate automatically in {long}, and 7 more.", numbers="R-17 to R-24"),
        ),
    )  # fmt: skip


def hostile() -> Report:
    """The rich quarter in which every text from outside is an attack."""
    return replace(_hostile(rich()), site_id="hostile")


def _hostile(value: Any, name: str = "") -> Any:
    if name in UNCHANGED or name == "band":
        return value
    if isinstance(value, str):
        return " ".join((value, *HOSTILE))
    if isinstance(value, list | tuple):
        return type(value)(_hostile(item) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{field.name: _hostile(getattr(value, field.name), field.name) for field in fields(value)})
    return value


if __name__ == "__main__":
    for make in (rich, sparse, bad, hostile):
        write_report(make(), Path(sys.argv[1]))
