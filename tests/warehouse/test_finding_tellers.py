"""Whose word counts where several tell of one flaw, one list, one update or one risk."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.warehouse.test_finding import advisory, day, findings, inventory, only, scan, times
from tests.warehouse.test_marts import warehouse
from tests.warehouse.test_security_update import UPDATES, log


@pytest.fixture
def con():
    with warehouse("Europe/Berlin", [], 300.0, (1, 1, 1)) as con:
        advisory(con, 0)
        yield con


def test_a_fix_is_known_since_the_first_who_names_one(con) -> None:
    advisory(con, 0, feed="late", name="l1", published=20)
    inventory(con, 3, {"forms": "5.1"})
    assert con.execute("SELECT fix_known_at FROM marts.finding").fetchall() == [(day(2),)]


def test_it_was_disclosed_when_the_first_of_those_who_still_tell_of_it_says(con) -> None:
    only(con, {"published": 1}, {"published": 2})
    inventory(con, 3, {"forms": "5.1"})
    query = "SELECT published_at FROM marts.finding"
    assert con.execute(query).fetchall() == [(day(1),)]
    advisory(con, 10, feed="feed0", name="n0", gone=True)
    assert con.execute(query).fetchall() == [(day(2),)]


def test_an_update_of_what_a_feed_and_a_scanner_tell_of_is_a_patch_by_the_word_of_the_feed(con) -> None:
    inventory(con, 3, {"forms": "5.1"})
    scan(con, 3, {})
    inventory(con, 6, {"forms": "5.2"})
    assert times(con) == [(day(3), day(6), "patched")]


def test_what_one_tells_for_sure_is_not_only_probable(con) -> None:
    only(con, {"to": "5.1", "included": True}, {"to": "5.2"})
    inventory(con, 3, {"forms": "5.1.0"})
    assert con.execute("SELECT outcome, is_probable FROM marts.finding").fetchall() == [("affected", False)]


def test_what_is_for_information_only_is_no_finding(con) -> None:
    inventory(con, 3, {"forms": "5.1"})
    con.execute("UPDATE raw.advisory SET is_informational = true")
    assert findings(con) == []


def test_what_was_taken_back_as_the_version_was_first_seen_is_no_finding(con) -> None:
    inventory(con, 3, {"forms": "5.1"})
    advisory(con, 3, gone=True)
    assert findings(con) == []


def test_what_is_mended_as_it_is_taken_back_is_mended(con) -> None:
    inventory(con, 3, {"forms": "5.1"})
    inventory(con, 5, {"forms": "5.2"})
    advisory(con, 5, gone=True)
    assert times(con) == [(day(3), day(5), "patched")]


def test_a_version_goes_by_the_name_that_its_last_list_gives_for_advisories(con) -> None:
    inventory(con, 3, {"forms": "5.1"})
    inventory(con, 4, {"forms": "5.1"})
    columns = "advisory_ecosystem, advisory_name, advisory_key"
    query = f"SELECT {columns} FROM staging.installed_span"
    con.execute(
        "UPDATE raw.component_observation SET advisory_ecosystem = 'Debian:12', advisory_name = 'old', advisory_key = 'a'"
        " WHERE batch_id = 'batch3'"
    )
    ((*newest,),) = con.execute(f"SELECT {columns} FROM raw.component_observation WHERE batch_id = 'batch4'").fetchall()
    assert [list(row) for row in con.execute(query).fetchall()] == [newest]


def lists(con, number: int, *files: str, parser: int = 1) -> None:
    """Write which files of the bundle of that day list plugins."""
    for file in files:
        con.execute(
            "INSERT INTO raw.inventory_file SELECT min(site_id), 's', ?, ?, ?, ['wordpress-plugin'], ?, ? FROM raw.site",
            [f"{number:03}", day(number), file, f"bundle/{parser}", f"batch{number}"],
        )


def test_a_bundle_without_one_of_the_files_that_listed_it_before_closes_nothing(con) -> None:
    inventory(con, 3, {"forms": "5.1"})
    lists(con, 3, "a.json", "b.json")
    inventory(con, 4, {})
    lists(con, 4, "a.json")
    assert [row[4] for row in findings(con)] == [None]
    inventory(con, 5, {})
    lists(con, 5, "a.json", "b.json", "c.json")
    assert [row[4] for row in findings(con)] == [day(5)]


def test_which_files_list_counts_as_the_newest_parser_read_it(con) -> None:
    inventory(con, 3, {"forms": "5.1"})
    lists(con, 3, "a.json")
    inventory(con, 4, {})
    lists(con, 4, "a.json")
    lists(con, 4, "b.json", parser=10)
    assert [row[4] for row in findings(con)] == [None]


def test_where_nobody_knows_which_files_listed_it_last_an_older_list_is_no_measure(con) -> None:
    inventory(con, 3, {"forms": "5.1"})
    lists(con, 3, "a.json")
    inventory(con, 4, {"forms": "5.1"})
    inventory(con, 5, {})
    lists(con, 5, "a.json")
    assert [row[4] for row in findings(con)] == [None]


def test_a_list_counts_as_the_newest_parser_read_it(con) -> None:
    inventory(con, 3, {"forms": "5.1"})
    con.execute(
        "INSERT INTO raw.component_observation BY NAME SELECT * REPLACE ('5.2' AS version, 'bundle/10' AS parser_version,"
        " 'again' AS batch_id) FROM raw.component_observation"
    )
    assert con.execute("SELECT version FROM staging.component_listing").fetchall() == [("5.2",)]


def test_a_scanner_is_taken_at_its_last_word_and_as_the_newest_parser_read_it(con) -> None:
    inventory(con, 3, {"other": "1.0"})
    told = {"name": "other", "version": "1.0", "ids": ["CVE-2026-7"]}
    scan(con, 3, told | {"fixed": None})
    scan(con, 4, told | {"fixed": "1.1"})
    scan(con, 6, told | {"fixed": "1.2"})
    query = "SELECT severity, fixed_version, fix_known_at FROM marts.finding"
    assert con.execute(query).fetchall() == [("medium", "1.2", day(4))]
    con.execute("UPDATE raw.scanner_finding SET severity = 'low' WHERE collected_at = ?", [day(6)])
    assert con.execute(query).fetchall() == [("low", "1.2", day(4))]
    con.execute(
        "INSERT INTO raw.scanner_finding BY NAME SELECT * REPLACE ('high' AS severity, 'image' AS location)"
        " FROM raw.scanner_finding WHERE collected_at = ?",
        [day(6)],
    )
    assert con.execute(query).fetchall() == [("high", "1.2", day(4))], "the worst of one answer"
    for table in ("scanner_run", "scanner_finding"):
        con.execute(
            f"INSERT INTO raw.{table} BY NAME SELECT * REPLACE ('bundle/10' AS parser_version) FROM raw.{table} WHERE collected_at = ?",
            [day(6)],
        )
    con.execute("UPDATE raw.scanner_finding SET severity = 'critical' WHERE parser_version = 'bundle/10'")
    assert con.execute(query).fetchall() == [("critical", "1.2", day(4))]


def test_an_update_is_available_since_the_first_word_of_it_and_applied_at_the_first(con) -> None:
    advisory(con, 0, feed="late", name="l1", aliases=("CVE-2026-2",), published=3)
    inventory(con, 0, {"forms": "5.1"})
    inventory(con, 5, {"forms": "5.1"})
    inventory(con, 12, {"forms": "5.2"})
    assert con.execute(UPDATES).fetchall() == [("5.1", "5.2", 2, "between", 3, 10, None, None)]
    log(con, 7)
    log(con, 6)
    assert con.execute(UPDATES).fetchall() == [("5.1", "5.2", 2, "exact", 4, 4, True, None)]


def test_an_announced_update_is_available_since_the_first_list_with_it(con) -> None:
    for number in (3, 4, 5):
        inventory(con, number, {"mail": "1.0"})
    inventory(con, 20, {"mail": "1.1"})
    con.execute(
        "UPDATE raw.component_observation SET update_state = 'available', is_security_update = true WHERE batch_id IN ('batch4', 'batch5')"
    )
    assert con.execute("SELECT available_at FROM marts.security_update").fetchall() == [(day(4),)]


def test_whether_an_update_was_in_time_is_unknown_where_only_its_earliest_day_was(con) -> None:
    inventory(con, 0, {"forms": "5.1"})
    inventory(con, 9, {"forms": "5.1"})
    inventory(con, 12, {"forms": "5.2"})
    assert con.execute(UPDATES).fetchall() == [("5.1", "5.2", 1, "between", 7, 10, None, None)]


def test_only_what_was_patched_is_a_security_update(con) -> None:
    inventory(con, 3, {"forms": "5.0"})
    inventory(con, 5, {"forms": "5.1"})
    assert con.execute(UPDATES).fetchall() == [], "the flaw is still there"


def test_what_followed_an_update_is_unknown_on_a_day_that_was_watched_in_part(con) -> None:
    inventory(con, 0, {"forms": "5.1"})
    inventory(con, 5, {"forms": "5.1"})
    inventory(con, 12, {"forms": "5.2"})
    log(con, 6)
    for minute in range(-60, 180, 5):
        con.execute(
            "INSERT INTO raw.check_result BY NAME SELECT 'one' AS site_id, 'u' AS source_id, '' AS url, $at AS slot_at, $at AS checked_at,"
            " 'http' AS check_type, 1 AS attempt, 300.0 AS interval_seconds, 'up' AS outcome, 't' AS parser_version, 'b' AS batch_id",
            {"at": day(6) + timedelta(minutes=minute)},
        )
    assert con.execute(UPDATES).fetchall() == [("5.1", "5.2", 1, "exact", 4, 4, True, None)]


def test_of_several_authorities_the_first_day_counts_and_of_several_scores_the_newest(con) -> None:
    def exploited(feed: str, number: int, added: date, due: date, *, gone: bool = False) -> None:
        con.execute(
            "INSERT INTO raw.exploited_vulnerability BY NAME SELECT $feed AS feed, 'CVE-2026-1' AS cve_id, $at AS fetched_at,"
            " $gone AS is_gone, $added AS added_date, $due AS due_date, 't' AS parser_version, $feed AS batch_id",
            {"feed": feed, "at": day(number), "gone": gone, "added": added, "due": due},
        )

    def scored(number: int, score: float, *, gone: bool = False) -> None:
        con.execute(
            "INSERT INTO raw.exploit_prediction BY NAME SELECT 'epss' AS feed, 'CVE-2026-1' AS cve_id, $at AS fetched_at, $gone AS is_gone,"
            " $score AS epss_score, $score AS epss_percentile, $day AS score_date, 't' AS parser_version, 'e' AS batch_id",
            {"at": day(number), "gone": gone, "score": score, "day": day(number).date()},
        )

    inventory(con, 3, {"forms": "5.1"})
    query = "SELECT exploited_date, due_date, epss_score, score_date FROM marts.finding"
    assert con.execute(query).fetchall() == [(None, None, None, None)]
    exploited("us", 1, date(2026, 7, 9), date(2026, 7, 30))
    exploited("us", 2, date(2026, 7, 8), date(2026, 7, 29))
    exploited("eu", 1, date(2026, 7, 10), date(2026, 7, 31))
    scored(1, 0.9)
    scored(2, 0.2)
    assert con.execute(query).fetchall() == [(date(2026, 7, 8), date(2026, 7, 29), 0.2, day(2).date())]
    exploited("us", 3, date(2026, 7, 1), date(2026, 7, 1), gone=True)
    scored(3, 0.5, gone=True)
    assert con.execute(query).fetchall() == [(date(2026, 7, 10), date(2026, 7, 31), None, None)]


def test_a_flaw_has_the_names_that_its_publisher_gives_it_now(con) -> None:
    advisory(con, 4, aliases=("CVE-2026-2",))
    inventory(con, 5, {"forms": "5.1"})
    assert con.execute("SELECT DISTINCT flaw_id FROM marts.finding").fetchall() == [("CVE-2026-2",)]
    advisory(con, 6, aliases=(), gone=True)
    assert con.execute("SELECT DISTINCT flaw_id FROM marts.finding").fetchall() == [("CVE-2026-2",)]
