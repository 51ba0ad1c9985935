"""Read `sites.yaml`: agency, clients, sites and their sources, checked before anything runs.

Every problem is one sentence with file, line and key, what was found and what is allowed; all problems of a
file are reported together. Secrets are never in the file: a value such as `{env: NAME}` or `{prefect: BLOCK}`
refers to the environment or to a Prefect Secret block.
"""

from __future__ import annotations

import difflib
import math
import typing
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    HttpUrl,
    ValidationError,
    create_model,
    model_validator,
)

from tasks.advisory_feeds import Feed
from tasks.alert_channels import Channel
from tasks.contracts import IDENTIFIER, SourceOptions
from tasks.discovery import units
from tasks.errors import ConfigurationError
from tasks.mail import Address, MailServer
from tasks.networks import parse_network
from tasks.recommending import rules
from tasks.time_zones import time_zones


class _LocatedError(ValueError):
    """A problem that a validator places more precisely than pydantic can."""

    def __init__(self, loc: tuple[str | int, ...], message: str) -> None:
        super().__init__(message)
        self.loc = loc


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `, did you mean 'x'?` where a known word is near, else nothing."""
    near = difflib.get_close_matches(str(word), [str(item) for item in known], n=1, cutoff=0.6)
    return f", did you mean {near[0]!r}?" if near else ""


def _refuse_twins(ids: Sequence[str], where: tuple[str | int, ...], remedy: str) -> None:
    for number, item in enumerate(ids):
        if item in ids[:number]:
            raise _LocatedError((*where, number, "id"), f"{item!r} stands twice; {remedy}")


def _refuse_unknown(
    names: Iterable[str], known: Sequence[str], where: tuple[str | int, ...], problem: str, plural: str
) -> None:
    for name in names:
        if name not in known:
            raise _LocatedError(where, f"{name!r} {problem}{did_you_mean(name, known)}; {plural}: {', '.join(known)}")


Id = Annotated[str, Field(pattern=IDENTIFIER, max_length=64)]
Text = Annotated[str, Field(min_length=1, max_length=200)]
Colour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]
Email = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$", max_length=200)]
Lane = Literal["support", "maintenance", "development"]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


def _known_zone(name: str) -> str:
    if name not in time_zones():
        near = did_you_mean(name, time_zones())
        raise ValueError(f"{name!r} is not an IANA time zone{near or ', as Europe/London'}")
    return name


TimeZone = Annotated[str, AfterValidator(_known_zone)]


def _network(text: str) -> str:
    try:
        return str(parse_network(text))
    except ConfigurationError as error:
        raise ValueError(str(error)) from None


Range = Annotated[str, AfterValidator(_network)]
Anchor = Annotated[str, Field(pattern=r"^(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:]{2,39}\]):[1-9][0-9]{0,4}$")]


def _time_of_day(value: object) -> object:
    # YAML takes 22:30 without quotes for a number of minutes.
    return f"{value // 60:02}:{value % 60:02}" if isinstance(value, int) else value


TimeOfDay = Annotated[str, BeforeValidator(_time_of_day), Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class Model(BaseModel):
    """Base of every part of the file: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Colours(Model):
    """The agency's colours in the report."""

    ink: Colour = Field(default="#14213a", description="Dark ground of page one and text.")
    accent: Colour = Field(default="#3a4fd8", description="Charts and numbers.")


class Delivery(MailServer):
    """How reports reach the recipients of a client."""

    link: HttpUrl | None = Field(
        default=None, description="Folder on the web in which recipients find the PDF; it is attached when left out."
    )


class Agency(Model):
    """Who maintains the sites and signs the reports."""

    name: Text = Field(description="Name as printed on the report.")
    contact: Email = Field(description="Address for questions, printed on page one.")
    logo: Path | None = Field(
        default=None, description="SVG or PNG file, relative to this file; the name is printed without one."
    )
    colours: Colours = Field(default=Colours(), description="Colours of the report.")
    trusted_networks: list[Range] = Field(
        default_factory=list, description="Offices, CDNs, our own checks: never advised to be blocked, as 192.0.2.0/24."
    )
    vantage_anchors: list[Anchor] = Field(
        default_factory=list,
        max_length=10,
        description="Hosts with ports that are always there, as 192.0.2.53:53: asked whether our own connection works.",
    )
    alerts: list[Channel] = Field(
        default=[], description="Where incidents and silent sources are told; nowhere when left out."
    )
    advisories: list[Feed] = Field(
        default=[], description="Feeds of advisories, of what is exploited and of what ends; none when left out."
    )
    paper: Literal["A4", "Letter"] = Field(default="A4", description="Size of the pages of the report.")
    delivery: Delivery | None = Field(
        default=None, description="E-mail of reports to their recipients; nothing is sent when left out."
    )


