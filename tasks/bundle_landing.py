"""Take bundles, wherever they lie, each once, and parse and land them: what the sources of bundles share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from tasks import bundle, patch_debian, patch_inventory, patch_wordpress
from tasks.bundle import Bundle, Files, Manifest, Origin
from tasks.contracts import Job, Outcome, Parsed, SourceOptions
from tasks.errors import SourceError
from warehouse.records import ComponentObservation, InventoryFile, Record, Reject
from warehouse.spool import batch_id_of

VERSION = 6
"""Raised when the same bundle gives other rows."""
_NAMES = frozenset(
    {
        "core-version.txt",
        "core-check-update.json",
        "plugin-list.json",
        "plugin-directory.json",
        "theme-list.json",
        "update-transients.json",
        "dpkg-query.tsv",
        "apt-simulate.txt",
        "apt-lists-mtime.txt",
        patch_inventory.OS_RELEASE,
    }
)
_AHEAD = timedelta(days=1)
"""A bundle made later than that after now has a wrong clock."""


Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=200)]


class BundleOptions(SourceOptions):
    """What every source of bundles may say."""

    fills: ClassVar[str] = "component_observation"

    max_age_hours: float = Field(
        default=24, gt=0, le=24 * 366, description="Age of an update list, hours, up to which it proves anything."
    )
    every_days: float = Field(default=8, gt=0, le=366, description="Longest silence that is still normal, days.")

    held: dict[str, Reason] = Field(
        default_factory=dict, description="Components that stay at their version on purpose, each with the reason."
    )

    @property
    def expected_every_seconds(self) -> int:
        """Return the longest silence that is still normal: a weekly bundle and a day."""
        return int(self.every_days * 86_400)


@dataclass(frozen=True, slots=True)
class _Found:
    """One bundle: its manifest, or why it has none that can be used."""

    bundle: Bundle
    mark: str
    manifest: Manifest | None
    reason: str = ""


def take(job: Job, bundles: Sequence[Bundle], parser: str) -> Outcome:
    """Take every bundle that was not taken yet, each as one batch; one that can't be read leaves the others."""
    cursor_name, collector = f"{job.context.site_id}.{job.context.source_id}", parser.partition("/")[0]
    landed, fresh, problems = Counter[str](), [], []
    with job.spool.hold_cursor(cursor_name) as cursor:
        # A bundle that was removed is forgotten: should it come back, the ledger knows its batch.
        taken = {one.name: (cursor or {})[one.name] for one in bundles if one.name in (cursor or {})}
        for done, one in enumerate(bundles, start=1):
            try:
                # With the parser, so that a newer one reads again what is still there.
                mark = one.mark()
                if f"{mark} {parser}" == taken.get(one.name):
                    continue
                found = _look(one, mark, job)
                if not _is_wanted(found, job):
                    continue
                parsed = _read(found, job)
            except OSError as error:
                problems.append(f"{one.name}: {error.strerror or error}")
                continue
            taken[one.name] = f"{mark} {parser}"
            tables = parsed.by_table()
            job.spool.land(
                batch_id_of(collector, cursor_name, one.name, mark, parser),
                tables,
                collector=collector,
                parser_version=parser,
                cursor=(cursor_name, taken),
            )
            landed.update(told(tables))
            fresh += [parsed.fresh_as_of] if parsed.fresh_as_of else []
            if job.on_progress:
                job.on_progress(done, len(bundles))
    return Outcome.of(landed, problems, fresh_as_of=max(fresh, default=None))


def told(tables: Mapping[str, Sequence[Record]]) -> dict[str, int]:
    """Return how many rows say something of the site, by table: which lists there were is no finding."""
    return {name: len(rows) for name, rows in tables.items() if name != InventoryFile.table}


