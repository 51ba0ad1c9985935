"""The section on the WAF: who attacked, how, what was stopped, what was not, and which visitors were hurt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from tasks.quarter_data import WEEKS, QuarterData, rows_of
from tasks.render.text import cut
from tasks.report_model import Action, Dial, Fact, NoData, Section, missing_dial, missing_fact, tone_of

DAYS = """
SELECT day_date, action, coalesce(attack_class, 'other') AS attack_class, event_count, would_block_count
FROM marts.waf_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date"""

PATHS = """
SELECT path, sum(block_count + would_block_count) AS attack_count
FROM marts.waf_path_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date
GROUP BY path
HAVING attack_count > 0
ORDER BY attack_count DESC, path LIMIT 7"""

NETWORKS = """
SELECT client_network, count(DISTINCT day_date) AS day_count, sum(block_count + would_block_count) AS attack_count
FROM marts.waf_network_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date
GROUP BY client_network
HAVING attack_count > 0
ORDER BY attack_count DESC, client_network LIMIT 3"""

VISITORS = """
SELECT path, count(DISTINCT client_ip) AS client_count, sum(block_count) AS block_count
FROM marts.blocked_visitor_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date
GROUP BY path
ORDER BY block_count DESC, path LIMIT 3"""

BOTS = """
SELECT
  CASE WHEN bot_identity = 'spoofed' THEN 'false' ELSE bot_class END AS kind,
  sum(request_count) AS request_count,
  100 * sum(answered_bytes) / nullif((
    SELECT sum(answered_bytes) FROM marts.request_day
    WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date
  ), 0) AS bytes_pct
