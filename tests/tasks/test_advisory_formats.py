"""Every feed is read to its expected answer, and no damaged feed is ever taken for good news."""

from __future__ import annotations

import gzip
import json
import random
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks import try_format
from tasks.advisory_format import Advisory, Affected, Rejected, advisory_formats, graded
from tasks.errors import SourceError
from tasks.versions import sort_key
from tests.conftest import CASES

HERE = CASES / "advisory"
INPUTS = sorted(path for path in HERE.glob("*/*") if not path.name.endswith(".expected.json"))


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def tried(path: Path) -> dict[str, Any]:
    try:
        found = list(try_format.parse_file(path.parent.name, path))
    except SourceError as error:
        return {"error": str(error)}
    made = {
        "records": [one for part in found for one in part.records],
        "rejects": [one for part in found for one in part.rejects],
    }
    return json.loads(json.dumps(made, default=lambda at: at.isoformat()))


def advisories(name: str, path: Path) -> list[Advisory]:
    return [one for one in advisory_formats()[name].module.read(path) if isinstance(one, Advisory)]


def hits(one: Affected, version: str) -> bool:
    """Say what the join in the warehouse says."""
    key, low, high = sort_key(one.ecosystem, version), one.from_key, one.to_key
    assert key
    return (
        one.is_comparable
        and (low is None or key > low or (key == low and one.is_from_included))
        and (high is None or key < high or (key == high and one.is_to_included))
    )


def test_every_format_has_a_case() -> None:
    assert {path.parent.name for path in INPUTS} == set(advisory_formats())


@pytest.mark.parametrize("path", INPUTS, ids=name_of)
def test_a_case_is_read_to_its_expected_answer(path: Path) -> None:
    assert tried(path) == json.loads(path.with_name(f"{path.name}.expected.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", [path for path in INPUTS if "cut" not in path.name], ids=name_of)
def test_a_case_is_known_by_its_looks(path: Path) -> None:
    assert try_format.detect(path).name == path.parent.name


def test_5_1_and_5_1_0_are_one_version_of_a_plugin() -> None:
    def one(**bounds: Any) -> Affected:
        return Affected(ecosystem="wordpress-plugin", name="x", **bounds)

    to_5_1 = one(to_version="5.1", is_to_included=True)
    assert [hits(to_5_1, version) for version in ("5.0.9", "5.1", "5.1.0", "5.1.1")] == [True, True, True, False]
    below_6 = one(to_version="6.0.0")
    assert [hits(below_6, version) for version in ("5.9.9", "6.0", "6.0.0", "6.0.1")] == [True, False, False, False]
    from_5 = one(from_version="5.0.0")
    assert [hits(from_5, version) for version in ("4.9", "5", "5.0", "5.0.1")] == [False, True, True, True]
    after_5 = one(from_version="5.0", is_from_included=False)
    assert [hits(after_5, version) for version in ("5.0", "5.0.0", "5.0.1")] == [False, False, True]


def test_a_zip_of_osv_holds_an_advisory_a_file_and_a_cut_one_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(HERE / "osv" / "one.json", "DSA-1-1.json")
        archive.writestr("GHSA-broken.json", "{")
        archive.writestr("readme.txt", "no advisory")
    found = list(advisory_formats()["osv"].module.read(path))
    assert [type(one) for one in found] == [Advisory, Rejected]
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(SourceError, match="no whole zip"):
        list(advisory_formats()["osv"].module.read(path))


def test_the_zip_of_friends_of_php_names_an_advisory_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(HERE / "friends-of-php" / "CVE-2026-55555.yaml", "main/acme/http/CVE-2026-55555.yaml")
        archive.writestr("main/.github.yml", "a: b")
    assert [one.advisory_id for one in advisories("friends-of-php", path)] == [
        "FriendsOfPHP/acme/http/CVE-2026-55555.yaml"
    ]


def test_a_gzip_of_epss_that_ends_early_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "epss.csv.gz"
    text = (HERE / "epss" / "epss_scores.csv").read_bytes() + b"CVE-2026-0001,0.5,0.5\n" * 9999
    path.write_bytes(gzip.compress(text))
    assert len(list(advisory_formats()["epss"].module.read(path))) == 3 + 9999
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(SourceError, match="no whole CSV"):
        list(advisory_formats()["epss"].module.read(path))


@pytest.mark.parametrize(
    ("vector", "found"),
    [
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", ("critical", 9.8)),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", ("critical", 9.3)),
        ("AV:N/AC:L/Au:N/C:P/I:P/A:P", ("high", 7.5)),
        ("nonsense", ("unknown", None)),
    ],
)
def test_a_vector_gives_the_published_score(vector: str, found: tuple[str, float | None]) -> None:
    assert graded(vector) == found


VERSIONS = [f"{major}.{minor}.0" for major in range(4) for minor in range(3)]


@given(data=st.data())
def test_osv_events_say_what_walking_through_the_versions_says(data: st.DataObject, tmp_path_factory: Any) -> None:
    """The evaluation algorithm of the OSV schema, one version at a time."""
    chosen = sorted(data.draw(st.sets(st.sampled_from(VERSIONS), min_size=1, max_size=6)), key=VERSIONS.index)
    events = [{("introduced", "fixed")[number % 2]: version} for number, version in enumerate(chosen)]
    if data.draw(st.booleans()):
        events[0] = {"introduced": "0"}
    affected, is_affected = [], events[0] == {"introduced": "0"}
    for version in VERSIONS:
        for event in events:
            if version in event.values():
                is_affected = "introduced" in event
        if is_affected:
            affected.append(version)
    record = {
        "id": "X-1",
        "affected": [
            {
                "package": {"ecosystem": "npm", "name": "x"},
                "ranges": [{"type": "SEMVER", "events": data.draw(st.permutations(events))}],
            }
        ],
    }
    path = tmp_path_factory.mktemp("osv") / "one.json"
    path.write_text(json.dumps(record))
    (found,) = advisories("osv", path)
    assert [version for version in VERSIONS if any(hits(one, version) for one in found.affected)] == affected


JUNK: tuple[Any, ...] = (None, 7, -1.5, "x", True, [], {}, [7], {"x": 7}, "9" * 300, "\ud800", [[[]]])


@pytest.mark.parametrize("path", [p for p in INPUTS if p.suffix == ".json" and "cut" not in p.name], ids=name_of)
def test_junk_at_any_place_is_rejected_or_read_and_never_crashes(path: Path, tmp_path: Path) -> None:
    chance = random.Random(7)
    whole = json.loads(path.read_text())
    for number in range(300):
        damaged = tmp_path / f"{number}.json"
        damaged.write_text(json.dumps(_damaged(whole, chance)))
        try:
            for entry in advisory_formats()[path.parent.name].module.read(damaged):
                for one in getattr(entry, "affected", ()):
                    assert isinstance(one.is_comparable, bool)
                    assert one.name
        except SourceError:
            pass
        damaged.unlink()


def _damaged(value: Any, chance: random.Random) -> Any:
    if chance.random() < 0.03:
        return chance.choice(JUNK)
    if isinstance(value, dict):
        return {key: _damaged(item, chance) for key, item in value.items() if chance.random() > 0.01}
    if isinstance(value, list):
        return [_damaged(item, chance) for item in value if chance.random() > 0.01]
    return value
