"""Every text can be said in another language, is said in it, and numbers and dates are written as its readers do."""

from __future__ import annotations

import gc
import re
import threading
import time
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from babel import Locale
from markupsafe import Markup

from tasks import catalogues, measures, wcag_names, words, written
from tasks.catalogues import DRAFT
from tasks.render.environment import in_english, in_language, say_html
from tasks.words import Plural, Spoken, say, say_as, say_many, speaking, spoken
from tests.marked import unsaid

DAY = datetime(2026, 9, 5, 14, 3, tzinfo=UTC)
HARD = "\u00a0"
LANGUAGES = words.languages()


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("en-GB", ["1,234,568", "0.2", "99.953%", "99.9%", "5 Sept", "5 September 2026", "Sat 5 Sept, 14:03", "1.2k", "340 kB"]),
        ("en-US", ["1,234,568", "0.2", "99.953%", "99.9%", "Sep 5", "September 5, 2026", f"Sat, Sep 5, 2:03{HARD}PM", "1.2k", "340 kB"]),
        ("de-DE", ["1.234.568", "0,2", f"99,953{HARD}%", f"99,9{HARD}%", "5. Sept.", "5. September 2026", "Sa., 5. Sept., 14:03", "1,2k", "340 kB"]),
        ("de-CH", ["1’234’568", "0.2", "99.953%", "99.9%", "5. Sept.", "5. September 2026", "Sa., 5. Sept., 14:03", "1.2k", "340 kB"]),
        ("fr-FR", [f"1{HARD}234{HARD}568", "0,2", f"99,953{HARD}%", f"99,9{HARD}%", "5 sept.", "5 septembre 2026", "sam. 5 sept., 14:03", "1,2k", "340 ko"]),
    ],
)  # fmt: skip
def test_numbers_and_dates_are_those_of_the_locale(tag: str, expected: list[str]) -> None:
    with speaking(tag):
        assert [
            written.number(1234567.5), written.number(0.25, 1), written.percent(99.953, 3), written.plain_percent(99.9),
            written.day(DAY), written.date_long(DAY), written.moment(DAY), written.short(1234), written.size(340_000),
        ] == expected  # fmt: skip


def test_what_is_rounded_is_rounded_as_python_does_and_nothing_is_less_than_nothing() -> None:
    for value in (0.05, 0.15, 2.675, 1e9 + 0.5, 99.9949, -0.004, 123456.5):
        assert float(written.number(value, 2).replace(",", "")) == abs(float(f"{value:.2f}")) * (
            -1 if value < -0.01 else 1
        )
    assert written.number(-0.004, 2) == "0.00"
    assert written.signed(-1200) == "−1,200" and written.signed(3) == "+3"


def test_no_text_of_a_locale_holds_a_space_that_the_fonts_lack() -> None:
    for tag in ("fr-FR", "fr-CH", "de-DE", "en-US"):
        with speaking(tag):
            made = [written.number(10**9, 2), written.percent(1234.5, 1), written.moment(DAY), written.date_long(DAY)]
            assert "\u202f" not in "".join(made)


def test_plurals_follow_the_language() -> None:
    said = {}
    for tag in ("en-GB", "de-DE", "fr-FR"):
        with speaking(tag):
            said[tag] = [say_many("{n} day", "{n} days", number) for number in (0, 1, 2)]
    assert said == {
        "en-GB": ["0 days", "1 day", "2 days"],
        "de-DE": ["0 Tage", "1 Tag", "2 Tage"],
        "fr-FR": ["0 jour", "1 jour", "2 jours"],
    }


def test_numbers_in_a_text_are_whole_and_a_pattern_with_a_plural_takes_its_number() -> None:
    assert say("{a} of {b}, {c}", a=1234, b=5.0, c="x{y}") == "1,234 of 5, x{y}"
    pattern = Plural("{count} thing", "{count} things", by="count")
    assert [say(pattern, count=1), say(pattern, count=2000)] == ["1 thing", "2,000 things"]
    assert say_as("version", "From") == "From"


@pytest.mark.parametrize(
    ("tag", "speaks", "example"),
    [
        ("nl-NL", "en-GB", "1,234.5"),
        ("en-AU", "en-AU", "1,234.5"),
        ("de-AT", "de-AT", "1.234,5"),
        ("de", "de", "1.234,5"),
        ("xx-XX", "en-GB", "1,234.5"),
    ],
)
def test_a_language_without_a_catalogue_is_english_as_a_whole(tag: str, speaks: str, example: str) -> None:
    with speaking(tag):
        assert spoken().tag == speaks
        assert written.number(1234.5, 1) == example
        assert say("none") == ("keine" if tag.startswith("de") else "none")


def test_each_thread_speaks_its_own_language() -> None:
    heard: dict[str, str] = {}
    started = threading.Barrier(2)

    def speak(tag: str) -> None:
        with speaking(tag):
            started.wait()
            heard[tag] = written.number(1234.5, 1)

    threads = [threading.Thread(target=speak, args=(tag,)) for tag in ("de-DE", "en-GB")]
    with speaking("fr-FR"):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert heard == {"de-DE": "1.234,5", "en-GB": "1,234.5"}
        assert spoken().tag == "fr-FR"
    assert spoken().tag == "en-GB"


@pytest.fixture(scope="module")
def wanted():
    return catalogues.messages()


def test_there_are_texts_and_languages(wanted) -> None:
    assert {"de", "fr"} <= set(LANGUAGES)
    assert len([message for message in wanted if message.id]) > 1200


