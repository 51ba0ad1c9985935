"""The demo quarter: its bytes, its formats, and the answers that its README promises."""

from __future__ import annotations

import gzip
import hashlib
import ipaddress
import itertools
import json
import os
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import demo
from demo.generate import generate
from demo.scenario import SITES, STORY
from tasks import bundle, bundle_landing
from tasks.contracts import Context
from tasks.log_files import read_all
from tasks.waf_parse import LogParser, format_named
from tests.conftest import CASES
from tests.demo import counting
from tests.demo.counting import readme_answers

pytestmark = pytest.mark.slow

DOCUMENTATION = [
    ipaddress.ip_network(text) for text in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
]


def hashes(folder: Path) -> dict[str, tuple[str, float]]:
    return {
        str(path.relative_to(folder)): (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_files_hold_exactly_the_answers_of_the_readme(quarter: Path) -> None:
    assert counting.answers(quarter) == readme_answers()


def test_the_quarter_is_as_large_as_promised(quarter: Path) -> None:
    found = {
        key: int(text.replace(",", "")) for key, text in readme_answers().items() if key.endswith(("lines", "events"))
    }
    assert sum(count for key, count in found.items() if key.endswith("access lines")) >= 320_000
    assert 8_000 <= sum(count for key, count in found.items() if key.endswith("audit events")) <= 15_000
    assert sum(path.stat().st_size for path in quarter.rglob("*") if path.is_file()) < 150e6


def test_a_second_run_writes_the_same_bytes(quarter: Path, tmp_path: Path) -> None:
    generate(tmp_path)
    assert hashes(tmp_path) == hashes(quarter)


def test_another_time_zone_and_hash_seed_change_no_byte(quarter: Path, tmp_path: Path) -> None:
    code = "import sys, pathlib; from demo.generate import generate; generate(pathlib.Path(sys.argv[1]))"
    environment = os.environ | {"TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": "4711", "LC_ALL": "C"}
    root = Path(demo.__file__).parents[1]
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, env=environment, cwd=root)
    assert hashes(tmp_path) == hashes(quarter)


def test_progress_ends_at_its_total(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(STORY, "2026Q3", SITES[2:3])
    told: list[tuple[int, int]] = []
    generate(tmp_path, on_progress=lambda done, total: told.append((done, total)))
    assert told == [(number, 9) for number in range(1, 10)]


def audit_time(text: str, site: str) -> datetime:
    offset = f"{counting.LOG_OFFSET_HOURS[site]:+03d}00"
    return datetime.strptime(f"{text} {offset}", "%a %b %d %H:%M:%S %Y %z").astimezone(UTC)


@pytest.mark.parametrize("site", counting.SITES)
def test_every_refused_attack_stands_in_both_logs(quarter: Path, site: str) -> None:
    in_audit = Counter(
        (audit_time(t["time_stamp"], site), t["client_ip"], t["request"]["uri"]) for t in counting.audits(quarter, site)
    )
    in_access = Counter(
        (datetime.strptime(r["at"], "%d/%b/%Y:%H:%M:%S %z").astimezone(UTC), r["ip"], r["target"])
        for r in counting.requests(quarter, site)
    )
    assert in_audit <= in_access
    refused = sum(r["status"] == "403" for r in counting.requests(quarter, site))
    blocks = int(readme_answers()[f"{site}: blocked, or would have been"].replace(",", ""))
    assert refused == (0 if site == "alderfinch" else blocks)


def moment(request: dict[str, str]) -> datetime:
    return datetime.strptime(request["at"], "%d/%b/%Y:%H:%M:%S %z")


def test_an_outage_with_an_error_page_answers_everybody_with_it(quarter: Path) -> None:
    start, end = datetime(2026, 8, 29, 17, 12, tzinfo=UTC), datetime(2026, 8, 29, 17, 20, tzinfo=UTC)
    during = [r for r in counting.requests(quarter, "alderfinch") if start <= moment(r) < end]
    assert {r["status"] for r in during} == {"503"}
    attacks = [
        t for t in counting.audits(quarter, "alderfinch") if start <= audit_time(t["time_stamp"], "alderfinch") < end
    ]
    assert attacks and {t["response"]["http_code"] for t in attacks} == {503}


def test_an_outage_without_an_answer_leaves_no_line_in_either_log(quarter: Path) -> None:
    start, end = datetime(2026, 8, 20, 13, 6, tzinfo=UTC), datetime(2026, 8, 20, 13, 53, tzinfo=UTC)
    assert not [r for r in counting.requests(quarter, "harbourvale") if start <= moment(r) < end]
    times = [audit_time(t["time_stamp"], "harbourvale") for t in counting.audits(quarter, "harbourvale")]
    assert not [at for at in times if start <= at < end]


@pytest.mark.parametrize("site", counting.SITES)
def test_robots_and_the_uptime_monitor_say_who_they_are(quarter: Path, site: str) -> None:
    seen = " ".join({r["agent"] for r in counting.requests(quarter, site)})
    for name in ("Googlebot", "bingbot", "GPTBot", "AhrefsBot", "UptimeRobot"):
        assert name in seen


@pytest.mark.parametrize("site", counting.SITES)
def test_only_documentation_addresses_occur(quarter: Path, site: str) -> None:
    for address in {r["ip"] for r in counting.requests(quarter, site)}:
        ip = ipaddress.ip_address(address)
        assert any(ip in network for network in DOCUMENTATION if network.version == ip.version), address


def test_the_blocked_editor_otherwise_works_undisturbed_on_the_same_day(quarter: Path) -> None:
    work: dict[str, list[dict[str, str]]] = {}
    for request in counting.requests(quarter, "harbourvale"):
        if request["ip"] == "198.51.100.50":
            work.setdefault(request["day"], []).append(request)
    assert len(work) == 8
    for day, seen in work.items():
        answered = [r for r in seen if r["status"] == "200"]
        refused = [r for r in seen if r["status"] == "403"]
        assert refused and len(answered) > 10 * len(refused) / 2, day
        assert len({r["path"] for r in answered}) >= 3, day


def test_the_brute_force_stays_above_two_hundred_a_day_from_each_of_three_networks(quarter: Path) -> None:
    guesses = Counter(
        (r["ip"], r["day"])
        for r in counting.requests(quarter, "harbourvale")
        if r["method"] == "POST" and r["path"] == "/wp-login.php" and r["status"] == "200"
    )
    assert len({address for address, _ in guesses}) == 3
    assert sum(count >= 200 for count in guesses.values()) >= 15


def test_the_held_plugin_is_offered_in_every_inventory_and_never_changes(quarter: Path) -> None:
    rows = [counting.plugins(path)["event-diary"] for path in counting.bundles(quarter, "harbourvale")]
    assert {(row["version"], row["update"], row["update_version"]) for row in rows} == {("4.2.1", "available", "4.3.0")}


@pytest.mark.parametrize("site", ["harbourvale", "alderfinch", "linden"])
def test_all_other_plugins_are_updated_within_a_week(quarter: Path, site: str) -> None:
    found = [counting.plugins(path) for path in counting.bundles(quarter, site)]
    assert 12 <= len(found[0]) <= 20
    updated = 0
    for before, after in itertools.pairwise(found):
        for name, row in before.items():
            if row["update"] == "available" and name != "event-diary":
                assert after[name]["version"] == row["update_version"], (name, row)
                updated += 1
    assert updated >= 15


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "{{7*7}}", "/../../etc/passwd", "=cmd()|'/C calc'!A0"])
def test_hostile_text_is_in_the_access_log(quarter: Path, text: str) -> None:
    assert any(text in line for line in counting.lines(quarter, "linden", "access.log"))


