"""What the HTML of one page says of its content: title, links, pictures, fields, and what it loads from others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from tasks.html_scan import Tag, tags

LINKS = 2000
"""Links, and as many pictures, that are kept of one page."""
_LOADS = {
    "script": "src",
    "iframe": "src",
    "img": "src",
    "video": "src",
    "audio": "src",
    "source": "src",
    "embed": "src",
}
_LOADING_LINKS = {"stylesheet", "preload", "modulepreload", "icon", "manifest"}
_NO_LABEL = ("hidden", "submit", "button", "reset", "image")
_FIELDS = ("input", "select", "textarea")


@dataclass(slots=True)
class Field:
    """One field of a form."""

    name: str
    is_labelled: bool
    id: str


@dataclass(slots=True)
class PageFacts:
    """What was found; addresses are absolute, without fragment, each once, in order."""

    title: str = ""
    description: str = ""
    is_indexed: bool = True
    links: dict[str, None] = field(default_factory=dict)
    images: dict[str, bool] = field(default_factory=dict)
    """Pictures, and whether each place where it is shown has its size."""
    fields: list[Field] = field(default_factory=list)
    labels: set[str] = field(default_factory=set)
    """Identifiers that a label is for."""
    loaded: dict[str, None] = field(default_factory=dict)
    """Scripts, styles and frames."""

    @property
    def unlabelled(self) -> list[str]:
        """Return the names of fields without a label."""
        return [one.name for one in self.fields if not one.is_labelled and one.id not in self.labels]


def read(html: str, url: str) -> PageFacts:
    """Read a page; `url` is the address that it was answered at."""
    facts, base, open_labels = PageFacts(), url, 0
    for tag in tags(html):
        if tag.name == "label":
            open_labels = max(0, open_labels + (-1 if tag.is_end else 1))
            if not tag.is_end and (target := tag.get("for")):
                facts.labels.add(target)
        elif not tag.is_end:
            if tag.name == "base" and base == url:
                base = joined(url, tag.get("href")) or url
            elif tag.name in _FIELDS:
                _add_field(facts, tag, is_inside=open_labels > 0)
            else:
                _add(facts, tag, base)
    return facts


def _add(facts: PageFacts, tag: Tag, base: str) -> None:
    match tag.name:
        case "title" if not facts.title:
            facts.title = " ".join(tag.text[:1000].split())
        case "meta":
            name, content = (tag.get("name") or "").lower(), tag.get("content") or ""
            if name == "description" and not facts.description:
                facts.description = " ".join(content.split())
            elif name == "robots" and "noindex" in content.lower():
                facts.is_indexed = False
        case "a" | "area" if len(facts.links) < LINKS and (target := joined(base, tag.get("href"))):
            facts.links[target] = None
        case "img" if len(facts.images) < LINKS and (target := joined(base, tag.get("src"))):
            facts.images[target] = facts.images.get(target, True) and _has_size(tag)
    for target in _loaded(tag, base):
        if tag.name != "img" and len(facts.loaded) < LINKS:
            facts.loaded[target] = None


def _add_field(facts: PageFacts, tag: Tag, *, is_inside: bool) -> None:
    kind = (tag.get("type") or "text").lower() if tag.name == "input" else tag.name
    if kind in _NO_LABEL or "hidden" in tag.attributes or len(facts.fields) >= LINKS:
        return
    named = any(tag.get(name) for name in ("aria-label", "aria-labelledby", "title"))
    name = tag.get("name") or tag.get("id") or kind
    facts.fields.append(Field(name=f"{kind} {name}"[:100], is_labelled=is_inside or named, id=tag.get("id") or ""))


def _has_size(tag: Tag) -> bool:
    style = (tag.get("style") or "").lower()
    return (
        bool(tag.get("width") and tag.get("height"))
        or "aspect-ratio" in style
        or ("width" in style and "height" in style)
    )


def _loaded(tag: Tag, base: str) -> Iterator[str]:
    is_link = tag.name == "link" and set((tag.get("rel") or "").lower().split()) & _LOADING_LINKS
    address = tag.get("href") if is_link else tag.get(_LOADS[tag.name]) if tag.name in _LOADS else None
    target = joined(base, address)
    if target:
        yield target


def joined(base: str, address: str | None) -> str | None:
    """Return an address of the web without its fragment, one way of writing it; None where it is none."""
    if not address:
        return None
    try:
        parts = urlsplit(urljoin(base, address))
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    is_usual = port in (None, 80 if parts.scheme == "http" else 443)
    shown = parts._replace(netloc=host if is_usual else f"{host}:{port}", path=parts.path or "/", fragment="")
    return shown.geturl()


def hosts(addresses: Sequence[str]) -> list[str]:
    """Return the hosts of addresses, each once, sorted."""
    return sorted({urlsplit(address).hostname or "" for address in addresses})
