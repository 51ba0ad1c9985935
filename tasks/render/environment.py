"""The templates of reports: everything that is put into them is escaped, and nothing may be missing."""

from __future__ import annotations

import functools
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tasks.render import charts, server_charts, vitals
from tasks.render.markdown import markdown
from tasks.render.text import visible
from tasks.report_model import NoData

TEMPLATES = Path(__file__).parent.parent.parent / "templates"


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
    made.filters["markdown"] = markdown
    made.tests["no_data"] = lambda section: isinstance(section, NoData)
    return made
