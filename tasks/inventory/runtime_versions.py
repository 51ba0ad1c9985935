"""What PHP and the database say of their versions: `php -v`, the server's `--version`, or both as WordPress sees them.

wp eval 'echo json_encode(["php" => PHP_VERSION, "database" => $GLOBALS["wpdb"]->db_server_info()]);'
"""

from __future__ import annotations

import re

from tasks import runtimes
from tasks.errors import SourceError
from tasks.inventory_format import Inventory, Rejects, Source
from tasks.json_text import has_json, read_json, word

TITLE = "versions of PHP and of the database: php -v, mariadbd, mysqld or postgres --version, wp eval"
FILES = ("php-version.txt", "database-version.txt", "wordpress-runtime.json")
FILLS = "runtime"
VERSION = 2
_PHP = re.compile(r"^PHP \d", re.MULTILINE)


def detect(head: str) -> bool:
    """Say whether the text starts like one of them."""
    known = r"^(?:PHP \d|\S*(?:mysqld?|mariadbd?)\s+Ver \d|postgres \(PostgreSQL\)|\{\"php\":)"
    return bool(re.search(known, head, re.MULTILINE))


def read(text: str, source: Source) -> Inventory:
    """Return the runtimes.

    Raises:
        SourceError: it names no version of PHP or of a database that is known.
    """
    if not has_json(text, "{"):
        found = runtimes.php(text) if _PHP.search(text) else runtimes.database(text)
        if found is None:
            raise SourceError("it names no version of PHP, MariaDB, MySQL or PostgreSQL")
        return Inventory(runtimes=[found])
    answer, rejects = read_json(text, dict, "php", "database", command="wp eval"), Rejects()
    made = []
    for number, (key, parse) in enumerate((("php", runtimes.php), ("database", runtimes.database)), start=1):
        found = parse(word(answer, key))
        if found is None:
            rejects.add(number, f"names no version of its {key}", word(answer, key))
        else:
            made.append(found)
    return Inventory(runtimes=made, rejects=rejects.found)
