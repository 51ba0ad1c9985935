"""What `sites.yaml` may say of an S3-compatible bucket, and the bucket that it names: shared by what reads from one."""

from __future__ import annotations

from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from tasks.buckets import Bucket
from tasks.contracts import Job, OpenUrl, SecretReference, SourceOptions


class BucketOptions(SourceOptions):
    """A bucket and who may read it."""

    bucket: str = Field(pattern=r"^[^/\s]+$", description="Bucket.")
    region: str = Field(default="us-east-1", description="Region of the bucket; auto for R2.")
    endpoint: OpenUrl | None = Field(default=None, description="Address of the service where it is not AWS.")
    addressing: Literal["path", "virtual"] = Field(
        default="path", description="How a service of yours names the bucket: in the path or in the host."
    )
    access_key: SecretReference | None = Field(
        default=None, description="Access key id; AWS's own chain (environment, profile, role) when left out."
    )
    secret_key: SecretReference | None = Field(default=None, description="Secret access key.")

    @model_validator(mode="after")
    def _both_keys(self) -> BucketOptions:
        if (self.access_key is None) != (self.secret_key is None):
            raise ValueError("give both access_key and secret_key, or none of them")
        return self


async def open_bucket(job: Job, options: BucketOptions) -> Bucket:
    """Return the bucket; nothing is asked of it yet.

    Raises:
        SourceError: a secret is not there.
    """
    from pyarrow import fs

    more: dict[str, Any] = {"connect_timeout": 10, "request_timeout": 60, "region": options.region}
    if options.endpoint:
        parts = urlsplit(str(options.endpoint))
        more |= {"endpoint_override": parts.netloc, "scheme": parts.scheme}
        more |= {"force_virtual_addressing": options.addressing == "virtual"}
    if options.access_key and options.secret_key:
        more |= {"access_key": await job.secret(options.access_key), "secret_key": await job.secret(options.secret_key)}
    secrets = [more[name] for name in ("access_key", "secret_key") if name in more]
    return Bucket(fs.S3FileSystem(**more), options.bucket, secrets)
