"""What the rules on posture and on crawls share: SQL for the days that an audit speaks for, and what is missing.

An audit speaks for the week after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tasks.performance_rules import page_name
from tasks.recommendation import Answer, ClosingTest, Prediction, Rule, Scope, Silent, Unknown, recommend

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
    rule: Rule, scope: Scope, *, silent: str, one: str, many: str, severity: int, reach: float, expected: str
) -> Sequence[Answer]:
    """Judge the open issues of a rule: one recommendation for all of them, with where they are.

    Args:
        rule: `count` and `things` fill its words; its evidence is `issue_evidence`.
        scope: site and quarter.
        silent: what is not there where nothing is wrong, as `no broken link`.
        one: the thing, as `broken link`.
        many: the same for several.
        severity: 1 to 5.
        reach: share of visits that it concerns.
        expected: what is better then.
    """
    crawls = scope.query(NEWEST_CRAWL, scope.parameters)
    if not crawls:
        return [Unknown(rule=rule, missing="no crawl could read the site in the quarter")]
    crawl = crawls[0]
    rows = scope.query(rule.evidence_sql, scope.parameters)
    count = len({row["target"] or row["page_url"] for row in rows})
    unknown = crawl["unknown_count"]
    doubt = f"; {unknown:,} {'address is' if unknown == 1 else 'addresses are'} not known" if unknown else ""
    if count < scope.threshold(rule):
        return [Silent(rule=rule, reason=f"{silent} on {crawl['page_count']:,} pages of the last crawl{doubt}")]
    return [
        recommend(
            rule,
            scope,
            subject=rule.id.partition(".")[2],
            rows=rows,
            value=count,
            evidence=f"{count:,} {one if count == 1 else many} on {_pages(rows)} of {crawl['page_count']:,} read on "
            f"{crawl['day_date']:%-d %b}{doubt}: {shown(rows)}",
            words={"count": f"{count:,}", "things": one if count == 1 else many, "verb": "is" if count == 1 else "are"},
            severity=severity,
            reach=reach,
            closing_test=ClosingTest(
                operator="<",
                value=scope.threshold(rule),
                sustained_days=14,
                text=f"crawls of two weeks find {silent}",
            ),
            prediction=Prediction(metric="open_count", direction="down", size=count, text=expected),
        )
    ]


def _pages(rows: Sequence[dict[str, Any]]) -> str:
    count = len({row["page_url"] for row in rows})
    return f"{count:,} page{'' if count == 1 else 's'}"


def shown(rows: Sequence[dict[str, Any]], most: int = 3) -> str:
    """Name the first issues: what, where, since when."""
    told = [
        f"{_thing(row)}{page_name(row['page_url'])}, {row['detail'] or row['kind'].replace('_', ' ')}, "
        f"since {row['seen_date']:%-d %b}"
        for row in rows[:most]
    ]
    more = f"; {len(rows) - most:,} more" if len(rows) > most else ""
    return "; ".join(told) + more


def _thing(row: dict[str, Any]) -> str:
    target = str(row["target"])
    return f"{page_name(target) if '://' in target else target} on " if target else ""
