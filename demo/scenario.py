"""The story of the demo as data: four fictional sites of one agency, June 2026 and the quarter after it.

What happens is stated here and nowhere else; the other modules only write it down in the formats of real software.
Addresses come from the documentation ranges (RFC 5737, RFC 3849). README.md has the answers that follow from it.
"""

from __future__ import annotations

import zoneinfo
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Period:
    """Days of which source files are written, in each site's own zone."""

    start_date: date
    end_date: date
    """The day after the last."""

    @property
    def days(self) -> int:
        """Return the number of days."""
        return (self.end_date - self.start_date).days

    def weekly(self, weekday: int) -> list[date]:
        """Return every day of the period that is this weekday, Monday being 0."""
        days = (self.start_date + timedelta(days=number) for number in range(self.days))
        return [day for day in days if day.weekday() == weekday]


JUNE = Period(date(2026, 6, 1), date(2026, 7, 1))
"""The month in which the agency took the sites over: all that there is of the second quarter."""
SUMMER = Period(date(2026, 7, 1), date(2026, 10, 1))
"""The third quarter."""

UNREACHABLE = 0
"""Status of an outage in which nobody answered."""


@dataclass(frozen=True, slots=True)
class Outage:
    """Minutes in which the site failed; `start` is a local time, whole minutes."""

    start: str
    minutes: int
    status: int = UNREACHABLE


@dataclass(frozen=True, slots=True)
class Failing:
    """Pages that fail for some visitors: of the requests below `paths` one in `every` is answered 500."""

    paths: tuple[str, ...]
    first_day: str
    days: int
    every: int


@dataclass(frozen=True, slots=True)
class Campaign:
    """Attacks of one kind: `per_day` of them on each of `days` days from `first_day`, by turns from `addresses`."""

    attacks: tuple[str, ...]
    """Names in attacks.yaml; a name that stands twice comes twice as often."""
    addresses: tuple[str, ...]
    per_day: int
    first_day: str | None = None
    """The first day of the period when left out."""
    days: int | None = None
    """To the end of the period when left out."""


@dataclass(frozen=True, slots=True)
class BruteForce:
    """Passwords tried at /wp-login.php, each answered 200 as WordPress does for a wrong one."""

    address: str
    first_day: str
    days: int
    per_day: int


@dataclass(frozen=True, slots=True)
class Editor:
    """Somebody at work in wp-admin; on each of `block_counts` days the firewall refuses so many of their saves."""

    address: str
    name: str
    first_day: str
    block_counts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Site:
    """One site and all that happens to it."""

    id: str
    seed: int
    time_zone: str
    log_zone: str
    """Zone in which its server writes logs."""
    server: str
    """nginx or apache."""
    is_wordpress: bool
    is_enforcing: bool
    """Whether ModSecurity blocks, or only detects."""
    page_views: int
    certificates: tuple[tuple[str, str], ...]
    """(seen from, expires): UTC times, the first seen from before the period."""
    typical_seconds: float
    """Length of an uptime check."""
    period: Period = SUMMER
    outages: tuple[Outage, ...] = ()
    failing: Failing | None = None
    monitoring_gap: tuple[str, str] | None = None
    """First day and the day after the last on which nobody checked."""
    campaigns: tuple[Campaign, ...] = ()
    brute_force: tuple[BruteForce, ...] = ()
    editors: tuple[Editor, ...] = ()
    lists_stuck_on: str | None = None
    """Day on which apt's package lists were refreshed for the last time."""
    patched_until: str = "2026-10-01"
    """Day from which no Debian update is applied any more."""
    plugins: tuple[str, ...] = ()
    """Plugins that only this site has, as in PLUGINS."""
    held_plugin: str | None = None
    """Plugin whose update nobody applies."""
    unused_plugins: tuple[str, ...] = ()
    """Plugins that nobody switched on."""
    edge_days: int = 0
    """First days of the period on which a log of a CDN came, before it stopped; the CDN is given up afterwards."""

    @property
    def host(self) -> str:
        """Return the host name."""
        return f"{self.id}.example"

    @property
    def url(self) -> str:
        """Return the home page, which is the `instance` of its uptime checks."""
        return f"https://{self.host}/"

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """Return the zone in which its days are counted."""
        return zoneinfo.ZoneInfo(self.time_zone)

    @property
    def start(self) -> int:
        """Return the first second of the period, unix time."""
        return self.unix(self.period.start_date.isoformat())

    @property
    def end(self) -> int:
        """Return the first second after the period, unix time."""
        return self.unix(self.period.end_date.isoformat())

    def unix(self, local: str) -> int:
        """Return a local day or time of the site as unix time."""
        return int(datetime.fromisoformat(local).replace(tzinfo=self.zone).timestamp())


