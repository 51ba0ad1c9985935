"""What people write down about incidents: `upkeep incidents`."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from tasks.by_hand import one_line, published
from tasks.errors import ConfigurationError
from tasks.settings import Settings
from tasks.terminal import rfc3339
from warehouse.records import IncidentNote

COLUMNS = ("site", "source", "incident", "minutes", "what the checks saw", "cause", "fix", "detected by", "noted by")

_LIST = """
SELECT incident.site_id, incident.source_id, incident.started_at, round(incident.down_seconds / 60)::BIGINT,
  incident.cause, note.cause, note.fix, note.detected_by, note.noted_by
FROM marts.incident AS incident
LEFT JOIN marts.incident_note AS note USING (site_id, source_id, started_at)
WHERE $site_id IS NULL OR incident.site_id = $site_id
ORDER BY incident.started_at DESC, incident.site_id, incident.source_id
LIMIT $count"""

_FIND = """
SELECT source_id, started_at FROM marts.incident
WHERE site_id = $site_id AND started_at <= $at AND ended_at > $at AND ($source_id IS NULL OR source_id = $source_id)
ORDER BY source_id"""


def listed(settings: Settings, site_id: str | None, count: int = 50) -> list[tuple[Any, ...]]:
    """Return the newest incidents of the published snapshot, as rows of `COLUMNS`."""
    return _query(settings, _LIST, {"site_id": site_id, "count": count})


def note(
    settings: Settings,
    site_id: str,
    at: datetime,
    *,
    cause: str,
    noted_by: str,
    fix: str | None = None,
    detected_by: str | None = None,
    source_id: str | None = None,
) -> IncidentNote:
    """Land a note on the incident of the site that holds the moment `at`, and return it.

    Raises:
        ConfigurationError: no incident holds the moment, more than one does, or an answer is empty or too long.
    """
    words = {"cause": cause, "by": noted_by, "fix": fix, "detected-by": detected_by}
    cleaned = {name: one_line(name, text) for name, text in words.items() if text is not None}
    found = _query(settings, _FIND, {"site_id": site_id, "at": at, "source_id": source_id})
    if not found:
        raise ConfigurationError(
            f"The snapshot knows no incident of {site_id} at {rfc3339(at)}; `upkeep incidents list` shows all."
        )
    if len(found) > 1:
        names = ", ".join(source for source, _ in found)
        raise ConfigurationError(f"Several sources of {site_id} were down at {rfc3339(at)} ({names}): say --source.")
    ((source, started_at),) = found
    written = IncidentNote(
        site_id=site_id,
        source_id=source,
        incident_at=started_at,
        cause=cleaned["cause"],
        fix=cleaned.get("fix"),
        detected_by=cleaned.get("detected-by"),
        noted_by=cleaned["by"],
        noted_at=datetime.now(UTC),
    )
    settings.spool.land(
        uuid.uuid4().hex, {written.table: [written]}, collector="incident_note", parser_version="incident_note/1"
    )
    return written


def _query(settings: Settings, sql: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    with published(settings.snapshot) as con:
        return con.execute(sql, parameters).fetchall()
