"""The PDF of a report holds whatever its words are: our fonts, nothing fetched, nothing obeyed, the same bytes."""

from __future__ import annotations

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

from tasks.render import fonts
from tasks.render.document import render_html, render_pdf, write
from tasks.render.text import cut, visible
from tasks.report_model import NoData
from tests.tasks.render import sample

ROOT = Path(__file__).parent.parent.parent.parent


def reader_of(pdf: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(pdf))


def text_of(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in reader_of(pdf).pages)


def fonts_of(pdf: bytes) -> set[str]:
    found = set()
    for page in reader_of(pdf).pages:
        for font in page["/Resources"].get("/Font", {}).values():
            found.add(str(font.get_object()["/BaseFont"]).split("+")[-1])
    return found


@pytest.fixture(scope="module")
def rich() -> bytes:
    return render_pdf(sample.rich())


def test_a_rich_quarter_has_its_eight_parts_in_order_on_six_pages_or_more(rich: bytes) -> None:
    reader = reader_of(rich)
    assert 6 <= len(reader.pages) <= 16  # twelve sections, a page each and some more
    titles = [item["/Title"] for item in reader.outline if not isinstance(item, list)]
    parts = [
        "Inside this report",
        "Recommendations",
        "Availability",
        "Security",
        "Vulnerabilities",
        "Performance",
        "Journeys",
        "Updates",
        "Data coverage and method",
    ]
    assert [title for title in titles if title in parts] == parts


def test_page_one_stays_one_page_and_contents_stand_on_page_two_however_long_the_words() -> None:
    for report in (sample.rich(), sample.sparse(), sample.crowded()):
        pages = [page.extract_text() for page in reader_of(render_pdf(report)).pages]
        assert "What we need from you" in pages[0]
        assert "contents on page 2" in pages[0]
        assert "Inside this report" in pages[1]


@pytest.mark.parametrize("count", [1, 3, 6, 7, 12])
def test_no_page_but_the_last_ends_in_its_upper_half(count: int) -> None:
    report = sample.rich()
    report = replace(report, recommendations=sample.crowded().recommendations[:count])
    pages = reader_of(render_pdf(report)).pages
    for number, page in enumerate(pages[1:-1], start=2):
        places: list[float] = []

        def look(text: str, matrix: list[float], text_matrix: list[float], *_: object, places=places) -> None:
            if text.strip():
                places.append(text_matrix[5] * matrix[3] + matrix[5])

        page.extract_text(visitor_text=look)
        height = float(page.mediabox.height)
        last = min(place for place in places if place > height / 14)  # without the foot
        assert last < height / 2, f"page {number} of {len(pages)}"


def test_forty_recommendations_are_all_printed() -> None:
    text = text_of(render_pdf(sample.crowded()))
    for number in range(1, 41):
        assert f"R-{number:02d}" in text


def test_a_quarter_that_is_not_known_says_so_in_every_section_and_calls_nothing_fine() -> None:
    report = sample.sparse()
    html = render_html(report)
    missing = [part for part in report.parts if isinstance(part.view, NoData) and not part.view.is_left_out]
    assert html.count("<b>No data</b>") == len(missing) >= 4
    assert "11 of our rules could not look" in html
    assert "Nothing to do" not in html
    assert 'class="note good"' not in html
    assert html.count('data-score=""') == 4


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script> ../../etc/passwd {{7*7}} ${jndi:ldap://x} =cmd()|'/C calc'!A0",
        '"><img src=file:///etc/passwd><link rel=attachment href=file:///etc/hostname>',
        "</title></style></svg><style>@import 'http://127.0.0.1/x'</style>",
    ],
)
def test_hostile_text_in_every_field_arrives_as_text_and_nothing_is_fetched(text: str) -> None:
    pdf = render_pdf(sample.hostile(text))  # a fetch would raise RenderError
    flat = re.sub(r"\s", "", text_of(pdf))
    assert flat.count(re.sub(r"\s", "", text)) >= 20
    reader = reader_of(pdf)
    assert not reader.attachments
    links = [
        str(note.get_object().get("/A", {}).get("/URI", ""))
        for page in reader.pages
        for note in page.get("/Annots", [])
    ]
    assert not any(links)


