"""Say who asked and for what: network, place and bot of the client, what the path is for.

A block of a log has far fewer distinct addresses, user agents and paths than rows: each distinct value is looked at
once and joined back by its position.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tasks.bot_identity import Identities
from tasks.bots import bot_of
from tasks.networks import Places, network_of
from tasks.request_paths import CLASSES, path_classes, query_classes
from tasks.reverse_dns import ReverseDns

_QUARTER_US = 15 * 60 * 1_000_000


class Classifier:
    """Classifies the columns of blocks. Its caches are shared by all threads that parse one source."""

    def __init__(self, reference: Path | None = None, *, ask_dns: bool = False) -> None:
        """Read what is in the reference folder: `bot-ranges/` and `geo/`; without it claims stay claims.

        Raises:
            ConfigurationError: a database of the folder can't be read.
        """
        names = ReverseDns(cache=reference and reference / "reverse-dns.json") if ask_dns else None
        self._identities = Identities(reference and reference / "bot-ranges", names)
        self._places = Places(reference and reference / "geo")
        self._networks: dict[str | None, str | None] = {}
        self._judged: dict[tuple[str | None, str | None], str] = {}

    def classify(self, columns: Mapping[str, pa.ChunkedArray | pa.Array]) -> dict[str, pa.Array]:
        """Return the columns that are made from others; what a vendor said itself stays.

        Args:
            columns: equally long; of client_ip, user_agent, path, query, asn, country and bot_class what there is.
        """
        made = {}
        address = _Coded(columns.get("client_ip"))
        if address:
            made["client_network"] = address.take([self._network(value) for value in address.values])
            if self._places:
                places = [self._places.of(value) for value in address.values]
                made["asn"] = _or(columns.get("asn"), address.take([p.asn for p in places], pa.int64()))
                made["country"] = _or(columns.get("country"), address.take([p.country for p in places]))
        agent = _Coded(columns.get("user_agent"))
        if agent:
            bots = [bot_of(value) for value in agent.values]
            made["bot_class"] = _or(columns.get("bot_class"), agent.take([bot and bot.bot_class for bot in bots]))
            made["bot_name"] = _or(columns.get("bot_name"), agent.take([bot and bot.bot_name for bot in bots]))
            identity = self._identity(agent, [bot.bot_name if bot else None for bot in bots], address)
            made["bot_identity"] = _or(columns.get("bot_identity"), identity)
        path = _Coded(columns.get("path"))
        if path:
            rank = path.ranks(path_classes(path.distinct))
            query = _Coded(columns.get("query"))
            if query:
                rank = np.minimum(rank, query.ranks(query_classes(query.distinct)))
            made["path_class"] = pa.array([*CLASSES, None], pa.string()).take(pa.array(rank))
        return made

    def _network(self, address: str | None) -> str | None:
        if address not in self._networks:
            self._networks[address] = network_of(address)
        return self._networks[address]

    def _identity(self, agent: _Coded, names: Sequence[str | None], address: _Coded) -> pa.Array:
        """Judge each pair of bot and address once."""
        is_bot = np.array([name is not None for name in [*names, None]])[agent.codes]
        rows = np.flatnonzero(is_bot)
        judged: list[str] = []
        found = np.full(len(agent.codes), -1)
        if len(rows):
            width = len(address.values) + 1
            origin = address.codes[rows] % width if address else np.full(len(rows), width - 1)
            pairs, inverse = np.unique(agent.codes[rows].astype(np.int64) * width + origin, return_inverse=True)
            known = [*address.values, None]
            claims = [(names[pair // width], known[pair % width]) for pair in pairs.tolist()]
            self._judged.update(self._identities.judge(set(claims) - self._judged.keys()))
            judged = [self._judged[claim] for claim in claims]
            found[rows] = inverse
        return pa.array([*judged, None], pa.string()).take(pa.array(np.where(found < 0, len(judged), found)))


class _Coded:
    """A column as its distinct values and, for each row, the position of its value; -1 where there is none."""

    def __init__(self, column: pa.ChunkedArray | pa.Array | None) -> None:
        self.is_there = column is not None and not pa.types.is_null(column.type)
        self.distinct = pa.array([], pa.string())
        self.codes = np.array([], dtype=np.int64)
        if column is not None and self.is_there:
            encoded = (column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column).dictionary_encode()
            self.distinct = encoded.dictionary
            self._indices = encoded.indices
            self.codes = pc.fill_null(encoded.indices, -1).to_numpy()

    def __bool__(self) -> bool:
        return self.is_there

    @property
    def values(self) -> list[str]:
        """Return the distinct values."""
        values: list[str] = self.distinct.to_pylist()
        return values

    def ranks(self, classes: Sequence[str | None]) -> npt.NDArray[np.int64]:
        """Return, for each row, the place in `CLASSES` of the class of its value; its length where there is none."""
        places = {name: place for place, name in enumerate(CLASSES)}
        return np.array([places.get(name or "", len(CLASSES)) for name in [*classes, None]])[self.codes]

    def take(self, found: Iterable[Any], kind: pa.DataType | None = None) -> pa.Array:
        """Return, for each row, what was found for its value."""
        return pa.array(found, kind or pa.string()).take(self._indices)


def _or(own: pa.ChunkedArray | pa.Array | None, made: pa.Array) -> pa.Array:
    if own is None or pa.types.is_null(own.type):
        return made
    return pc.coalesce(own.combine_chunks() if isinstance(own, pa.ChunkedArray) else own, made)


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
    return pa.array([_day(second, zone) for second in seconds], pa.date32()).take(encoded.indices)


def _day(second: int, zone: ZoneInfo) -> date | None:
    try:
        return datetime.fromtimestamp(second, zone).date()
    except (ValueError, OverflowError, OSError):
        return None  # a time that no calendar has must not cost the block
