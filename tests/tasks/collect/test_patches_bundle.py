"""A drop folder of bundles becomes components and changes, and what is not proved stays unknown."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
import os
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tasks import bundle, bundle_landing, collecting
from tasks.advisory_feeds import Feed, collect_feed
from tasks.collect import patches_bundle
from tasks.contracts import Context, Job, Outcome
from tasks.errors import SourceError
from tests.conftest import CASES
from warehouse.connection import open_live

HERE = CASES / "patches_bundle"
STAMP = "20261123T050000Z"
MADE_AT = datetime(2026, 11, 23, 5, tzinfo=UTC)
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LISTS_AT = MADE_AT - timedelta(hours=2)

WORDPRESS = {
    "core-version.txt": "core-version-extra.txt",
    **{n: n for n in ("core-check-update.json", "plugin-list.json", "theme-list.json", "update-transients.json")},
}
BLOCKED = {n: n for n in ("core-version.txt", "core-check-update.json", "plugin-list.json", "theme-list.json")}
DEBIAN = {n: n for n in ("dpkg-query.tsv", "apt-simulate.txt", "apt-history.log", "dpkg.log.1.gz")}


def files_of(folder: str, names: dict[str, str]) -> dict[str, bytes]:
    return {name: (HERE / folder / source).read_bytes() for name, source in names.items()}


def wordpress(**more: bytes | None) -> dict[str, bytes]:
    """Files of the real WordPress, some replaced, or left out with None; `_` stands for `-` and `__` for `.`."""
    named = {name.replace("__", ".").replace("_", "-"): data for name, data in more.items()}
    return {name: data for name, data in (files_of("wordpress", WORDPRESS) | named).items() if data is not None}


def debian(fetched_at: datetime = LISTS_AT) -> dict[str, bytes]:
    return files_of("debian", DEBIAN) | {"apt-lists-mtime.txt": b"%d\n" % fetched_at.timestamp()}


def drop(
    folder: Path, contents: dict[str, bytes], *, stamp: str = STAMP, entries: dict | None = None, **manifest
) -> Path:
    """Write a bundle as a server does: files first, manifest last. `entries` changes single entries of the manifest."""
    path = folder / stamp
    path.mkdir(parents=True, exist_ok=True)
    listed = []
    for name, data in contents.items():
        (path / name).write_bytes(data)
        entry = {"name": name, "command": "x", "exit_status": 0, "sha256": hashlib.sha256(data).hexdigest()}
        listed.append(entry | (entries or {}).get(name, {}))
    listed += [value for name, value in (entries or {}).items() if name not in contents]
    content = {
        "manifest": 1, "site_id": "one", "host": "web1", "collected_at": MADE_AT.isoformat(), "time_zone": "UTC",
        "files": listed,
    }  # fmt: skip
    (path / "manifest.json").write_text(json.dumps(content | manifest), encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "bundles"
    path.mkdir()
    return path


def job_of(settings, folder: Path, **more) -> Job:
    options = patches_bundle.Options(kind="patches_bundle", folder=folder)
    context = Context(site_id="one", source_id="patches-bundle", time_zone="UTC", host="h", collected_at=NOW)
    return Job(**({"context": context, "options": options, "spool": settings.spool} | more))


def take(settings, folder: Path, **more) -> Outcome:
    outcome = asyncio.run(patches_bundle.collect(job_of(settings, folder, **more)))
    collecting.load_landed(settings)
    return outcome


def query(settings, sql: str) -> list[tuple]:
    with open_live(settings.warehouse) as con:
        return con.execute(sql).fetchall()


def states(settings) -> dict[str, tuple]:
    rows = query(
        settings, "SELECT name, update_state, latest_version, is_security_update FROM raw.component_observation"
    )
    return {name: rest for name, *rest in rows}


def rejects(settings) -> list[tuple[str, str]]:
    return query(settings, "SELECT file, reason FROM raw.reject ORDER BY ALL")


def test_a_wordpress_with_a_fresh_answer_is_known_component_by_component(settings, folder: Path) -> None:
    drop(folder, wordpress())
    outcome = take(settings, folder)
    assert (outcome.state, outcome.landed, outcome.reject_count) == ("complete", {"component_observation": 12}, 0)
    assert outcome.fresh_as_of == datetime(2026, 11, 23, 4, 48, 39, tzinfo=UTC)
    assert states(settings) == {
        "wordpress": ["available", "6.1.10", True],
        "acme-forms": ["available", "5.2", None],
        "acme-slider": ["available", "2.0.0", None],
        "akismet": ["available", "5.3.7", None],
        "acme-old": ["none", None, None],
        # The directory answered, and does not know these: nobody says that they are current.
        **{name: ["unknown", None, None] for name in ("acme-premium", "acme-noversion", "hello-acme")},
        # WordPress never asks about must-use plugins and drop-ins.
        **{name: ["unknown", None, None] for name in ("agency-agent", "lab-update-server", "advanced-cache.php")},
        # WP-CLI calls this "version higher than expected"; 1.6 is newer than 1.0.
        "twentytwentythree": ["available", "1.6", None],
    }
    details = "SELECT status, version, is_auto_update FROM raw.component_observation WHERE name = "
    assert query(settings, f"{details}'akismet'") == [("inactive", "5.0.2", True)]
    assert query(settings, f"{details}'wordpress'") == [(None, "6.1.9", None)]
    assert query(settings, f"{details}'agency-agent'") == [("must-use", "0.3", False)]


def test_must_use_plugins_stay_unknown_where_wordpress_keeps_no_list_of_current_ones(settings, folder: Path) -> None:
    transients = json.loads(wordpress()["update-transients.json"])
    del transients["update_plugins"]["no_update"]
    drop(folder, wordpress(update_transients__json=json.dumps(transients).encode()))
    take(settings, folder)
    found = {name: state for name, (state, *_) in states(settings).items()}
    assert found["acme-premium"] == "none"
    assert {found[name] for name in ("agency-agent", "lab-update-server", "advanced-cache.php")} == {"unknown"}


def test_an_update_server_that_was_not_reached_leaves_all_unknown(settings, folder: Path) -> None:
    drop(folder, files_of("wordpress-blocked", BLOCKED))
    outcome = take(settings, folder)
    assert (outcome.landed, outcome.fresh_as_of) == ({"component_observation": 11}, None)
    assert {tuple(state) for state in states(settings).values()} == {("unknown", None, None)}
    assert query(settings, "SELECT count(*) FROM raw.component_observation WHERE fresh_as_of_at IS NOT NULL") == [(0,)]


def test_a_time_that_wordpress_wrote_without_an_answer_proves_nothing(settings, folder: Path) -> None:
    checked = int(MADE_AT.timestamp())
    bare = {f"update_{kind}": {"last_checked": checked, "updates": []} for kind in ("core", "plugins", "themes")}
    drop(folder, files_of("wordpress-blocked", BLOCKED) | {"update-transients.json": json.dumps(bare).encode()})
    assert take(settings, folder).fresh_as_of is None
    assert {state[0] for state in states(settings).values()} == {"unknown"}


@pytest.mark.parametrize(("age_hours", "state"), [(23, "none"), (25, "unknown"), (-0.5, "none"), (-2, "unknown")])
def test_none_is_said_only_of_a_fresh_answer_and_an_offer_of_any(settings, folder: Path, age_hours, state) -> None:
    answered_at = datetime(2026, 11, 23, 4, 48, 39, tzinfo=UTC)
    drop(folder, wordpress(), collected_at=(answered_at + timedelta(hours=age_hours)).isoformat())
    take(settings, folder)
    found = states(settings)
    assert found["acme-old"][0] == state
    assert found["akismet"] == ["available", "5.3.7", None]
    known = [(answered_at,)] if age_hours > -1 else [(None,)]
    assert query(settings, "SELECT fresh_as_of_at FROM raw.component_observation WHERE name = 'acme-old'") == known


@pytest.mark.parametrize(
    ("offers", "expected"),
    [
        ([("6.1.11", "minor"), ("6.1.10", "minor"), ("6.8.3", "major")], ["available", "6.1.11", True]),
        ([("6.8.3", "major"), ("6.7.4", "major")], ["available", "6.8.3", None]),
        ([("6.1.9", "minor"), ("6.0.1", "major")], ["none", None, None]),
        ([("nonsense", "minor")], ["none", None, None]),
        ([], ["none", None, None]),
    ],
)
def test_core_is_offered_the_newest_of_its_branch_else_the_newest(settings, folder, offers, expected) -> None:
    listed = [{"version": version, "update_type": kind} for version, kind in offers]
    transients = json.loads(wordpress()["update-transients.json"])
    transients["update_core"]["updates"] = [{"response": "latest", "version": "6.1.9"}]
    drop(
        folder,
        wordpress(
            core_check_update__json=json.dumps(listed).encode(), update_transients__json=json.dumps(transients).encode()
        ),
    )
    take(settings, folder)
    assert states(settings)["wordpress"] == expected


@pytest.mark.parametrize("listed", [b"[]", None])
def test_core_is_never_current_while_the_transient_of_the_same_bundle_offers_a_version(
    settings, folder, listed
) -> None:
    drop(folder, wordpress(core_check_update__json=listed))
    take(settings, folder)
    assert states(settings)["wordpress"] == ["available", "6.1.10", True]


@pytest.mark.parametrize(
    ("version", "offered", "word", "state"),
    [
        ("1.5.1", "1.5.1", "available", "none"),
        ("1.5.1", "1.5.0", "available", "none"),
        ("1.5.1", "1.10", "none", "available"),
        ("1.5.1", "1.10", "unavailable", "available"),
        ("1.5.1", "", "unavailable", "unknown"),
        ("1.5.1", "", "none", "none"),
        ("", "1.10", "available", "unknown"),
    ],
)
def test_an_offer_counts_only_when_it_is_newer(settings, folder: Path, version, offered, word, state) -> None:
    item = {"name": "acme-old", "status": "active", "update": word, "version": version, "update_version": offered}
    item["status"] = "active-network"
    transients = json.loads(wordpress()["update-transients.json"])
    transients["update_plugins"]["no_update"]["acme-old/acme-old.php"]["new_version"] = version
    drop(
        folder,
        wordpress(
            plugin_list__json=json.dumps([item]).encode(), update_transients__json=json.dumps(transients).encode()
        ),
    )
    take(settings, folder)
    assert states(settings)["acme-old"][0] == state
    assert query(settings, "SELECT status FROM raw.component_observation WHERE name = 'acme-old'") == [
        ("active-network",)
    ]


def test_a_server_is_known_package_by_package(settings, folder: Path) -> None:
    drop(folder, debian())
    outcome = take(settings, folder)
    assert (outcome.state, outcome.reject_count, outcome.fresh_as_of) == ("complete", 0, LISTS_AT)
    counts = Counter((state, is_security) for state, _, is_security in states(settings).values())
    # Of 132 offers, 17 were installed between simulation and inventory: what is newest for them is not known.
    assert counts == {("none", None): 667, ("unknown", None): 17, ("available", True): 68, ("available", False): 47}
    assert states(settings)["libgif7"][0] == "available"
    assert query(settings, "SELECT DISTINCT ecosystem, fresh_as_of_at FROM raw.component_observation") == [
        ("deb", LISTS_AT)
    ]


@pytest.mark.parametrize(
    "without", ["apt-lists-mtime.txt", "apt-simulate.txt", "old lists", "failed simulation", "lists from the future"]
)
def test_without_proof_packages_that_are_not_offered_are_unknown(settings, folder: Path, without: str) -> None:
    files, entries, fresh = debian(), {}, None
    if without == "old lists":
        fresh = MADE_AT - timedelta(hours=25)
        files = debian(fresh)
    elif without == "lists from the future":
        files = debian(MADE_AT + timedelta(days=3))
    elif without == "failed simulation":
        entries = {"apt-simulate.txt": {"exit_status": 100}}
    else:
        del files[without]
    drop(folder, files, entries=entries)
    outcome = take(settings, folder)
    found = Counter(state for state, *_ in states(settings).values())
    offered = 0 if "simul" in without else 115
    assert found == Counter({"unknown": 799 - offered, "available": offered})
    assert outcome.fresh_as_of == fresh
    assert [file for file, _ in rejects(settings)] == ([f"{STAMP}/apt-simulate.txt"] if entries else [])


def test_every_change_of_the_log_is_an_event_and_apt_says_who(settings, folder: Path) -> None:
    drop(folder, debian())
    assert take(settings, folder).landed["patch_event"] == 775
    words = Counter(line.split()[2] for line in gzip.decompress(debian()["dpkg.log.1.gz"]).decode().splitlines())
    assert dict(query(settings, "SELECT action, count(*) FROM raw.patch_event GROUP BY ALL")) == {
        "install": words["install"], "upgrade": words["upgrade"], "remove": words["remove"]
    }  # fmt: skip
    assert query(settings, "SELECT count(DISTINCT event_id) FROM raw.patch_event") == [(775,)]
    # Two packages were installed with dpkg itself: no run of apt holds them.
    unknown = query(settings, "SELECT name FROM raw.patch_event WHERE method IS NULL ORDER BY name")
    assert unknown == [("nodejs",), ("osslsigncode",)]
    assert query(settings, "SELECT DISTINCT method, requested_by FROM raw.patch_event WHERE method IS NOT NULL") == [
        ("manual", None)
    ]


def test_an_unattended_upgrade_is_told_from_a_persons(settings, folder: Path) -> None:
    log = b"2026-07-06 06:12:05 upgrade openssl:amd64 3.0.19-1 3.0.20-1\n2026-07-07 06:12:05 upgrade tzdata:all 1 2\n"
    history = (
        b"Start-Date: 2026-07-06  06:12:01\nCommandline: /usr/bin/unattended-upgrade\n"
        b"Upgrade: openssl:amd64 (3.0.19-1, 3.0.20-1)\nEnd-Date: 2026-07-06  06:12:09\n\n"
        b"Start-Date: 2026-07-07  06:12:01\nCommandline: apt upgrade\nRequested-By: deploy (1000)\n"
        b"Upgrade: tzdata:amd64 (1, 2)\nEnd-Date: 2026-07-07  06:12:09\n"
    )
    drop(folder, {"dpkg.log": log, "apt-history.log": history}, time_zone="Europe/London")
    take(settings, folder)
    assert query(
        settings, "SELECT name, patched_at, method, requested_by FROM raw.patch_event ORDER BY patched_at"
    ) == [
        ("openssl", datetime(2026, 7, 6, 5, 12, 5, tzinfo=UTC), "unattended", None),
        ("tzdata", datetime(2026, 7, 7, 5, 12, 5, tzinfo=UTC), "manual", "deploy"),
    ]


def test_overlapping_logs_give_each_change_once_within_a_bundle_and_one_identity_across(settings, folder: Path) -> None:
    old = b"2026-07-06 06:12:05 upgrade openssl:amd64 3.0.19-1 3.0.20-1\n"
    new = old + b"2026-07-13 06:12:05 upgrade openssl:amd64 3.0.20-1 3.0.21-1\n"
    drop(folder, {"dpkg.log.1": old, "dpkg.log": new})
    drop(folder, {"dpkg.log.1.gz": gzip.compress(new)}, stamp="20261124T050000Z")
    take(settings, folder)
    assert query(settings, "SELECT count(*), count(DISTINCT event_id) FROM raw.patch_event") == [(4, 2)]


def test_running_twice_changes_nothing_and_only_new_bundles_are_taken(settings, folder: Path) -> None:
    drop(folder, wordpress())
    assert take(settings, folder).landed_count == 12
    assert take(settings, folder) == Outcome(state="empty")
    drop(folder, wordpress(), stamp="20261124T050000Z", collected_at="2026-11-23T11:00:00+00:00")
    assert take(settings, folder).landed_count == 12
    bundles = "SELECT bundle_id, count(*) FROM raw.component_observation GROUP BY ALL ORDER BY ALL"
    assert query(settings, bundles) == [(STAMP, 12), ("20261124T050000Z", 12)]


def test_a_lost_cursor_doubles_nothing(settings, folder: Path) -> None:
    drop(folder, wordpress())
    take(settings, folder)
    (settings.spool.cursors / "one.patches-bundle.json").unlink()
    take(settings, folder)
    assert query(settings, "SELECT count(*) FROM raw.component_observation") == [(12,)]


def test_a_bundle_that_is_still_uploaded_waits_for_its_manifest(settings, folder: Path) -> None:
    path = drop(folder, wordpress())
    manifest = (path / "manifest.json").rename(folder / "later.json")
    drop(folder, wordpress(), stamp="20261123T060000Z.part")
    assert take(settings, folder) == Outcome(state="empty")
    manifest.rename(path / "manifest.json")
    assert take(settings, folder).state == "complete"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"site_id": "two"}, "a bundle of the site 'two'"),
        ({"manifest": 2}, "manifest: Input should be 1"),
        ({"time_zone": "Mars/Olympus"}, "not an IANA time zone"),
        ({"collected_at": "2026-11-23T05:00:00"}, "timezone"),
        ({"collected_at": "2026-11-25T05:00:00+00:00"}, "set the server's clock"),
        ({"collected_at": "0001-01-01T00:00:00+00:00"}, "set the server's clock"),
        ({"collected_at": "1970-01-01T00:05:00+00:00"}, "set the server's clock"),
        ({"files": [{"name": "a"}]}, "files.0.exit_status: Field required"),
    ],
)
def test_a_bundle_that_can_not_be_used_is_one_reject_and_the_others_go_on(settings, folder, change, reason) -> None:
    drop(folder, wordpress(), stamp="20261122T050000Z", **change)
    drop(folder, wordpress())
    outcome = take(settings, folder)
    assert (outcome.state, outcome.landed, outcome.reject_count) == ("partial", {"component_observation": 12}, 1)
    ((file, text),) = rejects(settings)
    assert file == "20261122T050000Z/manifest.json"
    assert reason in text
    assert take(settings, folder) == Outcome(state="empty"), "it is rejected once"


def test_a_manifest_that_was_mended_is_taken(settings, folder: Path) -> None:
    drop(folder, wordpress(), manifest="one")
    assert take(settings, folder).landed_count == 0
    drop(folder, wordpress())
    assert take(settings, folder).landed_count == 12


def test_bad_files_are_rejected_one_by_one_and_the_rest_is_kept(settings, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("6.1.9")
    digest = hashlib.sha256(b"6.1.9").hexdigest()
    outside = {"command": "", "exit_status": 0, "sha256": digest}
    files = wordpress(core_version__txt=None, theme_list__json=b"PHP Fatal error", nagios__cfg=b"x")
    path = drop(
        folder,
        files,
        entries={
            "update-transients.json": {"exit_status": 255, "command": "wp --http=u:pw@x?password=hunter2"},
            "core-check-update.json": {"sha256": "0" * 64},
            "up": outside | {"name": "../../secret.txt"},
            "absolute": outside | {"name": str(tmp_path / "secret.txt")},
            "dots": outside | {"name": ".."},
            "link": outside | {"name": "core-version.txt"},
            "missing": outside | {"name": "dpkg.log"},
            "twice": outside | {"name": "plugin-list.json"},
        },
    )
    (path / "core-version.txt").symlink_to(tmp_path / "secret.txt")
    outcome = take(settings, folder)
    assert (outcome.state, outcome.landed) == ("partial", {"component_observation": 10})
    found = {file.removeprefix(f"{STAMP}/"): reason for file, reason in rejects(settings)}
    expected = {
        "update-transients.json": "exit status 255", "core-check-update.json": "sha256 differs",
        "../../secret.txt": "not a plain file name", str(tmp_path / "secret.txt")[:200]: "not a plain file name",
        "..": "not a plain file name", "core-version.txt": "symbolic link", "dpkg.log": "not there",
        "plugin-list.json": "twice", "theme-list.json": "JSON list", "nagios.cfg": "no parser",
    }  # fmt: skip
    assert found.keys() == expected.keys()
    for name, reason in expected.items():
        assert reason in found[name]
    # Without the transients nothing is proved, and an offer is still an offer.
    assert Counter(state for state, *_ in states(settings).values()) == {"available": 3, "unknown": 7}
    assert query(settings, "SELECT count(*) FROM raw.reject WHERE concat(reason, excerpt) LIKE '%hunter2%'") == [(0,)]


def test_hostile_names_are_stored_as_they_are_but_cut(settings, folder: Path) -> None:
    names = [
        "<script>alert(1)</script>",
        "a\x00b\x1b[31m",
        "'; DROP TABLE raw.site; --",
        "half \ud800 of a pair",
        "x" * 5000,
    ]
    listed = [{"name": name, "status": "active", "update": "none", "version": "1" * 999} for name in names]
    drop(folder, wordpress(plugin_list__json=json.dumps(listed).encode()))
    assert take(settings, folder).state == "complete"
    stored = query(
        settings, "SELECT name, length(version) FROM raw.component_observation WHERE ecosystem = 'wordpress-plugin'"
    )
    assert {name for name, _ in stored} == {*names[:3], "half ? of a pair", "x" * 200}
    assert {length for _, length in stored} == {200}


def test_a_gzip_that_ends_early_keeps_the_lines_before(settings, folder: Path) -> None:
    data = debian()["dpkg.log.1.gz"]
    drop(folder, {"dpkg.log.1.gz": data[: len(data) // 2], "dpkg.log.2.gz": b"no gzip"})
    outcome = take(settings, folder)
    assert 100 < outcome.landed["patch_event"] < 775
    reasons = [reason for _, reason in rejects(settings)]
    assert any("ends early" in reason for reason in reasons)
    assert any("damaged" in reason for reason in reasons)


def test_a_gzip_that_ends_inside_a_version_makes_up_no_other_version() -> None:
    line = b"2026-07-06 06:12:05 upgrade openssl:amd64 3.0.19-1 3.0.20-1~deb12u12\n"
    data = gzip.compress(line * 2, compresslevel=0)
    kept, reason = bundle.inflate(data[: data.rindex(b"u12\n") + 2])
    assert (kept, "ends early" in (reason or "")) == (line, True)


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to root")
def test_a_bundle_that_may_not_be_read_hides_no_other(settings, folder: Path) -> None:
    drop(folder, wordpress())
    closed = drop(folder, wordpress(), stamp="20261122T050000Z")
    closed.chmod(0)
    try:
        outcome = take(settings, folder)
    finally:
        closed.chmod(0o700)
    assert (outcome.state, outcome.landed) == ("partial", {"component_observation": 12})
    assert outcome.message == "20261122T050000Z: Permission denied"


def test_a_change_is_given_to_the_run_of_apt_that_had_started_last(settings, folder: Path) -> None:
    stanza = "Start-Date: 2026-07-06  06:{0}:01\nCommandline: {1}\nUpgrade: a:amd64 (1, 2)\nEnd-Date: 2026-07-06  06:{0}:05\n\n"
    history = "".join(stanza.format(minute, command) for minute, command in ((30, "apt"), (10, "unattended-upgrade")))
    minutes = {"09": None, "10": "unattended", "20": None, "30": "manual", "40": None}
    log = "".join(f"2026-07-06 06:{minute}:05 upgrade a:amd64 1 2\n" for minute in minutes)
    drop(folder, {"dpkg.log": log.encode(), "apt-history.log": history.encode()})
    take(settings, folder)
    found = query(settings, "SELECT method FROM raw.patch_event ORDER BY patched_at")
    assert [method for (method,) in found] == list(minutes.values())


def test_files_that_are_too_large_are_refused(settings, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "FILE_BYTES", 2000)
    monkeypatch.setattr(bundle, "BUNDLE_BYTES", 2500)
    drop(folder, wordpress() | {"dpkg.log.gz": gzip.compress(bytes(100_000)), "dpkg.log": bytes(1500)})
    take(settings, folder)
    found = {file.removeprefix(f"{STAMP}/"): reason for file, reason in rejects(settings)}
    assert "larger than" in found["update-transients.json"]
    assert "when decompressed" in found["dpkg.log.gz"]
    assert "in all" in found["dpkg.log"]


def test_a_log_of_garbage_is_counted_not_copied(settings, folder: Path) -> None:
    drop(folder, {"dpkg.log": b"garbage\n" * 5000})
    assert take(settings, folder).reject_count == 101
    assert ("4,900 more lines could not be read",) in query(settings, "SELECT reason FROM raw.reject")


def test_the_window_chooses_bundles_by_when_they_were_made(settings, folder: Path) -> None:
    for day in (20, 21, 22):
        drop(folder, wordpress(), stamp=f"202611{day}T050000Z", collected_at=f"2026-11-{day}T06:00:00+01:00")
    window = {"since": datetime(2026, 11, 21, 5, tzinfo=UTC), "until": datetime(2026, 11, 22, 5, tzinfo=UTC)}
    take(settings, folder, **window)
    assert query(settings, "SELECT DISTINCT bundle_id FROM raw.component_observation") == [("20261121T050000Z",)]
    take(settings, folder)
    assert query(settings, "SELECT count(DISTINCT bundle_id) FROM raw.component_observation") == [(3,)]


def test_a_missing_folder_fails_and_says_what_to_mend(settings, folder: Path) -> None:
    with pytest.raises(SourceError, match="mend `folder`"):
        take(settings, folder / "nowhere")


def test_check_says_what_the_newest_bundle_holds_and_stores_nothing(settings, folder: Path) -> None:
    with pytest.raises(SourceError, match="No complete bundle"):
        asyncio.run(patches_bundle.check(job_of(settings, folder)))
    drop(folder, wordpress() | debian())
    text = asyncio.run(patches_bundle.check(job_of(settings, folder)))
    assert text == f"1 bundles; {STAMP}: 811 components, 23 unknown"
    assert settings.spool.pending() == []
    drop(folder, wordpress(), stamp="20261124T050000Z", site_id="two")
    with pytest.raises(SourceError, match="site 'two'"):
        asyncio.run(patches_bundle.check(job_of(settings, folder)))


@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from([*WORDPRESS, *DEBIAN, "apt-lists-mtime.txt", "dpkg.log"]),
        st.binary(max_size=200)
        | st.text(max_size=50).map(str.encode)
        | st.just(b'[{"name": "\\ud800", "version": "1"}]'),
    )
)
def test_any_bytes_give_records_that_fit_their_tables_and_rejects(files: dict[str, bytes]) -> None:
    manifest = bundle.Manifest(manifest=1, site_id="one", host="h", collected_at=MADE_AT, time_zone="UTC", files=[])
    origin = bundle.Origin(
        site_id="one", source_id="s", bundle_id="b", manifest=manifest, max_age=timedelta(days=1)
    )  # fmt: skip
    texts = {name: data.decode("utf-8", "replace") for name, data in files.items()}
    parsed = bundle_landing.parse(bundle.Files(origin, texts))
    for record in (*parsed.records, *parsed.rejects):
        for field in record.schema():
            value = getattr(record, field.name)
            assert value is not None or field.nullable
            if isinstance(value, str):
                value.encode()


@given(st.binary(max_size=300))
def test_any_manifest_is_read_or_is_a_source_error(data: bytes) -> None:
    with pytest.raises(SourceError, match=r"manifest\.json: "):
        bundle.read_manifest(data)


INVENTORY = CASES / "inventory"


def case(path: str) -> bytes:
    return (INVENTORY / path).read_bytes()


def test_the_other_formats_are_read_by_their_names(settings, folder: Path) -> None:
    contents = {
        "composer.lock": case("composer-lock/composer.lock"),
        "theme.package-lock.json.gz": gzip.compress(case("package-lock/package-lock.json")),
        "windows-hotfixes.json": case("windows-hotfixes/powershell5.json"),
        "npm-audit.json": case("npm-audit/found.json"),
    }
    drop(folder, contents, entries={"npm-audit.json": {"exit_status": 1}})
    outcome = take(settings, folder)
    assert outcome.landed["scanner_finding"] == 4
    assert {state for state, *_ in states(settings).values()} == {"unknown"}
    assert query(settings, "SELECT scanner, finding_count, reject_count FROM raw.scanner_run") == [("npm-audit", 4, 0)]
    assert query(
        settings,
        "SELECT ecosystem, advisory_ecosystem, advisory_name, purl, version_key = advisory_key "
        "FROM raw.component_observation WHERE name = 'drupal/webform'",
    ) == [
        (
            "Packagist", "Packagist:https://packages.drupal.org/8", "drupal/webform",
            "pkg:composer/drupal/webform@6.2.0", True,
        )
    ]  # fmt: skip
    assert query(settings, "SELECT name, at_precision, action FROM raw.patch_event") == [
        ("KB5066835", "day", "install")
    ]


def test_a_component_has_the_name_of_its_advisories_however_both_are_written(settings, folder: Path) -> None:
    written = {
        "NuGet": ("nuget/Umbraco.CMS", "umbraco.Cms", True),
        "Packagist": ("composer/Acme/Forms", "acme/forms", True),
        "PyPI": ("pypi/acme_forms", "Acme.Forms", True),
        "npm": ("npm/left", "Left", False),
    }
    components = [{"type": "library", "name": "x", "purl": f"pkg:{purl}@1.0.0"} for purl, _, _ in written.values()]
    sbom = {"bomFormat": "CycloneDX", "specVersion": "1.5", "components": components}
    drop(folder, {"sbom.cdx.json": json.dumps(sbom).encode()})
    take(settings, folder)
    feed = folder / "osv.json"
    feed.write_text(
        json.dumps([
            {"id": f"A-{ecosystem}", "affected": [{"package": {"ecosystem": ecosystem, "name": name}, "versions": ["1.0.0"]}]}
            for ecosystem, (_, name, _) in written.items()
        ])
    )  # fmt: skip
    asyncio.run(collect_feed(Feed(id="osv", format="osv", path=feed), settings, lambda _: None))  # type: ignore[arg-type,return-value]
    collecting.load_landed(settings)
    joined = query(
        settings,
        "SELECT ecosystem FROM raw.component_observation AS seen JOIN raw.advisory_range AS affected USING (ecosystem)"
        " WHERE seen.advisory_name = affected.name ORDER BY ecosystem",
    )
    assert [name for (name,) in joined] == sorted(name for name, (_, _, is_one) in written.items() if is_one)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("npm-audit.json", "npm-audit/refused.json"),
        ("composer-audit.json", "composer-audit/unreachable.json"),
        ("dotnet-vulnerable.json", "dotnet-list/not-restored.json"),
        ("trivy.json", "npm-audit/refused.json"),
    ],
)
def test_a_scan_that_failed_is_no_scan(settings, folder: Path, name: str, content: str) -> None:
    drop(folder, {name: case(content)})
    outcome = take(settings, folder)
    assert (outcome.landed_count, outcome.reject_count) == (0, 1)
    assert query(settings, "SELECT count(*) FROM raw.scanner_run") == [(0,)]


def test_a_scan_that_found_nothing_is_told_from_none(settings, folder: Path) -> None:
    drop(folder, {"trivy.json": case("trivy/none.json")})
    assert take(settings, folder).reject_count == 0
    assert query(settings, "SELECT scanner, finding_count FROM raw.scanner_run") == [("trivy", 0)]
    assert query(settings, "SELECT count(*) FROM raw.scanner_finding") == [(0,)]


def test_advisories_of_debian_are_asked_for_the_source_package_of_the_release(settings, folder: Path) -> None:
    release = b'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nID=debian\n'
    drop(folder, debian() | {"os-release": release})
    take(settings, folder)
    sql = "SELECT advisory_ecosystem, advisory_name, purl FROM raw.component_observation WHERE name = 'bsdutils'"
    assert query(settings, sql) == [
        (
            "Debian:12", "util-linux",
            "pkg:deb/debian/bsdutils@1:2.38.1-5%2Bdeb12u3?distro=debian-12&upstream=util-linux",
        )
    ]  # fmt: skip
    drop(folder, debian(), stamp="20261122T050000Z")
    take(settings, folder)
    without = f"{sql} AND bundle_id = '20261122T050000Z'"
    assert query(settings, without) == [(None, None, None)]


def test_what_a_site_runs_on_is_what_wordpress_sees_before_what_the_shell_sees(settings, folder: Path) -> None:
    said = {
        "os-release": b'VERSION_ID="12"\nID=debian\n',
        "php-version.txt": b"PHP 8.2.20 (cli) (built: Jun 17 2024 13:33:14) (NTS)\n",
        "database-version.txt": b"mysqld  Ver 10.11.6-MariaDB-0+deb12u1 for debian-linux-gnu on x86_64 (Debian 12)\n",
        "wordpress-runtime.json": b'{"php":"8.3.7","database":"11.4.2-MariaDB-ubu2404"}',
    }
    drop(folder, debian() | said)
    take(settings, folder)
    drop(folder, debian() | {"os-release": b"ID=debian\nVERSION_ID=trixie/sid\n"}, stamp="20261122T050000Z")
    take(settings, folder)
    assert query(settings, "SELECT kind, product, version FROM raw.runtime ORDER BY bundle_id, kind") == [
        ("database", "mariadb", "11.4.2"),
        ("language", "php", "8.3.7"),
        ("system", "debian", "12"),
    ]


def test_what_is_closed_abandoned_deprecated_or_held_is_kept(settings, folder: Path) -> None:
    directory = [
        {"name": "acme-old", "wporg_status": "closed", "wporg_last_updated": "2024-05-06"},
        {"name": "acme-forms", "wporg_status": "active", "wporg_last_updated": "2026-10-01"},
    ]
    lock = {"lockfileVersion": 3, "packages": {"node_modules/request": {"version": "2.88.2", "deprecated": "no more"}}}
    packages = "".join(
        f"{name}\t1.0\t{name}\t1.0\t{status}\n" for name, status in (("a", "hi "), ("b", "ii "), ("c", "hi "))
    )
    drop(
        folder,
        wordpress(plugin_directory__json=json.dumps(directory).encode())
        | {
            "composer-outdated.json": case("composer-outdated/composer-outdated.json"),
            "package-lock.json": json.dumps(lock).encode(),
            "dpkg-query.tsv": packages.encode(),
        },
    )
    options = patches_bundle.Options(kind="patches_bundle", folder=folder, held={"c": "the printer needs it"})
    take(settings, folder, options=options)
    said = "directory_state, directory_updated_date::VARCHAR, is_abandoned, replacement, is_held, hold_reason"
    sql = f"SELECT name, {said} FROM staging.component_state WHERE {{}} ORDER BY ALL"
    assert query(settings, sql.format("directory_state IS NOT NULL")) == [
        ("acme-forms", "listed", "2026-10-01", None, None, None, None),
        ("acme-old", "closed", "2024-05-06", None, None, None, None),
    ]
    assert query(settings, sql.format("is_abandoned IS NOT NULL")) == [
        ("drupal/webform", None, None, True, "drupal/webform_next", None, None),
        ("guzzlehttp/psr7", None, None, False, None, None, None),
        ("request", None, None, True, None, None, None),
        ("symfony/http-foundation", None, None, False, None, None, None),
    ]
    assert [row[:1] + row[5:] for row in query(settings, sql.format("is_held IS NOT NULL"))] == [
        ("a", True, None),
        ("b", False, None),
        ("c", True, "the printer needs it"),
    ]


def test_files_that_list_the_same_component_are_joined(settings, folder: Path) -> None:
    drop(
        folder,
        {
            "composer.lock": case("composer-lock/composer.lock"),
            "composer-outdated.json": case("composer-outdated/composer-outdated.json"),
        },
    )
    assert take(settings, folder).landed == {"component_observation": 3}
    assert states(settings) == {
        "drupal/webform": ["available", "6.3.0", None],
        "guzzlehttp/psr7": ["available", "2.7.0", None],
        "symfony/http-foundation": ["available", "7.1.7", None],
    }


def lock(*versions: str) -> bytes:
    places = {f"node_modules/{'x/node_modules/' * depth}lodash": v for depth, v in enumerate(versions)}
    packages = {"": {"name": "site"}} | {place: {"version": version} for place, version in places.items()}
    return json.dumps({"lockfileVersion": 3, "packages": packages}).encode()


def test_a_package_in_two_versions_is_two_components_and_no_change(settings, folder: Path) -> None:
    for day, versions in enumerate((("4.17.20",), ("4.17.20", "4.17.21"), ("4.17.21",)), start=20):
        stamp = f"202611{day}T050000Z"
        drop(folder, {"package-lock.json": lock(*versions)}, stamp=stamp, collected_at=f"2026-11-{day}T05:00:00+00:00")
    take(settings, folder)
    sql = "SELECT bundle_id, version, previous_version FROM staging.component_state ORDER BY ALL"
    assert query(settings, sql) == [
        ("20261120T050000Z", "4.17.20", None),
        ("20261121T050000Z", "4.17.20", None),
        ("20261121T050000Z", "4.17.21", None),
        ("20261122T050000Z", "4.17.21", "4.17.20"),
    ]


def test_a_newer_parser_reads_the_bundles_again_and_its_word_counts(
    settings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(folder, {"package-lock.json": lock("4.17.20")})
    monkeypatch.setattr(patches_bundle, "PARSER", "patches_bundle/9")
    take(settings, folder)
    monkeypatch.setattr(patches_bundle, "PARSER", "patches_bundle/10")
    assert take(settings, folder).landed_count == 1
    assert take(settings, folder) == Outcome(state="empty")
    assert query(settings, "SELECT count(*) FROM raw.component_observation") == [(2,)]
    assert query(settings, "SELECT count(*) FROM staging.component_state") == [(1,)]


def test_the_last_package_is_removed_only_where_its_list_is_there_and_was_read_whole(settings, folder: Path) -> None:
    def bundle_of(day: int, **files: bytes | None) -> None:
        contents = {name.replace("__", ".").replace("_", "-"): data for name, data in files.items() if data is not None}
        stamp, at = f"202611{day}T050000Z", f"2026-11-{day}T05:00:00+00:00"
        drop(folder, wordpress() | contents, stamp=stamp, collected_at=at)
        take(settings, folder)

    def ends() -> list[tuple]:
        return query(settings, "SELECT last_seen_at, closed_at FROM staging.installed_span WHERE ecosystem = 'npm'")

    def at(day: int) -> datetime:
        return datetime(2026, 11, day, 5, tzinfo=UTC)

    bundle_of(10, package_lock__json=lock("4.17.20"), theme__package_lock__json=lock("4.17.20"))
    bundle_of(11)  # the locks are not sent: nobody knows
    assert ends() == [(at(10), None)]
    bundle_of(12, package_lock__json=lock())
    assert ends() == [(at(10), None)], "of the theme nobody knows"
    bundle_of(13, package_lock__json=lock(), theme__package_lock__json=b"{")
    assert ends() == [(at(10), None)], "it can't be read"
    bundle_of(15, package_lock__json=lock(), theme__package_lock__json=lock())
    assert ends() == [(at(10), at(15))]
    bundle_of(14, package_lock__json=lock(), theme__package_lock__json=gzip.compress(lock())[:-9])
    assert ends() == [(at(10), at(15))], "it was cut off"
    bundle_of(16, package_lock__json=lock("4.17.21"))
    bundle_of(17, package_lock__json=lock())
    assert ends() == [(at(10), at(15)), (at(16), at(17))]
    empty = query(settings, "SELECT bundle_id, ecosystem FROM staging.empty_inventory ORDER BY ALL")
    assert empty == [("20261115T050000Z", "npm"), ("20261117T050000Z", "npm")]
