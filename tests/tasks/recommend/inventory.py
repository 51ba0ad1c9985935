"""Inventories, advisories and attacks of the site `one` in the third quarter of 2026, put into a warehouse in memory."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb

from tasks.versions import sort_key
from tests.warehouse.test_marts import warehouse
from warehouse.records import (
    AdvisoryChange,
    AdvisoryRange,
    ComponentObservation,
    ExploitedVulnerability,
    ExploitPrediction,
    FeedRun,
    PatchEvent,
    Record,
    WafEvent,
    WafRuleHit,
)

FIRST = datetime(2026, 7, 1, 12, tzinfo=UTC)
END_DAY = 92


def day(number: float) -> datetime:
    return FIRST + timedelta(days=number)


@dataclass
class Place:
    con: duckdb.DuckDBPyConnection
    bundles: int = 0
    told: set[str] = field(default_factory=set)

    def put(self, record: type[Record], batch: str = "b", **values: Any) -> None:
        row = dict.fromkeys(record.schema().names) | {"parser_version": "t/1", "batch_id": batch} | values
        names = ", ".join(row)
        holes = ", ".join(f"${name}" for name in row)
        self.con.execute(f"INSERT INTO raw.{record.table} ({names}) VALUES ({holes})", row)

    def listing(self, number: float, *components: dict[str, Any], fresh: bool = True) -> None:
        """Add an inventory of that day: components as name, version and what else is known."""
        self.bundles += 1
        batch = f"batch{self.bundles}"
        self.con.execute(
            "INSERT INTO raw.batch VALUES ($b, 'patches_bundle', 't/1', $at, $at, 1, 0)",
            {"b": batch, "at": day(number)},
        )
        for one in components:
            ecosystem = one.get("ecosystem", "wordpress-plugin")
            state = one.get("update_state", "available" if one.get("latest_version") else "none")
            self.put(
                ComponentObservation,
                batch,
                **{
                    "site_id": "one", "source_id": "s", "bundle_id": f"{number:06.1f}", "collected_at": day(number),
                    "ecosystem": ecosystem, "update_state": state if fresh else "unknown",
                    "fresh_as_of_at": day(number) if fresh else None, "version_key": sort_key(ecosystem, one["version"]),
                    "advisory_ecosystem": ecosystem, "advisory_name": one["name"],
                    "advisory_key": sort_key(ecosystem, one["version"]), **one,
                },
            )  # fmt: skip

    def advisory(self, flaw: str, name: str, *ranges: tuple[str | None, str, bool], **more: Any) -> None:
        """Add an advisory: ranges as first version, last version, and whether the last one mends it."""
        ecosystem = more.pop("ecosystem", "wordpress-plugin")
        place = {"feed": "wf", "advisory_id": f"id-{flaw}", "fetched_at": day(-30)}
        values = {
            "aliases": [flaw],
            "severity": "high",
            "is_gone": False,
            "is_informational": False,
            "published_at": day(-10),
        }
        self.put(AdvisoryChange, **place, **values | more)
        for first, last, is_fixed in ranges:
            self.put(
                AdvisoryRange, **place, ecosystem=ecosystem, name=name,
                from_version=first, from_key=first and sort_key(ecosystem, first), is_from_included=True,
                to_version=last, to_key=sort_key(ecosystem, last), is_to_included=not is_fixed,
                fixed_version=last if is_fixed else None, fixed_key=sort_key(ecosystem, last) if is_fixed else None,
                is_comparable=True,
            )  # fmt: skip

    def feed(self, form: str = "wordfence-intelligence", number: float = END_DAY, *ecosystems: str) -> None:
        """Say that a feed was fetched on that day."""
        self.put(
            FeedRun, feed=form, format=form, fetched_at=day(number), outcome="fetched", licence="x",
            ecosystems=list(ecosystems) or ["wordpress-plugin"],
        )  # fmt: skip

    def exploited(self, flaw: str, added: str, due: str | None) -> None:
        place = {"feed": "kev", "cve_id": flaw, "fetched_at": day(1), "is_gone": False}
        self.put(ExploitedVulnerability, **place, added_date=added, due_date=due)

    def predicted(self, flaw: str, score: float) -> None:
        place = {"feed": "epss", "cve_id": flaw, "fetched_at": day(1), "is_gone": False}
        self.put(ExploitPrediction, **place, epss_score=score, score_date="2026-09-30", model_version="v4")

    def attacked(self, number: int, path: str, message: str = "", count: int = 1) -> None:
        for one in range(count):
            event = {
                "event_id": f"{number}{path}{message}{one}", "site_id": "one", "source_id": "waf", "event_at": day(number),
                "event_date": day(number).date(),
            }  # fmt: skip
            self.put(
                WafEvent, **event, format="f", path=path, action="block", is_enforced=True, would_block=True,
                is_zone_assumed=False, file_id="f", line_number=one, sample_weight=1.0, attack_class="rce", attack_classes=["rce"],
            )  # fmt: skip
            if message:
                self.put(WafRuleHit, **event, rule_id="1", message=message, tags=[], is_verdict=False)

    def moved(self, number: float, name: str, action: str, old: str, new: str) -> None:
        self.put(
            PatchEvent, site_id="one", source_id="s", event_id=f"{number}{name}", patched_at=day(number),
            at_precision="exact", ecosystem="deb", name=name, action=action, old_version=old, new_version=new,
        )  # fmt: skip


@contextlib.contextmanager
def place() -> Iterator[Place]:
    with warehouse("UTC", [], 300.0, (1, 1, 1)) as con:
        con.execute(
            "INSERT INTO raw.source BY NAME SELECT 'one' AS site_id, 's' AS source_id, 'patches_bundle' AS kind,"
            " 'component_observation' AS fills, 691200 AS expected_every_seconds, now() AS configured_at,"
            " 't' AS parser_version, 'b' AS batch_id"
        )
        con.execute("UPDATE raw.source SET configured_at = '2026-01-01'")
        yield Place(con)
