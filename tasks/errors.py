"""The errors of the collecting and reporting half; the whole tree is drawn in `warehouse.errors`."""

from __future__ import annotations

from warehouse.errors import UpkeepError

__all__ = ["ConfigurationError", "SourceError", "UpkeepError"]


class ConfigurationError(UpkeepError):
    """`sites.yaml`, a setting or a parameter is wrong; the text names file, line, key and what is allowed."""

    exit_code = 2


class SourceError(UpkeepError):
    """A source did not deliver. What it should have said is unknown, never fine."""

    def __init__(self, message: str, *, can_retry: bool = False) -> None:
        """Keep the sentence and whether asking again may help."""
        super().__init__(message)
        self.can_retry = can_retry
