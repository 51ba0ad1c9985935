"""The language of what people read: English in the code, other languages in catalogues, one spoken at a time.

Code says `say("{n} of {total} pages", n=3, total=9)`; a catalogue holds the same sentence with the same placeholders in
another language. `templates/locale/<language>/LC_MESSAGES/upkeep.po` is such a catalogue (GNU gettext); a language
without one is not spoken, and its sites get English. Numbers are written whole, as the locale writes them; what needs
digits, a sign or a unit is formed by `tasks.written`. `mark` marks a text that is made at one time and said at another.
"""

from __future__ import annotations

import contextlib
import functools
import gettext
import io
import numbers
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from babel import Locale, UnknownLocaleError

FOLDER = Path(__file__).parent.parent / "templates" / "locale"
DOMAIN = "upkeep"
SOURCE = "en-GB"
"""The language of the code, and of a site whose own is not spoken."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """What is spoken: the catalogue and the locale that numbers and dates follow."""

    tag: str
    """As in `lang` of HTML (BCP 47)."""
    locale: Locale
    catalogue: gettext.NullTranslations = field(default_factory=gettext.NullTranslations)
    is_draft: bool = False
    """Whether no native speaker has read the catalogue yet."""


@dataclass(frozen=True, slots=True)
class Plural:
    """A pattern that is said otherwise of one thing than of several; `by` is the placeholder of the number."""

    one: str
    several: str
    by: str

    def __str__(self) -> str:
        return self.several


def file_of(language: str) -> Path:
    """Return where the catalogue of a language is."""
    return FOLDER / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def languages() -> list[str]:
    """Return the languages that have a catalogue, as de; English, that of the code, is not among them."""
    return sorted(path.parent.parent.name for path in FOLDER.glob(f"*/LC_MESSAGES/{DOMAIN}.po"))


@functools.cache
def spoken_in(tag: str) -> Spoken:
    """Return what is spoken to a site of this locale, as de-CH.

    A region that is not known is left out. A language without a catalogue gives British English as a whole: words of
    one language beside numbers of another are read wrongly.
    """
    language, _, region = tag.partition("-")
    if language != "en" and language not in languages():
        return spoken_in(SOURCE)
    try:
        locale = Locale.parse(f"{language}_{region}" if region else language)
    except (UnknownLocaleError, ValueError):
        return spoken_in(SOURCE if language == "en" else language)
    if language == "en":
        return Spoken(tag, locale)
    catalogue, is_draft = _catalogue(language)
    return Spoken(tag, locale, catalogue, is_draft)


@functools.cache
def _catalogue(language: str) -> tuple[gettext.GNUTranslations, bool]:
    """Return a catalogue, and whether it says of itself that it is a draft."""
    # Imported here: only reports in other languages need them.
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with file_of(language).open("rb") as file:
        read = read_po(file, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, read)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled), "draft" in read.header_comment.casefold()


_NOW: ContextVar[Spoken | None] = ContextVar("spoken", default=None)


def spoken() -> Spoken:
    """Return what is spoken now: British English where nobody chose."""
    return _NOW.get() or spoken_in(SOURCE)


@contextlib.contextmanager
def speaking(what: str | Spoken) -> Iterator[Spoken]:
    """Speak to a site of this locale inside the block, in this thread or task alone."""
    chosen = spoken_in(what) if isinstance(what, str) else what
    token = _NOW.set(chosen)
    try:
        yield chosen
    finally:
        _NOW.reset(token)


def mark(text: str) -> str:
    """Mark a text that is said later, by `say(text)`."""
    return text


def say(text: str | Plural, /, **words: Any) -> str:
    """Return the text in the language that is spoken, its placeholders filled; numbers are rounded to whole ones."""
    if isinstance(text, Plural):
        return say_many(text.one, text.several, words[text.by], **words)
    return _filled(spoken().catalogue.gettext(text) if text else "", words)


def say_many(one: str, several: str, number: Any, /, **words: Any) -> str:
    """Return the text for this number in the language that is spoken; `{n}` is the number."""
    count = round(number)
    return _filled(spoken().catalogue.ngettext(one, several, count), {"n": count} | words)


def say_as(context: str, text: str, /, **words: Any) -> str:
    """Return a text that is said otherwise here than elsewhere; `context` tells translators where it stands."""
    return _filled(spoken().catalogue.pgettext(context, text), words)


def listed(items: list[str], *, style: str = "standard") -> str:
    """Return items as a sentence names them: a, b and c; with `or` as `style`: a, b or c."""
    from babel.lists import format_list

    return format_list(items, style=style, locale=spoken().locale) if items else ""  # type: ignore[arg-type]


def _filled(text: str, words: dict[str, Any]) -> str:
    if not words:
        return text
    return text.format(**{name: _shown(value) for name, value in words.items()})


def _shown(value: Any) -> Any:
    if not isinstance(value, numbers.Real) or isinstance(value, bool):
        return value
    from tasks import written  # it speaks too

    return written.number(value)
