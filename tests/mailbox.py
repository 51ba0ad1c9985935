"""A real SMTP server on loopback that keeps what it is sent."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult


class Mailbox:
    def __init__(self) -> None:
        self.mails: list[Any] = []

    async def handle_RCPT(  # noqa: N802 - its name
        self, _server, _session, envelope, address, _options
    ) -> str:
        if address.startswith("gone@"):
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - its name
        self, _server, _session, envelope
    ) -> str:
        self.mails.append(envelope)
        return "250 OK"


@contextlib.contextmanager
def smtp(folder: Path, *, tls: bool, is_implicit: bool = False) -> Iterator[tuple[Mailbox, int]]:
    authority, box = trustme.CA(), Mailbox()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    options: dict[str, Any] = {}
    if is_implicit:
        options = {"ssl_context": context}
    elif tls:
        options = {
            "tls_context": context, "require_starttls": True, "auth_required": True,
            "authenticator": lambda _s, _n, _e, _m, data: AuthResult(success=data.password == b"hunter2"),
        }  # fmt: skip
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port, ready_timeout=60, **options)
    controller.start()
    try:
        yield box, port
    finally:
        controller.stop()
