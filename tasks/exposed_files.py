"""Files that should not be there for visitors, proved by what they hold: many sites answer 200 to any address.

Asked for only where a site opted in (`exposed_files: true`). What they hold is read to tell, and never kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tasks.posture_tests import host_of, site_of
from tasks.site_fetch import Asking, Fetched, fetch
from tasks.words import mark

_SETTING = rb"(?im)^\s*(?:export\s+)?[A-Z][A-Z0-9_]*(?:PASS(?:WORD)?|SECRET|KEY|TOKEN|HOST|URL|DSN)[A-Z0-9_]*\s*="
_DUMP = rb"(?i)-- (?:MySQL|MariaDB|PostgreSQL) (?:database )?dump|(?m:^(?:CREATE TABLE|INSERT INTO) [`\"\w])"
_ZIP, _GZIP = rb"\APK\x03\x04", rb"\A\x1f\x8b\x08"
_WORDPRESS = rb"define\(\s*['\"]DB_PASSWORD['\"]"

FILES: tuple[tuple[str, bytes, str], ...] = (
    ("/.git/HEAD", rb"\Aref: refs/|\A[0-9a-f]{40}\s*\Z", mark("the source code with its history can be fetched")),
    (
        "/.git/config",
        rb"(?m)\A\s*\[(?:core|remote|user|include)",
        mark("the source code with its history can be fetched"),
    ),
    ("/.svn/wc.db", rb"\ASQLite format 3\x00", mark("the source code can be fetched")),
    ("/.env", _SETTING, mark("settings with passwords can be read")),
    ("/.env.local", _SETTING, mark("settings with passwords can be read")),
    ("/.env.production", _SETTING, mark("settings with passwords can be read")),
    ("/wp-config.php.bak", _WORDPRESS, mark("the password of the database can be read")),
    ("/wp-config.php.old", _WORDPRESS, mark("the password of the database can be read")),
    ("/wp-config.php~", _WORDPRESS, mark("the password of the database can be read")),
    ("/.wp-config.php.swp", rb"\Ab0VIM", mark("the password of the database can be read")),
    ("/backup.zip", _ZIP, mark("a backup can be fetched")),
    ("/backup.tar.gz", _GZIP, mark("a backup can be fetched")),
    ("/backup.sql", _DUMP, mark("a backup of the database can be fetched")),
    ("/backup.sql.gz", _GZIP, mark("a backup of the database can be fetched")),
    ("/dump.sql", _DUMP, mark("a backup of the database can be fetched")),
    ("/{name}.zip", _ZIP, mark("a backup can be fetched")),
    ("/{name}.sql", _DUMP, mark("a backup of the database can be fetched")),
    ("/{name}.tar.gz", _GZIP, mark("a backup can be fetched")),
    (
        "/wp-content/debug.log",
        rb"(?m)^\[\d\d-\w{3}-\d{4} [\d:]+ [^\]]+\] ",
        mark("errors with paths and data can be read"),
    ),
    ("/phpinfo.php", rb"<title>(?:PHP [\d.]+ - )?phpinfo\(\)", mark("the settings of the server can be read")),
    ("/info.php", rb"<title>(?:PHP [\d.]+ - )?phpinfo\(\)", mark("the settings of the server can be read")),
    ("/.DS_Store", rb"\A\x00\x00\x00\x01Bud1", mark("the names of files can be read")),
    ("/readme.html", rb"(?i)<title>WordPress &#8250; ReadMe", mark("it tells that this is WordPress")),
)
"""Path, proof that the content is what the name says, and what follows. `{name}` is the site's own."""
BYTES = 64 << 10
"""What of a file is looked at."""


def paths(url: str) -> Iterator[tuple[str, bytes, str]]:
    """Yield the files that are asked for at a site."""
    name = site_of(host_of(url)).split(".")[0]
    for path, proof, meaning in FILES:
        yield path.format(name=name), proof, meaning


async def exposed(origin: str, asking: Asking) -> list[tuple[str, str, str]]:
    """Return (path, outcome, detail) for each file: found, not_found or not_known.

    `origin` is the address of the site without a path.
    """
    told = []
    for path, proof, meaning in paths(origin):
        answer = await fetch(origin + path, asking, headers=(("Range", f"bytes=0-{BYTES - 1}"),))
        told.append((path, *_judged(answer, proof, meaning)))
    return told


def _judged(answer: Fetched, proof: bytes, meaning: str) -> tuple[str, str]:
    if answer.response is None:
        return "not_known", answer.message
    status = answer.response.status
    if status in (200, 206) and re.search(proof, answer.data[:BYTES]):
        return "found", meaning
    if status in (429, 500, 502, 503, 504):
        return "not_known", f"the server answered {status}"
    return "not_found", f"the server answered {status}" if status != 200 else "what is answered is no such file"
