"""Charts hold at their edges: nothing, one value, only gaps, huge values, hostile words; unknown never looks like fine."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from xml.etree import ElementTree

import pytest
from markupsafe import Markup

from tasks.render import charts, server_charts
from tasks.report_model import BackupStrip, DayState, LimitBar, ProgressBar, Series

SVG = "{http://www.w3.org/2000/svg}"
START = date(2026, 7, 1)
ACCENT = "#3a4fd8"
SHAPES: dict[str, Series] = {
    "one": [5.0],
    "one gap": [None],
    "gaps only": [None] * 13,
    "zeros": [0.0] * 13,
    "all the same": [7.0] * 13,
    "a gap in the middle": [1.0, 2.0, None, None, 4.0],
    "gaps at both ends": [None, 1.0, 3.0, None],
    "one between gaps": [None, 1.0, None],
    "huge": [1e15, None, 3.0],
    "tiny": [1e-6, 2e-6],
}
CHARTS: dict[str, Callable[[Series, str], Markup]] = {
    "spark": lambda values, title: charts.spark(values, title, ACCENT),
    "burn": lambda values, title: charts.burn(values, 132.0, START, title, ACCENT),
    "overdrawn": lambda values, title: charts.burn([None if v is None else -v for v in values], 1.0, START, title, ACCENT),
    "strip": lambda values, title: charts.strip(values, title, ACCENT),
    "weeks": lambda values, title: charts.weeks(
        [None if v is None else [v, v / 2] for v in values], ["one", "two"], [""] * len(values), title, ACCENT
    ),
    "hbars": lambda values, title: charts.hbars([(title, int(v)) for v in values if v is not None], title, ACCENT),
    "progress": lambda values, title: charts.progress(
        [ProgressBar(name=title, ratio=None if v is None else sign * v, text=title, tone="good") for v in values for sign in (1, -1)], title, ACCENT
    ),
    "limits": lambda values, title: server_charts.limits(
        [LimitBar(name=title, value=v, text=title, limit=60, is_beyond=bool(v and v < 60)) for v in values], title, 180, title, ACCENT
    ),
    "backups": lambda values, title: server_charts.backups(
        [BackupStrip(name=title, days=[None if v is None else "made" for v in values], tested=[0], text=title)], START, title
    ),
    "heat": lambda values, title: charts.heat(days([None if v is None else min(int(v), 3) for v in values]), title),
}  # fmt: skip
HOSTILE = (
    "<script>alert(1)</script>",
    '"><image href="file:///etc/passwd"/>',
    "</title></svg><img src=x>",
    "{{7*7}}&lt;",
)


def days(levels: list[int | None]) -> list[DayState]:
    return [DayState(day=START + timedelta(days=number), level=level) for number, level in enumerate(levels)]


def parsed(markup: Markup) -> ElementTree.Element:
    return ElementTree.fromstring(str(markup))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("chart", CHARTS)
def test_every_chart_is_whole_and_finite_whatever_the_series(chart: str, shape: str) -> None:
    markup = CHARTS[chart](SHAPES[shape], "What it shows")
    root = parsed(markup)
    assert root[0].tag == f"{SVG}title"
    assert root[0].text == "What it shows"
    assert not re.search(r"\b(nan|inf)\b", str(markup), re.IGNORECASE)
    for element in root.iter(f"{SVG}rect"):
        if not element.get("width", "0").endswith("%"):
            assert float(element.get("width", "0")) >= 0, element.attrib
            assert float(element.get("height", "0")) >= 0, element.attrib


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("chart", CHARTS)
def test_hostile_words_stay_words_in_a_chart(chart: str, text: str) -> None:
    root = parsed(CHARTS[chart]([1.0, None, 2.0], text))
    assert root[0].text == text
    drawn = {"svg", "title", "defs", "pattern", "rect", "path", "circle", "text"}
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= drawn
    assert not [name for element in root.iter() for name in element.attrib if name in ("href", "src", "onload")]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_class_names_and_labels_stay_words(text: str) -> None:
    root = parsed(charts.weeks([[1.0, 2.0], None], [text, text], [text, ""], "Weeks", ACCENT))
    assert root.get("data-classes") == f"{text},{text}"
    assert not list(root.iter(f"{SVG}script"))
    assert not list(root.iter(f"{SVG}image"))


def test_the_numbers_of_a_chart_are_those_it_was_given_and_a_gap_is_empty() -> None:
    assert parsed(charts.spark([1.5, None, 3.0], "s", ACCENT)).get("data-values") == "1.5,,3"
    burn = parsed(charts.burn([132.0, None, -4.5], 132.0, START, "b", ACCENT))
    assert (burn.get("data-values"), burn.get("data-budget")) == ("132,,-4.5", "132")
    assert parsed(charts.weeks([[1.0, 2.0], None], ["a", "b"], ["", ""], "w", ACCENT)).get("data-rows") == "1,2;"
    assert parsed(charts.heat(days([0, None, 3]), "h")).get("data-levels") == "0,,3"
    assert parsed(charts.dial(None, "d", "unknown")).get("data-score") == ""
    assert parsed(charts.dial(0, "d", "bad")).get("data-score") == "0"


@pytest.mark.parametrize("left", [-120.0, -33.0, -20.0, -5.0, 0.0, 12.0, 14.0, 60.0, 88.0, 128.0])
def test_no_line_strikes_the_label_of_the_burn_through(left: float) -> None:
    values = [132.0] * 40 + [left + 15] * 45 + [left] * 7
    root = parsed(charts.burn(values, 132.0, START, "b", ACCENT))
    label = next(t for t in root.iter(f"{SVG}text") if "minutes" in (t.text or ""))
    baseline, start = float(label.get("y", "nan")), float(label.get("x", "nan")) - 60
    lines = []
    for path in root.iter(f"{SVG}path"):
        drawn = path.get("d", "")
        if path.get("stroke"):
            at = float(drawn.split()[1].rstrip("V"))
            for step, number in re.findall(r"([VH])([\d.]+)", drawn):
                at = float(number) if step == "V" else at
                lines += [at] if step == "H" and float(number) > start else []
    assert len(lines) > 8
    assert not [line for line in lines if baseline - 6 < line < baseline + 1]
    assert 6 < baseline < 128 - 18


def test_a_dial_that_is_not_known_shows_no_number_and_no_colour_of_a_known_state() -> None:
    unknown = str(charts.dial(None, "Security: not known", "good"))
    for tone in ("good", "warn", "bad"):
        assert charts.dial(50, "d", tone).count("<circle") == 2
        assert {"good": "#0b7a5c", "warn": "#b25e00", "bad": "#b3263a"}[tone] not in unknown
    texts = [element.text for element in parsed(Markup(unknown)).iter(f"{SVG}text")]
    assert texts == ["?"]
    assert "stroke-dasharray" in unknown


def test_a_dial_out_of_range_never_draws_more_than_its_ring() -> None:
    def longest(score: int) -> list[str]:
        return re.findall(r'stroke-dasharray="([\d.]+)', str(charts.dial(score, "d", "good")))

    assert longest(250) == longest(100)
    assert len(longest(-5)) == len(longest(0)) == 1


def test_a_gap_breaks_the_line_and_is_never_drawn_as_zero() -> None:
    def strokes(values: Series) -> int:
        return len(
            re.findall(r'<path d="M[^"]*" (?:fill="none" )?stroke="#3a4fd8"', str(charts.spark(values, "s", ACCENT)))
        )

    assert strokes([1.0, 2.0, 3.0, 4.0]) == 1
    assert strokes([1.0, 2.0, None, 4.0, 5.0]) == 2
    assert str(charts.spark([None] * 4, "s", ACCENT)) != str(charts.spark([0.0] * 4, "s", ACCENT))


def test_a_week_and_a_day_that_are_not_known_look_unlike_none_and_fine() -> None:
    assert str(charts.weeks([None], ["a"], [""], "w", ACCENT)) != str(charts.weeks([[0.0]], ["a"], [""], "w", ACCENT))
    fine, unknown = str(charts.heat(days([0]), "h")), str(charts.heat(days([None]), "h"))
    cells = [
        re.findall(r'<rect x="[\d.]+" y="[\d.]+" width="[\d.]+" height="10.50?" [^>]*fill="([^"]+)"', chart)
        for chart in (fine, unknown)
    ]
    assert [cell.startswith("url(#unknown-") for cell in cells[1]] == [True]
    assert cells[0] != cells[1]


@pytest.mark.parametrize("value", [0, 1e-9, 0.3, 1, 9.99, 10, 99.5, 1e3, 1_048_576, 9.999e14, 1e15])
def test_the_top_of_an_axis_is_never_below_the_value_nor_far_above(value: float) -> None:
    top = charts.nice_top(value)
    assert top >= value * (1 - 1e-9)
    assert top > 0
    assert value == 0 or top <= value * 2 * (1 + 1e-9)
