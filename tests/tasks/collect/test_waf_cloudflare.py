"""Cloudflare's events come once, late ones too, page by page; what it refuses is one sentence and what is gone a gap.

The server answers as the documentation shows; nothing here was ever run against Cloudflare itself.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler

import pytest

from tasks import cloudflare, collecting
from tasks.collect import waf_cloudflare
from tasks.errors import SourceError
from tasks.sites import parse_sites
from tests.servers import http_server
from warehouse.connection import open_live

ZONE = "0123456789abcdef0123456789abcdef"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TOKEN = "hunter2-token"
SITES = """
agency: {{name: A, contact: a@a.example}}
clients: [{{id: c, name: C}}]
sites:
  - id: one
    name: One
    client: c
    url: https://one.example/
    platform: other
    time_zone: UTC
    owner: {{name: O, email: o@a.example}}
    sources:
      - kind: waf_cloudflare
        zone: {zone}
        token: {{env: CLOUDFLARE_TOKEN}}
        url: {url}
        {more}
"""
# As https://developers.cloudflare.com/analytics/graphql-api/features/discovery/settings/ shows it.
PLAN = {
    "enabled": True,
    "maxDuration": 259_200,
    "maxNumberOfFields": 30,
    "maxPageSize": 10_000,
    "notOlderThan": 2_678_400,
}


def text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def event(ago: timedelta | float, ray: str = "", **more: object) -> dict:
    at = NOW - (ago if isinstance(ago, timedelta) else timedelta(minutes=ago))
    return {
        "datetime": text(at), "rayName": ray or f"{at:%d%H%M%S}", "action": "block", "source": "firewallManaged",
        "ruleId": "r1", "matchIndex": 0, "sampleInterval": 1, "clientIP": "203.0.113.7", "clientAsn": "64500",
        "clientCountryName": "DE", "clientRequestHTTPHost": "one.example", "clientRequestHTTPMethodName": "GET",
        "clientRequestPath": "/", "clientRequestQuery": "?password=hunter2", "clientRequestHTTPProtocol": "HTTP/1.1",
        "userAgent": "probe/1.0", "edgeResponseStatus": 403, "description": "SQLi", "rulesetId": "rs",
    } | more  # fmt: skip


def refusal(message: str) -> dict:
    # As https://developers.cloudflare.com/analytics/graphql-api/errors/ shows it.
    path = ["viewer", "zones", "0", "firewallEventsAdaptive"]
    return {"data": None, "errors": [{"message": message, "path": path, "extensions": {"timestamp": text(NOW)}}]}


class Vendor:
    """What the API holds and how it is asked. `before` may answer first with (status, headers, body)."""

    def __init__(self) -> None:
        self.events: list[dict] = []
        self.plan: dict | None = dict(PLAN)
        self.zones = [ZONE]
        self.asked: list[dict] = []
        self.tokens: set[str] = set()
        self.before: Callable[[dict], tuple[int, dict, bytes] | dict | None] = lambda _: None

    def answer(self, request: dict) -> tuple[int, dict, bytes]:
        said = self.before(request)
        if isinstance(said, tuple):
            return said
        return 200, {}, json.dumps(said or self.data(request)).encode()

    def data(self, request: dict) -> dict:
        zones: list[dict] = []
        variables, query = request["variables"], request["query"]
        if variables["zoneTag"] in self.zones and "settings" in query:
            zones = [{"settings": {"firewallEventsAdaptive": self.plan}}]
        elif variables["zoneTag"] in self.zones:
            since, until = variables["filter"]["datetime_geq"], variables["filter"]["datetime_lt"]
            limit = int(re.search(r"limit: (\d+)", query)[1])
            fields = re.search(r"\) \{ ([a-zA-Z ]+) \}", query)[1].split()
            self.asked.append({"since": since, "until": until, "limit": limit, "fields": fields})
            found = sorted((e for e in self.events if since <= e["datetime"] < until), key=lambda e: e["datetime"])
            zones = [{"firewallEventsAdaptive": [{name: e[name] for name in fields} for e in found[:limit]]}]
        return {"data": {"viewer": {"zones": zones}}, "errors": None}


@pytest.fixture
def vendor(monkeypatch) -> Iterator[Vendor]:
    monkeypatch.setenv("CLOUDFLARE_TOKEN", TOKEN)
    monkeypatch.setattr(cloudflare.time, "sleep", lambda _: None)
    vendor = Vendor()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            vendor.tokens.add(self.headers["Authorization"])
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, headers, answer = vendor.answer(json.loads(body))
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(answer))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_args: object) -> None:
            pass

    with http_server(Handler) as server:
        vendor.url = f"http://127.0.0.1:{server.server_address[1]}/client/v4/graphql"
        yield vendor


def job(settings, vendor: Vendor, more: str = "", *, now: datetime = NOW, **window):
    sites = SITES.format(zone=ZONE, url=vendor.url, more=more)
    settings.sites_file.write_text(sites)
    (found,) = collecting.jobs(parse_sites(sites, "s"), settings, ["waf_cloudflare"], **window)
    return collecting.replace(found, context=collecting.replace(found.context, collected_at=now))


def collect(settings, vendor: Vendor, more: str = "", **window) -> dict:
    report = asyncio.run(collecting.collect(job(settings, vendor, more, **window)))
    collecting.load_landed(settings)
    return report.row


def rays(settings) -> list[str]:
    with open_live(settings.warehouse) as con:
        return [ray for (ray,) in con.execute("SELECT request_id FROM raw.waf_event ORDER BY event_at").fetchall()]


def test_events_come_once_and_late_ones_are_taken_in(settings, vendor) -> None:
    vendor.events = [event(90, "a"), event(30, "b"), event(5, "c")]
    assert collect(settings, vendor)["state"] == "complete"
    assert rays(settings) == ["a", "b", "c"]
    later = NOW + timedelta(minutes=15)
    assert collect(settings, vendor, now=later)["state"] == "empty"
    vendor.events += [event(20, "late"), event(-10, "new"), event(5, "c", ruleId="r2", matchIndex=1)]
    assert collect(settings, vendor, now=later + timedelta(minutes=15))["state"] == "complete"
    assert rays(settings) == ["a", "b", "late", "c", "new"]
    with open_live(settings.warehouse) as con:
        ((hits,),) = con.execute("SELECT count(*) FROM raw.waf_rule_hit").fetchall()
        ((rules,),) = con.execute("SELECT count(DISTINCT rule_id) FROM raw.waf_rule_hit").fetchall()
    assert (hits, rules) == (6, 2)


def test_a_full_page_is_followed_by_the_next(settings, vendor) -> None:
    vendor.plan["maxPageSize"] = 10
    vendor.events = [event(timedelta(seconds=10 * (1 + n // 4)), f"{n:02}") for n in range(60)]
    assert collect(settings, vendor)["state"] == "complete"
    assert sorted(rays(settings)) == [f"{n:02}" for n in range(60)]
    assert all(asked["limit"] == 10 for asked in vendor.asked)


def test_a_second_with_more_events_than_a_page_is_said_and_the_rest_goes_on(settings, vendor) -> None:
    vendor.plan["maxPageSize"] = 10
    vendor.events = [event(10, f"s{n:02}") for n in range(25)] + [event(5, "after")]
    row = collect(settings, vendor)
    assert row["state"] == "partial"
    assert f"more than 10 events of {text(NOW - timedelta(minutes=10))}" in row["message"]
    assert len(rays(settings)) == 11
    assert rays(settings)[-1] == "after"


def test_what_the_plan_no_longer_keeps_is_a_gap_that_is_told(settings, vendor) -> None:
    vendor.plan["notOlderThan"] = 86_400
    vendor.events = [event(60, "a")]
    assert collect(settings, vendor, "look_back_days: 30")["state"] == "complete", "no gap before the first run"
    late = NOW + timedelta(days=3)
    vendor.events = [event(-3 * 1440 + 10, "b")]
    row = collect(settings, vendor, now=late)
    assert row["state"] == "partial"
    assert row["message"] == (
        "Cloudflare keeps the events of this zone 1 days: those from 2026-11-23T11:00:00Z to 2026-11-25T12:01:00Z are "
        "gone unread; collect more often, or use Logpush"
    )
    assert rays(settings) == ["a", "b"]


@pytest.mark.parametrize(("words", "days"), [("2678400s", 31), ("1w1d", 8), ("4w3d", 31)])
def test_a_refusal_for_age_is_understood_where_the_plan_is_not_told(settings, vendor, words: str, days: int) -> None:
    vendor.plan["notOlderThan"] = None
    vendor.events = [event(60, "a")]

    def refuse(request: dict) -> dict | None:
        since = request["variables"].get("filter", {}).get("datetime_geq", "9")
        return refusal(f"cannot request data older than {words}") if since < text(NOW - timedelta(days=days)) else None

    vendor.before = refuse
    row = collect(settings, vendor, "look_back_days: 100")
    assert row["state"] == "partial"
    assert f"keeps the events of this zone {days} days" in row["message"]
    assert rays(settings) == ["a"]


def test_a_window_that_is_too_wide_is_made_narrower(settings, vendor) -> None:
    vendor.events = [event(ago, f"{ago}") for ago in (1400, 700, 1)]

    def refuse(request: dict) -> dict | None:
        span = request["variables"].get("filter")
        if span and datetime.fromisoformat(span["datetime_lt"]) - datetime.fromisoformat(
            span["datetime_geq"]
        ) > timedelta(hours=2):
            return refusal("limit reached, please try reduced time period")
        return None

    vendor.before = refuse
    assert collect(settings, vendor)["state"] == "complete"
    assert rays(settings) == ["1400", "700", "1"]


def test_only_what_the_plan_gives_is_asked_for(settings, vendor) -> None:
    vendor.plan |= {"maxNumberOfFields": 9, "maxDuration": 3600}
    vendor.plan["availableFields"] = [name for name in cloudflare.FIELDS if name not in ("clientAsn", "matchIndex")] + [
        "ja4"
    ]
    vendor.events = [event(60, "a")]
    assert collect(settings, vendor)["state"] == "complete"
    assert vendor.asked[0]["fields"] == [
        "datetime", "rayName", "action", "source", "ruleId", "sampleInterval", "clientIP", "clientCountryName",
        "clientRequestHTTPHost",
    ]  # fmt: skip
    assert len(vendor.asked) == 24


@pytest.mark.parametrize(
    "trouble",
    [
        (429, {"Retry-After": "3"}, b""),
        (502, {}, b"<html>"),
        refusal("too many queries in progress, please try again later"),
    ],
)
def test_a_passing_trouble_is_asked_again(settings, vendor, trouble: object) -> None:
    vendor.events = [event(60, "a")]
    calls = []

    def once(request: dict) -> object:
        calls.append(request)
        return trouble if len(calls) in (1, 4) else None

    vendor.before = once
    assert collect(settings, vendor)["state"] == "complete"
    assert rays(settings) == ["a"]


def test_a_run_that_breaks_off_keeps_what_it_has_and_the_next_goes_on(settings, vendor) -> None:
    vendor.events = [event(ago, f"{ago}") for ago in (1400, 700, 1)]

    def down(request: dict) -> tuple[int, dict, bytes] | None:
        since = request["variables"].get("filter", {}).get("datetime_geq", "")
        return (503, {}, b"") if since > text(NOW - timedelta(hours=15)) else None

    vendor.before = down
    row = collect(settings, vendor)
    assert (row["state"], row["message"]) == (
        "partial",
        "The Cloudflare API answered 503; the next run goes on from here.",
    )
    assert rays(settings) == ["1400"]
    vendor.before = lambda _: None
    assert collect(settings, vendor, now=NOW + timedelta(minutes=15))["state"] == "complete"
    assert rays(settings) == ["1400", "700", "1"]


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ((403, {}, b"{}"), "answered 403: does the token have Zone, Analytics, Read?"),
        ((401, {}, b""), "answered 401: does the token have Zone, Analytics, Read?"),
        ((200, {}, b"<html>"), "answered 200 and not as Cloudflare's GraphQL does; is the url right?"),
        ((200, {}, b"[]"), "not as Cloudflare's GraphQL does"),
        ((200, {}, b'{"data": {"viewer": {"zones": [[]]}}}'), "not as Cloudflare's GraphQL does"),
        ((429, {"Retry-After": "300"}, b""), "The Cloudflare API answered 429; the next run goes on from here."),
        (refusal(f"not available for your plan {TOKEN}"), "refused the query: not available for your plan [redacted]."),
        (refusal("rate limiter budget depleted, try again after 5 minutes"), "budget depleted"),
        ({"data": {"viewer": {"zones": []}}, "errors": None}, f"The token sees no zone {ZONE}: mend zone"),
    ],
)
def test_what_the_api_refuses_is_one_sentence_without_the_token(
    settings, vendor, said: object, message: str, capfd
) -> None:
    vendor.before = lambda _: said
    row = collect(settings, vendor)
    assert row["state"] == "failed"
    assert message in row["message"]
    assert TOKEN not in row["message"]
    with pytest.raises(SourceError, match=re.escape(message)):
        asyncio.run(waf_cloudflare.check(job(settings, vendor)))
    assert TOKEN not in "".join(capfd.readouterr())


def test_a_plan_without_the_events_is_told(settings, vendor) -> None:
    vendor.plan["enabled"] = False
    assert "does not give its firewall events" in collect(settings, vendor)["message"]


def test_an_api_that_is_not_there_is_told(settings, vendor) -> None:
    away = job(settings, vendor)
    away = collecting.replace(away, options=away.options.model_copy(update={"url": "http://127.0.0.1:9/"}))
    assert "The Cloudflare API was not reached" in asyncio.run(collecting.collect(away)).row["message"]


@pytest.mark.parametrize("events", [[{}], [{"datetime": None}], [{"datetime": "2026-11-23"}], ["x"], [None]])
def test_an_event_without_a_time_breaks_nothing(settings, vendor, events: list) -> None:
    def odd(request: dict) -> dict | None:
        data = {"data": {"viewer": {"zones": [{"firewallEventsAdaptive": events}]}}, "errors": None}
        return data if "filter" in request["variables"] else None

    vendor.before = odd
    row = collect(settings, vendor)
    assert (row["state"], "event without a time" in row["message"]) == ("failed", True)


def test_history_on_demand_leaves_the_cursor_where_it_is(settings, vendor) -> None:
    vendor.events = [event(60, "a"), event(5 * 1440, "old")]
    collect(settings, vendor)
    window = {"since": NOW - timedelta(days=6), "until": NOW - timedelta(days=4)}
    for _ in range(2):
        collect(settings, vendor, **window)
    assert rays(settings) == ["old", "a"]
    with settings.spool.hold_cursor("one.waf-cloudflare") as cursor:
        assert cursor["until"] == NOW.isoformat()


def test_the_memory_of_events_is_bounded(settings, vendor, monkeypatch) -> None:
    monkeypatch.setattr(waf_cloudflare, "RECENT", 3)
    vendor.events = [event(ago, f"{ago:02}") for ago in range(1, 20)]
    for minutes in (0, 15):
        collect(settings, vendor, now=NOW + timedelta(minutes=minutes))
    assert len(rays(settings)) == 19, "what is asked for again and not remembered is told apart by the loader"
    with settings.spool.hold_cursor("one.waf-cloudflare") as cursor:
        assert len(cursor["recent"]) == 3


def test_the_token_goes_to_the_api_and_nowhere_else(settings, vendor) -> None:
    vendor.events = [event(60, "a")]
    collect(settings, vendor)
    assert (
        asyncio.run(waf_cloudflare.check(job(settings, vendor)))
        == "events in the last hour: 1; Cloudflare keeps them 31 days"
    )
    assert vendor.tokens == {f"Bearer {TOKEN}"}
    stored = b"".join(path.read_bytes() for path in settings.var.rglob("*") if path.is_file())
    assert b"hunter2" not in stored
