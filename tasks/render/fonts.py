"""The fonts of the report: ours, from files, so that no page depends on what a machine has installed.

Each script subset has a family of its own and the style sheet names them one after the other. One family with several
files and a `unicode-range` each would be shorter, but WeasyPrint keys fonts by family and weight when it writes the
PDF: it would print the glyph numbers of one file with the outlines of another.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent.parent.parent / "templates" / "fonts"

_WEIGHTS = {"Upkeep Sans": ("inter", (400, 500, 600, 700)), "Upkeep Serif": ("source-serif-4", (600,))} | {
    "Upkeep Mono": ("jetbrains-mono", (400,))
}
_SUBSETS = (
    ("", "latin", ()),
    (" Extended", "latin-ext", ((0x100, 0x130), (0x132, 0x151), (0x154, 0x2BA), (0x1D00, 0x1EFF), (0x20A0, 0x20C0))),
    (" Greek", "greek", ((0x370, 0x3FF),)),
    (" Cyrillic", "cyrillic", ((0x400, 0x4FF), (0x2116, 0x2116))),
)
"""Suffix of the family, part of the file name, and the characters that need it; Latin is always there."""


@dataclass(frozen=True, slots=True)
class Face:
    """One font file as the style sheet names it."""

    family: str
    weight: int
    file: str


def stack(family: str) -> str:
    """Return a family with those of its other scripts, for `font-family`."""
    return ",".join(family + suffix for suffix, _, _ in _SUBSETS)


def faces(text: str) -> list[Face]:
    """Return the faces that `text` needs: reading a face takes time, and few reports need every script."""
    return list(_faces("".join(sorted({letter for letter in text if letter >= "\u0100"}))))


def read(face: Face) -> bytes:
    """Return the font unpacked: once for all reports of a process, where WeasyPrint would unpack it for each."""
    return _read(face.file)


def _faces(letters: str) -> Iterator[Face]:
    for suffix, part, ranges in _SUBSETS:
        if ranges and not any(first <= ord(letter) <= last for letter in letters for first, last in ranges):
            continue
        for family, (name, weights) in _WEIGHTS.items():
            for weight in weights:
                yield Face(family + suffix, weight, f"{name}-{part}-{weight}-normal.woff2")


@functools.cache
def _read(name: str) -> bytes:
    # Imported here, as WeasyPrint, which brings it: collecting needs neither.
    from fontTools.ttLib import woff2  # type: ignore[import-untyped]

    unpacked = io.BytesIO()
    woff2.decompress(io.BytesIO((FOLDER / name).read_bytes()), unpacked)
    return unpacked.getvalue()
