"""Keep the body of an answer as a file, up to a limit."""

from __future__ import annotations

from pathlib import Path

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
