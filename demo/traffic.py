"""What visitors, robots, editors and password guessers ask of a site: the requests behind its access log."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import yaml

from demo.scenario import DAY_SECONDS, UNREACHABLE, BruteForce, Editor, Site

GUESSER = "Mozilla/5.0 (Windows NT 6.1; Win64; x64)"
"""What the password guessers say they are."""
EDITOR_BROWSER = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.5 Safari/605.1.15"
)
ERROR_SIZE = 1_080
"""Bytes of the error page of an outage in which the server still answered."""
MONITOR = ("192.0.2.120", "Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)")
MONITOR_SECONDS = 1800
VISITORS = tuple(f"198.51.100.{number}" for number in range(60, 255)) + tuple(
    f"2001:db8:{number:x}::{number * 7:x}" for number in range(0x100, 0x10C)
)
HOURS = np.array([2, 1, 1, 1, 1, 2, 4, 7, 10, 13, 14, 14, 13, 13, 13, 12, 12, 11, 11, 12, 12, 10, 7, 4], dtype=float)
WEEK = np.array([1.0, 1.02, 1.0, 0.98, 0.92, 0.74, 0.8])
"""Monday first."""


class Request(NamedTuple):
    """One line of an access log; `at` is unix time, `referrer` and `agent` are `-` where none was sent."""

    at: int
    address: str
    method: str
    target: str
    status: int
    size: int
    referrer: str
    agent: str
    user: str = "-"


@functools.cache
def web() -> dict[str, Any]:
    """Return web.yaml: pages, assets, browsers, robots, noise."""
    content: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "web.yaml").read_text(encoding="utf-8"))
    return content


def browser(number: int) -> str:
    """Return the browser of a visitor or an attacker, always the same for the same number."""
    agents: list[str] = web()["browsers"]
    return agents[number % len(agents)]


def traffic(site: Site) -> list[Request]:
    """Return every request of the site but the attacks that its firewall sees, in no order."""
    rng = np.random.default_rng(site.seed)
    requests = [*visits(site, rng), *robots(site, rng), *noise(site, rng), *monitoring(site)]
    for editor in site.editors:
        requests += editing(site, editor, rng)
    for attempt in site.brute_force:
        requests += guessing(site, attempt, rng)
    return during_outages(site, failing(site, requests))


def moments(site: Site, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return `count` times spread as people are awake and at work, unix time."""
    count_of_days, first_weekday = site.period.days, site.period.start_date.weekday()
    days = WEEK[(np.arange(count_of_days) + first_weekday) % 7] * rng.normal(1, 0.07, count_of_days).clip(0.7, 1.3)
    weights = (days[:, None] * HOURS[None, :]).ravel()
    per_hour = rng.multinomial(count, weights / weights.sum())
    return site.start + np.repeat(np.arange(count_of_days * 24) * 3600, per_hour) + rng.integers(0, 3600, count)


def visits(site: Site, rng: np.random.Generator) -> list[Request]:
    """Return page views and the assets that they load."""
    count, pages, outside = site.page_views, web()["pages"][site.id], web()["outside"]
    at = moments(site, count, rng)
    visitor = rng.integers(0, len(VISITORS), count)
    weights = 1 / np.arange(1, len(pages) + 1) ** 0.8
    page = rng.choice(len(pages), count, p=weights / weights.sum())
    referrers = [*(f"https://{site.host}{path}" for path in pages), *outside]
    referrer = rng.integers(0, len(referrers), count)
    size = (page * 977) % 21_000 + 9_000 + rng.integers(0, 300, count)
    columns = (at, visitor, page, referrer, size)
    views = [
        Request(a, VISITORS[v], "GET", pages[p], 200, s, referrers[r], browser(v))
        for a, v, p, r, s in zip(*(column.tolist() for column in columns), strict=True)
    ]
    return views + _assets(site, at, visitor, page, rng)


def _assets(
    site: Site, at: np.ndarray, visitor: np.ndarray, page: np.ndarray, rng: np.random.Generator
) -> list[Request]:
    assets = web()["assets"]["wordpress" if site.is_wordpress else "static"]
    referrers = [f"https://{site.host}{path}" for path in web()["pages"][site.id]]
    view = np.repeat(np.arange(len(at)), rng.integers(0, 5, len(at)))
    asset = rng.integers(0, len(assets), len(view))
    is_known = rng.random(len(view)) < 0.2
    at = np.minimum(at[view] + rng.integers(0, 3, len(view)), site.end - 1)
    size = np.where(is_known, 0, (asset * 14_563) % 91_000 + 1_400)
    columns = (at, visitor[view], page[view], asset, np.where(is_known, 304, 200), size)
    return [
        Request(a, VISITORS[v], "GET", assets[i], status, s, referrers[p], browser(v))
        for a, v, p, i, status, s in zip(*(column.tolist() for column in columns), strict=True)
    ]


