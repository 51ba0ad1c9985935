"""Code of other parties keeps a page busy."""

from __future__ import annotations

from collections.abc import Sequence

from tasks import performance_rules, wording, written
from tasks.performance_rules import page_name, unmeasured
from tasks.recommendation import Answer, ClosingTest, Prediction, Rule, Scope, Silent, recommend
from tasks.words import mark, say

_BUSY = """
SELECT
  measured.page_url,
  measured.form_factor,
  measured.day_date,
  coalesce(sum(party.main_thread_ms), 0) AS main_thread_ms,
  list(party.third_party ORDER BY party.main_thread_ms DESC, party.third_party)
    FILTER (party.main_thread_ms > 0) AS third_parties,
  max(party.main_thread_ms) AS worst_ms,
  sum(party.transfer_bytes) AS transfer_bytes
FROM (
  FROM marts.page_performance
  WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date
  QUALIFY row_number() OVER (PARTITION BY page_url ORDER BY measured_at DESC, form_factor DESC) = 1
) AS measured
LEFT JOIN marts.page_third_party AS party USING (site_id, run_id)
GROUP BY measured.page_url, measured.form_factor, measured.day_date
ORDER BY main_thread_ms DESC, measured.page_url"""

RULE = Rule(
    id="performance.third_parties",
    area="performance",
    lane="development",
    title=mark("Load {names} later or not at all on {page}"),
    why=mark("Code of others keeps the page busy for {time}, in which it answers to nobody; {worst} most of all."),
    standard="web.dev, third-party JavaScript",
    threshold=500.0,
    threshold_unit="ms of the main thread spent on code of other parties",
    effort_hours=(2, 8),
    evidence_sql=_BUSY,
    measure_sql=f"""
SELECT any_value(main_thread_ms) AS value, {performance_rules.LAB_DAYS} AS known_days
FROM ({_BUSY}) WHERE page_url = $subject""",  # noqa: S608 - the house's own text
)

_SHOWN = 2
"""Pages that are advised on at once."""


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Look at the newest measurement of each page; one that meets no other party spends nothing on them."""
    if missing := unmeasured(RULE, scope):
        return missing
    rows = scope.query(RULE.evidence_sql, scope.parameters)
    busy = [row for row in rows if row["main_thread_ms"] > scope.threshold(RULE)][:_SHOWN]
    if not busy:
        worst = performance_rules.shown(rows[0]["main_thread_ms"], "ms")
        return [
            Silent(
                rule=RULE,
                reason=say(
                    "code of others keeps the busiest of {pages} busy for {time}",
                    pages=wording.pages(len(rows)),
                    time=worst,
                ),
            )
        ]
    return [
        recommend(
            RULE,
            scope,
            subject=str(row["page_url"]),
            rows=[row],
            value=float(row["main_thread_ms"]),
            evidence=say(
                "{time} ms, {size} kB, by {names}",
                time=written.number(row["main_thread_ms"]),
                size=written.number((row["transfer_bytes"] or 0) / 1000),
                names=", ".join(row["third_parties"][:5]),
            ),
            words={
                "names": row["third_parties"][0] if len(row["third_parties"]) == 1 else say("code of other parties"),
                "page": page_name(row["page_url"]),
                "time": performance_rules.shown(row["main_thread_ms"], "ms"),
                "worst": row["third_parties"][0],
            },
            severity=3,
            likelihood=0.8,
            reach=0.5,
            closing_test=ClosingTest(
                operator="<=",
                value=scope.threshold(RULE),
                sustained_days=14,
                text=say("it is {limit} ms or less for two weeks", limit=written.plain(scope.threshold(RULE))),
            ),
            prediction=Prediction(
                metric="third_party_main_thread_ms",
                direction="down",
                size=float(row["main_thread_ms"]) - scope.threshold(RULE),
                text=say("the page answers sooner while it loads"),
            ),
        )
        for row in busy
    ]
