"""Find the programs that audits run: node, Lighthouse and axe-core of `tasks/audit_tools/`, Chromium.

What is missing is one sentence with the way to mend it: nothing is downloaded behind anybody's back.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from tasks import journey_browser
from tasks.errors import SourceError
from tasks.journey_run import StepError

FOLDER = Path(__file__).parent / "audit_tools"
INSTALL = f"npm ci --ignore-scripts --prefix {FOLDER}"


class MissingProgramError(SourceError):
    """A program is not installed. `cause` is no_tool or no_browser, as in `tasks.audits.CAUSES`."""

    def __init__(self, cause: str, message: str) -> None:
        """Keep the cause and the sentence."""
        super().__init__(message)
        self.cause = cause


@dataclass(frozen=True, slots=True)
class Package:
    """A pinned npm package as it is installed."""

    file: Path
    version: str


def node() -> str:
    """Return the path of node.

    Raises:
        MissingProgramError: there is none.
    """
    found = shutil.which("node") or shutil.which("nodejs")
    if found is None:
        raise MissingProgramError(
            "no_tool", f"Node is not installed here: install the packages nodejs and npm, then run: {INSTALL}"
        )
    return found


def lighthouse(folder: Path = FOLDER) -> Package:
    """Return the command-line program of Lighthouse, to be run by node.

    Raises:
        MissingProgramError: it is not installed.
    """
    return _package(folder, "lighthouse", "cli/index.js", "Lighthouse")


def axe(folder: Path = FOLDER) -> Package:
    """Return axe-core as one script, to be evaluated in a page.

    Raises:
        MissingProgramError: it is not installed.
    """
    return _package(folder, "axe-core", "axe.min.js", "axe-core")


def chromium(given: str | None = None) -> str:
    """Return the path of the Chromium to start: the one given, else the first that is installed.

    Raises:
        MissingProgramError: there is none.
    """
    try:
        return journey_browser.browser_file(given or os.environ.get("CHROME_PATH"))
    except StepError as error:
        raise MissingProgramError("no_browser", str(error)) from None


def _package(folder: Path, name: str, file: str, title: str) -> Package:
    home = folder / "node_modules" / name
    try:
        version = json.loads((home / "package.json").read_text(encoding="utf-8"))["version"]
    except (OSError, ValueError, KeyError):
        raise MissingProgramError("no_tool", f"{title} is not installed here: run: {INSTALL}") from None
    return Package(home / file, str(version))