def robots(site: Site, rng: np.random.Generator) -> list[Request]:
    """Return crawlers, at any hour; some of what they remember is gone."""
    count, who = site.page_views // 4, web()["robots"]
    known = [(page, 200) for page in (*web()["pages"][site.id], "/robots.txt", "/sitemap.xml")] + [("/old-news/", 404)]
    at = site.start + rng.integers(0, site.end - site.start, count)
    robot, choice = rng.integers(0, len(who), count), rng.integers(0, len(known), count)
    return [
        Request(a, who[r][1], "GET", known[c][0], known[c][1], 900 + c * 731, "-", who[r][0])
        for a, r, c in zip(at.tolist(), robot.tolist(), choice.tolist(), strict=True)
    ]


def monitoring(site: Site) -> list[Request]:
    """Return a second uptime monitor; the checks of every minute are kept out of the log, as is usual."""
    first, after = (site.unix(day) for day in site.monitoring_gap) if site.monitoring_gap else (site.end, site.end)
    address, agent = MONITOR
    return [
        Request(at, address, "HEAD", "/", 200, 0, "-", agent)
        for at in range(site.start + site.seed % 60, site.end, MONITOR_SECONDS)
        if not first <= at < after
    ]


def noise(site: Site, rng: np.random.Generator) -> list[Request]:
    """Return requests for what is not there, some of them hostile text."""
    count, tried = site.page_views // 40, web()["noise"]
    at = site.start + rng.integers(0, site.end - site.start, count)
    choice, host = rng.integers(0, len(tried), count), rng.integers(101, 111, count)
    requests = [
        Request(a, f"203.0.113.{h}", "GET", tried[c][0], 404, 1_870, "-", tried[c][1])
        for a, c, h in zip(at.tolist(), choice.tolist(), host.tolist(), strict=True)
    ]
    # A server refuses this one before it looks at anything else.
    refused = site.start + rng.integers(0, site.end - site.start, 20)
    target = "/../../etc/passwd"
    return requests + [Request(a, "203.0.113.100", "GET", target, 400, 157, "-", "-") for a in refused.tolist()]


def workdays(site: Site, first_day: str, count: int | None = None) -> list[int]:
    """Return the midnights of the working days from `first_day` on, unix time: `count`, or all of the period."""
    first = (site.unix(first_day) - site.start) // DAY_SECONDS
    weekday = site.period.start_date.weekday()
    days = [day for day in range(first, site.period.days) if (day + weekday) % 7 < 5]
    return [site.start + day * DAY_SECONDS for day in days[:count]]


def editing(site: Site, editor: Editor, rng: np.random.Generator) -> list[Request]:
    """Return an editor's working days: one log-in, then wp-admin pages and their assets, all answered."""
    requests = []
    admin = (
        "/wp-admin/",
        "/wp-admin/edit.php",
        "/wp-admin/post.php?post=12&action=edit",
        "/wp-admin/upload.php",
        "/wp-json/wp/v2/pages?per_page=20",
    )
    assets = ("/wp-admin/css/common.min.css", "/wp-admin/js/common.min.js", "/wp-includes/css/dashicons.min.css")
    for day in workdays(site, editor.first_day, len(editor.block_counts) or None):
        start = day + 9 * 3600 + int(rng.integers(0, 1800))
        login = f"https://{site.host}/wp-login.php"
        requests.append(Request(start, editor.address, "GET", "/wp-login.php", 200, 2_310, "-", EDITOR_BROWSER))
        requests.append(Request(start + 14, editor.address, "POST", "/wp-login.php", 302, 0, login, EDITOR_BROWSER))
        for at in (start + 20 + np.sort(rng.integers(0, 6 * 3600, 40))).tolist():
            target = str(rng.choice(admin if rng.random() < 0.5 else assets))
            requests.append(
                Request(
                    at, editor.address, "GET", target, 200, 18_400, f"https://{site.host}/wp-admin/", EDITOR_BROWSER
                )
            )
    return requests


def guessing(site: Site, attempt: BruteForce, rng: np.random.Generator) -> list[Request]:
    """Return passwords tried: WordPress answers 200 to a wrong one."""
    first = site.unix(attempt.first_day)
    at = first + np.sort(rng.integers(0, attempt.days * DAY_SECONDS, attempt.days * attempt.per_day))
    return [Request(a, attempt.address, "POST", "/wp-login.php", 200, 4_522, "-", GUESSER) for a in at.tolist()]


def failing(site: Site, requests: Sequence[Request]) -> Sequence[Request]:
    """Return the requests with the error of the server for those pages that fail now and then."""
    if site.failing is None:
        return requests
    start, every = site.unix(site.failing.first_day), site.failing.every
    end = start + site.failing.days * DAY_SECONDS
    return [
        r._replace(status=500, size=ERROR_SIZE)
        if start <= r.at < end and r.status == 200 and r.at % every == 0 and r.target.startswith(site.failing.paths)
        else r
        for r in requests
    ]


def during_outages(site: Site, requests: Sequence[Request]) -> list[Request]:
    """Return the requests without those that no server was there to log; where it still answered, with its error."""
    kept = list(requests)
    for outage in site.outages:
        start = site.unix(outage.start)
        end = start + outage.minutes * 60
        if outage.status == UNREACHABLE:
            kept = [request for request in kept if not start <= request.at < end]
        else:
            kept = [r._replace(status=outage.status, size=ERROR_SIZE) if start <= r.at < end else r for r in kept]
    return kept