class Client(Model):
    """Who owns sites."""

    id: Id = Field(description="Short name, lower case.")
    name: Text = Field(description="Name as printed on the report.")
    recipients: list[Address] = Field(default=[], description="Who gets the reports on the client's sites.")
    note: Path | None = Field(
        default=None, description="A note to the client on page two: a file of Markdown, relative to this file."
    )


class Owner(Model):
    """Who at the agency owns the site."""

    name: Text = Field(description="Name of the person or team.")
    email: Email = Field(description="Where to reach them.")


class PatchSla(Model):
    """Days within which updates are to be applied."""

    security: int = Field(default=7, ge=0, le=365, description="Security updates, days.")
    routine: int = Field(default=30, ge=0, le=365, description="All other updates, days.")


class Maintenance(Model):
    """Maintenance that was announced: once (`start`, `end`), or every week (`weekdays`, `at`, `minutes`).

    It counts where it was configured, or announced, before it begins.
    """

    reason: Text = Field(description="What is done, as told to the client.")
    start: datetime | None = Field(default=None, description="Start, in the site's zone where it names none.")
    end: datetime | None = Field(default=None, description="End.")
    weekdays: list[Weekday] = Field(default=[], description="Days of what comes every week, as sunday.")
    at: TimeOfDay | None = Field(default=None, description="Its start in the site's zone, as 02:30.")
    minutes: int | None = Field(default=None, ge=1, le=1440, description="Its length.")
    first: date | None = Field(default=None, description="Its first day; the day of the announcement when left out.")
    last: date | None = Field(default=None, description="Its last day; no end when left out.")
    announced: date | None = Field(default=None, description="Day of the announcement, where it is before this entry.")
    sources: list[Id] = Field(default=[], description="Only the checks of these sources; all when left out.")

    @model_validator(mode="after")
    def _is_once_or_weekly(self) -> Maintenance:
        once, weekly = (self.start, self.end), (self.weekdays or None, self.at, self.minutes)
        if any(once) == any(weekly) or None in (once if any(once) else weekly):
            raise ValueError("give start and end, or weekdays, at and minutes")
        if self.start and self.end and (self.start.tzinfo is None) != (self.end.tzinfo is None):
            raise ValueError("give start and end a zone both, or neither")
        if self.start and self.end and self.end <= self.start:
            raise ValueError("end is to be after start")
        return self


def _source_union() -> Any:
    """Return the union of the options of every collector, told apart by `kind`, which is its file's name."""
    members: Any = tuple(
        create_model(kind, __base__=module.Options, __doc__=module.Options.__doc__, kind=(Literal[kind], ...))  # type: ignore[arg-type]
        for kind, module in units("tasks.collect").items()
    )
    return Annotated[Union[members], Field(discriminator="kind")]  # noqa: UP007 - the members are known at run time only


if TYPE_CHECKING:
    SourceUnion = SourceOptions
else:
    SourceUnion = _source_union()


