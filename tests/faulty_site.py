"""A site on loopback with planted accessibility faults, and with pages that misbehave under a browser."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

from tests.servers import http_server

GOOD = """<!doctype html><html lang="en"><head><title>Tide tables</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,"></head>
<body><header><nav aria-label="Main"><a href="/">Home</a></nav></header>
<main><h1>Tide tables</h1><p>High water at noon.</p><img src="/dot.png" alt="A harbour" width="10" height="10">
<form><label for="q">Search</label> <input id="q" name="q" autocomplete="off"> <button>Go</button></form></main></body></html>"""

INACCESSIBLE = """<!doctype html><html><head><meta name="viewport" content="width=device-width, user-scalable=no"></head>
<body><p style="color:#aaa;background:#fff">Hard to read</p>
<p style="background:linear-gradient(#fff,#000);color:#777">On a gradient</p>
<p>See <a href="/x" style="color:#333;text-decoration:none">this</a> for more words in a block of text.</p>
<img src="/dot.png"><a href="/y"></a><button></button><input type="text" name="a"><select name="s"><option>1</option></select>
<input type="email" name="e" aria-label="Mail" autocomplete="nonsense">
<ul><div>no item</div></ul><div role="checkbox" tabindex="0">box</div><div role="slidr">x</div>
<p lang="xx-bad-tag">?</p><span tabindex="3">third</span><marquee>moves</marquee>
<div aria-hidden="true"><button>hidden</button></div><iframe src="/empty"></iframe>
<div><a href="/1" style="display:inline-block;width:9px;height:9px" aria-label="one"></a><a href="/2"
 style="display:inline-block;width:9px;height:9px" aria-label="two"></a></div></body></html>"""

PLANTED = {
    "aria-hidden-focus": ["4.1.2"], "aria-required-attr": ["4.1.2"], "aria-roles": ["4.1.2"],
    "autocomplete-valid": ["1.3.5"], "button-name": ["4.1.2"], "color-contrast": ["1.4.3"],
    "document-title": ["2.4.2"], "frame-title": ["4.1.2"], "html-has-lang": ["3.1.1"], "image-alt": ["1.1.1"],
    "label": ["4.1.2"], "link-in-text-block": ["1.4.1"], "link-name": ["2.4.4", "4.1.2"], "list": ["1.3.1"],
    "marquee": ["2.2.2"], "meta-viewport": ["1.4.4"], "select-name": ["4.1.2"], "target-size": ["2.5.8"],
    "valid-lang": ["3.1.2"],
}  # fmt: skip
"""What a browser must find on the inaccessible page, rule by rule, with its success criteria."""

STATIC = {
    "document-title", "html-has-lang", "image-alt", "link-name", "button-name", "label", "select-name", "frame-title",
    "meta-viewport", "tabindex",
}  # fmt: skip
"""What its HTML alone gives away."""


def wrapped(body: str, title: str = "Page") -> str:
    return f'<!doctype html><html lang="en"><head><title>{title}</title></head><body><main><h1>{title}</h1>{body}</main></body></html>'


SHADOW = wrapped(
    '<div id="host"></div><script>document.getElementById("host").attachShadow({mode: "open"}).innerHTML ='
    " '<img src=\"/dot.png\"><button></button>'</script>"
)
PAGES = {
    "/good": GOOD,
    "/inaccessible": INACCESSIBLE,
    "/empty": wrapped("<p>Nothing</p>"),
    "/shadow": SHADOW,
    "/frames": wrapped(
        '<iframe title="near" src="/frame"></iframe><iframe title="far" src="http://127.0.0.2:PORT/frame"></iframe>'
    ),
    "/frame": wrapped('<img src="/dot.png"><iframe title="inner" src="/inner"></iframe>', "Frame"),
    "/inner": wrapped('<input type="text">', "Inner"),
    "/mute-frame": wrapped('<iframe title="mute" sandbox src="/inner"></iframe>'),
    "/csp": wrapped('<img src="/dot.png">'),
    "/hang": wrapped("<script>addEventListener('load', () => setTimeout(() => { for (;;); }))</script>"),
    "/dialog": wrapped('<img src="/dot.png"><script>alert("Hello"); confirm("Sure?")</script>'),
    "/dialogs": wrapped('<script>for (;;) alert("again")</script>'),
    "/late-download": wrapped('<img src="/dot.png"><script>location = "/file.zip"</script>'),
    "/memory": wrapped(
        '<img alt="never comes" src="/slow.png"><script>const all = []; setInterval(() => {'
        " for (let i = 0; i < 2; i++) all.push(new Uint8Array(8 << 20).fill(1)) }, 10)</script>"
    ),
    "/wanders": wrapped("<script>setTimeout(() => location.reload(), 5)</script>"),
    "/fake-axe": wrapped(
        "<script>const fake = {run: async () => ({violations: []}), utils: {getFrameContexts: () => []}};"
        "Object.defineProperty(window, 'axe', {get: () => fake, set: () => {}})</script>"
    ),
    "/never": wrapped('<p>Text</p><img alt="never comes" src="/slow.png">'),
    "/late": wrapped(
        '<p id="p"></p><script>fetch("/part").then((a) => a.text()).then((t) => { p.innerHTML = t })</script>'
    ),
    "/part": '<img src="/dot.png">',
    "/script-made": '<!doctype html><html lang="en"><title>App</title><div id="app"></div><script>1</script></html>',
}
CSP = (
    "default-src 'none'; script-src 'none'; require-trusted-types-for 'script'; sandbox allow-same-origin allow-scripts"
)


class Handler(BaseHTTPRequestHandler):
    release: threading.Event
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        with contextlib.suppress(ConnectionError):
            self._answer(self.path.split("?")[0])

    def _answer(self, path: str) -> None:
        if path in PAGES:
            more = {"Content-Security-Policy": CSP} if path == "/csp" else {}
            self._send(PAGES[path].replace("PORT", str(self.server.server_address[1])), **more)
        elif path in ("/file.zip", "/file.pdf"):
            self._send("PK", kind="application/zip", **{"Content-Disposition": "attachment"})
        elif path == "/to-file":
            self._send("", 302, Location="/file.pdf")
        elif path == "/picture":
            self._send("GIF89a", kind="image/gif")
        elif path == "/no-answer":
            self.release.wait(60)
        elif path == "/slow.png":
            self.send_response(200)
            self.send_header("Content-Type", "image/png")
            self.end_headers()
            self.wfile.flush()
            self.release.wait(60)
        elif path == "/error":
            self._send(wrapped("Broken"), 500)
        else:
            self._send(wrapped("Not found"), 404)

    def _send(self, text: str, status: int = 200, kind: str = "text/html; charset=utf-8", **headers: str) -> None:
        data = text.encode()
        self.send_response(status)
        for name, value in ({"Content-Type": kind} | headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@contextlib.contextmanager
def served() -> Iterator[str]:
    """Serve the site on two addresses of loopback; yield its address without a slash at the end."""
    release = threading.Event()
    handler = type("Handler", (Handler,), {"release": release})
    with http_server(handler, host="0.0.0.0") as server:
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            release.set()
