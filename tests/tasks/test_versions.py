"""Keys sort as the real tools compare."""

from __future__ import annotations

import csv
import gzip
from itertools import pairwise

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.version import Version

from tasks.versions import ORDERS, is_newer, sort_key
from tests.conftest import CASES

ORACLES = {
    "wordpress-plugin": ("php-version-compare", 14_000),
    "deb": ("dpkg-compare", 1_348),
    "Packagist": ("composer-compare", 4_759),
    "rpm": ("rpm-compare", 4_000),
    "npm": ("semver-compare", 3_595),
}


@pytest.mark.parametrize("ecosystem", ORACLES)
def test_keys_order_pairs_as_the_real_tool_does(ecosystem: str) -> None:
    name, count = ORACLES[ecosystem]
    with gzip.open(CASES / "versions" / f"{name}.csv.gz", "rt", encoding="utf-8") as handle:
        pairs = list(csv.DictReader(handle))
    assert len(pairs) == count
    for pair in pairs:
        left, right = sort_key(ecosystem, pair["a"]), sort_key(ecosystem, pair["b"])
        assert left is not None and right is not None, pair
        assert (left > right) - (left < right) == int(pair["cmp"]), pair


@pytest.mark.parametrize(
    ("ecosystem", "ascending"),
    [
        ("wordpress-core", "6.1-alpha 6.1-beta2 6.1-RC1 6.1 6.1.9 6.1.10 6.8.3"),
        ("wordpress-plugin", "1.0-dev 1.0 1.0.0 1.0.1 1.10 1.10p1 2"),
        ("deb", "1.0~rc1-1 1.0-1~deb12u1 1.0-1 1.0-1+b1 1.0-1.1 1.0a-1 1.0+b-1 1:0.1"),
        ("Debian:12", "7.88.1-10+deb12u9 7.88.1-10+deb12u14"),
        ("Packagist", "1.0-dev 1.0-alpha1 1.0-beta 1.0-RC1 1.0 1.0-p1 1.0.1 1.x-dev 2.0.0.0 2.0.0.1 20230101"),
        ("Packagist:https://packages.drupal.org/8", "8.x-1.0-rc2 8.x-1.0 1.1.0 8.x-5.11 8.x-5.12 6.2.0"),
        ("rpm", "1.0~rc1-1 1.0-1 1.0-1.el9 1.0-2.el9 1.0^git1-1 1.0a-1 1.0.1-1 1:0.1-1"),
        ("Alpine:v3.20", "1.2_alpha1 1.2_rc1-r0 1.2-r0 1.2-r1 1.2_git20240101-r0 1.2_p1-r0 1.2a-r0 1.2.0-r0 1.2.1 1.10"),
        ("npm", "1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1 1.0.0 1.0.10 2.0.0"),
        ("PyPI", "1.dev0 1.0a1.dev1 1.0a1 1.0a1.post1 1.0b2 1.0rc1 1.0 1.0+abc.5 1.0+5 1.0.post1 1.0.1 1.1 1!0.1"),
        ("NuGet", "1.0.0-alpha 1.0.0-alpha.2 1.0.0-alpha.10 1.0.0-BETA 1.0.0 1.0.0.1 1.0.1 1.10.0"),
    ],
)  # fmt: skip
def test_known_orders_hold(ecosystem: str, ascending: str) -> None:
    keys = [sort_key(ecosystem, version) for version in ascending.split()]
    assert None not in keys
    assert [left < right for left, right in pairwise(keys)] == [True] * (len(keys) - 1)


@pytest.mark.parametrize(
    ("ecosystem", "left", "right"),
    [("Packagist", "v1.0", "1.0.0.0"), ("Packagist", "8.x-5.11", "5.11.0"), ("npm", "1.2.3+b1", "v1.2.3"),
     ("NuGet", "1.0-Beta", "1.0.0.0-beta+sha"), ("PyPI", "1.0", "1.0.0"), ("PyPI", "1.0-alpha_1", "1.0a1"),
     ("rpm", "0:1.0-1", "1_0-1"), ("Alpine:v3.20", "1.2", "1.2")],
)  # fmt: skip
def test_other_spellings_of_one_version_have_one_key(ecosystem: str, left: str, right: str) -> None:
    assert sort_key(ecosystem, left) == sort_key(ecosystem, right) is not None


