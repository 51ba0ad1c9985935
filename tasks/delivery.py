"""Reports on their way to clients: commented, reviewed and sent, each to each recipient once.

A report that was written is a draft. A person reviews the very file: its hash is kept, and a file that was written anew
is a draft again. Only what was reviewed is sent. Before a mail leaves, the ledger says so: a process that dies in
between leaves `sending` behind, which nobody sends again without being told to.
"""

from __future__ import annotations

import asyncio
import hashlib
import smtplib
import socket
import ssl
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path
from typing import Any

from tasks import alert_channels, written
from tasks.alert_channels import Emit, GetSecret
from tasks.alerts import Message
from tasks.by_hand import one_line
from tasks.discovery import units
from tasks.errors import ConfigurationError, SourceError
from tasks.mail import hand_over
from tasks.quarters import Quarter
from tasks.settings import Settings
from tasks.sites import Agency, Delivery, Site, Sites, did_you_mean
from tasks.words import say, speaking
from warehouse.records import ReportComment, ReportEvent
from warehouse.spool import batch_id_of

LEDGER = "report-delivery"
COLUMNS = ("site", "quarter", "state", "sent to", "waiting for", "file")
LONGEST = 600
"""Characters of a comment at most: it stands in a section of the report."""

_NOT_TAKEN = (
    smtplib.SMTPResponseException,
    smtplib.SMTPNotSupportedError,
    ConnectionRefusedError,
    socket.gaierror,
    ssl.SSLError,
    UnicodeError,
)
"""Errors after which the server certainly does not have the mail."""


@dataclass(frozen=True, slots=True)
class Draft:
    """One report on disk."""

    site: Site
    quarter: Quarter
    path: Path
    sha256: str

    @property
    def key(self) -> str:
        """Return the name of the report in the ledger."""
        return f"{self.site.id}/{self.quarter}"


def drafts(settings: Settings, sites: Sites, quarter: Quarter, site_ids: Sequence[str] | None = None) -> list[Draft]:
    """Return the reports of a quarter that were written into `var/reports`."""
    found = []
    for site in sites.select(site_ids):
        path = settings.reports / f"{site.id}-{quarter}.pdf"
        if path.exists():
            found.append(Draft(site, quarter, path, hashlib.sha256(path.read_bytes()).hexdigest()))
    return found


def listed(settings: Settings, sites: Sites, quarter: Quarter) -> list[tuple[str, ...]]:
    """Return where each report stands, as rows of `COLUMNS`."""
    with settings.spool.hold_cursor(LEDGER, wait_seconds=10) as ledger:
        known = ledger or {}
    rows = list[tuple[str, ...]]()
    for draft in drafts(settings, sites, quarter):
        entry = known.get(draft.key, {})
        sent = sorted(address for address, state in entry.get("recipients", {}).items() if state["state"] == "sent")
        waiting = [address for address in sites.client_of(draft.site).recipients if address not in sent]
        rows.append(
            (
                draft.site.id,
                str(quarter),
                _state(entry, draft, waiting),
                ", ".join(sent),
                ", ".join(waiting),
                str(draft.path),
            )
        )
    return rows


def comment(settings: Settings, site: Site, quarter: Quarter, section: str, text: str, by: str) -> ReportComment:
    """Land a comment on a section; it is printed by the next report on a new snapshot.

    Raises:
        ConfigurationError: there is no such section, or the text is empty or too long.
    """
    known = list(units("tasks.analyse"))
    if section not in known:
        raise ConfigurationError(
            f"There is no section {section!r}{did_you_mean(section, known)}. Sections: {', '.join(known)}."
        )
    written = ReportComment(
        site_id=site.id,
        quarter=str(quarter),
        section=section,
        comment_id=uuid.uuid4().hex,
        text=one_line("text", text, LONGEST),
        written_by=one_line("by", by, LONGEST),
        written_at=datetime.now(UTC),
    )
    settings.spool.land(
        written.comment_id, {written.table: [written]}, collector="report_comment", parser_version="report_comment/1"
    )
    return written


def review(settings: Settings, sites: Sites, site_id: str, quarter: Quarter, by: str) -> Draft:
    """Say that somebody read the report as it is on disk now.

    Raises:
        ConfigurationError: there is no such report.
    """
    found = drafts(settings, sites, quarter, [site_id])
    if not found:
        raise ConfigurationError(f"There is no report of {site_id} on {quarter} yet: run `upkeep report` first.")
    (draft,) = found
    with settings.spool.hold_cursor(LEDGER, wait_seconds=10) as ledger:
        known = ledger or {}
        entry = known.setdefault(draft.key, {"recipients": {}})
        entry |= {"reviewed": draft.sha256}
        _land(settings, known, [_event(draft, "reviewed", one_line("by", by, LONGEST))])
    return draft


async def send(settings: Settings, sites: Sites, draft: Draft, by: str, secret: GetSecret) -> list[ReportEvent]:
    """Send a reviewed report to those recipients that have not got it, and return what came of it.

    Raises:
        ConfigurationError: it was not reviewed as it is, nobody is to get it, or an earlier attempt has an open end.
    """
    delivery, recipients = sites.agency.delivery, sites.client_of(draft.site).recipients
    if delivery is None:
        raise ConfigurationError("No server is named for reports: set agency.delivery.")
    if not recipients:
        raise ConfigurationError(f"Nobody is to get the reports of {draft.site.id}: set recipients of its client.")
    password = await secret(delivery.password) if delivery.password else None
    done = []
    with settings.spool.hold_cursor(LEDGER, wait_seconds=10) as ledger:
        known: dict[str, Any] = ledger or {}
        entry = known.get(draft.key, {"recipients": {}})
        if entry.get("reviewed") != draft.sha256:
            raise ConfigurationError(
                f"The report of {draft.site.id} on {draft.quarter} was not reviewed as it is now: "
                f"read {draft.path}, then `upkeep reports review`."
            )
        _refuse_open_ends(entry, draft)
        for address in recipients:
            if address in entry["recipients"]:
                continue
            entry["recipients"][address] = {"state": "sending", "sha256": draft.sha256}
            _land(settings, known, [])
            event = await _send_one(delivery, sites.agency, draft, address, by, password)
            if event.state == "failed":
                del entry["recipients"][address]
            else:
                entry["recipients"][address]["state"] = event.state
            _land(settings, known, [event])
            done.append(event)
            if event.state == "sending":
                break  # the others get theirs when somebody has asked after this one
    return done


