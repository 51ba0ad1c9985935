"""A LogFormat or log_format becomes a pattern that takes what such a server writes, and nothing is guessed of what it can't.

https://httpd.apache.org/docs/2.4/mod/mod_log_config.html, https://nginx.org/en/docs/http/ngx_http_log_module.html
"""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.access_log_format import NAMED, compile_log_format
from tasks.errors import ConfigurationError
from tasks.try_format import parse_file

CLF = "[23/Nov/2026:05:00:09 +0000]"


def read(tmp_path: Path, log_format: str, text: str, **options: str) -> tuple[list[dict], list[tuple]]:
    log = tmp_path / "access.log"
    log.write_text(text + "\n")
    blocks = list(parse_file("access-combined", log, options={"log_format": log_format, **options}))
    return [r for b in blocks for r in b.records], [r for b in blocks for r in b.rejects]


def one(tmp_path: Path, log_format: str, line: str, **options: str) -> dict:
    (record,), rejects = read(tmp_path, log_format, line, **options)
    assert not rejects
    return {
        k: v for k, v in record.items() if v is not None and k not in ("line_number", "is_zone_assumed", "event_at")
    }


@pytest.mark.parametrize(
    ("log_format", "line", "answer"),
    [
        (  # mod_log_config's own examples
            "%h %l %u %t \"%r\" %>s %b", f'192.0.2.1 - - {CLF} "GET /a HTTP/1.0" 200 -',
            {"client_ip": "192.0.2.1", "method": "GET", "path": "/a", "protocol": "HTTP/1.0", "status": 200},
        ),
        (
            '%v:%p %h %l %u %t "%r" %>s %O "%{Referer}i" "%{User-Agent}i"',
            f'[2001:db8::1]:443 2001:db8::7 - a b {CLF} "GET / HTTP/1.1" 200 5 "-" "x \\"y\\" \\xe9"',
            {"host": "[2001:db8::1]", "client_ip": "2001:db8::7", "method": "GET", "path": "/", "protocol": "HTTP/1.1", "status": 200, "bytes": 5,
             "user_agent": 'x \\"y\\" \\xe9'},
        ),
        (
            '%a %{c}a %{remote}p %t %m "%U%q" %H %s %>s %B %O %D %I %X %{UNIQUE_ID}e %{SSL_PROTOCOL}x %{Foo}C %{Foo}o %{Foo}^ti',
            f'192.0.2.1 10.0.0.1 51234 {CLF} POST "/a b/c?x=1&token=s3cret" HTTP/2.0 200 302 7 300 1234 99 + ZZ TLSv1.3 - - -',
            {"client_ip": "192.0.2.1", "method": "POST", "path": "/a b/c", "query": "x=1&token=[redacted]", "protocol": "HTTP/2.0",
             "status": 302, "bytes": 7},
        ),
        ("%h %t %U%q %s", f"192.0.2.1 {CLF} /a 200", {"client_ip": "192.0.2.1", "path": "/a", "status": 200}),
        ("%h %t %U%q %s", f"192.0.2.1 {CLF} /a?b=c 200", {"client_ip": "192.0.2.1", "path": "/a", "query": "b=c", "status": 200}),
        (  # conditions, sides and %% of mod_log_config
            '%h %t 100%% %!200,304,302{Referer}i %400,501{User-agent}i "%<r" %<s',
            f'192.0.2.1 {CLF} 100% - Mozilla/5.0 (X11) "GET / HTTP/1.1" 404',
            {"client_ip": "192.0.2.1", "user_agent": "Mozilla/5.0 (X11)", "method": "GET", "path": "/", "protocol": "HTTP/1.1",
             "status": 404},
        ),
        ("%t\\t%h\\t%r", f"{CLF}\t192.0.2.1\tGET /a b HTTP/1.1", {"client_ip": "192.0.2.1", "method": "GET", "path": "/a b", "protocol": "HTTP/1.1"}),
        (  # nginx's own default
            '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"',
            '192.0.2.1 - - [23/Nov/2026:05:00:09 +0000] "GET /?a=\\x22b\\x22 HTTP/1.1" 499 0 "https://a.example/" "-"',
            {"client_ip": "192.0.2.1", "method": "GET", "path": "/", "query": "a=\\x22b\\x22", "protocol": "HTTP/1.1", "status": 499,
             "bytes": 0, "referrer": "https://a.example/"},
        ),
        (
            "[$time_iso8601] $remote_addr|$scheme://$host$request_uri|$status|${body_bytes_sent}B|$upstream_response_time",
            "[2026-11-23T05:00:09+00:00] 2001:db8::1|https://www.example/a?b=c|200|12B|0.001, 0.002",
            {"client_ip": "2001:db8::1", "host": "www.example", "path": "/a", "query": "b=c", "status": 200, "bytes": 12},
        ),
        (
            '$remote_addr [$time_local] $request_method "$uri$is_args$args" $server_protocol $status $http_host:$server_port $my_map',
            '192.0.2.1 [23/Nov/2026:05:00:09 +0000] GET "/a?b=c" HTTP/1.1 200 WWW.example:443 whatever it is',
            {"client_ip": "192.0.2.1", "host": "www.example", "method": "GET", "path": "/a", "query": "b=c", "protocol": "HTTP/1.1",
             "status": 200},
        ),
        (  # what nginx writes of no request at all
            '$remote_addr [$time_local] "$request" $request_method $status "$http_user_agent" $server_name',
            '192.0.2.1 [23/Nov/2026:05:00:09 +0000] "" - 400 "" _', {"client_ip": "192.0.2.1", "status": 400},
        ),
        (
            '$remote_addr [$time_local] "$request" $status', '192.0.2.1 [23/Nov/2026:05:00:09 +0000] "\\x16\\x03\\x01 password=x" 400',
            {"client_ip": "192.0.2.1", "path": "\\x16\\x03\\x01 password=[redacted]", "status": 400},
        ),
        ("common", f'www.example - - {CLF} "GET / HTTP/1.1" 000 0', {"method": "GET", "path": "/", "protocol": "HTTP/1.1", "bytes": 0}),
    ],
)  # fmt: skip
def test_a_line_of_a_format_fills_its_columns(tmp_path, log_format, line, answer) -> None:
    assert one(tmp_path, log_format, line) | {"bot_class": None} == answer | {"bot_class": None}


