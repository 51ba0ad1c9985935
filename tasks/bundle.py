"""A bundle: one inventory of one server, a folder with a manifest and the raw output of stock commands.

`<folder>/<UTC stamp>/`, as `bundles/shop/20260706T031500Z/`, holds `manifest.json` and the files that it names. The
manifest is written last (or the whole folder is renamed last): a folder without one is still being uploaded.

    {"manifest": 1,
     "site_id": "shop",
     "host": "web1.shop.example",
     "collected_at": "2026-07-06T03:15:00+00:00",
     "time_zone": "Europe/London",
     "files": [{"name": "plugin-list.json", "command": "wp plugin list --format=json", "exit_status": 0,
                "sha256": "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945"}]}

`time_zone` is the server's IANA zone: its logs name none. A bundle is taken once and never changed or removed here;
drop a new one instead of mending an old one. Keys that are not named here are left alone.

Uploads are hostile until proved otherwise: a name that leaves the folder, a symbolic link, a file that is not the one
the manifest was written for or is too large are rejected one by one, and the rest is kept.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal, Protocol, TypedDict

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from tasks.errors import SourceError
from tasks.inventory_format import format_of
from tasks.json_text import decode
from tasks.log_files import LineReject
from tasks.redact import excerpt
from tasks.time_zones import time_zones
from warehouse.records import Reject

MANIFEST = "manifest.json"
MANIFEST_BYTES = 1 << 20
FILE_BYTES = 64 << 20
"""A file at most, once it is decompressed."""
BUNDLE_BYTES = 256 << 20
"""All files of a bundle at most."""
LINE_REJECTS = 100
"""Rejected lines of one file that are kept one by one; the others are counted."""
TEXT_LENGTH = 200
CLOCK_SKEW = timedelta(hours=1)
OLDEST = datetime(2000, 1, 1, tzinfo=UTC)
"""A bundle made before that has a wrong clock: a server that lost its time starts in 1970."""

STAMP = re.compile(r"[0-9]{8}T[0-9]{6}Z")
MISSING = "the manifest names it, and it is not there"
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,127}")


def _known_zone(name: str) -> str:
    if name not in time_zones():
        raise ValueError(f"{name!r} is not an IANA time zone, as Europe/London")
    return name


def _plausible(at: datetime) -> datetime:
    if at < OLDEST:
        raise ValueError(f"{at} lies before {OLDEST.year}; set the server's clock")
    return at


class ManifestFile(BaseModel):
    """One file of the bundle: the command that wrote it, how that ended, and its hash."""

    model_config = ConfigDict(frozen=True)

    name: str
    command: str = ""
    exit_status: int
    sha256: str


class Manifest(BaseModel):
    """What the server says of the bundle."""

    model_config = ConfigDict(frozen=True)

    manifest: Literal[1]
    site_id: str
    host: str = Field(min_length=1, max_length=253)
    collected_at: Annotated[AwareDatetime, AfterValidator(_plausible)]
    time_zone: Annotated[str, AfterValidator(_known_zone)]
    files: list[ManifestFile] = Field(max_length=1000)


class Held(TypedDict):
    """Whether a component is held at its version, and why."""

    is_held: bool | None
    hold_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where records come from and how old an answer may be that proves anything."""

    site_id: str
    source_id: str
    bundle_id: str
    manifest: Manifest
    max_age: timedelta
    hold_reasons: Mapping[str, str] = field(default_factory=dict)
    """Why components stay at their version on purpose, by name."""

    def held(self, name: str, *, is_held: bool | None) -> Held:
        """Return what is known of a component that may be held at its version; one with a reason is."""
        reason = self.hold_reasons.get(name)
        return {"is_held": True if reason else is_held, "hold_reason": reason}

    def is_fresh(self, at: datetime | None) -> bool:
        """Say whether an answer of that time proves the state at the time of the bundle."""
        made_at = self.manifest.collected_at
        return at is not None and made_at - self.max_age <= at <= made_at + CLOCK_SKEW

    def proved_at(self, at: datetime | None) -> datetime | None:
        """Return the time unless it lies after the bundle: a wrong clock proves nothing."""
        return at if at is not None and at <= self.manifest.collected_at + CLOCK_SKEW else None

    def reject(self, name: str, problem: LineReject) -> Reject:
        """Return the record of something of one file that could not be taken."""
        return Reject(
            site_id=self.site_id,
            source_id=self.source_id,
            file=text(f"{self.bundle_id}/{name}"),
            line_number=problem.line_number,
            reason=text(problem.reason, 2 * TEXT_LENGTH),
            excerpt=text(excerpt(problem.excerpt)),
        )


@dataclass(slots=True)
class Files:
    """The texts of a bundle by file name, and what was rejected; parsers add to the rejects."""

    origin: Origin
    texts: dict[str, str] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)

    def refuse(self, name: str, reason: str, shown: str = "") -> None:
        """Reject a whole file; `shown` becomes the excerpt."""
        self.rejects.append(self.origin.reject(name, LineReject(None, reason, shown)))

    def refuse_lines(self, name: str, problems: Sequence[LineReject]) -> None:
        """Reject lines of a file: the first ones each, the others by their number."""
        self.rejects += [self.origin.reject(name, problem) for problem in problems[:LINE_REJECTS]]
        if len(problems) > LINE_REJECTS:
            self.refuse(name, f"{len(problems) - LINE_REJECTS:,} more lines could not be read")


