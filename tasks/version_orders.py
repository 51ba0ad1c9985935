r"""The orders of versions: one function each, from a version to text that sorts as it does.

Each returns None where the order is not defined for a version. Equal versions have equal keys.

| order | what it follows |
|---|---|
| `php` | https://www.php.net/manual/en/function.version-compare.php |
| `composer` | https://getcomposer.org/doc/articles/versions.md, as `Composer\Semver\VersionParser` normalises |
| `deb` | https://www.debian.org/doc/debian-policy/ch-controlfields.html#version |
| `rpm` | https://rpm-software-management.github.io/rpm/man/rpm-version.7 |
| `apk` | https://wiki.alpinelinux.org/wiki/Package_policies, as apk-tools compares |
| `semver` | https://semver.org/#spec-item-11 |
| `pep440` | https://packaging.python.org/en/latest/specifications/version-specifiers/ |
| `nuget` | https://learn.microsoft.com/en-us/nuget/concepts/package-versioning |
"""

from __future__ import annotations

import re

from packaging.version import InvalidVersion, Version

_WORD_END = "!"
"""Ends a word: it sorts before every character that a word can have, so that a word comes before a longer one."""

_PHP_RANKS = (("dev", "1"), ("a", "2"), ("b", "3"), ("RC", "4"), ("rc", "4"), ("p", "7"))
"""Rank of a word by its first letters, in the order in which PHP tries them."""
_PHP_UNKNOWN, _PHP_END, _PHP_NUMBER = "0", "5", "6"
_PHP_LARGEST = 2**63 - 1

_COMPOSER_SUFFIX = r"(?:[._-]?(?:(stable|beta|b|rc|alpha|a|patch|pl|p)((?:[.-]?\d+)*)?)?([.-]?dev)?)"
_COMPOSER = re.compile(rf"v?(\d{{1,5}})(\.\d+)?(\.\d+)?(\.\d+)?{_COMPOSER_SUFFIX}", re.IGNORECASE | re.ASCII)
_COMPOSER_DATE = re.compile(
    rf"v?(\d{{4}}(?:[.:-]?\d{{2}}){{1,6}}(?:[.:-]?\d{{1,3}}){{0,2}}){_COMPOSER_SUFFIX}", re.IGNORECASE | re.ASCII
)
_COMPOSER_BRANCH = re.compile(r"v?(\d+)((?:\.(?:\d+|[x*])){0,3})[.-]?dev", re.IGNORECASE | re.ASCII)
_COMPOSER_WORDS = {"a": "alpha", "b": "beta", "p": "patch", "pl": "patch", "rc": "RC"}
_COMPOSER_OPEN = ".9999999"
"""What `x` stands for: the branch 1.x comes after every version 1.n."""
_DRUPAL_CORE = re.compile(r"[5-9]\.x-(?=\d)")
"""Versions of modules named the core that they were made for, as 8.x-5.11; Composer knows them as 5.11.0."""

_DEB_VERSION = re.compile(r"(?:([0-9]+):)?+([A-Za-z0-9.+:~-]+)")
_DEB_BEFORE_END, _DEB_END = "!", "%"

_RPM_VERSION = re.compile(r"(?:([0-9]+):)?([^:\s-]+)(?:-([^:\s-]+))?")
_RPM_PART = re.compile(r"[0-9]+|[A-Za-z]+|~|\^")
_RPM_TILDE, _RPM_END, _RPM_CARET, _RPM_WORD, _RPM_NUMBER = "01234"

_APK_VERSION = re.compile(
    r"([0-9]+)((?:\.[0-9]+)*)([a-z]?)((?:_(?:alpha|beta|pre|rc|cvs|svn|git|hg|p)[0-9]*)*)(~[0-9a-f]+)?(?:-r([0-9]+))?"
)
_APK_SUFFIX = re.compile(r"_([a-z]+)([0-9]*)")
_APK_SUFFIXES = ("alpha", "beta", "pre", "rc", "", "cvs", "svn", "git", "hg", "p")
"""The empty one stands for the end: a release comes after its candidates and before its patches."""

_SEMVER = re.compile(
    r"[v=]?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z.-]*)?"
)
_NUGET = re.compile(
    r"([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?(?:\.([0-9]+))?(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z.-]*)?"
)


def _number(digits: str) -> str:
    """Return digits so that text order is number order: their count as one character, then themselves."""
    digits = digits.lstrip("0")
    return chr(ord("A") + len(digits)) + digits


def php_key(version: str) -> str | None:
    """Return the key in the order of PHP's `version_compare`, which WordPress uses."""
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


