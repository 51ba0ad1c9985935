"""For any history findings are what a slow walk through its moments gives, in whatever order and pieces it arrives."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.versions import sort_key
from tests.warehouse.test_marts import warehouse
from warehouse.connection import open_live
from warehouse.load import load
from warehouse.records import (
    AdvisoryChange,
    AdvisoryRange,
    ComponentObservation,
    FindingDecision,
    InventoryFile,
    Record,
    Reject,
    ScannerFinding,
    ScannerRun,
    Site,
)
from warehouse.spool import Spool

ECOSYSTEM, ZONE = "wordpress-plugin", "America/New_York"
NOON = datetime(2026, 10, 20, 12, tzinfo=UTC)  # with the end of summer time in it
VERSIONS = ("1.0", "1.1", "1.2")
BOUNDS = ("1.1", "1.2", "1.3")
NAMES = ("CVE-2026-1", "CVE-2026-2", "X-1", "X-2")


def at(number: int) -> datetime:
    return NOON + timedelta(days=number)


@dataclass(frozen=True)
class Bundle:
    day: int
    versions: frozenset[str]
    is_whole: bool
    has_other: bool
    """It lists another component of the ecosystem too: without one it may list nothing of it."""
    has_file: bool
    """It tells which file lists the ecosystem."""

    @property
    def is_listing(self) -> bool:
        return bool(self.versions) or self.has_other


@dataclass(frozen=True)
class Content:
    """What an advisory says from `day` on: versions from `start` and below `to`; None where it is gone or withdrawn."""

    day: int
    start: str | None
    is_start_included: bool
    to: str | None
    aliases: tuple[str, ...]
    published: int | None
    is_fixed: bool
    is_gone: bool


@dataclass(frozen=True)
class Scan:
    day: int
    found: frozenset[tuple[str, str]]
    is_whole: bool


@dataclass(frozen=True)
class History:
    bundles: tuple[Bundle, ...]
    advisories: tuple[tuple[Content, ...], ...]
    decisions: tuple[tuple[int, int | None, str], ...]
    """Day, days for which it is accepted, or none where that is taken back, and a name of the flaw."""
    scans: tuple[tuple[Scan, ...], ...]


def on_days(element: Any, most: int, least: int = 0) -> st.SearchStrategy[tuple[Any, ...]]:
    """Draw some of `element`, each on a day of its own."""
    days = st.lists(st.integers(0, 18), unique=True, min_size=least, max_size=most).map(sorted)
    return days.flatmap(lambda found: st.tuples(*(element(day) for day in found)))


versions = st.frozensets(st.sampled_from(VERSIONS), max_size=2)
mostly = st.sampled_from((True, True, True, False))
bundles = on_days(lambda day: st.builds(Bundle, st.just(day), versions, st.booleans(), st.booleans(), mostly), 6)
contents = on_days(
    lambda day: st.builds(
        Content,
        st.just(day),
        st.sampled_from((None, None, *VERSIONS[:2])),
        st.booleans(),
        st.sampled_from((*BOUNDS, *BOUNDS, None)),
        st.lists(st.sampled_from(NAMES), max_size=2, unique=True).map(tuple),
        st.none() | st.integers(-5, 18),
        st.booleans(),
        st.booleans(),
    ),
    3,
    1,
)
decisions = on_days(lambda day: st.tuples(st.just(day), st.none() | st.integers(0, 6), st.sampled_from(NAMES)), 3)
pairs = st.frozensets(st.tuples(st.sampled_from(VERSIONS), st.sampled_from(NAMES[:2])), max_size=2)
scans = on_days(lambda day: st.builds(Scan, st.just(day), pairs, st.booleans()), 4)
histories = st.builds(
    History, bundles, st.lists(contents, max_size=3).map(tuple), decisions, st.lists(scans, max_size=2).map(tuple)
)


# The slow implementation: what holds at each moment, asked of every moment at which anything happens.


def flaw_names(history: History) -> dict[str, str]:
    """Return the flaw of every name: merge what shares one until nothing changes."""
    groups = []
    for number, told in enumerate(history.advisories):
        kept = [content for content in told if not is_gone(content)]
        if kept:
            groups.append({f"a{number}", *kept[-1].aliases})
    merged = True
    while merged:
        merged = False
        for one in groups:
            for other in groups:
                if one is not other and one & other:
                    one |= other
                    groups.remove(other)
                    merged = True
                    break
            if merged:
                break
    cves = [sorted(name for name in group if name.startswith("CVE-")) or sorted(group) for group in groups]
    return {name: first[0] for group, first in zip(groups, cves, strict=True) for name in group}


def last_day(day: int, days: int | None) -> date | None:
    return None if days is None else at(day).astimezone(ZoneInfo(ZONE)).date() + timedelta(days=days)


def is_gone(content: Content) -> bool:
    return content.to is None and content.is_gone


def hits(content: Content, version: str) -> bool:
    is_after = (
        content.start is None or version > content.start or (version == content.start and content.is_start_included)
    )
    return content.to is not None and is_after and version < content.to


@dataclass
class Walk:
    history: History
    names: dict[str, str] = field(init=False)
    moments: list[datetime] = field(init=False)

    def __post_init__(self) -> None:
        self.names = flaw_names(self.history)
        found = {at(bundle.day) for bundle in self.history.bundles}
        found |= {at(content.day) for told in self.history.advisories for content in told}
        found |= {
            at(content.published)
            for told in self.history.advisories
            for content in told
            if content.published is not None
        }
        found |= {at(scan.day) for told in self.history.scans for scan in told}
        found |= {moment for start, end, *_ in self.accepted() for moment in (start, end)}
        self.moments = sorted(found)

    def accepted(self) -> list[tuple[datetime, datetime, str]]:
        """Return the times of acceptance, and of what."""
        made = [
            (at(day), last_day(day, days), self.names.get(name, name)) for day, days, name in self.history.decisions
        ]
        times = []
        for number, (start, last, flaw) in enumerate(made):
            if last is None:
                continue
            end = datetime.combine(last + timedelta(days=1), datetime.min.time(), ZoneInfo(ZONE)).astimezone(UTC)
            later = [other for other, _, of in made[number + 1 :] if of == flaw]
            times.append((start, min([end, *later]), flaw))
        return times

    def is_proof(self, bundle: Bundle) -> bool:
        """Say whether what the bundle does not list is gone: the list was read whole, and is there though it is empty."""
        before = [other for other in self.history.bundles if other.day < bundle.day and other.is_listing]
        is_there = bundle.has_file and bool(before) and before[-1].has_file
        return bundle.is_whole and (bundle.is_listing or is_there)

    def installed(self, moment: datetime) -> dict[str, tuple[datetime, datetime]]:
        """Return the versions that are installed then: since when, and seen last of all."""
        state: dict[str, datetime] = {}
        for bundle in self.history.bundles:
            if at(bundle.day) > moment:
                break
            if bundle.versions:
                state = {version: state.get(version, at(bundle.day)) for version in bundle.versions}
            elif self.is_proof(bundle):
                state = {}
        found = {}
        for version in VERSIONS:
            # What no list ever names is there from when a scanner first speaks of it.
            spoken = [
                at(scan.day)
                for told in self.history.scans
                for scan in told
                for name, _ in scan.found
                if name == version
            ]
            is_listed = any(version in bundle.versions for bundle in self.history.bundles)
            if spoken and not is_listed and min(spoken) <= moment:
                found[version] = (min(spoken), max(spoken))
        for version, since in state.items():
            last = since
            for bundle in self.history.bundles:
                if at(bundle.day) < since:
                    continue
                if version in bundle.versions:
                    last = at(bundle.day)
                elif bundle.versions or self.is_proof(bundle):
                    break
            found[version] = (since, last)
        return found

    def tellers(self, version: str, flaw: str, moment: datetime) -> list[tuple[str, Any]]:
        """Return who tells then that the version has the flaw; who tells of it first speaks of the time before too."""
        found: list[tuple[str, Any]] = []
        for number, told in enumerate(self.history.advisories):
            current = [content for content in told if at(content.day) <= moment] or [told[0]]
            # What no list names is no component that feeds are asked of.
            is_listed = any(version in bundle.versions for bundle in self.history.bundles)
            if is_listed and self.names.get(f"a{number}") == flaw and hits(current[-1], version):
                found.append((f"f:a{number}", (current[-1], current[-1] is told[0])))
        for number, told in enumerate(self.history.scans):
            named = [scan for scan in told if any(v == version and self.names.get(n, n) == flaw for v, n in scan.found)]
            if not named:
                continue
            before = [scan for scan in told if at(scan.day) <= moment and (scan in named or scan.is_whole)]
            if moment < at(named[0].day) or before[-1] in named:
                found.append((f"scanner{number}", None))
        return found

    def scanned_first(self, flaw: str) -> datetime:
        return min(
            at(scan.day)
            for told in self.history.scans
            for scan in told
            if any(self.names.get(n, n) == flaw for _, n in scan.found)
        )

    def published_by_feed(self, flaw: str) -> datetime | None:
        last = [
            told[-1]
            for number, told in enumerate(self.history.advisories)
            if self.names.get(f"a{number}") == flaw and not is_gone(told[-1])
        ]
        return min((at(content.published) for content in last if content.published is not None), default=None)

    def told(self, version: str, flaw: str) -> list[dict[str, Any]]:
        """Return the times during which anybody tells of it, each with when it was disclosed."""
        found: list[dict[str, Any]] = []
        current: dict[str, Any] | None = None
        for moment in [datetime.min.replace(tzinfo=UTC), *self.moments]:
            who = self.tellers(version, flaw, moment)
            if who and current is None:
                current = {"from": moment, "until": None, "all": []}
                found.append(current)
            if who and current is not None:
                current["all"] += who
                current["last"] = who
            if not who and current is not None:
                current["until"] = moment
                current = None
        for one in found:
            dated = [content for name, content in one["last"] if content]
            published = [at(content.published) for content, _ in dated if content.published is not None]
            first = [
                at(content[0].published)
                if content[0].published is not None
                else at(content[0].day)
                if content
                else self.published_by_feed(flaw) or self.scanned_first(flaw)
                for _, content in one["all"]
                if content
            ]
            if any(content is None for _, content in one["all"]):
                first.append(self.published_by_feed(flaw) or self.scanned_first(flaw))
            one["from"] = max(one["from"], min(published or first))
            fixes = [
                at(content.published) if is_first and content.published is not None else at(content.day)
                for content, is_first in (content for _, content in one["all"] if content)
                if content.is_fixed
            ]
            one["fix"] = min(fixes, default=None)
        return found

    def reason(self, version: str, flaw: str, one: dict[str, Any], moment: datetime) -> str:
        """Say why it is over at that moment."""
        if version not in self.installed(moment):
            bundle = next(bundle for bundle in self.history.bundles if at(bundle.day) == moment)
            if not bundle.versions:
                return "removed"
            only_scanned = all(content is None for _, content in one["last"])
            is_worse = any(
                other["from"] <= moment and (other["until"] is None or moment < other["until"])
                for following in self.installed(moment)
                for other in self.told(following, flaw)
            )
            return "version_changed" if is_worse or (only_scanned and one["until"] is None) else "patched"
        if one["until"] == moment:
            ended = {name for name, _ in one["last"]}
            reasons = set()
            for name in ended:
                if name.startswith("scanner"):
                    reasons.add("not_affected")
                else:
                    told = self.history.advisories[int(name[3:])]
                    following = next(content for content in told if at(content.day) == moment)
                    reasons.add("withdrawn" if following.to is None else "not_affected")
            return min(reasons)
        return "accepted"

    def findings(self) -> list[tuple[Any, ...]]:
        flaws = {
            *self.names.values(),
            *(self.names.get(name, name) for told in self.history.scans for scan in told for _, name in scan.found),
        }
        rows = []
        for version in VERSIONS:
            for flaw in flaws:
                for one in self.told(version, flaw):
                    rows += self.times(version, flaw, one)
        return sorted(rows, key=str)

    def times(self, version: str, flaw: str, one: dict[str, Any]) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = []
        current: tuple[datetime, tuple[datetime, datetime]] | None = None
        for moment in sorted({*self.moments, one["from"]}):
            stay = self.installed(moment).get(version)
            is_open = (
                stay is not None
                and one["from"] <= moment
                and (one["until"] is None or moment < one["until"])
                and not any(start <= moment < end and of == flaw for start, end, of in self.accepted())
            )
            if is_open and current is None and stay:
                current = (moment, stay)
            elif not is_open and current is not None:
                rows.append(self.row(version, flaw, one, current, moment))
                current = None
        if current is not None:
            rows.append(self.row(version, flaw, one, current, None))
        return rows

    def row(
        self,
        version: str,
        flaw: str,
        one: dict[str, Any],
        opened: tuple[datetime, tuple[datetime, datetime]],
        closed: datetime | None,
    ) -> tuple[Any, ...]:
        start, (seen, last) = opened
        reason = self.reason(version, flaw, one, closed) if closed else None
        first, fixed, end = (
            moment and moment.astimezone(ZoneInfo(ZONE)).date() for moment in (start, one["fix"], closed or last)
        )
        is_known = start <= (closed or last)
        days = (end - first).days if is_known else None
        fix_days = max((end - max(first, fixed)).days, 0) if is_known and fixed else None
        tellers = sorted({name for name, _ in one["last"]})
        severity = "high" if any(name.startswith("f:") for name in tellers) else "low"
        return (version, flaw, seen, last, start, closed, reason, days, fix_days, tellers, severity)


# The rows as collectors would land them, a batch for each delivery.


def delivered(history: History) -> dict[str, list[Record]]:
    batches: dict[str, list[Record]] = {}
    for bundle in history.bundles:
        installed = [("forms", version) for version in sorted(bundle.versions)]
        installed += [("other", "9")] if bundle.has_other else []
        place: dict[str, Any] = {
            "site_id": "one", "source_id": "s", "bundle_id": f"{bundle.day:03}", "collected_at": at(bundle.day),
        }  # fmt: skip
        file = InventoryFile(**place, file="list", ecosystems=[ECOSYSTEM] if installed else [])
        batches[f"bundle{bundle.day}-{bundle.is_whole}"] = [file] if bundle.has_file else []
        batches[f"bundle{bundle.day}-{bundle.is_whole}"] += [
            ComponentObservation(
                **place, ecosystem=ECOSYSTEM, name=name, version=version, status=None, update_state="unknown", latest_version=None, is_security_update=None, is_auto_update=None,
                fresh_as_of_at=None, version_key=sort_key(ECOSYSTEM, version), advisory_ecosystem=ECOSYSTEM, advisory_name=name,
                advisory_key=sort_key(ECOSYSTEM, version),
            )
            for name, version in installed
        ]  # fmt: skip
    for number, contents in enumerate(history.advisories):
        for content in contents:
            batches[f"feed{number}-{content.day}"] = list(advisory(f"a{number}", content))
    for day, days, name in history.decisions:
        last = last_day(day, days)
        batches[f"decision{day}"] = [
            FindingDecision(
                site_id="one", ecosystem=ECOSYSTEM, name="forms", flaw=name, accepted_until_date=last, reason="r", decided_by="A", decided_at=at(day)
            )
        ]  # fmt: skip
    for number, told in enumerate(history.scans):
        for scan in told:
            batches[f"scan{number}-{scan.day}"] = list(answer(f"scanner{number}", scan))
    return batches


def advisory(name: str, content: Content) -> list[Record]:
    nothing = dict.fromkeys(("title", "cvss_score", "cvss_vector", "modified_at", "url"))
    gone = is_gone(content)
    change = AdvisoryChange(
        feed="f", advisory_id=name, fetched_at=at(content.day), is_gone=gone, aliases=[] if gone else list(content.aliases), severity="high",
        is_informational=False, published_at=None if gone or content.published is None else at(content.published),
        withdrawn_at=at(content.day) if content.to is None and not gone else None, **nothing,
    )  # fmt: skip
    if content.to is None:
        return [change]
    key = sort_key(ECOSYSTEM, content.to)
    return [change, AdvisoryRange(
        feed="f", advisory_id=name, fetched_at=at(content.day), ecosystem=ECOSYSTEM, name="forms", from_version=content.start,
        from_key=content.start and sort_key(ECOSYSTEM, content.start), is_from_included=content.is_start_included, to_version=content.to, to_key=key, is_to_included=False, fixed_version=content.to if content.is_fixed else None,
        fixed_key=key if content.is_fixed else None, is_comparable=True,
    )]  # fmt: skip


def answer(scanner: str, scan: Scan) -> list[Record]:
    place: dict[str, Any] = {
        "site_id": "one", "source_id": "s", "bundle_id": f"{scan.day:03}", "collected_at": at(scan.day), "scanner": scanner, "file": "f",
    }  # fmt: skip
    made: list[Record] = [ScannerRun(**place, finding_count=len(scan.found), reject_count=0 if scan.is_whole else 1)]
    return made + [
        ScannerFinding(
            **place, advisory_ids=[name], ecosystem=ECOSYSTEM, name="forms", version=version, version_key=sort_key(ECOSYSTEM, version),
            fixed_version=None, severity="low", cvss_score=None, purl=None, location=None, title=None,
        )
        for version, name in sorted(scan.found)
    ]  # fmt: skip


FOUND = """
SELECT version, flaw_id, seen_at, last_seen_at, opened_at, closed_at, closed_reason, exposure_days, fix_exposure_days,
  advisories, severity
