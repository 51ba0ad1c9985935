"""A registration is known or unknown, never guessed: registries that lack, refuse, redirect or ramble."""

from __future__ import annotations

import asyncio
import json
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tasks import rdap
from tasks.probe_connect import ProbeFailureError
from tasks.probe_result import ProbeResult
from tests.servers import Handler, serving


def domain(days: float = 200, **more: object) -> dict:
    ends = (datetime.now(UTC) + timedelta(days=days)).isoformat()
    return {
        "objectClassName": "domain",
        "ldhName": "harbour.example",
        "events": [
            {"eventAction": "registration", "eventDate": "2001-01-01T00:00:00Z"},
            {"eventAction": "expiration", "eventDate": ends},
        ],
        "entities": [{"roles": ["registrar"], "vcardArray": ["vcard", [["fn", {}, "text", "Names Ltd"]]]}],
    } | more


def registry(answers: dict[str, object], asked: list[str] | None = None) -> Handler:
    """Answer by path: JSON of what is there, a status where it is a number, a redirect where it is text; else 404."""

    async def handle(reader, writer) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1].decode()
        if asked is not None:
            asked.append(path)
        answer = answers.get(path, 404)
        status = answer if isinstance(answer, int) else 302 if isinstance(answer, str) else 200
        body = b"" if status != 200 else answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        place = f"Location: {answer}\r\n" if status == 302 else ""
        writer.write(f"HTTP/1.1 {status} x\r\n{place}Content-Length: {len(body)}\r\n\r\n".encode() + body)

    return handle


def ask(answers: dict[str, object], name: str = "harbour.example", days: float = 30, **more) -> ProbeResult:
    async def run() -> ProbeResult:
        async with serving(registry(answers)) as server:
            return await rdap.check_domain(name, days=days, folder=None, server=server.url(), **more)

    return asyncio.run(run())


def test_a_registration_is_up_with_its_end_and_its_registrar() -> None:
    result = ask({"/domain/harbour.example": domain()})
    assert (result.outcome, result.cause) == ("up", None)
    assert (result.certificate.subject, result.certificate.issuer) == ("harbour.example", "Names Ltd")
    assert (result.certificate.not_after - datetime.now(UTC)).days == 199


def test_a_name_below_a_domain_finds_it() -> None:
    assert ask({"/domain/harbour.example": domain()}, "www.shop.harbour.example").outcome == "up"
    assert ask({}, "www.shop.harbour.example").cause == "no_data"


@pytest.mark.parametrize(
    ("answer", "outcome", "cause"),
    [
        (domain(20), "down", "domain_expiring"),
        (domain(-2), "down", "domain_expired"),
        (domain(events=[]), "unknown", "no_data"),
        (domain(events=[{"eventAction": "expiration", "eventDate": "soon"}]), "unknown", "no_data"),
        (429, "unknown", "no_data"),
        (500, "unknown", "no_data"),
        (b"[" * 100_000, "unknown", "no_data"),
        (b" " * 3_000_000, "unknown", "no_data"),
        ("http://127.0.0.2:9/", "unknown", "no_data"),
        ("https://127.0.0.2:9/", "unknown", "no_data"),
        ("/domain/harbour.example", "unknown", "no_data"),
    ],
)
def test_what_a_registry_says_is_classed(answer: object, outcome: str, cause: str) -> None:
    result = ask({"/domain/harbour.example": answer})
    assert (result.outcome, result.cause) == (outcome, cause)


def test_a_registry_that_is_away_or_silent_says_nothing() -> None:
    async def silent(reader, _writer) -> None:
        await reader.read()

    async def run() -> ProbeResult:
        async with serving(silent) as server:
            return await rdap.check_domain("a.example", days=1, folder=None, server=server.url(), timeout_seconds=0.3)

    assert asyncio.run(run()).cause == "vantage"
    away = rdap.check_domain("a.example", days=1, folder=None, server="http://127.0.0.1:9/")
    assert asyncio.run(away).cause == "vantage"


def test_the_list_of_registries_is_kept_and_an_old_one_serves_while_iana_is_away(tmp_path: Path) -> None:
    bootstrap = {"services": [[["example"], ["https://127.0.0.1:9/"]], [["other"], ["http://127.0.0.1:9/"]]]}
    asked: list[str] = []

    async def run(answers: dict, name: str = "a.example") -> ProbeResult:
        async with serving(registry(answers, asked)) as server:
            url = server.url(path="/dns.json")
            return await rdap.check_domain(name, days=1, folder=tmp_path, bootstrap_url=url)

    assert asyncio.run(run({})).cause == "no_data"
    assert asyncio.run(run({"/dns.json": bootstrap})).cause == "vantage", "the registry is asked, and is away"
    assert asyncio.run(run({})).cause == "vantage"
    assert asked == ["/dns.json"] * 2
    kept, old = tmp_path / rdap.BOOTSTRAP_FILE, time.time() - 30 * 86_400
    os.utime(kept, (old, old))
    assert asyncio.run(run({})).cause == "vantage"
    assert len(asked) == 3
    assert "no RDAP" in asyncio.run(run({}, "a.unlisted")).message
    assert "no RDAP" in asyncio.run(run({}, "a.other")).message, "only https is asked"


JSON = st.recursive(
    st.none() | st.integers() | st.sampled_from(["expiration", "registrar", "2026-01-01", "9999-12-31T23:59:59-14:00"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["events", "entities", "roles", "vcardArray", "eventAction", "eventDate", "ldhName"]), inner
        )
    ),
    max_leaves=20,
)


@hypothesis_settings(deadline=None, max_examples=150)
@given(JSON)
def test_no_answer_is_an_exception(answer: object) -> None:
    try:
        assert rdap.parse_domain(answer).not_after.tzinfo
    except ProbeFailureError as error:
        assert error.cause == "no_data"
    try:
        assert rdap._servers(answer, "a.example")
    except ProbeFailureError as error:
        assert error.cause == "no_data"
