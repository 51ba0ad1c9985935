"""A wrong sites.yaml is answered with file, line, key, what was found and what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tasks.errors import ConfigurationError
from tasks.sites import _LOADER, json_schema, load_sites, parse_sites
from tasks.time_zones import time_zones

GOOD = (Path(__file__).parent.parent.parent / "sites.example.yaml").read_text(encoding="utf-8")


def problem(text: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        parse_sites(text, "sites.yaml")
    return str(caught.value)


def test_the_example_is_valid() -> None:
    sites = parse_sites(GOOD, "sites.example.yaml")
    assert [source.source_id for source in sites.sites[0].sources] == [
        "uptime-http",
        "patches-bundle",
        "waf-audit",
        "access",
    ]


@pytest.mark.parametrize(
    ("old", "new", "key", "says"),
    [
        ("time_zone: Europe/London ", "time_zone: Europe/Londn ", "sites.0.time_zone", "'Europe/Londn' is not an IANA time zone, did you mean 'Europe/London'?"),
        ("platform: wordpress ", "platform: wordpres ", "sites.0.platform", "found 'wordpres', did you mean 'wordpress'?; allowed: wordpress, drupal"),
        ("client: harbour-vale", "client: harbor-vale", "sites.0.client", "'harbor-vale' is not the id of a client, did you mean 'harbour-vale'?"),
        ("locale: en-GB", "local: en-GB", "sites.0.local", "unknown key, did you mean 'locale'?; allowed: id, name"),
        ("kind: patches_bundle", "kind: patch_bundle", "sites.0.sources.1.kind", "'patch_bundle' is no kind of source, did you mean 'patches_bundle'?"),
        ("        folder: bundles/harbourvale", "        folders: bundles", "sites.0.sources.1.folders", "unknown key, did you mean 'folder'?"),
        ("format: access-combined", "format: access-combind", "sites.0.sources.3.format", "'access-combind' is no log format"),
        ("availability_slo_pct: 99.9", "availability_slo_pct: 199", "sites.0.availability_slo_pct", "found 199; input should be less than 100"),
        ("id: access\n", "id: waf-audit\n", "sites.0.sources.3.id", "'waf-audit' stands twice"),
    ],
)  # fmt: skip
def test_an_error_names_line_key_finding_and_what_is_allowed(old: str, new: str, key: str, says: str) -> None:
    assert old in GOOD
    text = GOOD.replace(old, new, 1)
    found = problem(text)
    assert found.startswith("sites.yaml:")
    assert f": {key}: {says}" in found
    line = int(next(sentence for sentence in found.splitlines() if f": {key}: " in sentence).split(":")[1])
    assert new.strip() in text.splitlines()[line - 1]


def test_every_problem_is_reported_at_once() -> None:
    found = problem(GOOD.replace("locale: en-GB", "locale: english").replace("#14213a", "navy"))
    assert len(found.splitlines()) == 2


def test_a_missing_key_is_named() -> None:
    assert "sites.0.owner: is missing" in problem(
        GOOD.replace("    owner: {name: Web operations, email: ops@northlight.example}\n", "")
    )


def test_text_that_is_not_yaml_is_placed() -> None:
    assert problem("agency: [").startswith("sites.yaml:")


def test_a_key_that_stands_twice_is_refused() -> None:
    assert "locale: stands twice" in problem(GOOD.replace("    locale: en-GB", "    locale: en-GB\n    locale: de-DE"))


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="upkeep init"):
        load_sites(tmp_path / "none.yaml")


def test_the_schema_describes_every_kind_of_source() -> None:
    from tasks.discovery import units

    assert set(units("tasks.collect")) <= set(json_schema()["$defs"])


def test_many_sites_are_read_in_little_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """At every run of a flow: the time zones of this machine are listed once, and libyaml reads the file."""
    listed = []
    monkeypatch.setattr("zoneinfo.available_timezones", lambda: listed.append(1) or {"Europe/London"})
    time_zones.cache_clear()
    try:
        sites = parse_sites(MANY, "s").sites
    finally:
        time_zones.cache_clear()
    assert (len(sites), len(listed)) == (50, 1)
    assert not yaml.__with_libyaml__ or _LOADER is yaml.CSafeLoader


MANY = "agency: {name: A, contact: a@a.example}\nclients: [{id: c, name: C}]\nsites:\n" + "".join(
    f"  - {{id: s{n}, name: S, client: c, url: 'http://a.example/', platform: other, time_zone: Europe/London,"
    " owner: {name: O, email: o@a.example}, sources: [{kind: uptime_http}]}\n"
    for n in range(50)
)
