"""Take the body of an answer, up to a limit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx


async def save(answer: httpx.Response, file: Path, max_bytes: int) -> bool:
    """Write the body, unpacked, to a file; False where it has more than `max_bytes`, and the file is a part of it."""
    size = 0
    with file.open("wb") as out:
        async for chunk in answer.aiter_bytes():
            size += len(chunk)
            if size > max_bytes:
                return False
            out.write(chunk)
    return True


async def bounded(answer: httpx.Response, max_bytes: int) -> bytes | None:
    """Return the body, unpacked; None where it has more than `max_bytes`, of which no more is read."""
    data = bytearray()
    async for chunk in answer.aiter_bytes(1 << 16):
        data += chunk
        if len(data) > max_bytes:
            return None
    return bytes(data)
