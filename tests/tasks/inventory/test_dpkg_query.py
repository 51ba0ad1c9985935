"""Installed packages are those whose files are on the disk."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.errors import SourceError
from tasks.inventory import dpkg_query
from tests.conftest import CASES

TSV = (CASES / "patches_bundle" / "debian" / "dpkg-query.tsv").read_text(encoding="utf-8")


def line(name: str, version: str = "1.0", status: str = "ii ") -> str:
    return f"{name}\t{version}\tsource\t{version}\t{status}\n"


def test_every_package_of_a_real_server_is_read() -> None:
    packages, rejects = dpkg_query.parse(TSV)
    assert (len(packages), rejects) == (TSV.count("\tii \n"), []) == (799, [])
    assert dpkg_query.Package("bsdutils", "1:2.38.1-5+deb12u3", "ii", "util-linux", "2.38.1-5+deb12u3") in packages
    assert all(":" not in package.name for package in packages)


def test_what_is_on_the_disk_counts_whole_or_not_and_half_installed_is_said() -> None:
    states = {"a": "ii ", "b": "hi ", "c": "rc ", "e": "iU ", "f": "iFR", "g": "ri ", "h": "iHR", "i": "iW "}
    text = "".join(line(name, status=status) for name, status in states.items()) + line("d", "", "un ")
    packages, rejects = dpkg_query.parse(text)
    assert [(package.name, package.status) for package in packages] == [
        (name, states[name].strip()) for name in "abefgi"
    ]
    assert [(reject.line_number, "half installed" in reject.reason) for reject in rejects] == [(7, True)]
    held = {package.name: dpkg_query.described(package, "").is_held for package in packages}
    assert held == {"a": False, "b": True, "e": False, "f": False, "g": False, "i": False}


def test_a_package_of_two_architectures_is_one_component() -> None:
    assert len(dpkg_query.parse(line("libc6:amd64") + line("libc6:i386"))[0]) == 1


def test_a_bad_line_is_rejected_with_its_number_and_the_others_are_kept() -> None:
    packages, rejects = dpkg_query.parse(line("a") + "a b c\n" + line("b"))
    assert [package.name for package in packages] == ["a", "b"]
    assert [(reject.line_number, reject.excerpt) for reject in rejects] == [(2, "a b c")]


@pytest.mark.parametrize("text", ["", "\n", "dpkg-query: error: no such format\n"])
def test_a_file_without_a_package_is_an_error(text: str) -> None:
    with pytest.raises(SourceError, match="no line is a package"):
        dpkg_query.parse(text)


@given(st.text() | st.lists(st.sampled_from(["a", "\t", "\n", "ii ", "hi", ":"]), max_size=60).map("".join))
def test_any_text_is_parsed_or_is_a_source_error(text: str) -> None:
    try:
        packages, _ = dpkg_query.parse(text)
    except SourceError:
        return
    assert all(package.status[1] in "iUFWt" for package in packages)
