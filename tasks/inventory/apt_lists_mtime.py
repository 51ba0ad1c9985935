"""When apt last fetched its lists: one line, seconds since 1970, as `stat -c %Y` prints it.

`stat -c %Y /var/lib/apt/periodic/update-success-stamp`, or where that file is missing `stat -c %Y /var/lib/apt/lists`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from tasks.errors import SourceError


def parse(text: str) -> datetime:
    """Return the time.

    Raises:
        SourceError: it is not one line of seconds.
    """
    if not re.fullmatch(r"[0-9]{9,10}", text.strip(), re.ASCII):
        raise SourceError("it is not one line of seconds since 1970; run `stat -c %Y /var/lib/apt/lists`")
    return datetime.fromtimestamp(int(text), UTC)
