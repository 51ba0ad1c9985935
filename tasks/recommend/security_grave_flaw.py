"""What is installed has a critical flaw, or one that is likely to be exploited, for longer than agreed."""

from __future__ import annotations

from collections.abc import Sequence

from tasks import exposure
from tasks.mending import Row
from tasks.recommendation import Answer, Rule, Scope

RULE = Rule(
    id="security.grave_flaw",
    area="security",
    lane="maintenance",
    title="{verb} {name}{version}: {fixes}",
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

    def say(rows: Sequence[Row]) -> exposure.Said:
        flaws = [row for row in rows if (row["cvss_score"] or 0) >= 9 or (row["epss_score"] or 0) >= 0.5]
        first = max(flaws, key=_waited)
        scores = [f"CVSS {first['cvss_score']:.1f}"] if first["cvss_score"] is not None else []
        scores += [f"EPSS {100 * first['epss_score']:.0f}%"] if first["epss_score"] is not None else []
        since = "since a fix was known" if first["waiting_days"] is not None else "and nobody offers a fix"
        return exposure.Said(
            value=_waited(first) - first["sla_days"],
            evidence=f"{exposure.told(first)} ({', '.join(scores)}) was open for "
            f"{_waited(first)} days {since}; agreed are {first['sla_days']}",
            floor="high" if any(row["fixed_version"] for row in flaws) else "medium",
        )

    return exposure.evaluate(RULE, scope, missing="", say=say, severity=5)


def _waited(row: Row) -> int:
    return int(row["open_days"] if row["waiting_days"] is None else row["waiting_days"])
