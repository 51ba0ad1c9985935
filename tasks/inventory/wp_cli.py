"""What WP-CLI prints: core version, core updates, plugins, themes, and the update transients.

Formats as of WP-CLI 2 and 3. Warnings of PHP may stand before the JSON, on the same stream and with exit status 0.

Why the transients are needed: `wp core check-update` prints `[]`, and a plugin list says `none`, both when all is
current and when the update server was not reached. WordPress writes `last_checked` before it asks, so that time alone
proves nothing either; only what an answer leaves behind does. After `wp eval 'wp_clean_update_cache();'` it can only
be left by an answer of this very check.
https://developer.wordpress.org/reference/functions/wp_update_plugins/
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from tasks.errors import SourceError
from tasks.inventory_format import Inventory, Source, component
from tasks.json_text import read_json, word
from tasks.log_files import LineReject

TITLE = "WordPress: wp core version, wp plugin list or wp theme list --format=json"
FILES: tuple[str, ...] = ()  # read together: see tasks.patch_wordpress
FILLS = "component_observation"
VERSION = 2

_CORE_VERSION = re.compile(r"(?:WordPress version:\s*)?(\d{1,4}(?:\.\d{1,4})+(?:[-.+][\w.+-]{1,40})?)", re.ASCII)
_NO_LISTS = {
    "the update transients say what is offered, not what is installed; they are read in a bundle, beside the lists": (
        r'"update_(?:core|plugins|themes)"\s*:'
    ),
    "`wp core check-update` says what is offered, not what is installed; it is read in a bundle, beside the version": (
        r'"update_type"\s*:'
    ),
    "this is a table; run the command with --format=json": r"^\W{0,3}name\s*[,\t|]\s*status\b",
}
"""What WP-CLI prints and is no list or version, by what to say of it."""


@dataclass(frozen=True, slots=True)
class CoreOffer:
    """A version of WordPress on offer; `update_type` is minor or major."""

    version: str
    update_type: str


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of `wp plugin list` or `wp theme list`; `update` is WP-CLI's word, `update_version` empty where none.

    `directory_state` is listed or closed where wordpress.org is proved to have answered about it.
    """

    name: str
    status: str
    version: str
    update: str
    update_version: str
    is_auto_update: bool | None
    directory_state: str | None = None
    directory_updated_date: date | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the update server last answered about core, plugins or themes.

    `offered` has the version offered by component; of core, which can have several, each stands under itself.
    `current` has the components that it knows to be current; None where WordPress keeps no such list (before 5.5), so
    that every component not offered counts as current.
    """

    answered_at: datetime
    offered: Mapping[str, str] = field(default_factory=dict)
    current: frozenset[str] | None = None

    def covers(self, name: str) -> bool:
        """Say whether the server knows the component at all: it is silent about premium and unpublished ones."""
        return self.current is None or name in self.current or name in self.offered


def detect(head: str) -> bool:
    """Say whether the text starts like an output of WP-CLI."""
    return bool(re.search(r'"update_version"|"auto_update"|^WordPress version:', head, re.MULTILINE))


def read(text: str, source: Source) -> Inventory:
    """Return what one output says alone: without the transients no component is proved to be current.

    A list is of plugins, unless the name of its file starts with `theme`.

    Raises:
        SourceError: it is no output of WP-CLI.
    """
    if other := next((name for name, looks in _NO_LISTS.items() if re.search(looks, text, re.MULTILINE)), None):
        raise SourceError(other)
    try:
        listed, rejects = component_list(text)
    except SourceError:
        return Inventory([component("wordpress-core", "wordpress", core_version(text))])
    ecosystem = "wordpress-theme" if source.file.startswith("theme") else "wordpress-plugin"
    components = [
        component(
            ecosystem,
            item.name,
            item.version,
            offer=item.update_version,
            status=item.status or None,
            is_auto_update=item.is_auto_update,
        )
        for item in listed
    ]
    return Inventory(components, rejects=rejects)


def core_version(text: str) -> str:
    """Return the version from `wp core version`, plain or `--extra`.

    Raises:
        SourceError: no line is one.
    """
    for line in text.split("\n"):
        if match := _CORE_VERSION.fullmatch(line.strip("\ufeff \t\r")):
            return match[1]
    raise SourceError(
        "it is neither a version of WordPress nor a whole JSON list; run `wp core version`, or `wp plugin list` or"
        " `wp theme list` with --format=json"
    )


def core_offers(text: str) -> list[CoreOffer]:
    """Return what `wp core check-update --format=json` lists; an empty list proves nothing.

    Raises:
        SourceError: it is not a JSON list of objects with a version.
    """
    offers = []
    for item in read_json(text, list):
        if not isinstance(item, dict) or not isinstance(item.get("version"), str):
            raise SourceError("an update has no version; run `wp core check-update --format=json`")
        offers.append(CoreOffer(item["version"], str(item.get("update_type"))))
    return offers


def component_list(text: str) -> tuple[list[Listed], list[LineReject]]:
    """Return the entries of `wp plugin list` or `wp theme list` with `--format=json`, and those that are none.

    Raises:
        SourceError: it is not a JSON list.
    """
    listed, rejects = [], []
    for number, item in enumerate(read_json(text, list), start=1):
        name = item.get("name") if isinstance(item, dict) else None
        if not isinstance(name, str) or not name:
            rejects.append(LineReject(None, f"entry {number} of the list has no name", str(item)))
            continue
        listed.append(
            Listed(
                name=name,
                status=word(item, "status"),
                version=word(item, "version"),
                update=word(item, "update"),
                update_version=word(item, "update_version"),
                is_auto_update={"on": True, "off": False}.get(word(item, "auto_update")),
                directory_state=_directory_state(item),
                directory_updated_date=_day(word(item, "wporg_last_updated")),
            )
        )
    return listed, rejects


def _directory_state(item: Mapping[str, Any]) -> str | None:
    """Return what wordpress.org says of a plugin.

    WP-CLI says `closed` of every plugin where the directory was not reached; only the day of the last change, which
    comes from there too, proves that it was.
    """
    if word(item, "wporg_status") == "active":
        return "listed"
    return "closed" if word(item, "wporg_status") == "closed" and _day(word(item, "wporg_last_updated")) else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def update_answers(text: str) -> dict[str, Answer]:
    """Return the answers kept in the site transients, by `core`, `plugins` and `themes`; no answer, no entry.

    The text is one JSON object with the keys update_core, update_plugins and update_themes.

    Raises:
        SourceError: it is not a JSON object.
    """
    transients = read_json(text, dict)
    answers: dict[str, Answer] = {}
    for kind in ("core", "plugins", "themes"):
        transient = transients.get(f"update_{kind}")
        checked_at = _time(transient.get("last_checked")) if isinstance(transient, dict) else None
        if checked_at is None:
            continue
        if kind == "core":
            # An answer always lists something: the installed version itself when there is nothing newer.
            if offered := _core_versions(transient):
                answers[kind] = Answer(checked_at, offered)
        elif "response" in transient:
            is_kept = "no_update" in transient
            offered, current = _versions(transient, "response", kind), _versions(transient, "no_update", kind)
            answers[kind] = Answer(checked_at, offered, frozenset(current) if is_kept else None)
    return answers


def _core_versions(transient: Mapping[str, Any]) -> dict[str, str]:
    """Return the versions of WordPress that an answer lists, each under itself."""
    updates = transient.get("updates")
    items = updates if isinstance(updates, list) else []
    versions = [word(item, "version") for item in items if isinstance(item, dict)]
    return {version: version for version in versions if version}


def _versions(transient: Mapping[str, Any], key: str, kind: str) -> dict[str, str]:
    """Return new versions by component; PHP writes an empty map as a list."""
    entries = transient.get(key)
    if not isinstance(entries, dict):
        return {}
    return {
        _plugin_name(file) if kind == "plugins" else file: word(entry, "new_version")
        for file, entry in entries.items()
        if isinstance(entry, dict)
    }


def _plugin_name(file: str) -> str:
    """Return a plugin's name as WP-CLI does: its folder, or for a single file the name without .php."""
    folder, slash, _ = file.partition("/")
    return folder if slash else file.removesuffix(".php")


def _time(value: object) -> datetime | None:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 1 << 33:
        return None
    return datetime.fromtimestamp(value, UTC)
