"""What the usual run leaves to `--every-engine`, so that it ends within its quarter of an hour."""

from __future__ import annotations

import zlib

import pytest

A_FEW = 1500
"""Who runs fewer tests than these runs all of them on both engines."""


def _left_to_the_other_engine(item: pytest.Item) -> bool:
    """Whether a test of services or doors is this time left to its twin on the other engine.

    Both run where deeds race, and everywhere statements themselves are what a test is about. Of the others, whose SQL
    is the same by the toolkit, one in six runs on PostgreSQL and the rest on SQLite, by the digest of the name: so a
    whole run fits a quarter of an hour. --every-engine runs them all.
    """
    engine = getattr(item, "callspec", None) and item.callspec.params.get("engine")  # type: ignore[attr-defined]
    races = {"together", "all_at_once", "threading"} & set(item.function.__code__.co_names)  # type: ignore[attr-defined]
    if engine is None or races or item.path.parent.name not in ("services", "doors", "journeys"):
        return False
    twin = item.nodeid.replace("sqlite", "").replace("postgresql", "")
    mine = "postgresql" if zlib.crc32(twin.encode()) % 6 == 0 else "sqlite"
    return bool(engine != mine and _has_twin(item))


# What takes long, each by itself, run with --every-engine alone: killing, renewing and drawing on and on.
LONG = {
    "test_keys_are_renewed_moved_and_checked_while_the_service_runs",
    "test_killed_again_and_again_every_band_is_minted_and_printed_once",
    "test_workers_that_draw_and_workers_that_print_end_with_the_command_that_is_killed",
    "test_broken_text_fits_and_loses_nothing",
    "test_a_font_without_chinese_is_helped_by_one_that_has_it",
    "test_at_a_terminal_blanks_are_made_and_printed_by_as_many_processes_as_one_says",
    "test_anything_else_is_a_sentence",
    "test_inside_wechat_the_place_and_the_map_are_wechats",
    "test_no_answer_names_a_version_of_anything",
    "test_an_officer_prints_the_days_bands_in_one_file",
    "test_an_incident_lives_at_both_ends",
    "test_an_officer_gives_a_blank_to_an_elder_and_the_family_hears_of_it",
    "test_a_spoilt_page_is_seen",
    "test_the_drawn_elders_are_drawn_by_their_script",
    "test_minting_that_broke_off_goes_on_where_it_was",
    "test_eight_threads_and_two_processes_make_one_unbroken_chain",
    "test_a_poster_as_large_as_may_be_is_drawn_and_says_that_it_takes_a_while",
    "test_the_exit_status_is_0_for_whole_and_1_with_one_sentence_for_broken",
    "test_a_thousand_random_tamperings_are_found_and_the_first_bad_row_is_named",
    "test_what_is_sent_decodes_into_a_picture_that_reads",
}


def _has_twin(item: pytest.Item) -> bool:
    """Whether the test runs on more engines than one: some are of pages alone."""
    marks = [mark for mark in item.iter_markers("parametrize") if mark.args and mark.args[0] == "engine"]
    return not marks or len(marks[0].args[1]) > 1


def is_left_out(item: pytest.Item) -> bool:
    """Whether the usual run goes without this test: its twin runs on the other engine, or it takes long."""
    return _left_to_the_other_engine(item) or item.originalname in LONG  # type: ignore[attr-defined]


def does_without_a_server(item: pytest.Item) -> bool:
    """False for what runs first, so that one worker starts server and browser while others have work of their own."""
    return item.path.parent.name != "journeys" and "server" not in getattr(item, "fixturenames", ())