@pytest.mark.parametrize(
    ("spelling", "text", "event_at", "is_zone_assumed"),
    [
        ("%t", "[23/Nov/2026:05:00:09 -0500]", "2026-11-23T10:00:09+00:00", False),
        ("%{%Y-%m-%dT%H:%M:%S%z}t", "2026-11-23T05:00:09+0100", "2026-11-23T04:00:09+00:00", False),
        ("%{%FT%T}t", "2026-11-23T05:00:09", "2026-11-23T10:00:09+00:00", True),
        ("[%{%d/%b/%Y %T}t.%{msec_frac}t %{%z}t]", "[23/Nov/2026 05:00:09.123 +0000]", "2026-11-23T05:00:09.123000+00:00", False),
        ("[%{%d/%b/%Y %T}t.%{usec_frac}t %{%z}t]", "[23/Nov/2026 05:00:09.123456 +0000]", "2026-11-23T05:00:09.123456+00:00", False),
        ("%{sec}t.%{usec_frac}t", "1795410009.000250", "2026-11-23T05:00:09.000250+00:00", False),
        ("%{msec}t", "1795410009250", "2026-11-23T05:00:09.250000+00:00", False),
        ("%{end:usec}t", "1795410009250000", "2026-11-23T05:00:09.250000+00:00", False),
        ("%{%s}t", "1795410009", "2026-11-23T05:00:09+00:00", False),
        ("%t %{msec}t", "[23/Nov/2026:05:00:09 +0000] 1795410009250", "2026-11-23T05:00:09.250000+00:00", False),
        ("%{begin:%F %T}t %{end:%F %T}t", "2026-11-23 05:00:09 2026-11-23 05:00:11", "2026-11-23T10:00:09+00:00", True),
        ("%{%e %B %Y %I:%M:%S %p}t", " 3 November 2026 05:00:09 PM", "2026-11-03T22:00:09+00:00", True),
        ("%{%a %d/%m/%y %R %Z}t", "Mon 23/11/26 05:00 EST", "2026-11-23T10:00:00+00:00", True),
        ("%{%j of %Y, %H:%M@%S}t", "327 of 2026, 05:00@09", "2026-11-23T10:00:09+00:00", True),
        ("$msec", "1795410009.250", "2026-11-23T05:00:09.250000+00:00", False),
        ("$time_iso8601", "2026-11-23T05:00:09-05:00", "2026-11-23T10:00:09+00:00", False),
        ("$time_local $msec", "23/Nov/2026:05:00:09 +0000 1795410009.250", "2026-11-23T05:00:09.250000+00:00", False),
    ],
)  # fmt: skip
def test_every_way_to_write_the_time_is_read(tmp_path, spelling, text, event_at, is_zone_assumed) -> None:
    request = "$request_uri" if spelling.startswith("$") else "%U"
    log = tmp_path / "access.log"
    log.write_text(f"{text} /a\n")
    options = {"log_format": f"{spelling} {request}"}
    (block,) = parse_file("access-combined", log, time_zone="America/New_York", options=options)
    assert not block.rejects
    (record,) = block.records
    assert (record["event_at"].isoformat(), record["is_zone_assumed"], record["path"]) == (
        event_at,
        is_zone_assumed,
        "/a",
    )


