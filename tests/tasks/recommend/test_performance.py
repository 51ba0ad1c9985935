"""Rules on performance speak past their threshold, are silent below it, and never take silence for good."""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb
import pytest

from tasks.recommendation import Recommendation, Silent, Unknown
from tests.tasks.recommend.asking import ask, at, insert, measure
from warehouse.records import FieldMetric, PageOpportunity, PagePerformance, PageThirdParty, PatchEvent

FIELD = {
    "performance_lcp_slow": ("lcp_ms", 2500),
    "performance_inp_slow": ("inp_ms", 200),
    "performance_layout_shifts": ("cls", 0.1),
    "performance_ttfb_slow": ("ttfb_ms", 800),
}
LAB = [
    "performance_score_fell",
    "performance_hero_image",
    "performance_third_parties",
    "performance_lab_misleads",
]
PAGE = "https://one.example/"


def common(day: int, page: str, **more: Any) -> dict[str, Any]:
    return {
        "run_id": f"{page}{day}{more.get('form_factor')}",
        "site_id": "one",
        "source_id": "s",
        "page_url": page,
        "measured_at": at(day),
    }


def lab(
    con: duckdb.DuckDBPyConnection, day: int, score: float, page: str = PAGE, *, spread: float = 0.0, **more: Any
) -> None:
    usual = {
        "auditor": "lighthouse", "lighthouse_version": "12.8.2", "form_factor": "mobile", "throttling_method": "simulate",
        "outcome": "complete", "run_count": 3, "performance_score": score, "performance_score_min": score - spread,
        "performance_score_max": score + spread, "lcp_ms": 2000.0, "lcp_selector": "h1",
    }  # fmt: skip
    row = common(day, page, form_factor=more.get("form_factor", "mobile")) | usual | more
    insert(con, PagePerformance, **row)


def field(
    con: duckdb.DuckDBPyConnection, metric: str, p75: float, *, scope: str = "origin", day: int = 80, **more: Any
) -> None:
    subject = PAGE if scope == "page" else "https://one.example"
    row = common(day, subject) | {
        "auditor": "crux", "scope": scope, "subject_url": subject, "form_factor": "mobile", "metric": metric, "p75": p75,
        "period_start_date": date(2026, 8, 20), "period_end_date": date(2026, 9, 17), "good_ratio": 0.6, "fair_ratio": 0.2, "poor_ratio": 0.2,
    }  # fmt: skip
    insert(con, FieldMetric, **row | more)


def update(con: duckdb.DuckDBPyConnection, day: int) -> None:
    insert(
        con, PatchEvent, site_id="one", source_id="p", event_id=f"e{day}", patched_at=at(day), at_precision="exact",
        ecosystem="wordpress-plugin", name="slider", action="upgrade", old_version="1", new_version="2",
    )  # fmt: skip


@pytest.mark.parametrize("rule", [*FIELD, *LAB])
def test_without_data_nothing_is_known(con, rule: str) -> None:
    (answer,) = ask(con, rule)
    assert isinstance(answer, Unknown)


@pytest.mark.parametrize("rule", FIELD)
def test_laboratory_figures_never_stand_in_for_visitors(con, rule: str) -> None:
    lab(con, 80, 0.2, lcp_ms=9000.0, cls=0.9)
    (answer,) = ask(con, rule)
    assert isinstance(answer, Unknown)


@pytest.mark.parametrize("rule", FIELD)
def test_a_figure_of_visitors_speaks_past_its_threshold_only(con, rule: str) -> None:
    metric, threshold = FIELD[rule]
    field(con, metric, threshold * 3, day=10)
    field(con, metric, threshold)
    (answer,) = ask(con, rule)
    assert isinstance(answer, Silent)
    field(con, metric, threshold * 1.2, day=85)
    field(con, metric, threshold * 9, scope="page", day=85)
    (answer,) = ask(con, rule)
    assert isinstance(answer, Recommendation)
    assert answer.subject == "mobile"
    assert answer.evidence.value == pytest.approx(threshold * 1.2)  # the site as a whole, not its worst page
    assert measure(con, answer) == pytest.approx(answer.evidence.value)
    assert "worst page /" in answer.evidence.text


def test_without_the_whole_site_the_worst_page_counts_and_each_screen_is_judged_alone(con) -> None:
    field(con, "lcp_ms", 4100, scope="page")
    field(con, "lcp_ms", 2000, scope="page", form_factor="desktop")
    (answer,) = ask(con, "performance_lcp_slow")
    assert (answer.subject, answer.band, answer.evidence.value) == ("mobile", "medium", 4100)
    assert answer.why.startswith("One visit in four waits 4.1 s or longer")


def test_what_the_laboratory_would_save_is_named_beside_the_figure_and_not_mixed_with_it(con) -> None:
    field(con, "lcp_ms", 3000)
    lab(con, 80, 0.5)
    for audit, saving in (("modern-image-formats", 1200.0), ("largest-contentful-paint-element", 9000.0)):
        insert(con, PageOpportunity, **common(80, PAGE, form_factor="mobile"), audit_id=audit, title=audit.title(), categories=[], score=0.0, lcp_saving_ms=saving)  # fmt: skip
    (answer,) = ask(con, "performance_lcp_slow")
    assert answer.evidence.value == 3000
    assert "Modern-Image-Formats (up to 1.2 s there)" in answer.evidence.text


