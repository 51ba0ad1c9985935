"""Plugins and themes of a WordPress, asked of its REST API with an application password of an administrator.

It is for sites on whose server nothing can be run. It says nothing of updates, of WordPress itself, of must-use plugins
and drop-ins: their state stays unknown, and `patches_bundle` says more. Where the addresses of the site are plain
(Settings, Permalinks) the root is `https://shop.example/?rest_route=/`.
https://developer.wordpress.org/rest-api/reference/plugins/
"""

from __future__ import annotations

import asyncio
import hashlib
from datetime import timedelta
from typing import ClassVar

import httpx
from pydantic import Field, model_validator

from tasks import bundle_landing, patch_inventory
from tasks.bundle import Files, Manifest, ManifestFile, Origin
from tasks.contracts import Job, OpenUrl, Outcome, Parsed, SecretReference, SourceOptions
from tasks.download import bounded
from tasks.errors import SourceError
from tasks.inventory_format import Source, inventory_formats
from tasks.json_text import decode
from warehouse.records import ComponentObservation
from warehouse.spool import batch_id_of

PARSER = "patches_wordpress_rest/2"
PATHS = {"wordpress-rest-plugins.json": "wp/v2/plugins", "wordpress-rest-themes.json": "wp/v2/themes"}
ANSWER_BYTES = 16 << 20
DEADLINE_SECONDS = 120
"""For all requests of a site together."""


class Options(SourceOptions):
    """Plugins and themes of a WordPress, by its REST API."""

    fills: ClassVar[str] = "component_observation"

    url: OpenUrl = Field(
        description="Root of the REST API, as https://shop.example/wp-json/, or https://shop.example/?rest_route=/."
    )
    user: str = Field(min_length=1, pattern=r"^[^:\x00-\x1f]+$", description="Administrator who made the password.")
    application_password: SecretReference = Field(description="Application password of that user.")
    allow_plain_http: bool = Field(
        default=False, description="Send the password without TLS, on a network of your own."
    )
    every_days: float = Field(default=8, gt=0, le=366, description="Longest silence that is still normal, days.")

    @property
    def expected_every_seconds(self) -> int:
        """Return the longest silence that is still normal."""
        return int(self.every_days * 86_400)

    @model_validator(mode="after")
    def _is_private(self) -> Options:
        if self.url.scheme != "https" and not self.allow_plain_http:
            raise ValueError("url is not https: anybody on the way could read the password")
        return self


async def collect(job: Job) -> Outcome:
    """Ask for plugins and themes, and land them as one bundle.

    Raises:
        SourceError: the site was not reached, refused, or is no WordPress with its REST API.
    """
    texts = await _ask(job)
    parsed = parse(texts, job)
    tables = parsed.by_table()
    bundle_id = f"{job.context.collected_at:%Y%m%dT%H%M%SZ}"
    name = f"{job.context.site_id}.{job.context.source_id}"
    job.spool.land(
        batch_id_of("patches_wordpress_rest", name, bundle_id, _digest("\x1f".join(texts.values())), PARSER),
        tables,
        collector="patches_wordpress_rest",
        parser_version=PARSER,
    )
    return Outcome.of(bundle_landing.told(tables))


async def check(job: Job) -> str:
    """Ask once and count.

    Raises:
        SourceError: as `collect`.
    """
    parsed = parse(await _ask(job), job)
    count = sum(isinstance(record, ComponentObservation) for record in parsed.records)
    return f"{count} plugins and themes, {len(parsed.rejects)} rejected"


def parse(texts: dict[str, str], job: Job) -> Parsed:
    """Return what the answers say, by file name of `PATHS`; pure."""
    context = job.context
    listed = [
        ManifestFile(name=name, command=f"GET {PATHS[name]}", exit_status=0, sha256=_digest(content))
        for name, content in texts.items()
    ]
    manifest = Manifest(
        manifest=1,
        site_id=context.site_id,
        host=context.host or "-",
        collected_at=context.collected_at,
        time_zone="UTC",
        files=listed,
    )
    origin = Origin(
        site_id=context.site_id,
        source_id=context.source_id,
        bundle_id=f"{context.collected_at:%Y%m%dT%H%M%SZ}",
        manifest=manifest,
        max_age=timedelta(),
    )
    files = Files(origin, texts)
    return Parsed(records=patch_inventory.records(files), rejects=files.rejects)


def _digest(content: str) -> str:
    return hashlib.sha256(content.encode("utf-8", "replace")).hexdigest()


async def _ask(job: Job) -> dict[str, str]:
    options = job.options
    assert isinstance(options, Options)  # noqa: S101 - by kind
    password = await job.secret(options.application_password)
    root = str(options.url).rstrip("/")
    auth = httpx.BasicAuth(options.user, password)
    headers = {"User-Agent": "site-upkeep", "Accept": "application/json"}
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            # Redirects are not followed: the password is for this address only.
            async with httpx.AsyncClient(auth=auth, headers=headers, trust_env=False, timeout=30) as client:
                return {name: await _get(client, f"{root}/{path}") for name, path in PATHS.items()}
    except TimeoutError:
        raise SourceError(f"{root} took longer than {DEADLINE_SECONDS} s.", can_retry=True) from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise SourceError(f"{root} was not reached: {type(error).__name__}.", can_retry=True) from None


async def _get(client: httpx.AsyncClient, url: str) -> str:
    async with client.stream("GET", url) as response:
        data, status = await bounded(response, ANSWER_BYTES), response.status_code
    if data is None:
        raise SourceError(f"{url} answers more than {ANSWER_BYTES >> 20} MiB; is it the REST API?")
    text = decode(data)
    if response.is_redirect:
        raise SourceError(
            f"{url} redirects (status {status}); set url to where it leads, if that is yours, or to "
            "https://.../?rest_route=/ where the site has plain permalinks."
        )
    try:
        inventory_formats()["wordpress-rest"].read(text, Source())
    except SourceError as error:
        raise SourceError(f"{url} answers with status {status}: {error}.", can_retry=status >= 500) from None
    if status != httpx.codes.OK:
        raise SourceError(f"{url} answers with status {status} instead of 200.", can_retry=status >= 500)
    return text
