"""Results of Lighthouse and field data: read alike however they are wrapped, and never guessed."""

from __future__ import annotations

import copy
import gzip
import json
import random
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from tasks import field_data, try_format
from tasks.contracts import Context, Job
from tasks.errors import SourceError
from tasks.lighthouse_landing import median, records_of, stripped
from tasks.lighthouse_result import LighthouseResult, read, result_of
from tasks.lighthouse_run import Ran
from tests.conftest import CASES
from warehouse.records import PageOpportunity, PagePerformance, PageScore
from warehouse.spool import Spool

FOLDER = CASES / "audit" / "lighthouse"
NOW = datetime(2026, 9, 9, tzinfo=UTC)
JUNK: tuple[Any, ...] = (7, -1.5, "x", True, None, [7], {"x": 7}, "9" * 300, "\ud800", [[[]]], 10**400)


def case(name: str) -> dict[str, Any]:
    return json.loads(gzip.decompress((FOLDER / f"{name}.json.gz").read_bytes()))


CASE = {path.name.removesuffix(".json.gz"): case(path.name.removesuffix(".json.gz")) for path in FOLDER.iterdir()}


def pagespeed(result: dict[str, Any], **more: object) -> dict[str, Any]:
    """Wrap a result as the API does: some settings and all empty texts are left out."""
    settings = {name: value for name, value in result["configSettings"].items() if name in ("formFactor", "locale")}
    inner = {name: value for name, value in result.items() if name not in ("gatherMode", "i18n")}
    return {"kind": "pagespeedonline#result", "lighthouseResult": {**inner, "configSettings": settings}, **more}


@pytest.mark.parametrize(
    ("name", "outcome", "cause", "scores", "lcp_ms", "cls"),
    [
        ("good", "complete", None, [1, 1, 1, 1], 659.3334, 0),
        ("slow", "complete", None, [0.25, 1, 0.93, 0.92], 46822.0141, 0),
        ("inaccessible-2", "complete", None, [0.88, 0.14, 0.96, 0.75], 907.6784, 0.238326545271979),
        ("incomplete", "incomplete", "too_slow", [0.41, 1, 0.93, 0.92], 33501.847, 0),
        ("error-404", "error", "http_error", [None], None, None),
    ],
)
def test_a_result_is_what_it_says_bare_and_wrapped(
    tmp_path: Path, name: str, outcome: str, cause: str | None, scores: list, lcp_ms: float | None, cls: float | None
) -> None:
    path = tmp_path / "result.json"
    for document in (CASE[name], pagespeed(CASE[name]), [CASE[name]]):
        path.write_text(json.dumps(document))
        ((record,),) = [block.records for block in try_format.parse_file("auto", path)]
        assert (record["outcome"], record["cause"]) == (outcome, cause)
        assert list(record["category_scores"].values()) == scores
        assert (record["lcp_ms"], record["cls"]) == (lcp_ms, cls)
        assert (record["form_factor"], record["lighthouse_version"]) == ("mobile", "12.8.2")
        assert record["final_url"].startswith("http://127.0.0.1:8131/")


def test_an_error_has_the_status_of_the_page_and_no_figure_is_zero() -> None:
    result = result_of(CASE["error-404"])
    assert result.status == 404
    figures = (result.lcp_ms, result.fcp_ms, result.tbt_ms, result.cls, result.speed_index_ms, result.total_bytes)
    assert set(figures) == {None}
    assert not result.opportunities
    assert not result.resources


def test_a_page_that_was_too_slow_is_told_without_the_words_of_a_language() -> None:
    document = {**CASE["incomplete"], "runWarnings": ["Die Seite wurde zu langsam geladen."]}
    assert result_of(document).cause == "too_slow"
    assert result_of({**CASE["incomplete"], "i18n": {}}).cause == "too_slow"


def test_a_figure_that_could_not_be_measured_makes_the_run_incomplete() -> None:
    document = copy.deepcopy(CASE["good"])
    document["audits"]["largest-contentful-paint"] |= {"score": None, "numericValue": None, "errorMessage": "NO_LCP"}
    document["categories"]["performance"]["score"] = None
    result = result_of(document)
    assert (result.outcome, result.cause, result.message) == ("incomplete", "metric_missing", "NO_LCP")
    assert result.lcp_ms is None
    assert result.fcp_ms == 659.3334


