"""What `sites.yaml` may say of a check over HTTP, and the probe that it makes: shared by the kinds that ask a page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from tasks.checks import CheckOptions, IpVersion
from tasks.contracts import Job, OpenUrl, SecretReference
from tasks.probe import Probe
from tasks.probe_content import Expectation
from tasks.probe_http import Request

_OURS = ("host", "content-length", "transfer-encoding", "connection", "accept-encoding")
_HEADER = r"^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$"


class PageOptions(CheckOptions):
    """An address, how it is asked for, and which statuses count."""

    url: OpenUrl | None = Field(default=None, description="Address to check; the home page when left out.")
    expected_status: str = Field(default="200-399", description="Statuses that count as up, as 200-399 or 200,301.")
    method: Literal["GET", "HEAD", "POST", "PUT", "OPTIONS"] = Field(default="GET", description="Method of HTTP.")
    headers: dict[str, str | SecretReference] = Field(
        default_factory=dict, description="Headers to send; a value may be {env: NAME} or {prefect: BLOCK}."
    )
    body: str = Field(default="", max_length=65_536, description="Body to send.")
    max_redirects: int = Field(
        default=10, ge=0, le=20, description="Redirects that are followed; 0 to judge the first answer itself."
    )
    allow_private_redirects: bool = Field(
        default=False, description="Whether redirects may lead to private addresses, as on an intranet."
    )
    ip_version: IpVersion | None = Field(default=None, description="4 or 6 to check over that one only.")
    ca_file: Path | None = Field(default=None, description="Authorities of a private CA (PEM), relative to this file.")

    @field_validator("expected_status")
    @classmethod
    def _readable(cls, value: str) -> str:
        status_ranges(value)
        return value

    @field_validator("headers")
    @classmethod
    def _sendable(cls, value: dict[str, str | SecretReference]) -> dict[str, str | SecretReference]:
        for name, text in value.items():
            if not re.match(_HEADER, name) or name.lower() in _OURS:
                raise ValueError(f"{name!r} is no header that a check may set")
            if isinstance(text, str) and not re.fullmatch(r"[\t\x20-\x7e]*", text):
                raise ValueError(f"the value of {name} holds what no header can")
        return value


def status_ranges(text: str) -> tuple[tuple[int, int], ...]:
    """Read `200-399` or `200,301` as inclusive ranges; raises ValueError for anything else."""
    ranges = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*([1-5]\d\d)(?:\s*-\s*([1-5]\d\d))?\s*", part)
        if not match:
            raise ValueError(f"{text!r} is no list of statuses; write it as 200-399 or 200,301")
        ranges.append((int(match[1]), int(match[2] or match[1])))
    return tuple(ranges)


async def probe_of(job: Job, options: PageOptions, expected: Expectation, limit_seconds: float | None = None) -> Probe:
    """Return the probe that the options ask for, secrets filled in.

    Raises:
        SourceError: a secret is not there.
    """
    headers, secrets = [], []
    for name, value in options.headers.items():
        text = value if isinstance(value, str) else await job.secret(value)
        headers.append((name, text))
        if not isinstance(value, str):
            # What follows a word as Bearer is the secret too.
            secrets += [text, *(part for part in text.split() if len(part) > 7)]
    return Probe(
        url=str(options.url or job.context.url),
        timeout_seconds=options.timeout_seconds,
        expected_status=status_ranges(options.expected_status),
        request=Request(method=options.method, headers=tuple(headers), body=options.body.encode()),
        expected=expected,
        limit_seconds=limit_seconds,
        max_redirects=options.max_redirects,
        is_private_allowed=options.allow_private_redirects,
        ip_version=options.ip_version,
        ca_file=str(job.base / options.ca_file) if options.ca_file else None,
        secrets=tuple(secrets),
    )
