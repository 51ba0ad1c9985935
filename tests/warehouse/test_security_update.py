"""How long security updates took, exact or bounded, and what probes were made for a flaw while it was open."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.warehouse.test_finding import advisory, day, inventory
from tests.warehouse.test_marts import warehouse

UPDATES = """
SELECT old_version, new_version, flaw_count, at_precision, least_days, most_days, is_within_sla, is_followed_by_incident
FROM marts.security_update"""


@pytest.fixture
def con():
    with warehouse("Europe/Berlin", [], 300.0, (1, 1, 1)) as con:
        advisory(con, 0)
        yield con


def log(con, number: float, precision: str = "exact") -> None:
    con.execute(
        "INSERT INTO raw.patch_event BY NAME SELECT 'one' AS site_id, 's' AS source_id, $e AS event_id, $at AS patched_at, $p AS at_precision,"
        " 'wordpress-plugin' AS ecosystem, 'forms' AS name, 'upgrade' AS action, '5.1' AS old_version, '5.2' AS new_version,"
        " 't' AS parser_version, 'l' AS batch_id",
        {"e": f"e{number}", "at": day(0) + timedelta(days=number), "p": precision},
    )


def test_without_a_log_the_time_is_bounded_by_two_lists(con) -> None:
    inventory(con, 0, {"forms": "5.1"})
    inventory(con, 5, {"forms": "5.1"})
    inventory(con, 12, {"forms": "5.2"})
    # A fix was known since day 2; agreed are 7 days: the bounds lie on both sides.
    assert con.execute(UPDATES).fetchall() == [("5.1", "5.2", 1, "between", 3, 10, None, None)]
    inventory(con, 8, {"forms": "5.1"})
    assert con.execute(UPDATES).fetchall() == [("5.1", "5.2", 1, "between", 6, 10, None, None)]
    inventory(con, 9, {"forms": "5.2"})
    assert con.execute(UPDATES).fetchall() == [("5.1", "5.2", 1, "between", 6, 7, True, None)]


@pytest.mark.parametrize(("outage", "expected"), [(None, None), (30, True), (150, False)])
def test_a_log_dates_it_and_tells_what_went_down_after_it(con, outage, expected) -> None:
    inventory(con, 0, {"forms": "5.1"})
    inventory(con, 5, {"forms": "5.1"})
    inventory(con, 12, {"forms": "5.2"})
    log(con, 6)
    if outage is not None:
        for minute in range(-14 * 60, 10 * 60, 5):
            at = day(6) + timedelta(minutes=minute)
            con.execute(
                "INSERT INTO raw.check_result BY NAME SELECT 'one' AS site_id, 'u' AS source_id, '' AS url, $at AS slot_at, $at AS checked_at,"
                " 'http' AS check_type, 1 AS attempt, 300.0 AS interval_seconds, $o AS outcome, 't' AS parser_version, 'b' AS batch_id",
                {"at": at, "o": "down" if outage <= minute < outage + 15 else "up"},
            )
    assert con.execute(UPDATES).fetchall() == [("5.1", "5.2", 1, "exact", 4, 4, True, expected)]


def test_what_the_package_manager_announces_counts_without_an_advisory(con) -> None:
    inventory(con, 3, {"mail": "1.0"})
    inventory(con, 4, {"mail": "1.0"})
    inventory(con, 20, {"mail": "1.1"})
    assert con.execute(UPDATES).fetchall() == []
    con.execute(
        "UPDATE raw.component_observation SET update_state = 'available', is_security_update = true WHERE batch_id = 'batch4'"
    )
    assert con.execute(UPDATES).fetchall() == [("1.0", "1.1", 0, "between", 0, 16, None, None)]


def probe(con, number: float, path: str, event: str, *, attack: str | None = "sqli", cve: str | None = None) -> None:
    at = day(0) + timedelta(days=number)
    place = {"id": event, "at": at, "day": at.date()}
    con.execute(
        "INSERT INTO raw.waf_event BY NAME SELECT $id AS event_id, 'one' AS site_id, 'w' AS source_id, 'f' AS format, $at AS event_at,"
        " false AS is_zone_assumed, $path AS path, 'log' AS action, 2.0 AS sample_weight, $attack AS attack_class, [] AS attack_classes, 'x' AS file_id, 1 AS line_number, $day AS event_date,"
        " 't' AS parser_version, 'w' AS batch_id",
        place | {"path": path, "attack": attack},
    )
    if cve:
        con.execute(
            "INSERT INTO raw.waf_rule_hit BY NAME SELECT $id AS event_id, 'one' AS site_id, 'w' AS source_id, $at AS event_at, '9' AS rule_id,"
            " $cve AS message, ['x'] AS tags, false AS is_verdict, $day AS event_date, 't' AS parser_version, 'w' AS batch_id",
            place | {"cve": cve},
        )


def test_probes_count_for_the_flaws_that_were_open_then_and_once(con) -> None:
    advisory(con, 0, name="GHSA-9", aliases=("CVE-2026-1",), feed="osv")
    inventory(con, 3, {"forms": "5.1"})
    inventory(con, 10, {"forms": "5.2"})
    probe(con, 2, "/wp-content/plugins/forms/a.php", "before")
    probe(con, 10, "/wp-content/plugins/forms/a.php", "after")
    probe(con, 4, "/sub/wp-content//plugins/Forms/a.php", "path", cve="Attempt of cve-2026-1 (GHSA-9)")
    probe(con, 4.1, "/", "rule", cve="CVE-2026-1", attack=None)
    probe(con, 4.2, "/wp-content/plugins/forms-pro/a.php", "other")
    probe(con, 4.3, "/wp-content/plugins/forms/style.css", "visitor", attack=None)
    query = "SELECT day_date, name, flaw_id, event_count, block_count, named_count FROM marts.finding_probe_day"
    assert con.execute(query).fetchall() == [(date(2026, 7, 5), "forms", "CVE-2026-1", 4.0, 0.0, 4.0)]
    probe(con, 5, "/wp-content/plugins/forms/a.php", "later")
    assert con.execute(f"{query} WHERE day_date = DATE '2026-07-06'").fetchall()[0][3:] == (2.0, 0.0, 0.0)