def test_other_categories_and_audits_are_taken_as_they_come() -> None:
    document = copy.deepcopy(CASE["slow"])
    document["lighthouseVersion"] = "13.5.0"
    document["categories"]["agentic-browsing"] = {"score": 0.5, "auditRefs": [{"id": "llms-txt", "weight": 1}]}
    document["audits"]["llms-txt"] = {
        "id": "llms-txt",
        "title": "`llms.txt` [is missing](https://x)",
        "score": 0,
        "scoreDisplayMode": "binary",
    }
    for gone in (
        "render-blocking-resources",
        "prioritize-lcp-image",
        "resource-summary",
        "largest-contentful-paint-element",
    ):
        del document["audits"][gone]
    result = result_of(document)
    assert result.category_scores["agentic-browsing"] == 0.5
    assert next(one.title for one in result.opportunities if one.audit_id == "llms-txt") == "llms.txt is missing"
    assert (result.lcp_image_url, result.lcp_image_bytes) == ("http://127.0.0.1:8131/img/big0.bmp", 1620196)
    assert {("image", 4), ("script", 2)} <= {(one.resource_type, one.request_count) for one in result.resources}


def test_what_the_slow_page_could_save_is_told_with_its_files() -> None:
    found = {one.audit_id: one for one in result_of(CASE["slow"]).opportunities}
    assert found["render-blocking-insight"].fcp_saving_ms == 15200
    assert found["modern-image-formats"].lcp_saving_ms == 30200
    assert found["modern-image-formats"].item_count == 4
    assert json.loads(found["unused-javascript"].items_json or "")[0]["url"] == "http://127.0.0.1:8131/js/heavy1.js"
    assert "largest-contentful-paint" not in found
    assert result_of(CASE["good"]).opportunities == ()


def test_each_fault_of_the_bad_page_is_named_with_its_element() -> None:
    found = {one.audit_id: one for one in result_of(CASE["inaccessible"]).opportunities}
    assert {"image-alt", "label", "color-contrast", "link-name", "html-has-lang", "target-size"} <= set(found)
    assert found["image-alt"].categories == ("accessibility", "seo")
    assert json.loads(found["image-alt"].items_json or "")[0]["snippet"] == '<img src="/img/bread.svg">'
    told = json.loads(found["errors-in-console"].items_json or "")
    assert [one["url"].rsplit("/", 1)[1] for one in told] == ["v.mp4", "favicon.ico"]


def test_secrets_in_addresses_and_elements_are_not_kept() -> None:
    text = json.dumps(CASE["slow"]).replace("/js/heavy1.js", "/js/heavy1.js?token=s3cret")
    result = result_of(json.loads(text))
    assert "s3cret" not in repr(result)
    assert "s3cret" not in json.dumps(stripped(json.loads(text)))


@pytest.mark.parametrize(
    ("error", "cause", "outcome"),
    [
        ({"code": 429, "message": "Quota exceeded"}, "quota", "unknown"),
        ({"code": 400, "message": "API key not valid."}, "not_permitted", "unknown"),
        ({"code": 500, "message": "Lighthouse returned error: DNS_FAILURE. The name"}, "dns", "error"),
        ({"code": 400, "message": "Lighthouse returned error: ERRORED_DOCUMENT_REQUEST. (Status code: 503)"}, "http_error", "error"),
        ({"code": 500, "message": "Something else"}, "service_failed", "unknown"),
    ],
)  # fmt: skip
def test_an_error_of_the_service_has_its_cause(error: dict, cause: str, outcome: str) -> None:
    result = result_of({"error": error})
    assert (result.cause, result.outcome, result.category_scores) == (cause, outcome, {})


def test_a_text_without_a_result_is_refused_in_one_sentence() -> None:
    for text in ("", "{", "[]", "{}", '{"a": 1}', "7", '"x"', "null", "[7]"):
        with pytest.raises(SourceError):
            read(text)


