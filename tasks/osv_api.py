"""Ask the API of OSV about packages by name: which advisories there are, then each that is new or changed.

Versions are not sent: which of them hit is worked out here, for versions of the past and of tomorrow too.
https://google.github.io/osv.dev/post-v1-querybatch/
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import httpx

from tasks.advisory_format import elements, moment
from tasks.download import bounded
from tasks.errors import SourceError
from tasks.json_text import items, word
from tasks.waiting import send

URL = "https://api.osv.dev"
QUERIES = 1000
"""Of one request at most, says the API."""
PAGES = 1000
"""Of one package at most: a server that always has one more would never let go."""
AT_ONCE = 8
"""Advisories that are fetched at the same time."""
ANSWER_BYTES = 32 << 20
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")


async def save(client: httpx.AsyncClient, address: str, packages: Sequence[tuple[str, str]], file: Path) -> None:
    """Write the advisories on the packages, as (ecosystem, name), to the file, as a list in the format of OSV.

    The file of the last time gives those that did not change. One that is listed and not to be had stands there with
    nothing but its id, so that it is rejected and what was known of it stays.

    Raises:
        SourceError: an answer is none of OSV, or too large.
        httpx.HTTPError: there is no answer.
    """
    listed = await _listed(client, address, packages)
    temporary = file.with_name(f".{file.name}.new")
    try:
        with temporary.open("w", encoding="utf-8") as out:
            separator = "["
            for record in _kept(file, listed):
                out.write(f"{separator}{json.dumps(record)}\n")
                separator = ","
                del listed[record["id"]]
            waiting = iter(listed)
            while some := list(islice(waiting, AT_ONCE)):
                for record in await asyncio.gather(*(_advisory(client, address, one) for one in some)):
                    out.write(f"{separator}{json.dumps(record)}\n")
                    separator = ","
            out.write("[]" if separator == "[" else "]")
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)


async def _listed(client: httpx.AsyncClient, address: str, packages: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return the identifiers of all advisories on the packages, and when each was changed last."""
    found: dict[str, str] = {}
    waiting: list[dict[str, Any]] = [{"package": {"ecosystem": kind, "name": name}} for kind, name in packages]
    pages = 0
    while waiting:
        some, waiting = waiting[:QUERIES], waiting[QUERIES:]
        answer = await _json(client, client.build_request("POST", f"{address}/v1/querybatch", json={"queries": some}))
        results = items(answer, "results")
        if len(results) != len(some):
            raise SourceError(f"{address} answers {len(results)} of {len(some)} queries; is it the API of OSV?")
        for query, result in zip(some, results, strict=True):
            found.update((one, word(flaw, "modified")) for flaw in items(result, "vulns") if (one := word(flaw, "id")))
            if token := word(result, "next_page_token"):
                waiting.append({**query, "page_token": token})
                pages += 1
        if pages > PAGES * len(packages):
            raise SourceError(f"{address} never comes to its last page")
    if bad := next((one for one in found if not _ID.fullmatch(one)), None):
        raise SourceError(f"{address} names an advisory {bad[:60]!r}; is it the API of OSV?")
    return found


def _kept(file: Path, listed: Mapping[str, str]) -> Any:
    """Yield the advisories of the last time that are still listed and have not changed since."""
    if not file.exists():
        return
    with file.open("rb") as old:
        try:
            for record in elements(old, "item", "list of advisories"):
                changed_at = moment(listed.get(word(record, "id"), ""))
                if changed_at and moment(word(record, "modified")) == changed_at:
                    yield record
        except SourceError:
            return  # what it does not give is fetched again


async def _advisory(client: httpx.AsyncClient, address: str, advisory_id: str) -> Any:
    answer = await _json(client, client.build_request("GET", f"{address}/v1/vulns/{advisory_id}"), may_miss=True)
    return answer if word(answer, "id") == advisory_id else {"id": advisory_id}


async def _json(client: httpx.AsyncClient, request: httpx.Request, *, may_miss: bool = False) -> Any:
    answer = await send(client, request)
    try:
        if may_miss and answer.status_code == httpx.codes.NOT_FOUND:
            return {}
        if answer.status_code != httpx.codes.OK:
            wait = answer.headers.get("Retry-After", "")
            later = f"; it asks to wait {wait[:40]}" if wait else ""
            raise SourceError(f"{request.url} answered {answer.status_code}{later}")
        data = await bounded(answer, ANSWER_BYTES)
        if data is None:
            raise SourceError(f"{request.url} answers more than {ANSWER_BYTES >> 20} MiB")
    finally:
        await answer.aclose()
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, Mapping):
        raise SourceError(f"{request.url} answers no JSON object; is it the API of OSV?")
    return found