class Bundle(Protocol):
    """A complete bundle, wherever it lies."""

    @property
    def name(self) -> str:
        """Return its stamp."""

    @property
    def place(self) -> str:
        """Return where it lies, for people."""

    def mark(self) -> str:
        """Return a text that changes when the manifest does."""

    def refusal(self, name: str) -> str | None:
        """Return why a file of it is not opened; None where it may be."""

    def read(self, name: str, max_bytes: int = -1) -> bytes:
        """Return a file, or its start; OSError where it can't be read."""

    def is_arriving(self, manifest: Manifest, now: datetime) -> bool:
        """Say whether files that the manifest names may still come."""


@dataclass(frozen=True, slots=True)
class BundleFolder:
    """A bundle in a folder of this machine."""

    path: Path

    @property
    def name(self) -> str:
        """Return its stamp."""
        return self.path.name

    @property
    def place(self) -> str:
        """Return the folder."""
        return str(self.path)

    def mark(self) -> str:
        """Return the hash of the manifest."""
        return hashlib.sha256(self.read(MANIFEST, MANIFEST_BYTES)).hexdigest()

    def refusal(self, name: str) -> str | None:
        """Return why a file of it is not opened; None where it may be."""
        path = self.path / name
        if path.is_symlink():
            return "a symbolic link is not followed; copy the file"
        if not path.is_file():
            return MISSING
        return too_large(path.stat().st_size)

    def read(self, name: str, max_bytes: int = -1) -> bytes:
        """Return a file, or its start; OSError where it can't be read."""
        with (self.path / name).open("rb") as handle:
            return handle.read(max_bytes)

    def is_arriving(self, manifest: Manifest, now: datetime) -> bool:
        """Say that nothing comes after the manifest, which is written last."""
        return False


def find_bundles(folder: Path) -> list[BundleFolder]:
    """Return the complete bundles of a drop folder, oldest first by name.

    Raises:
        SourceError: the folder is not there or can't be read.
    """
    try:
        found = [path for path in folder.iterdir() if STAMP.fullmatch(path.name) and _is_complete(path)]
    except OSError as error:
        raise SourceError(f"Can't read the drop folder {folder}: {error.strerror}; mend `folder`.") from None
    return [BundleFolder(path) for path in sorted(found)]


def _is_complete(path: Path) -> bool:
    """Say whether the manifest is there; a bundle that can't be looked into counts, so that reading it says why."""
    try:
        return (path / MANIFEST).is_file()
    except OSError:
        return True


def read_manifest(data: bytes) -> Manifest:
    """Return the manifest.

    Raises:
        SourceError: it is not JSON, or a key is missing or wrong.
    """
    try:
        return Manifest.model_validate_json(data)
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(str(part) for part in problem["loc"])
        raise SourceError(f"{MANIFEST}: {where or 'the file'}: {problem['msg']}") from None


def read_files(bundle: Bundle, origin: Origin) -> Files:
    """Read the files that the manifest names, each as text; one that is refused leaves the others.

    Raises:
        OSError: a file that is there can't be read.
    """
    files, names, bytes_left = Files(origin), set[str](), BUNDLE_BYTES
    for entry in origin.manifest.files:
        reason = "the manifest names it twice" if entry.name in names else _refusal(bundle, entry)
        names.add(entry.name)
        if reason is None:
            data = bundle.read(entry.name)
            if hashlib.sha256(data).hexdigest() == entry.sha256.lower():
                data, reason = inflate(data) if entry.name.endswith(".gz") else (data, None)
                bytes_left -= len(data)
                if bytes_left < 0:
                    reason = f"the bundle is larger than {BUNDLE_BYTES >> 20} MiB in all"
                else:
                    files.texts[entry.name] = decode(data)
            else:
                reason = "sha256 differs from the manifest's: damaged on its way, or changed after it; upload it again"
        if reason is not None:
            files.refuse(entry.name, reason, entry.command)
    return files


def _refusal(bundle: Bundle, entry: ManifestFile) -> str | None:
    """Return why the file is not opened; None where it may be."""
    if not _FILE_NAME.fullmatch(entry.name):
        return "not a plain file name: letters, digits, `.`, `_`, `+` and `-` only"
    found = format_of(entry.name.removesuffix(".gz"))
    if entry.exit_status != 0 and not (found and found.is_judged_by_text):
        return f"its command ended with exit status {entry.exit_status}: what it should say is unknown"
    return bundle.refusal(entry.name)


def too_large(size: int) -> str | None:
    """Return why a file of so many bytes is not opened; None where it may be."""
    return f"larger than {FILE_BYTES >> 20} MiB" if size > FILE_BYTES else None


def inflate(data: bytes) -> tuple[bytes, str | None]:
    """Decompress gzip; beside the bytes, why they are not all: it ends early, is damaged, too large, or goes on."""
    inflater = zlib.decompressobj(wbits=31)
    try:
        made = inflater.decompress(data, FILE_BYTES + 1)
    except zlib.error as error:
        return b"", f"the gzip data is damaged ({error}); copy the file again"
    if len(made) > FILE_BYTES:
        return b"", f"larger than {FILE_BYTES >> 20} MiB when decompressed"
    if not inflater.eof:
        # The last line may be cut inside a version, which would read as another one.
        return made[
            : made.rfind(b"\n") + 1
        ], "the gzip file ends early; the lines before were kept, copy the file again"
    if inflater.unused_data.strip(b"\0"):
        return made, "more data follows the gzip data; what comes before was kept, compress the file as one"
    return made, None


def text(value: str, length: int = TEXT_LENGTH) -> str:
    """Return hostile text so that it can be stored: cut, and without half characters that UTF-8 can't hold."""
    return value[:length].encode("utf-8", "replace").decode("utf-8")
