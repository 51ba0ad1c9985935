"""Findings over time: opened, closed with a reason, closed by absence only after a list that was read whole."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tasks.versions import sort_key
from tests.warehouse.test_marts import warehouse

FIRST = datetime(2026, 7, 1, 12, tzinfo=UTC)


def day(number: int) -> datetime:
    return FIRST + timedelta(days=number)


@pytest.fixture
def con():
    with warehouse("Europe/Berlin", [], 300.0, (1, 1, 1)) as con:
        row = {
            "f": day(0),
            "p": day(2),
            "a": sort_key("wordpress-plugin", "1.0"),
            "b": sort_key("wordpress-plugin", "5.2"),
        }
        con.execute(
            "INSERT INTO raw.advisory BY NAME SELECT 'wf' AS feed, 'w1' AS advisory_id, $f AS fetched_at, false AS is_gone,"
            " ['CVE-2026-1'] AS aliases, 'x' AS title, 'high' AS severity, 9.8 AS cvss_score, false AS is_informational,"
            " $p AS published_at, 't' AS parser_version, 'b' AS batch_id",
            {"f": row["f"], "p": row["p"]},
        )
        con.execute(
            "INSERT INTO raw.advisory_range BY NAME SELECT 'wf' AS feed, 'w1' AS advisory_id, $f AS fetched_at,"
            " 'wordpress-plugin' AS ecosystem, 'forms' AS name, '1.0' AS from_version, $a AS from_key, true AS is_from_included,"
            " '5.2' AS to_version, $b AS to_key, false AS is_to_included, '5.2' AS fixed_version, $b AS fixed_key,"
            " true AS is_comparable, 't' AS parser_version, 'b' AS batch_id",
            {"f": row["f"], "a": row["a"], "b": row["b"]},
        )
        yield con


def inventory(con, number: int, installed: dict[str, str], rejects: int = 0) -> None:
    con.execute(
        "INSERT INTO raw.batch VALUES ($b, 'patches_bundle', 'bundle/1', $at, $at, 1, $rejects)",
        {"b": f"batch{number}", "at": day(number), "rejects": rejects},
    )
    for name, version in installed.items():
        con.execute(
            "INSERT INTO raw.component_observation BY NAME SELECT (SELECT min(site_id) FROM raw.site) AS site_id, 's' AS source_id,"
            " $bundle AS bundle_id, $at AS collected_at, 'wordpress-plugin' AS ecosystem, $name AS name, $version AS version,"
            " 'unknown' AS update_state, 'wordpress-plugin' AS advisory_ecosystem, $name AS advisory_name,"
            " $key AS advisory_key, 'bundle/1' AS parser_version, $batch AS batch_id",
            {"bundle": f"{number:03}", "at": day(number), "name": name, "version": version,
             "key": sort_key("wordpress-plugin", version), "batch": f"batch{number}"},
        )  # fmt: skip


def findings(con) -> list[tuple]:
    return con.execute(
        "SELECT version, outcome, fixed_version, opened_at, closed_at, closed_reason, exposure_days FROM marts.finding ORDER BY seen_at"
    ).fetchall()


def test_an_update_closes_and_exposure_runs_from_the_disclosure(con) -> None:
    inventory(con, 0, {"forms": "5.1", "other": "1"})
    inventory(con, 5, {"forms": "5.1", "other": "1"})
    assert findings(con) == [("5.1", "affected", "5.2", day(2), None, None, 3)]
    inventory(con, 43, {"forms": "5.2", "other": "1"})
    assert findings(con) == [("5.1", "affected", "5.2", day(2), day(43), "patched", 41)]


def test_an_update_to_a_version_with_the_flaw_mends_nothing(con) -> None:
    inventory(con, 3, {"forms": "5.0"})
    inventory(con, 4, {"forms": "5.1"})
    assert [row[5] for row in findings(con)] == ["version_changed", None]


def test_absence_closes_only_after_a_list_that_was_read_whole(con) -> None:
    inventory(con, 3, {"forms": "5.1", "other": "1"})
    inventory(con, 4, {"other": "1"}, rejects=1)
    assert [row[4] for row in findings(con)] == [None]
    inventory(con, 5, {"other": "1"})
    assert [row[4:6] for row in findings(con)] == [(day(5), "removed")]


def test_what_comes_back_is_a_new_time_of_exposure(con) -> None:
    for number, version in enumerate(["5.1", "5.2", "5.1"], 3):
        inventory(con, number, {"forms": version})
    assert [row[3:6] for row in findings(con)] == [(day(3), day(4), "patched"), (day(5), None, None)]


def test_a_version_without_order_is_unknown_and_one_gone_before_the_disclosure_is_none(con) -> None:
    inventory(con, 0, {"forms": "5.1"})
    inventory(con, 1, {"forms": ""})
    inventory(con, 4, {"forms": "5.3"})
    assert [row[:2] for row in findings(con)] == [("", "unknown")]
