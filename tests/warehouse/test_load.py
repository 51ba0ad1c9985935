"""Landing and loading lose nothing and double nothing."""

from __future__ import annotations

import contextlib
import errno
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from warehouse import checks, migrate
from warehouse.connection import exclusive, lock_of, open_live, open_snapshot, prepare
from warehouse.errors import WarehouseBusyError, WarehouseError
from warehouse.load import load
from warehouse.publish import publish
from warehouse.records import RECORD_CLASSES, CheckResult, Reject, ServerMetric, Source, WafEvent, WafRuleHit
from warehouse.spool import Spool, batch_id_of, read_short

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)


def check(number: int = 0, **values) -> CheckResult:
    fields = dict.fromkeys(CheckResult.schema().names) | {
        "site_id": "one", "source_id": "uptime", "url": "https://one.example/", "slot_at": NOW, "checked_at": NOW,
        "check_type": "http",
        "attempt": 1, "interval_seconds": 60.0, "outcome": "up", "status": number,
    }  # fmt: skip
    return CheckResult(**(fields | values))


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool", tmp_path / "cursors")


def land(spool: Spool, batch_id: str, count: int = 3, **more) -> None:
    spool.land(
        batch_id, {"check_result": [check(n) for n in range(count)]}, collector="test", parser_version="t/1", **more
    )


def counts(warehouse: Path) -> tuple[int, int]:
    with open_live(warehouse) as con:
        return con.execute(
            "SELECT (SELECT count(*) FROM raw.check_result), (SELECT count(*) FROM raw.batch)"
        ).fetchall()[0]


def test_the_same_spool_loaded_twice_changes_nothing(spool: Spool, tmp_path: Path) -> None:
    warehouse = tmp_path / "w.duckdb"
    land(spool, "a")
    land(spool, "b", 5)
    assert load(spool, warehouse).row_count == 8
    land(spool, "a")
    assert load(spool, warehouse).batch_count == 0
    assert counts(warehouse) == (8, 2)
    assert spool.pending() == []


def test_a_busy_warehouse_leaves_everything_landed(spool: Spool, tmp_path: Path) -> None:
    warehouse = tmp_path / "w.duckdb"
    land(spool, "a")
    with exclusive(lock_of(warehouse), what="the warehouse"), pytest.raises(WarehouseBusyError):
        load(spool, warehouse)
    assert len(spool.pending()) == 1
    assert load(spool, warehouse).row_count == 3


