"""axe-core in real Chromium: each planted fault is found, the good page is silent, and nothing stops the run."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tasks import audit_programs, axe_browser, axe_run, axe_tab
from tasks.collect import audits_axe, audits_static
from tasks.contracts import Context, Job, Outcome
from tests import faulty_site
from tests.landed import landed
from warehouse.spool import Spool

pytestmark = [pytest.mark.slow]


@pytest.fixture(scope="module", name="site")
def _site() -> Iterator[str]:
    with faulty_site.served() as url:
        yield url


def job(folder: Path, url: str, options: Any) -> Job:
    return Job(
        context=Context(
            site_id="one", source_id="audits", time_zone="UTC", host="127.0.0.1", url=f"{url}/",
            collected_at=datetime(2026, 9, 1, tzinfo=UTC),
        ),
        options=options,
        spool=Spool(folder / "spool", folder / "cursors"),
    )  # fmt: skip


def collect(
    folder: Path, url: str, *pages: str, module: Any = audits_axe, **more: Any
) -> tuple[Outcome, dict[str, list[dict[str, Any]]]]:
    options = module.Options(
        kind=module.__name__.rsplit(".", 1)[-1], pages=list(pages), private_hosts=["127.0.0.2"], **more
    )
    outcome = asyncio.run(module.collect(job(folder, url, options)))
    return outcome, {table: rows.to_pylist() for table, rows in landed(folder / "spool").items()}


def found_on(
    landed: dict[str, list[dict[str, Any]]], page: str, outcome: str = "violation"
) -> dict[str, dict[str, Any]]:
    return {
        row["rule_id"]: row
        for row in landed.get("accessibility_finding", [])
        if row["page_url"].endswith(page) and row["outcome"] == outcome
    }


def test_each_planted_fault_is_found_with_its_criteria_and_the_good_page_is_silent(tmp_path: Path, site: str) -> None:
    outcome, landed = collect(
        tmp_path, site, "/good", "/inaccessible", "/frames", "/shadow", "/csp", "/late", page_seconds=60
    )
    assert outcome.state == "complete", outcome.message
    runs = {row["page_url"].removeprefix(site): row for row in landed["audit_run"]}
    assert {(run["outcome"], run["cause"], run["status"]) for run in runs.values()} == {("complete", None, 200)}
    assert {run["tool_version"] for run in runs.values()} == {audit_programs.axe().version}

    assert [row for row in landed["accessibility_finding"] if row["page_url"].endswith("/good")] == []
    looked = {row["page_url"].removeprefix(site): row for row in landed["accessibility_run"]}
    assert "1.4.3" in looked["/good"]["tested_criteria"]

    bad = found_on(landed, "/inaccessible")
    assert {rule: bad[rule]["success_criteria"] for rule in faulty_site.PLANTED if rule in bad} == faulty_site.PLANTED
    assert found_on(landed, "/inaccessible", "needs_review")["color-contrast"]["message_key"] == "bgGradient"
    assert bad["tabindex"]["kind"] == "best_practice"

    frames = [
        row["selector"]
        for row in landed["accessibility_finding"]
        if row["page_url"].endswith("/frames") and row["outcome"] == "violation" and row["kind"] == "wcag"
    ]
    assert sorted(frames) == sorted(
        [f'iframe[title="{where}"] >>> {inner}' for where in ("near", "far") for inner in ("img", "iframe >>> input")]
    )
    assert looked["/frames"]["frame_count"] == 5
    assert {row["selector"] for row in found_on(landed, "/shadow").values()} == {"#host >>> img", "#host >>> button"}
    for page in ("/csp", "/late"):
        assert set(found_on(landed, page)) == {"image-alt"}, page


def test_a_page_that_misbehaves_has_a_cause_of_its_own_and_the_run_goes_on(tmp_path: Path, site: str) -> None:
    causes = {
        "/no-answer": ("unknown", "timeout"),
        "/hang": ("unknown", "timeout"),
        "/dialogs": ("unknown", "dialogs"),
        "/never": ("incomplete", "never_idle"),
        "/wanders": ("incomplete", "never_idle"),
        "/fake-axe": ("unknown", "invalid_answer"),
        "/mute-frame": ("incomplete", "frame_unreached"),
        "/file.zip": ("error", "download"),
        "/to-file": ("error", "download"),
        "/picture": ("error", "not_html"),
        "/error": ("error", "http_error"),
        "/missing": ("error", "http_error"),
        "/dialog": ("complete", None),
        "/late-download": ("complete", None),
        "/good": ("complete", None),
    }
    # What takes all the time there is, what is looked at until half of it is over, and what ends by itself.
    taking = [page for page, (_, cause) in causes.items() if cause in ("timeout", "dialogs")]
    restless = [page for page, (_, cause) in causes.items() if cause == "never_idle"]
    collect(tmp_path, site, *taking, page_seconds=8)
    collect(tmp_path, site, *restless, page_seconds=20)
    others = [page for page in causes if page not in taking + restless]
    outcome, landed = collect(tmp_path, site, *others, page_seconds=60)
    runs = {row["page_url"].removeprefix(site): row for row in landed["audit_run"]}
    assert {page: (run["outcome"], run["cause"]) for page, run in runs.items()} == causes
    assert outcome.state == "partial"
    assert runs["/dialog"]["message"] == "2 dialogs dismissed"
    assert runs["/late-download"]["message"] == "1 download refused"
    assert set(found_on(landed, "/dialog")) == {"image-alt"}
    assert (runs["/error"]["status"], runs["/missing"]["status"]) == (500, 404)


def audited(site: str, *urls: str, **more: Any) -> dict[str, str | None]:
    """Audit pages in a browser; return the cause of each."""
    told: dict[str, str | None] = {}
    asyncio.run(
        axe_browser.audit_pages(
            urls, audit_programs.axe().file.read_text(), browser=None, private_hosts=["127.0.0.1"],
            on_page=lambda page: told.update({page.url.removeprefix(site): page.cause}), **more,
        )
    )  # fmt: skip
    return told


def test_a_tab_that_crashes_or_eats_memory_ends_alone(site: str) -> None:
    pages = ("chrome://crash", f"{site}/good", f"{site}/memory")
    told = audited(site, *pages, page_seconds=20, renderer_bytes=500 << 20)
    assert told == {"/memory": "out_of_memory", "chrome://crash": "crashed", "/good": None}


@pytest.mark.parametrize(("times", "cause"), [(1, None), (99, "never_idle")])
def test_a_page_that_leaves_between_two_questions_is_examined_anew(
    site: str, monkeypatch: pytest.MonkeyPatch, times: int, cause: str | None
) -> None:
    left = []

    async def run(tab: Any, script: str) -> axe_run.Run:
        if len(left) < times:
            left.append(tab.url)
            await tab.evaluate(script)
            await tab.reload(wait_until="commit")
            await tab.evaluate("axe.run()")  # there is none in the page that came
        return await axe_run.run_axe(tab, script)

    monkeypatch.setattr(axe_tab, "run_axe", run)
    assert audited(site, f"{site}/good", page_seconds=30) == {"/good": cause}


def test_without_a_browser_the_pages_are_unknown_and_their_html_is_judged(tmp_path: Path, site: str) -> None:
    outcome, landed = collect(tmp_path, site, "/inaccessible", "/good", browser="/no/such/browser")
    runs = [(row["auditor"], row["outcome"], row["cause"]) for row in landed["audit_run"]]
    assert sorted(runs, key=str) == [("axe", "unknown", "no_browser")] * 2 + [("static", "complete", None)] * 2
    assert {row["auditor"] for row in landed["accessibility_finding"]} == {"static"}
    assert set(found_on(landed, "/inaccessible")) == faulty_site.STATIC
    assert outcome.state == "partial"


def test_without_axe_core_the_pages_are_unknown(tmp_path: Path, site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = audit_programs.MissingProgramError("no_tool", "axe-core is not installed here: run: npm ci")

    def fail() -> None:
        raise missing

    monkeypatch.setattr(audit_programs, "axe", fail)
    _, landed = collect(tmp_path, site, "/good")
    assert [(row["cause"], row["message"]) for row in landed["audit_run"] if row["auditor"] == "axe"] == [
        ("no_tool", str(missing))
    ]


def test_html_alone_is_judged_with_a_cause_for_each_page_that_can_not_be(tmp_path: Path, site: str) -> None:
    causes = {
        "/inaccessible": None, "/good": None, "/script-made": "needs_scripts", "/file.zip": "download", "/picture": "not_html",
        "/to-file": "download", "/error": "http_error",
    }  # fmt: skip
    _, landed = collect(tmp_path, site, *causes, module=audits_static)
    assert {row["page_url"].removeprefix(site): row["cause"] for row in landed["audit_run"]} == causes
    assert set(found_on(landed, "/inaccessible")) == faulty_site.STATIC
    assert found_on(landed, "/good") == {}
