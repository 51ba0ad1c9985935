"""apt's history says who asked, and only of runs that ended."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.inventory import apt_history
from tests.conftest import CASES

LOG = (CASES / "patches_bundle" / "debian" / "apt-history.log").read_text(encoding="utf-8")
ZONE = ZoneInfo("Europe/London")
STANZA = """
Start-Date: 2026-07-06  06:12:01
Commandline: {command}
Requested-By: deploy (1000)
Upgrade: libssl3:amd64 (3.0.19-1, 3.0.20-1), openssl:amd64 (3.0.19-1, 3.0.20-1)
Install: linux-image:amd64 (6.1, automatic)
End-Date: 2026-07-06  06:12:09
"""


def test_every_run_of_a_real_server_is_read() -> None:
    runs, rejects = apt_history.parse(LOG, ZONE)
    assert (len(runs), rejects) == (LOG.count("Start-Date: "), []) == (17, [])
    assert "unattended-upgrades" in LOG, "a person installed it: that run was not unattended"
    assert {run.method for run in runs} == {"manual"}
    entries = sum(
        line.count("), ") + 1 for line in LOG.splitlines() if line.split(":")[0] in ("Install", "Upgrade", "Remove")
    )
    assert sum(len(run.packages) for run in runs) == entries


@pytest.mark.parametrize(
    ("command", "method"),
    [
        ("/usr/bin/unattended-upgrade", "unattended"),
        ("/usr/bin/python3 /usr/bin/unattended-upgrade -v", "unattended"),
        ("apt-get -y upgrade", "manual"),
        ("apt-get install unattended-upgrades", "manual"),
    ],
)
def test_method_account_packages_and_times_are_read(command: str, method: str) -> None:
    (run,), _ = apt_history.parse(STANZA.format(command=command), ZONE)
    assert (run.method, run.requested_by) == (method, "deploy")
    assert run.packages == {"libssl3", "openssl", "linux-image"}
    assert run.made("openssl", datetime(2026, 7, 6, 5, 12, 5, tzinfo=UTC))
    assert not run.made("openssl", datetime(2026, 7, 6, 6, 12, 5, tzinfo=UTC)), "another time"
    assert not run.made("curl", datetime(2026, 7, 6, 5, 12, 5, tzinfo=UTC)), "another package"


def test_without_a_command_line_nobody_is_said_to_have_asked() -> None:
    (run,), _ = apt_history.parse(STANZA.replace("Commandline: {command}\nRequested-By: deploy (1000)\n", ""), ZONE)
    assert (run.method, run.requested_by) == (None, None)


def test_an_interrupted_run_is_rejected_with_its_line_and_the_others_are_kept() -> None:
    whole = STANZA.format(command="apt-get upgrade")
    cut = whole.replace("End-Date: 2026-07-06  06:12:09\n", "")
    runs, rejects = apt_history.parse(whole + cut + whole, ZONE)
    assert len(runs) == 2
    assert [(reject.line_number, "interrupted" in reject.reason) for reject in rejects] == [(9, True)]


@given(
    st.text()
    | st.lists(st.sampled_from([*STANZA.splitlines(keepends=True), "\n", "Start-Date: 0001-01-01  00:00:00\n"])).map(
        "".join
    )
)
def test_any_text_gives_runs_and_rejects(text: str) -> None:
    runs, _ = apt_history.parse(text, ZONE)
    assert all(run.started_at.tzinfo is UTC for run in runs)