def test_no_damage_raises_anything_else(tmp_path: Path) -> None:
    chance = random.Random(7)
    job = some_job(tmp_path)
    for number in range(60):
        document = (
            copy.deepcopy(CASE["slow"]) if chance.random() < 0.3 else pagespeed(copy.deepcopy(CASE["inaccessible"]))
        )
        place: Any = document
        for _ in range(chance.randrange(8)):
            inner = [
                v for v in (place.values() if isinstance(place, dict) else place) if isinstance(v, dict | list) and v
            ]
            place = chance.choice(inner) if inner else place
        place[chance.choice(list(place) if isinstance(place, dict) else range(len(place)))] = chance.choice(JUNK)
        try:
            result = result_of(document)
        except SourceError:
            continue
        repr(result).encode()
        kept = document if number % 10 == 0 else None
        records_of(job, "lighthouse", "https://one.example/", NOW, [Ran(result, kept, 1)], form_factor="mobile")


def some_job(folder: Path) -> Job:
    from tasks.audits import AuditOptions

    return Job(
        context=Context(site_id="one", source_id="lab", time_zone="UTC", host="one.example", collected_at=NOW),
        options=AuditOptions(kind="audits_lighthouse"),
        spool=Spool(folder / "spool", folder / "cursors"),
        evidence=folder / "evidence",
    )


def ran(score: float | None, lcp_ms: float = 1000, *, cls: float = 0, outcome: str = "complete") -> Ran:
    cause = {"complete": None, "incomplete": "too_slow", "unknown": "timeout", "error": "http_error"}[outcome]
    result = LighthouseResult(
        outcome=outcome,
        cause=cause,
        message=cause,
        category_scores={"performance": score, "seo": None},
        lcp_ms=lcp_ms,
        cls=cls,
    )
    return Ran(result, None, 10)


def test_the_median_run_is_kept_whole_with_the_range_of_all(tmp_path: Path) -> None:
    runs = [ran(0.88, 3000, cls=0.24), ran(1.0, 1000), ran(0.9, 2000, cls=0.1)]
    assert median(runs) is runs[2]
    run, records = records_of(some_job(tmp_path), "lighthouse", "https://one.example/", NOW, runs, form_factor="mobile")
    (figures,) = [record for record in records if isinstance(record, PagePerformance)]
    assert (figures.performance_score, figures.lcp_ms, figures.cls, figures.run_count) == (0.9, 2000, 0.1, 3)
    assert (figures.performance_score_min, figures.lcp_ms_max, figures.cls_min, figures.cls_max) == (
        0.88,
        3000,
        0,
        0.24,
    )
    assert [(r.category, r.score, r.score_min) for r in records if isinstance(r, PageScore)] == [
        ("performance", 0.9, 0.88),
        ("seo", None, None),
    ]
    assert (run.outcome, run.form_factor, run.duration_ms) == ("complete", "mobile", 30_000)


def test_ties_go_by_lcp_and_only_complete_runs_count(tmp_path: Path) -> None:
    assert median([ran(0.9, 1000), ran(0.9, 3000), ran(0.9, 2000)]).result.lcp_ms == 2000
    assert median([ran(0.9, 1000), ran(0.5, 3000)]).result.lcp_ms == 3000
    runs = [ran(0.4, outcome="incomplete"), ran(0.9), ran(0.8), ran(None, outcome="unknown")]
    run, records = records_of(some_job(tmp_path), "lighthouse", "https://one.example/", NOW, runs, form_factor="mobile")
    (figures,) = [record for record in records if isinstance(record, PagePerformance)]
    assert (figures.performance_score, figures.performance_score_min, figures.run_count) == (0.8, 0.8, 2)
    assert run.message == "2 of 4 runs left out; the first: too_slow"
    alone, records = records_of(
        some_job(tmp_path), "lighthouse", "https://one.example/", NOW, runs[:1], form_factor="mobile"
    )
    assert (alone.outcome, [r.outcome for r in records if isinstance(r, PagePerformance)]) == (
        "incomplete",
        ["incomplete"],
    )
    lost, records = records_of(
        some_job(tmp_path), "lighthouse", "https://one.example/", NOW, runs[3:], form_factor="mobile"
    )
    assert (lost.outcome, lost.cause, records) == ("unknown", "timeout", [])


