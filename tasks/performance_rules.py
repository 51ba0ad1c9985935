"""What the rules on performance share: SQL over what visitors saw and over the laboratory, never both in one figure.

A figure of what visitors saw speaks for the 28 days before it was fetched, one of the laboratory for the week after.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from tasks import written
from tasks.recommendation import Answer, ClosingTest, Prediction, Rule, Scope, Silent, Unknown, recommend
from tasks.words import mark, say

SCREENS = {
    "mobile": mark("phones"),
    "desktop": mark("desktops"),
    "tablet": mark("tablets"),
    "all": mark("all devices"),
}
CAPITAL_SCREENS = {
    "mobile": mark("Phones"),
    "desktop": mark("Desktops"),
    "tablet": mark("Tablets"),
    "all": mark("All devices"),
}
"""The same at the beginning of a line."""

NEWEST_RUNS = """
SELECT run_id, page_url FROM marts.page_performance
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date
QUALIFY row_number() OVER (PARTITION BY page_url, form_factor ORDER BY measured_at DESC) = 1"""
"""The last measurement of each page and screen in the quarter."""
FIELD_DAYS = """(
  SELECT count(*) FROM staging.site_day AS calendar
  WHERE calendar.site_id = $site_id AND calendar.day_date >= $start_date AND calendar.day_date < $end_date
    AND EXISTS (
      FROM marts.field_metric AS seen
      WHERE seen.site_id = $site_id AND seen.day_date < $end_date
        AND calendar.day_date BETWEEN seen.day_date - 28 AND seen.day_date + 7))"""
"""Days for which figures of visitors speak; those of the last week are in the next figure."""

LAB_DAYS = """(
  SELECT count(*) FROM staging.site_day AS calendar
  WHERE calendar.site_id = $site_id AND calendar.day_date >= $start_date AND calendar.day_date < $end_date
    AND EXISTS (
      FROM marts.page_performance AS seen
      WHERE seen.site_id = $site_id AND seen.day_date < $end_date
        AND calendar.day_date BETWEEN seen.day_date AND seen.day_date + 7))"""
"""Days for which a measurement in the laboratory speaks."""

MEASURED = """
SELECT count(*) AS measured_count FROM marts.page_performance
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date"""

_SAVING = """
SELECT page_url, title, {column} AS saving FROM marts.page_opportunity
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date AND is_newest AND {column} > 0
  AND audit_id <> 'largest-contentful-paint-element'
ORDER BY saving DESC, page_url, title LIMIT 1"""


def screen_name(screen: object) -> str:
    """Return what visits were made on, for the middle of a sentence."""
    return say(SCREENS.get(str(screen), "screens"))


def field_evidence(metric: str) -> str:
    """Return the query for the newest figures of one metric: of the site as a whole first, then the worst pages."""
    return f"""
SELECT form_factor, scope, subject_url, p75, band, good_ratio, poor_ratio, period_start_date, period_end_date
FROM marts.field_metric
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date AND metric = '{metric}'
QUALIFY row_number() OVER (PARTITION BY scope, subject_url, form_factor ORDER BY measured_at DESC) = 1
ORDER BY form_factor, scope, p75 DESC, subject_url"""  # noqa: S608 - the metric is the rule's own word


def field_measure(metric: str) -> str:
    """Return the query for the figure of one screen, `$subject`: of the site as a whole, else of its worst page."""
    return f"""
