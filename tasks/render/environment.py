"""The templates of reports: everything that is put into them is escaped, and nothing may be missing."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from tasks import written
from tasks.render import charts, server_charts, vitals
from tasks.render.markdown import markdown
from tasks.render.text import visible
from tasks.report_model import NoData
from tasks.words import mark, say, say_as, say_many, spoken

LANES = {"support": mark("Support"), "maintenance": mark("Maintenance"), "development": mark("Development")}
TEMPLATES = Path(__file__).parent.parent.parent / "templates"


def say_html(text: str, /, **words: Any) -> Markup:
    """Say a text that has tags of ours; what it is filled with is escaped."""
    return Markup(say(text)).format(**{name: visible(value) for name, value in words.items()})  # noqa: S704 - ours


def in_language(tag: str) -> Markup:
    """Return the attribute of an element that speaks another language than the page; nothing where it does not."""
    return Markup("") if tag == spoken().tag else Markup(' lang="{}"').format(tag)


def in_english() -> Markup:
    """Return the attribute of what programs and standards say in English, whatever the page speaks."""
    return Markup("") if spoken().tag.startswith("en") else Markup(' lang="en"')


def band_name(band: str) -> str:
    """Return the band of a recommendation as it begins a line."""
    return written.capital(say(band))


def lane_name(lane: str) -> str:
    """Return the name of a lane."""
    return say(LANES[lane])


@functools.cache
def environment() -> Environment:
    """Return the environment of every template."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {"charts": charts, "server_charts": server_charts, "vitals": vitals}
    made.globals |= {"say": say, "say_as": say_as, "say_many": say_many, "say_html": say_html, "spoken": spoken}
    made.globals |= {"in_english": in_english, "in_language": in_language}
    made.globals |= {"band_name": band_name, "lane_name": lane_name}
    made.filters["markdown"] = markdown
    made.tests["no_data"] = lambda section: isinstance(section, NoData)
    return made
