"""Write the smallest database of networks that a reader of MMDB takes: https://maxmind.github.io/MaxMind-DB/."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any


class _Short(int):
    """A number of 16 bits."""


class _Long(int):
    """A number of 64 bits."""


def mmdb(records: Mapping[str, Any], *, ip_version: int = 6) -> bytes:
    """Return a database of `records`, which are by network; IPv4 ones lie at ::/96, as everywhere."""
    root: list[Any] = [None, None]
    data = b""
    for text, record in records.items():
        network = ipaddress.ip_network(text)
        bits = f"{int(network.network_address):0{network.max_prefixlen}b}"[: network.prefixlen]
        bits = "0" * 96 + bits if network.version == 4 and ip_version == 6 else bits
        node = root
        for bit in map(int, bits[:-1]):
            node[bit] = node[bit] or [None, None]
            node = node[bit]
        node[int(bits[-1])] = len(data)
        data += _encode(record)
    nodes = [root]
    for node in nodes:
        nodes += [child for child in node if isinstance(child, list)]
    number = {id(node): index for index, node in enumerate(nodes)}
    tree = b"".join(
        (number[id(c)] if isinstance(c, list) else len(nodes) + (0 if c is None else 16 + c)).to_bytes(3, "big")
        for node in nodes
        for c in node
    )
    meta = {
        "node_count": len(nodes),
        "record_size": _Short(24),
        "ip_version": _Short(ip_version),
        "binary_format_major_version": _Short(2),
        "binary_format_minor_version": _Short(0),
        "build_epoch": _Long(1_790_000_000),
        "database_type": "Test",
        "languages": ["en"],
        "description": {"en": "made by a test"},
    }
    return tree + bytes(16) + data + b"\xab\xcd\xefMaxMind.com" + _encode(meta)


def _encode(value: Any) -> bytes:
    if isinstance(value, str):
        text = value.encode()
        return bytes([2 << 5 | len(text)]) + text if len(text) < 29 else bytes([2 << 5 | 29, len(text) - 29]) + text
    if isinstance(value, Mapping):
        return bytes([7 << 5 | len(value)]) + b"".join(_encode(k) + _encode(v) for k, v in value.items())
    if isinstance(value, list):
        return bytes([len(value), 4]) + b"".join(map(_encode, value))
    number = int(value).to_bytes((int(value).bit_length() + 7) // 8, "big")
    if isinstance(value, _Long):
        return bytes([len(number), 2]) + number
    return bytes([(5 if isinstance(value, _Short) else 6) << 5 | len(number)]) + number