def test_a_fall_with_a_change_between_is_told_with_the_change(con) -> None:
    lab(con, -3, 0.95)
    lab(con, 4, 0.70)
    lab(con, 11, 0.72)
    update(con, 2)
    update(con, 9)
    (answer,) = ask(con, "performance_score_fell")
    assert answer.title == "Find what made / slower on 5 July"
    assert "95 on 28 June, 70 on 5 July, 72 now; changed between: slider 2" in answer.evidence.text
    assert measure(con, answer) == pytest.approx(72)


def test_a_fall_within_chance_or_over_or_in_another_series_is_none(con) -> None:
    update(con, 9)
    lab(con, 4, 0.95, spread=0.1)
    lab(con, 11, 0.80, spread=0.1)  # the ranges of the runs touch
    lab(con, 4, 0.90, "https://one.example/over")
    lab(con, 11, 0.50, "https://one.example/over")
    lab(con, 18, 0.90, "https://one.example/over")  # it came back
    lab(con, 4, 0.95, "https://one.example/new")
    lab(con, 11, 0.60, "https://one.example/new", lighthouse_version="13.0.0")
    lab(con, 18, 0.40, "https://one.example/new", throttling_method="devtools")
    lab(con, 25, 0.30, "https://one.example/new", outcome="incomplete")
    (answer,) = ask(con, "performance_score_fell")
    assert isinstance(answer, Silent), answer
    assert "no page lost more than 10 points" in answer.reason


def test_a_fall_without_a_known_change_blames_nothing(con) -> None:
    lab(con, 4, 0.95)
    lab(con, 11, 0.70)
    (answer,) = ask(con, "performance_score_fell")
    assert isinstance(answer, Unknown)
    update(con, 30)
    (answer,) = ask(con, "performance_score_fell")
    assert isinstance(answer, Silent)
    assert "no known change" in answer.reason


def test_a_heavy_main_image_is_told_once_for_all_its_pages(con) -> None:
    heavy = {"lcp_selector": "img", "lcp_image_url": "https://one.example/hero.jpg", "lcp_image_bytes": 1_620_196}
    lab(con, 4, 0.9, **heavy)
    lab(con, 4, 0.9, "https://one.example/b", **heavy)
    lab(
        con,
        4,
        0.9,
        "https://one.example/c",
        lcp_selector="img",
        lcp_image_url="https://one.example/c.jpg",
        lcp_image_bytes=300_000,
    )
    (answer,) = ask(con, "performance_hero_image")
    assert answer.title == "Make the main image of / smaller"
    assert answer.evidence.text == "/hero.jpg, 1.6 MB, at img; LCP 2.0 s in the laboratory"
    assert measure(con, answer) == pytest.approx(1620.196)
    lab(con, 11, 0.9)
    lab(con, 11, 0.9, "https://one.example/b")
    (answer,) = ask(con, "performance_hero_image")
    assert isinstance(answer, Silent)


def test_what_the_largest_paint_is_stays_unknown_where_it_is_not_told(con) -> None:
    lab(con, 4, 0.9, lcp_selector="img", lcp_image_url="https://one.example/hero.jpg", lcp_image_bytes=900_000)
    (answer,) = ask(con, "performance_hero_image")
    con.execute("DELETE FROM raw.page_performance")
    lab(con, 11, 0.9, lcp_selector=None)
    assert measure(con, answer) is None


def test_code_of_others_is_counted_by_page(con) -> None:
    lab(con, 4, 0.9)
    for name, busy in (("Chat", 400.0), ("Tags", 350.0), ("Fonts", 0.0)):
        insert(
            con,
            PageThirdParty,
            **common(4, PAGE, form_factor="mobile"),
            third_party=name,
            main_thread_ms=busy,
            transfer_bytes=1000.0,
        )
    (answer,) = ask(con, "performance_third_parties")
    assert answer.evidence.text == "750 ms, 3 kB, by Chat, Tags"
    assert measure(con, answer) == 750
    lab(con, 11, 0.9)
    (answer,) = ask(con, "performance_third_parties")
    assert isinstance(answer, Silent)


def test_a_page_that_is_good_here_and_poor_for_visitors_is_told(con) -> None:
    lab(con, 80, 0.95)
    field(con, "lcp_ms", 4500, scope="page")
    field(con, "cls", 0.05, scope="page")
    (answer,) = ask(con, "performance_lab_misleads")
    assert answer.evidence.text == "Lighthouse 95 on 19 September; 75th percentile of visits: LCP (4.5 s)"
    assert measure(con, answer) == 1
    lab(con, 82, 0.60)
    (answer,) = ask(con, "performance_lab_misleads")
    assert isinstance(answer, Silent)


def test_figures_of_the_origin_or_of_another_screen_judge_no_page(con) -> None:
    lab(con, 80, 0.95)
    field(con, "lcp_ms", 4500)
    field(con, "lcp_ms", 4500, scope="page", form_factor="desktop")
    (answer,) = ask(con, "performance_lab_misleads")
    assert isinstance(answer, Unknown)
