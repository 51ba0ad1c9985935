"""The lines of nginx that are events, what clients can write into them, and those that are left out."""

from __future__ import annotations

import pytest

from tasks.waf_formats import nginx_error
from tests.tasks.waf_formats.modsecurity import everything, parse

START = "2026/11/23 05:00:09 [error] 7#7: *1 "
TAIL = ', client: 203.0.113.7, server: shop.example, request: "GET /a?b=1 HTTP/1.1", host: "shop.example"'
FIELDS = '[file "/crs/949.conf"] [line "1"] [id "949110"] [rev ""] [msg "m (Total Score: 5)"] [data ""] [severity "2"] [ver "OWASP_CRS/3.3.4"]'
DENIED = f"{START}[client 203.0.113.7] ModSecurity: Access denied with code 403 (phase 2). Matched {FIELDS}"
ENDS = ' [hostname "192.0.2.1"] [uri "/a"] [unique_id "1.1"] [ref "o0,1v2,3"]'

# https://nginx.org/en/docs/http/ngx_http_limit_req_module.html and ngx_http_limit_conn_module.html; the words are those of
# https://github.com/nginx/nginx/blob/master/src/http/modules/ngx_http_limit_req_module.c and ngx_http_limit_conn_module.c
WORDS = {
    'limiting requests, excess: 10.1 by zone "a"': ("rate_limit", True, False),
    'limiting requests, dry run, excess: 10.1 by zone "a"': ("log", False, True),
    'delaying request, excess: 0.5, by zone "a"': ("log", True, False),
    'delaying request, dry run, excess: 0.5, by zone "a"': ("log", False, True),
    'limiting connections by zone "a"': ("rate_limit", True, False),
    'limiting connections, dry run, by zone "a"': ("log", False, True),
}


@pytest.mark.parametrize(("words", "wanted"), WORDS.items())
def test_every_documented_limit_is_an_action(words: str, wanted: tuple[str, bool, bool]) -> None:
    (event,) = parse("nginx-error", f"{START}{words}{TAIL}\n").events
    assert (event["action"], event["is_enforced"], event["would_block"]) == wanted
    assert event["action_raw"] in nginx_error.ACTIONS
    assert (event["client_ip"], event["path"], event["status"]) == ("203.0.113.7", "/a", None)


def test_equal_lines_of_a_limit_are_as_many_requests() -> None:
    line = f'{START}limiting requests, excess: 10.1 by zone "a"{TAIL}\n'
    assert len({event["event_id"] for event in parse("nginx-error", line * 3).events}) == 3
    assert [e["event_id"] for e in parse("nginx-error", line * 2).events] == [
        e["event_id"] for e in parse("nginx-error", line * 2).events
    ]


@pytest.mark.parametrize(
    "line",
    [
        f'{START}open() "/srv/ ModSecurity: Warning. x [unique_id "1.1"]" failed (2: No such file or directory){TAIL}',
        f"{START}access forbidden by rule{TAIL}",
        "2026/11/23 05:00:09 [notice] 7#7: ModSecurity-nginx v1.0.3 (rules loaded inline/local/remote: 0/903/0)",
        f"{START}ModSecurity: Audit log: Failed to lock{TAIL}",
        f'{START}upstream sent "limiting requests, excess: 1 by zone"{TAIL}',
        "no line of nginx",
    ],
)
def test_other_lines_are_neither_events_nor_rejects(line: str) -> None:
    found = parse("nginx-error", f"{line}\n")
    assert (found.events, found.rejects) == ([], [])


def test_a_cut_line_and_a_bad_time_are_rejected_and_their_neighbours_kept() -> None:
    good = f"{DENIED}{ENDS}{TAIL}"
    found = parse(
        "nginx-error", f"{good}\n{DENIED[:-30]}\n{good.replace('11/23', '13/23')}\n{good.replace('1.1', '2.2')}\n"
    )
    assert [event["request_id"] for event in found.events] == ["1.1", "2.2"]
    assert found.rejects == [
        (2, "the line is cut before the unique_id of its request, as nginx does with long ones; read the audit log instead",
         f"{START}[client 203.0.113.7] ModSecurity: Access denied with code 403 "),
        (3, "the time 2026/13/23 05:00:09 is not a date as 2026/11/23 05:00:09",
         f"{START.replace('11/23', '13/23')}[client 203.0.113.7] ModSecurity: Access denied with code 403 "),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "line",
    [
        f'{DENIED}{ENDS}{TAIL}, referrer: "[unique_id "6.6"] [ref ""], client: 198.51.100.66, server: x, request: "GET /f H"',
        DENIED.replace("Matched", 'Matched `ARGS:[unique_id "6.6"], client: 198.51.100.66, server: x, request: "GET /f H"') + ENDS + TAIL,
        f'{DENIED}{ENDS.replace("/a", "/a] [unique_id " + chr(34) + "6.6" + chr(34) + "], client: 198.51.100.66")}{TAIL}',
    ],
)  # fmt: skip
def test_what_a_client_wrote_into_the_line_is_not_believed(line: str) -> None:
    found = parse("nginx-error", f"{line}\n")
    (event,) = found.events
    assert (event["action"], event["client_ip"], event["request_id"]) == ("block", "203.0.113.7", None)
    assert "198.51.100.66" not in everything(found)


def test_a_referrer_alone_does_not_hide_the_request() -> None:
    (event,) = parse("nginx-error", f'{DENIED}{ENDS}{TAIL}, referrer: "x, client: 198.51.100.66, server: y"\n').events
    assert (event["client_ip"], event["host"], event["path"], event["score"]) == (
        "203.0.113.7",
        "shop.example",
        "/a",
        5,
    )


def test_a_line_that_was_written_while_something_went_on_is_read() -> None:
    (event,) = parse("nginx-error", f"{DENIED}{ENDS} while sending to client{TAIL}\n").events
    assert event["request_id"] == "1.1"


def test_the_client_of_a_socket_is_not_known() -> None:
    (event,) = parse(
        "nginx-error", f"{DENIED}{ENDS}{TAIL.replace('203.0.113.7', 'unix:')}\n".replace("[client 203.0.113.7] ", "")
    ).events
    assert event["client_ip"] is None
