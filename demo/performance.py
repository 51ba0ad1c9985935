"""Results of Lighthouse and of the Chrome UX Report as a job of CI saves them: a file each Monday, three runs a page.

The documents have the shape of real ones (Lighthouse 12.8.2, records:queryRecord), with the parts that are read.
"""

from __future__ import annotations

import functools
import json
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from demo.operations import stamp, write
from demo.scenario import SUMMER, Site

BOUNDS = {"lcp_ms": (2500, 4000), "inp_ms": (200, 500), "cls": (0.1, 0.25), "ttfb_ms": (800, 1800)}
NAMES = {
    "lcp_ms": "largest_contentful_paint",
    "inp_ms": "interaction_to_next_paint",
    "cls": "cumulative_layout_shift",
    "ttfb_ms": "experimental_time_to_first_byte",
}
SCREENS = {"mobile": "PHONE", "desktop": "DESKTOP"}
METRICS = (
    ("first-contentful-paint", "fcp"),
    ("largest-contentful-paint", "lcp"),
    ("total-blocking-time", "tbt"),
    ("cumulative-layout-shift", "cls"),
    ("speed-index", "si"),
    ("server-response-time", "ttfb"),
)

CONSOLE = "errors-in-console"


@functools.cache
def story() -> dict[str, Any]:
    """Return performance.yaml."""
    content: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "performance.yaml").read_text(encoding="utf-8"))
    return content


def write_performance(site: Site, folder: Path) -> None:
    """Write one file for each Monday of the period; nothing was measured before July."""
    if site.period != SUMMER:
        return
    own = story()[site.id]
    days = site.period.weekly(0)
    for number, day in enumerate(days):
        rng = np.random.default_rng([site.seed, day.toordinal()])
        documents = [
            _result(site, path, page, day, run, rng, own.get("advice", []))
            for path, page in own["pages"].items()
            for run in range(3)
        ]
        documents += _visits(site, own.get("field", {}), day, number / max(len(days) - 1, 1))
        at = datetime.combine(day, time(4, 20), site.zone)
        write(folder / f"{day}.json", [json.dumps(documents, separators=(",", ":"))], at.timestamp())


def _result(
    site: Site, path: str, page: dict[str, Any], day: date, run: int, rng: np.random.Generator, advice: list[Any]
) -> dict[str, Any]:
    """Return one run; runs differ by a few per cent, as real ones do."""
    url = f"https://{site.host}{path}"
    fell = page.get("fell", {})
    now = page | (fell if fell and day >= fell["from"] else {})
    near = 1 + 0.02 * float(rng.standard_normal())
    figures = {
        "lcp": now["lcp"] * near, "fcp": 0.55 * now["lcp"] * near, "tbt": now["tbt"] * near, "cls": now["cls"],
        "si": 0.8 * now["lcp"] * near, "ttfb": 180 * near,
    }  # fmt: skip
    audits: dict[str, Any] = {
        name: {"id": name, "score": 0.95, "scoreDisplayMode": "numeric", "numericValue": round(figures[key], 3)}
        for name, key in METRICS
    }
    audits |= _weight(url, page) | _third_parties(page) | _advice(path, advice) | _console(page)
    at = datetime.combine(day, time(4, 10), site.zone) + timedelta(minutes=run)
    score = round(min(1.0, max(0.0, now["score"] / 100 + (1 - near) / 3)), 2)
    return {
        "lighthouseVersion": "12.8.2",
        "requestedUrl": url,
        "finalDisplayedUrl": url,
        "fetchTime": stamp(at.astimezone(UTC)),
        "gatherMode": "navigation",
        "runWarnings": [],
        "environment": {"benchmarkIndex": 1800 + int(rng.integers(0, 400))},
        "configSettings": {"formFactor": "mobile", "throttlingMethod": "simulate", "locale": "en"},
        "categories": {
            "performance": {
                "score": score,
                "auditRefs": [{"id": name} for name in audits if name not in {**dict(METRICS), CONSOLE: ""}],
            },
            "accessibility": {"score": 0.96},
            "best-practices": {"score": 0.96, "auditRefs": [{"id": CONSOLE}]},
            "seo": {"score": 1},
        },
        "audits": audits,
        "timing": {"total": 12_000 + int(rng.integers(0, 900))},
    }


