"""Attackers were seen at what is installed with a known flaw."""

from __future__ import annotations

from collections.abc import Sequence

from tasks import exposure, wording, written
from tasks.mending import Row
from tasks.recommendation import Answer, Rule, Scope
from tasks.words import say

RULE = Rule(
    id="security.probed_flaw",
    area="security",
    lane="maintenance",
    title="{what}: {fixes}",
    why="{evidence}.{probes}",
    standard="SSVC, exploitation; CISA BOD 22-01",
    threshold=0.0,
    threshold_unit="attacks on a component with an open flaw",
    effort_hours=(0.5, 2),
    evidence_sql=exposure.evidence_sql("probed"),
    measure_sql=exposure.measure_sql("true"),
)
_LOGS = """
SELECT count(DISTINCT day_date) AS day_count FROM marts.waf_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date"""


def evaluate(scope: Scope) -> Sequence[Answer]:
    """List the components with an open flaw whose files were attacked, or whose flaw a rule of the firewall named."""
    (logs,) = scope.query(_LOGS, scope.parameters)
    missing = "" if logs["day_count"] else say("no firewall log of the quarter")

    def tell(rows: Sequence[Row]) -> exposure.Said:
        first = rows[0]
        flaw = exposure.told(first)
        if first["cvss_score"] is not None:
            flaw += f" (CVSS {written.number(first['cvss_score'], 1)})"
        return exposure.Said(
            value=max(row["probe_count"] for row in rows),
            evidence=say("{flaw} was open for {days}", flaw=flaw, days=wording.days(first["open_days"])),
            floor="high",
        )

    return exposure.evaluate(RULE, scope, missing=missing, tell=tell, severity=4)
