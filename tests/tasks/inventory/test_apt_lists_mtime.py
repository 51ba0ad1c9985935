"""The age of apt's lists is one number."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.errors import SourceError
from tasks.inventory import apt_lists_mtime


def test_seconds_become_a_time() -> None:
    assert apt_lists_mtime.parse("1795409288\n") == datetime(2026, 11, 23, 4, 48, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["", "stat: cannot statx", "1795409288 1795409288", "-1795409288", "1" * 11, "١٧٩٥٤٠٩٢٨٨"]
)
def test_anything_else_is_an_error(text: str) -> None:
    with pytest.raises(SourceError, match="seconds"):
        apt_lists_mtime.parse(text)


@given(st.text() | st.integers().map(str))
def test_any_text_is_a_time_or_a_source_error(text: str) -> None:
    with contextlib.suppress(SourceError):
        assert apt_lists_mtime.parse(text).tzinfo is UTC
