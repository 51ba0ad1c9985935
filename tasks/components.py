"""What the rules on the state of components share: find them in the newest list of the quarter, count them, say it.

One recommendation for each ecosystem, so that ten plugins are one line.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

from tasks import measures, wording
from tasks.recommendation import Answer, ClosingTest, Floor, Prediction, Rule, Scope, Silent, Unknown, recommend
from tasks.words import Plural, say

Row = dict[str, Any]
NOUNS = {
    "wordpress-plugin": Plural("{count} plugin", "{count} plugins", by="count"),
    "wordpress-theme": Plural("{count} theme", "{count} themes", by="count"),
    "deb": Plural("{count} package", "{count} packages", by="count"),
}
OTHERS = Plural("{count} package of {ecosystem}", "{count} packages of {ecosystem}", by="count")

NEWEST = """
newest AS (
  SELECT source_id, ecosystem, arg_max(bundle_id, collected_at) AS bundle_id
  FROM marts.bundle
  WHERE site_id = $site_id AND collected_date >= $start_date AND collected_date < $end_date GROUP BY ALL
), listed AS (
  SELECT listing.* FROM staging.component_listing AS listing JOIN newest USING (source_id, ecosystem, bundle_id)
  WHERE listing.site_id = $site_id
)"""
"""Two common tables: the newest list of each source and ecosystem in the window, and what stands in it."""


def evidence_sql(condition: str) -> str:
    """Return the query for the components of the newest lists that meet a condition."""
    return f"""
WITH {NEWEST}
SELECT ecosystem, name, version, status, directory_updated_date, replacement
FROM listed WHERE {condition} ORDER BY ecosystem, name, version"""  # noqa: S608 - the rule's own text


def measure_sql(condition: str) -> str:
    """Return the measure: how many components of the ecosystem met the condition in the newest lists of the window."""
    return f"""
WITH {NEWEST}
SELECT
  CASE WHEN count(*) > 0 THEN count(DISTINCT name) FILTER ({condition}) END AS value,
  {measures.LISTED_DAYS} AS known_days
FROM listed WHERE ecosystem = $subject"""  # noqa: S608 - the rule's own text


def missing_of(scope: Scope, told: str, among: str = "true") -> str:
    """Return why the rule can't look; empty where it can.

    Args:
        scope: site and quarter.
        told: condition of a component that tells what the rule asks.
        among: condition of the components that the rule is about; where none is listed there is nothing to tell.
    """
    sql = f"""
WITH {NEWEST}
SELECT count(*) AS listed_count, count(*) FILTER ({among}) AS meant_count, count(*) FILTER ({told}) AS told_count
FROM listed"""  # noqa: S608 - the rule's own text
    (seen,) = scope.query(sql, scope.parameters)
    if not seen["listed_count"]:
        return say("no inventory of the quarter")
    return say("no inventory of the quarter tells of it") if seen["meant_count"] and not seen["told_count"] else ""


def evaluate(
    rule: Rule,
    scope: Scope,
    *,
    missing: str,
    severity: int,
    floor: Floor = "none",
    tell: Callable[[Row], str] = lambda row: "",
    likelihood: float = 0.9,
) -> Sequence[Answer]:
    """Answer for one rule: a recommendation for each ecosystem with such components; `tell` adds to each name."""
    rows = scope.query(rule.evidence_sql, scope.parameters_of(rule))
    answers: list[Answer] = []
    for ecosystem, some in groupby(rows, key=lambda row: str(row["ecosystem"])):
        found = list(some)
        count = len({row["name"] for row in found})
        if count <= scope.threshold(rule):
            continue
        noun = NOUNS.get(ecosystem, OTHERS)
        things = "WordPress" if ecosystem == "wordpress-core" else say(noun, count=count, ecosystem=ecosystem)
        names = wording.and_more([f"{row['name'][:60]}{tell(row)}" for row in found[:3]], count)
        words = {"count": count, "components": things, "names": names}
        answers.append(
            recommend(
                rule,
                scope,
                subject=ecosystem,
                rows=found,
                value=count,
                evidence=names,
                words=words,
                severity=severity,
                likelihood=likelihood,
                floor=floor,
                closing_test=ClosingTest(
                    operator="<=", value=scope.threshold(rule), sustained_days=14, text=say("none of them for 14 days")
                ),
                prediction=Prediction(
                    metric="component_count", direction="down", size=count, text=say("none next quarter")
                ),
            )
        )
    if missing:
        answers.append(Unknown(rule=rule, missing=missing))
    return answers or [Silent(rule=rule, reason=say("no component is so"))]
