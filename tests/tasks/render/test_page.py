"""The report as a page, and the overview of all sites: self-contained, accessible in both schemes, nothing obeyed."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks import audit_programs
from tasks.brand import Brand
from tasks.render import contrast
from tasks.render.page import render_overview, render_page, row_of
from tests.tasks.render import sample

BRAND = Brand(name="Northlight <b>Studio</b>", contact="hello@northlight.example", ink="#14213a", accent="#3a4fd8")


def overview() -> str:
    rows = [
        row_of(made(), f"{made.__name__}.pdf", f"{made.__name__}.html")
        for made in (sample.sparse, sample.rich, sample.crowded)
    ]
    return render_overview(rows, [("broken", "There is no <b>snapshot</b>.")], BRAND, "2026Q3")


@pytest.mark.parametrize("made", [sample.rich, sample.sparse, sample.crowded])
def test_a_page_holds_what_it_shows_and_leads_nowhere(made: Any) -> None:
    html = render_page(made())
    assert "default-src 'none'" in html
    assert [link for link in re.findall(r'(?:href|src)="([^"]*)"', html) if not link.startswith(("#", "data:"))] == []
    assert not re.search(r"url\((?!data:|#)", html)
    assert "<script" not in html
    anchors = set(re.findall(r'href="#([^"]+)"', html))
    assert anchors <= set(re.findall(r'\bid="([^"]+)"', html))


def test_the_page_says_what_the_paper_says() -> None:
    report = sample.rich()
    html = render_page(report)
    for words in (
        *(part.title for part in report.parts),
        *(item.title for item in report.recommendations),
        *(fact.text for fact in report.kpis),
    ):
        assert words in html, words
    assert "contents on page 2" not in html


@pytest.mark.parametrize("text", sample.HOSTILE)
def test_hostile_text_is_text(text: str) -> None:
    html = render_page(sample.hostile(text)) + render_overview(
        [row_of(sample.hostile(text), "a.pdf", "a.html")], [(text, text)], BRAND, "2026Q3"
    )
    assert "<script" not in html
    assert "<img src=file" not in html
    assert html.count("<style>") == 2


def test_what_sites_send_and_hold_is_text_in_the_parts_on_headers_and_content() -> None:
    report = sample.rich()
    more = sample.parts(posture=sample.posture(), content=sample.content())
    html = render_page(replace(report, parts=[*report.parts, *more]))
    assert "Security headers" in html
    assert "Content and forms" in html
    assert "&lt;script&gt;alert(1)" in html
    assert "<script" not in html
    assert "<img src=file" not in html
    assert "<style>@import" not in html


def test_the_overview_names_the_worst_site_first_and_what_failed() -> None:
    html = overview()
    assert re.findall(r'<h2><a href="(\w+)\.html"', html) == ["crowded", "rich", "sparse"]
    assert "<b>broken</b>: There is no &lt;b&gt;snapshot&lt;/b&gt;." in html
    assert "Northlight &lt;b&gt;Studio&lt;/b&gt;" in html
    assert "No report of this quarter" in render_overview([], [], BRAND, "2026Q3")


@given(st.from_regex(r"#[0-9a-f]{6}", fullmatch=True), st.sampled_from(["#ffffff", "#0e1524"]))
def test_any_colour_of_an_agency_becomes_one_that_can_be_read(color: str, ground: str) -> None:
    found = contrast.readable(color, ground)
    assert contrast.ratio(found, ground) >= 4.5
    if contrast.ratio(color, ground) >= 4.5:
        assert found == color


def test_contrast_is_counted_as_the_standard_counts_it() -> None:
    assert contrast.ratio("#000000", "#ffffff") == pytest.approx(21)
    assert contrast.ratio("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.slow
def test_the_pages_are_clean_for_axe_in_light_and_in_dark_and_work_with_a_keyboard(tmp_path: Path) -> None:
    pages = {"rich": render_page(sample.rich()), "sparse": render_page(sample.sparse()), "overview": overview()}
    for name, html in pages.items():
        (tmp_path / f"{name}.html").write_text(html)
    found, focused, wide = asyncio.run(_look(tmp_path, list(pages)))
    assert found == []
    assert focused == ["Skip to the report", "Skip to the report", "Skip to the sites"]
    assert wide == []


async def _look(folder: Path, names: list[str]) -> tuple[list[str], list[str], list[str]]:
    from playwright.async_api import async_playwright

    script = audit_programs.axe().file.read_text(encoding="utf-8")
    found, focused, wide = list[str](), list[str](), list[str]()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=audit_programs.chromium(),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        for name in names:
            for scheme in ("light", "dark"):
                context = await browser.new_context(color_scheme=scheme, bypass_csp=True, reduced_motion="reduce")
                page = await context.new_page()
                await page.goto((folder / f"{name}.html").as_uri())
                await page.evaluate(script)
                result = await page.evaluate("axe.run({resultTypes: ['violations']})")
                found += [
                    f"{name} {scheme} {rule['id']} {rule['nodes'][0]['html'][:90]}" for rule in result["violations"]
                ]
                if scheme == "light":
                    await page.keyboard.press("Tab")
                    focused.append(await page.evaluate("document.activeElement.textContent"))
                    await page.set_viewport_size({"width": 320, "height": 700})
                    if await page.evaluate("document.documentElement.scrollWidth") > 320:
                        wide.append(name)
                await context.close()
        await browser.close()
    return found, focused, wide
