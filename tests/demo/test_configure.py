"""The demo's configuration is a valid one, and names the server it is given."""

from __future__ import annotations

from pathlib import Path

from demo.configure import PLACEHOLDER, configure
from demo.scenario import SITES
from tasks.sites import load_sites


def test_the_written_configuration_holds_the_sites_of_the_story(tmp_path: Path) -> None:
    path = configure(tmp_path, "http://127.0.0.1:40123")
    sites = load_sites(path)
    assert path == tmp_path / "sites.yaml"
    assert PLACEHOLDER not in path.read_text()
    assert [(site.id, str(site.url), site.time_zone) for site in sites.sites] == [
        (site.id, site.url, site.time_zone) for site in SITES
    ]
    for site, story in zip(sites.sites, SITES, strict=True):
        assert [source.source_id for source in site.sources] == [
            "uptime-prometheus",
            "patches-bundle",
            "performance",
            "waf-audit",
            "access",
            "server-figures",
            *(() if story.id == "kestrel" else ("nightly", "helpdesk", "journeys", "accessibility")),
            *(("accessibility-by-hand",) if story.id in ("harbourvale", "linden") else ()),
            *(() if story.id == "kestrel" else ("posture", "crawl")),
        ]
        uptime, _, _, audit, *_ = site.sources
        assert str(uptime.url) == "http://127.0.0.1:40123/"
        assert audit.time_zone == story.log_zone
        assert site.platform == ("wordpress" if story.is_wordpress else "static")
