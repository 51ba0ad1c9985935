"""Inventories and patch logs that the servers' own cron jobs drop: a folder of bundles, each taken once.

What a bundle and its manifest are: see `tasks.bundle`. The name of a file decides how it is read:

| file | command | what it gives |
|---|---|---|
| `core-version.txt` | `wp core version`, also with `--extra` | WordPress itself |
| `core-check-update.json` | `wp core check-update --format=json` | its updates |
| `plugin-list.json` | `wp plugin list --format=json` | plugins, must-use plugins and drop-ins, with their updates |
| `plugin-directory.json` | the same with `--fields=name,wporg_status,wporg_last_updated` | what wordpress.org closed |
| `theme-list.json` | `wp theme list --format=json` | themes, with their updates |
| `update-transients.json` | `wp eval`, below | the proof that the update server answered, and when |
| `dpkg-query.tsv` | see `tasks.inventory.dpkg_query` | installed packages |
| `apt-simulate.txt` | `LC_ALL=C apt-get -s dist-upgrade`, also `-s upgrade` | their updates |
| `apt-lists-mtime.txt` | `stat -c %Y /var/lib/apt/lists` | when apt last fetched its lists |
| `dpkg.log`, `.N`, `.N.gz` | `cat /var/log/dpkg.log` | every change, the truth |
| `apt-history.log`, `.N`, `.N.gz` | `cat /var/log/apt/history.log` | who asked for a change |
| `os-release` | `cat /etc/os-release` | the distribution, without which no advisory is matched |
| `php-version.txt` | `php -v` | the PHP of the command line |
| `database-version.txt` | `mariadbd`, `mysqld` or `postgres --version` | the database of this server |
| `wordpress-runtime.json` | see `tasks.inventory.runtime_versions` | PHP and database, as WordPress sees them |

Every other format of `tasks/inventory/` is read too, by the names in its `FILES`, also compressed and with a project's
name before it: `composer.lock`, `theme.package-lock.json`, `trivy.json.gz`. `upkeep formats` lists them.

Run `wp eval 'wp_clean_update_cache();'` first, so that what the transients hold is this check's answer, and last

    wp eval 'echo json_encode(["update_core" => get_site_transient("update_core"), "update_plugins" =>
        get_site_transient("update_plugins"), "update_themes" => get_site_transient("update_themes")]);'

An update server that was not reached means unknown, never current. A network of sites is listed once, not per site.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from tasks import bundle
from tasks.bundle_landing import VERSION, BundleOptions, describe, take
from tasks.contracts import Job, Outcome
from tasks.errors import SourceError

PARSER = f"patches_bundle/{VERSION}"


class Options(BundleOptions):
    """Inventories and patch logs that a cron job on the server drops as bundles."""

    folder: Path = Field(description="Drop folder of the server, relative to this file: one folder per bundle in it.")


async def collect(job: Job) -> Outcome:
    """Take every bundle that was not taken yet.

    Raises:
        SourceError: the drop folder can't be read.
    """
    return take(job, bundle.find_bundles(_folder(job)), PARSER)


async def check(job: Job) -> str:
    """Read the newest bundle and say what is in it.

    Raises:
        SourceError: there is no complete bundle, or the newest one can't be used.
    """
    bundles = bundle.find_bundles(_folder(job))
    if not bundles:
        raise SourceError(f"No complete bundle is in {_folder(job)}: mend folder, or wait for the first.")
    return describe(job, bundles)


def _folder(job: Job) -> Path:
    assert isinstance(job.options, Options)  # noqa: S101 - by kind
    return job.base / job.options.folder
