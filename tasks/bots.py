"""Say which bot a User-Agent names, by the kept list of `crawler-user-agents` and a short one of our own.

The list: https://github.com/monperrus/crawler-user-agents (MIT). It says which programs name themselves; its tags say
what for, but loosely (`seo` is also what nobody knew better): a class is given where the words of the list bear it out.

What a program says of itself is a claim: whether it is true is `tasks.bot_identity`'s question. A program that poses as
a browser, one without a User-Agent and one whose text names nobody is no bot here, but null: unknown.
"""

from __future__ import annotations

import functools
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tasks.bot_list import BEARS_OUT, CLOSER, NAMES, NARROWER, OWN_LIBRARIES, OWN_NAMES, PEOPLE, TAGS

_SELF = (
    # Google names what it runs so; https://developers.google.com/crawling/docs/crawlers-fetchers/overview-google-crawlers
    re.compile(r"\b(Google-[A-Z][A-Za-z-]{1,30}|DuplexWeb-Google)\b"),
    # Who calls itself so and is in no list; a name ends before a slash, a blank or a bracket.
    re.compile(
        r"\b(?!(?:cubot|robot)\b)((?:[a-z0-9][a-z0-9_-]{0,29})?(?:bot|crawler|spider|scraper|scanner|fetcher))\b",
        re.IGNORECASE,
    ),
    # A bot tells where to complain: "compatible; Name/1.0; +https://...", "Name/1.0 (+https://...)".
    re.compile(r"compatible; ([A-Za-z][A-Za-z0-9_-]{1,30})(?:/[^;()]{1,20})?; ?\+? ?https?://"),
    re.compile(r"^(?!Mozilla/|Opera/)([A-Za-z][A-Za-z0-9_-]{1,30})[^()]{0,40}\(\+? ?https?://"),
    # No browser of this century is "compatible" in this place, but for two.
    re.compile(r"^Mozilla/5\.0 \(compatible; (?!MSIE |Konqueror/)([A-Za-z][A-Za-z0-9_-]{2,30})[/;) ]"),
)
_SELF_WORDS = ("bot", "crawl", "spider", "scra", "scan", "fetch", "http", "google", "/5.0 (compatible; ")
"""One of them is in what any of these patterns matches."""
# What Android says of the telephone: its maker chose "Spider 8", "M bot 54" and "Expanse".
_DEVICE = re.compile(r"^([^()]{0,40}\(Linux; (?:\w+; )*Android)(?![^()]*Google)(?:[^()]|\([^()]*\))*\)")
_NAME = re.compile(r"[^A-Za-z0-9 ._+-]+")
_GRAM = 4


@dataclass(frozen=True, slots=True)
class Bot:
    """A bot as its User-Agent names it: `bot_class` is search, ai, seo, monitoring, scanner, library or other."""

    bot_class: str
    bot_name: str


@dataclass(frozen=True, slots=True)
class _Known:
    source: str
    literal: str
    bot_class: str
    name: str = ""
    """Where what it matches is no name."""
    instances: tuple[str, ...] = ()

    @property
    def pattern(self) -> re.Pattern[str]:
        """Return the pattern, compiled when it is first needed: of 1,600 a log needs a few dozen."""
        return _compiled(self.source)

    def spelling(self, name: str) -> str:
        """Return the one spelling of a name that it matched."""
        return self.name or _spellings(self.source, self.instances).get(name.lower(), name)


@functools.lru_cache(maxsize=65_536)
def bot_of(user_agent: str | None) -> Bot | None:
    """Return the bot that a User-Agent names, or None for a browser, an empty one and anything else.

    The name is plain text of at most 40 characters, whatever was sent, and one bot has one spelling.
    """
    if not user_agent:
        return None
    text = _DEVICE.sub(r"\1)", user_agent[:1000])
    lower = text.lower()
    found = [(known, match) for known in _candidates(lower) if (match := known.pattern.search(text))]
    if found:
        # Where two match, the longer name is the closer one; the library that a bot uses says least.
        known, match = max(found, key=lambda item: (item[0].bot_class != "library", len(item[0].literal)))
        name = _clean(match.group(0))
        return Bot(known.bot_class, known.spelling(name))
    if any(word in lower for word in _SELF_WORDS):
        for pattern in _SELF:
            if match := pattern.search(text):
                name = _clean(match.group(1))
                return Bot("scanner" if name.lower().endswith("scanner") else "other", name)
    return None


