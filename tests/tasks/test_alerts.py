"""Alerts: one message per incident and channel, whatever dies or fails; real servers get them; no secret is told."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import trustme
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from prefect.settings import PREFECT_API_URL, temporary_settings

from tasks import alert_channels, alerting, alerts, collecting, runs
from tasks.alert_channels import Email, PrefectEvent, Webhook, send
from tasks.alerts import Delivery, Incident, Place, Situation, State, decide
from tasks.contracts import SecretReference, secret_of
from tasks.discovery import units
from tasks.errors import ConfigurationError, SourceError
from tasks.probe_result import CAUSES, outcome_of
from tasks.settings import Settings
from tasks.sites import parse_sites
from tests.mailbox import smtp
from tests.servers import HttpServer
from warehouse.connection import open_live
from warehouse.records import CheckResult, CollectionRun

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
PLACE = Place(site_id="one", source_id="home", site_name="One", url="https://one.example/", time_zone="Europe/London")
MESSAGE = {"alert_id": "a1", "kind": "test", "subject": "One is down", "text": "Since noon.", "site_id": "one"}


SEVEN = [{**MESSAGE, "alert_id": f"a{n}", "source_id": "s", "started_at": str(n)} for n in range(7)]


def incident(start: int, end: int, *, over: bool, confirmed: int | None = None, **more: Any) -> Incident:
    """An incident by minutes after NOW."""
    usual: dict[str, Any] = {
        "cause": "status",
        "status": 503,
        "check_count": 3,
        "is_flapping": False,
        "is_planned": False,
    }
    return Incident(
        place=PLACE,
        started_at=NOW + timedelta(minutes=start),
        confirmed_at=NOW + timedelta(minutes=confirmed if confirmed is not None else start),
        ended_at=NOW + timedelta(minutes=end),
        is_over=over,
        **usual | more,
    )


def told(state: State, minute: int, *incidents: Incident) -> list[str]:
    return [message.kind for message in decide(state, Situation(incidents=incidents), NOW + timedelta(minutes=minute))]


def test_an_incident_is_told_once_and_once_more_when_it_is_over() -> None:
    state = State()
    assert told(state, 3, incident(0, 3, over=False)) == ["incident_opened"]
    assert told(state, 4, incident(0, 4, over=False)) == []
    assert told(state, 5) == [], "what no check speaks of is not over"
    state = State.of(json.loads(json.dumps(state.value())))
    (message,) = decide(state, Situation(incidents=[incident(0, 42, over=True)]), NOW + timedelta(minutes=43))
    assert (message.kind, message.subject) == ("incident_closed", "One is up again after 42 minutes")
    assert (
        message.text
        == "Down from 1 July 2026, 13:00 UTC+01:00 to 1 July 2026, 13:42 UTC+01:00, seen by home. https://one.example/"
    )
    assert told(state, 44, incident(0, 42, over=True)) == []


def test_the_next_incident_is_told_though_nobody_looked_between_them() -> None:
    state = State()
    told(state, 3, incident(0, 3, over=False))
    assert told(state, 60, incident(0, 9, over=True), incident(50, 60, over=False)) == [
        "incident_closed",
        "incident_opened",
    ]
    assert told(state, 61, incident(0, 9, over=True), incident(50, 61, over=False)) == []


def test_what_flaps_is_over_after_half_an_hour_and_old_or_planned_incidents_are_no_news() -> None:
    state = State()
    assert told(state, 10, incident(0, 10, over=False, is_flapping=True)) == ["incident_opened"]
    assert told(state, 20, incident(0, 15, over=True, is_flapping=True)) == []
    assert told(state, 46, incident(0, 15, over=True, is_flapping=True)) == ["incident_closed"]
    assert told(State(), 0, incident(-400, 0, over=False)) == []
    assert told(State(), 0, incident(-1500, 0, over=False, confirmed=-10)) == ["incident_opened"], "a daily check"
    assert told(State(), 0, incident(-4, 0, over=False, is_planned=True)) == []
    assert told(State(), 10, incident(-4, 5, over=True)) == []


def test_a_source_that_falls_silent_is_told_once_and_when_it_is_back() -> None:
    state = State()

    def kinds(minute: int, delivered: int | None) -> list[str]:
        at = None if delivered is None else NOW + timedelta(minutes=delivered)
        delivery = Delivery(place=PLACE, delivered_at=at, known_since=NOW, silent_seconds=900)
        return [
            message.kind for message in decide(state, Situation(deliveries=[delivery]), NOW + timedelta(minutes=minute))
        ]

    assert kinds(10, None) == []
    assert kinds(16, None) == ["source_silent"]
    assert kinds(17, None) == []
    assert kinds(18, 18) == ["source_back"]
    assert kinds(34, 18) == ["source_silent"]


def test_text_from_outside_is_one_printable_line() -> None:
    place = Place(
        site_id="one", source_id="home", site_name="One\r\nBcc: all@x.example\x1b[2J", url="u", time_zone="UTC"
    )
    delivery = Delivery(place=place, delivered_at=None, known_since=NOW, silent_seconds=1)
    (message,) = decide(State(), Situation(deliveries=[delivery]), NOW + timedelta(hours=1))
    assert message.subject.isprintable() and message.text.isprintable()


# A real webhook, a real SMTP server.


class Hook:
    """A webhook on loopback that answers what it is told to and keeps what it got."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.got: list[tuple[dict[str, str], dict[str, Any], bytes]] = []
        self.at: list[float] = []
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                try:
                    status = hook.answers.pop(0)
                except IndexError:
                    status = 200
                if status < 300:
                    hook.got.append((dict(self.headers), json.loads(body), body))
                    hook.at.append(time.monotonic())
                self.send_response(status)
                self.send_header("Location", "http://127.0.0.1:1/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = HttpServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/services/token-hunter2"


@pytest.fixture(name="hook")
def _hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hook]:
    hook = Hook()
    thread = threading.Thread(target=hook.server.serve_forever)
    thread.start()
    monkeypatch.setenv("HOOK", hook.url)
    monkeypatch.setenv("KEY", "signing key")
    yield hook
    hook.server.shutdown()
    thread.join()
    hook.server.server_close()