@pytest.mark.parametrize("log_format", [
    "LogFormat \"%h %t \\\"%r\\\" %>s \\\"%{User-Agent}i\\\"\" mine",
    "log_format mine '$remote_addr [$time_local] '\n                '\"$request\" $status '\n   '\"$http_user_agent\"';",
    "log_format mine escape=default '$remote_addr [$time_local] \"$request\" $status \"$http_user_agent\"';",
    "'$remote_addr [$time_local] \"$request\" $status \"$http_user_agent\"'",
    '%h %t \\"%r\\" %>s \\"%{user-agent}i\\"',
])  # fmt: skip
def test_a_directive_is_taken_as_it_stands_in_the_configuration(tmp_path: Path, log_format: str) -> None:
    record = one(tmp_path, log_format, f'192.0.2.1 {CLF} "GET / HTTP/1.1" 200 "x y"')
    assert record == {
        "client_ip": "192.0.2.1", "method": "GET", "path": "/", "protocol": "HTTP/1.1", "status": 200, "user_agent": "x y"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("log_format", "reason"),
    [
        ("%h %r", "The log_format has no time; allowed: %t, %{..}t with a day and a time, $time_local, $time_iso8601, $msec."),
        ("$remote_addr $request", "The log_format has no time; allowed: %t,"),
        ("%{%H:%M}t %r", "The log_format has %{%H:%M}t, which has no whole day and time; allowed:"),
        ("%h %t", "The log_format has no request; allowed: %r, %U, $request, $request_uri, $uri."),
        ("$remote_addr $msec", "The log_format has no request;"),
        ("%h %t %y %r", "The log_format has '%y' at character 7, which is no directive of Apache; allowed: %% %A %B %D"),
        ("%t %r %{Referer}y", "The log_format has '%{Referer}y' at character 7,"),
        ("%t %r %{Referer", "The log_format has '%{Refere' at character 7,"),
        ("%t %r %", "The log_format has '%' at character 7,"),
        ("%{%c}t %r", "The log_format has %{%c}t, and %c in it can't be read back; allowed: %% %A"),
        ('{"time":"$time_iso8601","request":"$request"}', "The log_format writes JSON; use the format access-json for it."),
        ("%t %r" + "x" * 5000, "The log_format has 5,005 characters; allowed: 4,096."),
        ("", "The log_format has no request;"),
    ],
)  # fmt: skip
def test_what_can_not_be_compiled_is_said_with_what_is_allowed(log_format: str, reason: str) -> None:
    with pytest.raises(ConfigurationError, match="^" + re.escape(reason)):
        compile_log_format(log_format)


def test_behind_a_proxy_an_option_names_the_directive_of_the_client(tmp_path: Path) -> None:
    apache = '%h %t "%r" "%{X-Forwarded-For}i" %{CF-Connecting-IP}i'
    line = f'10.0.0.1 {CLF} "GET / HTTP/1.1" "192.0.2.66, 198.51.100.1" 203.0.113.1'
    assert one(tmp_path, apache, line)["client_ip"] == "10.0.0.1"
    assert one(tmp_path, apache, line, client_ip="%{x-forwarded-for}i")["client_ip"] == "198.51.100.1"
    assert one(tmp_path, apache, line, client_ip="%{CF-Connecting-IP}i")["client_ip"] == "203.0.113.1"
    assert one(tmp_path, apache.removeprefix("%h "), line.removeprefix("10.0.0.1 "))["client_ip"] == "203.0.113.1"
    assert "client_ip" not in one(tmp_path, "%t %r", f"{CLF} GET / HTTP/1.1")
    with pytest.raises(
        ConfigurationError, match=r"The log_format has no '%a' for the option client_ip; allowed: %h %r %{X-For"
    ):
        read(tmp_path, apache, line, client_ip="%a")
    with pytest.raises(ConfigurationError, match="The option client_ip of access-combined goes with log_format"):
        list(parse_file("access-combined", tmp_path / "access.log", options={"client_ip": "%h"}))