def _clean(matched: str) -> str:
    return _NAME.sub(" ", matched.split("/")[0].split("(")[0]).strip(" .-+")[:40] or "unnamed"


def _candidates(lower: str) -> Iterator[_Known]:
    """Yield what can match at all: 1,600 patterns are cheap once most of them need not be tried."""
    by_gram, always = _index()
    yield from always
    for gram in _grams(lower) & by_gram.keys():
        for known in by_gram[gram]:
            if known.literal in lower:
                yield known


@functools.cache
def _index() -> tuple[Mapping[str, list[_Known]], list[_Known]]:
    """Return the patterns by four characters that they can't match without, and those that have none."""
    known = [*_patterns(), *_own()]
    common = Counter(gram for item in known for gram in _grams(item.literal))
    common.update(dict.fromkeys(_grams(_BROWSERS.lower()), 10_000))
    by_gram: dict[str, list[_Known]] = defaultdict(list)
    always = []
    for item in known:
        if grams := _grams(item.literal):
            by_gram[min(grams, key=lambda gram: (common[gram], gram))].append(item)
        else:
            always.append(item)
    return dict(by_gram), always


_BROWSERS = """Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile
 Safari/537.36 Edg/131.0.0.0 (Linux; Android 10; K; wv) (iPhone; CPU iPhone OS 18_1 like Mac OS X) Version/18.1 Mobile/
 (Macintosh; Intel Mac OS X 10_15_7) (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0 (compatible; +http://www."""
"""What is in nearly every User-Agent, and so tells no pattern from another."""


def _grams(text: str) -> set[str]:
    return {text[at : at + _GRAM] for at in range(len(text) - _GRAM + 1)}


def _patterns() -> Iterator[_Known]:
    from crawleruseragents import CRAWLER_USER_AGENTS_DATA

    for item in CRAWLER_USER_AGENTS_DATA:
        source = item["pattern"]
        if source in PEOPLE:
            continue
        words = f"{item.get('description', '')} {source}"
        tags = [(tag, kind) for tag, kind in TAGS.items() if tag in item.get("tags", ()) and _is_borne_out(kind, words)]
        pattern = NARROWER.get(source, source)
        # A name begins where a word begins: "ViewSonic" is no "Sonic", "TS1008/1.0" no "008/".
        start = "(?<![A-Za-z0-9])" if re.match(r"[A-Za-z0-9\[]", pattern) else ""
        bot_class = CLOSER.get(source, tags[0][1] if tags else "other")
        yield _Known(
            f"{start}(?:{pattern})",
            _literal(pattern).lower(),
            bot_class,
            NAMES.get(source, ""),
            tuple(item["instances"]),
        )


def _own() -> Iterator[_Known]:
    for start, kinds in ((r"(?<![A-Za-z0-9])", OWN_NAMES), ("^", {"library": OWN_LIBRARIES})):
        for kind, names in kinds.items():
            for name in names.split():
                yield _Known(rf"{start}{re.escape(name)}\b", name.lower(), kind, name)


def _is_borne_out(kind: str, words: str) -> bool:
    return kind not in BEARS_OUT or bool(BEARS_OUT[kind].search(words))


@functools.cache
def _compiled(source: str) -> re.Pattern[str]:
    return re.compile(source, re.IGNORECASE)


@functools.cache
def _spellings(source: str, instances: tuple[str, ...]) -> dict[str, str]:
    """Return the one spelling of each name that a pattern matches in its examples: that with the most capitals.

    All capitals is nobody's spelling where there is another.
    """
    pattern = _compiled(source)
    seen = {_clean(match.group(0)) for instance in instances if (match := pattern.search(instance))}
    by_capitals = sorted(seen, key=lambda name: (not name.isupper(), sum(map(str.isupper, name)), name))
    return {name.lower(): name for name in by_capitals}


def _literal(pattern: str) -> str:
    """Return the longest run of plain characters of a pattern; nothing where it has alternatives."""
    if re.search(r"[|\[({?*+]", pattern):
        pattern = "" if "|" in pattern else re.sub(r"\[[^\]]*\]|\([^)]*\)|\\?.[?*+]|\\?.\{[^}]*\}", "\0", pattern)
    pieces = re.split(r"\0|[*+?^$]|(?<!\\)\.|\\[a-zA-Z]", pattern)
    return max((piece.replace("\\", "") for piece in pieces), key=len)
