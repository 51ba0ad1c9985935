"""Uptime history of other tools: what they say becomes records, what they do not say does not."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.contracts import Context, Parsed
from tasks.errors import ConfigurationError, SourceError
from tasks.try_format import detect, parse_file, uptime_formats
from tasks.uptime_history import Wanted
from tests.conftest import CASES

UPTIME = CASES / "uptime"
PROMETHEUS = CASES / "uptime_prometheus"
FILES = [*sorted(path for path in UPTIME.rglob("*") if path.is_file()), PROMETHEUS / "query_raw_matrix.json"]
CONTEXT = Context(
    site_id="one",
    source_id="history",
    time_zone="Europe/Berlin",
    host="shop.example",
    url="https://shop.example/",
    collected_at=datetime(2026, 11, 23, 1, tzinfo=UTC),
)


def parse(name: str, payload: Path | bytes | dict, **wanted) -> Parsed:
    if isinstance(payload, dict):
        payload = json.dumps(payload).encode()
    return uptime_formats()[name].module.parse(payload, CONTEXT, Wanted(**wanted))


def told(parsed: Parsed) -> list[tuple]:
    return [(f"{r.slot_at:%d %H:%M:%S}", r.interval_seconds, r.outcome, r.cause, r.status) for r in parsed.records]


def kuma(path: Path, *, beats: list[tuple] = (), version: int = 2, hours: list[tuple] = ()) -> Path:
    """Make a database as Uptime Kuma's migrations do, with a secret in it."""
    with closing(sqlite3.connect(path)) as con, con:
        con.execute(
            "CREATE TABLE monitor (id INTEGER PRIMARY KEY, name TEXT, url TEXT, type TEXT, interval INTEGER,"
            " basic_auth_pass TEXT)"
        )
        con.execute("INSERT INTO monitor VALUES (1, 'Shop', 'https://shop.example', 'http', 60, 'hunter2')")
        con.execute("INSERT INTO monitor VALUES (2, 'Gate', 'https://', 'ping', 20, 'hunter2')")
        con.execute(
            "CREATE TABLE heartbeat (id INTEGER PRIMARY KEY, important BOOLEAN, monitor_id INTEGER, status SMALLINT,"
            " msg TEXT, time DATETIME, ping INTEGER, duration INTEGER)"
        )
        con.executemany("INSERT INTO heartbeat (monitor_id, status, msg, time, ping) VALUES (?, ?, ?, ?, ?)", beats)
        if version == 2:
            for table in ("stat_minutely", "stat_hourly", "stat_daily"):
                con.execute(
                    f"CREATE TABLE {table} (monitor_id INTEGER, timestamp INTEGER, ping FLOAT, up INTEGER, down INTEGER)"
                )
            con.executemany("INSERT INTO stat_hourly VALUES (?, ?, 80, ?, ?)", hours)
    return path


BEATS = [
    (1, 1, "200 - OK", "2026-11-22 10:00:00.500", 87),
    (1, 2, "timeout of 48000ms exceeded", "2026-11-22 10:01:00.500", None),
    (1, 0, "Request failed with status code 503", "2026-11-22 10:01:20.500", 12),
    (1, 3, "Monitor under maintenance", "2026-11-22 10:02:20.500", None),
    (2, 0, "host unreachable", "2026-11-22 10:00:30.000", None),
]


@pytest.mark.parametrize("version", [1, 2])
def test_beats_of_kuma_become_results_of_one_monitor(tmp_path: Path, version: int) -> None:
    parsed = parse("uptime-kuma", kuma(tmp_path / "kuma.db", beats=BEATS, version=version))
    assert told(parsed) == [
        ("22 10:00:00", 60, "up", None, 200),
        ("22 10:01:00", 60, "unknown", "no_data", None),
        ("22 10:01:20", 60, "down", "status", 503),
        ("22 10:02:20", 60, "unknown", "no_data", None),
    ]
    assert [record.total_ms for record in parsed.records] == [87, None, None, None]
    assert parsed.records[1].message == "unconfirmed: timeout of 48000ms exceeded"
    assert "hunter2" not in repr(parsed)