@pytest.mark.parametrize(("count", "file"), [(3, "check_result.arrow"), (501, "check_result.parquet")])
def test_a_batch_that_can_not_be_loaded_is_set_aside_and_the_others_go_on(
    spool: Spool, tmp_path: Path, count: int, file: str
) -> None:
    land(spool, "bad", count)
    whole = (spool.batches / "bad" / file).read_bytes()
    (spool.batches / "bad" / file).write_bytes(whole[: len(whole) // 2])
    land(spool, "good")
    loaded = load(spool, tmp_path / "w.duckdb")
    assert loaded.batch_count == 1
    assert "Batch bad of test can't be loaded" in loaded.set_aside[0]
    assert (spool.batches / ".set-aside" / "bad" / file).exists()
    assert counts(tmp_path / "w.duckdb") == (3, 1)
    (spool.batches / ".set-aside" / "bad" / file).write_bytes(whole)
    (spool.batches / ".set-aside" / "bad").rename(spool.batches / "bad")
    assert load(spool, tmp_path / "w.duckdb").row_count == count


def test_what_an_older_version_landed_without_the_newest_columns_is_loaded_beside_the_others(
    spool: Spool, tmp_path: Path
) -> None:
    for batch in ("old", "new"):
        land(spool, batch)
    file = spool.batches / "old" / "check_result.arrow"
    rows = read_short([file]).drop_columns(["batch_id", "message"])
    with pa.ipc.new_file(file, rows.schema) as writer:
        writer.write_table(rows)
    assert load(spool, tmp_path / "w.duckdb").row_count == 6


def test_a_landing_cut_off_before_its_rename_is_completed(spool: Spool) -> None:
    with spool.hold_cursor("s") as cursor:
        assert cursor is None
        land(spool, "a", cursor=("s", {"at": 1}))
    with spool.hold_cursor("s") as cursor:
        assert cursor == {"at": 1}
        land(spool, "b", cursor=("s", {"at": 2}))
    # What a process leaves that dies between writing the next cursor and the rename:
    (spool.batches / "b").rename(spool.batches / ".landing-b")
    (spool.cursors / "s.json").replace(spool.cursors / "s.next.json")
    assert spool.sweep(older_than_seconds=-1) == 0
    with spool.hold_cursor("s") as cursor:
        assert cursor == {"at": 2}
    assert {batch.batch_id for batch, _ in spool.pending()} == {"a", "b"}


def test_the_leftovers_of_a_killed_collector_are_swept(spool: Spool) -> None:
    (spool.batches / ".landing-x").mkdir(parents=True)
    assert spool.sweep(older_than_seconds=3600) == 0
    assert spool.sweep(older_than_seconds=-1) == 1


def test_a_cursor_that_is_promoted_while_leftovers_are_swept_is_no_failure(spool: Spool) -> None:
    (spool.batches / ".landing-x").mkdir(parents=True)
    spool.cursors.mkdir(parents=True)
    (spool.cursors / "s.next.json").symlink_to("gone")  # the list of files has it, and then it is not there
    assert spool.sweep(older_than_seconds=-1) == 1


def test_two_readers_of_one_source_do_not_overlap(spool: Spool) -> None:
    with spool.hold_cursor("s"), pytest.raises(WarehouseBusyError, match="using the source s"), spool.hold_cursor("s"):
        pass


@hypothesis_settings(deadline=None, max_examples=25)
@given(
    rows=st.lists(
        st.tuples(
            st.text(max_size=50),
            st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)),
            st.one_of(st.none(), st.floats(allow_nan=False)),
            st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
        ),
        min_size=1,
        max_size=20,
    )
)
def test_what_is_landed_is_what_is_loaded(tmp_path_factory, rows) -> None:
    folder = tmp_path_factory.mktemp("round")
    spool = Spool(folder / "spool", folder / "cursors")
    records = [check(message=text, status=status, dns_ms=ms, checked_at=at) for text, status, ms, at in rows]
    spool.land("a", {"check_result": records}, collector="t", parser_version="t/1")
    load(spool, folder / "w.duckdb")
    with open_live(folder / "w.duckdb") as con:
        found = con.execute("SELECT message, status, dns_ms, checked_at FROM raw.check_result").fetchall()
    assert sorted(found, key=repr) == sorted(rows, key=repr)


def test_the_snapshot_stays_readable_while_the_next_is_published(spool: Spool, tmp_path: Path) -> None:
    warehouse, snapshot = tmp_path / "w.duckdb", tmp_path / "a.duckdb"
    land(spool, "a")
    load(spool, warehouse)
    first = publish(warehouse, snapshot)
    with contextlib.closing(open_snapshot(snapshot)) as analyst:
        assert analyst.execute("SELECT count(*) FROM raw.check_result").fetchall() == [(3,)]
        land(spool, "b")
        load(spool, warehouse)
        second = publish(warehouse, snapshot)
        assert analyst.execute("SELECT count(*) FROM raw.check_result").fetchall() == [(3,)]
    with contextlib.closing(open_snapshot(snapshot)) as analyst:
        assert analyst.execute("SELECT count(*) FROM raw.check_result").fetchall() == [(6,)]
    assert first.snapshot_id != second.snapshot_id


def test_equal_data_has_an_equal_snapshot_id(tmp_path: Path) -> None:
    ids = []
    for name in ("x", "y"):
        spool = Spool(tmp_path / name / "spool", tmp_path / name / "cursors")
        land(spool, batch_id_of("same"))
        load(spool, tmp_path / name / "w.duckdb")
        ids.append(publish(tmp_path / name / "w.duckdb", tmp_path / name / "a.duckdb").snapshot_id)
    assert ids[0] == ids[1]


def test_a_broken_promise_of_the_data_keeps_the_old_snapshot(spool: Spool, tmp_path: Path) -> None:
    warehouse, snapshot = tmp_path / "w.duckdb", tmp_path / "a.duckdb"
    spool.land("a", {"check_result": [check(outcome="perhaps")]}, collector="t", parser_version="t/1")
    load(spool, warehouse)
    with pytest.raises(WarehouseError, match="fail_outcomes_are_known_words"):
        publish(warehouse, snapshot)
    assert not snapshot.exists()


