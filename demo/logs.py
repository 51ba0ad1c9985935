"""Write requests and attacks as log files, cut each Monday as logrotate does: name, name.1, name.2.gz and so on."""

from __future__ import annotations

import bisect
import gzip
import os
import zoneinfo
from collections.abc import Sequence
from datetime import datetime, time
from pathlib import Path

from demo import audit
from demo.scenario import DAY_SECONDS, Site
from demo.traffic import Request, traffic

_CLOCK = [f"{hour:02d}:{minute:02d}:{second:02d}" for hour in range(24) for minute in range(60) for second in range(60)]


def write_logs(site: Site, folder: Path) -> None:
    """Write access.log and modsec_audit.log of the period with their rotated files into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    events = audit.events(site)
    requests = sorted([*traffic(site), *(event.request for event in events)])
    _rotate(folder / "access.log", [request.at for request in requests], access_lines(site, requests), site)
    if site.edge_days:
        _write_edge(site, folder / "edge.log")
    _rotate(folder / "modsec_audit.log", [event.request.at for event in events], [event.line for event in events], site)


def access_lines(site: Site, requests: Sequence[Request]) -> list[str]:
    """Return requests in the combined format: nginx's, or Apache's vhost_combined."""
    zone = zoneinfo.ZoneInfo(site.log_zone)
    # No zone of the story changes its clocks in a period.
    offset = int(datetime.fromtimestamp(site.start, zone).utcoffset().total_seconds())  # type: ignore[union-attr]
    name = f"{offset // 3600:+03d}{offset % 3600 // 60:02d}"
    host = f"{site.host}:443 " if site.server == "apache" else ""
    days: dict[int, str] = {}
    lines = []
    for at, address, method, target, status, size, referrer, agent, user in requests:
        day, second = divmod(at + offset, DAY_SECONDS)
        if day not in days:
            days[day] = f"{datetime.fromtimestamp(at, zone):%d/%b/%Y}"
        lines.append(
            f'{host}{address} - {user} [{days[day]}:{_CLOCK[second]} {name}] "{method} {target} HTTP/1.1" '
            f'{status} {size} "{referrer}" "{agent}"'
        )
    return lines


def _write_edge(site: Site, path: Path) -> None:
    """Write the log of a CDN as long as it came: a line each hour, in the combined format."""
    times = range(site.start, site.start + site.edge_days * DAY_SECONDS, 3600)
    requests = [Request(at, "198.51.100.9", "GET", "/", 200, 9120, "-", "Edge") for at in times]
    path.write_text("".join(line + "\n" for line in access_lines(site, requests)), encoding="utf-8")
    os.utime(path, (times[-1], times[-1]))


def rotations(site: Site) -> list[int]:
    """Return the Mondays, 00:00 in the server's zone, at which the logs were rotated, unix time."""
    monday = datetime.combine(site.period.weekly(0)[0], time.min, zoneinfo.ZoneInfo(site.log_zone))
    return list(range(int(monday.timestamp()), site.end, 7 * DAY_SECONDS))


def _rotate(path: Path, times: Sequence[int], lines: Sequence[str], site: Site) -> None:
    """Write the lines, ordered by time, into one file a week; each is as old as its last possible line."""
    cuts = [*rotations(site), site.end]
    start = 0
    for age, cut in zip(range(len(cuts) - 1, -1, -1), cuts, strict=True):
        end = bisect.bisect_left(times, cut)
        data = "".join(line + "\n" for line in lines[start:end]).encode()
        name = path if age == 0 else path.with_name(f"{path.name}.{age}{'.gz' if age > 1 else ''}")
        name.write_bytes(gzip.compress(data, 4, mtime=0) if age > 1 else data)
        os.utime(name, (cut, cut))
        start = end
