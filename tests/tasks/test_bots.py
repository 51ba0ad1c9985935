"""Bots by name, claims by range and by reverse DNS, networks, places and paths."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.bot_identity import Identities, Operator, read_ranges
from tasks.bot_ranges import fetch_ranges
from tasks.bots import Bot, bot_of
from tasks.errors import ConfigurationError
from tasks.networks import Places, Ranges, network_of, parse_network
from tasks.request_paths import closer, path_class_of, path_classes, query_class_of, query_classes
from tests.conftest import CASES

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
)


@pytest.mark.parametrize(
    ("agent", "bot"),
    [
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", Bot("search", "Googlebot")),
        ("Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)", Bot("search", "YandexBot")),
        ("CCBot/2.0 (https://commoncrawl.org/faq/)", Bot("ai", "CCBot")),
        ("sqlmap/1.7.2#stable (https://sqlmap.org)", Bot("scanner", "sqlmap")),
        ("curl/8.5.0", Bot("library", "curl")),
        ("site-upkeep/0.1", Bot("monitoring", "site-upkeep")),
        ("Nobody-Has-Listed-Me-Bot/0.1", Bot("other", "Nobody-Has-Listed-Me-Bot")),
        ("Mozilla/5.0 (Linux; Android 9; CUBOT_NOTE) AppleWebKit/537.36 Chrome/99 Mobile Safari/537.36", None),
        (CHROME, None),
        ("", None),
        (None, None),
    ],
)
def test_a_user_agent_is_the_bot_that_it_names(agent: str | None, bot: Bot | None) -> None:
    assert bot_of(agent) == bot


@given(st.text(max_size=400))
def test_a_name_is_short_plain_text_whatever_is_sent(agent: str) -> None:
    bot = bot_of(agent + " evilbot<script>")
    assert bot is None or (len(bot.bot_name) <= 40 and bot.bot_name.isascii() and "<" not in bot.bot_name)


def test_the_kept_list_knows_its_own_examples() -> None:
    from crawleruseragents import CRAWLER_USER_AGENTS_DATA

    missed = [i for item in CRAWLER_USER_AGENTS_DATA for i in item["instances"] if bot_of(i) is None]
    assert missed == []


class Resolver:
    def __init__(self, names: dict[str, str], addresses: dict[str, list[str]]) -> None:
        self.names, self.addresses = names, addresses

    def name_of(self, address: str) -> str | None:
        return self.names.get(address)

    def addresses_of(self, name: str) -> list[str]:
        return self.addresses.get(name, [])


def test_a_claim_is_verified_spoofed_or_stays_a_claim(tmp_path: Path) -> None:
    (tmp_path / "google-a.json").write_text(
        '{"prefixes": [{"ipv4Prefix": "192.0.2.0/28"}, {"ipv6Prefix": "2001:db8:1::/48"}]}'
    )
    (tmp_path / "bing-broken.json").write_text("<html>503</html>")
    known = Identities(tmp_path)
    assert known.of("Googlebot", "192.0.2.15") == known.of("Googlebot", "2001:db8:1::5") == "verified"
    assert known.of("Googlebot", "203.0.113.40") == "spoofed"
    assert known.of("bingbot", "203.0.113.40") == "claimed", "a broken list makes nobody a liar"
    assert known.of("SomeBot", "203.0.113.40") == known.of("Googlebot", None) == "claimed"
    assert known.of(None, "203.0.113.40") is None
    assert Identities().of("Googlebot", "203.0.113.40") == "claimed"


def test_reverse_dns_must_lead_back() -> None:
    resolver = Resolver(
        {
            "192.0.2.1": "crawl-1.googlebot.com",
            "192.0.2.2": "fake.googlebot.com",
            "192.0.2.3": "googlebot.com.evil.example",
        },
        {"crawl-1.googlebot.com": ["192.0.2.1"], "googlebot.com.evil.example": ["192.0.2.3"]},
    )
    known = Identities(resolver=resolver)
    assert [known.of("Googlebot", f"192.0.2.{n}") for n in (1, 2, 3, 4)] == [
        "verified",
        "spoofed",
        "spoofed",
        "claimed",
    ]


@contextlib.contextmanager
def lists(answers: dict[str, tuple[int, bytes]]) -> Iterator[tuple[str, list[str | None]]]:
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

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", asked
        finally:
            server.shutdown()
            thread.join()


def test_lists_are_fetched_once_and_an_old_one_outlives_a_failure(tmp_path: Path) -> None:
    answers = {
        "/a.json": (200, b'{"prefixes": [{"ipv4Prefix": "192.0.2.0/24"}]}'),
        "/b.txt": (200, b"198.51.100.1\n2001:db8::/32\n"),
        "/c.json": (200, b"sorry"),
    }
    with lists(answers) as (url, asked):
        operators = [
            Operator("one", ("OneBot",), (f"{url}/a.json", f"{url}/b.txt")),
            Operator("two", ("TwoBot",), (f"{url}/c.json",)),
        ]
        first = asyncio.run(fetch_ranges(tmp_path, operators))
        assert [(f.range_count, f.problem is None) for f in first] == [(1, True), (2, True), (0, False)]
        answers["/b.txt"] = (500, b"")
        second = asyncio.run(fetch_ranges(tmp_path, operators))
    assert asked[3] == '"v1"'
    assert [f.range_count for f in second] == [1, 2, 0]
    assert "answered 500" in (second[1].problem or "")


def test_ranges_hold_their_addresses_and_merge() -> None:
    ranges = Ranges(parse_network(n) for n in ("192.0.2.0/25", "192.0.2.128/25", "192.0.2.64/26", "2001:db8::/32"))
    assert all(a in ranges for a in ("192.0.2.0", "192.0.2.255", "2001:db8:ffff::1"))
    assert not any(a in ranges for a in ("192.0.3.0", "192.0.1.255", "2001:db9::", "x", ""))
    assert ranges.overlaps("192.0.2.0/23") and not ranges.overlaps("198.51.100.0/24")
    with pytest.raises(ConfigurationError, match="'office' is no address"):
        parse_network("office")


@given(st.lists(st.ip_addresses(v=4).map(str), min_size=1, max_size=20), st.integers(8, 32))
def test_ranges_agree_with_a_look_at_each(addresses: list[str], length: int) -> None:
    networks = [parse_network(f"{a}/{length}") for a in addresses[::2]]
    ranges = Ranges(networks)
    import ipaddress

    for address in addresses:
        assert (address in ranges) == any(ipaddress.ip_address(address) in n for n in networks)


def test_networks_are_24_and_48() -> None:
    assert network_of("192.0.2.77") == "192.0.2.0/24"
    assert network_of("2001:db8:1:2::3") == "2001:db8:1::/48"
    assert network_of("-") is network_of(None) is None


def test_a_folder_without_databases_knows_nothing_and_a_broken_one_is_told(tmp_path: Path) -> None:
    pytest.importorskip("maxminddb")
    assert not Places(tmp_path)
    assert Places(tmp_path).of("192.0.2.1").asn is None
    (tmp_path / "asn.mmdb").write_bytes(b"no database")
    with pytest.raises(ConfigurationError, match="no usable MMDB"):
        Places(tmp_path)


def test_paths_are_told_and_pages_are_not() -> None:
    with gzip.open(CASES / "waf" / "truth.csv.gz", "rt") as file:
        rows = list(csv.DictReader(file))
    wanted = {
        "sensitive_file": "sensitive_file",
        "user_enum": "user_enumeration",
        "wp_login_bf": "login",
        "xmlrpc_bf": "xmlrpc",
        "normal_static": "static",
    }
    for row in rows:
        path, _, query = row["path"].partition("?")
        found = closer(path_class_of(path), query_class_of(query))
        if row["category"] in wanted:
            assert found == wanted[row["category"]], row["path"]
        elif row["category"] == "path_probe":
            assert found in ("path_probe", "login"), row["path"]
        elif row["category"].startswith(("normal", "legit")):
            assert found in (None, "search"), row["path"]
    assert path_classes(pa.array([r["path"] for r in rows])) == [path_class_of(r["path"]) for r in rows]
    queries = [r["path"].partition("?")[2] for r in rows]
    assert query_classes(pa.array(queries)) == [query_class_of(q) for q in queries]
    assert list(read_ranges(CASES / "waf" / "README.md")) == []
