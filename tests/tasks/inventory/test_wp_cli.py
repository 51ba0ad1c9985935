"""WP-CLI's answers are read whole, through noise, and prove only what they prove."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.errors import SourceError
from tasks.inventory import wp_cli
from tests.conftest import CASES

HERE = CASES / "patches_bundle"
PARSERS = [wp_cli.core_version, wp_cli.core_offers, wp_cli.component_list, wp_cli.update_answers]


def case(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["wordpress-blocked/core-version.txt", "wordpress/core-version-extra.txt"])
def test_the_core_version_is_read_plain_and_with_extra(name: str) -> None:
    assert wp_cli.core_version(case(name)) == "6.1.9"


def test_core_offers_are_read() -> None:
    offers = wp_cli.core_offers(case("wordpress/core-check-update.json"))
    assert [(offer.version, offer.update_type) for offer in offers] == [("6.1.10", "minor"), ("6.8.3", "major")]
    assert wp_cli.core_offers(case("wordpress-blocked/core-check-update.json")) == []


def test_the_plugin_list_is_read_whole() -> None:
    listed, rejects = wp_cli.component_list(case("wordpress/plugin-list.json"))
    assert (len(listed), rejects) == (10, [])
    by_name = {item.name: item for item in listed}
    assert by_name["akismet"] == wp_cli.Listed("akismet", "inactive", "5.0.2", "available", "5.3.7", True)
    assert by_name["advanced-cache.php"] == wp_cli.Listed("advanced-cache.php", "dropin", "", "", "", False)
    assert by_name["acme-forms"].is_auto_update is False


def test_warnings_of_php_before_the_json_change_nothing() -> None:
    noisy, _ = wp_cli.component_list(case("wordpress/plugin-list-noisy.json"))
    quiet, _ = wp_cli.component_list(case("wordpress/plugin-list.json"))
    assert [item for item in noisy if item.name != "acme-noisy"] == quiet
    logged = "[23-Nov-2026 04:48:08 UTC] PHP Warning:  x\n" + case("wordpress/plugin-list.json")
    assert wp_cli.component_list(logged) == (quiet, [])


def test_a_byte_order_mark_before_the_output_changes_nothing() -> None:
    text = case("wordpress/plugin-list.json")
    assert wp_cli.component_list(f"\ufeff\ufeff{text}") == wp_cli.component_list(text)
    assert wp_cli.core_version("\ufeff6.1.9\n") == "6.1.9"


def test_an_inner_list_of_an_output_that_was_cut_short_is_not_taken_for_the_whole() -> None:
    with pytest.raises(SourceError, match="JSON list"):
        wp_cli.component_list('[\n  {"name": "a", "tags":\n    []\n')


def test_an_entry_without_a_name_is_rejected_and_the_others_are_kept() -> None:
    listed, rejects = wp_cli.component_list('[{"name": "a"}, 7, {"name": ""}, {"name": "b"}]')
    assert [item.name for item in listed] == ["a", "b"]
    assert [reject.reason for reject in rejects] == [f"entry {n} of the list has no name" for n in (2, 3)]


@pytest.mark.parametrize(
    ("status", "updated", "found"),
    [
        ("active", "2026-01-02", ("listed", date(2026, 1, 2))),
        ("active", "", ("listed", None)),
        ("closed", "2024-05-06", ("closed", date(2024, 5, 6))),
        ("closed", "", (None, None)),  # so WP-CLI says it of all where the directory was not reached
        ("", "", (None, None)),
        ("closed", "soon", (None, None)),
        (None, 7, (None, None)),
    ],
)
def test_closed_is_said_only_where_the_directory_answered(status, updated, found) -> None:
    item = {"name": "a", "version": "1", "wporg_status": status, "wporg_last_updated": updated}
    ((listed,), _) = wp_cli.component_list(json.dumps([item]))
    assert (listed.directory_state, listed.directory_updated_date) == found


def test_a_directory_that_was_not_reached_closed_no_plugin() -> None:
    text = case("wordpress/plugin-directory.json")
    listed, _ = wp_cli.component_list(text)
    assert text.count('"wporg_status":"closed"') > 5
    assert {item.directory_state for item in listed} == {None}


@pytest.mark.parametrize("text", ["", "[{", '{"name": "a"}', "Error: no WordPress here", "[" * 100_000])
def test_a_list_that_is_none_or_cut_short_is_an_error(text: str) -> None:
    with pytest.raises(SourceError, match="JSON list"):
        wp_cli.component_list(text)


def test_answers_hold_time_offers_and_what_is_current() -> None:
    answers = wp_cli.update_answers(case("wordpress/update-transients.json"))
    plugins = answers["plugins"]
    assert plugins.answered_at == datetime(2026, 11, 23, 4, 48, 39, tzinfo=UTC)
    assert plugins.offered == {"acme-forms": "5.2", "acme-slider": "2.0.0", "akismet": "5.3.7"}
    assert plugins.covers("acme-old") and plugins.covers("akismet")
    assert not plugins.covers("acme-premium"), "the directory knows nothing of a premium plugin"
    assert answers["themes"].offered == {"twentytwentythree": "1.6"}
    assert answers["core"].answered_at == datetime(2026, 11, 23, 4, 48, 8, tzinfo=UTC)
    assert set(answers["core"].offered) == {"6.8.3", "6.1.10", "6.7.4"}


@pytest.mark.parametrize(
    "transients",
    [
        # What WordPress itself stores when the server was not reached: it writes the time before it asks.
        {"update_core": {"updates": [], "version_checked": "6.1.9", "last_checked": 1795409288}},
        {"update_core": {"updates": [{"response": "upgrade"}], "last_checked": 1795409288}},
        {"update_plugins": {"last_checked": 1795409288}},
        {"update_core": False, "update_plugins": None, "update_themes": []},
        {"update_plugins": {"last_checked": True, "response": {}}},
        {"update_plugins": {"last_checked": -5, "response": {}}},
        {"update_plugins": {"last_checked": 10**30, "response": {}}},
        {"update_plugins": {"last_checked": "1795409288", "response": {}}},
    ],
)
def test_a_time_without_an_answer_is_no_answer(transients: dict) -> None:
    assert wp_cli.update_answers(json.dumps(transients)) == {}


def test_a_wordpress_without_a_list_of_current_plugins_covers_all() -> None:
    answers = wp_cli.update_answers('{"update_plugins": {"last_checked": 1795409288, "response": []}}')
    assert answers["plugins"].covers("anything")


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["name", "version", "update", "update_core", "update_plugins", "response", "no_update",
                         "last_checked", "updates", "new_version"]) | st.text(max_size=5), inner, max_size=5),
    max_leaves=20,
)  # fmt: skip


@pytest.mark.parametrize("parser", PARSERS)
@given(
    st.text(max_size=300)
    | st.binary(max_size=300).map(lambda data: data.decode("utf-8", "replace"))
    | values.map(json.dumps)
)
def test_any_text_is_parsed_or_is_a_source_error(parser, text: str) -> None:
    try:
        parser(text)
    except SourceError as error:
        assert str(error)
