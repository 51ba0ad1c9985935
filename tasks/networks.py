"""Networks: of an address, in a set of ranges, and what an optional database says of where they are."""

from __future__ import annotations

import ipaddress
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.errors import ConfigurationError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_MASK_48 = ((1 << 48) - 1) << 80


def address_of(text: str | None) -> Address | None:
    """Return an address, None where the text is none.

    An IPv4 address that a socket for both writes as IPv6 (::ffff:192.0.2.1) is that IPv4 address, and the zone of a
    link (fe80::1%eth0) says nothing here.
    """
    try:
        ip = ipaddress.ip_address((text or "").partition("%")[0])
    except ValueError:
        return None
    return (ip.ipv4_mapped or ip) if ip.version == 6 else ip


def network_of(address: str | None) -> str | None:
    """Return the /24 of an IPv4 address or the /48 of an IPv6 one; None where it is no address."""
    ip = address_of(address)
    if ip is None:
        return None
    if ip.version == 4:
        return f"{str(ip).rpartition('.')[0]}.0/24"
    return f"{ipaddress.IPv6Address(int(ip) & _MASK_48)}/48"


def parse_network(text: str) -> Network:
    """Return a range as `192.0.2.0/24` or one address.

    Raises:
        ConfigurationError: it is neither.
    """
    try:
        return ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        raise ConfigurationError(
            f"{text!r} is no address and no range; allowed are 192.0.2.0/24, 2001:db8::/32."
        ) from None


class Ranges:
    """A set of ranges that tells in logarithmic time whether it holds an address."""

    def __init__(self, networks: Iterable[Network]) -> None:
        """Merge the ranges, by version of the protocol."""
        self._starts: dict[int, list[int]] = {4: [], 6: []}
        self._ends: dict[int, list[int]] = {4: [], 6: []}
        by_start = sorted((n.version, int(n.network_address), int(n.broadcast_address)) for n in networks)
        for version, start, end in by_start:
            ends = self._ends[version]
            if ends and start <= ends[-1] + 1:
                ends[-1] = max(ends[-1], end)
            else:
                self._starts[version].append(start)
                ends.append(end)

    def __bool__(self) -> bool:
        """Say whether there is any range."""
        return any(self._starts.values())

    def __contains__(self, address: object) -> bool:
        """Say whether an address, as text, lies in one of the ranges; what is no address lies in none."""
        ip = address_of(str(address))
        if ip is None:
            return False
        index = bisect_right(self._starts[ip.version], int(ip)) - 1
        return index >= 0 and int(ip) <= self._ends[ip.version][index]

    def overlaps(self, network: str) -> bool:
        """Say whether a range, as text, shares an address with one of the ranges.

        Raises:
            ValueError: it is no range.
        """
        other = ipaddress.ip_network(network, strict=False)
        starts, ends = self._starts[other.version], self._ends[other.version]
        index = bisect_right(starts, int(other.broadcast_address)) - 1
        return index >= 0 and ends[index] >= int(other.network_address)


@dataclass(frozen=True, slots=True)
class Place:
    """What a database says of an address, None where unknown.

    `asn` is the number of the autonomous system and `as_name` whose it is; `country` is ISO 3166-1 alpha-2.
    """

    asn: int | None = None
    country: str | None = None
    as_name: str | None = None


class Places:
    """Looks addresses up in the MMDB files of a folder: those of MaxMind, DB-IP and IPinfo.

    The files come from whoever runs this, under terms of their own; without any, every answer is unknown. Fields:
    https://dev.maxmind.com/geoip/docs/databases/asn/, https://db-ip.com/db/format/ip-to-country-lite/mmdb.html,
    https://ipinfo.io/developers/ipinfo-lite-database.
    """

    def __init__(self, folder: Path | None = None) -> None:
        """Open every `*.mmdb` of the folder.

        Raises:
            ConfigurationError: a file is damaged, or the reader is not installed.
        """
        self._readers: list[tuple[Path, Any]] = []
        for path in sorted(folder.glob("*.mmdb")) if folder else ():
            try:
                import maxminddb
            except ImportError:
                raise ConfigurationError(f"{path} needs the reader: pip install 'site-upkeep[geo]'.") from None
            try:
                self._readers.append((path, maxminddb.open_database(str(path))))
            except (maxminddb.InvalidDatabaseError, OSError) as error:
                raise ConfigurationError(f"{path} is no usable MMDB file ({error}): download it again.") from None

    def __bool__(self) -> bool:
        """Say whether there is any database."""
        return bool(self._readers)

    def of(self, address: str | None) -> Place:
        """Return what is known of an address; the first database by name that knows a thing is believed.

        Raises:
            ConfigurationError: a file turns out to be damaged.
        """
        ip = address_of(address)
        place = Place()
        for path, reader in self._readers if ip else ():
            if ip is None or (ip.version == 6 and reader.metadata().ip_version == 4):
                continue
            place = _closer(place, self._get(path, reader, ip))
        return place

    def _get(self, path: Path, reader: Any, ip: Address) -> Any:
        import maxminddb

        try:
            return reader.get(ip)
        except (maxminddb.InvalidDatabaseError, ValueError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"{path} is no usable MMDB file ({error}): download it again.") from None


def _closer(place: Place, found: Any) -> Place:
    """Return a place with what a record of a database adds to it."""
    if not isinstance(found, dict):
        return place
    country = found.get("country")
    code = country.get("iso_code") if isinstance(country, dict) else found.get("country_code")
    name = found.get("autonomous_system_organization") or found.get("as_name")
    return Place(
        place.asn or _asn(found.get("autonomous_system_number") or found.get("asn")),
        place.country or (code.upper() if isinstance(code, str) and len(code) == 2 else None),
        place.as_name or (name if isinstance(name, str) else None),
    )


def _asn(value: Any) -> int | None:
    """Return a number that is written as 64496 or as AS64496; 0 stands for none."""
    digits = str(value).upper().removeprefix("AS")
    return int(digits) or None if digits.isascii() and digits.isdigit() else None
