"""Turn runs of Lighthouse on a page into rows: the median run whole, the range of all, what was not passed.

What one run says is not mixed with what another says: CLS was seen to be 0 or 0.24 on the same page.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tasks.audits import run_record
from tasks.contracts import Context, Job
from tasks.field_data import FieldFigure
from tasks.json_text import part
from tasks.lighthouse_result import LighthouseResult
from tasks.lighthouse_run import Ran
from tasks.redact import redact
from warehouse.records import (
    AuditRun,
    FieldMetric,
    PageOpportunity,
    PagePerformance,
    PageResource,
    PageScore,
    PageThirdParty,
    Record,
)

_HEAVY = ("i18n", "timing", "stackPacks", "categoryGroups", "fullPageScreenshot", "entities", "userAgent")
_PICTURES = ("screenshot-thumbnails", "final-screenshot", "full-page-screenshot", "script-treemap-data")


def median(runs: Sequence[Ran]) -> Ran:
    """Return the run in the middle by performance score, ties by LCP; of an even number the worse of the two.

    Only complete runs count; without one it is the first incomplete run, else the first.
    """
    complete = [run for run in runs if run.result.outcome == "complete" and run.result.performance_score is not None]
    if complete:
        complete.sort(key=lambda run: (run.result.performance_score or 0.0, -(run.result.lcp_ms or 0.0)))
        return complete[(len(complete) - 1) // 2]
    with_figures = [run for run in runs if run.result.outcome in ("complete", "incomplete")]
    return with_figures[0] if with_figures else runs[0]


def records_of(
    job: Job | Context,
    auditor: str,
    page_url: str,
    started_at: datetime,
    runs: Sequence[Ran],
    *,
    form_factor: str,
    throttling_method: str | None = None,
    run_id: str | None = None,
) -> tuple[AuditRun, list[Record]]:
    """Return the row of the audit of a page, and what it found; only of a run with figures."""
    chosen = median(runs)
    result, lost = chosen.result, [run for run in runs if run.result.outcome != chosen.result.outcome]
    message = result.message
    if lost and result.outcome == "complete":
        message = f"{len(lost)} of {len(runs)} runs left out; the first: {lost[0].result.message}"
    run = run_record(
        job,
        auditor,
        page_url,
        started_at,
        cause=result.cause,
        message=message,
        tool_version=result.lighthouse_version,
        final_url=result.final_url,
        duration_ms=round(1000 * sum(one.seconds for one in runs), 1),
        status=result.status,
        form_factor=result.form_factor or form_factor,
        throttling_method=result.throttling_method or throttling_method,
        details_file=_keep(job, page_url, started_at, chosen.document) if isinstance(job, Job) else None,
        run_id=run_id,
    )
    counted = [one.result for one in runs if one.result.outcome == result.outcome]
    return run, (_found(run, result, counted) if run.outcome in ("complete", "incomplete") else [])


def field_records(run: AuditRun, figures: Sequence[FieldFigure], form_factor: str | None = None) -> list[FieldMetric]:
    """Return the rows of field data that came with a run; `form_factor` in place of what the answer does not say."""
    return [
        FieldMetric(
            **_common(run),
            auditor=run.auditor,
            scope=figure.scope,
            subject_url=figure.subject_url,
            form_factor=form_factor or figure.form_factor,
            period_start_date=figure.period_start_date,
            period_end_date=figure.period_end_date,
            metric=figure.metric,
            p75=figure.p75,
            good_ratio=figure.good_ratio,
            fair_ratio=figure.fair_ratio,
            poor_ratio=figure.poor_ratio,
        )
        for figure in figures
    ]


def stripped(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a result without pictures, tables of words, timings and secrets: parsed again it gives the same."""
    result = part(document, "lighthouseResult") or document
    audits = {name: audit for name, audit in part(result, "audits").items() if name not in _PICTURES}
    paths = part(part(result, "i18n"), "icuMessagePaths")
    warned = {name: where for name, where in paths.items() if "runWarnings" in json.dumps(where)[:2000]}
    kept = {
        **{name: value for name, value in result.items() if name not in _HEAVY},
        "audits": audits,
        "i18n": {"icuMessagePaths": warned},
        "timing": {"total": part(result, "timing").get("total")},
    }
    return {name: _without_secrets(value) for name, value in kept.items()}


def _without_secrets(value: Any) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {name: _without_secrets(one) for name, one in value.items()}
    return [_without_secrets(one) for one in value] if isinstance(value, list) else value