def _weight(url: str, page: dict[str, Any]) -> dict[str, Any]:
    kinds = [
        {"resourceType": kind, "requestCount": max(1, size // 80), "transferSize": size * 1000}
        for kind, size in page["weight"].items()
    ]
    audits: dict[str, Any] = {
        "resource-summary": {
            "score": 1,
            "scoreDisplayMode": "informative",
            "details": {"type": "table", "items": kinds},
        },
        "total-byte-weight": {"score": 1, "numericValue": sum(page["weight"].values()) * 1000},
    }
    node = {"type": "node", "selector": "main > h1", "snippet": "<h1>"}
    if hero := page.get("hero"):
        file = f"{url.rstrip('/')}{hero[0]}"
        node = {"type": "node", "selector": "figure.hero > img", "snippet": f'<img src="{hero[0]}" alt="">'}
        audits["network-requests"] = {
            "score": 1,
            "scoreDisplayMode": "informative",
            "details": {"items": [{"url": file, "resourceType": "Image", "transferSize": hero[1] * 1000}]},
        }
        audits["prioritize-lcp-image"] = {
            "score": 1,
            "details": {"type": "opportunity", "items": [], "debugData": {"initiatorPath": [{"url": file}]}},
        }
    details = {"type": "list", "items": [{"type": "table", "items": [{"node": node}]}]}
    audits["largest-contentful-paint-element"] = {"score": 1, "scoreDisplayMode": "metricSavings", "details": details}
    return audits


def _third_parties(page: dict[str, Any]) -> dict[str, Any]:
    rows = [
        {"entity": name, "mainThreadTime": busy, "blockingTime": 0.6 * busy, "transferSize": size * 1000}
        for name, busy, size in page.get("third_parties", [])
    ]
    return {"third-party-summary": {"score": 1, "details": {"type": "table", "items": rows}}}


def _console(page: dict[str, Any]) -> dict[str, Any]:
    told = [
        {"source": "network", "description": text, "sourceLocation": {"type": "source-location", "url": url}}
        for text, url in page.get("console", [])
    ]
    audit = {"id": CONSOLE, "title": "Browser errors were logged to the console", "score": 0 if told else 1}
    return {CONSOLE: audit | {"scoreDisplayMode": "binary", "details": {"type": "table", "items": told}}}


def _advice(path: str, advice: list[Any]) -> dict[str, Any]:
    return {
        audit: {
            "id": audit,
            "title": title,
            "score": 0.5,
            "scoreDisplayMode": "metricSavings",
            "metricSavings": {name.upper(): saving for name, saving in savings.items()},
            "details": {"type": "table", "items": [{"wastedBytes": size * 1000}] if size else []},
        }
        for audit, title, where, savings, size in advice
        if where == path
    }


def _visits(site: Site, field: dict[str, Any], day: date, progress: float) -> list[dict[str, Any]]:
    """Return what the CrUX API answers for the origin on each screen, of the 28 days that end two days before."""
    last, first = day - timedelta(days=2), day - timedelta(days=29)
    return [
        {
            "record": {
                "key": {"origin": f"https://{site.host}", "formFactor": SCREENS[screen]},
                "metrics": {NAMES[name]: _metric(name, ends[0], ends[1], progress) for name, ends in figures.items()},
                "collectionPeriod": {
                    "firstDate": {"year": first.year, "month": first.month, "day": first.day},
                    "lastDate": {"year": last.year, "month": last.month, "day": last.day},
                },
            }
        }
        for screen, figures in field.items()
    ]


def _metric(name: str, start: float, end: float, progress: float) -> dict[str, Any]:
    """Return a figure between its ends; at its 75th percentile three visits in four are faster."""
    p75 = start + (end - start) * progress
    good, poor = BOUNDS[name]
    shares = [round(0.75 * min(1.32, good / p75) ** 0.6, 4), round(0.12 * min(1.0, p75 / poor), 4)]
    bins = [shares[0], round(1 - sum(shares), 4), shares[1]]
    value = f"{p75:.2f}" if name == "cls" else round(p75)
    return {"histogram": [{"density": share} for share in bins], "percentiles": {"p75": value}}