class Site(Model):
    """One website."""

    id: Id = Field(description="Short name, lower case; used in file names and in the warehouse.")
    name: Text = Field(description="Name as printed on the report.")
    client: Id = Field(description="The id of its client.")
    url: HttpUrl = Field(description="Home page.")
    platform: Literal["wordpress", "drupal", "joomla", "typo3", "umbraco", "shopware", "magento", "static", "other"] = (
        Field(description="What runs the site.")
    )
    time_zone: TimeZone = Field(description="IANA zone in which the site counts its days, as Europe/London.")
    locale: str = Field(
        default="en-GB",
        pattern=r"^[a-z]{2}-[A-Z]{2}$",
        description="Language and region of the report, as en-GB or de-DE; English where we have no texts.",
    )
    owner: Owner = Field(description="Who at the agency owns the site.")
    lanes: list[Lane] = Field(default=["maintenance"], min_length=1, description="Service lanes bought.")
    availability_slo_pct: float = Field(default=99.9, gt=0, lt=100, description="Agreed availability, per cent.")
    patch_sla_days: PatchSla = Field(default=PatchSla(), description="Days within which updates are to be applied.")
    trusted_networks: list[Range] = Field(
        default_factory=list, description="As for the agency, of this site's client: never advised to be blocked."
    )
    maintenance: list[Maintenance] = Field(
        default=[], description="Announced maintenance: what is agreed on availability leaves it out."
    )
    thresholds: dict[str, float] = Field(
        default={}, description="Thresholds of rules where they are to differ for this site: a number by rule."
    )
    sources: list[SourceUnion] = Field(default=[], description="What is collected for this site.")

    @property
    def host(self) -> str:
        """Return the host name of the home page."""
        return self.url.host or ""

    @model_validator(mode="after")
    def _thresholds_are_of_rules(self) -> Site:
        known = [rule.id for rule in rules()] if self.thresholds else []
        for name, number in self.thresholds.items():
            if name not in known:
                near = did_you_mean(name, known)
                raise _LocatedError(("thresholds", name), f"{name!r} is no rule{near}; `upkeep rules` lists them")
            if not math.isfinite(number):
                raise _LocatedError(("thresholds", name), "a threshold is to be a finite number")
        return self

    @model_validator(mode="after")
    def _source_ids_differ(self) -> Site:
        _refuse_twins([source.source_id for source in self.sources], ("sources",), "give each an id of its own")
        return self

    @model_validator(mode="after")
    def _maintenance_names_sources(self) -> Site:
        known = [source.source_id for source in self.sources]
        for number, window in enumerate(self.maintenance):
            _refuse_unknown(
                window.sources, known, ("maintenance", number, "sources"), "is no source of this site", "sources"
            )
        return self


class Sites(Model):
    """The whole file."""

    agency: Agency
    clients: list[Client] = Field(min_length=1)
    sites: list[Site] = Field(min_length=1)

    @model_validator(mode="after")
    def _references_hold(self) -> Sites:
        clients, sites = [client.id for client in self.clients], [site.id for site in self.sites]
        _refuse_twins(clients, ("clients",), "rename one")
        _refuse_twins(sites, ("sites",), "rename one")
        for number, site in enumerate(self.sites):
            _refuse_unknown([site.client], clients, ("sites", number, "client"), "is not the id of a client", "clients")
        _refuse_twins([feed.id for feed in self.agency.advisories], ("agency", "advisories"), "rename one")
        channels = self.agency.alerts
        _refuse_twins([channel.id for channel in channels], ("agency", "alerts"), "rename one")
        for number, channel in enumerate(channels):
            where: tuple[str | int, ...] = ("agency", "alerts", number)
            _refuse_unknown(channel.sites, sites, (*where, "sites"), "is not the id of a site", "sites")
            _refuse_unknown(channel.clients, clients, (*where, "clients"), "is not the id of a client", "clients")
        return self

    def sites_of(self, channel: Channel) -> set[str] | None:
        """Return the ids of the sites that a channel asks for; None for all, and for what concerns no site."""
        if not channel.sites and not channel.clients:
            return None
        return {site.id for site in self.sites if site.id in channel.sites or site.client in channel.clients}

    def client_of(self, site: Site) -> Client:
        """Return the client that owns `site`."""
        return next(client for client in self.clients if client.id == site.client)

    def select(self, site_ids: Sequence[str] | None) -> list[Site]:
        """Return the sites named, or all.

        Raises:
            ConfigurationError: a name that is not a site.
        """
        if not site_ids:
            return list(self.sites)
        known = {site.id: site for site in self.sites}
        for name in site_ids:
            if name not in known:
                raise ConfigurationError(
                    f"There is no site {name!r}{did_you_mean(name, known)}. Sites: {', '.join(known)}."
                )
        return [known[name] for name in site_ids]


_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml where PyYAML has it: in Python alone a thousand sites take five seconds, at every run of a flow."""


def load_sites(path: Path) -> Sites:
    """Read and check `sites.yaml`.

    Raises:
        ConfigurationError: with one sentence for each problem: file, line, key, what was found, what is allowed.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"Can't read {path}: {error.strerror}. Make one with `upkeep init`, or name yours in UPKEEP_SITES."
        ) from None
    return parse_sites(text, str(path))


