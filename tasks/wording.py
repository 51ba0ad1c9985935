"""Words that more than one place prints."""

from __future__ import annotations


def duration(seconds: float) -> str:
    """Say a duration: 30 seconds, 47 minutes, 2 h 10 min."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return f"{seconds:.0f} seconds"
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 100 else f"{minutes} minute{'s' * (minutes != 1)}"