SELECT coalesce(max(p75) FILTER (scope = 'origin'), max(p75)) AS value, {FIELD_DAYS} AS known_days
FROM ({field_evidence(metric)}) WHERE form_factor = $subject"""  # noqa: S608 - as above


def field_answers(rule: Rule, scope: Scope, *, unit: str, metric: str, saving: str | None = None) -> Sequence[Answer]:
    """Judge the newest figure of each screen: at most one recommendation for each.

    Args:
        rule: its words are filled with `screen` and `value`.
        scope: site and quarter.
        unit: ms, or nothing for a shift of the layout.
        metric: name of the figure, for the prediction.
        saving: column of marts.page_opportunity that says what would help, where there is one.
    """
    rows = scope.query(rule.evidence_sql, scope.parameters)
    by_screen: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_screen.setdefault(str(row["form_factor"]), []).append(row)
    if not by_screen:
        return [Unknown(rule=rule, missing=say("what visitors saw is not known: no field data in the quarter"))]
    threshold = scope.threshold(rule)
    answers: list[Answer] = []
    for screen, found in by_screen.items():
        # Of the origin where it is known: `origin` comes before `page`.
        judged = found[0]
        if judged["p75"] > threshold:
            answers.append(_field_answer(rule, scope, screen, judged, found, unit, metric, saving))
    worst = max(rows, key=lambda row: row["p75"])
    return answers or [
        Silent(
            rule=rule,
            reason=say(
                "the 75th percentile of visits on {screen} was {value}; good is up to {limit}",
                screen=screen_name(worst["form_factor"]),
                value=shown(worst["p75"], unit),
                limit=shown(threshold, unit),
            ),
        )
    ]


def _field_answer(
    rule: Rule,
    scope: Scope,
    screen: str,
    judged: dict[str, Any],
    found: list[dict[str, Any]],
    unit: str,
    metric: str,
    saving: str | None,
) -> Answer:
    threshold, value = scope.threshold(rule), float(judged["p75"])
    whole = say("the whole site") if judged["scope"] == "origin" else page_name(judged["subject_url"])
    is_poor = judged["band"] == "poor"
    pages = [row for row in found if row["scope"] == "page" and row["p75"] > threshold and row is not judged]
    told = say(
        "{value} at the 75th percentile of {whole}, visits of {first} to {last}",
        value=shown(value, unit),
        whole=whole,
        first=written.day(judged["period_start_date"]),
        last=written.day(judged["period_end_date"]),
    )
    if pages:
        worst, figure = page_name(pages[0]["subject_url"]), shown(pages[0]["p75"], unit)
        told = say("{told}; worst page {page}, {value}", told=told, page=worst, value=figure)
    return recommend(
        rule,
        scope,
        subject=screen,
        rows=found,
        value=value,
        evidence=told + _largest_saving(scope, saving),
        words={"screen": screen_name(screen), "value": shown(value, unit)},
        severity=4 if is_poor else 3,
        likelihood=0.9,
        reach=0.25 if judged["good_ratio"] is None else 1 - float(judged["good_ratio"]),
        floor="medium" if is_poor else "none",
        closing_test=ClosingTest(
            operator="<=",
            value=threshold,
            sustained_days=28,
            text=say("the 75th percentile is {limit} or less over 28 days of visits", limit=shown(threshold, unit)),
        ),
        prediction=Prediction(
            metric=metric,
            direction="down",
            size=value - threshold,
            text=say("from {value} to {limit}", value=shown(value, unit), limit=shown(threshold, unit)),
        ),
    )


def _largest_saving(scope: Scope, column: str | None) -> str:
    """Say what the laboratory names as the largest saving; nothing where it measured nothing or names none."""
    if column is None:
        return ""
    rows = scope.query(_SAVING.format(column=column), scope.parameters)
    if not rows:
        return ""
    unit = "" if column == "cls_saving" else "ms"
    row = rows[0]
    return ". " + say(
        "The laboratory names first on {page}: {title} (up to {saving} there)",
        page=page_name(row["page_url"]),
        title=row["title"],
        saving=shown(row["saving"], unit),
    )


def shown(value: float, unit: str) -> str:
    """Return a figure as people read it: 2.9 s, 340 ms, 0.14."""
    if unit != "ms":
        return written.number(value, 2)
    return written.milliseconds(value)


def page_name(url: str) -> str:
    """Return a page as people name it: its path."""
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def unmeasured(rule: Rule, scope: Scope) -> list[Unknown]:
    """Return what is missing where no page was measured in the laboratory in the quarter, else nothing."""
    (row,) = scope.query(MEASURED, scope.parameters)
    if row["measured_count"]:
        return []
    return [Unknown(rule=rule, missing=say("no page was measured with Lighthouse in the quarter"))]
