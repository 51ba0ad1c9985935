"""How a report is signed: the agency's name, colours and logo, as they were when it was made."""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass
from pathlib import Path

from tasks.errors import ConfigurationError
from tasks.sites import Agency


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """What the agency gives to its reports. Colours are written as #14213a."""

    name: str
    contact: str
    ink: str
    accent: str
    logo: bytes | None = None
    logo_type: str = "image/png"


def brand_of(agency: Agency, base: Path) -> Brand:
    """Return the brand of the agency; the path of its logo counts from `base`.

    Raises:
        ConfigurationError: the logo can't be read, or would not be drawn.
    """
    return Brand(
        name=agency.name,
        contact=agency.contact,
        ink=agency.colours.ink,
        accent=agency.colours.accent,
        logo=_logo(agency, base),
        logo_type=mimetypes.guess_type(str(agency.logo))[0] or "image/png",
    )


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
