"""Make one site's report on one quarter out of a published snapshot."""

from __future__ import annotations

import contextlib
import mimetypes
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import duckdb
import pandas as pd

from tasks import page_one
from tasks.discovery import units
from tasks.errors import ConfigurationError
from tasks.page_one import Measured
from tasks.quarter_data import QuarterData
from tasks.quarters import Quarter
from tasks.recommendation import Scope
from tasks.recommending import advise
from tasks.render.document import write_report
from tasks.report_model import NoData, Part, Report, view_of
from tasks.sites import Agency
from warehouse.connection import dicts
from warehouse.publish import snapshot_id
from warehouse.records import Site
from warehouse.site_snapshot import open_site_snapshot

NEWEST = """
SELECT max(day_date) AS day_date FROM marts.source_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date AND row_count > 0"""


def write_site_report(
    snapshot: Path, agency: Agency, base: Path, site_id: str, quarter: Quarter, out: Path
) -> tuple[Path, int]:
    """Write one report; return its path and the number of recommendations. The logo's path counts from `base`.

    Raises:
        ConfigurationError: the snapshot or the site is not there.
        RenderError: the PDF can't be made.
    """
    if not snapshot.exists():
        raise ConfigurationError(f"There is no snapshot {snapshot} yet; run `upkeep publish` first.")
    with contextlib.closing(open_site_snapshot(snapshot, site_id)) as con:
        report = build(con, agency, base, site_id, quarter)
    return write_report(report, out), len(report.recommendations)


def build(con: duckdb.DuckDBPyConnection, agency: Agency, base: Path, site_id: str, quarter: Quarter) -> Report:
    """Return what the report says."""
    site = _site(con, site_id)
    scope = _scope(con, agency, site, quarter)
    advice = advise(scope)
    views = [view_of(item, number) for number, item in enumerate(advice.recommendations, start=1)]
    data = QuarterData(con, site, quarter, scope, views)
    sections = list(measured(data))
    known = {item.part.name: item.part.view for item in sections}
    figures = page_one.figures(data, sections)
    logo = _logo(agency, base)
    newest = data.frame(NEWEST)["day_date"].iloc[0]
    return Report(
        site_id=site.site_id,
        site_name=site.site_name,
        client_name=site.client_name,
        host=site.url.split("//", 1)[-1].rstrip("/"),
        agency_name=agency.name,
        contact=agency.contact,
        ink=agency.colours.ink,
        accent=agency.colours.accent,
        logo=logo,
        logo_type=mimetypes.guess_type(str(agency.logo))[0] or "image/png",
        locale=site.locale,
        quarter=str(quarter),
        start_date=quarter.start_date,
        end_date=quarter.end_date,
        period=f"{quarter.start_date:%B} to {data.days[-1]:%B %Y}",
        data_as_of="not known" if pd.isna(newest) else f"{pd.Timestamp(newest):%-d %B %Y}",
        snapshot_id=scope.snapshot_id,
        verdict=page_one.verdict(figures[0], known["coverage"].stats[0].value, views),
        dials=page_one.dials(data, sections),
        kpis=figures,
        lanes=page_one.lanes(data, site, views, has_inventory=not isinstance(known["updates"], NoData)),
        recommendations=views,
        parts=[item.part for item in sections],
        silent=[(answer.rule.id, answer.reason) for answer in advice.silent],
        unknown=[(answer.rule.id, answer.missing) for answer in advice.unknown],
    )


def measured(data: QuarterData) -> Iterator[Measured]:
    """Yield every section of `tasks/analyse/` in the order of the report."""
    for name, module in sorted(units("tasks.analyse").items(), key=lambda item: item[1].SECTION.order):
        yield Measured(Part(name=name, title=module.SECTION.title, view=module.view(data)), module)


def _logo(agency: Agency, base: Path) -> bytes | None:
    """Return the bytes of the agency's logo; one that would not be drawn is refused here, not left out in silence."""
    if agency.logo is None:
        return None
    path = base / agency.logo
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"Can't read the logo {path}: {error.strerror}. Mend agency.logo.") from None
    if not (data.startswith(b"\x89PNG\r\n\x1a\n") or b"<svg" in data[:1000]):
        raise ConfigurationError(f"The logo {path} is neither PNG nor SVG: mend agency.logo.")
    return data


def _site(con: duckdb.DuckDBPyConnection, site_id: str) -> Site:
    names = [field.name for field in fields(Site)]
    rows = dicts(con.execute("SELECT * FROM staging.site WHERE site_id = $site_id", {"site_id": site_id}))
    if not rows:
        raise ConfigurationError(
            f"The snapshot knows no site {site_id!r}: collect something for it, then `upkeep publish`."
        )
    return Site(**{name: rows[0][name] for name in names})


def _scope(con: duckdb.DuckDBPyConnection, agency: Agency, site: Site, quarter: Quarter) -> Scope:
    def query(sql: str, parameters: dict[str, object]) -> list[dict[str, object]]:
        bound = {name: value for name, value in parameters.items() if f"${name}" in sql}
        return dicts(con.execute(sql, bound))

    return Scope(
        site_id=site.site_id,
        site_name=site.site_name,
        agency_name=agency.name,
        lanes=tuple(site.lanes),
        start_date=quarter.start_date,
        end_date=quarter.end_date,
        snapshot_id=snapshot_id(con),
        query=query,
        trusted_networks=tuple(site.trusted_networks or ()),
    )