FROM marts.finding WHERE name = 'forms'"""


@pytest.fixture(scope="module")
def con():
    with warehouse(ZONE, [], 300.0) as con:
        yield con


def insert(con, batches: dict[str, list[Record]]) -> None:
    for table in (
        "batch",
        "component_observation",
        "inventory_file",
        "advisory",
        "advisory_range",
        "finding_decision",
        "scanner_run",
        "scanner_finding",
    ):
        con.execute(f"DELETE FROM raw.{table}")
    for batch, records in batches.items():
        con.execute(
            "INSERT INTO raw.batch VALUES ($b, 't', 't', $at, $at, 1, $n)",
            {"b": batch, "at": NOON, "n": int("False" in batch)},
        )
        for record in records:
            values = {name: getattr(record, name) for name in record.schema().names} | {
                "parser_version": "t/1",
                "batch_id": batch,
            }
            names = ", ".join(f"${name} AS {name}" for name in values)
            con.execute(f"INSERT INTO raw.{record.table} BY NAME SELECT {names}", values)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(history=histories, order=st.randoms(use_true_random=False))
def test_findings_are_what_a_slow_walk_through_the_history_gives(con, history: History, order: random.Random) -> None:
    batches = list(delivered(history).items())
    order.shuffle(batches)
    insert(con, dict(batches))
    assert sorted(con.execute(FOUND).fetchall(), key=str) == Walk(history).findings()


@settings(deadline=None, max_examples=3, suppress_health_check=list(HealthCheck))
@given(history=histories, order=st.randoms(use_true_random=False), cut=st.integers(0, 20))
def test_deliveries_in_any_order_and_pieces_and_a_second_load_end_in_the_same_state(
    tmp_path_factory, history: History, order: random.Random, cut: int
) -> None:
    folder = tmp_path_factory.mktemp("history")
    spool, warehouse_file = Spool(folder / "spool", folder / "cursors"), folder / "warehouse.duckdb"
    batches = list(delivered(history).items())
    order.shuffle(batches)

    def deliver(some: list[tuple[str, list[Record]]]) -> list[tuple[Any, ...]]:
        for batch, records in some:
            tables: dict[str, list[Record]] = {}
            for record in records:
                tables.setdefault(record.table, []).append(record)
            rejects = (
                [Reject(site_id="one", source_id="s", file="f", line_number=None, reason="r", excerpt="")]
                if "False" in batch
                else []
            )
            spool.land(batch, tables | ({"reject": rejects} if rejects else {}), collector="t", parser_version="t/1")
        assert not load(spool, warehouse_file).set_aside
        with open_live(warehouse_file) as con:
            return sorted(con.execute(FOUND).fetchall(), key=str)

    site = Site(
        site_id="one", site_name="One", client_id="c", client_name="C", url="https://one.example/", platform="wordpress", time_zone=ZONE,
        locale="en-GB", owner_name="O", lanes=[], availability_slo_pct=99.9, security_patch_sla_days=7, routine_patch_sla_days=30,
        configured_at=NOON, trusted_networks=None,
    )  # fmt: skip
    deliver([("site", [site]), *batches[:cut]])
    found = deliver(batches[cut:])
    assert found == Walk(history).findings()
    assert deliver(batches) == found, "a second load"
