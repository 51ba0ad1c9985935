"""Hand an e-mail to an SMTP server."""

from __future__ import annotations

import contextlib
import smtplib
import ssl
from email.message import EmailMessage
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tasks.contracts import SecretReference
from tasks.errors import SourceError

TIMEOUT_SECONDS = 10.0

Address = Annotated[str, Field(pattern=r"^[^@\s,<>]+@[^@\s,<>]+$", max_length=200)]


class MailServer(BaseModel):
    """An SMTP server, and who its mails are from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = Field(min_length=1, description="SMTP server.")
    port: int = Field(default=587, ge=1, le=65535, description="Its port.")
    security: Literal["starttls", "tls", "none"] = Field(default="starttls", description="none sends in the clear.")
    user: str | None = Field(default=None, description="Account, where the server wants one.")
    password: SecretReference | None = Field(default=None, description="Its password.")
    sender: Address = Field(description="Address that it comes from.")
    ca_file: Path | None = Field(
        default=None, description="Authorities of the server, PEM; the system's when left out."
    )

    @model_validator(mode="after")
    def _no_password_in_the_clear(self) -> MailServer:
        if (self.user is None) != (self.password is None):
            raise ValueError("give user and password both, or neither")
        if self.user and self.security == "none":
            raise ValueError("a password is not sent in the clear: use starttls or tls")
        return self


def hand_over(channel: MailServer, mail: EmailMessage, password: str | None) -> list[str]:
    """Give the server the mail and return the recipients that it refused.

    Raises:
        SourceError: the server does not take the account.
        smtplib.SMTPException, OSError, UnicodeError: it does not take the mail.
    """
    context = ssl.create_default_context(cafile=channel.ca_file)
    if channel.security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(channel.host, channel.port, timeout=TIMEOUT_SECONDS, context=context)
    else:
        server = smtplib.SMTP(channel.host, channel.port, timeout=TIMEOUT_SECONDS)
    with contextlib.closing(server):
        if channel.security == "starttls":
            server.starttls(context=context)
        if channel.user and password:
            _log_in(server, channel.user, channel.host, password)
        refused = list(server.send_message(mail))
        with contextlib.suppress(smtplib.SMTPException, OSError):
            server.quit()  # it has the mail, however it says goodbye
        return refused


def _log_in(server: smtplib.SMTP, user: str, host: str, password: str) -> None:
    try:
        server.login(user, password)
    except UnicodeError:
        raise SourceError(f"The password of {user} holds other characters than SMTP takes: use ASCII.") from None
    except smtplib.SMTPException:  # some servers hang up instead of saying no
        raise SourceError(f"The server {host} refused the account {user}.") from None