def _hosts(prefix: str, first: int, last: int) -> tuple[str, ...]:
    return tuple(f"{prefix}{number}" for number in range(first, last + 1))


_XMLRPC = ("xmlrpc-sqli", "xmlrpc-php", "xmlrpc-wpscan", "xmlrpc-wpscan")
_MIXED = (
    "lfi-passwd", "lfi-passwd", "lfi-env", "lfi-env", "lfi-backup", "lfi-php-filter", "xss-script",
    "xss-script", "xss-svg", "xss-cookie", "sqli-union", "sqli-union", "sqli-sleep", "rce-cat", "rce-ping",
    "rce-jndi", "php-tag", "php-eval", "scanner-nikto", "scanner-sqlmap", "scanner-nuclei", "scanner-masscan",
    "protocol-debug-log", "protocol-sql-dump", "protocol-numeric-host", "method-put",
)  # fmt: skip
_STATIC = tuple(name for name in _MIXED if not name.startswith(("php", "sqli-sleep")))

HARBOURVALE = Site(
    id="harbourvale",
    seed=20260701,
    time_zone="Europe/London",
    log_zone="UTC",
    server="nginx",
    is_wordpress=True,
    is_enforcing=True,
    page_views=31_000,
    certificates=(
        ("2026-06-01T00:00:00", "2026-08-30T07:12:44"),
        ("2026-08-01T02:40:00", "2026-10-30T01:36:09"),
        ("2026-09-30T02:40:00", "2026-12-29T01:35:51"),
    ),
    typical_seconds=0.21,
    outages=(Outage("2026-08-20T14:06", 47),),
    campaigns=(
        Campaign(_XMLRPC, ("203.0.113.9", "203.0.113.19", "203.0.113.29", "192.0.2.219"), 38),
        Campaign(_MIXED, _hosts("203.0.113.", 60, 99), 34),
        Campaign(_MIXED, ("2001:db8:bad:4::1f",), 60, "2026-07-27", 4),
    ),
    brute_force=(
        BruteForce("203.0.113.7", "2026-07-14", 6, 480),
        BruteForce("192.0.2.233", "2026-07-16", 5, 350),
        BruteForce("2001:db8:bad:1::7", "2026-09-07", 7, 260),
    ),
    editors=(
        Editor("198.51.100.50", "editor", "2026-09-08", (4, 3, 2, 5, 3, 2, 4, 2)),
        Editor("198.51.100.51", "curator", "2026-07-02"),
    ),
    plugins=("event-diary", "museum-tickets", "floor-plans", "members-area"),
    held_plugin="event-diary",
    unused_plugins=("menu-icons-lite",),
)

ALDERFINCH = Site(
    id="alderfinch",
    seed=20260702,
    time_zone="Europe/Berlin",
    log_zone="Europe/Berlin",
    server="apache",
    is_wordpress=True,
    is_enforcing=False,
    page_views=36_000,
    certificates=(("2025-10-13T09:00:00", "2026-10-13T09:41:26"),),
    typical_seconds=0.34,
    outages=(
        Outage("2026-07-09T03:25", 12, 503),
        Outage("2026-08-05T10:40", 130),
        Outage("2026-08-29T19:12", 8, 503),
        Outage("2026-09-21T02:51", 15, 502),
    ),
    failing=Failing(("/shop/", "/product/"), "2026-09-08", 17, 4),
    campaigns=(
        Campaign(_MIXED, _hosts("203.0.113.", 120, 171), 38),
        Campaign(("sqli-union", "sqli-sleep", "scanner-sqlmap"), ("192.0.2.240", "192.0.2.241"), 190, "2026-08-11", 5),
    ),
    editors=(Editor("198.51.100.50", "shop", "2026-07-01"),),
    plugins=("basket-till", "parcel-rates", "product-filter", "wish-list", "invoice-print"),
)

