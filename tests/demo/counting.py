"""Counts the answers of the demo quarter from its files alone: no module of the house is used."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

ACCESS = re.compile(
    r'(?:(?P<host>\S+):443 )?(?P<ip>\S+) - \S+ \[(?P<at>[^]]+)\] "(?P<method>[A-Z]+) (?P<target>[^"]*) HTTP/1\.1" '
    r'(?P<status>\d{3}) (?P<size>\d+) "(?P<referrer>[^"]*)" "(?P<agent>[^"]*)"'
)
SITES = ("harbourvale", "alderfinch", "kestrel", "linden")
# Of the story: one zone each, none changes its clocks in the quarter.
OFFSET_HOURS = {"harbourvale": 1, "alderfinch": 2, "kestrel": -4, "linden": 1}
LOG_OFFSET_HOURS = {"harbourvale": 0, "alderfinch": 2, "kestrel": 0, "linden": 0}


README = Path(__file__).parents[2] / "demo" / "README.md"


def _table(start: str, end: str) -> list[list[str]]:
    section = README.read_text(encoding="utf-8").split(start)[1].split(end)[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows]


def readme_answers() -> dict[str, str]:
    rows = _table("## Known answers", "The rules that")
    return {f"{site}: {row[0]}": cell for row in rows[2:] for site, cell in zip(rows[0][1:], row[1:], strict=True)}


def readme_rules() -> dict[str, str]:
    return dict(_table("The rules that", "## The files")[2:])


def lines(folder: Path, site: str, name: str) -> Iterator[str]:
    """Yield the lines of a log and all its rotated files, oldest first."""
    for path in sorted((folder / "logs" / site).glob(f"{name}*"), key=lambda path: path.stat().st_mtime):
        data = path.read_bytes()
        text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8")
        assert text.endswith("\n")
        yield from text[:-1].split("\n")


def requests(folder: Path, site: str) -> list[dict[str, Any]]:
    found = []
    for line in lines(folder, site, "access.log"):
        match = ACCESS.fullmatch(line)
        assert match, line
        found.append(match.groupdict() | {"path": match["target"].partition("?")[0], "day": match["at"][:11]})
    return found


def audits(folder: Path, site: str) -> list[dict[str, Any]]:
    return [json.loads(line)["transaction"] for line in lines(folder, site, "modsec_audit.log")]


def rule_ids(transaction: dict[str, Any]) -> list[str]:
    return [message["details"]["ruleId"] for message in transaction["messages"]]


def bundles(folder: Path, site: str) -> list[Path]:
    return sorted((folder / "bundles" / site).iterdir())


def plugins(bundle: Path) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in json.loads((bundle / "plugin-list.json").read_text())}


def local_days(times: np.ndarray, site: str) -> set[str]:
    days = np.unique((times + OFFSET_HOURS[site] * 3600) // 86_400)
    return {f"{datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=int(day)):%Y-%m-%d}" for day in days}


def answers(folder: Path) -> dict[str, str]:
    """Return every answer of demo/README.md as it is printed there."""
    found: dict[str, str] = {}
    for site in SITES:
        log, audit = requests(folder, site), audits(folder, site)
        blocked = [t for t in audit if "949110" in rule_ids(t)]
        paths = Counter(t["request"]["uri"].partition("?")[0] for t in blocked)
        path, count = paths.most_common(1)[0]
        found[f"{site}: access lines"] = f"{len(log):,}"
        found[f"{site}: audit events"] = f"{len(audit):,}"
        found[f"{site}: blocked, or would have been"] = f"{len(blocked):,}"
        found[f"{site}: most attacked path"] = f"{path}, {100 * count / len(blocked):.1f}%"
        found |= uptime(folder, site) | patches(folder, site)
        guesses = [r for r in log if (r["method"], r["path"], r["status"]) == ("POST", "/wp-login.php", "200")]
        by_network = Counter(r["ip"].rpartition(":" if ":" in r["ip"] else ".")[0] for r in guesses)
        found[f"{site}: passwords tried at /wp-login.php"] = (
            f"{len(guesses):,} from {len(by_network)} networks" if guesses else "none"
        )
        editor = [t for t in blocked if t["request"]["uri"] == "/wp-json/wp/v2/posts/12"]
        days = {t["time_stamp"][:10] for t in editor}
        clients = {t["client_ip"] for t in editor}
        found[f"{site}: saves of an editor blocked"] = f"{len(editor)} on {len(days)} days" if editor else "none"
        assert len(clients) <= 1
    return found


def uptime(folder: Path, site: str) -> dict[str, str]:
    with np.load(folder / "prometheus" / f"{site}.npz") as arrays:
        time, success, expiry = arrays["time"], arrays["success"], arrays["expiry"]
    down = success == 0
    starts = np.flatnonzero(down & ~np.r_[False, down[:-1]])
    lengths = [int(np.argmax(~down[start:])) for start in starts]
    last = datetime.fromtimestamp(int(expiry[-1]), UTC)
    return {
        f"{site}: uptime checks": f"{len(time):,}",
        f"{site}: days without checks": str(92 - len(local_days(time, site))),
        f"{site}: outages, minutes": ", ".join(str(length) for length in lengths) or "none",
        f"{site}: availability": f"{100 * (1 - down.sum() / len(time)):.4f}%",
        f"{site}: certificate expires": f"{last:%Y-%m-%d}",
    }


def patches(folder: Path, site: str) -> dict[str, str]:
    found = bundles(folder, site)
    security = [re.findall(r"^Inst (\S+) .*Debian-Security", (b / "apt-simulate.txt").read_text(), re.M) for b in found]
    fetched = int((found[-1] / "apt-lists-mtime.txt").read_text())
    return {
        f"{site}: inventories": str(len(found)),
        f"{site}: Debian packages": str(len((found[-1] / "dpkg-query.tsv").read_text().splitlines())),
        f"{site}: security updates in the last inventory": ", ".join(sorted(security[-1])) or "none",
        f"{site}: package lists last fetched": f"{datetime.fromtimestamp(fetched, UTC):%Y-%m-%d}",
    }
