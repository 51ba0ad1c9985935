"""A page is good in the laboratory and poor for visitors: what is measured here is not what they meet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tasks import performance_rules, written
from tasks.performance_rules import page_name, screen_name, shown, unmeasured
from tasks.recommendation import Answer, ClosingTest, Prediction, Rule, Scope, Silent, Unknown, recommend
from tasks.words import listed, mark, say, say_many

_NAMES = {"lcp_ms": "LCP", "inp_ms": "INP", "cls": "CLS"}

_BOTH = """
SELECT
  lab.page_url,
  lab.form_factor,
  100 * lab.performance_score AS lab_score,
  lab.day_date,
  count(*) FILTER (field.band = 'poor') AS poor_count,
  list({'metric': field.metric, 'p75': field.p75} ORDER BY field.metric) FILTER (field.band = 'poor') AS poor
FROM (
  FROM marts.page_performance
  WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date AND performance_score IS NOT NULL
  QUALIFY row_number() OVER (PARTITION BY page_url, form_factor ORDER BY measured_at DESC, auditor) = 1
) AS lab
JOIN (
  FROM marts.field_metric
  WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date AND scope = 'page'
    AND metric IN ('lcp_ms', 'inp_ms', 'cls')
  QUALIFY row_number() OVER (PARTITION BY subject_url, form_factor, metric ORDER BY measured_at DESC) = 1
) AS field ON field.form_factor = lab.form_factor AND lab.page_url IN (field.subject_url, field.page_url)
GROUP BY lab.page_url, lab.form_factor, lab_score, lab.day_date
ORDER BY poor_count DESC, lab.page_url, lab.form_factor"""

RULE = Rule(
    id="performance.lab_misleads",
    area="performance",
    lane="maintenance",
    title=mark("Measure on {page} what visitors on {screen} meet"),
    why=mark(
        "The laboratory gives it {score} points, yet for visitors {poor} is poor: slow networks, old phones, consent "
        "banners or pages after a log-in are not measured here."
    ),
    standard="web.dev, why lab and field data can be different",
    threshold=90.0,
    threshold_unit="points of the Lighthouse score, while a Core Web Vital of the same page is poor for visitors",
    effort_hours=(2, 6),
    evidence_sql=_BOTH,
    measure_sql=f"""
SELECT any_value(poor_count) AS value, {performance_rules.FIELD_DAYS} AS known_days
FROM ({_BOTH}) WHERE page_url || ' ' || form_factor = $subject""",  # noqa: S608 - the house's own text
)


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Hold pages that were measured in both ways against each other; the figures themselves stay apart."""
    if missing := unmeasured(RULE, scope):
        return missing
    rows = scope.query(RULE.evidence_sql, scope.parameters)
    if not rows:
        return [Unknown(rule=RULE, missing=say("what visitors saw is known of no page that was measured"))]
    found = [row for row in rows if row["poor_count"] and row["lab_score"] >= scope.threshold(RULE)]
    if not found:
        return [
            Silent(
                rule=RULE,
                reason=say_many(
                    "laboratory and visitors agree on the {n} page that both measured",
                    "laboratory and visitors agree on all {n} pages that both measured",
                    len(rows),
                ),
            )
        ]
    answers: list[Answer] = []
    for row in found:
        poor = [_figure(one) for one in row["poor"]]
        answers.append(
            recommend(
                RULE,
                scope,
                subject=f"{row['page_url']} {row['form_factor']}",
                rows=[row],
                value=float(row["poor_count"]),
                evidence=say(
                    "Lighthouse {score} on {day}; 75th percentile of visits: {figures}",
                    score=written.number(row["lab_score"]),
                    day=written.day_long(row["day_date"]),
                    figures=", ".join(poor),
                ),
                words={
                    "page": page_name(row["page_url"]),
                    "screen": screen_name(row["form_factor"]),
                    "score": written.number(row["lab_score"]),
                    "poor": listed(poor),
                },
                severity=3,
                likelihood=0.8,
                reach=0.25,
                closing_test=ClosingTest(
                    operator="=",
                    value=0,
                    sustained_days=28,
                    text=say("no Core Web Vital of the page is poor over 28 days"),
                ),
                prediction=Prediction(
                    metric="poor_count",
                    direction="down",
                    size=float(row["poor_count"]),
                    text=say("no figure is poor any more"),
                ),
            )
        )
    return answers


def _figure(figure: dict[str, Any]) -> str:
    unit = "" if figure["metric"] == "cls" else "ms"
    return f"{_NAMES[figure['metric']]} ({shown(figure['p75'], unit)})"
