"""What visitors, robots, editors and password guessers ask of a site: the requests behind its access log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from demo.scenario import DAY_SECONDS, DAYS, UNREACHABLE, BruteForce, Editor, Site

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36"
)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15"
BROWSERS = (
    CHROME,
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
    SAFARI,
    FIREFOX,
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36 Edg/138.0.0.0",
)
ROBOTS = (
    ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "192.0.2.10"),
    ("Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm) Chrome/116.0.1938.76 Safari/537.36", "192.0.2.20"),
    ("Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)", "192.0.2.100"),
    ("Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)", "192.0.2.110"),
)  # fmt: skip
VISITORS = tuple(f"198.51.100.{number}" for number in range(60, 255)) + tuple(
    f"2001:db8:{number:x}::{number * 7:x}" for number in range(0x100, 0x10C)
)
ASSETS = (
    "/wp-content/themes/northlight/style.css?ver=3.2", "/wp-content/themes/northlight/app.js?ver=3.2",
    "/wp-includes/js/jquery/jquery.min.js?ver=3.7.1", "/wp-content/uploads/2026/06/header-1600.webp",
    "/wp-content/uploads/2026/05/card-640.webp", "/wp-content/uploads/2026/07/summer.jpg", "/favicon.ico",
)  # fmt: skip
STATIC_ASSETS = (
    "/css/site.css",
    "/js/site.js",
    "/img/kestrel-1600.webp",
    "/img/river.jpg",
    "/fonts/inter.woff2",
    "/favicon.ico",
)
# What robots and bored people try; no rule at paranoia level 1 stops it, nothing is there. A reader must escape it.
NOISE = (
    ("/old-home.html", CHROME), ("/apple-touch-icon.png", SAFARI), ("/ads.txt", FIREFOX), ("/wp-content/uploads/2019/", CHROME),
    ("/.well-known/traffic-advice", CHROME), ("/autodiscover/autodiscover.xml", "-"), ("/owa/", "python-requests/2.32.3"),
    ("/<script>alert(1)</script>", "python-requests/2.32.3"), ("/{{7*7}}", "curl/8.5.0"), ("/?q={{7*7}}&n=$%7B7*7%7D", "curl/8.5.0"),
    ("/=cmd()%7C'/C%20calc'!A0", "=cmd()|'/C calc'!A0"), ("/feed/undefined", "<script>alert(1)</script>"),
    ("/phpmyadmin/", "Go-http-client/1.1"), ("/actuator/health", "Go-http-client/1.1"), ("/boaform/admin/formLogin", "-"),
)  # fmt: skip
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


def traffic(site: Site) -> list[Request]:
    """Return every request of the site but the attacks that its firewall sees, in no order."""
    rng = np.random.default_rng(site.seed)
    requests = [*visits(site, rng), *robots(site, rng), *noise(site, rng)]
    for editor in site.editors:
        requests += editing(site, editor, rng)
    for attempt in site.brute_force:
        requests += guessing(site, attempt, rng)
    return during_outages(site, requests)


def moments(site: Site, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return `count` times spread as people are awake and at work, unix time."""
    first_weekday = 2  # 1 July 2026 is a Wednesday
    days = WEEK[(np.arange(DAYS) + first_weekday) % 7] * rng.normal(1, 0.07, DAYS).clip(0.7, 1.3)
    weights = (days[:, None] * HOURS[None, :]).ravel()
    per_hour = rng.multinomial(count, weights / weights.sum())
    return site.start + np.repeat(np.arange(DAYS * 24) * 3600, per_hour) + rng.integers(0, 3600, count)


def visits(site: Site, rng: np.random.Generator) -> list[Request]:
    """Return page views and the assets that they load."""
    count, pages = site.page_views, site.pages
    at = moments(site, count, rng)
    visitor = rng.integers(0, len(VISITORS), count)
    weights = 1 / np.arange(1, len(pages) + 1) ** 0.8
    page = rng.choice(len(pages), count, p=weights / weights.sum())
    came_from = rng.choice(len(pages) + 8, count)
    outside = (
        "-",
        "-",
        "-",
        "-",
        "https://www.google.com/",
        "https://www.google.com/",
        "https://www.bing.com/",
        "https://social.example/",
    )
    referrers = [*(f"https://{site.host}{path}" for path in pages), *outside]
    size = (page * 977) % 21_000 + 9_000 + rng.integers(0, 300, count)
    views = [
        Request(a, VISITORS[v], "GET", pages[p], 200, s, referrers[r], BROWSERS[v % len(BROWSERS)])
        for a, v, p, r, s in zip(
            at.tolist(), visitor.tolist(), page.tolist(), came_from.tolist(), size.tolist(), strict=True
        )
    ]
    return views + _assets(site, at, visitor, page, rng)


