"""Plugins and themes of a WordPress are asked for with a password that nobody else sees. A local server answers."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler

import pytest
from pydantic import ValidationError

from tasks import collecting
from tasks.collect import patches_wordpress_rest
from tasks.contracts import Context, Job, Outcome
from tasks.errors import SourceError
from tests import wordpress as real
from tests.conftest import CASES
from tests.servers import HttpServer
from warehouse.connection import open_live

HERE = CASES / "inventory" / "wordpress-rest"
PASSWORD = "abcd efgh ijkl mnop"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


class WordPress(HttpServer):
    """Answers as WordPress 6.1 did; `answers` has others by path, as status, body and location."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: dict[str, tuple[int, bytes, str]] = {}
        self.seen: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/wp-json/"


class _Handler(BaseHTTPRequestHandler):
    server: WordPress

    def do_GET(self) -> None:
        self.server.seen.append(self.path)
        status, body, location = self.server.answers.get(self.path) or self._answer()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if location:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(body)

    def _answer(self) -> tuple[int, bytes, str]:
        wanted = "Basic " + base64.b64encode(f"auditor:{PASSWORD}".encode()).decode()
        if self.headers.get("Authorization") != wanted:
            return 401, (HERE / "refused.json").read_bytes(), ""
        name = self.path.removeprefix("/wp-json/wp/v2/")
        return 200, (HERE / f"{name}.json").read_bytes(), ""

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def wordpress() -> Iterator[WordPress]:
    with WordPress() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def job_of(settings, url: str, monkeypatch: pytest.MonkeyPatch, password: str = PASSWORD, user: str = "auditor") -> Job:
    monkeypatch.setenv("WP_PASSWORD", password)
    options = patches_wordpress_rest.Options(
        kind="patches_wordpress_rest",
        url=url,
        user=user,
        application_password={"env": "WP_PASSWORD"},
        allow_plain_http=True,
    )
    context = Context(site_id="one", source_id="patches-wp", time_zone="UTC", host="h", collected_at=NOW)
    return Job(context=context, options=options, spool=settings.spool)


def take(job: Job) -> Outcome:
    return asyncio.run(patches_wordpress_rest.collect(job))


def test_what_is_installed_is_known_and_its_updates_are_not(settings, wordpress, monkeypatch) -> None:
    job = job_of(settings, wordpress.url, monkeypatch)
    assert take(job) == Outcome(state="complete", landed={"component_observation": 9})
    assert take(job).state == "complete"
    collecting.load_landed(settings)
    with open_live(settings.warehouse) as con:
        rows = con.execute(
            "SELECT DISTINCT bundle_id, update_state, fresh_as_of_at FROM raw.component_observation"
        ).fetchall()
        count = con.execute("SELECT count(*), count(advisory_key) FROM raw.component_observation").fetchall()
    assert rows == [("20261123T120000Z", "unknown", None)]
    assert count == [(9, 8)]  # one plugin states no version
    assert "9 plugins and themes" in asyncio.run(patches_wordpress_rest.check(job))


def test_a_wrong_password_says_what_to_mend_and_not_the_password(settings, wordpress, monkeypatch) -> None:
    with pytest.raises(SourceError, match=r"status 401: WordPress refuses \(rest_cannot_view_plugins\)") as caught:
        take(job_of(settings, wordpress.url, monkeypatch, password="wrong-one"))
    assert "wrong-one" not in str(caught.value)
    assert not caught.value.can_retry


@pytest.mark.parametrize(
    ("answer", "reason", "can_retry"),
    [
        ((404, b"<html>not found</html>", ""), "status 404", False),
        ((503, b"", ""), "status 503", True),
        ((500, b"[]", ""), "status 500 instead of 200", True),
        ((200, b"<html>login</html>", ""), "no JSON list", False),
        ((302, b"", "http://127.0.0.1:9/elsewhere"), "redirects", False),
        ((200, b"[" + b" " * 5000 + b"]", ""), "MiB", False),
    ],
)
def test_an_answer_that_is_none_is_an_error(settings, wordpress, monkeypatch, answer, reason, can_retry) -> None:
    monkeypatch.setattr(patches_wordpress_rest, "ANSWER_BYTES", 4500)
    wordpress.answers["/wp-json/wp/v2/themes"] = answer
    with pytest.raises(SourceError, match=reason) as caught:
        take(job_of(settings, wordpress.url, monkeypatch))
    assert caught.value.can_retry == can_retry
    assert all(path.startswith("/wp-json/wp/v2/") for path in wordpress.seen)


