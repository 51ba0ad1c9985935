"""A report as HTML and as PDF: the same bytes for the same report, on any machine with the same libraries.

What could differ between two runs is fixed: dates come from the quarter, the identifier from the HTML, fonts are ours.
"""

from __future__ import annotations

import gc
import hashlib
import os
from collections.abc import Sequence
from datetime import UTC, datetime, time
from pathlib import Path

from tasks.render import art, fonts
from tasks.render.environment import environment
from tasks.render.fetcher import AssetFetcher, RenderError
from tasks.render.lasting import finish
from tasks.report_attachments import Attachment
from tasks.report_model import Report
from tasks.words import speaking


def render_html(report: Report) -> str:
    """Return the report as one HTML document; everything in it that came from outside is escaped."""
    template = environment().get_template("report.html")
    with speaking(report.locale):
        return template.render(report=report, created=_moment(report).isoformat(), logo="asset:logo", is_paper=True)


def render_pdf(report: Report, attachments: Sequence[Attachment] = ()) -> bytes:
    """Return the report as a tagged PDF with its attachments (built to PDF/A-3a and PDF/UA-1).

    Raises:
        RenderError: something in it wanted to load what is not ours.
    """
    # Imported here: WeasyPrint takes half a second and native libraries, which collecting does not need.
    import weasyprint
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import FatalURLFetchingError

    html = render_html(report)
    faces = fonts.faces(html)
    fetcher, font_config = AssetFetcher(_assets(report, faces)), FontConfiguration()
    style = _style(report, faces)
    identity = hashlib.sha256((html + style).encode())
    for attachment in attachments:
        identity.update(attachment.name.encode() + hashlib.sha256(attachment.data).digest())
    moment = _moment(report)
    try:
        # A report makes a million objects that live to its end: to look for garbage among them takes a fifth longer.
        gc.disable()
        document = weasyprint.HTML(string=html, base_url="asset:", url_fetcher=fetcher)
        sheet = weasyprint.CSS(string=style, base_url="asset:", url_fetcher=fetcher, font_config=font_config)
        pdf: bytes = document.write_pdf(
            stylesheets=[sheet],
            font_config=font_config,
            pdf_variant="pdf/a-3a",
            pdf_identifier=identity.digest()[:16],
            attachments=[
                weasyprint.Attachment(
                    string=attachment.data,
                    name=attachment.name,
                    description=attachment.text,
                    created=moment,
                    modified=moment,
                    relationship=attachment.relationship,
                )
                for attachment in attachments
            ],
            finisher=finish,
        )
    except FatalURLFetchingError as error:
        raise RenderError(f"The report of {report.site_id} {error}: nothing in a report may be fetched.") from None
    finally:
        gc.enable()
    if fetcher.refused:
        raise RenderError(
            f"The report of {report.site_id} wanted to load {fetcher.refused[0]}: nothing may be fetched."
        )
    return pdf


def write(data: bytes, folder: Path, name: str) -> Path:
    """Write a file into `folder`, whole or not at all; return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    temporary = path.with_name(f".{name}.{os.getpid()}.part")
    temporary.write_bytes(data)
    return temporary.replace(path)


def _moment(report: Report) -> datetime:
    """Return the date of everything in the file: the end of its quarter, whenever it is made."""
    return datetime.combine(report.end_date, time(), UTC)


def _style(report: Report, faces: Sequence[fonts.Face]) -> str:
    families = {word: fonts.stack(f"Upkeep {word.capitalize()}") for word in ("sans", "serif", "mono")}
    with speaking(report.locale):
        return environment().get_template("report.css").render(report=report, faces=faces, **families)


def _assets(report: Report, faces: Sequence[fonts.Face]) -> dict[str, tuple[bytes, str]]:
    assets = {face.file: (fonts.read(face), "font/ttf") for face in faces}
    assets["art.svg"] = (art.cover_art(report.accent).encode(), "image/svg+xml")
    assets["hatch.svg"] = (art.hatch().encode(), "image/svg+xml")
    if report.logo:
        assets["logo"] = (report.logo, report.logo_type)
    return assets