async def from_environment(reference: SecretReference) -> str:
    return await secret_of(reference, None)


async def no_event(_: Any) -> None:
    raise AssertionError("no channel of Prefect is configured")


def deliver(channel: Any, message: dict[str, Any] = MESSAGE) -> None:
    asyncio.run(send(channel, message, from_environment, no_event))


def test_a_webhook_gets_the_message_with_its_id_and_a_signature(hook: Hook) -> None:
    deliver(Webhook(kind="webhook", id="chat", url={"env": "HOOK"}, signing_key={"env": "KEY"}))
    ((headers, body, raw),) = hook.got
    assert body["text"] == "One is down\nSince noon." and headers["Idempotency-Key"] == "a1"
    assert headers["X-Upkeep-Signature"] == "sha256=" + hmac.new(b"signing key", raw, hashlib.sha256).hexdigest()


@pytest.mark.parametrize("status", [302, 404, 500])
def test_a_webhook_that_refuses_is_told_without_its_address(hook: Hook, status: int) -> None:
    hook.answers = [status]
    with pytest.raises(SourceError, match=f"The webhook chat answered {status}.") as raised:
        deliver(Webhook(kind="webhook", id="chat", url={"env": "HOOK"}))
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/hunter2", "not an address hunter2", "ftp://hunter2/"])
def test_a_webhook_that_is_not_there_is_told_without_its_address(monkeypatch, url: str) -> None:
    monkeypatch.setenv("HOOK", url)
    with pytest.raises(SourceError, match="The webhook chat can't be reached") as raised:
        deliver(Webhook(kind="webhook", id="chat", url={"env": "HOOK"}))
    assert "hunter2" not in str(raised.value) and raised.value.__cause__ is None


def test_a_webhook_over_tls_is_believed_only_with_a_certificate_of_a_known_authority(
    hook, tmp_path, monkeypatch
) -> None:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    hook.server.socket = context.wrap_socket(hook.server.socket, server_side=True)
    monkeypatch.setenv("HOOK", hook.url.replace("http://127.0.0.1", "https://localhost"))
    with pytest.raises(SourceError, match=r"The webhook chat can't be reached \(ConnectError\)") as raised:
        deliver(Webhook(kind="webhook", id="chat", url={"env": "HOOK"}))
    assert "hunter2" not in str(raised.value) and not hook.got
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    deliver(Webhook(kind="webhook", id="chat", url={"env": "HOOK"}))
    assert [body["text"] for _, body, _ in hook.got] == ["One is down\nSince noon."]


