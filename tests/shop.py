"""A small shop on loopback for journeys: log-in, search, a contact form with a token, a cart; and pages that misbehave."""

from __future__ import annotations

import contextlib
import html
import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

from tests.servers import http_server

PASSWORD = "s3cret pass/word&1"
GOODS = ("Rye bread", "Rye rolls", "Oat bread")


@dataclass
class Shop:
    """What the shop did, and how it is to behave."""

    port: int = 0
    is_contact_broken: bool = False
    fails: int = 0
    """So many next answers are 503."""
    mails: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    carts: dict[str, int] = field(default_factory=dict)
    release: threading.Event = field(default_factory=threading.Event)
    elsewhere: str = "http://127.0.0.2:9/"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"


def page(title: str, body: str) -> str:
    return f"<!doctype html><html lang=en><title>{title}</title><body><h1>{title}</h1>{body}</body></html>"


class Handler(BaseHTTPRequestHandler):
    shop: Shop
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self._answer({})

    def do_POST(self) -> None:
        size = int(self.headers.get("Content-Length", 0))
        body = parse_qs(self.rfile.read(size).decode(), keep_blank_values=True)
        self._answer({name: values[0] for name, values in body.items()})

    def _answer(self, form: dict[str, str]) -> None:
        parts = urlsplit(self.path)
        self.shop.asked.append(f"{self.command} {self.path}")
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        cookie = SimpleCookie(self.headers.get("Cookie", ""))
        session = cookie["session"].value if "session" in cookie else ""
        if self.shop.fails:
            self.shop.fails -= 1
            self._send(page("Busy", ""), 503)
            return
        handle = getattr(self, "page_" + parts.path.strip("/").replace("-", "_"), None)
        if handle is None:
            self._send(page("Not found", "Nothing here"), 404)
        else:
            with contextlib.suppress(ConnectionError):
                handle(form, query, session)

    def _send(self, text: str, status: int = 200, **headers: str) -> None:
        data = text.encode()
        self.send_response(status)
        for name, value in ({"Content-Type": "text/html; charset=utf-8"} | headers).items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        with contextlib.suppress(ConnectionError):
            self.wfile.write(data)

    def page_(self, form, query, session) -> None:
        self._send(page("Fresh bread", '<a href="/login">Log in</a>'))

    def page_login(self, form, query, session) -> None:
        if form.get("user") == "demo" and form.get("pass") == PASSWORD:
            self._send("", 302, Location="/account", Set_Cookie="session=demo; HttpOnly")
            return
        wrong = f"<p>Wrong password for {html.escape(form.get('user', ''))}</p>" if form else ""
        self._send(
            page(
                "Log in",
                f"{wrong}<form method=post><label for=u>User</label><input id=u name=user><label>Password <span>*</span>"
                "<input type=password name=pass></label><button>Log in</button></form>",
            ),
            401 if form else 200,
        )

    def page_account(self, form, query, session) -> None:
        self._send(page("Account", f"Hello {html.escape(session)}"))

    def page_search(self, form, query, session) -> None:
        word = query.get("q", "")
        found = [name for name in GOODS if word and word.lower() in name.lower()]
        rows = "".join(f"<li>{name}</li>" for name in found)
        self._send(
            page(
                "Search",
                f"<form><label>Search for: <input name=q type=search></label><button>Search</button></form>"
                f"<p>{len(found)} results for {html.escape(word)}</p><ul>{rows}</ul>",
            )
        )

    def page_contact(self, form, query, session) -> None:
        if form.get("token") in self.shop.tokens and not self.shop.is_contact_broken:
            self.shop.mails.append(f"{form['topic']}/{form.get('copy')}: {form['message']}")
            self._send(page("Thanks", "We got your message"))
            return
        token = secrets.token_hex(8)
        self.shop.tokens.add(token)
        note = "<p>Sorry, that did not work</p><script>console.error('SMTP is down')</script>" if form else ""
        self._send(
            page(
                "Contact",
                f'{note}<form method=post action="/contact"><input type=hidden name=token value={token}>'
                "<label>E-mail <input name=mail></label><label for=t>Topic</label><select id=t name=topic>"
                "<option value=1>Bread</option><option value=2>Cakes</option></select>"
                "<label for=m>Message</label><textarea id=m name=message></textarea>"
                "<label><input type=checkbox name=copy value=yes> Copy to me</label>"
                "<input type=submit value=Send></form>",
            ),
            500 if form else 200,
        )

    def page_product(self, form, query, session) -> None:
        self._send(page("Rye bread", "<form method=post action=/add><button>Add to cart</button></form>"))

    def page_add(self, form, query, session) -> None:
        key = session or secrets.token_hex(4)
        self.shop.carts[key] = self.shop.carts.get(key, 0) + 1
        self._send("", 303, Location="/cart", Set_Cookie=f"session={key}")

    def page_cart(self, form, query, session) -> None:
        self._send(page("Cart", f"{self.shop.carts.get(session, 0)} in your cart"))

    def page_script(self, form, query, session) -> None:
        self._send(page("Script", "<p id=p></p><script>setTimeout(()=>p.textContent='Made by a script',300)</script>"))

    def page_echo(self, form, query, session) -> None:
        self._send(
            page(
                html.escape(query.get("pass", "Echo")),
                f"<form><label>Password<input name=pass></label><button>Go</button></form>{html.escape(query.get('pass', ''))}<script>console.error({query.get('pass', '')!r})</script>",
            )
        )

    def page_hang(self, form, query, session) -> None:
        self.shop.release.wait(20)

    def page_endless(self, form, query, session) -> None:
        self._send(page("Endless", '<img src="/hang">Loaded enough'))

    def page_burn(self, form, query, session) -> None:
        self._send(page("Burn", "Burning<script>setTimeout(()=>{for(;;);},50)</script>"))

    def page_dialogs(self, form, query, session) -> None:
        self._send(
            page(
                "Dialogs",
                "<script>alert(1);prompt('x');window.open('/search');onbeforeunload=()=>1</script>Past the dialogs",
            )
        )

    def page_download(self, form, query, session) -> None:
        self._send("MZ", 200, Content_Type="application/octet-stream", Content_Disposition="attachment; filename=a.exe")

    def page_hostile(self, form, query, session) -> None:
        title = "</title><script>alert(1)</script>\u202e{{7*7}} =cmd()\x1b[31m"
        self._send(
            page(
                "x",
                f"<script>document.title={title!r};console.error({title!r}+'a'.repeat(9999))</script>Hostile".replace(
                    "</title>", "<\\/title>"
                ).replace("</script>\\u", "<\\/script>\\u"),
            )
        )

    def page_away(self, form, query, session) -> None:
        self._send("", 302, Location=self.shop.elsewhere)

    def page_loads_private(self, form, query, session) -> None:
        self._send(
            page("Loads", f"<script>fetch('{self.shop.elsewhere}').catch(()=>document.body.append('refused'))</script>")
        )


@contextlib.contextmanager
def serving() -> Iterator[Shop]:
    """Serve the shop on a free port."""
    shop = Shop()
    with http_server(type("ShopHandler", (Handler,), {"shop": shop})) as server:
        shop.port = server.server_port
        try:
            yield shop
        finally:
            shop.release.set()
