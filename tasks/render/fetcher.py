"""The only things that a report may load: our style sheet, fonts and art, and the agency's logo, all from memory.

Everything else is refused, and a refusal fails the report: nothing that renders may fetch.
"""

from __future__ import annotations

from collections.abc import Mapping

from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from warehouse.errors import UpkeepError

SCHEME = "asset:"


class RenderError(UpkeepError):
    """A report could not be rendered."""


class AssetFetcher(URLFetcher):  # type: ignore[misc]  # WeasyPrint has no types
    """Serves `asset:<name>` out of a mapping of name to (bytes, media type); keeps the list of what it refused."""

    def __init__(self, assets: Mapping[str, tuple[bytes, str]]) -> None:
        super().__init__(allowed_protocols=())
        self._assets = assets
        self.refused: list[str] = []

    def fetch(self, url: str, headers: Mapping[str, str] | None = None) -> URLFetcherResponse:
        """Return an asset.

        Raises:
            FatalURLFetchingError: for anything else; it stops the rendering.
        """
        name = url.removeprefix(SCHEME)
        if url.startswith(SCHEME) and name in self._assets:
            body, media_type = self._assets[name]
            return URLFetcherResponse(url, body, {"Content-Type": media_type})
        self.refused.append(url[:120])
        raise FatalURLFetchingError(f"refused to load {url[:120]}")