def _assets(
    site: Site, at: np.ndarray, visitor: np.ndarray, page: np.ndarray, rng: np.random.Generator
) -> list[Request]:
    assets = ASSETS if site.is_wordpress else STATIC_ASSETS
    view = np.repeat(np.arange(len(at)), rng.integers(0, 5, len(at)))
    asset = rng.integers(0, len(assets), len(view))
    is_known = rng.random(len(view)) < 0.2
    at = np.minimum(at[view] + rng.integers(0, 3, len(view)), site.end - 1)
    size = np.where(is_known, 0, (asset * 14_563) % 91_000 + 1_400)
    status = np.where(is_known, 304, 200)
    columns = (at, visitor[view], page[view], asset, status, size)
    return [
        Request(
            a,
            VISITORS[v],
            "GET",
            assets[i],
            code,
            s,
            f"https://{site.host}{site.pages[p]}",
            BROWSERS[v % len(BROWSERS)],
        )
        for a, v, p, i, code, s in zip(*(column.tolist() for column in columns), strict=True)
    ]


def robots(site: Site, rng: np.random.Generator) -> list[Request]:
    """Return crawlers: one request in ten, at any hour; some of what they remember is gone."""
    count = site.page_views // 4
    at = site.start + rng.integers(0, site.end - site.start, count)
    robot, choice = rng.integers(0, len(ROBOTS), count), rng.integers(0, len(site.pages) + 3, count)
    known = [
        *((page, 200) for page in site.pages),
        ("/robots.txt", 200),
        ("/sitemap.xml", 200),
        ("/closed-exhibition/", 404),
    ]
    return [
        Request(a, ROBOTS[r][1], "GET", known[c][0], known[c][1], 900 + c * 731, "-", ROBOTS[r][0])
        for a, r, c in zip(at.tolist(), robot.tolist(), choice.tolist(), strict=True)
    ]


def noise(site: Site, rng: np.random.Generator) -> list[Request]:
    """Return requests for what is not there, each from another address, some of them hostile text."""
    count = site.page_views // 40
    at = site.start + rng.integers(0, site.end - site.start, count)
    choice, host = rng.integers(0, len(NOISE), count), rng.integers(101, 111, count)
    requests = [
        Request(a, f"203.0.113.{h}", "GET", NOISE[c][0], 404, 1_870, "-", NOISE[c][1])
        for a, c, h in zip(at.tolist(), choice.tolist(), host.tolist(), strict=True)
    ]
    # A server refuses this one before it looks at anything else.
    refused = site.start + rng.integers(0, site.end - site.start, 20)
    return requests + [
        Request(a, "203.0.113.100", "GET", "/../../etc/passwd", 400, 157, "-", "-") for a in refused.tolist()
    ]


def workdays(site: Site, first_day: str, count: int | None = None) -> list[int]:
    """Return the midnights of the working days from `first_day` on, unix time; `count` of them or all of the quarter."""
    first = (site.unix(first_day) - site.start) // DAY_SECONDS
    days = [day for day in range(first, DAYS) if (day + 2) % 7 < 5]
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
        requests.append(Request(start, editor.address, "GET", "/wp-login.php", 200, 2_310, "-", SAFARI))
        requests.append(Request(start + 14, editor.address, "POST", "/wp-login.php", 302, 0, login, SAFARI))
        for at in (start + 20 + np.sort(rng.integers(0, 6 * 3600, 40))).tolist():
            target = str(rng.choice(admin if rng.random() < 0.5 else assets))
            requests.append(
                Request(at, editor.address, "GET", target, 200, 18_400, f"https://{site.host}/wp-admin/", SAFARI)
            )
    return requests


def guessing(site: Site, attempt: BruteForce, rng: np.random.Generator) -> list[Request]:
    """Return passwords tried: WordPress answers 200 to a wrong one."""
    first = site.unix(attempt.first_day)
    at = first + np.sort(rng.integers(0, attempt.days * DAY_SECONDS, attempt.days * attempt.per_day))
    agent = "Mozilla/5.0 (Windows NT 6.1; Win64; x64)"
    return [Request(a, attempt.address, "POST", "/wp-login.php", 200, 4_522, "-", agent) for a in at.tolist()]


def during_outages(site: Site, requests: Sequence[Request]) -> list[Request]:
    """Return the requests without those that no server was there to log; where it still answered, with its error."""
    kept = list(requests)
    for outage in site.outages:
        start = site.unix(outage.start)
        end = start + outage.minutes * 60
        if outage.status == UNREACHABLE:
            kept = [request for request in kept if not start <= request.at < end]
        else:
            kept = [r._replace(status=outage.status, size=1_080) if start <= r.at < end else r for r in kept]
    return kept
