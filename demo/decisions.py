"""What people of the demo said to the advice of the second quarter, as `upkeep recommendations` writes it down."""

from __future__ import annotations

from datetime import UTC, date, datetime

from tasks import deciding
from tasks.settings import Settings

BY_DATA = date(2026, 7, 6)
"""The Monday on which the register is reviewed in between."""

_SAID: tuple[tuple[str, str, str, str, int, str], ...] = (
    (
        "harbourvale",
        "security.login_brute_force",
        "/wp-login.php",
        "claimed_done",
        3,
        "Ten attempts a minute, in nginx",
    ),
    (
        "harbourvale",
        "availability.below_slo",
        "harbourvale",
        "accepted",
        3,
        "Asked the hosting company for a second route",
    ),
    ("kestrel", "availability.monitoring_gap", "uptime", "claimed_done", 2, "All checks run since 1 June"),
    (
        "kestrel",
        "servers.disk_filling",
        "web1.kestrel.example:/srv",
        "scheduled",
        2,
        "Old exports go with the next release",
    ),
)


def write_decisions(settings: Settings) -> None:
    """Land what was said; the advice of the second quarter must be in the published snapshot.

    Raises:
        ConfigurationError: the snapshot doesn't know the advice.
    """
    for site, rule, subject, state, day, why in _SAID:
        deciding.change(
            settings,
            site,
            rule,
            subject,
            state,
            by="Northlight Studio",
            why=why,
            at=datetime(2026, 7, day, 9, tzinfo=UTC),
        )
    deciding.change(
        settings,
        "alderfinch",
        "security.block_network",
        "203.0.113.0/24",
        "declined",
        by="Jo Finch, Alder & Finch",
        why="A reseller works from that network",
        at=datetime(2026, 7, 8, 9, tzinfo=UTC),
        until=date(2026, 12, 31),
    )
