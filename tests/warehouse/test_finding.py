"""Findings over time: opened, closed with a reason, closed by absence only after a list that was read whole."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

import pytest

from tasks.advisory_format import Affected
from tasks.versions import sort_key
from tests.warehouse.test_marts import warehouse

FIRST = datetime(2026, 7, 1, 12, tzinfo=UTC)


def day(number: int) -> datetime:
    return FIRST + timedelta(days=number)


@pytest.fixture
def con():
    with warehouse("Europe/Berlin", [], 300.0, (1, 1, 1)) as con:
        advisory(con, 0)
        yield con


def advisory(
    con,
    number: int,
    to: str | None = "5.2",
    *,
    feed: str = "wf",
    name: str = "w1",
    aliases: tuple[str, ...] = ("CVE-2026-1",),
    published: int | None = 2,
    fixed: str | None = "same",
    included: bool = False,
    withdrawn: bool = False,
    gone: bool = False,
    grave: tuple[str, float, str] = ("high", 9.8, "x"),
    begins: tuple[str, bool] = ("1.0", True),
) -> None:
    """Write what a feed says of `forms` from that day on: versions from `begins` to `to` have the flaw."""
    fixed = to if fixed == "same" else fixed
    content = {
        "feed": feed, "id": name, "at": day(number), "batch": f"{feed}{number}", "gone": gone, "aliases": list(aliases),
        "published": None if published is None or gone else day(published), "withdrawn": day(number) if withdrawn else None,
        "severity": grave[0], "cvss": grave[1], "title": grave[2],
    }  # fmt: skip
    con.execute(
        "INSERT INTO raw.advisory BY NAME SELECT $feed AS feed, $id AS advisory_id, $at AS fetched_at, $gone AS is_gone,"
        " $aliases AS aliases, $title AS title, $severity AS severity, $cvss AS cvss_score, false AS is_informational,"
        " $published AS published_at, $withdrawn AS withdrawn_at, 't' AS parser_version, $batch AS batch_id",
        content,
    )
    if gone:
        return
    form = Affected(
        ecosystem="wordpress-plugin",
        name="forms",
        from_version=begins[0],
        is_from_included=begins[1],
        to_version=to,
        is_to_included=included,
    )
    con.execute(
        "INSERT INTO raw.advisory_range BY NAME SELECT $feed AS feed, $id AS advisory_id, $at AS fetched_at,"
        " 'wordpress-plugin' AS ecosystem, 'forms' AS name, $begins AS from_version, $from AS from_key, $is_begin AS is_from_included,"
        " $to AS to_version, $to_key AS to_key, $included AS is_to_included, $fixed AS fixed_version, $fixed_key AS fixed_key,"
        " true AS is_comparable, 't' AS parser_version, $batch AS batch_id",
        {name: content[name] for name in ("feed", "id", "at", "batch")} | {
            "begins": begins[0], "is_begin": begins[1], "from": form.from_key, "to": to, "to_key": form.to_key, "included": included, "fixed": fixed,
            "fixed_key": sort_key("wordpress-plugin", fixed) if fixed else None,
        },
    )  # fmt: skip


def decide(con, number: int, until: date, flaw: str = "CVE-2026-1") -> None:
    con.execute(
        "INSERT INTO raw.finding_decision SELECT min(site_id), 'wordpress-plugin', 'forms', $flaw, $until, 'behind a login', 'Ada', $at, 't', $b"
        " FROM raw.site",
        {"flaw": flaw, "until": until, "at": day(number), "b": f"decision{number}"},
    )


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


@pytest.mark.parametrize(("is_included", "count"), [(True, 1), (False, 0)])
def test_the_version_where_a_range_begins_has_the_flaw_only_if_it_is_included(
    con, is_included: bool, count: int
) -> None:
    con.execute("DELETE FROM raw.advisory; DELETE FROM raw.advisory_range")
    advisory(con, 0, begins=("5.0", is_included))
    inventory(con, 3, {"forms": "5.0"})
    assert len(findings(con)) == count


def test_a_finding_speaks_as_those_who_told_of_it_last(con) -> None:
    advisory(con, 4, grave=("medium", 5.0, "z"), published=1, fixed="5.3")
    inventory(con, 3, {"forms": "5.1"})
    inventory(con, 6, {"forms": "5.1"})
    assert con.execute(
        "SELECT severity, cvss_score, title, published_at, fixed_version FROM marts.finding"
    ).fetchall() == [("medium", 5.0, "z", day(1), "5.3")]


def test_a_list_without_rows_closes_only_where_all_of_its_bundle_was_read(con) -> None:
    def lists(number: int) -> None:
        con.execute(
            "INSERT INTO raw.inventory_file SELECT min(site_id), 's', ?, ?, 'plugins.json', ['wordpress-plugin'], 'bundle/1', ? FROM raw.site",
            [f"{number:03}", day(number), f"batch{number}"],
        )

    inventory(con, 3, {"forms": "5.1"})
    lists(3)
    inventory(con, 4, {}, rejects=1)
    lists(4)
    assert [row[4] for row in findings(con)] == [None]
    inventory(con, 5, {})
    lists(5)
    assert [row[4:6] for row in findings(con)] == [(day(5), "removed")]


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


def times(con) -> list[tuple]:
    return con.execute(
        "SELECT opened_at, closed_at, closed_reason FROM marts.finding ORDER BY version, opened_at"
    ).fetchall()


def test_a_flaw_that_is_taken_back_or_corrected_is_closed_and_not_forgotten(con) -> None:
    inventory(con, 3, {"forms": "5.1"})
    advisory(con, 10, withdrawn=True)
    assert times(con) == [(day(3), day(10), "withdrawn")]
    advisory(con, 12)
    assert times(con) == [(day(3), day(10), "withdrawn"), (day(12), None, None)]
    advisory(con, 14, "5.1")
    assert times(con)[1] == (day(12), day(14), "not_affected")
    advisory(con, 16, "5.2")
    advisory(con, 18, gone=True)
    assert times(con)[2] == (day(16), day(18), "withdrawn")


def test_a_flaw_that_one_of_two_feeds_still_tells_of_is_open(con) -> None:
    inventory(con, 3, {"forms": "5.1"})
    advisory(con, 4, "5.3", feed="osv", name="GHSA-1", published=1)
    advisory(con, 10, gone=True)
    query = "SELECT flaw_id, advisories, fixed_version, closed_at FROM marts.finding"
    assert con.execute(query).fetchall() == [("CVE-2026-1", ["osv:GHSA-1"], "5.3", None)]


def test_where_one_feed_takes_a_flaw_back_as_another_corrects_it_the_version_is_no_longer_affected(con) -> None:
    inventory(con, 3, {"forms": "5.1"})
    advisory(con, 4, "5.3", feed="osv", name="GHSA-1", published=1)
    advisory(con, 10, withdrawn=True)
    advisory(con, 10, "5.1", feed="osv", name="GHSA-1", published=1)
    assert times(con) == [(day(3), day(10), "not_affected")]


def test_a_version_below_the_installed_one_mends_nothing(con) -> None:
    inventory(con, 3, {"forms": "5.1"})
    advisory(con, 10, fixed="5.0")
    query = "SELECT fixed_version FROM marts.finding WHERE closed_at IS NULL"
    assert con.execute(query).fetchall() == [(None,)]
    advisory(con, 12, fixed="5.1")
    assert con.execute(query).fetchall() == [(None,)], "nor does the very same"


def test_advisories_that_are_linked_over_others_are_one_flaw(con) -> None:
    for number, aliases in enumerate((("A",), ("A", "B"), ("B", "C"), ("C", "CVE-2026-1")), 1):
        advisory(con, 1, feed=f"f{number}", name=f"n{number}", aliases=aliases)
    advisory(con, 1, feed="other", name="n5", aliases=("D",))
    inventory(con, 3, {"forms": "5.1"})
    found = con.execute("SELECT flaw_id, len(advisories) FROM marts.finding ORDER BY ALL").fetchall()
    assert found == [("CVE-2026-1", 5), ("D", 1)]
    con.execute(
        "INSERT INTO raw.exploited_vulnerability BY NAME SELECT 'kev' AS feed, 'CVE-2026-1' AS cve_id, now() AS fetched_at,"
        " false AS is_gone, DATE '2026-07-09' AS added_date, 't' AS parser_version, 'k' AS batch_id"
    )
    told = con.execute(
        "SELECT count(*) FROM marts.advisory WHERE exploited_date = DATE '2026-07-09' AND flaw_id = 'CVE-2026-1'"
    )
    assert told.fetchall() == [(5,)]


def test_an_acceptance_closes_and_ends_by_itself_after_its_last_day_of_the_site(con) -> None:
    inventory(con, 3, {"forms": "5.1"})
    decide(con, 5, date(2026, 7, 20), flaw="w1")
    inventory(con, 40, {"forms": "5.1"})
    reopened = datetime(2026, 7, 20, 22, tzinfo=UTC)
    assert times(con) == [(day(3), day(5), "accepted"), (reopened, None, None)]
    query = "SELECT accepted_until_date, accepted_by, accepted_reason FROM marts.finding ORDER BY opened_at"
    assert con.execute(query).fetchall() == [(date(2026, 7, 20), "Ada", "behind a login"), (None, None, None)]
    decide(con, 8, date(2026, 7, 9))
    assert times(con)[1][0] == datetime(2026, 7, 9, 22, tzinfo=UTC), "a later decision replaces an earlier one"
    decide(con, 10, date(2026, 12, 31))
    assert times(con)[1:] == [
        (datetime(2026, 7, 9, 22, tzinfo=UTC), day(10), "accepted"),
        (datetime(2026, 12, 31, 23, tzinfo=UTC), None, None),
    ]
    inventory(con, 50, {"forms": "5.2"})
    assert [row[2] for row in times(con)] == ["accepted", "accepted"], "what was mended meanwhile does not come back"


def test_what_ends_as_it_is_accepted_is_mended_and_not_accepted(con) -> None:
    inventory(con, 3, {"forms": "5.1"})
    decide(con, 5, date(2026, 7, 30))
    inventory(con, 5, {"forms": "5.2"})
    assert times(con) == [(day(3), day(5), "patched")]


def test_what_was_accepted_before_an_update_that_mends_nothing_ended_as_accepted(con) -> None:
    inventory(con, 3, {"forms": "5.0"})
    decide(con, 5, date(2026, 7, 30))
    inventory(con, 8, {"forms": "5.1"})
    assert times(con) == [(day(3), day(5), "accepted"), (datetime(2026, 7, 30, 22, tzinfo=UTC), None, None)]


def test_exposure_since_a_fix_is_counted_from_when_one_was_known(con) -> None:
    advisory(con, 1, fixed=None)
    advisory(con, 20, fixed="5.2")
    con.execute(
        "DELETE FROM raw.advisory WHERE batch_id = 'wf0'; DELETE FROM raw.advisory_range WHERE batch_id = 'wf0'"
    )
    inventory(con, 3, {"forms": "5.1"})
    inventory(con, 30, {"forms": "5.2"})
    query = "SELECT fix_known_at, exposure_days, fix_exposure_days FROM marts.finding"
    assert con.execute(query).fetchall() == [(day(20), 27, 10)]


def test_a_flaw_without_a_date_is_counted_from_when_it_was_told_first(con) -> None:
    advisory(con, 8, published=None, name="w2", aliases=())
    inventory(con, 3, {"forms": "5.1"})
    query = "SELECT opened_at, published_at, exposure_days, known_until_at FROM marts.finding WHERE flaw_id = 'w2'"
    assert con.execute(query).fetchall() == [(day(8), None, None, day(3))], "nobody looked after it was disclosed"


@pytest.mark.parametrize(
    ("version", "found"), [("5.1", False), ("5.1.0", True), ("5.1.0.0", True), ("5.1.1", None), ("5.10", None)]
)
def test_a_version_that_differs_from_a_bound_by_zeros_only_is_probably_meant(con, version, found) -> None:
    advisory(con, 1, "5.1", included=True)
    con.execute(
        "DELETE FROM raw.advisory WHERE batch_id = 'wf0'; DELETE FROM raw.advisory_range WHERE batch_id = 'wf0'"
    )
    inventory(con, 3, {"forms": version})
    assert con.execute("SELECT outcome, is_probable FROM marts.finding").fetchall() == (
        [] if found is None else [("affected", found)]
    )


def only(con, *tellers: dict) -> None:
    """Write these advisories instead of the one that all tests have."""
    con.execute("DELETE FROM raw.advisory; DELETE FROM raw.advisory_range")
    for number, more in enumerate(tellers):
        advisory(con, 0, **({"feed": f"feed{number}", "name": f"n{number}"} | more))


@pytest.mark.parametrize(("ecosystem", "found"), [("wordpress-plugin", True), ("npm", False)])
def test_a_version_that_differs_from_where_a_range_begins_by_zeros_only_is_probably_meant_by_wordpress(
    con, ecosystem: str, found: bool
) -> None:
    only(con, {"to": "6", "begins": ("5.1", True)})
    inventory(con, 3, {"forms": "5.1.0"})
    con.execute(f"UPDATE raw.advisory_range SET ecosystem = '{ecosystem}'")
    con.execute(f"UPDATE raw.component_observation SET advisory_ecosystem = '{ecosystem}'")
    assert con.execute("SELECT outcome, is_probable FROM marts.finding").fetchall() == [("affected", found)]


def test_a_range_whose_bounds_have_no_order_is_unknown_and_one_who_can_tell_is_believed(con) -> None:
    only(con, {"begins": ("9.0", True), "to": "9.5"})
    con.execute("UPDATE raw.advisory_range SET is_comparable = false")
    inventory(con, 3, {"forms": "5.1"})
    assert [row[1] for row in findings(con)] == ["unknown"]
    advisory(con, 0, feed="feed1", name="n1")
    assert [row[1] for row in findings(con)] == ["affected"]


def test_of_two_who_tell_the_worst_and_the_first_and_the_smallest_fix_count(con) -> None:
    only(
        con,
        {"to": "5.10", "grave": ("critical", 5.0, "b"), "published": 2},
        {"to": "5.9", "grave": ("low", 7.5, "a"), "published": 1},
    )
    inventory(con, 3, {"forms": "5.1"})
    query = "SELECT severity, cvss_score, title, published_at, opened_at, fixed_version FROM marts.finding"
    assert con.execute(query).fetchall() == [("critical", 7.5, "a", day(1), day(3), "5.9")]


def test_of_two_ranges_of_an_advisory_the_smallest_fix_above_the_version_counts(con) -> None:
    only(con, {"to": "5.10"})
    for fixed in ("5.9", "5.0"):
        con.execute(
            "INSERT INTO raw.advisory_range BY NAME SELECT * REPLACE ($fixed AS fixed_version, $key AS fixed_key) FROM raw.advisory_range LIMIT 1",
            {"fixed": fixed, "key": sort_key("wordpress-plugin", fixed)},
        )
    inventory(con, 3, {"forms": "5.1"})
    assert [row[2] for row in findings(con)] == ["5.9"]


def scan(con, number: int, *found: dict, scanner: str = "trivy", rejects: int = 0, file: str = "") -> None:
    """Write an answer of a scanner in the bundle of that day, and what it found."""
    place = {
        "bundle": f"{number:03}",
        "at": day(number),
        "scanner": scanner,
        "file": file or f"{scanner}.json",
        "batch": f"scan{scanner}{number}{file}",
    }
    con.execute(
        "INSERT INTO raw.scanner_run BY NAME SELECT 'one' AS site_id, 's' AS source_id, $bundle AS bundle_id, $at AS collected_at,"
        " $scanner AS scanner, $file AS file, $count AS finding_count, $rejects AS reject_count, 'bundle/1' AS parser_version, $batch AS batch_id",
        place | {"count": len(found), "rejects": rejects},
    )
    for one in found:
        given = {
            "name": "forms",
            "version": "5.1",
            "ecosystem": "wordpress-plugin",
            "fixed": None,
            "ids": ["CVE-2026-1"],
        } | one
        con.execute(
            "INSERT INTO raw.scanner_finding BY NAME SELECT 'one' AS site_id, 's' AS source_id, $bundle AS bundle_id, $at AS collected_at,"
            " $scanner AS scanner, $file AS file, $ids AS advisory_ids, $ecosystem AS ecosystem, $name AS name, $version AS version,"
            " $fixed AS fixed_version, 'medium' AS severity, 'bundle/1' AS parser_version, $batch AS batch_id",
            place | given,
        )


TOLD = "SELECT name, version, flaw_id, advisories, opened_at, closed_at, closed_reason FROM marts.finding ORDER BY name, flaw_id, opened_at"


def test_scanners_and_feeds_that_tell_of_one_flaw_are_one_finding(con) -> None:
    inventory(con, 3, {"forms": "5.1"})
    scan(con, 3, {})
    scan(con, 3, {}, file="trivy-image.json")
    scan(con, 3, {"version": None, "ids": ["GHSA-9", "CVE-2026-1"]}, scanner="composer-audit")
    scan(con, 3, {"version": None, "ids": ["GHSA-9"]}, scanner="npm-audit")
    ((*found, closed, _),) = con.execute(TOLD).fetchall()
    assert found == ["forms", "5.1", "CVE-2026-1", ["composer-audit", "npm-audit", "trivy", "wf:w1"], day(3)]
    assert closed is None
    assert con.execute("SELECT severity, fixed_version FROM marts.finding").fetchall() == [("high", "5.2")]


def test_what_only_a_scanner_finds_ends_with_a_whole_scan_without_it_and_no_other(con) -> None:
    inventory(con, 3, {"other": "1.0"})
    scan(con, 3, {"name": "other", "version": "1.0", "ids": ["CVE-2026-7"], "fixed": "1.1"})
    inventory(con, 4, {"other": "1.0"})
    scan(con, 5, rejects=1)
    opened = ("other", "1.0", "CVE-2026-7", ["trivy"], day(3))
    assert con.execute(TOLD).fetchall() == [(*opened, None, None)]
    scan(con, 6, {}, scanner="grype")
    assert con.execute(TOLD).fetchall()[1] == (*opened, None, None), "another scanner"
    scan(con, 7)
    assert con.execute(TOLD).fetchall()[1] == (*opened, day(7), "not_affected")
    scan(con, 9, {"name": "other", "version": "1.0", "ids": ["CVE-2026-7"]})
    assert con.execute(TOLD).fetchall()[2][4:] == (day(9), None, None)


def test_an_update_is_a_patch_only_where_a_later_scan_looked(con) -> None:
    inventory(con, 3, {"other": "1.0"})
    scan(con, 3, {"name": "other", "version": "1.0", "ids": ["CVE-2026-7"]})
    inventory(con, 6, {"other": "1.1"})
    assert con.execute(TOLD).fetchall()[0][5:] == (day(6), "version_changed"), "nobody can tell of 1.1"
    scan(con, 8)
    assert con.execute(TOLD).fetchall()[0][5:] == (day(6), "patched")
    scan(con, 8, {"name": "other", "version": "1.1", "ids": ["CVE-2026-7"]}, scanner="grype")
    assert [row[5:] for row in con.execute(TOLD).fetchall()] == [(day(6), "version_changed"), (None, None)]


def test_a_scanner_speaks_of_what_no_inventory_lists_and_by_the_name_of_the_source_package(con) -> None:
    scan(
        con,
        3,
        {"name": "openssl", "version": "3.0", "ecosystem": "Debian:12", "ids": []},
        {"name": "lone", "ids": ["PYSEC-1"]},
    )
    inventory(con, 4, {"libssl3": "3.0"})
    assert [row[:4] for row in con.execute(TOLD).fetchall()] == [
        ("lone", "5.1", "PYSEC-1", ["trivy"]),
        ("openssl", "3.0", "trivy: a flaw without a name", ["trivy"]),
    ]
    con.execute(
        "UPDATE raw.component_observation SET ecosystem = 'deb', advisory_ecosystem = 'Debian:12', advisory_name = 'openssl'"
    )
    assert con.execute(TOLD).fetchall()[0][0] == "libssl3"


def merged(told: dict[str, list[str]]) -> dict[str, str]:
    """Return the flaw of every name: what shares a name is put together until nothing changes."""
    groups: list[set[str]] = []
    for name, aliases in told.items():
        own = {name, *aliases}
        groups = [
            *(group for group in groups if not group & own),
            own.union(*(group for group in groups if group & own)),
        ]
    return {name: min([one for one in group if one.startswith("CVE-")] or group) for group in groups for name in group}


def test_flaws_are_the_connected_parts_of_any_graph_of_names(con) -> None:
    graphs = [
        {"hub": [f"n{number}" for number in range(2000)]} | {f"a{number}": [f"n{number}"] for number in range(2000)}
    ]
    for seed in range(12):
        rng = random.Random(seed)
        names = [f"CVE-{number}" if rng.random() < 0.3 else f"N-{number}" for number in range(rng.randint(3, 40))]
        graphs.append({f"a{number}": rng.sample(names, rng.randint(0, 3)) for number in range(rng.randint(1, 30))})
    for told in graphs:
        con.execute("DELETE FROM raw.advisory")
        con.execute(
            "INSERT INTO raw.advisory BY NAME SELECT 'f' AS feed, unnest($ids::VARCHAR[]) AS advisory_id, unnest($aliases::VARCHAR[][]) AS aliases,"
            " now() AS fetched_at, false AS is_gone, 'high' AS severity, false AS is_informational, 't' AS parser_version, 'b' AS batch_id",
            {"ids": list(told), "aliases": list(told.values())},
        )
        found = con.execute("SELECT DISTINCT name, flaw_id FROM staging.flaw_name").fetchall()
        assert dict(found) == merged(told) and len(found) == len(merged(told))