def test_lines_that_do_not_fit_are_rejected_with_a_reason_and_good_ones_kept(tmp_path: Path) -> None:
    good = f'192.0.2.1 {CLF} "GET / HTTP/1.1" 200'
    records, rejects = read(
        tmp_path,
        '%h %t "%r" %>s',
        "\n".join([good, good[:-20], good + " more", "password=hunter2", "", good.replace("Nov", "Xxx"), good]),
    )
    assert [r["line_number"] for r in records] == [1, 7]
    assert [(number, reason) for number, reason, _ in rejects] == [
        (2, "the line is not as the option log_format says"),
        (3, "the line is not as the option log_format says"),
        (4, "the line is not as the option log_format says"),
        (6, "the time 23/Xxx/2026:05:00:09 +0000 is not a date as the option log_format says"),
    ]
    assert rejects[2][2] == "password=[redacted]"


@pytest.mark.parametrize("word", ["infinity", "-infinity", "epoch", "now", "today"])
def test_words_that_databases_take_for_times_are_none(tmp_path: Path, word: str) -> None:
    for log_format, line in (
        ("%h %t %r", f"192.0.2.1 [{word}] GET / HTTP/1.1"),
        ("$time_iso8601 $request", f"{word} GET / HTTP/1.1"),
    ):
        records, rejects = read(tmp_path, log_format, line)
        assert not records and len(rejects) == 1


def test_a_format_with_the_marks_of_our_sql_stays_a_pattern(tmp_path: Path) -> None:
    record = one(
        tmp_path,
        "-- @http_request '; DROP TABLE x; -- %t (a|b)* [%h] \\\\ -- @use y %r",
        f"-- @http_request '; DROP TABLE x; -- {CLF} (a|b)* [192.0.2.1] \\ -- @use y GET / HTTP/1.1",
    )
    assert record == {"client_ip": "192.0.2.1", "method": "GET", "path": "/", "protocol": "HTTP/1.1"}


def test_hostile_lines_take_time_that_grows_with_their_length_alone(tmp_path: Path) -> None:
    log_format = '%h %u %t %{A}i %{B}i %{C}i %{D}i %{E}i "%r" %U%q "%{Referer}i"'
    started = time.process_time()
    records, rejects = read(tmp_path, log_format, ("a " * 200_000) + '"\\' * 100_000 + "\n" + f"{CLF} " * 5_000)
    assert not records and len(rejects) == 2
    assert time.process_time() - started < 20


def test_the_combined_format_compiled_gives_what_the_fixed_one_gives(tmp_path: Path) -> None:
    from tests.conftest import CASES

    log = CASES / "waf" / "nginx-shop-access.log.gz"
    fixed = [r for block in parse_file("access-combined", log) for r in block.records]
    compiled = [
        r for block in parse_file("access-combined", log, options={"log_format": "combined"}) for r in block.records
    ]
    assert len(compiled) == 1362
    assert compiled == fixed


texts = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30)


@settings(max_examples=200, deadline=None)
@given(text=texts, column=st.sampled_from(["%h", "%r", "%U", "$request", "$time_local", "%{%F}t", "%t"]))
def test_no_format_raises_anything_else_and_every_pattern_is_sound(text: str, column: str) -> None:
    try:
        made = compile_log_format(f"%t %r {text}{column}")
    except ConfigurationError as error:
        assert str(error).endswith(".")
    else:
        assert re.compile(made.pattern).groups == len(made.columns)


def escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


@settings(max_examples=100, deadline=None)
@given(agent=texts, referrer=texts, target=texts.map(lambda t: "/" + t.replace(" ", "")), status=st.integers(100, 599))
def test_what_apache_writes_the_reference_reads_alike(agent: str, referrer: str, target: str, status: int) -> None:
    apachelogs = pytest.importorskip("apachelogs")
    line = f'192.0.2.1 - - {CLF} "GET {escaped(target)} HTTP/1.1" {status} 5 "{escaped(referrer) or "-"}" "{escaped(agent) or "-"}"'
    theirs = apachelogs.LogParser(NAMED["combined"]).parse(line)
    made = compile_log_format("combined")
    found = re.match(made.pattern, line)
    assert found
    ours = dict(zip(made.columns, found.groups(), strict=True))
    assert (ours["client_ip"], int(ours["status"]), int(ours["bytes"])) == (
        theirs.remote_host,
        theirs.final_status,
        theirs.bytes_sent,
    )
    assert ours["request"] == escaped(theirs.request_line)
    for name, header in (("referrer", "Referer"), ("user_agent", "User-Agent")):
        assert ours[name] == ("-" if theirs.headers_in[header] is None else escaped(theirs.headers_in[header]))
