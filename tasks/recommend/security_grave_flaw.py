"""What is installed has a critical flaw, or one that is likely to be exploited, for longer than agreed."""

from __future__ import annotations

from collections.abc import Sequence

from tasks import exposure, wording, written
from tasks.mending import Row
from tasks.recommendation import Answer, Rule, Scope
from tasks.words import mark, say

RULE = Rule(
    id="security.grave_flaw",
    area="security",
    lane="maintenance",
    title="{what}: {fixes}",
    why="{evidence}.",
    standard="NIST SP 800-40r4; CVSS 9 or EPSS 0.5",
    threshold=0.0,
    threshold_unit="days past the agreed date",
    effort_hours=(0.5, 2),
    evidence_sql=exposure.evidence_sql("grave"),
    measure_sql=exposure.measure_sql(exposure.GRAVE),
)


def evaluate(scope: Scope) -> Sequence[Answer]:
    """List the components with such a flaw, open for longer than agreed since it could be mended, or was known."""

    def tell(rows: Sequence[Row]) -> exposure.Said:
        flaws = [row for row in rows if (row["cvss_score"] or 0) >= 9 or (row["epss_score"] or 0) >= 0.5]
        first = max(flaws, key=_waited)
        scores = [f"CVSS {written.number(first['cvss_score'], 1)}"] if first["cvss_score"] is not None else []
        scores += [f"EPSS {written.percent(100 * first['epss_score'])}"] if first["epss_score"] is not None else []
        text = (
            mark("{flaw} ({scores}) was open for {days} since a fix was known; agreed: {agreed}")
            if first["waiting_days"] is not None
            else mark("{flaw} ({scores}) was open for {days} and nobody offers a fix; agreed: {agreed}")
        )
        return exposure.Said(
            value=_waited(first) - first["sla_days"],
            evidence=say(
                text,
                flaw=exposure.told(first),
                scores=", ".join(scores),
                days=wording.days(_waited(first)),
                agreed=wording.days(first["sla_days"]),
            ),
            floor="high" if any(row["fixed_version"] for row in flaws) else "medium",
        )

    return exposure.evaluate(RULE, scope, missing="", tell=tell, severity=5)


def _waited(row: Row) -> int:
    return int(row["open_days"] if row["waiting_days"] is None else row["waiting_days"])