def test_the_audit_log_has_the_classes_and_the_shape_of_a_real_one(quarter: Path) -> None:
    real = json.loads(gzip.decompress((CASES / "waf" / "nginx-shop-audit.json.log.gz").read_bytes()).splitlines()[0])[
        "transaction"
    ]
    made = counting.audits(quarter, "harbourvale")
    families = {rule[:3] for transaction in made for rule in counting.rule_ids(transaction)}
    assert families >= {"913", "920", "930", "932", "933", "941", "942", "949"}
    for transaction in made:
        assert list(transaction) == list(real)
        assert set(transaction["response"]) - {"body"} == set(real["response"]) - {"body"}
        assert list(transaction["producer"]) == list(real["producer"])
        for message in transaction["messages"]:
            assert list(message["details"]) == list(real["messages"][0]["details"])


@pytest.mark.parametrize("site", counting.SITES)
@pytest.mark.parametrize("name", ["access.log", "modsec_audit.log"])
def test_the_real_parser_rejects_no_line(quarter: Path, site: str, name: str) -> None:
    log_format = format_named("access-combined" if name == "access.log" else "modsecurity-v3-json")
    zone = "Europe/Berlin" if site == "alderfinch" else "UTC"
    context = Context(
        site_id=site, source_id=name, time_zone=zone, host="", url="", collected_at=datetime(2026, 10, 1, tzinfo=UTC)
    )
    parser, folder = LogParser(log_format, context), quarter / "logs" / site
    parsed = 0
    for path in (folder / name, folder / f"{name}.1", folder / f"{name}.13.gz"):
        for block in read_all(path):
            tables = parser.parse(block, path.name)
            assert tables["reject"].num_rows == 0
            parsed += tables[log_format.fills].num_rows
    assert parsed > 20


@pytest.mark.parametrize("site", counting.SITES)
def test_the_real_collector_reads_every_file_of_every_inventory(quarter: Path, site: str) -> None:
    for folder in bundle.find_bundles(quarter / "bundles" / site):
        manifest = bundle.read_manifest(folder.read(bundle.MANIFEST, bundle.MANIFEST_BYTES))
        origin = bundle.Origin(
            site_id=site, source_id="p", bundle_id=folder.name, manifest=manifest, max_age=timedelta(hours=24)
        )
        parsed = bundle_landing.parse(bundle.read_files(folder, origin))
        states = {
            r.update_state
            for r in parsed.records
            if getattr(r, "ecosystem", "") == "deb" and hasattr(r, "update_state")
        }
        assert not parsed.rejects
        assert ("none" in states) == (site != "kestrel" or folder.name < "20260716"), folder.name


@pytest.mark.parametrize("name", ["access.log", "modsec_audit.log"])
def test_rotated_files_are_older_the_higher_their_number(quarter: Path, name: str) -> None:
    folder = quarter / "logs" / "alderfinch"
    files = [folder / name, folder / f"{name}.1", *(folder / f"{name}.{age}.gz" for age in range(2, 14))]
    assert sorted(folder.glob(f"{name}*")) == sorted(files)
    times = [path.stat().st_mtime for path in files]
    assert times == sorted(times, reverse=True)
