"""Reports for a browser, one as a page and the overview of all: self-contained, light and dark, nothing fetched."""

from __future__ import annotations

import base64
import functools
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from tasks.brand import Brand
from tasks.render import contrast, fonts
from tasks.render.environment import environment
from tasks.report_model import Dial, Fact, Report
from tasks.words import SOURCE, speaking

LIGHT, DARK = "#ffffff", "#0e1524"
"""Grounds of the page, as its style sheet has them."""


@dataclass(frozen=True, slots=True)
class Accent:
    """The colour of the agency as charts on paper have it, and as it can be read on each ground."""

    paper: str
    light: str
    dark: str


def render_page(report: Report) -> str:
    """Return the report as one HTML document; everything in it that came from outside is escaped."""
    template = environment().get_template("page.html")
    words = {"report": report, "logo": _logo(report.logo, report.logo_type), "is_paper": False}
    with speaking(report.locale):
        return template.render(
            style=_style(report.ink, _accent(report.accent), template.render(style="", **words)), **words
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRow:
    """One site in the overview of all."""

    locale: str
    """Language of what the report says of itself."""
    site_name: str
    client_name: str
    host: str
    verdict: str
    dials: Sequence[Dial]
    figures: Sequence[Fact]
    bands: Sequence[tuple[str, int]]
    """(band, recommendations that are open), the most urgent first."""
    overdue_count: int
    """Of what was advised before, that which is open past its day."""
    pdf_name: str
    page_name: str

    @property
    def badness(self) -> tuple[object, ...]:
        """Return what the sites are ordered by, the worst first: urgent and overdue actions, scores, unknowns."""
        scores = [dial.score for dial in self.dials if dial.score is not None]
        return (
            *(-count for _, count in self.bands[:2]),
            -self.overdue_count,
            min(scores, default=0),
            -len(self.dials) + len(scores),
            self.site_name,
        )


def row_of(report: Report, pdf_name: str, page_name: str) -> SiteRow:
    """Return the line of a report in the overview."""
    return SiteRow(
        locale=report.locale,
        site_name=report.site_name,
        client_name=report.client_name,
        host=report.host,
        verdict="".join(text for text, _ in report.verdict),
        dials=report.dials,
        figures=report.kpis[:3],
        bands=[(fact.label, int(fact.value or 0)) for fact in report.tally],
        overdue_count=next((getattr(p.view, "overdue_count", 0) for p in report.parts if p.name == "advice"), 0),
        pdf_name=pdf_name,
        page_name=page_name,
    )


def render_overview(rows: Sequence[SiteRow], failed: Sequence[tuple[str, str]], brand: Brand, quarter: str) -> str:
    """Return the overview of all sites as one HTML document, the worst first; `failed` are (site, what went wrong).

    It is in the language of the sites where they have one, else in English; what a report says of itself stays in its.
    """
    template = environment().get_template("overview.html")
    accent = _accent(brand.accent)
    words = {
        "rows": sorted(rows, key=lambda row: row.badness),
        "failed": sorted(failed),
        "brand": brand,
        "quarter": quarter,
        "accent": accent,
        "logo": _logo(brand.logo, brand.logo_type),
    }
    locales = {row.locale for row in rows}
    with speaking(locales.pop() if len(locales) == 1 else SOURCE):
        return template.render(style=_style(brand.ink, accent, template.render(style="", **words)), **words)


def _style(ink: str, accent: Accent, html: str) -> Markup:
    families = {word: fonts.stack(f"Upkeep {word.capitalize()}") for word in ("sans", "serif", "mono")}
    faces = [(face.family, face.weight, _packed(face)) for face in fonts.faces(html)]
    css = environment().get_template("page.css").render(ink=ink, accent=accent, faces=faces, **families)
    return Markup(css)  # noqa: S704 - colours are checked by their pattern, the rest is ours


def _accent(color: str) -> Accent:
    return Accent(color, contrast.readable(color, LIGHT), contrast.readable(color, DARK))


def _logo(logo: bytes | None, media_type: str) -> str:
    return f"data:{media_type};base64,{base64.b64encode(logo).decode()}" if logo else ""


@functools.cache
def _packed(face: fonts.Face) -> str:
    return base64.b64encode((fonts.FOLDER / face.file).read_bytes()).decode()
