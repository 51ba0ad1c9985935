"""Order versions as the software that carries them does.

`sort_key` turns a version into text whose byte order is the version order, so that Python and SQL compare versions
without knowing them. Two orders are kept: PHP's `version_compare`, which WordPress uses, and that of dpkg.

https://www.php.net/manual/en/function.version-compare.php
https://www.debian.org/doc/debian-policy/ch-controlfields.html#version
"""

from __future__ import annotations

import re
from collections.abc import Callable

LONGEST = 200
"""Characters of a version at most: longer ones are no versions."""

_PHP_RANKS = (("dev", "1"), ("a", "2"), ("b", "3"), ("RC", "4"), ("rc", "4"), ("p", "7"))
"""Rank of a word by its first letters, in the order in which PHP tries them."""
_PHP_UNKNOWN, _PHP_END, _PHP_NUMBER = "0", "5", "6"
_PHP_LARGEST = 2**63 - 1

_DEB_VERSION = re.compile(r"(?:([0-9]+):)?+([A-Za-z0-9.+:~-]+)")
_DEB_BEFORE_END, _DEB_END = "!", "%"


def sort_key(ecosystem: str, version: str) -> str | None:
    """Return text that sorts as the version does among those of its ecosystem; None where its order is not defined.

    Equal versions have equal keys: `1.0` and `1.00`, or for dpkg `1.0` and `1.0-0`.
    """
    order = _ORDERS.get(ecosystem)
    return order(version) if order and len(version) <= LONGEST else None


def is_newer(ecosystem: str, version: str, than: str) -> bool | None:
    """Say whether `version` comes after `than`; None where either has no order."""
    left, right = sort_key(ecosystem, version), sort_key(ecosystem, than)
    return None if left is None or right is None else left > right


def _number(digits: str) -> str:
    """Return digits so that text order is number order: their count as one character, then themselves."""
    digits = digits.lstrip("0")
    return chr(ord("A") + len(digits)) + digits


def _php_key(version: str) -> str | None:
    # PHP ranks '#' as a number, and then its order is no order any more.
    if not version or "#" in version:
        return None
    return "".join(map(_php_token, _php_canonical(version).split("."))) + _PHP_END


def _php_token(token: str) -> str:
    if _is_digit(token[:1]):
        return _PHP_NUMBER + _number(str(min(int(token), _PHP_LARGEST)))
    return next((rank for prefix, rank in _PHP_RANKS if token.startswith(prefix)), _PHP_UNKNOWN)


def _php_canonical(version: str) -> str:
    """Put a dot for each separator and between digits and letters, as `php_canonicalize_version` does."""
    made = last = version[0]
    for char in version[1:]:
        dot = "" if made[-1] == "." else "."
        if char in "-_+":
            made += dot
        elif (_is_word(last) and last not in "-_+" and _is_digit(char)) or (_is_digit(last) and _is_word(char)):
            made += dot + char
        elif char.isascii() and char.isalnum():
            made += char
        else:
            made += dot
        last = char
    return made


def _is_digit(char: str) -> bool:
    return "0" <= char <= "9"


def _is_word(char: str) -> bool:
    return not _is_digit(char) and char != "."


def _deb_key(version: str) -> str | None:
    match = _DEB_VERSION.fullmatch(version)
    if not match:
        return None
    if match[1] is None and ":" in version:
        return None
    upstream, _, revision = match[2].rpartition("-") if "-" in match[2] else (match[2], "", "0")
    if not upstream or not revision:
        return None
    return _number(match[1] or "") + _deb_part(upstream) + _deb_part(revision)


def _deb_part(text: str) -> str:
    """Return the key of upstream version or revision: words and numbers take turns, `~` comes before the end."""
    made = ""
    for word, digits in re.findall(r"([^0-9]*)([0-9]*)", text):
        if word or digits:
            made += "".join(map(_deb_char, word)) + _DEB_END + _number(digits)
    return made + _DEB_END


def _deb_char(char: str) -> str:
    if char == "~":
        return _DEB_BEFORE_END
    return char if char.isalpha() else chr(0x100 + ord(char))


_ORDERS: dict[str, Callable[[str], str | None]] = {
    "wordpress-core": _php_key,
    "wordpress-plugin": _php_key,
    "wordpress-theme": _php_key,
    "deb": _deb_key,
}