def composer_key(version: str) -> str | None:
    """Return the key in Composer's order; None for branches without a number, as dev-main."""
    version = version.strip().partition(" as ")[0].partition("@")[0]
    version = _DRUPAL_CORE.sub("", version, count=1) if _DRUPAL_CORE.match(version) else version
    version = version.partition("+")[0] if not version.startswith("+") else version
    if match := _COMPOSER.fullmatch(version):
        numbers = match[1] + "".join(match[group] or ".0" for group in (2, 3, 4))
        return php_key(numbers + _composer_suffix(match[5], match[6], match[7]))
    if match := _COMPOSER_DATE.fullmatch(version):
        return php_key(re.sub(r"\D", ".", match[1]) + _composer_suffix(match[2], match[3], match[4]))
    if match := _COMPOSER_BRANCH.fullmatch(version):
        parts = [_COMPOSER_OPEN if part in "xX*" else f".{part}" for part in match[2].split(".")[1:]]
        return php_key(match[1] + "".join([*parts, *[_COMPOSER_OPEN] * (3 - len(parts))]) + "-dev")
    return None


def _composer_suffix(word: str | None, number: str | None, dev: str | None) -> str:
    word = (word or "").lower()
    if word == "stable":
        return ""
    made = f"-{_COMPOSER_WORDS.get(word, word)}{(number or '').lstrip('.-')}" if word else ""
    return made + ("-dev" if dev else "")


def deb_key(version: str) -> str | None:
    """Return the key in the order of dpkg."""
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


def rpm_key(version: str) -> str | None:
    """Return the key of `[epoch:]version[-release]` in the order of rpm; without a release it comes first."""
    match = _RPM_VERSION.fullmatch(version)
    if not match or not version.isascii():
        return None
    return _number(match[1] or "") + _rpm_part(match[2]) + _rpm_part(match[3] or "")


def _rpm_part(text: str) -> str:
    made = ""
    for part in _RPM_PART.findall(text):
        if part == "~":
            made += _RPM_TILDE
        elif part == "^":
            made += _RPM_CARET
        else:
            made += _RPM_NUMBER + _number(part) if _is_digit(part[0]) else _RPM_WORD + part + _WORD_END
    return made + _RPM_END


def apk_key(version: str) -> str | None:
    """Return the key in the order of apk-tools, which Alpine uses."""
    match = _APK_VERSION.fullmatch(version)
    if not match:
        return None
    made = _number(match[1])
    for part in match[2].split(".")[1:]:
        # Numbers that start with zero are compared as text, and come before all that don't.
        made += f"9{part}{_WORD_END}" if part.startswith("0") else f"9{_number(part)}"
    made += f"8{match[3]}" if match[3] else "7"
    for word, digits in _APK_SUFFIX.findall(match[4]):
        made += f"{_APK_SUFFIXES.index(word)}{'1' + _number(digits) if digits else '0'}"
    end = str(_APK_SUFFIXES.index(""))
    return (
        made + end + (f"1{match[5]}{_WORD_END}" if match[5] else "0") + (f"1{_number(match[6])}" if match[6] else "0")
    )


def semver_key(version: str) -> str | None:
    """Return the key in the order of Semantic Versioning; numbers left out are zero, build data does not count."""
    match = _SEMVER.fullmatch(version)
    return None if not match else "".join(_number(match[group] or "") for group in (1, 2, 3)) + _pre_release(match[4])


def nuget_key(version: str) -> str | None:
    """Return the key in NuGet's order: four numbers, and the case of letters does not count."""
    match = _NUGET.fullmatch(version)
    if not match:
        return None
    return "".join(_number(match[group] or "") for group in (1, 2, 3, 4)) + _pre_release((match[5] or "").lower())


def _pre_release(text: str | None) -> str:
    """Return the key of what follows the hyphen: numbers before words, fewer parts before more, a release last."""
    if not text:
        return "1"
    parts = (f"1{_number(part)}" if part.isdigit() else f"2{part}{_WORD_END}" for part in text.split("."))
    return "0" + "".join(parts) + "0"


def pep440_key(version: str) -> str | None:
    """Return the key in the order of PEP 440; None for the legacy versions that it refuses."""
    try:
        parsed = Version(version)
    except InvalidVersion:
        return None
    release = re.sub(r"(?:\.0)+$", "", ".".join(map(str, parsed.release)))
    made = _number(str(parsed.epoch)) + "".join(f"1{_number(part)}" for part in release.split(".")) + "0"
    if parsed.pre:
        made += f"1{parsed.pre[0][0]}{_number(str(parsed.pre[1]))}"
    else:  # a development release of a version comes before the first alpha of it
        made += "0" if parsed.post is None and parsed.dev is not None else "2"
    made += "0" if parsed.post is None else f"1{_number(str(parsed.post))}"
    made += "1" if parsed.dev is None else f"0{_number(str(parsed.dev))}"
    local = (parsed.local or "").split(".") if parsed.local else ()
    parts = (f"2{_number(part)}" if part.isdigit() else f"1{part}{_WORD_END}" for part in local)
    return made + "".join(parts) + "0"