def test_control_and_direction_characters_are_printed_as_escapes() -> None:
    html = render_html(sample.hostile("a\u202eb\x00c\x1b[31m\u2066d"))
    assert not re.search("[\x00\x1b\u202e\u2066]", html)
    assert r"a\u202eb\x00c\x1b[31m\u2066d" in html
    assert visible("SELECT 1\nFROM x") == "SELECT 1\nFROM x"
    assert cut("x" * 200) == "x" * 119 + "…"
    assert cut(None) == ""


def test_no_id_of_a_page_is_given_twice(caplog: pytest.LogCaptureFixture) -> None:
    render_pdf(sample.crowded())
    assert caplog.messages == []


def test_only_our_fonts_are_embedded_and_letters_of_other_scripts_come_from_their_own_file(rich: bytes) -> None:
    assert fonts_of(rich)
    assert all(name.startswith("Upkeep-") for name in fonts_of(rich)), fonts_of(rich)
    assert not any("Extended" in name for name in fonts_of(rich))
    names = {"Łódź": "Upkeep-Serif-Extended", "Αθήνα": "Upkeep-Serif-Greek", "София": "Upkeep-Serif-Cyrillic"}
    for name, font in names.items():
        pdf = render_pdf(replace(sample.sparse(), site_name=name))
        assert any(found.startswith(font) for found in fonts_of(pdf)), (name, fonts_of(pdf))
        assert all(found.startswith("Upkeep-") for found in fonts_of(pdf)), fonts_of(pdf)
        assert name in text_of(pdf)


def test_every_font_file_is_named_by_a_face_and_has_its_licence() -> None:
    named = {face.file for face in fonts.faces("Łαж")}
    files = {path.name for path in fonts.FOLDER.glob("*.woff2")}
    assert named == files
    for family in {name.split("-latin")[0] for name in files if "-latin-400" in name or "-latin-600" in name}:
        assert "SIL Open Font License" in (fonts.FOLDER / f"{family}-LICENSE.txt").read_text(encoding="utf-8")


def test_the_colours_of_the_agency_reach_the_page() -> None:
    report = replace(sample.sparse(), ink="#102030", accent="#c04080")
    content = b"".join(page.get_contents().get_data() for page in reader_of(render_pdf(report)).pages[:1])
    ink = " ".join(f"{part / 255:.6g}"[:6] for part in (0x10, 0x20, 0x30)).split()
    assert re.search(rb"\s+".join(re.escape(part.encode()) + rb"\d*" for part in ink), content)
    assert "#c04080" in render_html(replace(sample.rich(), accent="#c04080"))


def test_a_report_is_written_whole_under_its_name(tmp_path: Path) -> None:
    path = write(render_pdf(sample.sparse()), tmp_path / "out", "harbour-vale-2026Q3.pdf")
    assert path.name == "harbour-vale-2026Q3.pdf"
    assert path.read_bytes().startswith(b"%PDF-")
    assert [item.name for item in path.parent.iterdir()] == [path.name]


@pytest.mark.slow
def test_other_processes_zones_and_locales_make_the_same_bytes(rich: bytes) -> None:
    code = (
        "import hashlib; from tests.tasks.render import sample; from tasks.render.document import render_pdf;"
        "print(hashlib.sha256(render_pdf(sample.rich())).hexdigest())"
    )
    hashes = {hashlib.sha256(rich).hexdigest()}
    for zone, locale, seed in (("Asia/Tokyo", "C", "1"), ("America/New_York", "C.UTF-8", "2")):
        env = os.environ | {"TZ": zone, "LC_ALL": locale, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
        hashes.add(done.stdout.strip())
    assert len(hashes) == 1