def test_the_template_for_new_languages_is_what_the_code_says(wanted) -> None:
    kept = catalogues.TEMPLATE.read_bytes()
    assert kept == catalogues.template_of(wanted), "run `make words`"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_says_every_text_with_its_placeholders_and_plurals(language: str, wanted) -> None:
    assert catalogues.problems(language, wanted) == [], "run `make words` and translate what is new"


@pytest.mark.parametrize(
    ("found", "made", "says"),
    [
        ('msgstr "nicht verglichen"', 'msgstr ""', "no translation"),
        ('msgid "not compared"', 'msgid "never compared"', "nobody says it"),
        ('msgstr "Verglichen mit dem Audit vom {day}."', 'msgstr "Verglichen mit dem Audit."', "other placeholders"),
        ('msgstr[1] "{n} Tage"', 'msgstr[1] "{n.__class__} Tage"', "other placeholders"),
        ('msgstr[1] "{n} Tage"', 'msgstr[1] ""', "no translation"),
        ("Der Zustand der Website ist *größtenteils nicht bekannt*.", "Der Zustand ist nicht bekannt.", "other tags"),
        ('msgid "not compared"', '#, fuzzy\nmsgid "not compared"', "fuzzy"),
    ],
)
def test_a_catalogue_that_lacks_something_is_told(
    found: str, made: str, says: str, wanted, tmp_path: Path, monkeypatch
) -> None:
    text = words.file_of("de").read_text(encoding="utf-8")
    assert text.count(found) >= 1
    path = tmp_path / "upkeep.po"
    path.write_text(text.replace(found, made, 1), encoding="utf-8")
    monkeypatch.setattr(catalogues, "file_of", lambda language: path)
    told = catalogues.problems("de", wanted)
    assert told and any(says in sentence for sentence in told)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_draft_says_so_in_its_head_and_to_its_readers(language: str) -> None:
    assert DRAFT in words.file_of(language).read_text(encoding="utf-8")
    said = words.spoken_in(language)
    assert said.is_draft and said.catalogue.gettext(DRAFT) != DRAFT
    assert not words.spoken_in("en-GB").is_draft


def test_a_catalogue_is_read_once_and_fast() -> None:
    words._catalogue.cache_clear()
    words.spoken_in.cache_clear()
    gc.collect()
    gc.disable()  # the garbage of a whole test run is not to fall into it
    try:
        begun = time.thread_time()
        words.spoken_in("de-DE")
        first = time.thread_time() - begun
    finally:
        gc.enable()
    assert words.spoken_in("de-DE") is words.spoken_in("de-DE")
    assert first < 0.5  # 0.05 where nothing else runs


def test_what_fills_a_text_with_tags_is_escaped() -> None:
    with speaking("de-DE"):
        made = say_html(
            "Each query ran on snapshot <code>{snapshot}</code> with site_id {site}, start_date {start} and end_date {end} (exclusive).",
            snapshot="<script>",
            site="a&b\u202e",
            start="{end}",
            end="'\">",
        )
    assert (
        "<script>" not in made
        and "&lt;script&gt;" in made
        and "a&amp;b" in made
        and "\u202e" not in made
        and "{end}" in made
    )


def test_what_is_in_another_language_than_the_page_says_so() -> None:
    assert (in_english(), in_language("de-DE")) == (Markup(""), Markup(' lang="de-DE"'))
    with speaking("fr-FR"):
        assert (in_english(), in_language("fr-FR")) == (Markup(' lang="en"'), Markup(""))


def test_every_criterion_of_the_standard_and_every_measure_has_a_name() -> None:
    sql = (Path(__file__).parents[2] / "warehouse/staging/wcag_criterion.sql").read_text(encoding="utf-8")
    named = dict(re.findall(r"\('([\d.]+)', 'A{1,2}', '([^']+)'\)", sql))
    assert named == wcag_names.NAMES
    code = "\n".join(path.read_text(encoding="utf-8") for path in (Path(__file__).parents[2] / "tasks").rglob("*.py"))
    assert set(re.findall(r'metric="(\w+)"', code)) - {"lcp_ms", "inp_ms", "cls", "ttfb_ms"} <= measures.NAMES.keys()


def test_a_locale_keeps_its_names_after_another_was_asked() -> None:
    said = {}
    for tag in ("ja_JP", "de_DE", "fr_FR", "ja_JP", "en_GB", "de_DE"):
        with speaking(Spoken(tag, Locale.parse(tag))):
            said[tag] = (written.month(DAY), written.day_long(DAY), written.months(DAY, DAY).split()[0])
    assert said.pop("ja_JP")[0] == "9月"
    assert said == {
        "de_DE": ("Sept.", "5. September", "September"),
        "fr_FR": ("sept.", "5 septembre", "septembre"),
        "en_GB": ("Sept", "5 September", "September"),
    }


def test_months_weekdays_and_durations_are_said() -> None:
    with speaking("de-DE"):
        assert written.months(date(2026, 7, 1), date(2026, 9, 30)) == "Juli bis September 2026"
        assert written.weekday_letters() == ["M", "D", "M", "D", "F", "S", "S"]
        assert [written.duration(30), written.duration(60), written.duration(9000)] == [
            "30 Sekunden",
            "1 Minute",
            "2 h 30 min",
        ]
        assert written.inside("TLS erneuern") == "TLS erneuern"
    assert (written.inside("Renew it"), written.inside("TLS ends")) == ("renew it", "TLS ends")


def test_the_search_for_what_nobody_said_finds_it() -> None:
    html = '<p>⟦said {n} ⟦too⟧ here⟧ forgotten</p><td lang="en">other</td><img alt="picture"><code>x.yyy</code><p>⟦cut off…</p>'
    assert sorted(unsaid(html)) == ["forgotten", "picture"]