def test_counts_stand_for_the_hours_whose_beats_kuma_has_deleted(tmp_path: Path) -> None:
    start = int(datetime(2026, 11, 22, 8, tzinfo=UTC).timestamp())
    hours = [(1, start, 54, 6), (1, start + 3600, 30, 0), (1, start + 7200, 60, 0), (2, start, 0, 60)]
    parsed = parse("uptime-kuma", kuma(tmp_path / "kuma.db", beats=BEATS, hours=hours))
    assert told(parsed)[:4] == [
        ("22 08:00:00", 360, "down", "no_answer", None),
        ("22 08:06:00", 3240, "up", None, None),
        ("22 09:00:00", 1800, "up", None, None),
        ("22 10:00:00", 60, "up", None, 200),
    ], "half an hour of checks proves half an hour; hours with beats are told by these"
    assert parsed.records[0].message == "6 of 60 checks failed in this hour; when is not known"


def test_a_database_is_only_read(tmp_path: Path) -> None:
    path = kuma(tmp_path / "kuma.db", beats=BEATS)
    before = path.read_bytes()
    path.chmod(0o444)
    parse("uptime-kuma", path)
    assert (path.read_bytes(), [p.name for p in tmp_path.iterdir()]) == (before, ["kuma.db"])


def test_a_window_takes_the_beats_that_speak_inside_it(tmp_path: Path) -> None:
    path = kuma(tmp_path / "kuma.db", beats=BEATS)
    since, until = datetime(2026, 11, 22, 10, 0, 30, tzinfo=UTC), datetime(2026, 11, 22, 10, 1, 10, tzinfo=UTC)
    assert [row[0] for row in told(parse("uptime-kuma", path, since=since, until=until))] == [
        "22 10:00:00",
        "22 10:01:00",
    ]


def test_a_status_page_becomes_results_and_an_unknown_code_is_set_aside() -> None:
    parsed = parse("uptime-kuma", UPTIME / "uptime_kuma" / "heartbeat.json")
    assert [row[:3] for row in told(parsed)] == [
        ("22 10:00:00", 60, "up"),
        ("22 10:01:00", 60, "unknown"),
        ("22 10:02:00", 60, "down"),
        ("22 10:03:00", 60, "unknown"),
    ]
    assert [reject.reason for reject in parsed.rejects] == ["beat: the status is none that Uptime Kuma knows"]


def test_a_backup_of_kuma_has_no_history_and_its_secrets_are_not_repeated() -> None:
    with pytest.raises(SourceError, match=r"settings and no results: read kuma.db") as caught:
        parse("uptime-kuma", {"version": "1.23.0", "monitorList": [{"basic_auth_pass": "hunter2"}]})
    assert "hunter2" not in str(caught.value)


def test_the_log_of_uptimerobot_is_one_record_a_state() -> None:
    parsed = parse("uptimerobot", UPTIME / "uptimerobot" / "get_monitors.json")
    assert told(parsed) == [
        ("22 12:53:20", 7000, "up", None, None),
        ("22 14:50:00", 1000, "unknown", "no_data", None),
        ("22 15:06:40", 600, "down", "status", 503),
        ("22 15:16:40", 3000, "up", None, None),
    ]
    assert {record.total_ms for record in parsed.records} == {None}, "an average beside a state is not its time"


def test_a_log_entry_without_end_lasts_until_the_next_and_the_last_is_left_out() -> None:
    logs = [{"type": 1, "datetime": 1795360600}, {"type": 2, "datetime": 1795360000}]
    parsed = parse("uptimerobot", {"stat": "ok", "monitors": [{"id": 1, "logs": logs}]})
    assert [row[1:3] for row in told(parsed)] == [(600, "up")]


def test_the_last_incident_of_version_three_is_taken() -> None:
    incident = {"id": "7", "startedAt": "2026-11-22T10:00:00Z", "duration": 90, "cause": 502, "reason": "Bad gateway"}
    monitor = {"id": 1, "friendlyName": "Shop", "url": "https://shop.example", "lastIncident": incident}
    assert told(parse("uptimerobot", {"data": [monitor], "nextLink": None})) == [
        ("22 10:00:00", 90, "down", "status", 502)
    ]


def test_one_probe_of_pingdom_alone_is_no_outage() -> None:
    parsed = parse("pingdom", UPTIME / "pingdom" / "results.json")
    assert [(row[2], row[3]) for row in told(parsed)] == [
        ("up", None),
        ("unknown", "no_data"),
        ("up", None),
        ("down", "read_timeout"),
        ("down", "read_timeout"),
        ("up", None),
    ]
    assert [r.total_ms for r in parsed.records] == [200, None, 190, None, None, 210]