def test_record_classes_and_tables_have_the_same_columns() -> None:
    with contextlib.closing(duckdb.connect()) as con:
        migrate.apply(con)
        for record in RECORD_CLASSES:
            columns = con.execute(
                "SELECT column_name, is_nullable FROM duckdb_columns() WHERE schema_name = 'raw' AND table_name = ?",
                [record.table],
            ).fetchall()
            expected = [(f.name, f.nullable) for f in record.schema()] + [
                ("parser_version", False),
                ("batch_id", False),
            ]
            assert sorted(columns) == sorted(expected), record.table


def test_an_edited_migration_is_refused(tmp_path: Path) -> None:
    with contextlib.closing(duckdb.connect()) as con:
        migrate.apply(con)
        con.execute("UPDATE raw.migration SET sha256 = 'other' WHERE name LIKE '0001%'")
        with pytest.raises(WarehouseError, match="was edited after it had been applied"):
            migrate.apply(con)


def test_a_warehouse_of_a_newer_version_is_refused() -> None:
    with contextlib.closing(duckdb.connect()) as con:
        migrate.apply(con)
        con.execute("INSERT INTO raw.migration VALUES ('9999_from_the_future.sql', 'x', now())")
        with pytest.raises(WarehouseError, match="update site-upkeep"):
            migrate.apply(con)


def test_rejects_are_counted_apart_from_rows(spool: Spool, tmp_path: Path) -> None:
    reject = Reject(site_id="one", source_id="s", file="f", line_number=None, reason="r", excerpt="")
    spool.land("a", {"check_result": [check()], "reject": [reject]}, collector="t", parser_version="t/1")
    loaded = load(spool, tmp_path / "w.duckdb")
    assert (loaded.row_count, loaded.reject_count) == (1, 1)


def test_a_source_is_called_silent_until_its_first_row_is_there(spool: Spool, tmp_path: Path) -> None:
    source = Source(
        site_id="one", source_id="uptime", kind="uptime_http", fills="check_result", expected_every_seconds=60,
        configured_at=NOW,
    )  # fmt: skip
    both = [source, replace(source, source_id="silent")]
    spool.land("a", {"source": both, "check_result": [check()]}, collector="t", parser_version="t/1")
    load(spool, tmp_path / "w.duckdb")
    (warning,) = publish(tmp_path / "w.duckdb", tmp_path / "a.duckdb").warnings
    assert "1 rows against it, the first is ('one', 'silent')" in warning


def test_many_small_batches_are_loaded_whole_and_leave_nothing(spool: Spool, tmp_path: Path) -> None:
    for number in range(70):  # enough to be stored as they come
        land(spool, f"{number:02}", number % 4)
    assert load(spool, tmp_path / "w.duckdb").batch_count == 70
    with open_live(tmp_path / "w.duckdb") as con:
        found = con.execute("SELECT batch_id, list_sort(list(status)) FROM raw.check_result GROUP BY ALL").fetchall()
    assert dict(found) == {f"{n:02}": list(range(n % 4)) for n in range(70) if n % 4}
    assert list(spool.batches.iterdir()) == []


def event(event_id: str, batch: str, rule_ids: tuple[str, ...] = ("1", "1", "2")) -> dict:
    at = datetime(2026, 7, 1, 23, 30, tzinfo=UTC)
    common = {"event_id": event_id, "site_id": "s", "source_id": "waf", "event_at": at, "event_date": date(2026, 7, 2)}
    empty = {f.name: None for f in WafEvent.schema()}
    hit = {f.name: None for f in WafRuleHit.schema()} | common | {"tags": [], "is_verdict": False}
    more = {"format": "f", "is_zone_assumed": False, "action": "block", "sample_weight": 1.0, "attack_classes": []}
    return {
        "waf_event": [WafEvent(**(empty | common | more | {"file_id": batch, "line_number": 1}))],
        "waf_rule_hit": [WafRuleHit(**(hit | {"rule_id": rule_id})) for rule_id in rule_ids],
    }


def test_an_event_that_two_sources_bring_is_taken_once_with_all_its_hits(spool: Spool, tmp_path: Path) -> None:
    warehouse = tmp_path / "w.duckdb"

    def land_events(batch: str, *parts: dict) -> None:
        tables = {name: [row for part in parts for row in part[name]] for name in ("waf_event", "waf_rule_hit")}
        spool.land(batch, tables, collector="waf_logs", parser_version="test/1")
        load(spool, warehouse)

    land_events("first", event("e", "first"))
    land_events("again", event("e", "again"), event("new", "again", ("7",)))
    land_events("twins", event("twin", "a", ("3",)), event("twin", "b", ("3",)))
    with open_live(warehouse) as con:
        events = con.execute("SELECT event_id, file_id FROM raw.waf_event ORDER BY event_id").fetchall()
        hits = con.execute(
            "SELECT event_id, list_sort(list(rule_id)) FROM raw.waf_rule_hit GROUP BY ALL ORDER BY 1"
        ).fetchall()
        assert "fail_batch_rows_match_ledger" not in {finding.name for finding in checks.run(con)}
        con.execute("INSERT INTO raw.waf_rule_hit SELECT * FROM raw.waf_rule_hit")
        assert "fail_batch_rows_match_ledger" in {finding.name for finding in checks.run(con)}
    assert [name for name, _ in events] == ["e", "new", "twin"]
    assert events[0][1] == "first"
    assert hits == [("e", ["1", "1", "2"]), ("new", ["7"]), ("twin", ["3"])]


