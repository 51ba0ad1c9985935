"""The catalogues of texts, held against the code and brought up to date (`make words`).

What is to be translated is found by Babel's extractors: `say`, `say_many`, `say_as`, `say_html`, `mark` and `Plural` in
the modules of `tasks` and in the templates, each with the text itself as its argument.
"""

from __future__ import annotations

import io
import re
import string

from babel.messages import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from tasks.words import DOMAIN, FOLDER, file_of, languages

ROOT = FOLDER.parent.parent
TEMPLATE = FOLDER / f"{DOMAIN}.pot"
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "say": None,
    "say_html": None,
    "mark": None,
    "say_many": (1, 2),
    "Plural": (1, 2),
    "say_as": ((1, "c"), 2),
}
DRAFT = "Draft translation, not yet reviewed by a native speaker."
"""Stands in the head of a catalogue until it is reviewed, and makes the report say so."""
_IDLE = re.compile(
    rb'(?m)^"(?:Project-Id-Version|Report-Msgid-Bugs-To|P[A-Z]+-[A-Z][a-z]+-Date|Last-Translator|Language-Team|'
    rb"Generated-By): [^\n]*\n"
)
"""Lines of a head that say nothing or change with the day."""
_TAG = re.compile(r"<[^>]+>")


def messages() -> Catalog:
    """Return every text of the code and of the templates, as a catalogue without translations."""
    found = Catalog(
        domain=DOMAIN, project="site-upkeep", version="", header_comment="# Texts of the reports.", charset="utf-8"
    )
    for folder, method in (
        ("tasks", [("**.py", "python")]),
        ("templates", [("**.html", "jinja2"), ("**.css", "jinja2")]),
    ):
        options = {pattern: {"trimmed": "true"} for pattern, name in method if name == "jinja2"}
        rows = extract_from_dir(ROOT / folder, method, options, keywords=KEYWORDS, strip_comment_tags=True)
        for file, _, text, _, context in sorted(rows, key=lambda row: (row[0], row[1])):
            found.add(text, locations=[(f"{folder}/{file}", 0)], context=context)
    return found


def read(language: str) -> Catalog:
    """Return the catalogue of a language."""
    with file_of(language).open("rb") as file:
        return read_po(file, locale=language, domain=DOMAIN)


def problems(language: str, wanted: Catalog) -> list[str]:
    """Return what is wrong with a catalogue: texts that lack, that nobody says any more, or that were taken apart."""
    catalogue = read(language)
    known = {(message.context, _id(message)): message for message in catalogue if message.id}
    needed = {(message.context, _id(message)): message for message in wanted if message.id}
    found = [f"{text}: no translation" for place, text in _names(needed.keys() - known.keys())]
    found += [f"{text}: nobody says it" for place, text in _names(known.keys() - needed.keys())]
    for place in known.keys() & needed.keys():
        found += [f"{place[1]}: {problem}" for problem in _problems(known[place], needed[place], catalogue.num_plurals)]
    return sorted(found)


def _names(places: set[tuple[str | None, str]]) -> list[tuple[str | None, str]]:
    return sorted(places, key=lambda place: (place[1], place[0] or ""))


def _id(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def _problems(message: Message, wanted: Message, plural_count: int) -> list[str]:
    ids = _texts(wanted.id)
    said = _texts(message.string)
    if isinstance(message.id, str) != isinstance(wanted.id, str) or _texts(message.id) != ids:
        return ["its plural is another one"]
    if len(said) != (plural_count if len(ids) > 1 else 1):
        return [f"{len(said)} forms, {plural_count} are needed"]
    if message.fuzzy:
        return ["marked as fuzzy"]
    if not all(said):
        return ["no translation"]
    found = []
    for number, text in enumerate(said):
        # The form for one thing may leave the number out, as "once" does.
        source = ids[min(number, len(ids) - 1)]
        if _fields(text) != _fields(source) and (len(ids) == 1 or not _fields(text) <= _fields(ids[-1]) or number):
            found.append(f"other placeholders in {text!r}")
        if sorted(_TAG.findall(text)) != sorted(_TAG.findall(source)) or text.count("*") != source.count("*"):
            found.append(f"other tags in {text!r}")
        if text.strip() != text:
            found.append(f"space around {text!r}")
    return found


def _texts(text: str | tuple[str, ...] | list[str] | None) -> list[str]:
    return [text] if isinstance(text, str) else list(text or ())


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def template_of(wanted: Catalog) -> bytes:
    """Return the file with which a new language begins."""
    made = io.BytesIO()
    write_po(made, wanted, width=120, include_lineno=False, omit_header=True)
    return made.getvalue()


def update() -> None:
    """Write the template anew, and into each catalogue what is new; what nobody says any more leaves it."""
    wanted = messages()
    TEMPLATE.write_bytes(template_of(wanted))
    for language in languages():
        catalogue = read(language)
        head = catalogue.header_comment
        catalogue.update(wanted, no_fuzzy_matching=True)
        catalogue.header_comment = head
        write(language, catalogue)


def write(language: str, catalogue: Catalog) -> None:
    """Write a catalogue."""
    path = file_of(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    made = io.BytesIO()
    write_po(made, catalogue, width=120, include_lineno=False, ignore_obsolete=True)
    path.write_bytes(_IDLE.sub(b"", made.getvalue()))


if __name__ == "__main__":
    update()