def test_states_of_pingdom_are_one_record_each() -> None:
    parsed = parse("pingdom", UPTIME / "pingdom" / "outage.json")
    assert [row[1:3] for row in told(parsed)] == [(3600, "up"), (600, "down"), (600, "unknown"), (3600, "up")]


def test_better_stack_is_up_only_inside_the_known_life() -> None:
    parsed = parse("better-stack", UPTIME / "better_stack" / "incidents.json")
    assert told(parsed) == [
        ("22 00:00:00", 36_000, "up", None, None),
        ("22 10:00:00", 3_600, "down", "status", 500),
        ("22 11:00:00", 32_400, "up", None, None),
        ("22 20:00:00", 60, "unknown", "no_data", None),
        ("22 20:01:00", 14_340, "up", None, None),
    ]


def test_incidents_alone_prove_outages_alone() -> None:
    answer = json.loads((UPTIME / "better_stack" / "incidents.json").read_text())
    parsed = parse("better-stack", {"data": answer["incidents"]}, monitor="258338")
    assert [row[2] for row in told(parsed)] == ["down", "unknown"]
    paused = answer["monitors"][0]["attributes"] | {"status": "paused"}
    answer["monitors"][0]["attributes"] = paused
    assert {row[2] for row in told(parse("better-stack", answer))} == {"down", "unknown"}


def test_an_open_incident_lasts_until_the_tool_was_asked_or_for_one_check() -> None:
    path = UPTIME / "better_stack" / "incidents.json"
    assert told(parse("better-stack", path, monitor="9"))[0][1] == 60
    asked = parse("better-stack", path, monitor="9", asked_at=datetime(2026, 11, 22, 9, 30, tzinfo=UTC))
    assert told(asked)[0][1] == 1800


def test_a_csv_has_its_zone_its_repeated_hour_and_its_bad_lines() -> None:
    parsed = parse("uptime-csv", UPTIME / "uptime_csv" / "semicolons.csv")
    assert [(row[0], row[2], row[3]) for row in told(parsed)] == [
        ("24 23:30:00", "up", None),
        ("25 00:30:00", "up", None),
        ("25 01:30:00", "down", "refused"),
        ("25 02:30:00", "unknown", "no_data"),
    ]
    assert [reject.line_number for reject in parsed.rejects] == [6, 7]


def test_a_csv_may_name_its_columns_by_options() -> None:
    data = b"Wann,Was,ms\n1795360000,200,12\n1795360060000,503,9\n"
    with pytest.raises(SourceError, match="names no column with the time: name it with the option time_column"):
        parse("uptime-csv", data)
    options = {"time_column": "Wann", "outcome_column": "was", "response_column": "ms", "every_seconds": "60"}
    parsed = parse("uptime-csv", data, options=options)
    assert [(r.outcome, r.total_ms) for r in parsed.records] == [("up", 12), ("down", None)]


@pytest.mark.parametrize(
    "change",
    [
        {"started_at": "soon"},
        {"resolved_at": ""},
        {"resolved_at": "2026-11-22T09:59:59Z"},
        {"resolved_at": 1e308},
    ],
)
def test_an_incident_of_better_stack_that_can_t_be_read_leaves_no_time_as_up(change: dict[str, object]) -> None:
    answer = json.loads((UPTIME / "better_stack" / "incidents.json").read_text())
    answer["incidents"][1]["attributes"] |= change
    parsed = parse("better-stack", answer, monitor="258338")
    assert {record.outcome for record in parsed.records} == {"unknown"} and len(parsed.rejects) == 1


def test_incidents_of_better_stack_of_which_not_all_are_known_leave_no_time_as_up() -> None:
    answer = json.loads((UPTIME / "better_stack" / "incidents.json").read_text())
    more = answer | {"pagination": {"next": "https://uptime.betterstack.com/api/v3/incidents?page=2"}}
    assert {record.outcome for record in parse("better-stack", more, monitor="258338").records} == {"down", "unknown"}
    answer["incidents"][2]["attributes"] = None
    assert {record.outcome for record in parse("better-stack", answer, monitor="258338").records} == {"down", "unknown"}


def test_after_an_incident_of_better_stack_without_an_end_nothing_is_up() -> None:
    answer = json.loads((UPTIME / "better_stack" / "incidents.json").read_text())
    answer["incidents"][1]["attributes"]["resolved_at"] = None
    records = parse("better-stack", answer, monitor="258338").records
    assert [(record.slot_at.hour, record.outcome) for record in records] == [(0, "up"), (10, "down"), (20, "unknown")]


