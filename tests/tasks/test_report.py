"""The report says what the data says, the same every time, and nothing in it is obeyed."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pypdf
import pytest

from flows.cli import main
from tasks import collecting, report_attachments, reporting, words
from tasks.answers import Answers
from tasks.brand import brand_of
from tasks.errors import ConfigurationError
from tasks.quarters import parse_quarter
from tasks.recommendation import in_order
from tasks.render.document import render_html, render_pdf
from tasks.render.fetcher import AssetFetcher, RenderError
from tasks.render.page import render_page
from tasks.report_model import NoData, Report
from tasks.report_verification import verify
from tests import quarter
from tests.marked import MARKED, unsaid
from warehouse import migrate
from warehouse.connection import open_snapshot
from warehouse.publish import publish
from warehouse.site_snapshot import open_site_snapshot

Q3 = parse_quarter("2026Q3")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory):
    return quarter.make(tmp_path_factory.mktemp("quarter"))


def report_of(made, site: str) -> Report:
    settings, sites = made
    with contextlib.closing(open_site_snapshot(settings.snapshot, site)) as con:
        return reporting.build(Answers.on(con), brand_of(sites.agency, settings.sites_file.parent), site, Q3)


@pytest.fixture(scope="module")
def report(made) -> Report:
    return report_of(made, "one")


@pytest.fixture(scope="module")
def pdf(made) -> bytes:
    settings, sites = made
    with contextlib.closing(open_site_snapshot(settings.snapshot, "one")) as con:
        return reporting.make(Answers.on(con), brand_of(sites.agency, settings.sites_file.parent), "one", Q3)[1]


@pytest.fixture(scope="module")
def text(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)


def ask(made, sql: str):
    with contextlib.closing(open_snapshot(made[0].snapshot)) as con:
        return con.execute(sql).fetchall()


def test_the_printed_figures_equal_queries_of_their_own(made, report: Report, text: str) -> None:
    known = (92 - 7) * 86_400
    down = 4 * 3600
    views = [report.view(name) for name in ("availability", "security", "updates")]
    facts = {fact.key: fact for fact in report.kpis} | {fact.label: fact for view in views for fact in view.stats}
    assert facts["Uptime"].value == pytest.approx(100 * (known - down) / known)
    ((blocks,),) = ask(made, "SELECT count(*) FROM raw.waf_event WHERE status = 403")
    assert facts["Attacks stopped"].value == blocks == 92 * 11 + 4
    ((requests,),) = ask(made, "SELECT count(*) FROM raw.http_request")
    assert facts["Requests served"].value == requests == 92 * 17 + 304
    assert facts["attempts to log in"].value == 300
    assert facts["of the quarter not known"].value == pytest.approx(7 * 24)
    assert facts["Updates applied"].value == 1
    assert facts["Updates overdue"].value == 2
    for label in ("Uptime", "Attacks stopped", "Requests served", "attempts to log in"):
        assert facts[label].text in text, label


def test_every_rule_speaks_is_silent_or_says_what_is_missing(report: Report) -> None:
    from tasks.recommending import rules

    spoken = {item.rule_id for item in report.recommendations}
    assert spoken == {
        "availability.below_slo", "availability.certificate_expiry", "availability.monitoring_gap",
        "availability.unexplained_outage", "updates.security_overdue", "updates.routine_overdue", "security.login_brute_force", "security.single_path",
        "security.visitors_blocked", "security.block_network",
    }  # fmt: skip
    others = {rule for rule, _ in [*report.silent, *report.unknown]}
    assert spoken | others == {rule.id for rule in rules()}
    assert spoken & others == set()


def test_a_site_without_data_is_unknown_everywhere_and_nowhere_green(made) -> None:
    report = report_of(made, "empty")
    assert [dial.score for dial in report.dials] == [None, None, None, None]
    assert all(fact.tone == "unknown" and fact.value is None for fact in report.kpis)
    assert isinstance(report.view("availability"), NoData)
    assert isinstance(report.view("security"), NoData)
    assert isinstance(report.view("updates"), NoData)
    assert report.recommendations == []
    assert len(pypdf.PdfReader(io.BytesIO(render_pdf(report))).pages) >= 3


def test_the_gap_is_unknown_on_the_heat_map_and_a_break_in_the_burn(report: Report) -> None:
    levels = {state.day.isoformat(): state.level for state in report.view("availability").days}
    assert levels["2026-08-23"] is None
    assert levels["2026-08-04"] == 3
    assert levels["2026-08-05"] == 0
    assert report.view("availability").burn[(quarter.GAP[0].date() - Q3.start_date).days + 2] is None


def test_hostile_text_reaches_the_page_as_plain_text(text: str) -> None:
    joined = re.sub(r"\s", "", text)
    for path in quarter.HOSTILE:
        assert re.sub(r"\s", "", path)[:40] in joined, path
    assert "One<i>{{7*7}}</i>&=cmd()" in joined
    assert "Northlight<b>Studio</b>" in joined
    assert "<script>alert(2)</script>" in joined
    assert "49" not in re.findall(r"One <i>(\d+)", text)


def test_html_has_no_tag_that_came_from_outside(report: Report) -> None:
    html = render_html(report)
    assert "<script" not in html
    assert "<img src=file" not in html
    assert "<i>{{" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_a_report_that_wants_to_load_something_fails(report: Report) -> None:
    from weasyprint.urls import FatalURLFetchingError

    fetcher = AssetFetcher({"known": (b"x", "text/css")})
    assert fetcher.fetch("asset:known")
    for url in ("file:///etc/passwd", "http://127.0.0.1/", "asset:unknown", "data:text/css,x"):
        with pytest.raises(FatalURLFetchingError):
            fetcher.fetch(url)
    assert len(fetcher.refused) == 4
    broken = replace(
        report,
        logo=b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>",
        logo_type="image/svg+xml",
    )
    with pytest.raises(RenderError, match="nothing"):
        render_pdf(broken)


def test_only_our_fonts_are_embedded(pdf: bytes) -> None:
    names = set()
    for page in pypdf.PdfReader(io.BytesIO(pdf)).pages:
        for font in page["/Resources"].get("/Font", {}).values():
            names.add(str(font.get_object()["/BaseFont"]).split("+")[-1])
    assert names
    assert all(name.startswith(("Upkeep", "Inter", "Source", "JetBrains")) for name in names), names


def test_the_pdf_is_tagged_titled_and_has_six_pages_or_more(pdf: bytes) -> None:
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    assert len(reader.pages) >= 6
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en-GB"
    assert "website report" in reader.metadata.title
    assert len(reader.outline) >= 5


@pytest.mark.slow
def test_the_same_data_gives_the_same_bytes_in_other_processes_zones_and_locales(made, pdf: bytes) -> None:
    settings, _ = made
    code = (
        "import hashlib, sys; from pathlib import Path; from tasks import reporting; from tasks.brand import brand_of; from tasks.settings import load_settings;"
        "from tasks.sites import load_sites; from tasks.quarters import parse_quarter; s = load_settings(); c = load_sites(s.sites_file);"
        "w = reporting.write_site_report(s.snapshot, brand_of(c.agency, s.sites_file.parent), 'one', parse_quarter('2026Q3'), Path(sys.argv[1]));"
        "print(hashlib.sha256(w.path.read_bytes()).hexdigest())"
    )
    hashes = {hashlib.sha256(pdf).hexdigest()}
    for number, (zone, locale, seed) in enumerate((("Asia/Tokyo", "C", "1"), ("America/New_York", "C.UTF-8", "2"))):
        env = os.environ | {
            "TZ": zone, "LC_ALL": locale, "PYTHONHASHSEED": seed, "UPKEEP_SITES": str(settings.sites_file),
            "UPKEEP_VAR": str(settings.var), "PYTHONPATH": str(Path(__file__).parent.parent.parent),
        }  # fmt: skip
        out = str(settings.var / f"out{number}")
        done = subprocess.run([sys.executable, "-c", code, out], env=env, capture_output=True, text=True, check=True)
        hashes.add(done.stdout.strip())
    assert len(hashes) == 1


def test_an_unknown_site_and_a_missing_snapshot_say_what_to_do(made, tmp_path: Path) -> None:
    _, sites = made
    with pytest.raises(ConfigurationError, match="knows no site 'two'"):
        report_of(made, "two")
    with pytest.raises(ConfigurationError, match="upkeep publish"):
        reporting.write_site_report(tmp_path / "none", brand_of(sites.agency, tmp_path), "one", Q3, tmp_path)


def test_recommendations_are_ordered_by_band_then_by_risk_for_effort(made) -> None:
    settings, sites = made
    with contextlib.closing(open_snapshot(settings.snapshot)) as con:
        from tasks.recommending import advise

        answers = Answers.on(con)
        site = reporting._site(answers, "one")
        advice = advise(reporting._scope(answers, brand_of(sites.agency, settings.sites_file.parent), site, Q3))
    order = [(item.band, item.risk) for item in advice.recommendations]
    bands = ["act now", "high", "medium", "low"]
    assert [bands.index(band) for band, _ in order] == sorted(bands.index(band) for band, _ in order)
    assert in_order(list(reversed(advice.recommendations))) == advice.recommendations
    assert order[0][0] == "act now"
    assert all(item.evidence.snapshot_id and item.evidence.row_count for item in advice.recommendations)


def test_a_logo_that_can_not_be_drawn_is_refused_with_its_name(made, tmp_path: Path) -> None:
    _, sites = made
    (tmp_path / "logo.png").write_bytes(b"not a picture")
    for name, says in (("logo.png", "neither PNG nor SVG"), ("none.svg", "Can't read the logo")):
        agency = sites.agency.model_copy(update={"logo": Path(name)})
        with pytest.raises(ConfigurationError, match=says):
            brand_of(agency, tmp_path)


def made_of(made) -> tuple[Report, list[report_attachments.Attachment]]:
    settings, sites = made
    brand = brand_of(sites.agency, settings.sites_file.parent)
    with contextlib.closing(open_site_snapshot(settings.snapshot, "one")) as con:
        answers = Answers.on(con)
        report = reporting.build(answers, brand, "one", Q3)
        return report, report_attachments.of(report, answers, brand)


def test_every_printed_figure_is_derived_again_from_the_attachments(pdf: bytes, tmp_path: Path, capsys) -> None:
    (tmp_path / "one.pdf").write_bytes(pdf)
    assert main(["verify", str(tmp_path / "one.pdf")]) == 0
    assert "are all as printed; the same bytes." in capsys.readouterr().out
    assert verify(tmp_path / "one.pdf").figure_count > 200


def test_a_figure_that_is_printed_otherwise_is_told_with_its_page(made, tmp_path: Path, capsys) -> None:
    report, attachments = made_of(made)
    flattered = replace(report, kpis=[replace(report.kpis[0], text="100%"), *report.kpis[1:]])
    (tmp_path / "one.pdf").write_bytes(render_pdf(flattered, attachments))
    differences = verify(tmp_path / "one.pdf").differences
    assert [sentence for sentence in differences if sentence.startswith("page 1: printed '100%")]
    assert main(["verify", str(tmp_path / "one.pdf")]) == 1
    assert "this is not what its data say" in capsys.readouterr().err


def test_an_attachment_that_was_changed_is_told_and_so_is_the_figure_that_it_gives(made, tmp_path: Path) -> None:
    report, attachments = made_of(made)
    changed = [
        replace(item, data=item.data.replace(b"2026-07-02,86400,86400.0,0.0", b"2026-07-02,86400,76400.0,10000.0"))
        if item.name == "availability-days.csv"
        else item
        for item in attachments
    ]
    assert changed != attachments
    (tmp_path / "one.pdf").write_bytes(render_pdf(report, changed))
    differences = verify(tmp_path / "one.pdf").differences
    assert differences[0] == "attachment report.json: it is not what the report was made of"
    assert [sentence for sentence in differences if sentence.startswith("page 1: printed '99.8")]
    less = [item for item in attachments if item.name != "recommendations.json"]
    (tmp_path / "one.pdf").write_bytes(render_pdf(report, less))
    assert verify(tmp_path / "one.pdf").differences == ("attachment recommendations.json: it is missing",)


def test_what_is_no_report_is_refused_in_one_sentence(made, tmp_path: Path, capsys) -> None:
    report, _ = made_of(made)
    for data, says in (
        (render_pdf(report), "carries no data of site-upkeep"),
        (b"no PDF", "can't be read as a PDF"),
        (b"%PDF-1.7 cut", "can't be read"),
    ):
        (tmp_path / "one.pdf").write_bytes(data)
        assert main(["verify", str(tmp_path / "one.pdf")]) == 1
        told = capsys.readouterr().err
        assert says in told
        assert told.count("\n") == 1
    assert main(["verify", str(tmp_path / "none.pdf")]) == 1
    assert "No such file" in capsys.readouterr().err


def test_the_pdf_names_both_standards_each_attachment_once_and_a_scope_for_every_header(pdf: bytes) -> None:
    root = pypdf.PdfReader(io.BytesIO(pdf)).trailer["/Root"]
    metadata = root["/Metadata"].get_data().decode()
    assert metadata.count("<rdf:RDF") == 1
    assert 'pdfaid:part="3" pdfaid:conformance="A"' in metadata
    assert 'pdfuaid:part="1"' in metadata
    attached = [item.get_object()["/F"] for item in root["/AF"]]
    assert len(attached) == len(set(attached)) > 20
    assert {item.get_object()["/AFRelationship"] for item in root["/AF"]} == {"/Data", "/Source"}
    cells, alternatives = [], []

    def walk(element) -> None:
        element = element.get_object()
        if not isinstance(element, dict):
            return
        if element.get("/S") == "/TH":
            cells.append(element["/A"].get("/Scope"))
        if element.get("/S") == "/Figure":
            alternatives.append(element.get("/Alt"))
        kids = element.get("/K", [])
        for kid in kids if isinstance(kids, list) else [kids]:
            if not isinstance(kid, int):
                walk(kid)

    walk(root["/StructTreeRoot"])
    assert len(cells) > 20
    assert set(cells) <= {"/Column", "/Row"}
    assert len(alternatives) > 5
    assert all(alternatives)


@pytest.mark.parametrize(("known_days", "more"), [(91, "100% more than in Q2"), (40, "too little known of Q2")])
def test_page_one_says_what_changed_against_what_the_last_report_said(made, known_days: int, more: str) -> None:
    settings, sites = made
    brand = brand_of(sites.agency, settings.sites_file.parent)
    with contextlib.closing(open_site_snapshot(settings.snapshot, "one")) as con:
        con.execute("CREATE TABLE told AS FROM raw.report_figure")
        con.execute("DROP VIEW raw.report_figure; CREATE TABLE raw.report_figure AS FROM told")
        con.execute(f"DROP TABLE marts.report_figure; {migrate.each_view()['marts.report_figure']}")
        con.executemany(
            "INSERT INTO raw.report_figure BY NAME SELECT 'one' AS site_id, ? AS quarter, ?::TIMESTAMPTZ AS written_at, ? AS kind, ? AS name,"
            " ? AS value, '' AS unit, 'test/1' AS parser_version, ? AS batch_id",
            [
                ("2026Q2", "2026-07-01", "score", "Security", 90.0, "a"),
                ("2026Q2", "2026-07-02", "score", "Security", 20.0, "b"),  # a later report on the same quarter
                ("2026Q2", "2026-07-02", "figure", "Attacks stopped", 508.0, "b"),
                ("2026Q2", "2026-07-02", "figure", "Updates overdue", 2.0, "b"),
                ("2026Q1", "2026-04-01", "figure", "Updates applied", 7.0, "c"),
            ],
        )
        con.execute(
            "INSERT INTO marts.source_day BY NAME SELECT 'one' AS site_id, 'audit' AS source_id, 1 AS coverage_ratio, 9 AS row_count,"
            " DATE '2026-04-01' + day::INTEGER AS day_date FROM range(?) AS t(day)",
            [known_days],
        )
        report = reporting.build(Answers.on(con), brand, "one", Q3)
    dials = {dial.name: (dial.score, dial.note) for dial in report.dials}
    score, note = dials["Security"]
    assert score > 20
    assert note == f"{score - 20} up on Q2"
    notes = {fact.key: fact.note for fact in report.kpis}
    assert notes["Attacks stopped"] == more
    assert notes["Updates applied"] == ""
    assert notes["Uptime"] == "goal 99.9%"


def test_what_page_one_said_is_landed_once(made, tmp_path: Path) -> None:
    settings, sites = made
    brand = brand_of(sites.agency, settings.sites_file.parent)
    written = reporting.write_site_report(settings.snapshot, brand, "empty", Q3, tmp_path)
    assert ("score", "Security", None, "points") in written.told
    reporting.land(settings, [written])
    collecting.load_landed(settings)
    again = settings.var / "again.duckdb"
    publish(settings.warehouse, again)
    assert reporting.write_site_report(again, brand, "empty", Q3, tmp_path).told == []
    with contextlib.closing(open_snapshot(again)) as con:
        rows = con.execute("SELECT site_id, quarter, file_name, sha256 FROM raw.report_file").fetchall()
    assert rows == [("empty", "2026Q3", "empty-2026Q3.pdf", written.sha256)]


def test_no_word_of_a_report_is_said_in_english_alone(made, monkeypatch) -> None:
    monkeypatch.setattr(words, "spoken_in", lambda _: MARKED)
    report, attachments = made_of(made)
    # What the data hold is said as it is: names, addresses, and the words of the servers that answered.
    data = [item.data.decode() for item in attachments if item.name.endswith(".csv")]
    held = set(re.findall(r"[^\W\d_]{3,}", " ".join([*data, report.agency_name, report.contact, "light dark noindex"])))
    for html in (render_page(report), render_html(report)):
        assert [word for word in unsaid(html) if word not in held] == []


SPOKEN_IN = words.spoken_in


@pytest.mark.parametrize("tag", ["de-DE", "fr-FR"])
def test_a_report_in_another_language_is_whole_and_can_be_verified(tag: str, made, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(words, "spoken_in", lambda _: SPOKEN_IN(tag))
    report, attachments = made_of(made)
    path = tmp_path / "one.pdf"
    path.write_bytes(render_pdf(report, attachments))
    reader = pypdf.PdfReader(path)
    assert reader.trailer["/Root"]["/Lang"] == tag
    text = " ".join(page.extract_text() for page in reader.pages)
    for word in ("not known", "of the", "Recommendations", "September 2026"):
        assert (word in text) == (word == "September 2026" and tag == "de-DE"), word
    with words.speaking(tag):
        assert words.say("Draft translation, not yet reviewed by a native speaker.")[:12] in text
    assert re.search(r"\d,\d", report.kpis[0].text)
    verified = verify(path)
    assert verified.differences == () and verified.figure_count > 200
    flattered = replace(
        report, kpis=[replace(report.kpis[0], text=report.kpis[0].text.replace("9", "8", 1)), *report.kpis[1:]]
    )
    path.write_bytes(render_pdf(flattered, attachments))
    assert [sentence for sentence in verify(path).differences if sentence.startswith("page 1: printed '89,")]
