"""A WordPress of the demo as WP-CLI lists it, with the answers of its update server."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from demo.scenario import ABANDONED, COMMON_PLUGINS, CORE_RELEASES, HELD_RELEASE, PLUGINS, Site

PATCHED_AFTER = timedelta(days=7)
"""Updates are applied each week, after the inventory: what one inventory offers, the next one has installed."""
DOWNLOADS = "https://downloads.example.com"
Releases = list[tuple[date, str]]


def files(site: Site, at: datetime) -> dict[str, tuple[str, str]]:
    """Return the WordPress files of an inventory: (command, content) by name."""
    day = at.date()
    core = [(date.fromisoformat(published), version) for published, version in CORE_RELEASES]
    version, offered = _installed(core, day), _offered(core, day)
    plugins = {name: _plugin(site, name, day) for name in sorted((*COMMON_PLUGINS, *site.plugins))}
    offers = [{"version": offered, "update_type": "minor", "package_url": f"{DOWNLOADS}/wordpress-{offered}.zip"}]
    transients = _transients(plugins, version, offered, int(at.timestamp()))
    return {
        "core-version.txt": ("wp core version", f"{version}\n"),
        "core-check-update.json": (
            "wp core check-update --format=json",
            _compact(offers if offered != version else []),
        ),
        "plugin-list.json": ("wp plugin list --format=json", _compact(_plugin_list(site, plugins))),
        "plugin-directory.json": (
            "wp plugin list --fields=name,version,wporg_status,wporg_last_updated --format=json",
            _compact([_listed(site, name, version, day) for name, (version, _) in plugins.items()]),
        ),
        "theme-list.json": ("wp theme list --format=json", _compact(_theme_list())),
        "update-transients.json": ("wp eval 'echo json_encode([...]);'", _php(json.dumps(transients, indent=4))),
    }


def releases(site: Site, name: str) -> Releases:
    """Return the releases of a plugin, oldest first: one every three to seven weeks."""
    version = PLUGINS[name]
    if name == site.held_plugin:
        return [(date(2026, 6, 1), version), (date.fromisoformat(HELD_RELEASE[0]), HELD_RELEASE[1])]
    if name in ABANDONED:
        return [(ABANDONED[name], version)]
    rng = np.random.default_rng([ord(letter) for letter in name])
    day, found = date(2026, 6, 1), [(date(2026, 6, 1), version)]
    while day < date(2026, 10, 1):
        day += timedelta(days=int(rng.integers(21, 50)))
        major, minor, patch = (int(part) for part in version.split("."))
        version = f"{major}.{minor}.{patch + 1}" if rng.random() < 0.7 else f"{major}.{minor + 1}.0"
        found.append((day, version))
    return found


def _installed(found: Releases, day: date) -> str:
    return _offered(found, day - PATCHED_AFTER)


def _offered(found: Releases, day: date) -> str:
    """Return the newest version that was published before the day; the first one where none was."""
    return ([version for published, version in found if published < day] or [found[0][1]])[-1]


def _plugin(site: Site, name: str, day: date) -> tuple[str, str]:
    """Return the installed and the newest version."""
    found = releases(site, name)
    return (PLUGINS[name] if name == site.held_plugin else _installed(found, day)), _offered(found, day)


def _plugin_list(site: Site, plugins: dict[str, tuple[str, str]]) -> list[dict[str, Any]]:
    rows = [
        {
            "name": name,
            "status": "inactive" if name in site.unused_plugins else "active",
            "update": "available" if newest != version else "none",
            "version": version,
            "update_version": newest if newest != version else "",
            "auto_update": "off",
        }
        for name, (version, newest) in plugins.items()
    ]
    unlisted: dict[str, Any] = {"update": False, "update_version": "", "auto_update": "off"}
    rows.append({"name": "agency-agent", "status": "must-use", "version": "0.3", **unlisted})
    rows.append({"name": "advanced-cache.php", "status": "dropin", "version": "", **unlisted})
    return rows


def _listed(site: Site, name: str, version: str, day: date) -> dict[str, str]:
    """Return what wordpress.org says of a plugin: that it is there, and when it last changed."""
    last = [published for published, _ in releases(site, name) if published < day][-1]
    return {"name": name, "version": version, "wporg_status": "active", "wporg_last_updated": last.isoformat()}


def _theme_list() -> list[dict[str, str]]:
    common = {"update": "none", "update_version": "", "auto_update": "off", "type": "block"}
    return [
        {"name": "northlight", "status": "active", "version": "3.2", **common},
        {"name": "twentytwentyfive", "status": "inactive", "version": "1.4", **common},
    ]


def _transients(plugins: dict[str, tuple[str, str]], version: str, offered: str, at: int) -> dict[str, Any]:
    """Return the three update transients; the server answered just before the inventory was made."""
    entries = {f"{name}/{name}.php": _answer(name, newest) for name, (_, newest) in plugins.items()}
    is_old = {f"{name}/{name}.php": newest != installed for name, (installed, newest) in plugins.items()}
    themes = {"northlight": "3.2", "twentytwentyfive": "1.4"}
    return {
        "update_core": {
            "updates": [_core_answer(offered, "latest" if offered == version else "autoupdate")],
            "last_checked": at - 41,
            "version_checked": version,
            "translations": [],
        },
        "update_plugins": {
            "last_checked": at - 38,
            "response": {key: entry for key, entry in entries.items() if is_old[key]} or [],
            "translations": [],
            "no_update": {key: entry for key, entry in entries.items() if not is_old[key]},
            "checked": {f"{name}/{name}.php": installed for name, (installed, _) in plugins.items()},
        },
        "update_themes": {
            "last_checked": at - 36,
            "checked": themes,
            "response": [],
            "no_update": {name: _theme_answer(name, number) for name, number in themes.items()},
            "translations": [],
        },
    }


def _core_answer(version: str, response: str) -> dict[str, Any]:
    url = f"{DOWNLOADS}/wordpress-{version}.zip"
    return {
        "response": response,
        "download": url,
        "locale": "en_US",
        "packages": {"full": url, "no_content": "", "new_bundled": "", "partial": "", "rollback": ""},
        "current": version,
        "version": version,
        "php_version": "7.2.24",
        "mysql_version": "5.5.5",
        "new_bundled": "6.7",
        "partial_version": "",
    }


def _answer(name: str, version: str) -> dict[str, Any]:
    return {
        "id": f"w.org/plugins/{name}",
        "slug": name,
        "plugin": f"{name}/{name}.php",
        "new_version": version,
        "url": f"https://wordpress.org/plugins/{name}/",
        "package": f"{DOWNLOADS}/{name}.{version}.zip",
        "icons": [],
        "banners": [],
        "banners_rtl": [],
        "requires": "6.0",
        "tested": "6.9.4",
        "requires_php": "7.4",
    }


def _theme_answer(name: str, version: str) -> dict[str, str]:
    return {
        "theme": name,
        "new_version": version,
        "url": f"https://wordpress.org/themes/{name}/",
        "package": f"{DOWNLOADS}/{name}.{version}.zip",
        "requires": "6.1",
        "requires_php": "7.4",
    }


def _compact(value: Any) -> str:
    return _php(json.dumps(value, separators=(",", ":")))


def _php(text: str) -> str:
    """Return JSON as PHP writes it, with escaped slashes."""
    return text.replace("/", "\\/")
