"""What a collector is: the words that every file of `tasks/collect/` shares.

A collector is one module `tasks/collect/<what>_<source>.py`, found by discovery. Its file name is its `kind` in
`sites.yaml`, and it holds

- `class Options(SourceOptions)`: what `sites.yaml` may say of such a source, documented field by field;
  and as `fills` the raw table that it fills;
- `PARSER`: name/version, raised when the same payload gives other rows;
- `async def collect(job: Job) -> Outcome`: fetch, parse and land one source;
- `parse(payload, context) -> Parsed`: pure, so that kept payloads can be parsed again.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, HttpUrl, model_validator

from tasks.errors import SourceError
from warehouse.records import Record, Reject
from warehouse.spool import Spool

Identifier = str
IDENTIFIER = r"^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$"


def _open_url(url: HttpUrl) -> HttpUrl:
    if url.username or url.password:
        raise ValueError("an address must hold no user or password: it is stored with what it gives")
    return url


OpenUrl = Annotated[HttpUrl, AfterValidator(_open_url)]
"""An address that may stand in rows, messages and reports."""


class SecretReference(BaseModel):
    """Where a secret is kept: `{env: NAME}` or `{prefect: BLOCK}`. The secret itself never stands in `sites.yaml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    env: str | None = Field(default=None, min_length=1, description="Environment variable.")
    prefect: str | None = Field(default=None, min_length=1, description="Prefect Secret block.")

    @model_validator(mode="after")
    def _exactly_one(self) -> SecretReference:
        if (self.env is None) == (self.prefect is None):
            raise ValueError("give either env or prefect, not both and not none")
        return self


class SourceOptions(BaseModel):
    """What every source may say in `sites.yaml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    fills: ClassVar[str]
    """Raw table that the source fills."""

    kind: str = Field(description="Collector that reads this source: see the table of kinds in the README.")
    id: str = Field(
        default="",
        pattern=r"^$|" + IDENTIFIER,
        description="Name of the source within the site; the kind when left out.",
    )

    @property
    def source_id(self) -> str:
        """Return the id, which is the kind in kebab case where none is given."""
        return self.id or self.kind.replace("_", "-")

    @property
    def expected_every_seconds(self) -> int:
        """Return the longest time between two deliveries that is still normal, seconds."""
        return 86_400


class Confirmation(BaseModel):
    """When failures are an outage, and when it is over. Raw results are kept: a change counts for the past too."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    down: int = Field(default=1, ge=1, le=5, description="Checks of the last `of` that must fail.")
    of: int = Field(default=1, ge=1, le=5, description="Checks that are looked at.")
    up: int = Field(default=1, ge=1, le=5, description="Checks in a row that must be up before it is over.")

    @model_validator(mode="after")
    def _can_be_met(self) -> Confirmation:
        if self.down > self.of:
            raise ValueError(f"{self.down} of {self.of} checks can't fail; raise `of`")
        return self


class UptimeOptions(SourceOptions):
    """What every source of check results may say."""

    fills: ClassVar[str] = "check_result"

    confirm: Confirmation = Field(
        default=Confirmation(), description="Failures that make an outage, as {down: 2, of: 3, up: 2}."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a pure parser needs to know besides the payload. `collected_at` is aware."""

    site_id: str
    source_id: str
    time_zone: str
    """Zone of times that name none: the source's own where it says so, else the site's."""
    site_time_zone: str = ""
    """Zone in which the site counts its days; `time_zone` when left out."""
    host: str
    url: str = ""
    """Home page of the site."""
    collected_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """What a parser made: records of one or more tables, rejects, and how current the payload is proved to be."""

    records: Sequence[Record] = ()
    rejects: Sequence[Reject] = ()
    fresh_as_of: datetime | None = None

    def by_table(self) -> dict[str, list[Record]]:
        """Group the records, and the rejects, by the table that they fill."""
        tables: dict[str, list[Record]] = {}
        for record in (*self.records, *self.rejects):
            tables.setdefault(record.table, []).append(record)
        return tables


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One source to collect. `since` and `until` bound the time asked for; None where the source has no window."""

    context: Context
    options: SourceOptions
    spool: Spool
    since: datetime | None = None
    until: datetime | None = None
    base: Path = Path()
    """Folder of `sites.yaml`: relative paths of a source count from there."""
    reference: Path | None = None
    """Folder of what a parser may look up: published ranges of bots, databases of networks."""
    vantage_anchors: Sequence[str] = ()
    """Hosts with ports that are always there: see `tasks.probe_batch`."""
    evidence: Path | None = None
    """Folder of pictures and other files that prove what was seen; None where none are kept."""
    load_block: Callable[[str], Awaitable[str]] | None = None
    """Reads a Prefect Secret block; None where the job does not run under Prefect."""
    on_progress: Callable[[int, int], None] | None = None
    """Called with (done, total) in units of the source's own (bytes, days)."""

    async def secret(self, reference: SecretReference) -> str:
        """Return the secret that the options refer to. It is for the request alone: never log it, never land it.

        Raises:
            SourceError: there is no such variable or block.
        """
        return await secret_of(reference, self.load_block)


async def secret_of(reference: SecretReference, load_block: Callable[[str], Awaitable[str]] | None) -> str:
    """Return the secret that a reference names; `load_block` reads a Prefect Secret block, where there is one.

    Raises:
        SourceError: there is no such variable or block.
    """
    if reference.env is not None:
        value = os.environ.get(reference.env)
        if not value:
            raise SourceError(f"The environment variable {reference.env} is not set: set it where the worker runs.")
        return value
    if load_block is None:
        raise SourceError(f"The Prefect block {reference.prefect} can be read in a flow run only; use env here.")
    try:
        return await load_block(str(reference.prefect))
    except ValueError:
        raise SourceError(f"There is no Prefect Secret block {reference.prefect!r}: make it on the server.") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one collection did. `state`: complete, partial, failed or empty, as in raw.collection_run."""

    state: str
    landed: Mapping[str, int] = field(default_factory=dict)
    reject_count: int = 0
    fresh_as_of: datetime | None = None
    message: str | None = None

    @classmethod
    def of(
        cls, landed: Mapping[str, int], problems: Sequence[str] = (), *, fresh_as_of: datetime | None = None
    ) -> Outcome:
        """Return what a collection did: partial where a line was rejected or a part could not be read.

        Args:
            landed: rows by table, the rejects among them.
            problems: what could not be read, a sentence each.
            fresh_as_of: how current it is proved to be.
        """
        rows = {table: count for table, count in landed.items() if count and table != Reject.table}
        rejected = landed.get(Reject.table, 0)
        failed = problems and not rows
        return cls(
            state="failed" if failed else "partial" if rejected or problems else "complete" if rows else "empty",
            landed=rows,
            reject_count=rejected,
            fresh_as_of=fresh_as_of,
            message="; ".join(problems) or None,
        )

    @property
    def landed_count(self) -> int:
        """Return the records landed, over all tables."""
        return sum(self.landed.values())