FROM marts.bot_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date
GROUP BY kind
ORDER BY request_count DESC, kind LIMIT 3"""

REQUESTS = """
SELECT sum(request_count) AS request_count FROM marts.request_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date"""

SERVED = """
SELECT day_date, sum(request_count) AS request_count FROM marts.request_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date GROUP BY day_date"""

LOGINS = """
SELECT sum(attempt_count) AS attempt_count FROM marts.login_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date"""

SECTION = Section(title="Security", order=30, weight=20)

NAMES = {
    "lfi": "File access",
    "rfi": "Remote file",
    "rce": "Command execution",
    "php": "PHP injection",
    "nodejs": "Code injection",
    "java": "Java injection",
    "xss": "Cross-site scripting",
    "sqli": "SQL injection",
    "session": "Session fixation",
    "scanner": "Scanners",
    "protocol": "Malformed requests",
    "method": "Forbidden methods",
    "ssrf": "Server-side requests",
    "web_shell": "Web shells",
    "upload": "Uploads",
    "login": "Log-in abuse",
    "dos": "Floods",
    "bot": "Bots",
    "reputation": "Listed addresses",
    "rate": "Too many requests",
    "geo": "Countries",
    "custom": "Own rules",
    "data_leak": "Data leaks",
    "multipart": "Malformed uploads",
    "other": "Other rules",
}
"""Attack classes in the words of the report."""

BOT_NAMES = {
    "search": "Search engines",
    "ai": "AI crawlers",
    "seo": "SEO tools",
    "monitoring": "Monitoring",
    "scanner": "Scanners",
    "library": "Scripts",
    "other": "Others",
    "false": "False: not who they claim to be",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityView:
    """The section on the WAF. `weeks` holds one row per week of counts in the order of `classes`; None is a gap."""

    lead: str
    stats: Sequence[Fact]
    chart_title: str
    week_labels: Sequence[str]
    classes: Sequence[str]
    weeks: Sequence[Sequence[float] | None]
    paths: Sequence[tuple[str, str]]
    networks: Sequence[tuple[str, str, str]]
    bots: Sequence[tuple[str, str, str]]
    """Kind of bot, requests, share of the bytes."""
    visitors: Sequence[tuple[str, str, str]]
    visitors_note: str
    action: Action | None


def view(data: QuarterData) -> SecurityView | NoData:
    """Return the section, or what is missing for it."""
    days = data.frame(DAYS)
    if days.empty:
        return NoData(
            title="Security",
            missing="no WAF log of this quarter is in the warehouse",
            remedy="Add a waf_logs source for the firewall in front of this site.",
        )
    blocked = float(days.loc[days["action"] == "block", "event_count"].sum())
    passed = float(days["would_block_count"].sum())
    total = float(data.frame(REQUESTS)["request_count"].fillna(0).iloc[0])
    logins = data.frame(LOGINS)["attempt_count"].iloc[0]
    paths, networks, visitors = data.frame(PATHS), data.frame(NETWORKS), data.frame(VISITORS)
    is_detecting = passed > blocked
    classes, weeks = _weeks(days, data)
    share = ""
    if len(paths):
        part = 100 * float(paths["attack_count"].iloc[0]) / (blocked + passed)
        share = f", {part:.0f}% of them at {cut(paths['path'].iloc[0], 40)}"
    lead = (
        f"The firewall recognised {passed:,.0f} attacks and let them through, because it only watches{share}."
        if is_detecting
        else f"The firewall stopped {blocked:,.0f} hostile requests{share}."
    )
    return SecurityView(
        lead=lead,
        stats=[
            attacks_fact(days, data),
            Fact(
                label="of all requests",
                text=f"{100 * (blocked + passed) / total:.1f}%" if total else "not known",
                value=100 * (blocked + passed) / total if total else None,
                unit="percent",
                query="marts.request_day",
                tone="neutral" if total else "unknown",
                note=f"of {total:,.0f} logged" if total else "needs an access log",
            ),
            Fact(
                label="attempts to log in",
                text="not known" if not total else f"{0 if pd.isna(logins) else logins:,.0f}",
                value=None if not total else float(0 if pd.isna(logins) else logins),
                unit="count",
                query="marts.login_day",
                tone="neutral" if total else "unknown",
            ),
            Fact(
                label="blocks of likely visitors",
                text=f"{visitors['block_count'].sum():,.0f}" if total else "not known",
                value=float(visitors["block_count"].sum()) if total else None,
                unit="count",
                query="marts.blocked_visitor_day",
                tone="unknown" if not total else "warn" if len(visitors) else "neutral",
            ),
        ],
        chart_title="Attacks recognised per week, not stopped" if is_detecting else "Requests blocked per week",
        week_labels=data.week_labels,
        classes=classes,
        weeks=weeks,
        paths=[(cut(row.path, 60), f"{row.attack_count:,.0f}") for row in rows_of(paths)],
        networks=[(row.client_network, f"{row.day_count}", f"{row.attack_count:,.0f}") for row in rows_of(networks)],
        bots=[
            (
                BOT_NAMES.get(row.kind, row.kind),
                f"{row.request_count:,.0f}",
                "not known" if pd.isna(row.bytes_pct) else f"{row.bytes_pct:.1f}%",
            )
            for row in rows_of(data.frame(BOTS))
        ],
        visitors=[(cut(row.path, 90), f"{row.client_count}", f"{row.block_count:,.0f}") for row in rows_of(visitors)],
        visitors_note="Clients that on that day did only what visitors and editors do. Likely, not proved."
        if total
        else "Can’t be judged without an access log.",
        action=data.action(("security",), f"{data.titles(('security',))}."),
    )


def dial(data: QuarterData, view: SecurityView | NoData) -> Dial:
    """Return the score of what is open."""
    if isinstance(view, NoData):
        return missing_dial("Security")
    risks = sorted((item.risk for item in data.recommendations if item.area == "security"), reverse=True)
    score = round(max(100 - risks[0] / 2 - 5 * (len(risks) - 1), 0)) if risks else 100
    return Dial(
        name="Security",
        score=score,
        note=f"{len(risks)} open" if risks else "nothing open",
        tone=tone_of(score),
        method="100 less half of the highest risk open there, and 5 for each further one.",
    )


def figures(data: QuarterData, view: SecurityView | NoData) -> list[Fact]:
    """Return what page one may say: attacks, and what was served beside them."""
    attacks = (
        missing_fact("attacks stopped", "no firewall log", "marts.waf_day")
        if isinstance(view, NoData)
        else view.stats[0]
    )
    return [attacks, _requests_fact(data)]


def _requests_fact(data: QuarterData) -> Fact:
    served = data.frame(SERVED)
    if served.empty:
        return missing_fact("requests served", "no access log", "marts.request_day")
    total = float(served["request_count"].sum())
    return Fact(
        label="requests served",
        text=f"{total:,.0f}",
        value=total,
        unit="count",
        query="marts.request_day",
        note=f"on {len(served)} days",
        series=data.weekly(served, "request_count"),
    )


def attacks_fact(days: pd.DataFrame, data: QuarterData) -> Fact:
    """Return what was stopped, or what a detecting firewall saw and let through."""
    blocked = days[days["action"] == "block"]
    stopped, passed = float(blocked["event_count"].sum()), float(days["would_block_count"].sum())
    if passed > stopped:
        return Fact(
            label="attacks not stopped",
            text=f"{passed:,.0f}",
            value=passed,
            unit="count",
            query="marts.waf_day",
            note="recognised, let through",
            tone="bad",
            series=data.weekly(days, "would_block_count"),
        )
    return Fact(
        label="attacks stopped",
        text=f"{stopped:,.0f}",
        value=stopped,
        unit="count",
        query="marts.waf_day",
        series=data.weekly(blocked, "event_count"),
    )


def _weeks(days: pd.DataFrame, data: QuarterData) -> tuple[list[str], list[list[float] | None]]:
    """Return the four largest classes and the rest, by week; a week in which the WAF wrote nothing at all is a gap."""
    counted = days.assign(
        week=data.week_of(days["day_date"]),
        count=days["event_count"].where(days["action"] == "block", 0) + days["would_block_count"],
    )
    totals = counted.groupby("attack_class")["count"].sum().sort_index().sort_values(ascending=False, kind="stable")
    kept = [name for name in totals.index if totals[name] > 0][:4]
    rows: list[list[float] | None] = []
    for week in range(WEEKS):
        inside = counted[counted["week"] == week]
        if inside.empty:
            rows.append(None)
            continue
        sums = inside.groupby("attack_class")["count"].sum()
        row = [float(sums.get(name, 0)) for name in kept]
        rows.append([*row, float(sums.sum()) - sum(row)])
    names = [NAMES.get(name, name.replace("_", " ").capitalize()) for name in kept]
    if any(row and row[-1] > 0 for row in rows):
        return [*names, "Everything else"], rows
    return names, [row[:-1] if row else row for row in rows]
