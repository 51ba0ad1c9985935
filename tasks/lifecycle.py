"""What the rules on ends of life share: the newest inventory of the quarter against what endoflife.date says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tasks import measures, written
from tasks.recommendation import Answer, ClosingTest, Prediction, Rule, Scope, Silent, Unknown, recommend
from tasks.words import say

STALE_DAYS = 30
"""Days before the end of the quarter at which a feed must have been current: such lists change slowly."""
NAMES = {
    "php": "PHP", "mariadb": "MariaDB", "mysql": "MySQL", "postgresql": "PostgreSQL", "debian": "Debian",
    "ubuntu": "Ubuntu", "almalinux": "AlmaLinux", "rocky-linux": "Rocky Linux", "rhel": "Red Hat Enterprise Linux",
    "alpine": "Alpine Linux",
}  # fmt: skip
"""How a product is written, where that is not its word."""

# A branch that is said to be supported, without a day, has room for as long as anybody plans.
_LEFT = """CASE
    WHEN eol_date IS NOT NULL THEN date_diff('day', $end_date::DATE, eol_date)
    WHEN is_eol THEN -1
    WHEN NOT is_eol THEN 3650
  END"""


def evidence_sql(kinds: str) -> str:
    """Return the query for what the newest inventory of each source in the quarter names; `kinds` as SQL."""
    return f"""
SELECT
  source_id, kind, product, version, collected_date, is_of_distribution, cycle, eol_date, latest_version,
  feed_succeeded_at >= $end_date::DATE - INTERVAL {STALE_DAYS} DAY AS is_current,
  {_LEFT} AS days_left
FROM marts.runtime
WHERE site_id = $site_id AND kind IN ({kinds}) AND collected_date >= $start_date AND collected_date < $end_date
QUALIFY collected_at = max(collected_at) OVER (PARTITION BY source_id)
ORDER BY days_left NULLS LAST, source_id, product"""  # noqa: S608 - the kinds are the rule's own words


def measure_sql(kinds: str) -> str:
    """Return the measure: days of support left of what the newest inventory of the window names."""
    return f"""
SELECT
  arg_max({_LEFT}, collected_at) AS value,
  CASE WHEN count(*) > 0 THEN {measures.ALL_DAYS} ELSE 0 END AS known_days
FROM marts.runtime
WHERE site_id = $site_id AND kind IN ({kinds}) AND collected_date >= $start_date AND collected_date < $end_date
  AND source_id || ':' || product = $subject"""  # noqa: S608 - as above


def evaluate(rule: Rule, scope: Scope, *, what: str, severity: int) -> Sequence[Answer]:
    """Look at each product; one that the distribution packages ends with the distribution, not by itself."""
    rows = scope.query(rule.evidence_sql, scope.parameters)
    if not rows:
        return [Unknown(rule=rule, missing=say("no inventory of the quarter says which {what} runs", what=what))]
    limit = scope.threshold(rule)
    judged = [row for row in rows if not row["is_of_distribution"]]
    ending = [row for row in judged if row["is_current"] and row["days_left"] is not None and row["days_left"] <= limit]
    if ending:
        return [_recommendation(rule, scope, row, severity) for row in ending]
    open_ones = [row for row in judged if not row["is_current"] or row["days_left"] is None]
    if open_ones:
        row = open_ones[0]
        name = f"{named(row['product'])} {row['version']}"
        if row["cycle"] is None:
            return [Unknown(rule=rule, missing=say("no feed of ends of life knows {name}", name=name))]
        return [
            Unknown(
                rule=rule,
                missing=say(
                    "the feed on {product} was not current at the quarter's end", product=named(row["product"])
                ),
            )
        ]
    names = ", ".join(f"{named(row['product'])} {row['version']}" for row in rows)
    return [Silent(rule=rule, reason=say("supported, by its publisher or its distribution: {names}", names=names))]


def named(product: str) -> str:
    """Return a product as it is written."""
    return NAMES.get(product, product)


def _recommendation(rule: Rule, scope: Scope, row: dict[str, Any], severity: int) -> Answer:
    days, name = int(str(row["days_left"])), f"{named(str(row['product']))} {row['cycle']}"
    end = written.date_long(row["eol_date"]) if row["eol_date"] else say("a day that its publisher does not name")
    when = say("ended on {end}", end=end) if days < 0 else say("end on {end}", end=end)
    return recommend(
        rule,
        scope,
        subject=f"{row['source_id']}:{row['product']}",
        rows=[row],
        value=days,
        evidence=say(
            "{product} {version} on {day}; fixes {when}",
            product=named(str(row["product"])),
            version=row["version"],
            day=written.day_long(row["collected_date"]),
            when=when,
        ),
        words={"name": name, "when": when},
        severity=severity,
        likelihood=0.8 if days < 0 else 0.6,
        floor="high" if days < 0 else "none",
        closing_test=ClosingTest(
            operator=">",
            value=scope.threshold(rule),
            sustained_days=8,
            text=say(
                "a version with security fixes for more than {limit} days", limit=written.plain(scope.threshold(rule))
            ),
        ),
        prediction=Prediction(
            metric="days_left", direction="up", size=max(365 - days, 1), text=say("security fixes for a year and more")
        ),
    )
