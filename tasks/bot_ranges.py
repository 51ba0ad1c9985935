"""Fetch the address ranges that operators of bots publish, so that a claim can be checked without asking anybody.

Each list is a file of the reference folder. One that can't be fetched leaves that of before in place: an old list still
verifies most bots, a missing one makes every claim stay a claim.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from tasks.bot_identity import read_ranges
from tasks.bot_operators import OPERATORS, Operator
from tasks.download import save

MAX_BYTES = 8 << 20
_HEADERS = {"User-Agent": "site-upkeep"}
"""Some operators turn away who does not say his name."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """One list: how many ranges it has now, or why it is not newer."""

    operator: str
    file: str
    range_count: int
    problem: str | None = None


async def fetch_ranges(folder: Path, operators: Sequence[Operator] = OPERATORS) -> list[Fetched]:
    """Fetch every list, one after another, and say what there is now."""
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    async with httpx.AsyncClient(timeout=30, follow_redirects=True, headers=_HEADERS) as client:
        for operator in operators:
            for url, name in zip(operator.urls, operator.files, strict=True):
                file = folder / name
                problem = await _fetch(client, url, file)
                count = sum(1 for _ in read_ranges(file)) if file.exists() else 0
                found.append(Fetched(operator.name, file.name, count, problem))
    return found


async def _fetch(client: httpx.AsyncClient, url: str, file: Path) -> str | None:
    """Replace the file by what the address gives now; return why not."""
    headers = {}
    version = file.with_name(f".{file.name}.etag")
    if file.exists() and version.exists():
        headers["If-None-Match"] = version.read_text(encoding="utf-8").strip()
    temporary = file.with_name(f".{file.name}.new")
    try:
        async with client.stream("GET", url, headers=headers) as response:
            if response.status_code == 304:
                os.utime(file)  # it is as good as new: what is old makes nobody a liar
                return None
            if response.status_code != 200:
                return f"{url} answered {response.status_code}"
            if not await save(response, temporary, MAX_BYTES):
                return f"{url} gives more than {MAX_BYTES:,} bytes"
        if not any(True for _ in read_ranges(temporary)):
            return f"{url} holds no ranges"
        temporary.replace(file)
        if etag := response.headers.get("ETag"):
            version.write_text(etag, encoding="utf-8")
        return None
    except (httpx.HTTPError, OSError) as error:
        return f"{url}: {error or type(error).__name__}"
    finally:
        temporary.unlink(missing_ok=True)
