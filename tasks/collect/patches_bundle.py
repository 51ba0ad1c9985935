"""Inventories and patch logs that the servers' own cron jobs drop: a folder of bundles, each taken once.

What a bundle and its manifest are: see `tasks.bundle`. The name of a file decides how it is read:

| file | command | what it gives |
|---|---|---|
| `core-version.txt` | `wp core version`, also with `--extra` | WordPress itself |
| `core-check-update.json` | `wp core check-update --format=json` | its updates |
| `plugin-list.json` | `wp plugin list --format=json` | plugins, must-use plugins and drop-ins, with their updates |
| `theme-list.json` | `wp theme list --format=json` | themes, with their updates |
| `update-transients.json` | `wp eval`, below | the proof that the update server answered, and when |
| `dpkg-query.tsv` | see `tasks.inventory.dpkg_query` | installed packages |
| `apt-simulate.txt` | `LC_ALL=C apt-get -s dist-upgrade`, also `-s upgrade` | their updates |
| `apt-lists-mtime.txt` | `stat -c %Y /var/lib/apt/lists` | when apt last fetched its lists |
| `dpkg.log`, `.N`, `.N.gz` | `cat /var/log/dpkg.log` | every change, the truth |
| `apt-history.log`, `.N`, `.N.gz` | `cat /var/log/apt/history.log` | who asked for a change |
| `os-release` | `cat /etc/os-release` | the distribution, without which no advisory is matched |

Every other format of `tasks/inventory/` is read too, by the names in its `FILES`, also compressed and with a project's
name before it: `composer.lock`, `theme.package-lock.json`, `trivy.json.gz`. `upkeep formats` lists them.

Run `wp eval 'wp_clean_update_cache();'` first, so that what the transients hold is this check's answer, and last

    wp eval 'echo json_encode(["update_core" => get_site_transient("update_core"), "update_plugins" =>
        get_site_transient("update_plugins"), "update_themes" => get_site_transient("update_themes")]);'

An update server that was not reached means unknown, never current. A network of sites is listed once, not per site.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from tasks import bundle, patch_debian, patch_inventory, patch_wordpress
from tasks.bundle import Files, Manifest, Origin
from tasks.contracts import Job, Outcome, Parsed, SourceOptions
from tasks.errors import SourceError
from warehouse.records import ComponentObservation, Reject
from warehouse.spool import batch_id_of

PARSER = "patches_bundle/2"
_NAMES = frozenset(
    {
        "core-version.txt",
        "core-check-update.json",
        "plugin-list.json",
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


class Options(SourceOptions):
    """Inventories and patch logs that a cron job on the server drops as bundles."""

    fills: ClassVar[str] = "component_observation"

    folder: Path = Field(description="Drop folder of the server, relative to this file: one folder per bundle in it.")
    max_age_hours: float = Field(
        default=24, gt=0, le=24 * 366, description="Age of an update list, hours, up to which it proves anything."
    )
    every_days: float = Field(default=8, gt=0, le=366, description="Longest silence that is still normal, days.")

    @property
    def expected_every_seconds(self) -> int:
        """Return the longest silence that is still normal: a weekly bundle and a day."""
        return int(self.every_days * 86_400)


@dataclass(frozen=True, slots=True)
class _Found:
    """One bundle of the drop folder: its manifest, or why it has none that can be used."""

    folder: Path
    digest: str
    manifest: Manifest | None
    reason: str = ""


async def collect(job: Job) -> Outcome:
    """Take every bundle that was not taken yet, each as one batch; one that can't be read leaves the others.

    Raises:
        SourceError: the drop folder can't be read.
    """
    options = job.options
    assert isinstance(options, Options)  # noqa: S101 - by kind
    cursor_name = f"{job.context.site_id}.{job.context.source_id}"
    landed, fresh, problems = Counter[str](), [], []
    with job.spool.hold_cursor(cursor_name) as cursor:
        folders = bundle.find_bundles(job.base / options.folder)
        # A bundle that was removed is forgotten: should it come back, the ledger knows its batch.
        taken = {folder.name: (cursor or {})[folder.name] for folder in folders if folder.name in (cursor or {})}
        for done, folder in enumerate(folders, start=1):
            try:
                found = _look(folder, job)
                # With the parser, so that a newer one reads again what is still there.
                known_as = f"{found.digest} {PARSER}"
                if known_as == taken.get(folder.name) or not _is_wanted(found, job):
                    continue
                parsed = _read(found, job)
            except OSError as error:
                problems.append(f"{folder.name}: {error.strerror or error}")
                continue
            taken[folder.name] = known_as
            tables = parsed.by_table()
            job.spool.land(
                batch_id_of("patches_bundle", cursor_name, folder.name, found.digest, PARSER),
                tables,
                collector="patches_bundle",
                parser_version=PARSER,
                cursor=(cursor_name, taken),
            )
            landed.update({name: len(rows) for name, rows in tables.items()})
            fresh += [parsed.fresh_as_of] if parsed.fresh_as_of else []
            if job.on_progress:
                job.on_progress(done, len(folders))
    return Outcome.of(landed, problems, fresh_as_of=max(fresh, default=None))


async def check(job: Job) -> str:
    """Read the newest bundle and say what is in it.

    Raises:
        SourceError: there is no complete bundle, or the newest one can't be used.
    """
    options = job.options
    assert isinstance(options, Options)  # noqa: S101 - by kind
    folders = bundle.find_bundles(job.base / options.folder)
    if not folders:
        raise SourceError(f"No complete bundle is in {job.base / options.folder}: mend folder, or wait for the first.")
    found = _look(folders[-1], job)
    if found.manifest is None:
        raise SourceError(f"{found.folder}: {found.reason}")
    parsed = _read(found, job)
    states = Counter(getattr(record, "update_state", "") for record in parsed.records)
    count = sum(states.values()) - states[""]
    rejected = f", {len(parsed.rejects)} rejected: {parsed.rejects[0].reason}" if parsed.rejects else ""
    return f"{len(folders)} bundles; {found.folder.name}: {count} components, {states['unknown']} unknown{rejected}"


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
    assert isinstance(options, Options)  # noqa: S101 - by kind
    if found.manifest is None:
        reject = Reject(
            site_id=context.site_id,
            source_id=context.source_id,
            file=f"{found.folder.name}/{bundle.MANIFEST}",
            line_number=None,
            reason=bundle.text(found.reason, 2 * bundle.TEXT_LENGTH),
            excerpt="",
        )
        return Parsed(rejects=[reject])
    origin = Origin(
        site_id=context.site_id,
        source_id=context.source_id,
        bundle_id=found.folder.name,
        manifest=found.manifest,
        max_age=timedelta(hours=options.max_age_hours),
    )
    return parse(bundle.read_files(found.folder, origin))


def _look(folder: Path, job: Job) -> _Found:
    """Read the manifest and see whether it may be used for this site."""
    with (folder / bundle.MANIFEST).open("rb") as handle:
        data = handle.read(bundle.MANIFEST_BYTES)  # what is longer is no JSON any more
    digest = hashlib.sha256(data).hexdigest()
    try:
        manifest = bundle.read_manifest(data)
    except SourceError as error:
        return _Found(folder, digest, None, str(error))
    if manifest.site_id != job.context.site_id:
        return _Found(
            folder, digest, None, f"it is a bundle of the site {manifest.site_id!r}; drop it in that site's folder"
        )
    if manifest.collected_at > job.context.collected_at + _AHEAD:
        return _Found(folder, digest, None, f"collected_at {manifest.collected_at} lies ahead; set the server's clock")
    return _Found(folder, digest, manifest)


def _is_wanted(found: _Found, job: Job) -> bool:
    """Say whether the bundle is in the window asked for; one that can't be dated always is."""
    if found.manifest is None:
        return True
    made_at = found.manifest.collected_at
    return (job.since is None or made_at >= job.since) and (job.until is None or made_at < job.until)


def _is_known(name: str) -> bool:
    by_itself = patch_inventory.format_of(name) is not None
    return (
        by_itself
        or name in _NAMES
        or bool(patch_debian.DPKG_LOG.fullmatch(name) or patch_debian.APT_HISTORY.fullmatch(name))
    )