def test_mail_goes_over_tls_with_an_account_and_a_wrong_password_is_told(tmp_path: Path, monkeypatch) -> None:
    with smtp(tmp_path, tls=True) as (box, port):
        channel = Email(
            kind="email", id="on-call", host="localhost", port=port, user="upkeep", password={"env": "PASSWORD"},
            sender="upkeep@a.example", to=["ops@a.example", "second@a.example"], ca_file=tmp_path / "ca.pem",
        )  # fmt: skip
        monkeypatch.setenv("PASSWORD", "hunter2")
        deliver(channel, MESSAGE | {"subject": "Café is down"})
        monkeypatch.setenv("PASSWORD", "wrong-hunter3")
        with pytest.raises(SourceError, match="refused the account upkeep") as raised:
            deliver(channel)
        assert "hunter3" not in str(raised.value)
        with pytest.raises(SourceError, match=r"can't be sent \(SSLCertVerificationError\)"):
            deliver(channel.model_copy(update={"ca_file": None}))
    (mail,) = box.mails
    assert mail.rcpt_tos == ["ops@a.example", "second@a.example"]
    assert b"Subject: =?utf-8?" in mail.content and b"Message-ID: <a1@a.example>" in mail.content


def test_a_recipient_that_is_refused_does_not_make_the_others_get_it_twice(tmp_path: Path) -> None:
    with smtp(tmp_path, tls=False) as (box, port):
        channel = Email(
            kind="email",
            id="m",
            host="localhost",
            port=port,
            security="none",
            sender="u@a.example",
            to=["gone@a.example", "ops@a.example"],
        )
        with pytest.raises(SourceError, match="refused gone@"):
            deliver(channel)
    assert len(box.mails) == 1


def test_a_password_that_smtp_cannot_take_and_tls_from_the_start(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("PASSWORD", "h\u00fcnter2")
    options = {"sender": "u@a.example", "to": ["o@a.example"], "ca_file": tmp_path / "ca.pem", "host": "localhost"}
    with smtp(tmp_path, tls=True) as (_, port):
        channel = Email(kind="email", id="m", port=port, user="u", password={"env": "PASSWORD"}, **options)
        with pytest.raises(SourceError, match="use ASCII"):
            deliver(channel)
    with smtp(tmp_path, tls=True, is_implicit=True) as (box, port):
        deliver(Email(kind="email", id="m", port=port, security="tls", **options))
    assert len(box.mails) == 1


def test_a_mail_that_was_taken_is_sent_however_the_server_says_goodbye() -> None:
    taken = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection, connection.makefile("rwb", 0) as stream:
                stream.write(b"220 here\r\n")
                for words in iter(lambda: stream.readline().strip().upper(), b"QUIT"):
                    stream.write(b"354 go\r\n" if words == b"DATA" else b"250 ok\r\n")
                    if words == b"DATA":
                        taken.append(list(iter(stream.readline, b".\r\n")))
                        stream.write(b"250 ok\r\n")
                stream.write(b"421 busy\r\n")

        thread = threading.Thread(target=serve)
        thread.start()
        port = listener.getsockname()[1]
        deliver(Email(kind="email", id="m", host="127.0.0.1", port=port, security="none", sender="u@a.b", to=["o@a.b"]))
        thread.join()
    assert len(taken) == 1


def test_an_event_that_the_prefect_server_did_not_take_is_not_sent() -> None:
    async def refuse(_: Any) -> None:
        raise ConnectionRefusedError("http://127.0.0.1/hunter2")

    with pytest.raises(SourceError, match=r"did not take the event of e \(ConnectionRefusedError\)"):
        asyncio.run(send(PrefectEvent(kind="prefect", id="e"), MESSAGE, from_environment, refuse))


def test_an_event_is_not_sent_where_no_prefect_server_listens() -> None:
    with (
        temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}),
        pytest.raises(SourceError, match=r"did not take the event of e \(ConnectionRefusedError\)"),
    ):
        asyncio.run(
            send(PrefectEvent(kind="prefect", id="e"), MESSAGE | {"source_id": "s"}, from_environment, runs.emit)
        )


# The whole way: checks in a real warehouse, channels that fail, processes that die.

