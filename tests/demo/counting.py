"""Counts the answers of the demo quarter from its files alone: no module of the house is used."""

from __future__ import annotations

import csv
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
_NAMED = re.compile(r'(?:href|src)="(/[^"]*)"')
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
        found[f"{site}: answered with a server error"] = f"{sum(r['status'][0] == '5' for r in log):,}"
        found |= (
            uptime(folder, site)
            | patches(folder, site)
            | flaws(folder, site)
            | servers(folder, site)
            | backups(folder, site)
        )
        found |= (
            journeys(folder, site) | tickets(folder, site) | accessibility(folder, site) | site_audits(folder, site)
        )
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


def accessibility(folder: Path, site: str) -> dict[str, str]:
    path = folder / "audits" / f"{site}.jsonl"
    name = f"{site}: elements that failed in the last audit"
    if not path.exists():
        return {name: "no audit"}
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    last = [line["axe"] for line in lines if line["started_at"][:10] == lines[-1]["started_at"][:10]]
    failed = [
        (page["url"], node["html"])
        for page in last
        for rule in page["violations"]
        for node in rule["nodes"]
        if "best-practice" not in rule["tags"]
    ]
    return {name: f"{len(failed)} on {len({url for url, _ in failed})} of {len(last)} pages"}


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


def natural(version: str) -> list[tuple[int, int, str]]:
    """Return a version so that those of the demo sort: numbers as numbers."""
    parts = re.findall(r"\d+|[^\d.+~:-]+", version)
    return [(1, int(part), "") if part.isdigit() else (0, 0, part) for part in parts]


def versions(bundle: Path) -> dict[tuple[str, str], tuple[str, set[str]]]:
    """Return the version of each plugin, of WordPress and of each Debian source, with the names that are installed."""
    found: dict[tuple[str, str], tuple[str, set[str]]] = {}
    for line in (bundle / "dpkg-query.tsv").read_text().splitlines():
        name, _, source, version, _ = line.split("\t")
        found.setdefault(("deb", source), (version, set()))[1].add(name.partition(":")[0])
    if (bundle / "plugin-list.json").exists():
        found |= {("plugin", name): (row["version"], {name}) for name, row in plugins(bundle).items()}
        found["core", "wordpress"] = ((bundle / "core-version.txt").read_text().strip(), {"wordpress"})
    return found


def flaws(folder: Path, site: str) -> dict[str, str]:
    feeds = folder / "advisories"
    told = [
        (record["cve"], (item["type"], item["slug"]), item["patched_versions"][0], record["published"][:10])
        for record in json.loads((feeds / "wordfence.json").read_text()).values()
        for item in record["software"]
    ]
    told += [
        (flaw, ("deb", source), entry["releases"]["bookworm"]["fixed_version"], "")
        for source, entries in json.loads((feeds / "debian.json").read_text()).items()
        for flaw, entry in entries.items()
    ]
    lists = [(bundle.name, versions(bundle)) for bundle in bundles(folder, site)]
    found, names, patched = set(), set(), set()
    for flaw, component, fixed, published in told:
        has = [component in seen and natural(seen[component][0]) < natural(fixed) for _, seen in lists]
        if has[-1]:
            found.add(flaw)
            names |= lists[-1][1][component][1]
        if published and any(
            before and not after and published.replace("-", "") < name[:8]
            for before, after, (name, _) in zip(has, has[1:], lists[1:], strict=False)
        ):
            patched.add(flaw)
    return {
        f"{site}: known flaws open at the end": f"{len(found)} in {len(names)} components" if found else "none",
        f"{site}: flaws of WordPress patched": ", ".join(sorted(patched)) or "none",
    }


def local_day(text: str, site: str) -> str:
    return f"{datetime.fromisoformat(text) + timedelta(hours=OFFSET_HOURS[site]):%Y-%m-%d}"


def servers(folder: Path, site: str) -> dict[str, str]:
    rows = [
        row
        for path in sorted((folder / "servers" / site).glob("*.csv"))
        for row in csv.DictReader(path.read_text().splitlines())
    ]
    names = sorted({row["server"] for row in rows})
    p95 = [
        f"{100 * max(np.quantile([float(r['value']) for r in rows if (r['server'], r['metric']) == (n, metric)], 0.95) for n in names):.0f}%"
        for metric in ("cpu_busy_ratio", "memory_used_ratio")
    ]
    pending = sorted(
        local_day(row["measured_at"], site)
        for row in rows
        if row["metric"] == "is_reboot_required" and row["value"] == "1"
    )
    newest = max(local_day(row["measured_at"], site) for row in rows)
    return {
        f"{site}: figures of servers": f"{len(rows):,} of {len(names)}",
        f"{site}: CPU and memory, 95th percentile": ", ".join(p95),
        f"{site}: disks full within 60 days": ", ".join(disks(rows, site)) or "none",
        f"{site}: restart due since": pending[0] if pending else "none due" if newest >= "2026-09-24" else "not known",
    }