def test_what_lighthouse_wrote_is_kept_and_gives_the_same_again(tmp_path: Path) -> None:
    result = result_of(CASE["slow"])
    job = some_job(tmp_path)
    run, records = records_of(
        job, "lighthouse", "https://one.example/", NOW, [Ran(result, CASE["slow"], 10)], form_factor="mobile"
    )
    assert job.evidence
    assert run.details_file
    kept = json.loads(gzip.decompress((job.evidence / run.details_file).read_bytes()))
    assert result_of(kept) == result
    assert len([record for record in records if isinstance(record, PageOpportunity)]) == len(result.opportunities)


CRUX = json.loads((CASES / "audit" / "crux" / "page.json").read_text())


def test_both_encodings_of_field_data_give_the_same_figures(tmp_path: Path) -> None:
    def bins(record: dict[str, Any]) -> list[dict[str, float]]:
        return [{"proportion": one.get("density", 0)} for one in record["histogram"]]

    metrics = CRUX["record"]["metrics"]
    names = {
        "largest_contentful_paint": "LARGEST_CONTENTFUL_PAINT_MS",
        "cumulative_layout_shift": "CUMULATIVE_LAYOUT_SHIFT_SCORE",
        "interaction_to_next_paint": "INTERACTION_TO_NEXT_PAINT",
        "experimental_time_to_first_byte": "EXPERIMENTAL_TIME_TO_FIRST_BYTE",
    }
    experience = {
        other: {
            "percentile": 14 if "shift" in name else metrics[name]["percentiles"]["p75"],
            "distributions": bins(metrics[name]),
        }
        for name, other in names.items()
    }
    answer = pagespeed(
        CASE["good"],
        loadingExperience={"id": "https://site.example/", "metrics": experience},
        originLoadingExperience={"id": "https://site.example", "metrics": experience},
    )
    by_crux, by_pagespeed = field_data.read(json.dumps(CRUX)), field_data.read(json.dumps(answer))

    def figures(found: list[field_data.FieldFigure]) -> dict[str, Any]:
        return {
            f.metric: (f.p75, f.good_ratio, f.fair_ratio, f.poor_ratio, f.form_factor)
            for f in found
            if f.scope == "page"
        }

    assert figures(by_crux) == figures(by_pagespeed)
    assert figures(by_crux)["cls"] == (0.14, 0.71, 0.2, 0.09, "mobile")
    assert figures(by_crux)["inp_ms"] == (140, 0.9, 0.1, 0, "mobile")
    assert by_crux[0].period_end_date == date(2026, 8, 28)
    assert by_pagespeed[0].period_end_date is None
    assert {f.scope for f in by_pagespeed} == {"page", "origin"}


def test_figures_of_the_origin_are_never_taken_for_those_of_the_page() -> None:
    metrics = {"LARGEST_CONTENTFUL_PAINT_MS": {"percentile": 3000}}
    for page in (
        {"id": "https://site.example/", "metrics": metrics, "origin_fallback": True},
        {"id": "https://site.example", "metrics": metrics},
        {"initial_url": "https://site.example/"},
    ):
        answer = pagespeed(
            CASE["good"],
            loadingExperience=page,
            originLoadingExperience={"id": "https://site.example", "metrics": metrics},
        )
        assert {f.scope for f in field_data.read(json.dumps(answer))} == {"origin"}


def test_no_field_data_is_nothing_and_an_error_is_told(tmp_path: Path) -> None:
    assert field_data.read(json.dumps(pagespeed(CASE["good"]))) == []
    with pytest.raises(SourceError, match="data not found"):
        field_data.read('{"error": {"code": 404, "message": "chrome ux report data not found"}}')
    path = tmp_path / "crux.json"
    path.write_text(json.dumps(CRUX))
    assert len([r for block in try_format.parse_file("auto", path) for r in block.records]) == 4