SITES = """
agency:
  name: A
  contact: a@a.example
  alerts: [{kind: webhook, id: chat, url: {env: HOOK}}, {kind: webhook, id: second, url: {env: HOOK}, sites: [two]}]
clients: [{id: c, name: C}]
sites:
  - &one {id: one, name: One, client: c, url: https://one.example/, platform: other, time_zone: UTC, owner: {name: O, email: o@a.example}, sources: [{kind: uptime_http, id: home}]}
  - {<<: *one, id: two, name: Two}
"""


ONE_CHANNEL = SITES.replace(", {kind: webhook, id: second, url: {env: HOOK}, sites: [two]}", "")


def run(settings: Settings, now: datetime, sites: str = SITES) -> alerting.Told:
    return asyncio.run(
        alerting.tell(parse_sites(sites, "s"), settings, now=now, secret=from_environment, emit=no_event)
    )


def walk(settings: Settings, minutes: dict[int, str], sites: str = ONE_CHANNEL) -> list[str]:
    """Land the outcomes of the site two by the minute, load and tell after each, and return the problems."""
    start, problems = datetime.now(UTC).replace(second=0, microsecond=0), list[str]()
    for minute, outcome in minutes.items():
        at = start + timedelta(minutes=minute)
        land(settings, f"two{minute}", at, "two", outcome)
        land(settings, f"one{minute}", at, "one", "vantage" if outcome == "vantage" else "up")
        collecting.load_landed(settings)
        problems += run(settings, at + timedelta(seconds=30), sites).problems
    collecting.load_landed(settings)
    return problems


def ledger(settings: Settings) -> list[tuple[Any, ...]]:
    with open_live(settings.warehouse) as con:
        return con.execute("SELECT channel, kind, state, attempt_count FROM raw.alert ORDER BY ALL").fetchall()


def land(settings: Settings, batch: str, at: datetime, site: str, outcome: str) -> None:
    """One check of a minute, up, down or lost for want of our own connection; no run stands for it."""
    cause = {"down": "status", "vantage": "vantage"}.get(outcome)
    check = CheckResult(
        **dict.fromkeys(CheckResult.schema().names) | {
            "site_id": site, "source_id": "home", "url": "u", "slot_at": at, "checked_at": at, "attempt": 1, "interval_seconds": 60.0,
            "outcome": outcome_of(cause), "cause": cause, "check_type": "http",
        }
    )  # fmt: skip
    settings.spool.land(batch, {"check_result": [check]}, collector="t", parser_version="t")


def land_run(settings: Settings, at: datetime, source: str, state: str, count: int) -> None:
    ran = CollectionRun(
        run_id=f"{source}{at}", site_id="one", source_id=source, kind="k", window_start_at=None, window_end_at=None, started_at=at,
        ended_at=at, state=state, landed_count=count, reject_count=0, fresh_as_of_at=None, message=None,
    )  # fmt: skip
    settings.spool.land(ran.run_id, {"collection_run": [ran]}, collector="t", parser_version="t")


def test_checks_of_our_own_are_their_own_proof_and_are_told_when_they_stop(settings: Settings, hook: Hook) -> None:
    collecting.land_configuration(parse_sites(ONE_CHANNEL, "s"), settings)
    walk(settings, dict.fromkeys(range(0, 60, 10), "up"))
    assert not hook.got
    now = datetime.now(UTC)
    for minute in (80, 5 * 1440):
        run(settings, now + timedelta(minutes=minute), ONE_CHANNEL)
    assert [body["kind"] for _, body, _ in hook.got] == ["source_silent"] * 2
    assert all("Last data" in body["text"] for _, body, _ in hook.got)
    sites = parse_sites(ONE_CHANNEL, "s")
    messages, _ = alerting.move(State(), sites, settings, now + timedelta(days=9))
    assert ["Last data" in message.text for message in messages] == [True, True], "also where it was long ago"


QUIET = """, {kind: waf_logs, id: waf, format: modsecurity-v3-json, paths: [a.log]}
  , {kind: tickets_files, id: desk, paths: [a.csv]}, {kind: servers_prometheus, id: host, url: "http://127.0.0.1:9", instances: [a]}"""


