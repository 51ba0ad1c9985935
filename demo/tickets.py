"""The agency's helpdesk: every Wednesday it exports all tickets of the period, as they stand then."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from demo.operations import moment, operations, stamp, write
from demo.scenario import Site

HEADER = ("Ticket", "Client", "Opened", "First reply", "Solved", "Updated", "Status", "Type", "Subject")
EXPORT_DAY, EXPORT_HOUR = 2, 5
"""Wednesday, UTC."""
FIRST_NUMBER = 3401
"""And a hundred for each month before the period: numbers go on from one to the next."""


@dataclass(frozen=True, slots=True, order=True)
class _Ticket:
    opened_at: datetime
    client: str
    kind: str
    subject: str
    replied_at: datetime
    solved_at: datetime | None


def write_tickets(sites: Sequence[Site], folder: Path) -> None:
    """Write the exports of the sites' period into `folder`."""
    period = sites[0].period
    tickets = sorted(ticket for site in sites for ticket in _tickets(site))
    first = FIRST_NUMBER + 100 * period.start_date.month
    for day in period.weekly(EXPORT_DAY):
        at = datetime(day.year, day.month, day.day, EXPORT_HOUR, tzinfo=UTC)
        text = io.StringIO()
        rows = csv.writer(text, lineterminator="\n")
        rows.writerow(HEADER)
        rows.writerows(
            _row(number, ticket, at) for number, ticket in enumerate(tickets, start=first) if ticket.opened_at <= at
        )
        write(folder / f"export-{day}.csv", text.getvalue().splitlines(), at.timestamp())


def _tickets(site: Site) -> list[_Ticket]:
    """Return the tickets of a site: one of the day before the period, some each week, and those of the story."""
    desk = operations()["tickets"].get(site.id)
    if desk is None:
        return []
    rng, made = np.random.default_rng([site.seed, 4]), []
    weeks, period = site.period.weekly(EXPORT_DAY)[:-1], site.period
    for number in range(len(weeks) * desk["weekly"] + 1):
        kind, subject = desk["subjects"][number % len(desk["subjects"])]
        week = weeks[(number - 1) // desk["weekly"]] if number else period.start_date - timedelta(days=1)
        day = week + timedelta(days=int(rng.integers(0, 3)) if number else 0)
        opened = moment(site, f"{day}T{rng.integers(9, 16):02d}:{rng.integers(0, 60):02d}")
        solved_on = day + timedelta(days=int(rng.integers(1, 4)))
        solved_on += timedelta(days=max(7 - solved_on.isoweekday(), 0) + 1 if solved_on.isoweekday() > 5 else 0)
        solved = moment(site, f"{solved_on}T{rng.integers(9, 17):02d}:{rng.integers(0, 60):02d}")
        replied = opened + timedelta(minutes=int(rng.integers(20, 150)))
        made.append(_Ticket(opened, desk["client"], kind, subject, replied, solved))
    for item in desk.get("more", []):
        opened = moment(site, item["opened"])
        if not site.start <= opened.timestamp() < site.end:
            continue
        end = opened + timedelta(hours=item["solve_hours"]) if "solve_hours" in item else None
        replied = opened + timedelta(hours=item["reply_hours"])
        made.append(_Ticket(opened, desk["client"], item["type"], item["subject"], replied, end))
    return made


def _row(number: int, ticket: _Ticket, at: datetime) -> list[str]:
    """Return a ticket as it stands at the time of an export."""
    told = [moment if moment and moment <= at else None for moment in (ticket.replied_at, ticket.solved_at)]
    status = "solved" if told[1] else "open" if told[0] else "new"
    newest = max(moment for moment in (ticket.opened_at, *told) if moment)
    times = (ticket.opened_at, *told, newest)
    return [
        f"NL-{number}",
        ticket.client,
        *("" if moment is None else stamp(moment) for moment in times),
        status,
        ticket.kind,
        ticket.subject,
    ]
