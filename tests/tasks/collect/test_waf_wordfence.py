"""Wordfence's table is read out of a real MariaDB: each row once, gaps and a table that began anew are told."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import pymysql
import pytest
import trustme

from tasks import collecting
from tasks.collect import waf_wordfence
from tasks.errors import SourceError
from tasks.sites import parse_sites
from tests.mariadb import mariadb, needs_mariadb

pytestmark = [
    pytest.mark.slow,
    needs_mariadb,
]

SITES = """
agency: {{name: A, contact: a@a.example}}
clients: [{{id: c, name: C}}]
sites:
  - id: one
    name: One
    client: c
    url: https://one.example/
    platform: wordpress
    time_zone: UTC
    owner: {{name: O, email: o@a.example}}
    sources:
      - kind: waf_wordfence
        port: {port}
        database: shop
        user: reader
        password: {{env: WORDFENCE_PASSWORD}}
        {more}
"""
# As lib/wfSchema.php makes it.
TABLE = """
CREATE TABLE wp_wfHits (
  id int(10) unsigned NOT NULL AUTO_INCREMENT, attackLogTime double(17,6) unsigned NOT NULL,
  ctime double(17,6) unsigned NOT NULL, IP binary(16) DEFAULT NULL, jsRun tinyint(4) DEFAULT 0,
  statusCode int(11) NOT NULL DEFAULT 200, isGoogle tinyint(4) NOT NULL, userID int(10) unsigned NOT NULL,
  newVisit tinyint(3) unsigned NOT NULL, URL text, referer text, UA text, action varchar(64) NOT NULL DEFAULT '',
  actionDescription text, actionData text, PRIMARY KEY (id), KEY k1 (ctime), KEY k2 (IP, ctime),
  KEY attackLogTime (attackLogTime)) DEFAULT CHARSET=utf8"""
START = 1_795_400_000.25
"""2026-11-23 02:13:20 UTC."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """One with TLS; gives its port and its folder."""
    folder = tmp_path_factory.mktemp("db")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    certificate = authority.issue_cert("127.0.0.1", "localhost")
    certificate.private_key_pem.write_to_path(str(folder / "key.pem"))
    certificate.cert_chain_pems[0].write_to_path(str(folder / "cert.pem"))
    with mariadb(folder, f"--ssl-cert={folder / 'cert.pem'}", f"--ssl-key={folder / 'key.pem'}") as port:
        yield port, folder


class Database:
    def __init__(self, connection: pymysql.Connection, port: int, folder: Path) -> None:
        self.connection, self.port, self.folder = connection, port, folder

    def run(self, sql: str, *values: object) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute(sql, values or None)

    def hit(self, number: int, *, ctime: float | None = None, **more: object) -> None:
        row: dict[str, object] = {
            "id": number, "attackLogTime": 0, "ctime": START + number if ctime is None else ctime,
            "IP": bytes(10) + b"\xff\xff" + bytes((203, 0, 113, 7)), "statusCode": 403, "isGoogle": 0, "userID": 0,
            "newVisit": 0, "URL": f"https://one.example/?id={number}", "referer": "", "UA": "probe/1.0",
            "action": "blocked:waf", "actionDescription": "SQL Injection", "actionData": "{}",
        } | more  # fmt: skip
        names = ", ".join(row)
        self.run(f"INSERT INTO wp_wfHits ({names}) VALUES ({', '.join(['%s'] * len(row))})", *row.values())


@pytest.fixture
def database(server, monkeypatch) -> Iterator[Database]:
    port, folder = server
    monkeypatch.setenv("WORDFENCE_PASSWORD", "hunter2-password")
    connection = pymysql.connect(unix_socket=str(folder / "s.sock"), user="root", autocommit=True)
    with contextlib.closing(connection):
        found = Database(connection, port, folder)
        for sql in (
            "DROP DATABASE IF EXISTS shop", "CREATE DATABASE shop", "USE shop", TABLE,
            "CREATE OR REPLACE USER reader@'127.0.0.1' IDENTIFIED BY 'hunter2-password'",
            "CREATE OR REPLACE USER reader@localhost IDENTIFIED BY 'hunter2-password'",
            "GRANT SELECT ON shop.wp_wfHits TO reader@'127.0.0.1'",
            "GRANT SELECT ON shop.wp_wfHits TO reader@localhost",
        ):  # fmt: skip
            found.run(sql)
        yield found


def job(settings, database: Database, more: str = ""):
    text = SITES.format(port=database.port, more=more)
    settings.sites_file.write_text(text)
    (found,) = collecting.jobs(parse_sites(text, "s"), settings, ["waf_wordfence"])
    return found


def collect(settings, database: Database, more: str = "") -> dict:
    report = asyncio.run(collecting.collect(job(settings, database, more)))
    collecting.load_landed(settings)
    return report.row


def events(settings, columns: str = "query") -> list[tuple]:
    from warehouse.connection import open_live

    with open_live(settings.warehouse) as con:
        return con.execute(f"SELECT {columns} FROM raw.waf_event ORDER BY event_at").fetchall()


def queries(*numbers: int) -> list[tuple]:
    return [(f"id={number}",) for number in numbers]


def test_each_row_is_read_once(settings, database) -> None:
    for number in (1, 2, 3):
        database.hit(number)
    assert collect(settings, database)["state"] == "complete"
    assert collect(settings, database)["state"] == "empty"
    database.hit(4)
    assert collect(settings, database)["state"] == "complete"
    assert events(settings) == queries(1, 2, 3, 4)
    assert events(settings, "DISTINCT client_ip, event_at::DATE::VARCHAR")[0] == ("203.0.113.7", "2026-11-23")


def test_more_rows_than_are_asked_for_at_once(settings, database, monkeypatch) -> None:
    monkeypatch.setattr(waf_wordfence, "ROWS", 10)
    monkeypatch.setattr(waf_wordfence, "OVERLAP", 15)
    for number in range(1, 96):
        database.hit(number)
    collect(settings, database)
    assert collect(settings, database)["state"] == "empty"
    assert events(settings) == queries(*range(1, 96))


def test_an_id_that_is_committed_late_is_taken_in(settings, database) -> None:
    for number in (1, 2, 4, 600):
        database.hit(number)
    collect(settings, database)
    for number in (3, 599, 601):
        database.hit(number)
    collect(settings, database)
    assert events(settings) == queries(1, 2, 4, 599, 600, 601), "within the last 500 ids"


def test_rows_that_were_pruned_unread_are_a_gap_that_is_told(settings, database) -> None:
    database.hit(1)
    collect(settings, database)
    database.run("DELETE FROM wp_wfHits")
    database.hit(40)
    row = collect(settings, database)
    assert row["state"] == "partial"
    assert "The rows with ids 2 to 39 of wp_wfHits were pruned before they were read" in row["message"]
    assert collect(settings, database)["state"] == "empty"


@pytest.mark.parametrize("count", [2, 700, 1200])
def test_a_table_that_began_anew_is_read_from_its_start(settings, database, count: int) -> None:
    for number in (998, 999, 1000):
        database.hit(number)
    collect(settings, database)
    database.run("TRUNCATE wp_wfHits")
    with database.connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO wp_wfHits (ctime, attackLogTime, isGoogle, userID, newVisit, URL, action, IP, UA)"
            " VALUES (%s, 0, 0, 0, 0, %s, 'blocked:waf', %s, 'x')",
            [(START + 5_000 + n, f"https://one.example/?id=n{n}", bytes(16)) for n in range(count)],
        )
    collect(settings, database)
    assert collect(settings, database)["state"] == "empty"
    found = [query for (query,) in events(settings)]
    assert [query for query in found if query.startswith("id=n")] == [f"id=n{n}" for n in range(count)]


def test_hostile_text_stays_text_and_costs_at_most_its_row(settings, database) -> None:
    database.hit(1, UA="a\nb\x00\u2028'; DROP TABLE x; --", URL="https://one.example/?a=<script>\n&password=hunter2")
    database.hit(2, action="", actionData="{broken", IP=None, statusCode=-1)
    database.hit(3, ctime=0, URL=None)
    database.hit(4, URL="x" * 65_000, UA="y" * 65_000, actionData=json.dumps({"paramValue": "e" * 60_000}))
    database.hit(5)
    row = collect(settings, database)
    assert row["state"] in ("complete", "partial")
    assert ("id=5",) in events(settings)
    stored = b"".join(path.read_bytes() for path in settings.var.rglob("*") if path.is_file())
    assert b"hunter2" not in stored


def test_a_table_without_capitals_and_with_another_prefix_is_found(settings, database) -> None:
    database.hit(1)
    database.run("RENAME TABLE wp_wfHits TO si_121_wfhits")
    database.run("GRANT SELECT ON shop.si_121_wfhits TO reader@'127.0.0.1'")
    assert collect(settings, database, "table_prefix: si_121_")["landed"] >= 1


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("table_prefix: other_", "shows reader no table other_wfHits: mend table_prefix, or grant SELECT on it."),
        ("database: nowhere", "The database nowhere at 127.0.0.1"),
        ("user: nobody", "Access denied for user 'nobody'"),
        ("port: 9", "can't be opened: Can't connect"),
        ("ca_file: other.pem", "can't be opened:"),
    ],
)
def test_what_the_database_refuses_is_one_sentence_without_a_secret(
    settings, database, more: str, message: str
) -> None:
    trustme.CA().cert_pem.write_to_path(str(settings.sites_file.parent / "other.pem"))
    name = more.partition(":")[0]
    here = job(settings, database)
    here = collecting.replace(
        here,
        options=here.options.model_copy(update={name: type(getattr(here.options, name) or "")(more.split(": ")[1])}),
    )
    outcome = asyncio.run(collecting.collect(here)).outcome
    assert outcome.state == "failed"
    assert message in str(outcome.message)
    assert "hunter2" not in str(outcome.message)
    with pytest.raises(SourceError):
        asyncio.run(waf_wordfence.check(here))


def test_the_connection_is_encrypted_and_the_server_proves_itself(settings, database) -> None:
    database.hit(1)
    database.run("ALTER USER reader@'127.0.0.1' REQUIRE SSL")
    assert collect(settings, database, f"ca_file: {database.folder / 'ca.pem'}")["state"] == "complete"
    assert collect(settings, database)["state"] == "empty"
    assert asyncio.run(waf_wordfence.check(job(settings, database))) == "1 rows in wp_wfHits, the last has id 1"


def test_a_server_without_tls_is_refused_before_the_password_is_sent(settings, database, tmp_path) -> None:
    (tmp_path / "plain").mkdir()
    with mariadb(tmp_path / "plain", "--skip-ssl") as port:
        database.port = port
        assert "can't be opened: SSL" in collect(settings, database)["message"]
        assert "Access denied" in collect(settings, database, "is_encrypted: false")["message"]


def test_a_socket_does_without_a_network(settings, database) -> None:
    database.hit(1)
    assert collect(settings, database, f"socket: {database.folder / 's.sock'}")["state"] == "complete"


def test_the_reader_can_write_nothing(settings, database) -> None:
    here = job(settings, database)
    database.run("GRANT ALL ON shop.* TO reader@'127.0.0.1'")
    with (
        pytest.raises(SourceError, match="READ ONLY"),
        waf_wordfence._connect(here, here.options, "hunter2-password") as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("DELETE FROM wp_wfHits")