def test_a_server_that_is_not_there_can_be_tried_again(settings, wordpress, monkeypatch) -> None:
    with pytest.raises(SourceError, match="was not reached") as caught:
        take(job_of(settings, "http://127.0.0.1:1/wp-json/", monkeypatch))
    assert caught.value.can_retry


def test_a_password_is_not_sent_in_the_open_unless_allowed() -> None:
    with pytest.raises(ValidationError, match="not https"):
        patches_wordpress_rest.Options(
            kind="patches_wordpress_rest", url="http://a.example/", user="x", application_password={"env": "X"}
        )


@real.needs_wordpress
@pytest.mark.slow
def test_a_real_wordpress_tells_its_plugins_and_themes_to_its_administrator_alone(
    settings, tmp_path, monkeypatch
) -> None:
    with real.serving(tmp_path) as root:
        plugins = tmp_path / "site" / "wp-content" / "plugins"
        (plugins / "Forms").mkdir()
        (plugins / "Forms" / "main.php").write_text("<?php\n/* Plugin Name: F\u00f6rms <b>\nVersion: 5.1.0-beta2 */\n")
        (plugins / "single.php").write_text("<?php\n/* Plugin Name: Single */\n")
        installed = json.loads(real.run(tmp_path, "activate_plugin('Forms/main.php');" + LISTED))
        assert ["wordpress-plugin", "Forms", "5.1.0-beta2", "active", "forms"] in installed
        assert ["wordpress-plugin", "single", "", "inactive", "single"] in installed
        password = real.application_password(tmp_path, real.ADMINISTRATOR)
        plain = f"{root}?rest_route=/"
        assert take(job_of(settings, plain, monkeypatch, password, real.ADMINISTRATOR)).state == "complete"
        with pytest.raises(SourceError, match=r"redirects.*rest_route"):
            take(job_of(settings, f"{root}wp-json/", monkeypatch, password, real.ADMINISTRATOR))
        subscriber = real.application_password(tmp_path, real.USER)
        for user, secret in ((real.ADMINISTRATOR, PASSWORD), (real.USER, subscriber)):
            with pytest.raises(SourceError, match=r"status 40[13]: WordPress refuses \(rest_cannot_view") as caught:
                take(job_of(settings, plain, monkeypatch, secret, user))
            assert str(caught.value).count(". ") == 0
            assert secret not in str(caught.value)
        real.run(tmp_path, "update_option('permalink_structure', '/%postname%/');")
        pretty = job_of(settings, f"{root}wp-json/", monkeypatch, password, real.ADMINISTRATOR)
        assert asyncio.run(patches_wordpress_rest.check(pretty)) == f"{len(installed)} plugins and themes, 0 rejected"
    collecting.load_landed(settings)
    with open_live(settings.warehouse) as con:
        found = con.execute(
            "SELECT ecosystem, name, version, status, advisory_name FROM raw.component_observation"
        ).fetchall()
    assert sorted(found) == sorted(map(tuple, installed))


LISTED = """
$list = [];
foreach (get_plugins() as $file => $one) {
  $name = preg_replace('#/.*|[.]php$#', '', $file);
  $list[] = ['wordpress-plugin', $name, $one['Version'], is_plugin_active($file) ? 'active' : 'inactive', strtolower($name)];
}
foreach (wp_get_themes() as $name => $one)
  $list[] = ['wordpress-theme', $name, $one['Version'], $name === get_stylesheet() ? 'active' : 'inactive', $name];
echo json_encode($list);
"""
"""What PHP itself says of what is installed."""
