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


def network_of(address: str | None) -> str | None:
    """Return the /24 of an IPv4 address or the /48 of an IPv6 one; None where it is no address."""
    try:
        ip = ipaddress.ip_address(address or "")
    except ValueError:
        return None
    return str(ipaddress.ip_network(f"{ip}/{24 if ip.version == 4 else 48}", strict=False))


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
        try:
            ip = ipaddress.ip_address(str(address))
        except ValueError:
            return False
        index = bisect_right(self._starts[ip.version], int(ip)) - 1
        return index >= 0 and int(ip) <= self._ends[ip.version][index]

    def overlaps(self, network: str) -> bool:
        """Say whether a range, as text, shares an address with one of the ranges."""
        other = ipaddress.ip_network(network, strict=False)
        starts, ends = self._starts[other.version], self._ends[other.version]
        index = bisect_right(starts, int(other.broadcast_address)) - 1
        return index >= 0 and ends[index] >= int(other.network_address)


@dataclass(frozen=True, slots=True)
class Place:
    """What a database says of an address: autonomous system number and ISO 3166-1 alpha-2 code, None where unknown."""

    asn: int | None = None
    country: str | None = None


class Places:
    """Looks addresses up in the MMDB files of a folder: GeoLite2, DB-IP lite and others have the same fields.

    The files come from whoever runs this, under terms of their own; without any, every answer is unknown.
    """

    def __init__(self, folder: Path | None = None) -> None:
        """Open every `*.mmdb` of the folder.

        Raises:
            ConfigurationError: a file is damaged, or the reader is not installed.
        """
        self._readers: list[Any] = []
        for path in sorted(folder.glob("*.mmdb")) if folder else ():
            try:
                import maxminddb
            except ImportError:
                raise ConfigurationError(f"{path} needs the reader: pip install 'site-upkeep[geo]'.") from None
            try:
                self._readers.append(maxminddb.open_database(str(path)))
            except (maxminddb.InvalidDatabaseError, OSError) as error:
                raise ConfigurationError(f"{path} is no usable MMDB file ({error}): download it again.") from None

    def __bool__(self) -> bool:
        """Say whether there is any database."""
        return bool(self._readers)

    def of(self, address: str | None) -> Place:
        """Return what is known of an address."""
        asn = country = None
        for reader in self._readers:
            try:
                found = reader.get(address)
            except ValueError:
                return Place()
            if isinstance(found, dict):
                asn = asn or found.get("autonomous_system_number")
                code = (found.get("country") or {}).get("iso_code")
                country = country or (code if isinstance(code, str) and len(code) == 2 else None)
        return Place(asn if isinstance(asn, int) else None, country)