def test_a_source_that_ran_well_and_found_nothing_new_is_silent_only_where_there_is_always_something(
    settings: Settings, hook: Hook
) -> None:
    sites = ONE_CHANNEL.replace("{kind: uptime_http, id: home}]", "{kind: uptime_http, id: home}" + QUIET + "]", 1)
    collecting.land_configuration(parse_sites(sites, "s"), settings)
    now = datetime.now(UTC)
    for day in range(5):
        for source in ("waf", "desk", "host"):
            land_run(settings, now + timedelta(days=day), source, "empty", 0)
        land(settings, f"one{day}", now + timedelta(days=day), "one", "up")
        land(settings, f"two{day}", now + timedelta(days=day), "two", "up")
    collecting.load_landed(settings)
    run(settings, now + timedelta(days=4, minutes=1), sites)
    assert {body["source_id"] for _, body, _ in hook.got if body["site_id"] == "one"} == {"host"}


@pytest.mark.parametrize("kind", [kind for kind in units("tasks.collect") if kind.startswith("uptime_")])
def test_what_is_imported_each_night_is_not_silent_each_day(kind: str) -> None:
    module = units("tasks.collect")[kind]
    if not hasattr(module, "collect_many"):
        options = module.Options.model_construct()
        assert alerting.patience(options.expected_every_seconds) > 24 * 3600


def test_the_way_from_a_check_to_the_webhook_and_the_ledger(settings: Settings, hook: Hook) -> None:
    collecting.land_configuration(parse_sites(SITES, "s"), settings)
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    # Both channels are told at the same time: either of them may be the one that is refused.
    attempts = {"chat": 1, "second": 1}
    for minute in range(4):
        at = now + timedelta(minutes=minute)
        land(settings, f"one{minute}", at, "one", "up")
        land(settings, f"two{minute}", at, "two", "down" if minute in (1, 2) else "up")
        collecting.load_landed(settings)
        hook.answers = [500] if minute == 1 else []
        problems = run(settings, at + timedelta(seconds=30)).problems
        refused = [name for name in attempts if f"The webhook {name} answered 500." in problems]
        assert len(refused) == len(problems) == (1 if minute == 1 else 0)
        attempts |= dict.fromkeys(refused, 2)
    collecting.load_landed(settings)
    assert Counter(body["subject"] for _, body, _ in hook.got) == {
        f"Two is down: {CAUSES['status']}": 2,
        "Two is up again after 2 minutes": 2,
    }
    assert ledger(settings) == [
        ("chat", "incident_closed", "sent", 1),
        ("chat", "incident_opened", "sent", attempts["chat"]),
        ("second", "incident_closed", "sent", 1),
        ("second", "incident_opened", "sent", attempts["second"]),
    ]


DOWN = {0: "up", 1: "down", 2: "down", 3: "down"}


def test_an_outage_in_which_nobody_looked_for_hours_ends_and_does_not_hide_the_next(settings: Settings, hook) -> None:
    collecting.land_configuration(parse_sites(ONE_CHANNEL, "s"), settings)
    walk(settings, DOWN | {480: "up", 481: "up", 600: "down", 601: "down", 602: "up", 603: "up"})
    told = [body["kind"] for _, body, _ in hook.got if body["site_id"] == "two" and "incident" in body["kind"]]
    assert told == ["incident_opened", "incident_closed"] * 2


def test_a_channel_that_is_broken_does_not_keep_the_others_from_theirs(settings: Settings, hook: Hook) -> None:
    mail = "{kind: email, id: a, host: 127.0.0.1, port: 9, sender: a@b.c, to: [x@y.z], ca_file: /nowhere.pem}"
    sites = ONE_CHANNEL.replace("alerts: [", f"alerts: [{mail}, ")
    collecting.land_configuration(parse_sites(sites, "s"), settings)
    assert set(walk(settings, DOWN, sites)) == {"The e-mail of a can't be sent (FileNotFoundError)."}
    assert [body["kind"] for _, body, _ in hook.got] == ["incident_opened"]


