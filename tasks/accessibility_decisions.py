"""What people decide on findings that need a review: `upkeep accessibility`."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from tasks.by_hand import one_line, published
from tasks.errors import ConfigurationError
from tasks.settings import Settings
from tasks.terminal import rfc3339
from warehouse.records import AccessibilityDecision

COLUMNS = ("finding", "site", "page", "rule", "criteria", "element", "HTML", "why not clear", "decision", "by", "at")
DECISIONS = ("confirmed", "dismissed")
KEY_LENGTH = 12

_LATEST = """
SELECT * FROM staging.accessibility_finding AS finding
WHERE kind = 'wcag' AND judgement <> 'violation' AND ($site_id IS NULL OR site_id = $site_id)
  AND run_id IN (
    SELECT run_id FROM staging.accessibility_run WHERE tested_criteria IS NOT NULL
    QUALIFY row_number() OVER (
      PARTITION BY site_id, source_id, auditor, page_url ORDER BY started_at DESC, run_id
    ) = 1
  )"""

_LIST = f"""
SELECT finding_key, site_id, page_url, rule_id, array_to_string(success_criteria, ' '), selector, snippet, message_key,
  CASE WHEN judgement <> 'needs_review' THEN judgement END, decided_by, decided_at
FROM ({_LATEST})
WHERE $is_every OR judgement = 'needs_review'
ORDER BY site_id, page_url, rule_id, finding_key
LIMIT $count"""  # noqa: S608 - every part is the house's own text

_FIND = f"""
SELECT DISTINCT finding_key, content_sha256, page_url, rule_id FROM ({_LATEST})
WHERE starts_with(finding_key, $key) ORDER BY finding_key"""  # noqa: S608 - as above


def listed(
    settings: Settings, site_id: str | None, *, is_every: bool = False, count: int = 200
) -> list[tuple[Any, ...]]:
    """Return what waits for a decision in the newest audit of each page as rows of `COLUMNS`; with `is_every` all."""
    rows = _query(settings, _LIST, {"site_id": site_id, "is_every": is_every, "count": count})
    return [(key[:KEY_LENGTH], *rest, rfc3339(at) if at else None) for key, *rest, at in rows]


def decide(
    settings: Settings, site_id: str, key: str, decision: str, *, reason: str, decided_by: str
) -> AccessibilityDecision:
    """Land a decision on the finding of the site whose key starts with `key`, and return it.

    Raises:
        ConfigurationError: there is no such finding, more than one, or an answer is empty or too long.
    """
    words = {name: one_line(name, text) for name, text in (("reason", reason), ("by", decided_by))}
    found = _query(settings, _FIND, {"site_id": site_id, "key": key}) if key else []
    if not found:
        raise ConfigurationError(
            f"No finding {key} of {site_id} waits for a review; `upkeep accessibility list` shows those that do."
        )
    if len(found) > 1:
        raise ConfigurationError(f"{len(found)} findings of {site_id} start with {key}: give more of it.")
    ((finding_key, content, page_url, rule_id),) = found
    made = AccessibilityDecision(
        site_id=site_id,
        finding_key=finding_key,
        content_sha256=content,
        page_url=page_url,
        rule_id=rule_id,
        decision=decision,
        reason=words["reason"],
        decided_by=words["by"],
        decided_at=datetime.now(UTC),
    )
    settings.spool.land(
        uuid.uuid4().hex,
        {made.table: [made]},
        collector="accessibility_decision",
        parser_version="accessibility_decision/1",
    )
    return made


def _query(settings: Settings, sql: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    with published(settings.snapshot) as con:
        return con.execute(sql, parameters).fetchall()
