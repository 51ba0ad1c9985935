"""Networks of addresses, sets of ranges, networks that stand for many, and what databases say of places."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.errors import ConfigurationError
from tasks.networks import Place, Places, Ranges, address_of, network_of, parse_network
from tasks.shared_networks import SHARED, SharedNetworks
from tests.mmdb import mmdb


def test_ranges_hold_their_addresses_and_merge() -> None:
    ranges = Ranges(parse_network(n) for n in ("192.0.2.0/25", "192.0.2.128/25", "192.0.2.64/26", "2001:db8::/32"))
    assert all(a in ranges for a in ("192.0.2.0", "192.0.2.255", "2001:db8:ffff::1"))
    assert not any(a in ranges for a in ("192.0.3.0", "192.0.1.255", "2001:db9::", "x", ""))
    assert ranges.overlaps("192.0.2.0/23") and not ranges.overlaps("198.51.100.0/24")
    with pytest.raises(ConfigurationError, match="'office' is no address"):
        parse_network("office")


@given(st.lists(st.ip_addresses(v=4).map(str), min_size=1, max_size=20), st.integers(8, 32))
def test_ranges_agree_with_a_look_at_each(addresses: list[str], length: int) -> None:
    networks = [parse_network(f"{a}/{length}") for a in addresses[::2]]
    ranges = Ranges(networks)
    import ipaddress

    for address in addresses:
        assert (address in ranges) == any(ipaddress.ip_address(address) in n for n in networks)


def test_networks_are_24_and_48() -> None:
    assert network_of("192.0.2.77") == "192.0.2.0/24"
    assert network_of("2001:db8:1:2::3") == "2001:db8:1::/48"
    assert network_of("-") is network_of(None) is None


def test_a_folder_without_databases_knows_nothing_and_a_broken_one_is_told(tmp_path: Path) -> None:
    pytest.importorskip("maxminddb")
    assert not Places(tmp_path)
    assert Places(tmp_path).of("192.0.2.1").asn is None
    (tmp_path / "asn.mmdb").write_bytes(b"no database")
    with pytest.raises(ConfigurationError, match="no usable MMDB"):
        Places(tmp_path)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("fe80::1%eth0", "fe80::/48"),
        ("2001:DB8:A:B::1", "2001:db8:a::/48"),
        ("::", "::/48"),
        ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff::/48"),
        ("192.0.2.256", None),
        ("192.0.2.1:443", None),
        ("192.0.2.0/24", None),
        ("1.2.3", None),
        ("%", None),
        ("", None),
    ],
)
def test_an_address_of_any_spelling_has_its_network(address: str, network: str | None) -> None:
    assert network_of(address) == network


@given(st.ip_addresses())
def test_a_network_holds_its_address(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    network = network_of(str(address))
    assert network is not None
    assert address_of(str(address)) in ipaddress.ip_network(network)


@given(st.text(max_size=50))
def test_what_is_no_address_has_no_network_and_lies_in_none(text: str) -> None:
    if network_of(text) is None:
        assert text not in Ranges([parse_network("0.0.0.0/0"), parse_network("::/0")])
        assert SHARED.name_of(text) is None


def test_an_ipv4_address_written_as_ipv6_lies_in_the_ipv4_range() -> None:
    assert "::ffff:192.0.2.1" in Ranges([parse_network("192.0.2.0/24")])


@pytest.mark.parametrize(
    ("network", "whose"),
    [
        ("162.158.7.0/24", "Cloudflare"),
        ("2606:4700:10::/48", "Cloudflare"),
        ("151.101.1.0/24", "Fastly"),
        ("192.88.135.0/24", "Sucuri"),
        ("45.60.1.0/24", "Imperva"),
        ("35.191.3.0/24", "Google's load balancers"),
        ("10.1.2.0/24", "a private network"),
        ("fd00:1:2::/48", "a private network"),
        ("0.0.0.0/0", "a private network"),
        ("203.0.113.0/24", None),
        ("2001:db8:1::/48", None),
        ("unknown", "no network"),
    ],
)
def test_networks_that_stand_for_many_are_named(network: str, whose: str | None) -> None:
    assert SHARED.protects(network) == whose


def test_the_networks_of_the_configuration_are_protected_too() -> None:
    shared = SharedNetworks(["203.0.113.128/25", "2001:db8::/32"])
    assert shared.protects("203.0.113.0/24") == "trusted_networks of the configuration"
    assert shared.name_of("2001:db8::5") == "trusted_networks of the configuration"
    assert shared.name_of("203.0.113.7") is None
    with pytest.raises(ConfigurationError, match="'office' is no address"):
        SharedNetworks(["office"])


CITY = {"country": {"iso_code": "DE", "names": {"en": "Germany"}}}
ASN = {"autonomous_system_number": 64496, "autonomous_system_organization": "Example Networks"}


def databases(folder: Path, **files: dict[str, Any]) -> Places:
    for name, records in files.items():
        (folder / f"{name}.mmdb").write_bytes(mmdb(records))
    return Places(folder)


def test_what_the_databases_say_of_an_address_is_put_together(tmp_path: Path) -> None:
    places = databases(tmp_path, asn={"192.0.2.0/24": ASN, "2001:db8::/32": ASN}, city={"192.0.2.0/25": CITY})
    assert places
    assert places.of("192.0.2.1") == places.of("::ffff:192.0.2.1") == Place(64496, "DE", "Example Networks")
    assert places.of("192.0.2.200") == places.of("2001:db8::1") == Place(64496, None, "Example Networks")
    assert places.of("198.51.100.1") == places.of("-") == places.of(None) == places.of("") == Place()


def test_the_fields_of_ipinfo_are_read_and_0_is_no_number(tmp_path: Path) -> None:
    lite = {"asn": "AS64500", "as_name": "Example", "country": "Germany", "country_code": "DE"}
    odd = {"autonomous_system_number": 0, "country": {"iso_code": "unknown"}}
    places = databases(tmp_path, lite={"192.0.2.0/24": lite, "198.51.100.0/24": odd, "203.0.113.0/24": "text"})
    assert places.of("192.0.2.1") == Place(64500, "DE", "Example")
    assert places.of("198.51.100.1") == places.of("203.0.113.1") == Place()


def test_a_database_of_ipv4_knows_nothing_of_ipv6_and_the_next_one_is_asked(tmp_path: Path) -> None:
    (tmp_path / "a.mmdb").write_bytes(mmdb({"192.0.2.0/24": ASN}, ip_version=4))
    places = databases(tmp_path, b={"2001:db8::/32": CITY})
    assert places.of("192.0.2.1").asn == 64496
    assert places.of("2001:db8::1") == Place(None, "DE")


def test_a_database_that_turns_out_damaged_is_told(tmp_path: Path) -> None:
    whole = mmdb({"192.0.2.0/24": ASN})
    at = whole.index(b"autonomous_system_number") - 1
    (tmp_path / "asn.mmdb").write_bytes(whole[:at] + b"\x5f\xff" + whole[at + 2 :])
    places = Places(tmp_path)
    with pytest.raises(ConfigurationError, match=r"asn\.mmdb is no usable MMDB file .*: download it again"):
        places.of("192.0.2.1")
