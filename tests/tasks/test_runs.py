"""What flows share: a late run is a gap, default windows come from the schedule, names say site and window."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from tasks import collecting, runs
from tasks.collecting import Report
from tasks.contracts import Outcome
from tasks.quarters import Quarter, last_finished, parse_quarter
from tasks.sites import parse_sites


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    flow_run = SimpleNamespace(scheduled_start_time=datetime.now(UTC), parameters={})
    monkeypatch.setattr(runs.runtime, "flow_run", flow_run, raising=False)
    return flow_run


def test_a_run_that_starts_more_than_two_intervals_late_ends_as_a_gap(run) -> None:
    run.scheduled_start_time = datetime.now(UTC) - timedelta(seconds=125)
    state = runs.stale(60)
    assert (state.name, state.is_completed()) == ("Stale", True)
    assert "a gap" in state.message


def test_a_run_that_is_a_little_late_goes_on(run) -> None:
    run.scheduled_start_time = datetime.now(UTC) - timedelta(seconds=60)
    assert runs.stale(60) is None


def test_a_name_says_the_sites_and_the_window(run) -> None:
    run.parameters = {"sites": ["one", "two"], "quarter": "2026Q3"}
    assert runs.run_name() == "one, two · 2026Q3"
    run.parameters = {}
    run.scheduled_start_time = datetime(2026, 7, 1, 6, tzinfo=UTC)
    assert runs.run_name() == "all sites · 2026-07-01 06:00"


def report(state: str) -> Report:
    job = SimpleNamespace(context=SimpleNamespace(site_id="one", source_id="s"))
    return Report(job, Outcome(state=state, landed={"t": 2}, message="it broke" if state == "failed" else None))


def test_a_failed_source_makes_the_run_a_gap_and_only_all_of_them_a_failure() -> None:
    assert runs.state_of([report("complete"), report("failed")]).name == "Gaps"
    assert runs.state_of([report("complete"), report("empty")]).name == "Completed"
    with pytest.raises(RuntimeError, match="it broke"):
        runs.state_of([report("failed")])


def test_the_table_of_many_sources_names_what_is_amiss_and_counts_the_others() -> None:
    few = [report("complete"), report("failed")]
    assert [row["state"] for row in runs.table_of(few)] == ["complete", "failed"]
    rows = runs.table_of([*[report("complete")] * 700, *few, *[report("empty")] * 298])
    assert [(row["site"], row["state"], row["landed"], row["message"]) for row in rows] == [
        ("one", "failed", 2, "it broke"),
        ("701 more", "complete", 1402, ""),
        ("298 more", "empty", 596, ""),
    ]
    rows = runs.table_of([report("failed") for _ in range(1000)])
    assert len(rows) == runs.ROWS + 1
    assert (rows[-1]["site"], rows[-1]["state"]) == ("950 more", "failed")


def test_the_default_quarter_is_the_last_that_is_over() -> None:
    assert last_finished(datetime(2026, 10, 1, 5, tzinfo=UTC)) == Quarter(2026, 3)
    assert last_finished(datetime(2026, 1, 1, 5, tzinfo=UTC)) == Quarter(2025, 4)


def test_quarters_know_their_days() -> None:
    quarter = parse_quarter("2026Q3")
    assert (str(quarter.start_date), str(quarter.end_date), quarter.day_count) == ("2026-07-01", "2026-10-01", 92)
    assert str(parse_quarter("2025-q4").following) == "2026Q1"
    assert str(parse_quarter("2026Q1").previous) == "2025Q4"


def test_a_batch_of_several_kinds_is_collected_kind_by_kind(settings) -> None:
    text = """
agency: {name: A, contact: a@a.example}
clients: [{id: c, name: C}]
sites:
  - {id: one, name: One, client: c, url: "http://127.0.0.1:9/", platform: other, time_zone: UTC,
     owner: {name: O, email: o@a.example}, sources: [{kind: uptime_heartbeat, path: a, within_seconds: 9},
     {kind: uptime_http}, {kind: uptime_heartbeat, id: b, path: b, within_seconds: 9}]}
"""
    (settings.sites_file.parent / "b").touch()
    jobs = collecting.jobs(parse_sites(text, "s"), settings, collecting.kinds("uptime", is_batch=True))
    reports = asyncio.run(runs.collect_batch.fn(jobs))
    assert [(report.row["source"], report.row["state"]) for report in reports] == [
        ("uptime-heartbeat", "failed"),
        ("b", "complete"),
        ("uptime-http", "complete"),
    ]