def describe(job: Job, bundles: Sequence[Bundle]) -> str:
    """Read the newest bundle and say what is in it.

    Raises:
        SourceError: it can't be used.
    """
    newest = bundles[-1]
    try:
        found = _look(newest, "", job)
        if found.manifest is None:
            raise SourceError(f"{newest.place}: {found.reason}")
        parsed = _read(found, job)
    except OSError as error:
        raise SourceError(f"{newest.place}: {error.strerror or error}") from None
    states = Counter(getattr(record, "update_state", "") for record in parsed.records)
    count = sum(states.values()) - states[""]
    rejected = f", {len(parsed.rejects)} rejected: {parsed.rejects[0].reason}" if parsed.rejects else ""
    return f"{len(bundles)} bundles; {newest.name}: {count} components, {states['unknown']} unknown{rejected}"


def parse(files: Files) -> Parsed:
    """Return what the files of one bundle say; pure, so that kept bundles can be parsed again."""
    for name in [name for name in files.texts if not _is_known(name)]:
        files.refuse(name, "no parser reads a file of this name; tasks/collect/patches_bundle.py lists those that are")
    made = patch_inventory.records(files)
    listed = [record for record in made if isinstance(record, ComponentObservation)]
    others = [record for record in made if not isinstance(record, ComponentObservation)]
    observations = patch_inventory.merged([*patch_wordpress.observe(files), *patch_debian.observe(files), *listed])
    times = [seen.fresh_as_of_at for seen in observations if seen.fresh_as_of_at]
    return Parsed(
        records=[*observations, *others, *patch_debian.events(files)],
        rejects=files.rejects,
        fresh_as_of=max(times, default=None),
    )


def _read(found: _Found, job: Job) -> Parsed:
    """Read and parse one bundle; a bundle without a usable manifest is one reject."""
    options, context = job.options, job.context
    assert isinstance(options, BundleOptions)  # noqa: S101 - by kind
    if found.manifest is None:
        reject = Reject(
            site_id=context.site_id,
            source_id=context.source_id,
            file=f"{found.bundle.name}/{bundle.MANIFEST}",
            line_number=None,
            reason=bundle.text(found.reason, 2 * bundle.TEXT_LENGTH),
            excerpt="",
        )
        return Parsed(rejects=[reject])
    origin = Origin(
        site_id=context.site_id,
        source_id=context.source_id,
        bundle_id=found.bundle.name,
        manifest=found.manifest,
        max_age=timedelta(hours=options.max_age_hours),
        hold_reasons=options.held,
    )
    return parse(bundle.read_files(found.bundle, origin))


def _look(one: Bundle, mark: str, job: Job) -> _Found:
    """Read the manifest and see whether it may be used for this site."""
    data = one.read(bundle.MANIFEST, bundle.MANIFEST_BYTES)  # what is longer is no JSON any more
    try:
        manifest = bundle.read_manifest(data)
    except SourceError as error:
        return _Found(one, mark, None, str(error))
    if manifest.site_id != job.context.site_id:
        return _Found(
            one, mark, None, f"it is a bundle of the site {manifest.site_id!r}; drop it in that site's folder"
        )
    if manifest.collected_at > job.context.collected_at + _AHEAD:
        return _Found(one, mark, None, f"collected_at {manifest.collected_at} lies ahead; set the server's clock")
    return _Found(one, mark, manifest)


def _is_wanted(found: _Found, job: Job) -> bool:
    """Say whether the bundle is whole and in the window asked for; one that can't be dated always is."""
    if found.manifest is None:
        return True
    if found.bundle.is_arriving(found.manifest, job.context.collected_at):
        return False
    made_at = found.manifest.collected_at
    return (job.since is None or made_at >= job.since) and (job.until is None or made_at < job.until)


def _is_known(name: str) -> bool:
    by_itself = patch_inventory.format_of(name) is not None
    return (
        by_itself
        or name in _NAMES
        or bool(patch_debian.DPKG_LOG.fullmatch(name) or patch_debian.APT_HISTORY.fullmatch(name))
    )
