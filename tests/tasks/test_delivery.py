"""Reports reach each recipient once, after a person read that very file; comments are printed, colours can be read."""

from __future__ import annotations

import asyncio
import email
import email.policy
import socket
import threading
from pathlib import Path

import pytest
import yaml

from flows.cli import main
from tasks import collecting, delivery
from tasks.alert_channels import PrefectEvent
from tasks.brand import brand_of, corrections
from tasks.errors import ConfigurationError
from tasks.quarters import parse_quarter
from tasks.render.document import render_html
from tasks.render.page import render_page
from tasks.report_model import Comment
from tasks.settings import Settings
from tasks.sites import load_sites
from tests.mailbox import smtp
from tests.tasks.render import sample
from warehouse.connection import open_snapshot
from warehouse.publish import publish

Q3 = parse_quarter("2026Q3")


@pytest.fixture(name="drafted")
def _drafted(settings: Settings):
    """An installation with one written report; call it with the settings of delivery."""

    def make(**server: object) -> Settings:
        value = {
            "agency": {"name": "A", "contact": "a@a.example", "delivery": {"sender": "r@a.example", **server}},
            "clients": [{"id": "c", "name": "C", "recipients": ["gone@c.example", "one@c.example", "two@c.example"]}],
            "sites": [
                {"id": "one", "name": "One\nBcc: x@x.example", "client": "c", "url": "https://one.example/", "platform": "static",
                 "time_zone": "UTC", "owner": {"name": "O", "email": "o@a.example"}},
            ],
        }  # fmt: skip
        settings.sites_file.write_text(yaml.safe_dump(value))
        settings.reports.mkdir(parents=True, exist_ok=True)
        (settings.reports / "one-2026Q3.pdf").write_bytes(b"%PDF-1.7 first")
        return settings

    return make


def command(*words: str) -> int:
    return main(["reports", *words, "--quarter", "2026Q3"])


def states(settings: Settings) -> list[tuple[str, ...]]:
    return [row[2:5] for row in delivery.listed(settings, load_sites(settings.sites_file), Q3)]


def test_a_report_goes_to_each_recipient_once_after_its_review(drafted, tmp_path: Path, capsys) -> None:
    with smtp(tmp_path, tls=False) as (box, port):
        settings = drafted(host="localhost", port=port, security="none")
        assert states(settings) == [("draft", "", "gone@c.example, one@c.example, two@c.example")]
        assert command("send", "one", "--by", "Ada") == 2
        assert "was not reviewed as it is now" in capsys.readouterr().err
        assert command("review", "one", "--by", "Ada") == 0
        assert states(settings)[0][0] == "reviewed"
        assert command("send", "one", "--by", "Ada") == 1  # one recipient is refused
        told = capsys.readouterr()
        assert "refused: gone@c.example" in told.err
        assert "sent: one@c.example" in told.out
        assert command("send", "one", "--by", "Ada") == 0
        assert "nothing was sent" in capsys.readouterr().out
    assert [mail.rcpt_tos for mail in box.mails] == [["one@c.example"], ["two@c.example"]]
    parsed = email.message_from_bytes(box.mails[0].content, policy=email.policy.default)
    assert parsed["Subject"] == "One Bcc: x@x.example: website report, July to September 2026"
    assert parsed["Bcc"] is None
    (attached,) = parsed.iter_attachments()
    assert (attached.get_filename(), attached.get_content()) == ("one-2026Q3.pdf", b"%PDF-1.7 first")
    collecting.load_landed(settings)
    publish(settings.warehouse, settings.snapshot)
    with open_snapshot(settings.snapshot) as con:
        rows = con.execute("SELECT state, recipient, done_by FROM raw.report_event ORDER BY event_at").fetchall()
    assert rows == [
        ("reviewed", None, "Ada"), ("refused", "gone@c.example", "Ada"), ("sent", "one@c.example", "Ada"), ("sent", "two@c.example", "Ada"),
    ]  # fmt: skip


def test_a_report_that_was_written_anew_is_a_draft_again(drafted, capsys) -> None:
    settings = drafted(host="localhost", port=1, security="none")
    command("review", "one", "--by", "Ada")
    (settings.reports / "one-2026Q3.pdf").write_bytes(b"%PDF-1.7 second")
    assert states(settings)[0][0] == "draft"
    assert command("send", "one", "--by", "Ada") == 2
    assert "was not reviewed as it is now" in capsys.readouterr().err


def test_what_certainly_failed_is_tried_again_and_an_open_end_is_not(drafted, tmp_path: Path, capsys) -> None:
    settings = drafted(host="localhost", port=1, security="none")
    command("review", "one", "--by", "Ada")
    assert command("send", "one", "--by", "Ada") == 1
    assert "failed: one@c.example: localhost did not take it (ConnectionRefusedError)" in capsys.readouterr().err
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        threading.Thread(target=_break_off, args=(server,), daemon=True).start()
        drafted(host="127.0.0.1", port=port, security="none")
        assert command("send", "one", "--by", "Ada") == 1
        assert "it may have taken it" in capsys.readouterr().err
    assert states(settings)[0][0] == "sending, open end"
    with smtp(tmp_path, tls=False) as (box, port):
        drafted(host="localhost", port=port, security="none")
        assert command("send", "one", "--by", "Ada") == 2
        assert "has an open end. Ask whether it came" in capsys.readouterr().err
        assert command("send", "one", "--by", "Ada", "--again", "one@c.example") == 2
        assert "No attempt to send one/2026Q3 to one@c.example" in capsys.readouterr().err
        for address in ("gone@c.example",):
            command("send", "one", "--by", "Ada", "--again", address)
    assert [mail.rcpt_tos for mail in box.mails] == [["one@c.example"], ["two@c.example"]]


