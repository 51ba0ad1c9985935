"""Each rule speaks of what it should, is silent of the rest, and gives the change in the syntax of that firewall."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tasks import waf_syntax
from tasks.recommendation import Recommendation, Silent, Unknown
from tests.tasks.recommend.asking import ask
from warehouse import migrate
from warehouse.connection import prepare
from warehouse.records import HttpRequest, WafEvent, WafRuleHit


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with contextlib.closing(duckdb.connect()) as con:
        prepare(con)
        migrate.apply(con)
        yield con


def add(con: duckdb.DuckDBPyConnection, record: Any, count: int = 1, *, day: int = 0, **values: Any) -> None:
    """Add `count` equal rows of one day of the quarter."""
    at = datetime(2026, 7, 1, 12, tzinfo=UTC) + timedelta(days=day)
    usual = {
        "site_id": "one", "source_id": "s", "format": "modsecurity-v3-json", "event_at": at, "event_date": at.date(),
        "is_zone_assumed": False, "action": "block", "sample_weight": 1.0, "attack_classes": [], "file_id": "f",
        "line_number": 1, "client_ip": "203.0.113.5", "client_network": "203.0.113.0/24", "method": "GET", "path": "/",
        "tags": [], "is_verdict": False, "rule_id": "942100", "would_block": False, "parser_version": "p", "batch_id": "b",
    }  # fmt: skip
    names = [*record.schema().names, "parser_version", "batch_id"]
    row = {name: values.get(name, usual.get(name)) for name in names}
    if record is WafEvent:
        row["event_id"] = values.get("event_id", f"e{day}")
    marks = ", ".join(f"${name} AS {name}" for name in row)
    con.execute(f"INSERT INTO raw.{record.table} BY NAME SELECT {marks} FROM range({count})", row)


RULES = [
    "security_block_network", "security_close_xmlrpc", "security_ai_crawlers", "security_spoofed_bots",
    "security_attack_rising", "security_waf_missed", "security_visitors_blocked", "security_waf_detects_only",
    "security_login_brute_force",
]  # fmt: skip


@pytest.mark.parametrize("rule", RULES)
def test_without_data_a_rule_says_what_is_missing(con, rule: str) -> None:
    (answer,) = ask(con, rule)
    assert isinstance(answer, Unknown)
    assert answer.missing


@pytest.mark.parametrize("rule", RULES)
def test_ordinary_traffic_is_no_reason_to_act(con, rule: str) -> None:
    for day in range(0, 92, 2):
        add(con, HttpRequest, 20, day=day, status=200, bytes=1000)
        add(
            con,
            HttpRequest,
            2,
            day=day,
            status=200,
            bytes=1000,
            bot_class="search",
            bot_name="Googlebot",
            bot_identity="verified",
        )
        add(con, WafEvent, day=day, attack_class="xss", event_id=f"x{day}")
    assert all(isinstance(answer, Silent) for answer in ask(con, rule))


def attack(con, network: str, days: int = 10) -> None:
    for day in range(days):
        add(con, WafEvent, 150, day=day, client_network=network, attack_class="sqli")


def test_a_network_that_attacks_for_days_is_blocked(con) -> None:
    attack(con, "203.0.113.0/24")
    attack(con, "198.51.100.0/24", days=6)
    (answer,) = ask(con, "security_block_network")
    assert (answer.subject, answer.title) == ("203.0.113.0/24", "Block the network 203.0.113.0/24")
    assert "@ipMatch 203.0.113.0/24" in answer.change and "deny,status:403" in answer.change
    assert answer.evidence.value == 1500


def test_a_network_with_visitors_is_challenged_and_a_trusted_one_left_alone(con) -> None:
    attack(con, "203.0.113.0/24")
    add(con, HttpRequest, 3, client_network="203.0.113.0/24", client_ip="203.0.113.77", status=200)
    (answer,) = ask(con, "security_block_network")
    assert answer.title.startswith("Challenge") and "1 visitor share" in answer.why
    assert isinstance(ask(con, "security_block_network", trusted_networks=("203.0.113.128/25",))[0], Silent)


@pytest.mark.parametrize("network", ["162.158.7.0/24", "10.0.3.0/24", "2606:4700:10::/48", "not a network"])
def test_a_proxy_that_stands_for_every_visitor_is_never_blocked(con, network: str) -> None:
    attack(con, network)
    assert isinstance(ask(con, "security_block_network")[0], Silent)


def test_an_office_whose_editors_are_misread_is_never_blocked(con) -> None:
    for number in range(1200):
        add(
            con,
            WafEvent,
            day=number % 20,
            event_id=f"o{number}",
            client_network="203.0.113.0/24",
            method="POST",
            attack_class="xss",
        )
    con.execute(
        "INSERT INTO raw.waf_rule_hit BY NAME SELECT event_id, site_id, source_id, event_at, event_date, '941160' AS rule_id,"
        " 'ARGS:content' AS target, 'xss' AS attack_class, []::VARCHAR[] AS tags, false AS is_verdict, 'p' AS parser_version,"
        " 'b' AS batch_id FROM raw.waf_event"
    )
    assert isinstance(ask(con, "security_block_network")[0], Silent)


@pytest.mark.parametrize("own", [{"bot_identity": "verified"}, {"bot_class": "monitoring", "bot_name": "site-upkeep"}])
def test_verified_bots_and_our_own_checks_are_never_blocked(con, own) -> None:
    attack(con, "203.0.113.0/24")
    add(con, HttpRequest, client_network="203.0.113.0/24", status=200, **own)
    assert isinstance(ask(con, "security_block_network")[0], Silent)


def test_xmlrpc_is_closed_unless_an_app_needs_it_or_it_is_closed(con) -> None:
    for day in range(4):
        add(con, HttpRequest, 40, day=day, path="/xmlrpc.php", path_class="xmlrpc", method="POST", status=200)
    (answer,) = ask(con, "security_close_xmlrpc")
    assert isinstance(answer, Recommendation) and "location = /xmlrpc.php { deny all; }" in answer.change
    add(
        con,
        HttpRequest,
        path="/xmlrpc.php",
        path_class="xmlrpc",
        method="POST",
        status=200,
        user_agent="Jetpack by WordPress.com",
    )
    assert isinstance(ask(con, "security_close_xmlrpc")[0], Silent)


def test_ai_crawlers_that_take_bandwidth_are_a_decision(con) -> None:
    add(con, HttpRequest, 80, status=200, bytes=1000)
    add(con, HttpRequest, 20, status=200, bytes=2000, bot_class="ai", bot_name="GPTBot", bot_identity="claimed")
    (answer,) = ask(con, "security_ai_crawlers")
    assert answer.evidence.value == pytest.approx(100 * 40 / 120)
    assert "User-agent: GPTBot\nDisallow: /" in answer.change


def test_false_search_engines_are_turned_away_and_unchecked_ones_unknown(con) -> None:
    add(con, HttpRequest, 50, status=200, bot_class="search", bot_name="Googlebot", bot_identity="claimed")
    (unknown,) = ask(con, "security_spoofed_bots")
    assert isinstance(unknown, Unknown) and "ranges" in unknown.missing
    add(con, HttpRequest, 15, status=200, bot_class="search", bot_name="Googlebot", bot_identity="spoofed")
    (answer,) = ask(con, "security_spoofed_bots")
    assert answer.evidence.value == 15 and answer.title == "Turn away false Googlebot"


def test_a_class_that_rises_is_told(con) -> None:
    for day in range(60):
        add(con, WafEvent, 2, day=day, attack_class="rce")
        add(con, WafEvent, 9, day=day, attack_class="xss")
    for day in range(64, 92):
        add(con, WafEvent, 12, day=day, attack_class="rce")
        add(con, WafEvent, 9, day=day, attack_class="xss")
    (answer,) = ask(con, "security_attack_rising")
    assert answer.subject == "rce" and answer.evidence.value == pytest.approx(6)


def test_a_sensitive_file_that_was_answered_is_told(con) -> None:
    add(con, HttpRequest, 3, path="/.env", path_class="sensitive_file", status=200, bytes=40)
    add(con, HttpRequest, 9, path="/.git/config", path_class="sensitive_file", status=404, bytes=40)
    (answer,) = ask(con, "security_waf_missed")
    assert (answer.subject, answer.evidence.value) == ("sensitive-files", 3)


def test_a_false_positive_is_excluded_for_one_argument_of_one_path(con) -> None:
    for number in range(4):
        more = {"event_id": f"f{number}", "client_ip": "192.0.2.50", "method": "POST", "path": "/wp-admin/post.php"}
        add(con, WafEvent, attack_class="xss", **more)
        add(con, WafRuleHit, event_id=f"f{number}", rule_id="941160", target="ARGS:content", attack_class="xss")
    add(con, HttpRequest, status=200)
    (answer,) = ask(con, "security_visitors_blocked")
    assert "ctl:ruleRemoveTargetById=941160;ARGS:content" in answer.change
    assert "@streq /wp-admin/post.php" in answer.change
    assert "ruleRemoveById" not in answer.change


@pytest.mark.parametrize(("hurt", "words"), [(0, "ready to block"), (5, "first tune")])
def test_a_detecting_firewall_blocks_once_visitors_are_safe(con, hurt: int, words: str) -> None:
    for day in range(10):
        add(con, WafEvent, 10, day=day, action="log", is_enforced=False, would_block=True, attack_class="sqli")
    for number in range(hurt):
        add(
            con,
            WafEvent,
            event_id=f"h{number}",
            client_ip="192.0.2.50",
            method="POST",
            action="log",
            would_block=True,
            attack_class="xss",
        )
        add(con, WafRuleHit, event_id=f"h{number}", target="ARGS:content", attack_class="xss")
    (answer,) = ask(con, "security_waf_detects_only")
    assert words in answer.why and answer.change == "SecRuleEngine On"


DIALECTS = ["modsecurity", "aws", "cloudflare", "azure", "cloud_armor", "Wordfence", "Sucuri", ""]
HOSTILE = ['/a"; rm -rf /', "/a' or 1=1", "/<script>", "/a\nb", "/$(id)"]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_change_is_made_for_every_firewall_and_never_of_hostile_text(dialect: str) -> None:
    made = [
        waf_syntax.block_network(dialect, "203.0.113.0/24", is_challenge=False),
        waf_syntax.block_network(dialect, "2001:db8::/48", is_challenge=True),
        waf_syntax.rate_limit(dialect, "/wp-login.php", 10),
        waf_syntax.close_path(dialect, "/xmlrpc.php"),
        waf_syntax.exclude(dialect, "942100", "ARGS:content", "/wp-admin/post.php"),
        waf_syntax.exclude(dialect, "942100", None, "/x"),
        waf_syntax.enforce(dialect),
        waf_syntax.stop_bots(dialect, ["GPTBot"], only_unverified=False),
    ]
    assert all(made)
    for path in HOSTILE:
        for text in (
            waf_syntax.rate_limit(dialect, path, 10),
            waf_syntax.close_path(dialect, path),
            waf_syntax.exclude(dialect, "942100", "ARGS:q", path),
            waf_syntax.exclude(dialect, path, "ARGS:q", "/"),
            waf_syntax.exclude(dialect, "942100", f"ARGS:{path}", "/"),
            waf_syntax.stop_bots(dialect, [path], only_unverified=False),
        ):
            assert path not in text
    if dialect in ("aws", "azure"):
        assert json.loads(made[0]) and json.loads(made[2]) and json.loads(made[3])


@pytest.mark.skipif(shutil.which("nginx") is None, reason="needs nginx")
def test_nginx_takes_its_snippets(tmp_path: Path) -> None:
    zone, location = waf_syntax.rate_limit("", "/wp-login.php", 10).splitlines()
    closed = waf_syntax.close_path("", "/xmlrpc.php").splitlines()[0].split("{}: ")[1]
    deny = waf_syntax.block_network("", "203.0.113.0/24", is_challenge=False).splitlines()[0].split("{}: ")[1]
    text = f"""
pid {tmp_path}/pid; error_log {tmp_path}/error.log; events {{}}
http {{ access_log off; {zone.split("{}: ")[1]}
server {{ listen 127.0.0.1:1; {deny} {closed} {location.split("{}: ")[1].replace("...", "")} }} }}"""
    (tmp_path / "nginx.conf").write_text(text)
    done = subprocess.run(
        ["nginx", "-t", "-c", str(tmp_path / "nginx.conf"), "-p", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "syntax is ok" in done.stderr, done.stderr