def test_of_several_events_of_one_request_the_strongest_tells_its_end(spool: Spool, tmp_path: Path) -> None:
    def part(action: str, batch: str) -> dict:
        found = event("e", batch, (action,))
        return found | {"waf_event": [replace(found["waf_event"][0], action=action, attack_class=None)]}

    warehouse = tmp_path / "w.duckdb"
    for actions in (["log"], ["allow", "rate_limit"], ["block"], ["unknown"]):
        for action in actions:
            spool.land(action, part(action, action), collector="waf_logs", parser_version="test/1")
        load(spool, warehouse)
    with open_live(warehouse) as con:
        assert con.execute("SELECT action, file_id FROM raw.waf_event").fetchall() == [("block", "log")]
        rules = con.execute("SELECT list_sort(list(rule_id)) FROM raw.waf_rule_hit").fetchall()
    assert rules == [(["allow", "block", "log", "rate_limit", "unknown"],)]


def test_why_a_batch_was_given_up_is_what_is_said(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    landing = spool.start(collector="test", parser_version="t/1")
    landing.add({"check_result": pa.Table.from_pylist([asdict(check())], schema=CheckResult.schema())})
    monkeypatch.setattr("warehouse.spool._write_json", full)
    try:
        with pytest.raises(OSError, match="No space left"):
            landing.finish("a")
    finally:
        landing.discard()
    assert list(spool.batches.iterdir()) == []


def test_a_figure_that_two_batches_bring_at_once_is_taken_once(spool: Spool, tmp_path: Path) -> None:
    at = datetime(2026, 7, 1, 12, tzinfo=UTC)
    figure = ServerMetric(
        site_id="one", source_id="s", server="web-1", metric="cpu_busy_ratio", device=None, measured_at=at, value=0.5,
        interval_seconds=300.0, event_date=at.date(),
    )  # fmt: skip
    for batch in ("first", "again"):
        spool.land(batch, {"server_metric": [figure]}, collector="servers_prometheus", parser_version="test/1")
    load(spool, tmp_path / "w.duckdb")
    with open_live(tmp_path / "w.duckdb") as con:
        assert con.execute("SELECT count(*) FROM raw.server_metric").fetchall() == [(1,)]


def test_events_of_before_get_their_day_and_lose_their_twins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    warehouse, files = tmp_path / "w.duckdb", migrate._files()
    with contextlib.closing(duckdb.connect(str(warehouse))) as con:
        prepare(con)
        with monkeypatch.context() as patched:
            patched.setattr(migrate, "_files", lambda: (files[0][:1], ()))
            migrate.apply(con)
        for batch in ("a", "b"):
            con.execute(
                "INSERT INTO raw.waf_event BY NAME SELECT 'e' event_id, 's' site_id, 'x' source_id, 'f' format,"
                " TIMESTAMPTZ '2026-07-01 23:30:00+00' event_at, false is_zone_assumed, 'block' AS action,"
                " 1.0 sample_weight, []::VARCHAR[] attack_classes, 'f' file_id, 1 line_number, 'p' parser_version,"
                " ? AS batch_id",
                [batch],
            )
        con.execute(
            "INSERT INTO raw.site BY NAME SELECT 's' site_id, '' site_name, '' client_id, '' client_name, '' url,"
            " '' platform, 'Europe/London' time_zone, '' locale, '' owner_name, []::VARCHAR[] lanes,"
            " 1 availability_slo_pct, 1 security_patch_sla_days, 1 routine_patch_sla_days, now() configured_at,"
            " '' parser_version, '' batch_id"
        )
        migrate.apply(con)
        assert con.execute("SELECT batch_id, event_date FROM raw.waf_event").fetchall() == [("a", date(2026, 7, 2))]