def _keep(job: Job, page_url: str, started_at: datetime, document: Mapping[str, Any] | None) -> str | None:
    """Keep what Lighthouse wrote, stripped and packed; return its path, relative to the folder of evidence."""
    if job.evidence is None or document is None:
        return None
    name = re.sub(r"[^a-z0-9]+", "-", urlsplit(page_url).path.lower()).strip("-")[:40] or "home"
    folder = Path("audits", job.context.site_id, f"{started_at:%Y-%m-%d}")
    (job.evidence / folder).mkdir(parents=True, exist_ok=True)
    file = folder / f"{job.context.source_id}-{name}-{started_at:%H%M%S%f}.json.gz"
    text = json.dumps(stripped(document), ensure_ascii=False, separators=(",", ":"))
    (job.evidence / file).write_bytes(gzip.compress(text.encode("utf-8", "replace"), mtime=0))
    return str(file)


def _found(run: AuditRun, result: LighthouseResult, counted: Sequence[LighthouseResult]) -> list[Record]:
    common = _common(run)
    least, most = _range(counted, min), _range(counted, max)
    performance = PagePerformance(
        **common,
        auditor=run.auditor,
        lighthouse_version=result.lighthouse_version,
        form_factor=run.form_factor,
        throttling_method=run.throttling_method,
        outcome=run.outcome,
        run_count=len(counted),
        benchmark_index=result.benchmark_index,
        performance_score=result.performance_score,
        performance_score_min=least("performance_score"),
        performance_score_max=most("performance_score"),
        lcp_ms=result.lcp_ms,
        lcp_ms_min=least("lcp_ms"),
        lcp_ms_max=most("lcp_ms"),
        tbt_ms=result.tbt_ms,
        tbt_ms_min=least("tbt_ms"),
        tbt_ms_max=most("tbt_ms"),
        cls=result.cls,
        cls_min=least("cls"),
        cls_max=most("cls"),
        fcp_ms=result.fcp_ms,
        speed_index_ms=result.speed_index_ms,
        interactive_ms=result.interactive_ms,
        server_response_ms=result.server_response_ms,
        total_bytes=result.total_bytes,
        lcp_selector=result.lcp_selector,
        lcp_image_url=result.lcp_image_url,
        lcp_image_bytes=result.lcp_image_bytes,
    )
    return [
        performance,
        *_scores(common, result, counted),
        *(
            PageOpportunity(
                **common,
                audit_id=one.audit_id,
                title=one.title,
                categories=list(one.categories),
                score=one.score,
                score_mode=one.score_mode,
                display_value=one.display_value,
                fcp_saving_ms=one.fcp_saving_ms,
                lcp_saving_ms=one.lcp_saving_ms,
                tbt_saving_ms=one.tbt_saving_ms,
                cls_saving=one.cls_saving,
                saving_ms=one.saving_ms,
                saving_bytes=one.saving_bytes,
                item_count=one.item_count,
                items=one.items_json,
            )
            for one in result.opportunities
        ),
        *(
            PageThirdParty(
                **common,
                third_party=one.name,
                transfer_bytes=one.transfer_bytes,
                main_thread_ms=one.main_thread_ms,
                blocking_ms=one.blocking_ms,
            )
            for one in result.third_parties
        ),
        *(
            PageResource(
                **common,
                resource_type=one.resource_type,
                request_count=one.request_count,
                transfer_bytes=one.transfer_bytes,
            )
            for one in result.resources
        ),
    ]


def _scores(common: dict[str, Any], result: LighthouseResult, counted: Sequence[LighthouseResult]) -> list[PageScore]:
    def known(category: str) -> list[float]:
        return [score for one in counted if (score := one.category_scores.get(category)) is not None]

    return [
        PageScore(
            **common,
            category=redact(category)[:100],
            score=score,
            score_min=min(known(category), default=None),
            score_max=max(known(category), default=None),
        )
        for category, score in result.category_scores.items()
    ]


def _common(run: AuditRun) -> dict[str, Any]:
    return {
        "run_id": run.run_id,
        "site_id": run.site_id,
        "source_id": run.source_id,
        "page_url": run.page_url,
        "measured_at": run.started_at,
    }


def _range(counted: Sequence[LighthouseResult], pick: Callable[[list[float]], float]) -> Callable[[str], float | None]:
    def of(name: str) -> float | None:
        known = [value for one in counted if (value := getattr(one, name)) is not None]
        return pick(known) if known else None

    return of
