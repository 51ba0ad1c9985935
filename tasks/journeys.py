"""What a journey is: a routine check that a core function of a site works, declared in `sites.yaml` step by step.

A step is a mapping of one key: `goto` an address, `fill` fields by their labels, `select`, `check`, `click` a button
or link by its visible name, `expect` what is then to be seen. Fields are named by label and buttons by name, as
people find them; `css:...` is the way out where a page has neither. Nothing here talks to a site.
"""

from __future__ import annotations

import difflib
import functools
import math
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, ValidationError, field_validator, model_validator

from tasks.contracts import IDENTIFIER, SecretReference, SourceOptions

STARTERS = Path(__file__).parent / "journey_starters"
CSS = "css:"
_PLACEHOLDER = re.compile(r"\$\{([a-z_]+)\}")

Short = Annotated[str, Field(min_length=1, max_length=500)]
Value = Annotated[
    Annotated[str, Field(max_length=2000), Tag("text")] | Annotated[SecretReference, Tag("secret")],
    Discriminator(lambda value: "secret" if isinstance(value, dict | SecretReference) else "text"),
]
"""What is typed: text, or where a secret is kept."""


class Part(BaseModel):
    """Base of every part of a journey: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Expect(Part):
    """What is to be seen; all of it at the same time."""

    url: Short | None = Field(default=None, description="The address is to end with this, as /account; * for any text.")
    text: Short | None = Field(default=None, description="Text that the page is to show.")
    no_text: Short | None = Field(default=None, description="Text that the page must not show.")
    status: int | None = Field(default=None, ge=100, le=599, description="HTTP status of the page.")
    count: dict[Short, int] = Field(
        default={}, description="How many elements are to be there, by CSS selector, as {li: 2}."
    )
    within: float | None = Field(default=None, gt=0, le=60, description="How long to wait for it, seconds.")

    @model_validator(mode="after")
    def _asks(self) -> Expect:
        if not (self.url or self.text or self.no_text or self.status or self.count):
            raise ValueError("expects nothing; give at least one of url, text, no_text, status, count")
        return self


class Step(Part):
    """One step: exactly one of these keys."""

    goto: Short | None = Field(default=None, description="Path or address of this site, as /login.")
    fill: dict[Short, Value] | None = Field(
        default=None, min_length=1, description="What to type, by label: {User: demo, Password: {env: DEMO_PASSWORD}}."
    )
    select: dict[Short, Short] | None = Field(default=None, min_length=1, description="Option to choose, by label.")
    check: Short | None = Field(default=None, description="Label of the box to tick.")
    click: Short | None = Field(default=None, description="Visible name of a button or link.")
    expect: Expect | None = Field(default=None, description="What is to be seen then.")

    @field_validator("goto")
    @classmethod
    def _is_address(cls, value: str | None) -> str | None:
        if value is not None and not re.match(r"/(?!/)|https?://[^\s/@]+(/|$)", value):
            raise ValueError(f"{value!r} is no path or address without a user; write it as /login")
        return value

    @model_validator(mode="after")
    def _exactly_one(self) -> Step:
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(given) != 1:
            found = f"holds {' and '.join(given)}" if given else "is empty"
            raise ValueError(f"the step {found}; a step is exactly one of {', '.join(type(self).model_fields)}")
        return self

    @property
    def action(self) -> str:
        """Return the key of the step."""
        return next(name for name in type(self).model_fields if getattr(self, name) is not None)

    @property
    def target(self) -> str:
        """Return what it is about, in words; what is typed is no part of it."""
        value = getattr(self, self.action)
        if isinstance(value, Expect):
            given = value.model_dump(exclude_defaults=True, exclude={"within"})
            return ", ".join(f"{name.replace('_', ' ')} {_words(what)}" for name, what in given.items())
        return ", ".join(value) if isinstance(value, dict) else str(value)


class Journey(Part):
    """One core function, step by step."""

    id: str = Field(pattern=IDENTIFIER, description="Short name; stable over time.")
    name: Annotated[str, Field(min_length=1, max_length=100)] = Field(default="", description="Name as printed.")
    writes: bool = Field(
        default=False,
        description="It sends something that stays, as a contact form does: never sent twice to confirm a failure.",
    )
    steps: list[Step] = Field(min_length=1, max_length=40, description="What is done, in order.")

    @property
    def title(self) -> str:
        """Return the name as printed."""
        return self.name or self.id.replace("-", " ").capitalize()

    @model_validator(mode="after")
    def _starts_somewhere(self) -> Journey:
        if self.steps[0].goto is None:
            raise ValueError("the first step is to be goto")
        return self


class JourneyOptions(SourceOptions):
    """Journeys of one site, of your own or from a starter, or both."""

    fills: ClassVar[str] = "journey_run"

    journeys: list[Journey] = Field(default=[], max_length=50, description="Journeys of this site.")
    starter: Literal["wordpress", "woocommerce", "drupal"] | None = Field(
        default=None, description="Ready-made journeys for a platform: see tasks/journey_starters/."
    )
    parameters: dict[str, Value] = Field(default={}, description="Words that the starter asks for.")
    every_seconds: float = Field(default=3600, gt=0, le=86_400, description="How often they are run, seconds.")
    step_seconds: float = Field(default=10, gt=0, le=60, description="Deadline of one step.")
    journey_seconds: float = Field(default=60, gt=0, le=300, description="Deadline of one journey.")
    private_hosts: list[Short] = Field(
        default=[], description="Hosts at private addresses that pages may load from; the site's own always may."
    )

    @model_validator(mode="after")
    def _is_complete(self) -> JourneyOptions:
        if self.parameters and self.starter is None:
            raise ValueError("parameters are for a starter; name one")
        ids = [journey.id for journey in self.all_journeys]
        if not ids:
            raise ValueError("there is no journey; give journeys, or a starter and its parameters")
        twins = sorted({name for name in ids if ids.count(name) > 1})
        if twins:
            raise ValueError(f"the journey {twins[0]!r} stands twice; rename one")
        return self

    @property
    def expected_every_seconds(self) -> int:
        """Return how often they are run."""
        return math.ceil(self.every_seconds)

    @property
    def all_journeys(self) -> list[Journey]:
        """Return those of the starter and then those of the file."""
        return [*(started(self.starter, self.parameters) if self.starter else []), *self.journeys]


def started(starter: str, parameters: Mapping[str, str | SecretReference]) -> list[Journey]:
    """Return the journeys of a starter for which every parameter is given or has a default.

    Raises:
        ValueError: a parameter that the starter does not know, or no text where text is needed.
    """
    content = _starter(starter)
    known: dict[str, Any] = content["parameters"]
    for name in parameters:
        if name not in known:
            raise ValueError(f"unknown parameter {name!r}{_near(name, known)}; {starter} knows {', '.join(known)}")
    values = {name: default for name, default in known.items() if default is not None} | dict(parameters)
    made = []
    for journey in content["journeys"]:
        if set(_PLACEHOLDER.findall(str(journey))) <= values.keys():
            try:
                made.append(Journey.model_validate(_filled(journey, values)))
            except ValidationError as error:
                problem = error.errors()[0]
                raise ValueError(f"the journey {journey['id']!r} of {starter}: {problem['msg']}") from None
    return made


def base_of(url: str) -> str:
    """Return the address up to the host, to which paths are added."""
    return "/".join(url.split("/", 3)[:3])


@functools.cache
def _starter(name: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((STARTERS / f"{name}.yaml").read_text(encoding="utf-8"))
    return content


def _filled(value: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(value, dict):
        return {_filled(key, values): _filled(item, values) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, values) for item in value]
    if not isinstance(value, str):
        return value
    if whole := _PLACEHOLDER.fullmatch(value):
        return values[whole[1]]
    return _PLACEHOLDER.sub(lambda match: _text(match[1], values[match[1]]), value)


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"the parameter {name!r} is to be text: it stands in an address")
    return value


def _near(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f", did you mean {near[0]!r}?" if near else ""


def _words(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{number} of {css}" for css, number in value.items())
    return str(value)
