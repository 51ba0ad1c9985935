"""The section on the WAF: who attacked, how, what was stopped, what was not, and which visitors were hurt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from tasks import written
from tasks.attacks import attack_name
from tasks.quarter_data import WEEKS, QuarterData, rows_of
from tasks.render.text import cut
from tasks.report_model import Action, Dial, Fact, NoData, Section, missing_dial, missing_fact, tone_of
from tasks.words import mark, say, say_many

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

SECTION = Section(title=mark("Security"), order=30, weight=20)

"""Attack classes in the words of the report."""

BOT_NAMES = {
    "search": mark("Search engines"),
    "ai": mark("AI crawlers"),
    "seo": mark("SEO tools"),
    "monitoring": mark("Monitoring"),
    "scanner": mark("Scanners"),
    "library": mark("Scripts"),
    "other": mark("Others"),
    "false": mark("False: not who they claim to be"),
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
            missing=say("no WAF log of this quarter is in the warehouse"),
            remedy=say("Add a waf_logs source for the firewall in front of this site."),
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
        share = say(", {share} of them at {path}", share=written.percent(part), path=cut(paths["path"].iloc[0], 40))
    lead = (
        say_many(
            "The firewall recognised {n} attack and let it through, because it only watches{share}.",
            "The firewall recognised {n} attacks and let them through, because it only watches{share}.",
            passed,
            share=share,
        )
        if is_detecting
        else say_many(
            "The firewall stopped {n} hostile request{share}.",
            "The firewall stopped {n} hostile requests{share}.",
            blocked,
            share=share,
        )
    )
    return SecurityView(
        lead=lead,
        stats=[
            attacks_fact(days, data),
            Fact(
                label=mark("of all requests"),
                text=written.percent(100 * (blocked + passed) / total, 1) if total else say("not known"),
                value=100 * (blocked + passed) / total if total else None,
                unit="percent",
                query="marts.request_day",
                tone="neutral" if total else "unknown",
                note=say("of {total} logged", total=written.number(total)) if total else say("needs an access log"),
            ),
            Fact(
                label=mark("attempts to log in"),
                text=say("not known") if not total else written.number(0 if pd.isna(logins) else logins),
                value=None if not total else float(0 if pd.isna(logins) else logins),
                unit="count",
                query="marts.login_day",
                tone="neutral" if total else "unknown",
            ),
            Fact(
                label=mark("blocks of likely visitors"),
                text=written.number(visitors["block_count"].sum()) if total else say("not known"),
                value=float(visitors["block_count"].sum()) if total else None,
                unit="count",
                query="marts.blocked_visitor_day",
                tone="unknown" if not total else "warn" if len(visitors) else "neutral",
            ),
        ],
        chart_title=say("Attacks recognised per week, not stopped")
        if is_detecting
        else say("Requests blocked per week"),
        week_labels=data.week_labels,
        classes=classes,
        weeks=weeks,
        paths=[(cut(row.path, 60), written.number(row.attack_count)) for row in rows_of(paths)],
        networks=[
            (row.client_network, written.number(row.day_count), written.number(row.attack_count))
            for row in rows_of(networks)
        ],
        bots=[
            (
                say(BOT_NAMES.get(row.kind, row.kind)),
                written.number(row.request_count),
                say("not known") if pd.isna(row.bytes_pct) else written.percent(row.bytes_pct, 1),
            )
            for row in rows_of(data.frame(BOTS))
        ],
        visitors=[
            (cut(row.path, 90), written.number(row.client_count), written.number(row.block_count))
            for row in rows_of(visitors)
        ],
        visitors_note=say("Clients that on that day did only what visitors and editors do. Likely, not proved.")
        if total
        else say("Can’t be judged without an access log."),
        action=data.action(("security",), f"{data.titles(('security',))}."),
    )


def dial(data: QuarterData, view: SecurityView | NoData) -> Dial:
    """Return the score of what is open."""
    if isinstance(view, NoData):
        return missing_dial(mark("Security"))
    risks = sorted((item.risk for item in data.recommendations if item.area == "security"), reverse=True)
    score = round(max(100 - risks[0] / 2 - 5 * (len(risks) - 1), 0)) if risks else 100
    return Dial(
        name=mark("Security"),
        score=score,
        note=say_many("{n} open", "{n} open", len(risks)) if risks else say("nothing open"),
        tone=tone_of(score),
        method=say("100 less half of the highest risk open there, and 5 for each further one."),
    )


def figures(data: QuarterData, view: SecurityView | NoData) -> list[Fact]:
    """Return what page one may say: attacks, and what was served beside them."""
    attacks = (
        missing_fact(mark("attacks stopped"), say("no firewall log"), "marts.waf_day")
        if isinstance(view, NoData)
        else view.stats[0]
    )
    return [attacks, _requests_fact(data)]


def _requests_fact(data: QuarterData) -> Fact:
    served = data.frame(SERVED)
    if served.empty:
        return missing_fact(mark("requests served"), say("no access log"), "marts.request_day")
    total = float(served["request_count"].sum())
    return Fact(
        label=mark("requests served"),
        text=written.number(total),
        value=total,
        unit="count",
        query="marts.request_day",
        note=say_many("on {n} day", "on {n} days", len(served)),
        series=data.weekly(served, "request_count"),
    )


def attacks_fact(days: pd.DataFrame, data: QuarterData) -> Fact:
    """Return what was stopped, or what a detecting firewall saw and let through."""
    blocked = days[days["action"] == "block"]
    stopped, passed = float(blocked["event_count"].sum()), float(days["would_block_count"].sum())
    if passed > stopped:
        return Fact(
            label=mark("attacks not stopped"),
            text=written.number(passed),
            value=passed,
            unit="count",
            query="marts.waf_day",
            note=say("recognised, let through"),
            tone="bad",
            series=data.weekly(days, "would_block_count"),
        )
    return Fact(
        label=mark("attacks stopped"),
        text=written.number(stopped),
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
    sums = counted.groupby(["week", "attack_class"])["count"].sum().unstack(fill_value=0)
    totals = sums.sum().sort_index().sort_values(ascending=False, kind="stable")
    kept = [name for name in totals.index if totals[name] > 0][:4]
    shown = sums[kept].assign(rest=sums.drop(columns=kept).sum(axis=1)).astype(float)
    by_week = dict(zip(shown.index, shown.to_numpy().tolist(), strict=True))
    rows: list[list[float] | None] = [by_week.get(week) for week in range(WEEKS)]
    names = [attack_name(name) for name in kept]
    if any(row and row[-1] > 0 for row in rows):
        return [*names, say("Everything else")], rows
    return names, [row[:-1] if row else row for row in rows]