def test_an_incident_of_better_stack_without_an_id_is_of_the_monitor_of_its_name_and_address() -> None:
    answer = json.loads((UPTIME / "better_stack" / "incidents.json").read_text())
    expected = told(parse("better-stack", answer, monitor="258338"))
    del answer["incidents"][1]["relationships"]
    assert told(parse("better-stack", answer, monitor="258338")) == expected
    del answer["monitors"][0]["id"]
    assert {record.outcome for record in parse("better-stack", answer, monitor="258338").records} == {"down", "unknown"}


@pytest.mark.parametrize("name", ["uptimerobot", "better-stack"])
def test_two_monitors_are_never_mixed(name: str) -> None:
    path = next((UPTIME / name.replace("-", "_")).iterdir())
    assert len({record.url for record in parse(name, path).records}) == 1
    with pytest.raises(SourceError, match="No monitor matches monitor 'Nobody': choose one by its id"):
        parse(name, path, monitor="Nobody")
    doubled = path.read_text().replace("https://blog.example/", "https://shop.example/").encode()
    with pytest.raises(SourceError, match="Several monitors match the site's address"):
        parse(name, doubled)


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_every_case_is_known_by_its_start_and_can_be_tried(path: Path) -> None:
    (tried,) = parse_file("auto", path)
    expected = "prometheus" if path.parent == PROMETHEUS else path.parent.name.replace("_", "-")
    assert detect(path).name == expected
    assert tried.records
    assert {"checked_at", "outcome", "cause", "status", "total_ms", "url", "message"} <= tried.records[0].keys()


def test_an_error_of_prometheus_is_one_sentence_and_nothing_is_nothing() -> None:
    with pytest.raises(SourceError, match=r"Prometheus refused the query: .*parse error"):
        parse("prometheus", PROMETHEUS / "error_bad_query.json")
    empty = {"status": "success", "data": {"resultType": "vector", "result": []}}
    assert parse("prometheus", empty).records == []
    nan = {
        "status": "success",
        "data": {"resultType": "vector", "result": [{"metric": {}, "value": [1795360000, "NaN"]}]},
    }
    assert parse("prometheus", nan).records == []


def test_an_option_that_a_format_has_not_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="has no option 'colour'"):
        list(parse_file("uptime-csv", UPTIME / "uptime_csv" / "semicolons.csv", options={"colour": "red"}))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def _places(value: object, at: tuple = ()) -> list[tuple]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(place for key, one in inner for place in _places(one, (*at, key)))][:400]


def _replaced(value, at: tuple, new: object):
    if not at:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[at[0]] = _replaced(copy[at[0]], at[1:], new)
    return copy


@pytest.mark.parametrize("path", [p for p in FILES if p.suffix == ".json"], ids=lambda p: p.name)
@settings(max_examples=80, suppress_health_check=list(HealthCheck), deadline=None)
@given(data=st.data())
def test_damaged_json_is_a_clear_error_or_a_reject(path: Path, data: st.DataObject) -> None:
    name = "prometheus" if path.parent == PROMETHEUS else path.parent.name.replace("_", "-")
    answer = json.loads(path.read_text())
    answer = _replaced(answer, data.draw(st.sampled_from(_places(answer))), data.draw(JSON))
    try:
        parsed = parse(name, json.dumps(answer).encode(), is_every=True)
    except SourceError:
        return
    assert all(r.outcome in ("up", "down", "unknown") and r.interval_seconds > 0 for r in parsed.records)


@settings(max_examples=60, suppress_health_check=list(HealthCheck), deadline=None)
@given(start=st.integers(0, 40_000), junk=st.binary(min_size=1, max_size=64))
def test_a_damaged_database_is_a_clear_error_or_fewer_records(tmp_path_factory, start: int, junk: bytes) -> None:
    path = kuma(tmp_path_factory.mktemp("kuma") / "kuma.db", beats=BEATS)
    data = bytearray(path.read_bytes())
    start %= len(data)
    data[start : start + len(junk)] = junk
    path.write_bytes(data[: max(len(data) - start, 20)] if start % 3 == 0 else data)
    with suppress(SourceError):
        parse("uptime-kuma", path, is_every=True)


@settings(max_examples=80, deadline=None)
@given(payload=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_a_clear_error_or_rejects(payload: bytes) -> None:
    for name in uptime_formats():
        for start in (b"", b"time,status\n"):
            with suppress(SourceError):
                parse(name, start + payload, is_every=True)
