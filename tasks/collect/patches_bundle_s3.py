"""Inventories and patch logs that servers upload to an S3-compatible bucket: AWS, R2, MinIO, Ceph and others.

The bundles of `patches_bundle`, as `<prefix><UTC stamp>/<file>`, by default `shop/20260706T031500Z/manifest.json`.
Upload the manifest last, so that a bundle is whole or is none:

    bundle=$(sh collect-bundle.sh --wordpress /srv/www/shop shop /srv/bundles/shop)
    aws s3 cp --recursive --exclude manifest.json "$bundle" "s3://bundles/shop/${bundle##*/}"
    aws s3 cp "$bundle/manifest.json" "s3://bundles/shop/${bundle##*/}/manifest.json"

The server's key needs s3:PutObject alone, ours s3:ListBucket and s3:GetObject. Each bundle is taken once; nothing is
changed or removed. A file that the manifest names and that is not there is waited for an hour.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pydantic import Field

from tasks.bucket_options import BucketOptions, open_bucket
from tasks.bundle import MANIFEST, MISSING, STAMP, Manifest, too_large
from tasks.bundle_landing import VERSION, BundleOptions, describe, take
from tasks.contracts import Job, Outcome
from tasks.errors import SourceError
from tasks.log_files import LogFile

PARSER = f"patches_bundle_s3/{VERSION}"
ARRIVAL = timedelta(hours=1)
"""How long after its manifest the files of a bundle may come."""


class Options(BucketOptions, BundleOptions):
    """Inventories and patch logs that servers upload as bundles to an S3-compatible bucket."""

    prefix: str | None = Field(
        default=None,
        pattern=r"^$|/$",
        description="What stands before the stamp of each bundle; the site's id and a slash when left out.",
    )


@dataclass(frozen=True, slots=True)
class _Uploaded:
    """A bundle in a bucket."""

    name: str
    place: str
    objects: dict[str, LogFile] = field(default_factory=dict)

    def mark(self) -> str:
        """Return what changes when the manifest is written again."""
        manifest = self.objects[MANIFEST]
        return f"{manifest.mtime_ns}-{manifest.size}"

    def refusal(self, name: str) -> str | None:
        """Return why a file of it is not opened; None where it may be."""
        return too_large(self.objects[name].size) if name in self.objects else MISSING

    def read(self, name: str, max_bytes: int = -1) -> bytes:
        """Return a file, or its start; OSError where it can't be read."""
        with self.objects[name].open() as handle:
            return handle.read(max_bytes)

    def is_arriving(self, manifest: Manifest, now: datetime) -> bool:
        """Say whether files that the manifest names may still come."""
        is_young = now.timestamp() < self.objects[MANIFEST].mtime_ns / 1e9 + ARRIVAL.total_seconds()
        return is_young and not self.objects.keys() >= {entry.name for entry in manifest.files}


async def collect(job: Job) -> Outcome:
    """Take every bundle that was not taken yet.

    Raises:
        SourceError: the bucket is missing, forbidden or out of reach.
    """
    return take(job, await _bundles(job), PARSER)


async def check(job: Job) -> str:
    """Read the newest bundle and say what is in it.

    Raises:
        SourceError: the bucket can't be listed, there is no complete bundle, or the newest one can't be used.
    """
    bundles = await _bundles(job)
    if not bundles:
        options = _options(job)
        raise SourceError(
            f"The bucket {options.bucket} holds no complete bundle below {_prefix(job)!r}: mend prefix, or wait for "
            "the first."
        )
    return describe(job, bundles)


async def _bundles(job: Job) -> list[Any]:
    options, prefix = _options(job), _prefix(job)
    bucket = await open_bucket(job, options)
    start = f"s3://{options.bucket}/{prefix}"
    found: dict[str, _Uploaded] = {}
    for file in bucket.below(prefix):
        stamp, _, name = file.name.removeprefix(start).partition("/")
        if STAMP.fullmatch(stamp) and name and "/" not in name:
            found.setdefault(stamp, _Uploaded(stamp, f"{start}{stamp}")).objects[name] = file
    return [bundle for _, bundle in sorted(found.items()) if MANIFEST in bundle.objects]


def _prefix(job: Job) -> str:
    prefix = _options(job).prefix
    return f"{job.context.site_id}/" if prefix is None else prefix


def _options(job: Job) -> Options:
    assert isinstance(job.options, Options)  # noqa: S101 - by kind
    return job.options