def _break_off(server: socket.socket) -> None:
    """Take the first mail up to its last dot, then hang up without an answer."""
    connection, _ = server.accept()
    with connection, connection.makefile("rb") as lines:
        connection.sendall(b"220 hello\r\n")
        for line in lines:
            if line.upper().startswith(b"DATA"):
                connection.sendall(b"354 go on\r\n")
            elif line == b".\r\n":
                return
            elif line.upper().startswith((b"EHLO", b"HELO", b"MAIL", b"RCPT", b"RSET")):
                connection.sendall(b"250 OK\r\n")


def test_a_link_may_stand_in_place_of_the_file(drafted, tmp_path: Path) -> None:
    with smtp(tmp_path, tls=False) as (box, port):
        drafted(host="localhost", port=port, security="none", link="https://reports.a.example/q3/")
        command("review", "one", "--by", "Ada")
        command("send", "one", "--by", "Ada")
    parsed = email.message_from_bytes(box.mails[0].content, policy=email.policy.default)
    assert list(parsed.iter_attachments()) == []
    assert "https://reports.a.example/q3/one-2026Q3.pdf" in parsed.get_content()


def test_a_client_is_written_to_in_the_language_of_the_report(drafted, tmp_path: Path) -> None:
    with smtp(tmp_path, tls=False) as (box, port):
        settings = drafted(host="localhost", port=port, security="none")
        text = settings.sites_file.read_text()
        settings.sites_file.write_text(text.replace("  time_zone: UTC", "  time_zone: UTC\n  locale: de-DE"))
        command("review", "one", "--by", "Ada")
        command("send", "one", "--by", "Ada")
    parsed = email.message_from_bytes(box.mails[0].content, policy=email.policy.default)
    assert parsed["Subject"] == "One Bcc: x@x.example: Website-Bericht, Juli bis September 2026"
    said = parsed.get_body().get_content()
    assert said.startswith("Der Website-Bericht von One Bcc: x@x.example, Juli bis September 2026, ist fertig.")
    assert "Er ist als PDF angehängt." in said


def test_a_comment_is_landed_and_printed_as_text_on_paper_and_on_the_page(drafted, capsys) -> None:
    settings = drafted(host="localhost", security="none")
    assert command("comment", "one", "availabilty", "--text", "x", "--by", "Ada") == 2
    assert "did you mean 'availability'?" in capsys.readouterr().err
    assert command("comment", "one", "availability", "--text", " The outage <b>was</b>\n ours. ", "--by", "Ada") == 0
    collecting.load_landed(settings)
    publish(settings.warehouse, settings.snapshot)
    with open_snapshot(settings.snapshot) as con:
        rows = con.execute("SELECT section, text, written_by FROM marts.report_comment").fetchall()
    assert rows == [("availability", "The outage <b>was</b> ours.", "Ada")]
    report = sample.rich()
    from dataclasses import replace

    parts = [
        replace(part, comments=[Comment(text=rows[0][1], written_by="Ada")]) if part.name == "availability" else part
        for part in report.parts
    ]
    for html in (render_html(replace(report, parts=parts)), render_page(replace(report, parts=parts))):
        assert "<b>Ada, Northlight Studio</b>The outage &lt;b&gt;was&lt;/b&gt; ours." in html


def test_a_note_to_the_client_is_a_safe_part_of_markdown(drafted, tmp_path: Path) -> None:
    from dataclasses import replace

    note = "Thank you for **your trust**.\n\n- <script>alert(1)</script>\n- ![x](file:///etc/passwd) [y](https://z.example)"
    for html in (render_html(replace(sample.rich(), note=note)), render_page(replace(sample.rich(), note=note))):
        assert "<strong>your trust</strong>" in html
        assert "&lt;script&gt;" in html
        assert '<img src="file' not in html
        assert 'href="https' not in html
    settings = drafted(host="localhost")
    sites = load_sites(settings.sites_file)
    (tmp_path / "note.md").write_text("x" * 1300)
    for path, says in (("note.md", "over 1,200 characters"), ("none.md", "No such file")):
        client = sites.clients[0].model_copy(update={"note": Path(path)})
        with pytest.raises(ConfigurationError, match=says):
            brand_of(sites.agency, tmp_path, client)


def test_a_colour_that_can_not_be_read_is_made_darker_and_told(drafted) -> None:
    settings = drafted(host="localhost")
    agency = load_sites(settings.sites_file).agency
    assert corrections(agency) == []
    pale = agency.model_copy(update={"colours": agency.colours.model_copy(update={"accent": "#ffcc00"})})
    (sentence,) = corrections(pale)
    assert sentence.startswith("agency.colours.accent: #ffcc00 has 1.5 of contrast with white and text needs 4.5")
    assert brand_of(pale, Path()).accent in sentence
    assert brand_of(pale, Path()).accent != "#ffcc00"


def test_drafts_that_are_ready_are_told_to_every_channel_as_one_message(drafted) -> None:
    settings = drafted(host="localhost")
    sites = load_sites(settings.sites_file)
    agency = sites.agency.model_copy(update={"alerts": [PrefectEvent(kind="prefect", id="p")]})
    sites, told = sites.model_copy(update={"agency": agency}), []

    async def emit(message) -> None:
        told.append((message["kind"], message["subject"], message["alert_id"]))

    async def broken(message) -> None:
        raise RuntimeError

    for hashes in (["a", "b"], ["b", "a"], []):
        assert asyncio.run(delivery.announce(sites, Q3, hashes, secret=None, emit=emit)) == []
    assert told == [("reports_ready", "2 reports of 2026Q3 ready for review", told[0][2])] * 2
    (problem,) = asyncio.run(delivery.announce(sites, Q3, ["a"], secret=None, emit=broken))
    assert "did not take the event" in problem
