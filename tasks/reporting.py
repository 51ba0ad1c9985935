"""Make one site's report on one quarter out of a published snapshot."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from pathlib import Path
from types import ModuleType

import pandas as pd

from tasks import page_one, report_attachments, reviewing, side_by_side, written
from tasks.answers import Answers
from tasks.brand import Brand
from tasks.discovery import units
from tasks.errors import ConfigurationError
from tasks.page_one import Before, Measured
from tasks.quarter_data import QuarterData
from tasks.quarters import Quarter, ending_on
from tasks.recommendation import Scope
from tasks.recommending import Advice, advise
from tasks.register import ENDED, SILENCED
from tasks.render.document import render_pdf, write
from tasks.render.page import SiteRow, render_page, row_of
from tasks.report_model import Comment, NoData, Part, Report, view_of
from tasks.reviewing import Review
from tasks.settings import Settings
from tasks.words import say, speaking
from warehouse.records import Record, ReportFigure, ReportFile, Site
from warehouse.site_snapshot import SiteReader, open_site_snapshot

NEWEST = """
SELECT max(day_date) AS day_date FROM marts.source_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date AND row_count > 0"""

_IS_OVER = """
SELECT
  EXISTS (FROM marts.source_day WHERE site_id = $site_id AND day_date >= $end_date::DATE - 1 AND row_count > 0)
  OR EXISTS (FROM raw.collection_run WHERE site_id = $site_id AND ended_at >= $end_date) AS is_over"""

SITE = "SELECT * FROM staging.site WHERE site_id = $site_id"


COMMENTS = """
SELECT section, text, written_by FROM marts.report_comment
WHERE site_id = $site_id AND quarter = $quarter ORDER BY section, written_at, comment_id"""

BEFORE = """
SELECT kind, name, value FROM marts.report_figure
WHERE site_id = $site_id AND quarter = $quarter AND value IS NOT NULL ORDER BY kind, name"""

KNOWN_DAYS = """
SELECT count(DISTINCT day_date) AS day_count FROM marts.source_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date AND coverage_ratio > 0"""

TOLD = "SELECT kind, name, value, unit FROM marts.report_figure WHERE site_id = $site_id AND quarter = $quarter"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A report that was written."""

    site_id: str
    quarter: str
    path: Path
    sha256: str
    byte_count: int
    recommendation_count: int
    snapshot_id: str
    row: SiteRow
    """The site in the overview of all."""
    told: Sequence[tuple[str, str, float | None, str]]
    """(kind, name, value, unit) of the scores and figures of page one; nothing where the last report said the same."""
    register_rows: Mapping[str, Sequence[Record]]
    """What the action register gains, by table."""


def write_site_report(snapshot: Path, brand: Brand, site_id: str, quarter: Quarter, out: Path) -> Written:
    """Write one report as `<site>-<quarter>.pdf`, and as a page for browsers, into the folder `out`.

    Raises:
        ConfigurationError: the snapshot or the site is not there.
        RenderError: the PDF can't be made.
    """
    with _reader(_there(snapshot)).site(site_id) as con:
        report, pdf = make(Answers.on(con), brand, site_id, quarter)
        known = set(con.execute(TOLD, {"site_id": site_id, "quarter": str(quarter)}).fetchall())
    told = [
        *(("score", dial.name, None if dial.score is None else float(dial.score), "points") for dial in report.dials),
        *(("figure", fact.key, fact.value, fact.unit) for fact in report.kpis),
    ]
    name = f"{site_id}-{quarter}"
    write(render_page(report).encode(), out, f"{name}.html")
    return Written(
        site_id=site_id,
        quarter=str(quarter),
        path=write(pdf, out, f"{name}.pdf"),
        sha256=hashlib.sha256(pdf).hexdigest(),
        byte_count=len(pdf),
        recommendation_count=len(report.recommendations),
        snapshot_id=report.snapshot_id,
        row=row_of(report, f"{name}.pdf", f"{name}.html"),
        told=[] if set(told) == known else told,
        register_rows=report.register_rows,
    )