def forget(settings: Settings, draft: Draft, address: str) -> None:
    """Let a report be sent to somebody whom an earlier attempt may or may not have reached."""
    with settings.spool.hold_cursor(LEDGER, wait_seconds=10) as ledger:
        known = ledger or {}
        state = known.get(draft.key, {}).get("recipients", {}).get(address, {}).get("state")
        if state != "sending":
            raise ConfigurationError(f"No attempt to send {draft.key} to {address} has an open end.")
        del known[draft.key]["recipients"][address]
        _land(settings, known, [])


async def announce(
    sites: Sites, quarter: Quarter, hashes: Sequence[str], *, secret: GetSecret, emit: Emit
) -> list[str]:
    """Tell every channel that drafts of reports are ready, and return a sentence for each that can't be told.

    `hashes` are of the files. The same ones make the same message, so that
    a webhook or an automation takes it once.
    """
    message = Message(
        alert_id=batch_id_of("reports_ready", str(quarter), *sorted(hashes)),
        kind="reports_ready",
        site_id="",
        source_id="",
        subject=f"{len(hashes)} report{'' if len(hashes) == 1 else 's'} of {quarter} ready for review",
        text="Read them, then `upkeep reports review` and `upkeep reports send`.",
        started_at=datetime.now(UTC).isoformat(),
    )
    problems = []
    for channel in sites.agency.alerts if hashes else ():
        try:
            await alert_channels.send(channel, asdict(message), secret, emit)
        except SourceError as error:
            problems.append(str(error))
    return problems


def _refuse_open_ends(entry: dict[str, Any], draft: Draft) -> None:
    for address, state in entry["recipients"].items():
        if state["state"] == "sending":
            raise ConfigurationError(
                f"An earlier attempt to send the report of {draft.site.id} to {address} has an open end. Ask whether "
                f"it came; if not, `upkeep reports send ... --again {address}`."
            )


async def _send_one(
    delivery: Delivery, agency: Agency, draft: Draft, address: str, by: str, password: str | None
) -> ReportEvent:
    mail = _mail(delivery, agency, draft, address)
    try:
        refused = await asyncio.to_thread(hand_over, delivery, mail, password)
    except smtplib.SMTPRecipientsRefused:
        refused = [address]
    except SourceError as error:
        return _event(draft, "failed", by, address, str(error))
    except _NOT_TAKEN as error:
        return _event(draft, "failed", by, address, f"{delivery.host} did not take it ({type(error).__name__})")
    except (smtplib.SMTPException, OSError) as error:
        why = f"{delivery.host} broke off ({type(error).__name__}): it may have taken it"
        return _event(draft, "sending", by, address, why)
    if refused:
        return _event(draft, "refused", by, address, f"{delivery.host} refused the recipient")
    return _event(draft, "sent", by, address)


def _mail(delivery: Delivery, agency: Agency, draft: Draft, address: str) -> EmailMessage:
    """Return the mail to a client, in the language of the report."""
    mail = EmailMessage()
    mail["From"], mail["To"] = delivery.sender, address
    mail["Date"], mail["Message-ID"] = formatdate(), make_msgid(domain=delivery.sender.rpartition("@")[2])
    with speaking(draft.site.locale):
        told = {
            "site": " ".join(draft.site.name.split()),
            "period": written.months(draft.quarter.start_date, draft.quarter.end_date - timedelta(days=1)),
        }
        mail["Subject"] = say("{site}: website report, {period}", **told)
        lines = [
            say("The website report of {site}, {period}, is ready. Page one is the whole story.", **told),
            f"{str(delivery.link).rstrip('/')}/{draft.path.name}" if delivery.link else say("It is attached as a PDF."),
            say("Questions: {contact}", contact=agency.contact),
            agency.name,
        ]
    mail.set_content("\n\n".join(lines) + "\n")
    if not delivery.link:
        mail.add_attachment(draft.path.read_bytes(), maintype="application", subtype="pdf", filename=draft.path.name)
    return mail


def _state(entry: dict[str, Any], draft: Draft, waiting: Sequence[str]) -> str:
    if any(state["state"] == "sending" for state in entry.get("recipients", {}).values()):
        return "sending, open end"
    if entry.get("recipients") and not waiting:
        return "sent"
    return "reviewed" if entry.get("reviewed") == draft.sha256 else "draft"


def _event(draft: Draft, state: str, by: str, recipient: str | None = None, message: str | None = None) -> ReportEvent:
    return ReportEvent(
        site_id=draft.site.id,
        quarter=str(draft.quarter),
        event_at=datetime.now(UTC),
        state=state,
        sha256=draft.sha256,
        recipient=recipient,
        done_by=by,
        message=message,
    )


def _land(settings: Settings, ledger: dict[str, Any], events: Sequence[ReportEvent]) -> None:
    settings.spool.land(
        uuid.uuid4().hex,
        {ReportEvent.table: list(events)} if events else {},
        collector="report",
        parser_version="report/1",
        cursor=(LEDGER, ledger),
    )