def parse_sites(text: str, name: str) -> Sites:
    """Check the text of a `sites.yaml`; `name` stands in the errors. Raises as `load_sites`."""
    try:
        node = yaml.compose(text, Loader=_LOADER)
        value = yaml.load(text, Loader=_LOADER)  # noqa: S506 - a safe one
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise ConfigurationError(f"{name}{line}: not YAML: {getattr(error, 'problem', error)}.") from None
    if not isinstance(value, dict):
        raise ConfigurationError(
            f"{name}: is to hold the keys agency, clients and sites; `upkeep init` writes an example."
        )
    problems = [f"{name}:{line}: {key}: stands twice in one mapping; remove one." for key, line in _twin_keys(node)]
    try:
        sites = Sites.model_validate(value)
    except ValidationError as error:
        problems += [_sentence(name, node, problem) for problem in error.errors()]
        raise ConfigurationError("\n".join(problems)) from None
    if problems:
        raise ConfigurationError("\n".join(problems))
    return sites


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of `sites.yaml`, for editors."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Sites.model_json_schema(),
        "title": "site-upkeep sites.yaml",
    }


_SKIPPED = frozenset(units("tasks.collect"))  # pydantic puts the chosen kind into the location


def _sentence(name: str, node: Any, problem: Any) -> str:
    cause = problem.get("ctx", {}).get("error")
    loc = tuple(part for part in problem["loc"] if part not in _SKIPPED)
    if isinstance(cause, _LocatedError):
        loc = (*loc, *cause.loc)
    line, key = _line_of(node, loc), ".".join(str(part) for part in loc) or "the file"
    found = problem.get("input")
    match problem["type"]:
        case "extra_forbidden":
            allowed = _keys_at(loc[:-1], problem["loc"])
            text = f"unknown key{did_you_mean(str(loc[-1]), allowed)}; allowed: {', '.join(allowed)}"
        case "missing":
            text = "is missing"
        case "union_tag_invalid":
            kinds, tag = sorted(_SKIPPED), str(problem["ctx"]["tag"])
            key, text = (
                f"{key}.kind",
                f"{tag!r} is no kind of source{did_you_mean(tag, kinds)}; allowed: {', '.join(kinds)}",
            )
            line = _line_of(node, (*loc, "kind"))
        case "union_tag_not_found":
            text = f"the source does not say its kind; allowed: {', '.join(sorted(_SKIPPED))}"
        case "literal_error":
            expected = problem["ctx"]["expected"]
            words = [word.strip("' ") for word in expected.replace(" or ", ", ").split(",")]
            text = f"found {found!r}{did_you_mean(str(found), words)}; allowed: {', '.join(words)}"
        case "value_error":
            text = str(cause)
        case _:
            shown = "" if isinstance(found, dict | list) else f"found {found!r}; "
            text = f"{shown}{problem['msg'][0].lower()}{problem['msg'][1:]}"
    return f"{name}:{line}: {key}: {text.rstrip('.')}."


def _keys_at(loc: tuple[Any, ...], full: tuple[Any, ...]) -> list[str]:
    """Return the keys that are allowed at a location, by walking the models."""
    model: Any = Sites
    for part in loc:
        if isinstance(part, int) or part not in model.model_fields:  # a key of a mapping is no field
            continue
        annotation = model.model_fields[part].annotation
        model = _model_in(annotation, full)
    return list(model.model_fields)


def _model_in(annotation: Any, full: tuple[Any, ...]) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    candidates = [_model_in(arg, full) for arg in typing.get_args(annotation) if arg is not type(None)]
    candidates = [model for model in candidates if model is not None]
    return next((model for model in candidates if model.__name__ in full), candidates[0] if candidates else None)


def _line_of(node: Any, loc: tuple[Any, ...]) -> int:
    """Return the line, from 1, of the node at `loc` or of its nearest parent that exists."""
    line: int = node.start_mark.line
    for part in loc:
        if isinstance(node, yaml.MappingNode):
            pairs = [(key, value) for key, value in node.value if key.value == str(part)]
            if not pairs:
                break
            line, node = pairs[0][0].start_mark.line, pairs[0][1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line
        else:
            break
    return line + 1


def _twin_keys(node: Any) -> Iterator[tuple[str, int]]:
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            if key.value in seen:
                yield key.value, key.start_mark.line + 1
            seen.add(key.value)
            yield from _twin_keys(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _twin_keys(value)
