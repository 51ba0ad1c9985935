"""dpkg's log becomes changes, each with the right time and direction."""

from __future__ import annotations

import gzip
from collections import Counter
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.inventory import dpkg_log
from tasks.inventory.dpkg_log import Change
from tests.conftest import CASES

LOG = gzip.decompress((CASES / "patches_bundle" / "debian" / "dpkg.log.1.gz").read_bytes()).decode()
UTC_ZONE, LONDON = ZoneInfo("UTC"), ZoneInfo("Europe/London")


def one(line: str, zone: ZoneInfo = UTC_ZONE) -> Change:
    (change,), rejects = dpkg_log.parse(line, zone)
    assert rejects == []
    return change


def test_every_change_of_a_real_server_is_read() -> None:
    changes, rejects = dpkg_log.parse(LOG, UTC_ZONE)
    words = Counter(line.split()[2] for line in LOG.splitlines())
    assert rejects == []
    assert Counter(change.action for change in changes) == {
        "install": words["install"], "upgrade": words["upgrade"], "remove": words["remove"]
    } == {"install": 712, "upgrade": 62, "remove": 1}  # fmt: skip


def test_local_time_is_counted_in_the_zone_of_the_server() -> None:
    line = "2026-{} 04:50:06 upgrade curl:amd64 7.88.1-10+deb12u14 7.88.1-10+deb12u15"
    assert one(line.format("07-06"), LONDON).at == datetime(2026, 7, 6, 3, 50, 6, tzinfo=UTC)
    assert one(line.format("11-23"), LONDON).at == datetime(2026, 11, 23, 4, 50, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("install a:amd64 <none> 1.0", ("install", None, "1.0")),
        ("install a:amd64 0.9 1.0", ("install", None, "1.0")),
        ("upgrade a:amd64 1.9 1.10", ("upgrade", "1.9", "1.10")),
        ("upgrade a:amd64 1.10 1.9", ("downgrade", "1.10", "1.9")),
        ("upgrade a:amd64 1:1.0 2.0", ("downgrade", "1:1.0", "2.0")),
        ("remove a:amd64 1.0 <none>", ("remove", "1.0", None)),
        ("purge a:amd64 1.0 <none>", ("remove", "1.0", None)),
    ],
)
def test_action_and_versions_are_read(text: str, expected: tuple) -> None:
    change = one(f"2026-07-06 04:50:06 {text}")
    assert (change.action, change.old_version, change.new_version) == expected
    assert (change.name, change.architecture) == ("a", "amd64")


def test_the_same_version_again_is_no_change() -> None:
    assert dpkg_log.parse("2026-07-06 04:50:06 upgrade a:amd64 1.0 1.0", UTC_ZONE) == ([], [])


def test_a_purge_after_the_removal_removes_nothing_more() -> None:
    log = (
        "2026-07-06 04:50:06 remove a:amd64 1.0 <none>\n"
        "2026-07-06 04:50:07 purge a:amd64 1.0 <none>\n"
        "2026-07-07 04:50:06 install a:amd64 <none> 1.0\n"
        "2026-07-08 04:50:06 purge a:amd64 1.0 <none>\n"
    )
    assert [change.action for change in dpkg_log.parse(log, UTC_ZONE)[0]] == ["remove", "install", "remove"]


def test_bad_lines_are_rejected_with_their_numbers_and_good_ones_kept() -> None:
    day = "2026-07-06 04:50:06 upgrade a"
    log = f"garbage\n{day}:amd64 1.0 1.1\n{day.replace('07', '13', 1)}:amd64 1.0 1.1\n{day}\n"
    changes, rejects = dpkg_log.parse(log, UTC_ZONE)
    assert len(changes) == 1
    assert [reject.line_number for reject in rejects] == [1, 3, 4]


@given(
    st.text()
    | st.lists(
        st.sampled_from(
            ["0001-01-01 00:00:00", "9999-12-31 23:59:59", " upgrade", " purge", " a:b", " 1", " <none>", "\n"]
        )
    ).map("".join),
    st.sampled_from([UTC_ZONE, ZoneInfo("Pacific/Kiritimati"), ZoneInfo("America/Los_Angeles")]),
)
def test_any_text_gives_changes_and_rejects(text: str, zone: ZoneInfo) -> None:
    changes, _ = dpkg_log.parse(text, zone)
    assert all(change.at.tzinfo is UTC and change.old_version != change.new_version for change in changes)
