"""What the agency of the demo wrote down about one outage; the long one of Alder & Finch has no cause yet."""

from __future__ import annotations

from datetime import UTC, datetime

from tasks import incidents
from tasks.settings import Settings


def write_notes(settings: Settings) -> None:
    """Land the notes; the incidents must be in the published snapshot.

    Raises:
        ConfigurationError: the snapshot doesn't know the incident.
    """
    incidents.note(
        settings,
        "harbourvale",
        datetime(2026, 8, 20, 13, 20, tzinfo=UTC),
        cause="A failed power supply in the router of the hosting company",
        fix="The hosting company moved the site to a second route",
        detected_by="monitor",
        noted_by="Northlight Studio",
    )