@pytest.mark.parametrize(("left", "right"), [("1.0", "1.0-0"), ("0:1.0", "1.0"), ("1.00", "1.0"), ("1a", "1a0")])
def test_versions_that_dpkg_calls_equal_have_one_key(left: str, right: str) -> None:
    assert sort_key("deb", left) == sort_key("deb", right)


@pytest.mark.parametrize(
    ("ecosystem", "version"),
    [("deb", ""), ("deb", "1:"), ("deb", "1-"), ("deb", "1 0"), ("deb", "a:1"), ("wordpress-plugin", ""),
     ("wordpress-plugin", "1#2"), ("wordpress-plugin", "1" * 201), ("npm", "latest"), ("npm", "1.x"), ("PyPI", "2004d"),
     ("Packagist", "dev-main"), ("NuGet", "1.2.3.4.5"), ("rpm", "a:1-1"), ("rpm", "1-1-1"), ("Alpine", "1.2-beta"),
     ("Maven", "1.0"), ("windows-hotfix", "1.0"), ("", "1.0")],
)  # fmt: skip
def test_what_has_no_order_has_no_key_and_is_neither_newer_nor_older(ecosystem: str, version: str) -> None:
    assert sort_key(ecosystem, version) is None
    assert is_newer(ecosystem, version, "1.0") is None
    assert is_newer(ecosystem, "1.0", version) is None


WORDS = st.sampled_from(
    ["0", "1", "2", "10", "007", ".", ".", "-", "~", "^", "+", "_", ":", "a", "rc", "beta", "dev", "p", "r1", "é"]
)
CON = duckdb.connect()
VERSIONS = st.one_of(st.text(max_size=30), st.lists(WORDS, max_size=10).map("".join))


@given(st.sampled_from(sorted(ORDERS)), VERSIONS)
def test_any_text_has_a_key_or_none_and_is_never_newer_than_itself(ecosystem: str, version: str) -> None:
    assert is_newer(ecosystem, version, version) in (False, None)
    key = sort_key(ecosystem, version)
    assert key is None or key == sort_key(f"{ecosystem}:12", version)


@given(st.sampled_from(sorted(ORDERS)), st.lists(VERSIONS, max_size=8))
@settings(deadline=None, max_examples=50)
def test_sql_orders_keys_as_python_and_as_their_bytes(ecosystem: str, versions: list[str]) -> None:
    keys = [key for version in versions if (key := sort_key(ecosystem, version)) is not None]
    in_sql = CON.execute("SELECT list_sort($1::VARCHAR[])", [keys]).fetchall()[0][0]
    assert in_sql == sorted(keys) == sorted(keys, key=lambda key: key.encode())


PEP440 = st.builds(
    "{}{}{}{}{}{}".format,
    st.sampled_from(["", "1!"]),
    st.sampled_from(["1", "1.0", "1.1", "1.10", "1.2.0", "0", "1.0.0.1"]),
    st.sampled_from(["", "a0", "a1", "b1", "rc1", "rc10"]),
    st.sampled_from(["", ".post0", ".post2"]),
    st.sampled_from(["", ".dev0", ".dev3"]),
    st.sampled_from(["", "+1", "+10", "+a", "+ab", "+a.1", "+1.a"]),
)


@given(PEP440, PEP440)
def test_keys_of_python_versions_order_as_packaging_does(left: str, right: str) -> None:
    one, other = Version(left), Version(right)
    assert is_newer("PyPI", left, right) is (one > other)
    assert is_newer("PyPI", right, left) is (one < other)
