"""Every kind of check lands rows of its own type, with the right class, from `sites.yaml` to the warehouse."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tasks import collecting
from tasks.discovery import units
from tasks.errors import ConfigurationError, SourceError
from tasks.probe_dns import Question, compare, split_nameserver
from tasks.probe_result import CAUSES
from tasks.sites import parse_sites
from tests.servers import Authority, answering, authority, name_server, ok, serving
from warehouse.connection import open_live

HEAD = """
agency: {name: A, contact: a@a.example}
clients: [{id: c, name: C}]
sites:
  - {id: one, name: One, client: c, url: "URL", platform: other, time_zone: UTC, owner: {name: O, email: o@a.example}, sources: [SOURCE]}
"""


def jobs(settings, source: str, url: str = "http://127.0.0.1/"):
    sites = parse_sites(HEAD.replace("SOURCE", source).replace("URL", url), "s")
    return collecting.jobs(sites, settings, [sites.sites[0].sources[0].kind])


async def collected(settings, source: str, url: str = "http://127.0.0.1/"):
    (job,) = jobs(settings, source, url)
    return await units("tasks.collect")[job.options.kind].collect(job)


def rows(settings, columns: str = "check_type, outcome, cause") -> list[tuple]:
    collecting.load_landed(settings)
    with open_live(settings.warehouse) as con:
        return con.execute(f"SELECT {columns} FROM raw.check_result ORDER BY slot_at, attempt").fetchall()


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("ca"))


def test_a_page_with_a_secret_header_and_a_place_in_json(settings, monkeypatch: pytest.MonkeyPatch) -> None:
    async def private(reader, writer) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        body = b'{"status": "ok"}' if b"Bearer hunter22" in head else b"{}"
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    async def run() -> None:
        async with serving(private) as server:
            source = "{kind: uptime_http, headers: {Authorization: {env: KEY}}, json_path: $.status, json_value: ok}"
            assert (await collected(settings, source, server.url())).state == "complete"
            monkeypatch.delenv("KEY")
            assert (await collected(settings, source, server.url())).state == "failed"

    monkeypatch.setenv("KEY", "Bearer hunter22")
    asyncio.run(run())
    assert rows(settings)[:2] == [("http", "up", None), ("http", "unknown", "configuration")]
    ((found, *_), *_) = rows(settings, "to_json(check_result)")
    assert "hunter22" not in found


def test_a_row_says_where_it_ended_and_over_what(settings, tls: Authority) -> None:
    async def run() -> None:
        async with serving(ok(), tls.context()) as server:
            url = server.url("https", "localhost")
            await collected(settings, f"{{kind: uptime_http, ca_file: {tls.ca_file}, ip_version: 4}}", url)

    asyncio.run(run())
    columns = (
        "address, redirect_count, tls_version, certificate_why_not, is_certificate_valid, final_url = url, body_ms >= 0"
    )
    assert rows(settings, columns) == [("127.0.0.1", 0, "TLSv1.3", None, True, True, True)]


def test_a_port(settings) -> None:
    async def mail(_reader, writer) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")

    async def run() -> None:
        async with serving(mail) as server:
            port = server.port
            await collected(settings, f"{{kind: uptime_tcp, port: {port}}}")
            await collected(settings, f'{{kind: uptime_tcp, port: {port}, greeting: "220"}}')
            await collected(settings, f'{{kind: uptime_tcp, port: {port}, greeting: "SSH-"}}')
        await collected(settings, f"{{kind: uptime_tcp, port: {port}}}")

    asyncio.run(run())
    assert rows(settings) == [
        ("tcp", "up", None),
        ("tcp", "up", None),
        *[("tcp", "down", "content")] * 2,
        *[("tcp", "down", "refused")] * 2,
    ]


@pytest.mark.parametrize(
    ("host", "days_left", "options", "cause"),
    [
        ("localhost", 71, "", None),
        ("localhost", 71, "days: 80", "certificate_expiring"),
        ("localhost", -3, "", "certificate_expired"),
        ("other.example", 9, "", "certificate_wrong_host"),
    ],
)
def test_a_certificate(settings, tls: Authority, host: str, days_left: int, options: str, cause: str | None) -> None:
    expires = datetime.now(UTC) + timedelta(days=days_left)

    async def run() -> None:
        async with serving(ok(), tls.context(host, expires=expires)) as server:
            source = f"{{kind: uptime_tls, host: localhost, port: {server.port}, ca_file: {tls.ca_file}, {options}}}"
            await collected(settings, source)

    asyncio.run(run())
    check_type, found, not_after = rows(settings, "check_type, cause, certificate_not_after_at")[-1]
    assert (check_type, found) == ("tls", cause)
    assert abs(not_after - expires) < timedelta(seconds=2)


def test_a_protocol_that_is_too_old(settings, tls: Authority) -> None:
    import ssl

    async def run() -> None:
        context = tls.context()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        async with serving(ok(), context) as server:
            source = f"{{kind: uptime_tls, host: localhost, port: {server.port}, ca_file: {tls.ca_file}"
            await collected(settings, source + "}")
            await collected(settings, source + ", oldest_version: TLSv1.3}")

    asyncio.run(run())
    assert rows(settings, "outcome, cause, tls_version")[:2] == [
        ("up", None, "TLSv1.2"),
        ("down", "tls_version", "TLSv1.2"),
    ]


@pytest.mark.parametrize(
    ("options", "outcome", "cause"),
    [
        ("expected: [192.0.2.1]", "up", None),
        ("expected: [192.0.2.1], is_exact: true", "down", "record"),
        ("expected: [192.0.2.9]", "down", "record"),
        ("record_type: MX, expected: [10 MAIL.one.example]", "up", None),
        ("record_type: TXT, expected: ['v=spf1 include:x.example -all']", "up", None),
        ("record_type: AAAA", "down", "record"),
        ("name: gone.example", "down", "dns"),
    ],
)
def test_a_record(settings, options: str, outcome: str, cause: str | None) -> None:
    table = {
        "one.example. A": ["192.0.2.1", "192.0.2.2"],
        "one.example. MX": ["10 mail.one.example."],
        "one.example. TXT": ['"v=spf1 include:x.example" " -all"'],
        "one.example. AAAA": [],
    }

    async def run() -> None:
        async with name_server(table) as port:
            source = f'{{kind: uptime_dns, nameserver: "127.0.0.1:{port}", timeout_seconds: 10, {options}}}'
            await collected(settings, source, "http://one.example/")

    asyncio.run(run())
    assert set(rows(settings)) == {("dns", outcome, cause)}


def test_a_name_server_that_is_silent_says_nothing_of_the_site(settings) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]
        source = f'{{kind: uptime_dns, nameserver: "127.0.0.1:{port}", timeout_seconds: 0.3}}'
        outcome = asyncio.run(collected(settings, source, "http://one.example/"))
    assert outcome.state == "failed"
    assert set(rows(settings)) == {("dns", "unknown", "vantage")}


def test_records_are_compared_as_zone_files_write_them() -> None:
    compare(Question(name="x", record_type="SRV", expected=("0 5 443 Host.example.",)), ["0 5 443 host.example"])
    assert split_nameserver("[2001:db8::53]:5353") == ("2001:db8::53", 5353)
    assert split_nameserver("2001:db8::53") == ("2001:db8::53", 53)


def test_headers(settings) -> None:
    good = (
        b"HTTP/1.1 200 OK\r\nStrict-Transport-Security: max-age=31536000; includeSubDomains\r\n"
        b"X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\nContent-Length: 0\r\n\r\n"
    )

    async def run() -> None:
        for raw in (good, good.replace(b"max-age=31536000", b"max-age=0"), good.replace(b"Referrer", b"Sender")):
            async with serving(answering(raw)) as server:
                await collected(settings, "{kind: uptime_headers}", server.url())

    asyncio.run(run())
    assert rows(settings) == [("headers", "up", None), *[("headers", "down", "header")] * 4]


def test_a_heartbeat(settings, tmp_path: Path) -> None:
    folder = tmp_path / "beats"
    folder.mkdir()
    source = "{kind: uptime_heartbeat, path: beats/*.gz, within_seconds: 600}"
    found = []
    for ages in ([], [5000], [5000, 100], [-5000]):
        for age in ages:
            file = folder / f"{age}.gz"
            file.touch()
            os.utime(file, (time.time() - age,) * 2)
        asyncio.run(collected(settings, source))
        found.append(rows(settings)[-1])
    assert found == [
        ("heartbeat", "unknown", "no_data"),
        ("heartbeat", "down", "late"),
        ("heartbeat", "up", None),
        ("heartbeat", "unknown", "configuration"),
    ]


def test_what_works_is_told_and_what_does_not_is_an_error(settings) -> None:
    check = units("tasks.collect")["uptime_heartbeat"].check
    (job,) = jobs(settings, "{kind: uptime_heartbeat, path: none, within_seconds: 600}")
    with pytest.raises(SourceError, match="was never seen"):
        asyncio.run(check(job))
    (settings.sites_file.parent / "none").touch()
    assert asyncio.run(check(job)) == "up: as expected"


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("{kind: uptime_http, pattern: '(?=x)'}", "no pattern of RE2"),
        ("{kind: uptime_http, json_value: x}", "json_value needs json_path"),
        ("{kind: uptime_http, headers: {Host: x}}", "'Host' is no header that a check may set"),
        ('{kind: uptime_http, headers: {X: "a\\nb"}}', "holds what no header can"),
        ("{kind: uptime_dns, nameserver: ns.example}", "'ns.example' is no IP address"),
        ("{kind: uptime_headers, required: {X: '['}}", "no pattern of RE2"),
    ],
)
def test_what_can_not_be_checked_is_said_when_the_configuration_is_read(source: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence.replace("(", r"\(")):
        parse_sites(HEAD.replace("SOURCE", source).replace("URL", "http://a.example/"), "s")


def test_a_source_is_due_in_as_many_slots_as_it_asks_for(settings) -> None:
    start = datetime(2026, 7, 1, tzinfo=UTC)
    for every, expected in ((30, 60), (60, 60), (90, 60), (300, 12), (3600, 1)):
        found = []
        for number in range(20):
            (job,) = jobs(settings, f"{{kind: uptime_http, id: s{number}, every_seconds: {every}}}")
            due = [n for n in range(60) if collecting.is_due(job, start + timedelta(minutes=n), 60)]
            assert len(due) == expected
            found.append(due[0])
        assert len(set(found)) > 3 or expected == 60, "the load is spread"


def test_no_cause_is_without_words() -> None:
    assert all(len(text) > 10 for text in CAUSES.values())