def disks(rows: list[dict[str, str]], site: str) -> list[str]:
    """Fit each disk's last 30 days by least squares; one that was not measured in the last week is not known."""
    free: dict[tuple[str, str], dict[int, float]] = {}
    for row in rows:
        if row["metric"] == "disk_available_bytes":
            day = datetime.fromisoformat(local_day(row["measured_at"], site)).toordinal()
            free.setdefault((row["server"].partition(".")[0], row["device"]), {})[day] = float(row["value"])
    found = []
    for (server, device), values in sorted(free.items()):
        last, end = max(values), datetime(2026, 10, 1).toordinal()  # noqa: DTZ001 - a day, not a moment
        if last < end - 7:
            found.append("not known")
            continue
        recent = sorted(day for day in values if day > last - 30)
        slope = float(np.polyfit(np.array(recent) - last, [values[day] for day in recent], 1)[0])
        if slope < 0 and values[last] / -slope < 60:
            found.append(f"{device} of {server} in {values[last] / -slope:.0f} days")
    return found


def backups(folder: Path, site: str) -> dict[str, str]:
    path = folder / "backups" / site / "jobs.jsonl"
    if not path.exists():
        return {f"{site}: nights without a backup": "no job", f"{site}: last tested restore": "no job"}
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    good = [row for row in rows if row["state"] == "succeeded"]
    nights = {local_day(row["backup_at"], site) for row in good if row["kind"] == "backup"}
    tested = [local_day(row["backup_at"], site) for row in good if row["kind"] == "restore_test"]
    return {
        f"{site}: nights without a backup": str(92 - len(nights)),
        f"{site}: last tested restore": max(tested, default="never"),
    }


def site_audits(folder: Path, site: str) -> dict[str, str]:
    path = folder / "site-audits" / f"{site}.jsonl"
    audits = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    missing = []
    for audit in audits:
        home = f"https://{site}.example"
        named = {home + name for page in audit["answers"].values() for name in _NAMED.findall(page.get("body", ""))}
        missing.append(len(named - audit["answers"].keys()))
    return {
        f"{site}: audits of headers and crawls": str(len(audits) or "none"),
        f"{site}: addresses not there, first and last crawl": f"{missing[0]}, {missing[-1]}" if audits else "no crawl",
    }


def journeys(folder: Path, site: str) -> dict[str, str]:
    path = folder / "journeys" / f"{site}.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    known = [row for row in rows if row.get("cause") != "own_network"]
    failed = sum("cause" in row for row in known)
    return {f"{site}: journeys failed": f"{failed} of {len(known):,}" if rows else "none run"}


def tickets(folder: Path, site: str) -> dict[str, str]:
    """Take the last export: tickets opened in the quarter, solved in it, and open at its end; and those of outages."""
    client = {
        "harbourvale": "Harbour & Vale Museum",
        "alderfinch": "Alder & Finch",
        "linden": "Linden Community College",
    }
    text = max((folder / "tickets").glob("export-*.csv")).read_text()
    rows = [row for row in csv.DictReader(text.splitlines()) if row["Client"] == client.get(site)]
    opened = [row for row in rows if "2026-07-01" <= local_day(row["Opened"], site) < "2026-10-01"]
    solved = [row for row in rows if row["Solved"] and "2026-07-01" <= local_day(row["Solved"], site) < "2026-10-01"]
    still = [row for row in rows if not row["Solved"]]
    down = [row["Opened"] for row in opened if re.search(r"\bdown\b", row["Subject"])]
    with np.load(folder / "prometheus" / f"{site}.npz") as arrays:
        first_failed = arrays["time"][np.flatnonzero(np.diff(arrays["success"].astype(int)) == -1) + 1]
    early = [at for at in down if any(0 < t - datetime.fromisoformat(at).timestamp() <= 1800 for t in first_failed)]
    return {
        f"{site}: tickets opened, solved, open": f"{len(opened)}, {len(solved)}, {len(still)}"
        if rows
        else "no helpdesk",
        f"{site}: outages that a client told, told first": f"{len(down)}, {len(early)}" if rows else "no helpdesk",
    }