def review_site(
    snapshot: Path, brand: Brand, site_id: str, as_of: date, now: datetime
) -> Mapping[str, Sequence[Record]]:
    """Run the closing tests of a site on the data before `as_of`; where a quarter ends then, ask its rules too.

    Raises:
        ConfigurationError: the snapshot or the site is not there.
    """
    with contextlib.closing(open_site_snapshot(_there(snapshot), site_id)) as con:
        answers, quarter = Answers.on(con), ending_on(as_of)
        site = _site(answers, site_id)
        with speaking(site.locale):
            spoken = advise(_scope(answers, brand, site, quarter)).recommendations if quarter else ()
            found = reviewing.review(
                answers.dicts,
                site_id,
                as_of=as_of,
                snapshot_id=answers.snapshot_id,
                now=now,
                quarter=quarter,
                spoken=spoken,
            )
    return found.rows


@functools.lru_cache(maxsize=1)
def _reader(snapshot: Path) -> SiteReader:
    """Return what reads the sites of a snapshot, the same for all that one process writes."""
    return SiteReader(snapshot)


def _there(snapshot: Path) -> Path:
    if not snapshot.exists():
        raise ConfigurationError(f"There is no snapshot {snapshot} yet; run `upkeep publish` first.")
    return snapshot


def land(settings: Settings, written: Sequence[Written]) -> None:
    """Land a line of the ledger for each report, what its page one said, and what the register gains with it."""
    for report in written:
        reviewing.land(settings.spool, report.register_rows)
    now = datetime.now(UTC)
    lines = [
        ReportFile(
            site_id=report.site_id,
            quarter=report.quarter,
            written_at=now,
            file_name=report.path.name,
            sha256=report.sha256,
            byte_count=report.byte_count,
            snapshot_id=report.snapshot_id,
            recommendation_count=report.recommendation_count,
        )
        for report in written
    ]
    if lines:
        settings.spool.land(uuid.uuid4().hex, {ReportFile.table: lines}, collector="report", parser_version="report/1")
    for report in written:
        figures = [
            ReportFigure(
                site_id=report.site_id,
                quarter=report.quarter,
                written_at=now,
                kind=kind,
                name=name,
                value=None if value is None else float(value),
                unit=unit,
            )
            for kind, name, value, unit in report.told
        ]
        if figures:
            tables = {ReportFigure.table: figures}
            settings.spool.land(uuid.uuid4().hex, tables, collector="report_figure", parser_version="report_figure/1")


def make(answers: Answers, brand: Brand, site_id: str, quarter: Quarter) -> tuple[Report, bytes]:
    """Return what the report says, and its PDF, which carries the answers."""
    report = build(answers, brand, site_id, quarter)
    return report, render_pdf(report, report_attachments.of(report, answers, brand))


def build(answers: Answers, brand: Brand, site_id: str, quarter: Quarter) -> Report:
    """Return what the report says, in the language of the site."""
    site = _site(answers, site_id)
    with speaking(site.locale) as spoken:
        return _build(answers, brand, site, quarter, spoken.tag)


def _build(answers: Answers, brand: Brand, site: Site, quarter: Quarter, tag: str) -> Report:
    site_id = site.site_id
    scope = _scope(answers, brand, site, quarter)
    advice = advise(scope)
    review = _review(scope, quarter, advice)
    # What was declined stays silent until its day, and what data show to be done is no advice any more.
    told = [item for item in advice.recommendations if review.state_of(item) not in (*SILENCED, *ENDED)]
    views = [
        view_of(item, number, review.state_of(item), has_own_threshold=item.rule.id in scope.thresholds)
        for number, item in enumerate(told, start=1)
    ]
    data = QuarterData(answers, site, quarter, scope, views, review)
    sections = measured(data, _comments(answers, site_id, quarter))
    known = {item.part.name: item.part.view for item in sections}
    before = _before(answers, site_id, quarter.previous)
    figures = page_one.figures(data, sections, before)
    newest = data.frame(NEWEST)["day_date"].iloc[0]
    return Report(
        site_id=site.site_id,
        site_name=site.site_name,
        client_name=site.client_name,
        host=site.url.split("//", 1)[-1].rstrip("/"),
        agency_name=brand.name,
        contact=brand.contact,
        ink=brand.ink,
        accent=brand.accent,
        logo=brand.logo,
        logo_type=brand.logo_type,
        paper=brand.paper,
        note=brand.note,
        locale=tag,
        quarter=str(quarter),
        start_date=quarter.start_date,
        end_date=quarter.end_date,
        period=written.months(quarter.start_date, data.days[-1]),
        data_as_of=say("not known") if pd.isna(newest) else written.date_long(pd.Timestamp(newest)),
        snapshot_id=scope.snapshot_id,
        verdict=page_one.verdict(figures[0], known["coverage"].stats[0].value, views),
        dials=page_one.dials(data, sections, before),
        kpis=figures,
        lanes=page_one.lanes(data, site, views, has_inventory=not isinstance(known["updates"], NoData)),
        recommendations=views,
        parts=[item.part for item in sections],
        silent=[(answer.rule.id, answer.reason) for answer in advice.silent],
        unknown=[(answer.rule.id, answer.missing) for answer in advice.unknown],
        register_rows=review.rows,
    )


