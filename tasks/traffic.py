"""Say who asked and for what: the client's network and country, the bot it claims to be, the class of the path.

A block of a log has far fewer distinct addresses, user agents and paths than rows: each distinct value is looked at
once and joined back by its position.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Hashable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

_QUARTER_US = 15 * 60 * 1_000_000


class Classifier:
    """Classifies the columns of one block. Its caches are shared by all threads that parse one source."""

    def __init__(self) -> None:
        """Start with empty caches."""
        self._networks: dict[Hashable, Any] = {}

    def classify(self, columns: Mapping[str, pa.ChunkedArray | pa.Array]) -> dict[str, pa.Array]:
        """Return the columns to fill in; `columns` holds client_ip, user_agent, method, path, query where known."""
        return {"client_network": _each(columns.get("client_ip"), network_of, self._networks)}


def local_dates(moments: pa.ChunkedArray | pa.Array, time_zone: str) -> pa.Array:
    """Return the day of each moment (timestamp, us, UTC) in a zone: asked once for each quarter of an hour.

    Every offset in use is a multiple of 15 minutes, so that a day never starts within one.
    """
    zone = ZoneInfo(time_zone)
    quarters = pc.divide(moments.cast(pa.int64()), _QUARTER_US)
    if isinstance(quarters, pa.ChunkedArray):
        quarters = quarters.combine_chunks()
    encoded = quarters.dictionary_encode()
    seconds = [quarter * _QUARTER_US // 1_000_000 for quarter in encoded.dictionary.to_pylist()]
    days = [datetime.fromtimestamp(second, zone).date() for second in seconds]
    return pa.array(days, pa.date32()).take(encoded.indices)


def _each(values: pa.ChunkedArray | pa.Array, function: Callable[[Any], Any], cache: dict[Hashable, Any]) -> pa.Array:
    """Apply a function to each distinct value."""
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    encoded = values.dictionary_encode()
    found = []
    for value in encoded.dictionary.to_pylist():
        if value not in cache:
            cache[value] = function(value)
        found.append(cache[value])
    return pa.array(found, pa.string()).take(encoded.indices)


def network_of(address: str | None) -> str | None:
    """Return the /24 of an IPv4 address or the /48 of an IPv6 one; None where it is no address."""
    try:
        ip = ipaddress.ip_address(address or "")
    except ValueError:
        return None
    return str(ipaddress.ip_network(f"{ip}/{24 if ip.version == 4 else 48}", strict=False))
