"""endoflife.date: the branches of one product.

`https://endoflife.date/api/php.json` and, in version 1, `https://endoflife.date/api/v1/products/php`. The first names
no product: there it is that of the file's name. `eol` is a date, or true or false where none is known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tasks.advisory_format import Entry, Lifecycle, Rejected, day, elements, excerpt, first_character
from tasks.json_text import part, word

TITLE = "endoflife.date: the branches of one product"
FILLS = "product_lifecycle"
VERSION = 1
LICENCE = "MIT. https://endoflife.date"


def detect(head: str) -> bool:
    """Say whether the text starts like the branches of a product."""
    return ('"cycle"' in head and '"eol"' in head) or ('"eolFrom"' in head and '"releases"' in head)


def read(path: Path) -> Iterator[Entry]:
    """Yield each branch.

    Raises:
        SourceError: it is no JSON, or cut short.
    """
    with path.open("rb") as file:
        if first_character(file) == b"[":
            for number, item in enumerate(elements(file, "item", "JSON of endoflife.date"), start=1):
                yield _branch(path.name.partition(".")[0], number, item, "cycle")
            return
        for document in elements(file, "result", "JSON of endoflife.date"):
            product = word(document, "name") or path.name.partition(".")[0]
            releases = document.get("releases") if isinstance(document, Mapping) else None
            for number, item in enumerate(releases if isinstance(releases, list) else [], start=1):
                yield _branch(product, number, item, "name")


def _branch(product: str, number: int, item: Any, key: str) -> Lifecycle | Rejected:
    cycle = item.get(key) if isinstance(item, Mapping) else None
    if not isinstance(cycle, str | int | float) or isinstance(cycle, bool) or not str(cycle):
        return Rejected(str(number), "names no branch", excerpt(item))
    ended = item.get("eol", item.get("isEol"))
    eol_date = day(item.get("eolFrom")) or day(item.get("eol"))
    support = item.get("eoasFrom", item.get("support"))
    latest = part(item, "latest")
    return Lifecycle(
        product=product,
        cycle=str(cycle),
        released_date=day(item.get("releaseDate")),
        support_end_date=day(support),
        eol_date=eol_date,
        is_eol=ended if isinstance(ended, bool) else None,
        latest_version=(word(latest, "name") if latest else word(item, "latest")) or None,
    )
