"""Ways to send an alert: a webhook, e-mail, an event of Prefect. Options, and how one message is sent.

A webhook gets the message as JSON (`text` is what chats show) with its id as `Idempotency-Key`, and where a key is
given `X-Upkeep-Signature: sha256=<HMAC of the body>`. Redirects are not followed: they would carry it elsewhere.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import smtplib
import ssl
from collections.abc import Awaitable, Callable, Mapping
from email.message import EmailMessage
from email.utils import formatdate
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import httpx
from pydantic import BaseModel, ConfigDict, Field, model_validator

from tasks.contracts import IDENTIFIER, SecretReference
from tasks.errors import SourceError

TIMEOUT_SECONDS = 10.0

GetSecret: TypeAlias = Callable[[SecretReference], Awaitable[str]]
Emit: TypeAlias = Callable[[Mapping[str, Any]], Awaitable[None]]
"""Emits an event of Prefect for a message; raises what it likes where the server did not take it."""

Address = Annotated[str, Field(pattern=r"^[^@\s,<>]+@[^@\s,<>]+$", max_length=200)]


class _Channel(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=IDENTIFIER, max_length=64, description="Short name, lower case: stands in the ledger.")
    sites: list[str] = Field(default=[], description="Only these sites; all when left out, and `clients` too.")
    clients: list[str] = Field(default=[], description="Only the sites of these clients, and `sites`.")


class Webhook(_Channel):
    """An address that takes JSON, as that of Slack, Teams or your own."""

    kind: Literal["webhook"]
    url: SecretReference = Field(description="The address; it often holds a token, so it is a secret.")
    signing_key: SecretReference | None = Field(default=None, description="Key of the signature.")


class Email(_Channel):
    """E-mail through an SMTP server."""

    kind: Literal["email"]
    host: str = Field(min_length=1, description="SMTP server.")
    port: int = Field(default=587, ge=1, le=65535, description="Its port.")
    security: Literal["starttls", "tls", "none"] = Field(default="starttls", description="none sends in the clear.")
    user: str | None = Field(default=None, description="Account, where the server wants one.")
    password: SecretReference | None = Field(default=None, description="Its password.")
    sender: Address = Field(description="Address that it comes from.")
    to: list[Address] = Field(min_length=1, description="Who gets it.")
    ca_file: Path | None = Field(
        default=None, description="Authorities of the server, PEM; the system's when left out."
    )

    @model_validator(mode="after")
    def _no_password_in_the_clear(self) -> Email:
        if (self.user is None) != (self.password is None):
            raise ValueError("give user and password both, or neither")
        if self.user and self.security == "none":
            raise ValueError("a password is not sent in the clear: use starttls or tls")
        return self


class PrefectEvent(_Channel):
    """An event `upkeep.<kind>` on the Prefect server, for automations of your own."""

    kind: Literal["prefect"]


Channel = Annotated[Webhook | Email | PrefectEvent, Field(discriminator="kind")]


async def send(
    channel: Webhook | Email | PrefectEvent, message: Mapping[str, Any], secret: GetSecret, emit: Emit
) -> None:
    """Send one message.

    Args:
        channel: where to.
        message: fields of `tasks.alerts.Message`.
        secret: resolves references.
        emit: for a channel of Prefect.

    Raises:
        SourceError: it could not be sent, in a sentence without secrets.
    """
    match channel:
        case Webhook():
            await _post(channel, message, secret)
        case Email():
            password = await secret(channel.password) if channel.password else None
            await asyncio.to_thread(_mail, channel, message, password)
        case PrefectEvent():
            await _emit(channel, message, emit)


async def _post(channel: Webhook, message: Mapping[str, Any], secret: GetSecret) -> None:
    body = json.dumps({**message, "text": f"{message['subject']}\n{message['text']}"}, ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json", "Idempotency-Key": message["alert_id"]}
    if channel.signing_key:
        key = (await secret(channel.signing_key)).encode()
        headers["X-Upkeep-Signature"] = "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest()
    url = await secret(channel.url)
    try:
        async with (
            asyncio.timeout(TIMEOUT_SECONDS),
            httpx.AsyncClient() as client,
            client.stream("POST", url, content=body, headers=headers) as answer,
        ):
            status = answer.status_code
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
        # What httpx says may repeat the address.
        raise SourceError(f"The webhook {channel.id} can't be reached ({type(error).__name__}).") from None
    if not 200 <= status < 300:
        raise SourceError(f"The webhook {channel.id} answered {status}.")


def _mail(channel: Email, message: Mapping[str, Any], password: str | None) -> None:
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = message["subject"], channel.sender, ", ".join(channel.to)
    mail["Date"], mail["Message-ID"] = formatdate(), f"<{message['alert_id']}@{channel.sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(f"{message['subject']}\n\n{message['text']}\n")
    try:
        refused = _hand_over(channel, mail, password)
    except (smtplib.SMTPException, OSError, UnicodeError) as error:
        raise SourceError(f"The e-mail of {channel.id} can't be sent ({type(error).__name__}).") from None
    if refused:
        # The others have it: sent again, they would get it twice.
        raise RefusedError(f"The server of {channel.id} refused {', '.join(sorted(refused))}; the others have it.")


def _hand_over(channel: Email, mail: EmailMessage, password: str | None) -> list[str]:
    """Give the server the mail and return the recipients that it refused."""
    context = ssl.create_default_context(cafile=channel.ca_file)
    if channel.security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(channel.host, channel.port, timeout=TIMEOUT_SECONDS, context=context)
    else:
        server = smtplib.SMTP(channel.host, channel.port, timeout=TIMEOUT_SECONDS)
    with contextlib.closing(server):
        if channel.security == "starttls":
            server.starttls(context=context)
        if channel.user and password:
            _log_in(server, channel, password)
        refused = list(server.send_message(mail))
        with contextlib.suppress(smtplib.SMTPException, OSError):
            server.quit()  # it has the mail, however it says goodbye
        return refused


def _log_in(server: smtplib.SMTP, channel: Email, password: str) -> None:
    try:
        server.login(str(channel.user), password)
    except UnicodeError:
        raise SourceError(f"The password of {channel.id} holds other characters than SMTP takes: use ASCII.") from None
    except smtplib.SMTPException:  # some servers hang up instead of saying no
        raise SourceError(f"The server of {channel.id} refused the account {channel.user}.") from None


async def _emit(channel: PrefectEvent, message: Mapping[str, Any], emit: Emit) -> None:
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            await emit(message)
    except Exception as error:  # noqa: BLE001 - the client says bare exceptions
        raise SourceError(
            f"The Prefect server did not take the event of {channel.id} ({type(error).__name__})."
        ) from None


class RefusedError(SourceError):
    """Some recipients were refused: to be said, not to be tried again."""
