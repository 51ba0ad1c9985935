"""What the rules on posture and on crawls share: SQL for the days that an audit speaks for, and what is missing.

An audit speaks for the week after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tasks import wording, written
from tasks.crawl_issues import SHORT, detail_in_words
from tasks.performance_rules import page_name
from tasks.recommendation import Answer, ClosingTest, Prediction, Rule, Scope, Silent, Unknown, recommend
from tasks.words import Plural, say, say_many

_DAYS = """(
  SELECT count(*) FROM staging.site_day AS calendar
  WHERE calendar.site_id = $site_id AND calendar.day_date >= $start_date AND calendar.day_date < $end_date
    AND EXISTS (
      FROM {mart} AS seen
      WHERE seen.site_id = $site_id AND seen.day_date < $end_date AND {condition}
        AND calendar.day_date BETWEEN seen.day_date AND seen.day_date + 7))"""

CRAWLED_DAYS = _DAYS.format(mart="marts.crawl", condition="seen.is_read")
"""Days for which a crawl speaks."""

NEWEST_CRAWL = """
SELECT day_date, page_count, unknown_count, outcome FROM marts.crawl
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date AND is_read
ORDER BY started_at DESC LIMIT 1"""


def tested_days(test: str) -> str:
    """Return the days for which a known outcome of a test speaks; `test` is a name or `$subject`."""
    return _DAYS.format(mart="marts.posture_test", condition=f"seen.test = {test} AND seen.is_passed IS NOT NULL")


def found_days(kind: str) -> str:
    """Return the days for which a known finding of a kind and of the target `$subject` speaks."""
    condition = f"seen.kind = '{kind}' AND seen.target = $subject AND seen.outcome <> 'not_known'"
    return _DAYS.format(mart="marts.posture_finding", condition=condition)


def issue_evidence(*kinds: str) -> str:
    """Return the query for the issues of some kinds that are open at the end of the quarter, the newest first."""
    words = ", ".join(f"'{kind}'" for kind in kinds)
    return f"""
SELECT kind, page_url, target, detail, seen_date, last_seen_date, is_back
FROM marts.crawl_issue
WHERE site_id = $site_id AND kind IN ({words}) AND seen_date < $end_date AND last_seen_date >= $start_date
  AND (fixed_date IS NULL OR fixed_date >= $end_date)
ORDER BY seen_date DESC, kind, target, page_url"""  # noqa: S608 - kinds are the rule's own words


def issue_measure(*kinds: str) -> str:
    """Return the query for how many things of some kinds are open at the end of the days: targets, else pages."""
    words = ", ".join(f"'{kind}'" for kind in kinds)
    return f"""
SELECT
  CASE WHEN {CRAWLED_DAYS} > 0 THEN (
    SELECT count(DISTINCT CASE target WHEN '' THEN page_url ELSE target END) FROM marts.crawl_issue
    WHERE site_id = $site_id AND kind IN ({words}) AND seen_date < $end_date
      AND (fixed_date IS NULL OR fixed_date >= $end_date)) END AS value,
  {CRAWLED_DAYS} AS known_days"""  # noqa: S608 - as above


def issue_answers(
    rule: Rule, scope: Scope, *, silent: str, things: Plural, severity: int, reach: float, expected: str
) -> Sequence[Answer]:
    """Judge the open issues of a rule: one recommendation for all of them, with where they are.

    Args:
        rule: `count` fills its words; its evidence is `issue_evidence`.
        scope: site and quarter.
        silent: what is not there where nothing is wrong, as `no broken link`.
        things: so many of them, as `{count} broken links`.
        severity: 1 to 5.
        reach: share of visits that it concerns.
        expected: what is better then.
    """
    crawls = scope.query(NEWEST_CRAWL, scope.parameters)
    if not crawls:
        return [Unknown(rule=rule, missing=say("no crawl could read the site in the quarter"))]
    crawl = crawls[0]
    rows = scope.query(rule.evidence_sql, scope.parameters)
    count = len({row["target"] or row["page_url"] for row in rows})
    unknown = crawl["unknown_count"]
    doubt = "; " + say_many("{n} address is not known", "{n} addresses are not known", unknown) if unknown else ""
    if count < scope.threshold(rule):
        return [
            Silent(
                rule=rule,
                reason=say(
                    "{silent} on {pages} of the last crawl", silent=silent, pages=wording.pages(crawl["page_count"])
                )
                + doubt,
            )
        ]
    return [
        recommend(
            rule,
            scope,
            subject=rule.id.partition(".")[2],
            rows=rows,
            value=count,
            evidence=say(
                "{things} on {pages} of {all} read on {day}{doubt}: {named}",
                things=say(things, count=count),
                pages=wording.pages(len({row["page_url"] for row in rows})),
                all=crawl["page_count"],
                day=written.day(crawl["day_date"]),
                doubt=doubt,
                named=shown(rows),
            ),
            words={"count": count},
            severity=severity,
            reach=reach,
            closing_test=ClosingTest(
                operator="<",
                value=scope.threshold(rule),
                sustained_days=14,
                text=say("in the crawls of two weeks {silent}", silent=silent),
            ),
            prediction=Prediction(metric="open_count", direction="down", size=count, text=expected),
        )
    ]


def shown(rows: Sequence[dict[str, Any]], most: int = 3) -> str:
    """Name the first issues: what, where, since when."""
    told = [
        say(
            "{place}, {detail}, since {day}",
            place=_place(row),
            detail=detail_in_words(row["detail"])
            if row["detail"]
            else say(SHORT.get(row["kind"], row["kind"].replace("_", " "))),
            day=written.day(row["seen_date"]),
        )
        for row in rows[:most]
    ]
    if len(rows) > most:
        told.append(say_many("{n} more", "{n} more", len(rows) - most))
    return "; ".join(told)


def _place(row: dict[str, Any]) -> str:
    target, page = str(row["target"]), page_name(row["page_url"])
    if not target:
        return page
    return say("{thing} on {page}", thing=page_name(target) if "://" in target else target, page=page)
