"""Ways to send an alert: a webhook, e-mail, an event of Prefect. Options, and how one message is sent.

A webhook gets the message as JSON (`text` is what chats show) with its id as `Idempotency-Key`, and where a key is
given `X-Upkeep-Signature: sha256=<HMAC of the body>`. Redirects are not followed: they would carry it elsewhere.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import smtplib
from collections.abc import Awaitable, Callable, Mapping
from email.message import EmailMessage
from email.utils import formatdate
from typing import Annotated, Any, Literal, TypeAlias

import httpx
from pydantic import BaseModel, ConfigDict, Field

from tasks.contracts import IDENTIFIER, SecretReference
from tasks.errors import SourceError
from tasks.mail import Address, MailServer, hand_over

TIMEOUT_SECONDS = 10.0

GetSecret: TypeAlias = Callable[[SecretReference], Awaitable[str]]
Emit: TypeAlias = Callable[[Mapping[str, Any]], Awaitable[None]]
"""Emits an event of Prefect for a message; raises what it likes where the server did not take it."""


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


class Email(_Channel, MailServer):
    """E-mail through an SMTP server."""

    kind: Literal["email"]
    to: list[Address] = Field(min_length=1, description="Who gets it.")


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
        refused = hand_over(channel, mail, password)
    except (smtplib.SMTPException, OSError, UnicodeError) as error:
        raise SourceError(f"The e-mail of {channel.id} can't be sent ({type(error).__name__}).") from None
    if refused:
        # The others have it: sent again, they would get it twice.
        raise RefusedError(f"The server of {channel.id} refused {', '.join(sorted(refused))}; the others have it.")


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