def _review(scope: Scope, quarter: Quarter, advice: Advice) -> Review:
    """Review what was recommended on the day after the quarter; of one that is not over nothing is judged."""
    if not scope.query(_IS_OVER, scope.parameters)[0]["is_over"]:
        return reviewing.standing(scope.query, scope.site_id, advice.recommendations)
    return reviewing.review(
        scope.query,
        scope.site_id,
        as_of=quarter.end_date,
        snapshot_id=scope.snapshot_id,
        now=datetime.now(UTC),
        quarter=quarter,
        spoken=advice.recommendations,
    )


def _before(answers: Answers, site_id: str, quarter: Quarter) -> Before:
    rows = answers.dicts(BEFORE, {"site_id": site_id, "quarter": str(quarter)})
    window = {"site_id": site_id, "start_date": quarter.start_date, "end_date": quarter.end_date}
    (known,) = answers.dicts(KNOWN_DAYS, window) if rows else ({"day_count": 0},)
    return Before(
        quarter=say("Q{number}", number=quarter.number),
        values={(row["kind"], row["name"]): row["value"] for row in rows},
        known_ratio=known["day_count"] / (quarter.end_date - quarter.start_date).days,
    )


def _comments(answers: Answers, site_id: str, quarter: Quarter) -> dict[str, list[Comment]]:
    found: dict[str, list[Comment]] = {}
    for row in answers.dicts(COMMENTS, {"site_id": site_id, "quarter": str(quarter)}):
        found.setdefault(row["section"], []).append(Comment(text=row["text"], written_by=row["written_by"]))
    return found


def measured(data: QuarterData, comments: Mapping[str, Sequence[Comment]]) -> list[Measured]:
    """Return every section of `tasks/analyse/` in the order of the report."""

    def look(item: tuple[str, ModuleType]) -> Measured:
        name, module = item
        part = Part(name=name, title=module.SECTION.title, view=module.view(data), comments=comments.get(name, ()))
        return Measured(part, module)

    sections = sorted(units("tasks.analyse").items(), key=lambda item: item[1].SECTION.order)
    return side_by_side.each(look, sections)


def _site(answers: Answers, site_id: str) -> Site:
    rows = answers.dicts(SITE, {"site_id": site_id})
    if not rows:
        raise ConfigurationError(
            f"The snapshot knows no site {site_id!r}: collect something for it, then `upkeep publish`."
        )
    return Site(**{field.name: rows[0][field.name] for field in fields(Site)})


def _scope(answers: Answers, brand: Brand, site: Site, quarter: Quarter) -> Scope:
    return Scope(
        site_id=site.site_id,
        site_name=site.site_name,
        agency_name=brand.name,
        lanes=tuple(site.lanes),
        start_date=quarter.start_date,
        end_date=quarter.end_date,
        snapshot_id=answers.snapshot_id,
        query=answers.dicts,
        trusted_networks=tuple(site.trusted_networks or ()),
        thresholds=json.loads(site.thresholds or "{}"),
    )
