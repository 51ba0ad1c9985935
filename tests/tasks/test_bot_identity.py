"""Claims of bots: by published ranges, by names that lead back, and what makes nobody a liar."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import gzip
import os
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pyarrow as pa
import pytest

from tasks.bot_identity import Identities, read_ranges
from tasks.bot_operators import OPERATORS, Operator
from tasks.bot_ranges import fetch_ranges
from tasks.bots import bot_of
from tasks.reverse_dns import ReverseDns, SystemResolver
from tasks.traffic import Classifier
from tests.conftest import CASES
from tests.servers import http_server

GOOGLE = ("google-common-crawlers.json", "google-special-crawlers.json")
PREFIXES = (
    '{"creationTime": "2026-11-01", "prefixes": [{"ipv4Prefix": "192.0.2.0/28"}, {"ipv6Prefix": "2001:db8:1::/48"}]}'
)


def lists(folder: Path, *names: str, text: str = PREFIXES) -> Path:
    for name in names:
        (folder / name).write_text(text)
    return folder


class Resolver:
    """Names and addresses of a test; who is in `silent` gets no answer."""

    def __init__(self, names: dict[str, str], addresses: dict[str, list[str]], silent: tuple[str, ...] = ()) -> None:
        self.names, self.addresses, self.silent = names, addresses, silent
        self.asked: list[str] = []

    def name_of(self, address: str) -> str | None:
        self.asked.append(address)
        if address in self.silent:
            raise socket.herror(2, "Host name lookup failure")
        return self.names.get(address)

    def addresses_of(self, name: str) -> list[str]:
        return self.addresses.get(name, [])


def test_a_claim_is_verified_or_spoofed_by_published_ranges(tmp_path: Path) -> None:
    known = Identities(lists(tmp_path, *GOOGLE))
    assert known.of("Googlebot", "192.0.2.15") == known.of("Googlebot", "2001:db8:1::5") == "verified"
    assert known.of("Googlebot", "::ffff:192.0.2.15") == "verified"
    assert known.of("Googlebot", "203.0.113.40") == known.of("AdsBot-Google", "203.0.113.40") == "spoofed"
    assert known.of("SomeBot", "203.0.113.40") == known.of("Googlebot", None) == "claimed"
    assert known.of("bingbot", "203.0.113.40") == "claimed", "no list of Bing's is there"
    assert known.of("GPTBot", "192.0.2.15") == "claimed", "Google's list is not OpenAI's"
    assert known.of(None, "203.0.113.40") is None


def test_without_any_list_a_claim_stays_a_claim(tmp_path: Path) -> None:
    for known in (Identities(), Identities(tmp_path), Identities(tmp_path / "nowhere")):
        assert {known.of(bot, "203.0.113.40") for operator in OPERATORS for bot in operator.bots} == {"claimed"}
        assert "google-common-crawlers.json is missing: run the flow collect-bot-ranges." in known.gaps


@pytest.mark.parametrize(
    "text", ["", "<html>503</html>", "{}", '{"prefixes": []}', "null", "[" * 100_000, '{"a": "0.0.0.0/0"}']
)
def test_one_missing_or_broken_list_of_an_operator_makes_nobody_a_liar(tmp_path: Path, text: str) -> None:
    lists(tmp_path, GOOGLE[0])
    assert Identities(tmp_path).of("Googlebot", "203.0.113.40") == "claimed"
    known = Identities(lists(tmp_path, GOOGLE[1], text=text))
    assert known.of("Googlebot", "203.0.113.40") == "claimed"
    assert known.of("Googlebot", "192.0.2.1") == "verified"
    assert "google-special-crawlers.json holds no ranges: run the flow collect-bot-ranges." in known.gaps


def test_an_old_list_verifies_and_makes_nobody_a_liar(tmp_path: Path) -> None:
    lists(tmp_path, *GOOGLE)
    old = time.time() - 31 * 86_400
    os.utime(tmp_path / GOOGLE[0], (old, old))
    known = Identities(tmp_path)
    assert (known.of("Googlebot", "192.0.2.1"), known.of("Googlebot", "203.0.113.40")) == ("verified", "claimed")
    assert "google-common-crawlers.json is 31 days old: run the flow collect-bot-ranges." in known.gaps


@pytest.mark.parametrize(
    "address", ["10.0.0.7", "127.0.0.1", "::1", "162.158.7.9", "2606:4700::1", "fe80::1%eth0", "?"]
)
def test_the_address_of_a_proxy_says_nothing_of_who_is_behind_it(tmp_path: Path, address: str) -> None:
    lists(tmp_path, *GOOGLE)
    assert Identities(tmp_path).of("Googlebot", address) == ("spoofed" if address == "?" else "claimed")


def test_lists_of_every_published_form_are_read(tmp_path: Path) -> None:
    forms = {
        "json": PREFIXES,
        "flat.json": '{"ranges": ["192.0.2.0/28", "2001:db8:1::/48"]}',
        "txt": "# Probes\n192.0.2.0/28\n2001:db8:1::/48\n",
        "csv": "192.0.2.0/28,US,\r\n2001:db8:1::/48,US,\r\n",
        "html": "<!doctype html><p>1.2.3.4<pre><code>{&quot;prefixes&quot;: [{&quot;ip_prefix&quot;: &quot;192.0.2.0/28&quot;},"
        " {&quot;ipv6Prefix&quot;: &quot;2001:db8:1::/48&quot;}]}</code></pre>",
    }
    for name, text in forms.items():
        (tmp_path / name).write_text(text)
        assert [str(n) for n in read_ranges(tmp_path / name)] == ["192.0.2.0/28", "2001:db8:1::/48"], name
    (tmp_path / "wide").write_text("0.0.0.0/0 ::/0 128.0.0.0/1 17.0.0.0/8 999.1.1.1 1.2.3.4/99")
    assert [str(n) for n in read_ranges(tmp_path / "wide")] == ["17.0.0.0/8"]
    assert list(read_ranges(CASES / "waf" / "README.md")) == []


NAMES = {
    "192.0.2.1": "Crawl-1.googlebot.com.",
    "192.0.2.2": "fake.googlebot.com",
    "192.0.2.3": "googlebot.com.evil.example",
    "192.0.2.6": "evilgooglebot.com",
    "2001:db8::1": "crawl-6.googlebot.com",
}
LEAD_BACK = {
    "crawl-1.googlebot.com": ["192.0.2.1"],
    "googlebot.com.evil.example": ["192.0.2.3"],
    "evilgooglebot.com": ["192.0.2.6"],
    "crawl-6.googlebot.com": ["2001:0db8:0::1"],
}


def test_reverse_dns_must_lead_back_and_silence_proves_nothing() -> None:
    known = Identities(names=ReverseDns(Resolver(NAMES, LEAD_BACK, silent=("192.0.2.5",))))
    found = {address: known.of("Googlebot", address) for address in (*NAMES, "192.0.2.4", "192.0.2.5")}
    assert found == {
        "192.0.2.1": "verified",
        "192.0.2.2": "spoofed",
        "192.0.2.3": "spoofed",
        "192.0.2.6": "spoofed",
        "2001:db8::1": "verified",
        "192.0.2.4": "spoofed",
        "192.0.2.5": "claimed",
    }
    assert known.of("GPTBot", "192.0.2.4") == "claimed", "OpenAI documents no names"


def test_names_are_asked_for_only_where_ranges_do_not_verify_and_once(tmp_path: Path) -> None:
    resolver = Resolver(NAMES, LEAD_BACK)
    known = Identities(lists(tmp_path, *GOOGLE, text="198.51.100.0/24"), ReverseDns(resolver))
    claims = [
        ("Googlebot", "198.51.100.1"),
        ("Googlebot", "192.0.2.1"),
        ("Googlebot", "10.0.0.1"),
        ("GPTBot", "192.0.2.9"),
    ]
    for _ in range(2):
        assert list(known.judge(claims).values()) == ["verified", "verified", "claimed", "claimed"]
    assert resolver.asked == ["192.0.2.1"]


def test_answers_are_kept_for_a_week_and_silence_is_not(tmp_path: Path) -> None:
    now = 1_790_000_000.0
    cache = tmp_path / "new" / "reverse-dns.json"

    def asked(moment: float) -> list[str]:
        resolver = Resolver(NAMES, LEAD_BACK, silent=("192.0.2.5",))
        names = ReverseDns(resolver, cache, clock=lambda: moment)
        assert names.names_of(["192.0.2.1", "192.0.2.4", "192.0.2.5"]) == {
            "192.0.2.1": "crawl-1.googlebot.com",
            "192.0.2.4": "",
            "192.0.2.5": None,
        }
        return sorted(resolver.asked)

    assert asked(now) == ["192.0.2.1", "192.0.2.4", "192.0.2.5"]
    assert asked(now + 6 * 86_400) == ["192.0.2.5"]
    assert asked(now + 8 * 86_400) == ["192.0.2.1", "192.0.2.4", "192.0.2.5"]
    assert [file.name for file in cache.parent.iterdir()] == ["reverse-dns.json"]
    for damage in ("", "[]", '{"192.0.2.1": 5}', '{"192.0.2.1": ["x", "y"]}', "{"):
        cache.write_text(damage)
        assert asked(now) == ["192.0.2.1", "192.0.2.4", "192.0.2.5"]


def test_a_resolver_that_never_answers_holds_nobody() -> None:
    release = threading.Event()

    class Hanging(Resolver):
        def name_of(self, address: str) -> str | None:
            release.wait(20)
            return None

    names = ReverseDns(Hanging({}, {}), seconds=0.2)
    started = time.monotonic()
    try:
        assert set(names.names_of([f"192.0.2.{n}" for n in range(200)]).values()) == {None}
        assert names.names_of(["203.0.113.1"]) == {"203.0.113.1": None}, "the time for questions is used up"
        assert time.monotonic() - started < 5
    finally:
        release.set()


def test_the_resolver_of_the_machine_tells_no_name_from_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(error: OSError):
        def call(*_args: object, **_options: object) -> None:
            raise error

        return call

    resolver = SystemResolver()
    monkeypatch.setattr(socket, "gethostbyaddr", fails(socket.herror(1, "Unknown host")))
    assert resolver.name_of("192.0.2.1") is None
    monkeypatch.setattr(socket, "gethostbyaddr", fails(socket.herror(2, "Host name lookup failure")))
    with pytest.raises(OSError, match="lookup failure"):
        resolver.name_of("192.0.2.1")
    monkeypatch.setattr(socket, "getaddrinfo", fails(socket.gaierror(socket.EAI_NONAME, "unknown")))
    assert resolver.addresses_of("a.example") == []
    monkeypatch.setattr(socket, "getaddrinfo", fails(socket.gaierror(socket.EAI_AGAIN, "try again")))
    with pytest.raises(OSError, match="try again"):
        resolver.addresses_of("a.example")


def test_the_real_bots_of_the_capture_are_verified_and_the_false_ones_spoofed(tmp_path: Path) -> None:
    """The capture's real search bots come from 192.0.2.10-49, as if these were published; a false one from elsewhere."""
    with gzip.open(CASES / "waf" / "truth.csv.gz", "rt") as file:
        rows = [row for row in csv.DictReader(file) if row["category"] in ("bot_search", "bot_fake_search")]
    names = ("bing-bingbot.json", "apple-applebot.json", "duckduckgo-duckduckbot.json")
    lists(tmp_path, *GOOGLE, *names, text='{"prefixes": [{"ipv4Prefix": "192.0.2.0/26"}]}')
    known = Identities(tmp_path)
    found = Counter()
    for row in rows:
        bot = bot_of(row["user_agent"])
        assert bot is not None
        found[row["category"], bot.bot_name == "YandexBot", known.of(bot.bot_name, row["client_ip"])] += 1
    assert found == {
        ("bot_fake_search", False, "spoofed"): 15,
        ("bot_search", False, "verified"): 64,
        ("bot_search", True, "claimed"): 16,  # Yandex publishes no ranges
    }