@pytest.mark.parametrize("says", [b"", b"HTTP/1.1 200 OK\r\nX: "], ids=["nothing", "a byte at a time"])
def test_a_webhook_that_hangs_is_tried_again_and_holds_up_no_other(settings, hook, monkeypatch, says: bytes) -> None:
    """The deadline covers all of it: a server that drips does not start it anew."""
    monkeypatch.setattr(alert_channels, "TIMEOUT_SECONDS", 4.0)
    sites = ONE_CHANNEL.replace("alerts: [", "alerts: [{kind: webhook, id: slow, url: {env: SLOW}}, ")
    collecting.land_configuration(parse_sites(sites, "s"), settings)
    over = threading.Event()

    def drip(listener: socket.socket) -> None:
        with listener.accept()[0] as connection, contextlib.suppress(OSError):
            connection.sendall(says)
            while not over.wait(0.1):
                connection.sendall(b"x" if says else b"")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setenv("SLOW", f"http://127.0.0.1:{listener.getsockname()[1]}/hunter2")
        thread = threading.Thread(target=drip, args=(listener,))
        thread.start()
        try:
            problems = walk(settings, {0: "up", 1: "down"}, sites)
            assert time.monotonic() - hook.at[0] > 2, "it had to wait for the slow one"
        finally:
            over.set()
            thread.join()
    assert problems == ["The webhook slow can't be reached (TimeoutError)."]
    ((_, body, _),) = hook.got
    assert body["kind"] == "incident_opened"
    assert ledger(settings) == [("chat", "incident_opened", "sent", 1)], "the other one waits"


def test_our_own_connection_is_told_once_and_no_site_is_down(settings: Settings, hook: Hook) -> None:
    collecting.land_configuration(parse_sites(ONE_CHANNEL, "s"), settings)
    walk(settings, {0: "up"} | dict.fromkeys(range(1, 8), "vantage") | {8: "up", 9: "up"})
    assert [(body["kind"], body["site_id"]) for _, body, _ in hook.got] == [
        ("monitoring_blind", ""),
        ("monitoring_back", ""),
    ]
    assert alerts.blind_since([(NOW, 3, 2)] * 3) == NOW and not alerts.blind_since([(NOW, 2, 2)] * 3)
    assert not alerts.blind_since([(NOW, 3, 0)] * 2), "two slots may be a hiccup"


def test_what_waits_for_a_channel_that_was_taken_away_stands_in_the_ledger(settings: Settings, hook: Hook) -> None:
    collecting.land_configuration(parse_sites(ONE_CHANNEL, "s"), settings)
    hook.answers = [500] * 9
    walk(settings, DOWN)
    hook.answers = []
    walk(settings, {4: "down"}, ONE_CHANNEL.replace("id: chat", "id: talk"))
    assert ledger(settings) == [("chat", "incident_opened", "skipped", 2)] and not hook.got


