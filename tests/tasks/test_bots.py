"""Bots by name, claims by range and by reverse DNS, networks and places."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from crawleruseragents import CRAWLER_USER_AGENTS_DATA
from hypothesis import given
from hypothesis import strategies as st

from tasks.bot_identity import Identities, Operator
from tasks.bot_list import CLOSER, NAMES, NARROWER, PEOPLE
from tasks.bot_ranges import fetch_ranges
from tasks.bots import Bot, _candidates, bot_of
from tasks.errors import ConfigurationError
from tasks.networks import Places, Ranges, network_of, parse_network
from tests.conftest import CASES


def truth() -> list[dict[str, str]]:
    with gzip.open(CASES / "waf" / "truth.csv.gz", "rt") as file:
        return list(csv.DictReader(file))


CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
)


@pytest.mark.parametrize(
    ("agent", "bot"),
    [
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", Bot("search", "Googlebot")),
        ("googlebot/2.1", Bot("search", "Googlebot")),
        ("Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)", Bot("search", "YandexBot")),
        ("CCBot/2.0 (https://commoncrawl.org/faq/)", Bot("ai", "CCBot")),
        ("sqlmap/1.7.2#stable (https://sqlmap.org)", Bot("scanner", "sqlmap")),
        ("Mozilla/5.0 (compatible; Nmap Scripting Engine; https://nmap.org/)", Bot("scanner", "Nmap Scripting Engine")),
        ("NIKTO", Bot("scanner", "Nikto")),
        ("Acme-Port-Scanner/2", Bot("scanner", "Acme-Port-Scanner")),
        ("curl/8.5.0", Bot("library", "curl")),
        ("WGET/1.21", Bot("library", "Wget")),
        ("site-upkeep/0.1", Bot("monitoring", "site-upkeep")),
        ("ELB-HealthChecker/2.0", Bot("monitoring", "ELB-HealthChecker")),
        (
            "Mozilla/5.0 (compatible; Let's Encrypt validation server; +https://www.letsencrypt.org)",
            Bot("monitoring", "Let's Encrypt"),
        ),
        ("Stripe/1.0 (+https://stripe.com/docs/webhooks)", Bot("other", "Stripe")),
        ("WordPress/6.6; https://shop.example", Bot("other", "WordPress")),
        ("SemrushBot/7~bl", Bot("seo", "SemrushBot")),
        ("Mozilla/5.0 (compatible; MJ12bot/v1.4.8; http://mj12bot.com/)", Bot("seo", "MJ12bot")),
        ("Sogou web spider/4.0(+http://www.sogou.com/docs/help/webmasters.htm#07)", Bot("search", "Sogou web spider")),
        ("Mozilla/5.0 (compatible; Nobodys/1.0; +https://nobody.example/)", Bot("other", "Nobodys")),
        ("Nobody-Has-Listed-Me-Bot/0.1", Bot("other", "Nobody-Has-Listed-Me-Bot")),
        ("", None),
        (None, None),
        ("-", None),
    ],
)
def test_a_user_agent_is_the_bot_that_it_names(agent: str | None, bot: Bot | None) -> None:
    assert bot_of(agent) == bot


ANDROID = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36"


@pytest.mark.parametrize(
    "agent",
    [
        CHROME,
        f"Mozilla/5.0 (Linux; Android 15; CPH2557 Build/AP3A.240617.008; wv) {ANDROID}",
        f"Mozilla/5.0 (Linux; Android 9; CUBOT_NOTE) {ANDROID}",
        f"Mozilla/5.0 (Linux; Android 13; Spider 8) {ANDROID}",
        f"Mozilla/5.0 (Linux; Android 12; Moto G Power (2022) bot 5) {ANDROID}",
        f"Mozilla/5.0 (Linux; U; Android 4.3; en-US; ViewSonic A8+ Build/JLS36C) {ANDROID}",
        "Dalvik/2.1.0 (Linux; U; Android 6.0; SMART_4G_Speedy_5inch Build/MRA58K)",
        "Mozilla/5.0 (Linux; U; Android 5.0.2; zh-cn; Redmi Build/LRX22G) AppleWebKit/534.30 (KHTML, like Gecko) "
        "Version/4.0 Mobile Safari/534.30 SogouMSE,SogouMobileBrowser/3.8.5",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        "Mobile/22G100 Safari/604.1 MetaIAB Facebook",
        "[FBAN/FB4A;FBAV/26.0.0.22.16;FBPN/com.facebook.katana;FBDV/C6603;FBSV/4.4.2]",
        "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; Trident/4.0)",
        "Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.2; Trident/6.0)",
        "Amazon CloudFront",
    ],
)
def test_who_only_sounds_like_a_bot_is_a_visitor(agent: str) -> None:
    assert bot_of(agent) is None


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (
            "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/131.0.0.0 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            "Googlebot",
        ),
        (
            "Mozilla/5.0 (Linux; Android 8.0; Pixel 2 Build/OPD3; DuplexWeb-Google/1.0) AppleWebKit/537.36",
            "DuplexWeb-Google",
        ),
        (
            "Mozilla/5.0 (Linux; Android 7.0;) AppleWebKit/537.36 (KHTML, like Gecko) Mobile Safari/537.36 "
            "(compatible; PetalBot;+https://webmaster.petalsearch.com/site/petalbot)",
            "PetalBot",
        ),
    ],
)
def test_a_bot_that_poses_as_a_telephone_is_one(agent: str, name: str) -> None:
    bot = bot_of(agent)
    assert bot is not None
    assert bot.bot_name == name


@given(st.text(max_size=400))
def test_a_name_is_short_plain_text_whatever_is_sent(agent: str) -> None:
    for sent in (
        agent + " evilbot<script>",
        f"{agent}bot",
        f"compatible; {agent}/1; +http://x",
        f"spider{agent}spider.com",
    ):
        bot = bot_of(sent)
        assert bot is None or (len(bot.bot_name) <= 40 and bot.bot_name.isascii() and "<" not in bot.bot_name)


def test_long_agents_cost_little() -> None:
    for agent in (
        "bot" * 100_000,
        "compatible; " * 50_000,
        "a-" * 100_000,
        "(Linux; Android " + "(" * 100_000,
        "+http://" * 9_000,
    ):
        bot_of(agent)


def test_the_kept_list_knows_its_own_examples_but_for_what_people_send() -> None:
    examples = [(item["pattern"], i) for item in CRAWLER_USER_AGENTS_DATA for i in item["instances"]]
    assert {pattern for pattern, agent in examples if bot_of(agent) is None} == PEOPLE


def test_what_is_said_about_the_kept_list_is_about_entries_that_it_has() -> None:
    patterns = {item["pattern"] for item in CRAWLER_USER_AGENTS_DATA}
    assert {*CLOSER, *PEOPLE, *NARROWER, *NAMES} - patterns == set()


def test_looking_for_pieces_first_loses_no_pattern() -> None:
    for item in CRAWLER_USER_AGENTS_DATA:
        if item["pattern"] in PEOPLE or item["pattern"] in NARROWER:
            continue
        for agent in item["instances"]:
            tried = [known.pattern.pattern for known in _candidates(agent.lower())]
            assert any(item["pattern"] in pattern for pattern in tried), agent


def test_a_bot_has_one_spelling_however_it_is_written() -> None:
    for name in ("Googlebot", "bingbot", "GPTBot", "ClaudeBot", "AhrefsBot", "SemrushBot", "YandexBot", "CCBot"):
        agent = "Mozilla/5.0 (compatible; {}/1.0; +http://yandex.com/bots)" if name == "YandexBot" else "{}/1.0"
        found = {bot_of(agent.format(word)) for word in (name, name.lower(), name.upper())}
        assert len(found) == 1, found


def test_the_bots_of_the_capture_have_their_class_and_no_visitor_is_one() -> None:
    wanted = {
        "bot_ai": "ai",
        "bot_search": "search",
        "bot_fake_search": "search",
        "bot_seo": "seo",
        "bot_monitor": "monitoring",
        "http_client": "library",
        "scanner": "scanner",
    }
    for row in truth():
        bot = bot_of(row["user_agent"])
        if row["category"] in wanted:
            assert bot is not None, row
            assert bot.bot_class == wanted[row["category"]], row
        else:
            assert (bot is not None) == (row["category"] == "bot_other"), row


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