def test_a_column_of_claims_is_judged_like_each_of_them(tmp_path: Path) -> None:
    (tmp_path / "bot-ranges").mkdir()
    lists(tmp_path / "bot-ranges", *GOOGLE)
    made = Classifier(tmp_path).classify(
        {
            "user_agent": pa.array(["Googlebot/2.1", "Googlebot/2.1", "x", None, "Googlebot/2.1", "NewBot/1"]),
            "client_ip": pa.array(["192.0.2.1", "203.0.113.1", "192.0.2.1", "192.0.2.1", None, "192.0.2.1"]),
        }
    )
    assert made["bot_identity"].to_pylist() == ["verified", "spoofed", None, None, "claimed", "claimed"]


def test_every_operator_is_of_bots_that_are_known_by_these_names_and_says_where() -> None:
    bots = [bot for operator in OPERATORS for bot in operator.bots]
    assert len(bots) == len(set(bots))
    for operator in OPERATORS:
        assert operator.urls or operator.hosts
        assert operator.source.startswith("https://")
        assert all(host.startswith(".") for host in operator.hosts)
        for bot in operator.bots:
            agent = f"{bot}/1.0 (+http://yandex.com/bots)" if bot == "YandexBot" else f"{bot}/1.0"
            found = bot_of(agent)
            assert found is not None
            assert found.bot_name == bot
    files = [file for operator in OPERATORS for file in operator.files]
    assert len(files) == len(set(files))