def test_a_group_that_is_sent_again_after_a_death_is_the_same_one(settings: Settings, hook: Hook, monkeypatch) -> None:
    """It dies after the webhook had it; the next run knows one message more."""
    collecting.land_configuration(parse_sites(ONE_CHANNEL, "s"), settings)
    news = [alerts.Message(**message) for message in SEVEN]
    monkeypatch.setattr(alerts, "decide", lambda *_: [news.pop(0) for _ in range(min(6, len(news)))])
    monkeypatch.setattr(alerting, "_rows", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        run(settings, NOW, ONE_CHANNEL)
    monkeypatch.undo()
    monkeypatch.setenv("HOOK", hook.url)
    monkeypatch.setattr(alerts, "decide", lambda *_: news)
    run(settings, NOW + timedelta(minutes=1), ONE_CHANNEL)
    ids = [headers["Idempotency-Key"] for headers, _, _ in hook.got]
    assert [body["kind"] for _, body, _ in hook.got] == ["several", "several", "test"] and ids[0] == ids[1] != ids[2]


def test_what_begins_to_flap_is_another_message_than_its_first_outage() -> None:
    state = State()
    (first,) = decide(state, Situation(incidents=[incident(0, 3, over=False)]), NOW + timedelta(minutes=3))
    (over,) = decide(state, Situation(incidents=[incident(0, 5, over=True)]), NOW + timedelta(minutes=5))
    flaps = incident(0, 30, over=False, is_flapping=True)
    (again,) = decide(state, Situation(incidents=[flaps]), NOW + timedelta(minutes=30))
    ended = Situation(incidents=[incident(0, 30, over=True, is_flapping=True)])
    (end,) = decide(state, ended, NOW + timedelta(minutes=90))
    assert again.subject.startswith("One goes up and down: ")
    assert len({message.alert_id for message in (first, over, again, end)}) == 4


@pytest.mark.parametrize(
    ("every", "hours"), [(60, 16 / 60), (3600, 3), (86_400, 36), (7 * 86_400, 180)], ids=["1m", "1h", "1d", "7d"]
)
def test_the_rarer_a_source_delivers_the_longer_it_may_be_silent(every: int, hours: float) -> None:
    assert alerting.patience(every) == hours * 3600


def test_many_messages_go_out_as_one_and_what_fails_for_a_day_is_given_up() -> None:
    state = State(waiting=[alerts.Waiting([message], "chat", NOW.isoformat()) for message in SEVEN])
    alerts.gather(state, NOW)
    sent: list[dict[str, Any]] = []
    reference = {"env": "NOT_THERE"}
    channel = Webhook(kind="webhook", id="chat", url=reference)
    moment = NOW
    while state.waiting and moment < NOW + timedelta(days=2):
        rows, problems = asyncio.run(alerting._deliver(state, channel, moment, from_environment, no_event))
        sent += rows
        assert len(problems) <= 1, "all of them are one message"
        moment += timedelta(minutes=1)
    assert {row.state for row in sent} == {"failed"} and len(sent) == 7 and not state.waiting
    assert NOW + timedelta(days=1) < moment < NOW + timedelta(days=1, hours=2)
    assert all(row.attempt_count < 40 for row in sent)
    assert alerts.joined(SEVEN)["text"].count("\n") == 6


@hypothesis_settings(deadline=None, max_examples=80)
@given(
    outcomes=st.lists(st.sampled_from(["up", "up", "down", "none"]), min_size=1, max_size=30),
    dies=st.sets(st.integers(0, 29)),
)
def test_any_order_of_outages_and_deaths_tells_each_incident_once(outcomes: list[str], dies: set[int]) -> None:
    """Against a walk: an incident opens with a down slot and closes with an up one; a death loses the step, not the news."""
    state, messages, found = State(), [], list[Incident]()
    start: int | None = None
    wanted: Counter[str] = Counter()
    for minute, outcome in enumerate(outcomes):
        if outcome == "down" and start is None:
            start = minute
            found.append(incident(minute, minute + 1, over=False))
        elif outcome == "down":
            found[-1] = incident(start, minute + 1, over=False)
        elif outcome == "up" and start is not None:
            found[-1] = incident(start, round((found[-1].ended_at - NOW).total_seconds() / 60), over=True)
            start = None
        saved = State.of(json.loads(json.dumps(state.value())))
        news = decide(state, Situation(incidents=found), NOW + timedelta(minutes=minute + 1))
        if minute in dies:
            state = saved  # it died before the state was kept
        else:
            messages += news
    decided = [m.alert_id for m in messages]
    assert len(decided) == len(set(decided))
    seen_alive = [m for m in range(len(outcomes)) if m not in dies]
    for item in found:
        first, after = (round((moment - NOW).total_seconds() / 60) for moment in (item.started_at, item.ended_at))
        last = next((m for m in range(after, len(outcomes)) if outcomes[m] == "up"), len(outcomes))
        wanted["incident_opened"] += any(first <= m < last for m in seen_alive)
    assert Counter(m.kind for m in messages)["incident_opened"] == wanted["incident_opened"]
    open_now = Counter(m.kind for m in messages)
    assert open_now["incident_opened"] - open_now["incident_closed"] == len(state.incidents)


@pytest.mark.parametrize(
    ("channel", "sentence"),
    [
        ("{kind: webhook, id: a, url: https://x.example}", "url: "),
        ("{kind: email, id: a, host: h, sender: a@b.c, to: []}", "to: "),
        ("{kind: email, id: a, host: h, sender: a@b.c, to: [x@y.z], user: u}", "give user and password both, or neither"),
        ("{kind: email, id: a, host: h, sender: a@b.c, to: [x@y.z], user: u, password: {env: P}, security: none}", "use starttls or tls"),
        ("{kind: prefect, id: a, sites: [onn]}", "'onn' is not the id of a site, did you mean 'one'?; sites: one, two"),
    ],
)  # fmt: skip
def test_a_mistake_with_a_channel_is_one_sentence(channel: str, sentence: str) -> None:
    start = SITES.index("  alerts:")
    text = SITES[:start] + f"  alerts: [{channel}]\n" + SITES[SITES.index("clients:") :]
    with pytest.raises(ConfigurationError) as raised:
        parse_sites(text, "s")
    assert sentence in str(raised.value) and "s:" in str(raised.value)
