"""What apt would upgrade, and what it proves of the rest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.errors import SourceError
from tasks.inventory import apt_simulate
from tasks.inventory.apt_simulate import Offer
from tests.conftest import CASES

TEXT = (CASES / "patches_bundle" / "debian" / "apt-simulate.txt").read_text(encoding="utf-8")
SUMMARY = "{} upgraded, 1 newly installed, 0 to remove and {} not upgraded.\n"
INST = "Inst a [1.0] (1.1 Ubuntu:24.04/noble-updates, Ubuntu:24.04/noble-security [amd64])\n"


def test_every_upgrade_of_a_real_server_is_read_with_its_origin() -> None:
    simulation = apt_simulate.parse(TEXT)
    lines = [line for line in TEXT.split("\n") if line.startswith("Inst ")]
    assert len(simulation.offers) == len(lines) == 132
    security = [offer for offer in simulation.offers.values() if offer.is_security]
    assert len(security) == sum("Debian-Security:" in line for line in lines) == 77
    assert simulation.offers["bash"] == Offer("5.2.15-2+b13", is_security=False, installed="5.2.15-2+b8")
    assert simulation.offers["liblzma5"] == Offer("5.4.1-1+deb12u2", is_security=True, installed="5.4.1-1")
    assert simulation.is_complete


def test_a_package_that_would_be_new_is_no_offer() -> None:
    new = "Inst linux-image-6.1.0-40-amd64 (6.1.153-1 Debian-Security:12/stable-security [amd64])\n"
    assert set(apt_simulate.parse(INST + new + SUMMARY.format(1, 0)).offers) == {"a"}


def test_a_foreign_architecture_and_a_second_origin_are_understood() -> None:
    line = "Inst libc6:i386 [2.36-9] (2.36-10 Debian:12.1/stable, Debian-Security:12/stable-security [i386]) [x y ]\n"
    assert apt_simulate.parse(line + SUMMARY.format(1, 0)).offers == {
        "libc6": Offer("2.36-10", is_security=True, installed="2.36-9")
    }


@pytest.mark.parametrize(
    "heading",
    ["The following packages have been kept back:", "The following upgrades have been deferred due to phasing:"],
)
def test_what_is_held_back_is_not_current_and_the_rest_is(heading: str) -> None:
    simulation = apt_simulate.parse(
        f"{heading}\n  b c\n  d\nThe following packages will be upgraded:\n  a\n{INST}{SUMMARY.format(1, 3)}"
    )
    assert simulation.held == {"b", "c", "d"}
    assert not any(map(simulation.is_current, "abcd"))
    assert simulation.is_current("e")


def test_held_packages_that_are_not_named_leave_nothing_proved() -> None:
    simulation = apt_simulate.parse(INST + SUMMARY.format(1, 2))
    assert simulation.offers.keys() == {"a"}
    assert not simulation.is_current("e")


@pytest.mark.parametrize(
    "text",
    ["", INST, INST + SUMMARY.format(2, 0), SUMMARY.format(1, 0), "Inst a\n" + SUMMARY.format(1, 0),
     TEXT[: len(TEXT) // 2], "1 aktualisiert, 0 neu installiert, 0 zu entfernen und 0 nicht aktualisiert.\n"],
)  # fmt: skip
def test_an_output_that_is_cut_short_or_translated_is_an_error(text: str) -> None:
    with pytest.raises(SourceError):
        apt_simulate.parse(text)


@given(
    st.text()
    | st.lists(st.sampled_from(["Inst ", "a", " [1]", " (2 X [amd64])", "\n", SUMMARY.format(1, 0)])).map("".join)
)
def test_any_text_is_parsed_or_is_a_source_error(text: str) -> None:
    try:
        apt_simulate.parse(text)
    except SourceError as error:
        assert str(error)
