"""The lines of Apache that are events, in its times and escapes, and what clients can write into them."""

from __future__ import annotations

import pytest

from tests.tasks.waf_formats.modsecurity import everything, parse

FIELDS = '[file "/crs/942.conf"] [line "1"] [id "942100"] [msg "m"] [severity "CRITICAL"]'
PLACE = '[hostname "shop.example"] [uri "/a"] [unique_id "aaa"]'
CLIENT = "[client 203.0.113.7:5] [client 203.0.113.7]"
LINE = f"[Mon Nov 23 05:00:09.511945 2026] [security2:error] [pid 1:tid 2] {CLIENT} ModSecurity: Warning. Match at ARGS:q. {FIELDS} {PLACE}"


@pytest.mark.parametrize(
    ("start", "moment"),
    [
        ("[Mon Nov 23 05:00:09.511945 2026] [security2:error] [pid 1:tid 2]", "2026-11-23T05:00:09.511945+00:00"),
        ("[Tue Nov  3 05:00:09 2026] [error]", "2026-11-03T05:00:09+00:00"),
        ("[2026-11-23 05:00:09.511945] [-:error]", "2026-11-23T05:00:09.511945+00:00"),
    ],
)
def test_the_times_of_apache_are_read_and_known_to_be_without_a_zone(start: str, moment: str) -> None:
    line = LINE.replace("[Mon Nov 23 05:00:09.511945 2026] [security2:error] [pid 1:tid 2]", start)
    (event,) = parse("apache-error", f"{line}\n").events
    assert (event["event_at"].isoformat(), event["is_zone_assumed"]) == (moment, True)
    assert (event["client_ip"], event["host"], event["path"]) == ("203.0.113.7", "shop.example", "/a")


def test_the_lines_of_a_request_are_one_event() -> None:
    denied = LINE.replace("Warning.", "Access denied with code 403 (phase 2).").replace("942100", "949110")
    other = LINE.replace("aaa", "bbb")
    found = parse("apache-error", f"{LINE}\n{other}\n{denied}\n")
    assert [(e["request_id"], e["action"], e["line_number"]) for e in found.events] == [
        ("aaa", "block", 1),
        ("bbb", "log", 2),
    ]
    assert found.rules(found.events[0]) == ["942100", "949110"]


def test_doubled_escapes_are_undone() -> None:
    line = LINE.replace('[msg "m"]', r'[msg "say \\"hi\\""] [data "a\\\\d\\"] [id \\"1\\"]"]').replace(
        '"/a"', r'"/\\"x\\""'
    )
    found = parse("apache-error", f"{line}\n")
    (hit,) = found.hits[found.events[0]["event_id"]]
    assert (hit["rule_id"], hit["message"], hit["matched"]) == ("942100", 'say "hi"', 'a\\\\d"] [id "1"]')
    assert found.events[0]["path"] == '/"x"'


@pytest.mark.parametrize(
    "line",
    [
        f'{LINE}, referer: [unique_id "bbb"]',
        LINE.replace(
            "ARGS:q",
            'ARGS:[hostname "h"] [uri "/f"] [unique_id "bbb"] [client 198.51.100.66] ModSecurity: Access denied. x',
        ),
    ],
)
def test_what_a_client_wrote_into_the_line_is_not_believed(line: str) -> None:
    found = parse("apache-error", f"{line}\n")
    (event,) = found.events
    assert (event["client_ip"], event["action"], event["request_id"]) == ("203.0.113.7", "log", None)
    assert "198.51.100.66" not in everything(found)


def test_a_referrer_that_looks_like_a_place_is_not_taken_for_it() -> None:
    (event,) = parse("apache-error", f'{LINE}, referer: [hostname "x.example"] [uri "/f"]\n').events
    assert (event["host"], event["path"], event["request_id"]) == ("shop.example", "/a", "aaa")


def test_a_cut_line_and_a_bad_time_are_rejected_and_their_neighbours_kept() -> None:
    found = parse(
        "apache-error", f"{LINE}\n{LINE[:-40]}\n{LINE.replace('Nov 23', 'Nov 43')}\n{LINE.replace('aaa', 'ccc')}\n"
    )
    assert [event["request_id"] for event in found.events] == ["aaa", "ccc"]
    assert [(line, reason) for line, reason, _ in found.rejects] == [
        (
            2,
            "the line is cut before the unique_id of its request, as Apache does with long ones; read the audit log instead",
        ),
        (3, "the line has no time as [Mon Nov 23 05:00:09.511945 2026]"),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "[Mon Nov 23 05:00:09.511945 2026] [mpm_event:notice] [pid 1:tid 2] AH00489: Apache/2.4.71 configured",
        "[Mon Nov 23 05:00:09.511945 2026] [:notice] [pid 1] ModSecurity for Apache/2.9.7 configured.",
        f"[Mon Nov 23 05:00:09.511945 2026] [security2:error] [pid 1] {CLIENT} ModSecurity: Rule 7f [id \"1\"] - Execution error",
        f"[Mon Nov 23 05:00:09.511945 2026] [core:error] [pid 1] {CLIENT} AH00126: Invalid URI in request GET /] ModSecurity: Warning. H",
        "PHP Notice: something",
    ],
)  # fmt: skip
def test_other_lines_are_neither_events_nor_rejects(line: str) -> None:
    found = parse("apache-error", f"{line}\n")
    assert (found.events, found.rejects) == ([], [])
