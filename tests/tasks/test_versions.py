"""Keys sort as the real tools compare."""

from __future__ import annotations

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.versions import is_newer, sort_key
from tests.conftest import CASES

ORACLES = {"wordpress-plugin": "php-version-compare.csv", "deb": "dpkg-compare.csv"}


@pytest.mark.parametrize("ecosystem", ORACLES)
def test_keys_order_pairs_as_the_real_tool_does(ecosystem: str) -> None:
    with (CASES / "versions" / ORACLES[ecosystem]).open(encoding="utf-8") as handle:
        pairs = list(csv.DictReader(handle))
    assert len(pairs) == 300
    for pair in pairs:
        left, right = sort_key(ecosystem, pair["a"]), sort_key(ecosystem, pair["b"])
        assert left is not None and right is not None, pair
        assert (left > right) - (left < right) == int(pair["cmp"]), pair


@pytest.mark.parametrize(
    ("ecosystem", "ascending"),
    [
        ("wordpress-core", ["6.1-alpha", "6.1-beta2", "6.1-RC1", "6.1", "6.1.9", "6.1.10", "6.8.3"]),
        ("wordpress-plugin", ["1.0-dev", "1.0", "1.0.0", "1.0.1", "1.10", "1.10p1", "2"]),
        ("deb", ["1.0~rc1-1", "1.0-1~deb12u1", "1.0-1", "1.0-1+b1", "1.0-1.1", "1.0a-1", "1.0+b-1", "1:0.1"]),
    ],
)
def test_known_orders_hold(ecosystem: str, ascending: list[str]) -> None:
    keys = [sort_key(ecosystem, version) for version in ascending]
    assert keys == sorted(set(keys))


@pytest.mark.parametrize(("left", "right"), [("1.0", "1.0-0"), ("0:1.0", "1.0"), ("1.00", "1.0"), ("1a", "1a0")])
def test_versions_that_dpkg_calls_equal_have_one_key(left: str, right: str) -> None:
    assert sort_key("deb", left) == sort_key("deb", right)


@pytest.mark.parametrize(
    ("ecosystem", "version"),
    [("deb", ""), ("deb", "1:"), ("deb", "1-"), ("deb", "1 0"), ("deb", "a:1"), ("wordpress-plugin", ""),
     ("wordpress-plugin", "1#2"), ("wordpress-plugin", "1" * 201), ("npm", "1.0")],
)  # fmt: skip
def test_what_has_no_order_has_no_key_and_is_neither_newer_nor_older(ecosystem: str, version: str) -> None:
    assert sort_key(ecosystem, version) is None
    assert is_newer(ecosystem, version, "1.0") is None
    assert is_newer(ecosystem, "1.0", version) is None


@given(st.sampled_from(["wordpress-theme", "deb"]), st.text(max_size=60))
def test_any_text_has_a_key_or_none_and_is_never_newer_than_itself(ecosystem: str, version: str) -> None:
    assert is_newer(ecosystem, version, version) in (False, None)
