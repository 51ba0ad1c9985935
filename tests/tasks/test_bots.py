"""Bots by the names that they give themselves."""

from __future__ import annotations

import csv
import gzip

import pytest
from crawleruseragents import CRAWLER_USER_AGENTS_DATA
from hypothesis import given
from hypothesis import strategies as st

from tasks.bot_list import CLOSER, NAMES, NARROWER, PEOPLE
from tasks.bots import Bot, _candidates, bot_of
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
