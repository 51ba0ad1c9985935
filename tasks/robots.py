"""robots.txt (RFC 9309): which addresses may be asked, and what is wrong with the file itself.

Rules are matched in time that grows with their length: a pattern of stars must not hold us up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

TOKEN = "site-upkeep"  # noqa: S105 - the name by which robots.txt speaks of us
ROBOTS_CHARACTERS = 500 << 10
"""What is read of the file: what the RFC asks for at least."""
RULES = 5000
PROBLEMS = 20
_KNOWN = (
    "user-agent",
    "allow",
    "disallow",
    "sitemap",
    "crawl-delay",
    "host",
    "clean-param",
    "noindex",
    "content-signal",
)


@dataclass(frozen=True, slots=True)
class Robots:
    """What a robots.txt says to us. `rules` are (is_allowed, pattern)."""

    rules: Sequence[tuple[bool, str]] = ()
    sitemaps: Sequence[str] = ()
    crawl_delay: float | None = None
    problems: Sequence[str] = ()
    """What in it is no robots.txt, in words."""
    is_all_closed: bool = False
    """Whether it closes the whole site to every crawler that it does not name."""

    def allows(self, url: str) -> bool:
        """Tell whether an address may be asked: the longest pattern that matches decides, and allow wins a tie."""
        parts = urlsplit(url)
        path = _plain(parts.path or "/") + (f"?{_plain(parts.query)}" if parts.query else "")
        found = [(len(pattern), is_allowed) for is_allowed, pattern in self.rules if matches(pattern, path)]
        return max(found)[1] if found else True


EVERYTHING = Robots()
NOTHING = Robots(rules=((False, "/"),))


def read(text: str) -> Robots:
    """Read the file."""
    reader = _Reader()
    for number, line in enumerate(text[:ROBOTS_CHARACTERS].lstrip("\ufeff").splitlines(), start=1):
        name, colon, value = line.partition("#")[0].partition(":")
        if name.strip():
            problem = reader.take(name.strip().lower() if colon else "", value.strip(), line)
            if problem and len(reader.problems) < PROBLEMS:
                reader.problems.append(f"line {number} {problem}")
    return reader.robots()


class _Reader:
    """What the lines have said so far."""

    def __init__(self) -> None:
        self.groups: dict[str, list[tuple[bool, str]]] = {}
        self.delays: dict[str, float] = {}
        self.sitemaps: list[str] = []
        self.problems: list[str] = []
        self.agents: list[str] = []
        self.is_in_rules, self.count = False, 0

    def take(self, name: str, value: str, line: str) -> str:
        """Take one line; return what is wrong with it, in words."""
        if name not in _KNOWN:
            return f"is no rule: {line.strip()[:60]}"
        if name == "sitemap":
            self.sitemaps.append(value)
        elif name == "user-agent":
            self.agents = [value.lower()] if self.is_in_rules else [*self.agents, value.lower()]
            self.is_in_rules = False
            self.groups.setdefault(value.lower(), [])
        elif name in ("allow", "disallow", "crawl-delay"):
            if not self.agents:
                return "stands before any user-agent"
            self._rule(name, value)
        return ""

    def _rule(self, name: str, value: str) -> None:
        self.is_in_rules = True
        for agent in self.agents:
            if name == "crawl-delay":
                self.delays[agent] = _seconds(value)
            elif value and self.count < RULES:
                self.count += 1
                self.groups[agent].append((name == "allow", _plain(value)))

    def robots(self) -> Robots:
        group = TOKEN if TOKEN in self.groups else "*"
        everybody = self.groups.get("*", [])
        return Robots(
            rules=tuple(self.groups.get(group, ())),
            sitemaps=tuple(self.sitemaps),
            crawl_delay=self.delays.get(group),
            problems=tuple(self.problems),
            is_all_closed=(False, "/") in everybody and not any(is_allowed for is_allowed, _ in everybody),
        )


def matches(pattern: str, path: str) -> bool:
    """Tell whether a pattern with `*` and a last `$` matches the start of a path."""
    is_whole = pattern.endswith("$")
    first, *rest = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    if not rest:
        return not is_whole or path == first
    at = len(first)
    for part in rest[:-1]:
        found = path.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    last = rest[-1]
    return (path.endswith(last) and len(path) - len(last) >= at) if is_whole else path.find(last, at) >= 0


def _plain(text: str) -> str:
    """Return a path as both sides write it: %7e and ~ are one."""
    return quote(unquote(text), safe="/*$?=&;,:@!'()+~%")


def _seconds(text: str) -> float:
    try:
        return max(0.0, min(float(text), 3600.0))
    except ValueError:
        return 0.0
