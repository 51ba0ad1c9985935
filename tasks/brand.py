"""How a report is signed: the agency's name, colours, logo and note to the client, as they were when it was made."""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass
from pathlib import Path

from tasks.errors import ConfigurationError
from tasks.render import contrast
from tasks.sites import Agency, Client

WHITE = "#ffffff"
NOTE_CHARACTERS = 1200
"""Length of a note at most: it shares a page with the contents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """What the agency gives to its reports. Colours are written as #14213a."""

    name: str
    contact: str
    ink: str
    accent: str
    logo: bytes | None = None
    logo_type: str = "image/png"
    paper: str = "A4"
    note: str = ""
    """Markdown for the client of the report."""


def brand_of(agency: Agency, base: Path, client: Client | None = None) -> Brand:
    """Return the brand of the agency, with colours that can be read; paths of files count from `base`.

    Raises:
        ConfigurationError: the logo or the note can't be read, or would not be drawn.
    """
    return Brand(
        name=agency.name,
        contact=agency.contact,
        ink=contrast.readable(agency.colours.ink, WHITE),
        accent=contrast.readable(agency.colours.accent, WHITE),
        paper=agency.paper,
        note=_note(client, base),
        logo=_logo(agency, base),
        logo_type=mimetypes.guess_type(str(agency.logo))[0] or "image/png",
    )


def corrections(agency: Agency) -> list[str]:
    """Return a sentence for each colour that was made darker, because it could not be read on white."""
    return [
        f"agency.colours.{name}: {color} has {contrast.ratio(color, WHITE):.1f} of contrast with white and text needs "
        f"{contrast.READABLE:g}, so that the reports use {contrast.readable(color, WHITE)}."
        for name, color in (("ink", agency.colours.ink), ("accent", agency.colours.accent))
        if contrast.ratio(color, WHITE) < contrast.READABLE
    ]


def _note(client: Client | None, base: Path) -> str:
    if client is None or client.note is None:
        return ""
    path = base / client.note
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no UTF-8 text"
        raise ConfigurationError(f"Can't read the note {path}: {why}. Mend the note of client {client.id}.") from None
    if len(text) > NOTE_CHARACTERS:
        raise ConfigurationError(f"The note {path} is over {NOTE_CHARACTERS:,} characters: shorten it to fit page two.")
    return text


def _logo(agency: Agency, base: Path) -> bytes | None:
    if agency.logo is None:
        return None
    path = base / agency.logo
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"Can't read the logo {path}: {error.strerror}. Mend agency.logo.") from None
    if not (data.startswith(b"\x89PNG\r\n\x1a\n") or b"<svg" in data[:1000]):
        raise ConfigurationError(f"The logo {path} is neither PNG nor SVG: mend agency.logo.")
    return data
