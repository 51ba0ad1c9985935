"""Pages of a journey without a browser: httpx with cookies, forms filled by their labels, no scripts.

Redirects are followed by hand, so that each address is looked at before it is asked. Bodies are bounded.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator, Collection
from urllib.parse import urlencode, urljoin, urlsplit

import httpx
from selectolax.lexbor import LexborHTMLParser, LexborNode

from tasks.html_scan import shallow
from tasks.journey_gate import refused_host
from tasks.journey_run import Evidence, Page, Seen, StepError, label_pattern
from tasks.journeys import CSS

BODY_BYTES = 4 << 20
HOPS = 10
USER_AGENT = "Mozilla/5.0 (compatible; site-upkeep journeys)"
_BUTTONS = "button,input[type=submit],input[type=button],input[type=image]"
_TYPED = "input,select,textarea"


@contextlib.asynccontextmanager
async def open_page(private_hosts: Collection[str], timeout_seconds: float) -> AsyncIterator[Page]:
    """Open a page with cookies of its own; `private_hosts` may be asked though their addresses are private."""
    async with httpx.AsyncClient(
        timeout=timeout_seconds, trust_env=False, headers={"User-Agent": USER_AGENT}, follow_redirects=False
    ) as client:
        yield HttpPage(client, private_hosts)


class HttpPage:
    """A page as HTML, and what was typed into it."""

    can_change = False

    def __init__(self, client: httpx.AsyncClient, private_hosts: Collection[str]) -> None:
        """Start with nothing shown."""
        self.console: list[str] | None = None
        self._client, self._private_hosts = client, private_hosts
        self._url, self._status = "", None  # type: tuple[str, int | None]
        self._tree = LexborHTMLParser("")
        self._typed: dict[int, str] = {}

    async def goto(self, url: str) -> None:
        """Open an address."""
        await self._ask("GET", url)

    async def fill(self, label: str, text: str) -> None:
        """Type into a field."""
        self._typed[self._field(label).mem_id] = text

    async def select(self, label: str, option: str) -> None:
        """Choose an option by its visible text."""
        field = self._field(label)
        for node in field.css("option"):
            if _text(node) == option:
                self._typed[field.mem_id] = _value_of_option(node)
                return
        raise StepError("field_missing", f"the field {label!r} has no option {option!r}")

    async def check(self, label: str) -> None:
        """Tick a box."""
        field = self._field(label)
        self._typed[field.mem_id] = field.attributes.get("value") or "on"

    async def click(self, name: str) -> None:
        """Follow a link, or send the form of a button with all that it holds."""
        pattern = label_pattern(name)
        if name.startswith(CSS):
            nodes = self._css(name)
        else:
            nodes = [node for node in self._tree.css(f"{_BUTTONS},a[href]") if pattern.match(_name(node))]
        if not nodes:
            raise StepError("button_missing", f"no button or link is named {name!r}")
        node = nodes[0]
        if node.tag == "a":
            target = urljoin(self._url, node.attributes.get("href") or "")
            if urlsplit(target).scheme not in ("http", "https"):
                raise StepError("needs_browser", f"the link {name!r} leads to a script")
            await self._ask("GET", target)
            return
        form = _form_of(node)
        if form is None or (node.attributes.get("type") or "submit").lower() == "button":
            raise StepError("needs_browser", f"the button {name!r} sends no form: a script acts on it")
        await self._send(form, node)

    async def look(self, selectors: tuple[str, ...]) -> Seen:
        """Return what it shows."""
        body, title = self._tree.body, self._tree.css_first("title")
        counts = {css: len(self._css(css)) for css in selectors}
        text = ""
        if body is not None:
            bare = LexborHTMLParser(body.html or "")
            for node in bare.css("script,style,noscript,template"):
                node.decompose()
            text = bare.body.text(separator=" ") if bare.body else ""
        return Seen(url=self._url, status=self._status, title=title.text() if title else "", text=text, counts=counts)

    async def evidence(self, secrets: tuple[str, ...]) -> Evidence:
        """There is no picture without a browser."""
        return Evidence(note="the engine http takes no pictures")

    def _css(self, selector: str) -> list[LexborNode]:
        try:
            return self._tree.css(selector.removeprefix(CSS))
        except Exception as error:  # noqa: BLE001 - the parser raises what it likes for a selector
            raise StepError("configuration", f"{selector!r} is no CSS selector: {error}") from None

    def _field(self, label: str) -> LexborNode:
        pattern = label_pattern(label)
        if label.startswith(CSS):
            found = self._css(label)
        else:
            found = [node for node in self._tree.css(_TYPED) if pattern.match(node.attributes.get("aria-label") or "")]
            for node in self._tree.css("label"):
                if pattern.match(_label_text(node)):
                    target = node.attributes.get("for")
                    found += [n for n in self._tree.css(_TYPED) if target and n.attributes.get("id") == target]
                    found += [] if target else node.css(_TYPED)
        found = [node for node in found if (node.attributes.get("type") or "").lower() != "hidden"]
        if not found:
            raise StepError("field_missing", f"no field is labelled {label!r}")
        return found[0]

    async def _send(self, form: LexborNode, button: LexborNode) -> None:
        action = button.attributes.get("formaction") or form.attributes.get("action") or self._url
        method = (button.attributes.get("formmethod") or form.attributes.get("method") or "get").lower()
        pairs = [pair for node in form.css(f"{_TYPED},button") for pair in self._pairs(node, button)]
        url = urljoin(self._url, action)
        if method != "post":
            await self._ask("GET", str(httpx.URL(url).copy_with(query=urlencode(pairs).encode())))
        elif (form.attributes.get("enctype") or "").lower() == "multipart/form-data":
            await self._ask("POST", url, files=[(name, (None, value.encode())) for name, value in pairs])
        else:
            body = urlencode(pairs).encode()
            await self._ask("POST", url, body=body)

    def _pairs(self, node: LexborNode, button: LexborNode) -> list[tuple[str, str]]:
        """Return what one element adds to its form, as a browser does."""
        given, kind = node.attributes, (node.attributes.get("type") or "").lower()
        name, typed = given.get("name"), self._typed.get(node.mem_id)
        is_button = node.tag == "button" or kind in ("submit", "image", "button", "reset")
        if not name or "disabled" in given or kind == "file" or (is_button and node.mem_id != button.mem_id):
            return []
        if kind in ("checkbox", "radio") and typed is None and "checked" not in given:
            return []
        if typed is None and node.tag == "select":
            options = node.css("option[selected]") or node.css("option")[:1]
            return [(name, _value_of_option(option)) for option in options]
        if typed is None and node.tag == "textarea":
            return [(name, node.text())]
        default = "on" if kind in ("checkbox", "radio") else ""
        return [(name, typed if typed is not None else given.get("value") or default)]

    async def _ask(
        self,
        method: str,
        url: str,
        *,
        body: bytes | None = None,
        files: list[tuple[str, tuple[None, bytes]]] | None = None,
    ) -> None:
        for _ in range(HOPS + 1):
            await refused_host(url, self._private_hosts)
            kind = {"Content-Type": "application/x-www-form-urlencoded"} if body is not None else {}
            if self._url:
                kind["Referer"] = self._url.split("#")[0]
            request = self._client.build_request(method, url, content=body, files=files, headers=kind)
            answer, text = await self._read(request)
            location = answer.headers.get("location")
            if answer.status_code not in (301, 302, 303, 307, 308) or not location:
                self._url, self._status = url, answer.status_code
                self._tree, self._typed = LexborHTMLParser(shallow(text)), {}
                return
            url = urljoin(url, location)
            if answer.status_code in (301, 302, 303):
                method, body, files = "GET", None, None
        raise StepError("no_answer", f"the address redirects more than {HOPS} times")

    async def _read(self, request: httpx.Request) -> tuple[httpx.Response, str]:
        data = bytearray()
        try:
            answer = await self._client.send(request, stream=True)
            try:
                async for piece in answer.aiter_bytes():
                    data += piece
                    if len(data) > BODY_BYTES:
                        break
            finally:
                await answer.aclose()
        except httpx.TimeoutException:
            raise StepError("too_slow", "the answer did not come in time") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise StepError("no_answer", f"the site gave no answer: {error}") from None
        kind = answer.headers.get("content-type", "text/html")
        if "attachment" in answer.headers.get("content-disposition", "") or not re.match(r"(text|application)/", kind):
            raise StepError("download")
        return answer, data[:BODY_BYTES].decode(answer.charset_encoding or "utf-8", errors="replace")


def _text(node: LexborNode) -> str:
    return " ".join(node.text().split())


def _label_text(node: LexborNode) -> str:
    """Return the text of a label without that of the fields inside it."""
    copy = LexborHTMLParser(node.html or "")
    for inner in copy.css(_TYPED):
        inner.decompose()
    return " ".join(copy.body.text().split()) if copy.body else ""


def _name(node: LexborNode) -> str:
    given = node.attributes
    return given.get("aria-label") or (given.get("value") if node.tag == "input" else "") or _text(node)


def _value_of_option(node: LexborNode) -> str:
    value = node.attributes.get("value")
    return _text(node) if value is None else value


def _form_of(node: LexborNode) -> LexborNode | None:
    parent = node.parent
    while parent is not None and parent.tag != "form":
        parent = parent.parent
    return parent