@contextlib.contextmanager
def published(answers: dict[str, tuple[int, bytes]]) -> Iterator[tuple[str, list[str | None]]]:
    asked: list[str | None] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.headers["If-None-Match"])
            status, body = answers[self.path]
            is_same = self.headers["If-None-Match"] == '"v1"' and status == 200
            self.send_response(304 if is_same else status)
            self.send_header("ETag", '"v1"')
            self.send_header("Content-Length", "0" if is_same else str(len(body)))
            self.end_headers()
            if not is_same:
                self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            pass

    with http_server(Handler) as server:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked


def test_lists_are_fetched_once_and_an_old_one_outlives_a_failure(tmp_path: Path) -> None:
    answers = {
        "/a.json": (200, b'{"prefixes": [{"ipv4Prefix": "192.0.2.0/24"}]}'),
        "/b.txt": (200, b"198.51.100.1\n2001:db8::/32\n"),
        "/c.json": (200, b"sorry"),
    }
    with published(answers) as (url, asked):
        operators = [
            Operator("one", ("OneBot",), (f"{url}/a.json", f"{url}/b.txt")),
            Operator("two", ("TwoBot",), (f"{url}/c.json",)),
        ]
        first = asyncio.run(fetch_ranges(tmp_path, operators))
        assert [(f.range_count, f.problem is None) for f in first] == [(1, True), (2, True), (0, False)]
        answers["/b.txt"] = (500, b"")
        for file in tmp_path.glob("one-*"):
            os.utime(file, (0, 0))
        second = asyncio.run(fetch_ranges(tmp_path, operators))
    assert asked[3] == '"v1"'
    assert (tmp_path / "one-a.json").stat().st_mtime > 0, "not newer at the operator's, so as good as new"
    assert (tmp_path / "one-b.txt").stat().st_mtime == 0
    assert [f.range_count for f in second] == [1, 2, 0]
    assert "answered 500" in (second[1].problem or "")