KESTREL = Site(
    id="kestrel",
    seed=20260703,
    time_zone="America/New_York",
    log_zone="UTC",
    server="nginx",
    is_wordpress=False,
    is_enforcing=True,
    page_views=18_000,
    certificates=(
        ("2026-05-20T00:00:00", "2026-08-18T05:20:11"),
        ("2026-07-19T04:10:00", "2026-10-17T03:11:32"),
        ("2026-09-17T04:10:00", "2026-12-16T03:11:58"),
    ),
    typical_seconds=0.09,
    monitoring_gap=("2026-08-10", "2026-08-19"),
    campaigns=(Campaign(_STATIC, _hosts("203.0.113.", 180, 199), 7),),
    lists_stuck_on="2026-07-15",
    patched_until="2026-07-01",
)

LINDEN = Site(
    id="linden",
    seed=20260704,
    time_zone="Europe/Lisbon",
    log_zone="UTC",
    server="nginx",
    is_wordpress=True,
    is_enforcing=True,
    page_views=24_000,
    certificates=(("2026-06-15T00:00:00", "2026-09-13T06:05:27"), ("2026-08-14T03:20:00", "2026-11-12T02:21:40")),
    typical_seconds=0.16,
    outages=(Outage("2026-08-16T04:30", 9),),
    campaigns=(Campaign(_MIXED, _hosts("203.0.113.", 210, 219), 3),),
    editors=(Editor("198.51.100.50", "webteam", "2026-07-01"),),
    plugins=("class-booking",),
)

PLUGINS = {
    "tidy-forms": "5.1.3", "swift-cache": "2.8.0", "plain-seo": "11.4.1", "gallery-grid": "3.0.7",
    "safe-backup": "1.22.4", "mail-relay": "4.0.2", "redirect-keeper": "2.3.9", "image-squeeze": "6.6.0",
    "consent-note": "1.9.2", "menu-icons-lite": "0.13.5", "two-step-login": "3.2.1",
    "site-search-plus": "2.1.0", "event-diary": "4.2.1", "museum-tickets": "1.4.8", "floor-plans": "0.9.6",
    "members-area": "2.7.3", "basket-till": "9.1.2", "parcel-rates": "3.3.0", "product-filter": "4.8.1",
    "wish-list": "1.6.6", "invoice-print": "2.0.4", "class-booking": "5.5.0",
}  # fmt: skip
"""Fictional plugins and their versions on 1 June; the first twelve are on every WordPress site."""
COMMON_PLUGINS = tuple(PLUGINS)[:12]
HELD_RELEASE = ("2026-06-27", "4.3.0")
"""Day and version of the update that nobody applies."""
ABANDONED = {"invoice-print": date(2024, 5, 14)}
"""Plugins of which nobody makes releases any more, and the day of the last one."""
CORE_RELEASES = (("2026-05-12", "6.9.4"), ("2026-07-14", "6.9.5"), ("2026-09-01", "6.9.6"))

SITES = (HARBOURVALE, ALDERFINCH, KESTREL, LINDEN)


def _in_june(site: Site, **changes: object) -> Site:
    """Return the site as it was in June: far fewer visitors are written, and only what the changes say happens."""
    quiet = {"outages": (), "monitoring_gap": None, "brute_force": (), "editors": (), "lists_stuck_on": None}
    return replace(site, period=JUNE, seed=site.seed - 100, page_views=site.page_views // 50, **(quiet | changes))  # type: ignore[arg-type]


STORY: dict[str, tuple[Site, ...]] = {
    "2026Q2": (
        _in_june(
            HARBOURVALE,
            outages=(Outage("2026-06-11T09:20", 96),),
            campaigns=(Campaign(_MIXED, _hosts("203.0.113.", 60, 99), 6),),
            brute_force=(BruteForce("203.0.113.7", "2026-06-02", 3, 300),),
        ),
        _in_june(ALDERFINCH, campaigns=(Campaign(_MIXED, _hosts("203.0.113.", 120, 171), 45),)),
        _in_june(
            KESTREL,
            campaigns=(Campaign(_STATIC, _hosts("203.0.113.", 180, 199), 2),),
            edge_days=3,
        ),
        _in_june(LINDEN, campaigns=(Campaign(_MIXED, _hosts("203.0.113.", 210, 219), 1),)),
    ),
    "2026Q3": SITES,
}
"""The sites by quarter, as their source files tell it."""
