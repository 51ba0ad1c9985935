"""Anybody can send mail in the name of the site's domain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tasks import written
from tasks.recommendation import Answer, ClosingTest, Prediction, Rule, Scope, Silent, Unknown, recommend
from tasks.site_audit_rules import found_days
from tasks.words import mark, say

RULE = Rule(
    id="security.spf_dmarc",
    area="security",
    lane="maintenance",
    title="{what}",
    why=mark("Mail that others send in the name of {domain} is taken for yours: {reason}."),
    standard="RFC 7208 (SPF), RFC 7489 (DMARC)",
    threshold=1.0,
    threshold_unit="policies that are missing or stop nobody",
    effort_hours=(0.5, 3),
    evidence_sql="""
SELECT kind, target, outcome, detail, day_date
FROM marts.posture_finding
WHERE site_id = $site_id AND kind IN ('spf', 'dmarc') AND day_date >= $start_date AND day_date < $end_date
QUALIFY row_number() OVER (PARTITION BY kind, target ORDER BY audited_at DESC) = 1
ORDER BY kind DESC, target""",
    measure_sql=f"""
SELECT
  arg_max(CASE outcome WHEN 'ok' THEN 0 ELSE 1 END, audited_at) AS value,
  greatest({found_days("spf")}, {found_days("dmarc")}) AS known_days
FROM marts.posture_finding
WHERE site_id = $site_id AND kind IN ('spf', 'dmarc') AND target = $subject AND outcome <> 'not_known'
  AND day_date >= $start_date AND day_date < $end_date""",  # noqa: S608 - every part is the house's own text
)

_WEAK = {
    "spf": mark("SPF does not say who may send and that nobody else does"),
    "dmarc": mark("DMARC only watches, or only some mail"),
}
_PUBLISH = {
    "spf": mark("Publish an SPF that holds for {domain}"),
    "dmarc": mark("Publish a DMARC that holds for {domain}"),
}
_CHANGES = {"spf": '@ TXT "v=spf1 mx -all"', "dmarc": '_dmarc TXT "v=DMARC1; p=quarantine"'}


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Judge what the resolvers answered last."""
    rows = scope.query(RULE.evidence_sql, scope.parameters)
    known = [row for row in rows if row["outcome"] != "not_known"]
    if not known:
        return [Unknown(rule=RULE, missing=say("SPF and DMARC of the domain were not asked, or no resolver answered"))]
    weak = [row for row in known if row["outcome"] in ("missing", "weak")]
    if len(weak) < scope.threshold(RULE):
        return [Silent(rule=RULE, reason=say("SPF and DMARC say who may send, and that others are turned away"))]
    return [_answer(row, scope) for row in weak]


def _answer(row: dict[str, Any], scope: Scope) -> Answer:
    kind, is_missing = str(row["kind"]), row["outcome"] == "missing"
    name, domain = kind.upper(), str(row["target"]).removeprefix("_dmarc.")
    return recommend(
        RULE,
        scope,
        subject=row["target"],
        rows=[row],
        value=1,
        evidence=say(
            "{name} of {domain}, {day}: {detail}",
            name=name,
            domain=row["target"],
            day=written.day(row["day_date"]),
            detail=row["detail"],
        ),
        words={
            "what": say("Publish {name} for {domain}", name=name, domain=domain)
            if is_missing
            else say(_PUBLISH[kind], domain=domain),
            "domain": domain,
            "reason": say("there is no {name}", name=name) if is_missing else say(_WEAK[kind]),
        },
        severity=3,
        likelihood=0.6,
        reach=0.6,
        change=_CHANGES[kind],
        closing_test=ClosingTest(
            operator="<", value=1, sustained_days=7, text=say("{name} is there and holds, by the next audit", name=name)
        ),
        prediction=Prediction(
            metric="policy_weak", direction="down", size=1, text=say("receivers turn away mail that is not yours")
        ),
    )
