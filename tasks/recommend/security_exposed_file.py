"""Files that should not be there can be fetched by anybody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tasks import written
from tasks.recommendation import Answer, ClosingTest, Prediction, Rule, Scope, Silent, Unknown, recommend
from tasks.site_audit_rules import found_days
from tasks.words import mark, say, say_many

RULE = Rule(
    id="security.exposed_file",
    area="security",
    lane="maintenance",
    title=mark("Take {path} off the site"),
    why=mark("Anybody can fetch it: {meaning}."),
    standard="OWASP Web Security Testing Guide, WSTG-CONF-04",
    threshold=1.0,
    threshold_unit="files that should not be there",
    effort_hours=(0.5, 2),
    evidence_sql="""
SELECT target, outcome, detail, day_date, page_url
FROM marts.posture_finding
WHERE site_id = $site_id AND kind = 'exposed_file' AND day_date >= $start_date AND day_date < $end_date
QUALIFY row_number() OVER (PARTITION BY target ORDER BY audited_at DESC) = 1
ORDER BY target""",
    measure_sql=f"""
SELECT
  arg_max(CASE outcome WHEN 'found' THEN 1 ELSE 0 END, audited_at) AS value,
  {found_days("exposed_file")} AS known_days
FROM marts.posture_finding
WHERE site_id = $site_id AND kind = 'exposed_file' AND target = $subject AND outcome <> 'not_known'
  AND day_date >= $start_date AND day_date < $end_date""",  # noqa: S608 - every part is the house's own text
)

_HARMLESS = ("/readme.html", "/.DS_Store")


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Look at what was found last of each file; sites that did not opt in are unknown."""
    rows = scope.query(RULE.evidence_sql, scope.parameters)
    known = [row for row in rows if row["outcome"] != "not_known"]
    if not known:
        return [Unknown(rule=RULE, missing=say("files that should not be there were not asked for (exposed_files)"))]
    found = [row for row in known if row["outcome"] == "found"]
    if len(found) < scope.threshold(RULE):
        reason = say_many(
            "the {n} file that should not be there is not", "none of {n} files that should not be there is", len(known)
        )
        return [Silent(rule=RULE, reason=reason)]
    return [_answer(row, scope) for row in found]


def _answer(row: dict[str, Any], scope: Scope) -> Answer:
    is_harmless, meaning = row["target"] in _HARMLESS, str(row["detail"])
    return recommend(
        RULE,
        scope,
        subject=row["target"],
        rows=[row],
        value=1,
        evidence=say(
            "{path} was answered with what its name says, last on {day}",
            path=row["target"],
            day=written.day(row["day_date"]),
        ),
        words={"path": row["target"], "meaning": say(meaning)},
        severity=2 if is_harmless else 5,
        likelihood=0.3 if is_harmless else 0.9,
        floor="none" if is_harmless else "act now",
        closing_test=ClosingTest(
            operator="<", value=1, sustained_days=7, text=say("it can no longer be fetched, by the next audit")
        ),
        prediction=Prediction(metric="file_found", direction="down", size=1, text=say("nobody can fetch it")),
    )
