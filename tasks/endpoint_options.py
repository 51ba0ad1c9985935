"""What `sites.yaml` may say of a host and port, and the endpoint that it names: shared by the checks below HTTP."""

from __future__ import annotations

from pydantic import Field

from tasks.checks import CheckOptions, IpVersion
from tasks.contracts import Context
from tasks.probe_tcp import Endpoint


class EndpointOptions(CheckOptions):
    """A host and a port."""

    host: str = Field(default="", max_length=253, description="Host; that of the home page when left out.")
    port: int = Field(ge=1, le=65_535, description="Port.")
    ip_version: IpVersion | None = Field(default=None, description="4 or 6 to check over that one only.")

    def endpoint(self, context: Context) -> Endpoint:
        """Return where to connect to."""
        return Endpoint(
            host=self.host or context.host,
            port=self.port,
            timeout_seconds=self.timeout_seconds,
            ip_version=self.ip_version,
        )
