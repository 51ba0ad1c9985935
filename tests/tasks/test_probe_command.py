"""`upkeep probe`: one object for programs, plain lines for people, an exit status that says whether the check ran."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.cli import main
from tests.servers import Authority, answering, authority, ok, serving


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def ports(tls: Authority) -> Iterator[dict[str, int]]:
    """Servers in a thread of their own, because the command runs a loop of its own."""
    ready, found, stop = threading.Event(), dict[str, int](), asyncio.Event()
    loop = asyncio.new_event_loop()
    evil = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.2/\xc2\x9b31mred\r\nContent-Length: 0\r\n\r\n"

    async def serve() -> None:
        async with (
            serving(ok(), tls.context()) as good,
            serving(ok(), tls.context("other.example")) as bad,
            serving(answering(evil)) as odd,
        ):
            found.update(good=good.port, bad=bad.port, odd=odd.port)
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    ready.wait(10)
    yield found
    loop.call_soon_threadsafe(stop.set)
    thread.join(10)
    loop.close()


def test_a_program_gets_every_key(ports: dict[str, int], tls: Authority, capsys) -> None:
    assert main(["probe", f"localhost:{ports['good']}", "--json", "--ca-file", tls.ca_file, "--ip-version", "4"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["outcome"], result["cause"], result["status"], result["redirects"]) == ("up", None, 200, [])
    assert result["final_url"] == result["url"] == f"https://localhost:{ports['good']}"
    assert all(result[name] >= 0 for name in result if name.endswith("_ms"))
    assert {"dns_ms", "connect_ms", "tls_ms", "first_byte_ms", "body_ms", "total_ms"} <= result.keys()
    assert result["certificate"]["is_valid"]
    assert set(result["certificate"]) == {"subject", "issuer", "not_after", "is_valid", "why_not"}


def test_a_site_that_is_down_is_a_check_that_ran(ports: dict[str, int], tls: Authority, capsys) -> None:
    assert main(["probe", f"https://localhost:{ports['bad']}", "--ca-file", tls.ca_file]) == 0
    out = capsys.readouterr().out
    assert out.startswith("down: certificate_wrong_host (")
    assert "not accepted: certificate_wrong_host" in out


def test_what_a_server_says_can_not_steer_the_terminal(ports: dict[str, int], capsys) -> None:
    assert main(["probe", f"http://127.0.0.1:{ports['odd']}/"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("down: redirect (")
    assert all(line.isprintable() for line in out.splitlines())
    assert "\\x9b" in out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["ftp://x.example/"], "must start with http"),
        (["http://[::1]/", "--ip-version", "4"], "no address of IP version 4"),
        (["https://x.example/", "--timeout", "0"], "--timeout"),
        (["https://x.example/", "--ca-file", "none.pem"], "none.pem"),
    ],
)
def test_a_check_that_is_not_set_up_rightly_is_wrong_usage(
    arguments: list[str], sentence: str, capsys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["probe", *arguments]) == 2
    assert sentence in capsys.readouterr().err
