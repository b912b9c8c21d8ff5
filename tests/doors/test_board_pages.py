"""The three pages of a board: who sees what, what is refused, and that looking changes nothing."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests import world as cast
from tests.doors.asking import ON_SQLITE, count, only, statements, tells, words
from tests.doors.talking import (
    PART,
    arrives_as_daughter,
    arrives_as_officer,
    her_board,
    hers,
    his,
    his_board,
    key_of,
    say,
    tells_both,
)
from tests.world import World
from wristband.board.models import Post, ReadMark
from wristband.board.rules import PHRASE_WORDS, PHRASES, Side
from wristband.incidents.models import Incident
from wristband.scans.models import Reach

pytestmark = ON_SQLITE


@pytest.fixture
def finder(client: FlaskClient, world: World) -> str:
    return tells_both(client, world)


@pytest.fixture
def daughter(app: Flask, finder: str) -> FlaskClient:
    return arrives_as_daughter(app)


@pytest.fixture
def officer(app: Flask, finder: str) -> FlaskClient:
    return arrives_as_officer(app)


# ---- three sides of one talk


def test_what_one_side_says_the_others_read(
    client: FlaskClient, finder: str, daughter: FlaskClient, officer: FlaskClient
) -> None:
    assert say(client, f"{finder}/board", words="在影剧院后门").location == f"{finder}/board#board"
    assert say(daughter, her_board(), words="我马上来").location == f"{hers()}#board"
    assert say(officer, his_board(), phrase="police_coming").location == f"{his()}#board-{only(Reach).scan_id}"
    for page in (client.get(f"{finder}/board"), client.get(finder), daughter.get(hers()), officer.get(his())):
        for told in ("在影剧院后门", "我马上来", "民警正在赶来"):
            assert told in words(page), page.request.path


def test_nobody_has_a_name_and_the_finders_phone_knows_no_id(
    client: FlaskClient, finder: str, daughter: FlaskClient, officer: FlaskClient
) -> None:
    say(daughter, her_board(), words="马上")
    say(officer, his_board(), phrase="stay_there")
    page = client.get(f"{finder}/board")
    assert "家人" in words(page)
    assert "民警" in words(page)
    reach = only(Reach)
    for secret in ("officer", str(reach.scan_id), str(reach.elder_id)):
        assert secret not in page.get_data(as_text=True)
    assert "发现人" in words(daughter.get(her_board()))


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_phrase_is_read_in_the_readers_language(client: FlaskClient, finder: str, language: str) -> None:
    from wristband.language import say as translated

    page = client.get(f"{finder}/board?lang={language}")
    for phrase in PHRASES[Side.FINDER]:
        assert translated(language, PHRASE_WORDS[phrase]) in words(page)
    say(client, f"{finder}/board", phrase="elder_unwell")
    told = translated(language, "老人不舒服")
    assert words(client.get(f"{finder}/board?lang={language}", headers=PART)).count(told) == 1


def test_a_language_that_was_chosen_goes_along(client: FlaskClient, finder: str) -> None:
    page = client.get(f"{finder}/board")
    answer = client.post(f"{finder}/board?lang=en", data={"key": key_of(page), "phrase": "elder_well"})
    assert answer.location == f"{finder}?lang=en#board"


def test_a_tap_twice_is_one_post(client: FlaskClient, finder: str) -> None:
    data = {"key": key_of(client.get(finder)), "phrase": "with_elder"}
    assert client.post(f"{finder}/board", data=data).location == f"{finder}#board"
    assert client.post(f"{finder}/board", data=data).location == f"{finder}#board"
    assert count(Post) == 1


# ---- looking


def test_looking_changes_nothing_and_marks_nothing(
    client: FlaskClient, finder: str, daughter: FlaskClient, officer: FlaskClient
) -> None:
    say(client, f"{finder}/board", words="还在等")
    for browser, board in ((client, f"{finder}/board"), (daughter, her_board()), (officer, his_board())):
        browser.get(board)  # what signing in keeps of its day is kept once
        for headers in ({}, PART):
            with statements() as seen:
                browser.get(board, headers=headers)
            changed = [one for one in seen if one.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE"))]
            assert not [one for one in changed if "sign_in" not in one]
    assert count(ReadMark) == 0


def test_a_mark_is_a_tap_of_its_own_and_the_other_side_is_told(
    client: FlaskClient, finder: str, daughter: FlaskClient
) -> None:
    say(client, f"{finder}/board", words="还在等")
    assert "还没有人看" in words(client.get(finder))
    page = daughter.get(her_board())
    marked = {"upto": "1", "csrf_token": cast.hidden(page, "csrf_token")}
    assert daughter.post(f"{her_board()}/read", data=marked).location == f"{hers()}#board"
    assert "家人看过了" in words(client.get(finder))
    say(daughter, her_board(), phrase="wait_10")
    assert client.post(f"{finder}/board/read", data={"upto": "2"}, headers=PART).status_code == 204
    assert "发现人看过了" in words(daughter.get(her_board()))
    assert "我看过了" not in words(client.get(finder))


@pytest.mark.parametrize("upto", ["", "-1", "x", "9" * 30, "1.5"])
def test_a_mark_without_sense_marks_nothing(client: FlaskClient, finder: str, upto: str) -> None:
    say(client, f"{finder}/board", words="还在等")
    assert client.post(f"{finder}/board/read", data={"upto": upto}).status_code == 303
    assert count(ReadMark) == 0


def test_a_part_is_the_talk_alone(
    client: FlaskClient, finder: str, daughter: FlaskClient, officer: FlaskClient
) -> None:
    say(client, f"{finder}/board", words="还在等")
    for browser, board in ((client, f"{finder}/board"), (daughter, her_board()), (officer, his_board())):
        part = browser.get(board, headers=PART).get_data(as_text=True)
        assert "还在等" in part
        assert 'data-posts="1"' in part
        assert "<html" not in part
        assert "<textarea" not in part


def test_the_finders_page_lists_the_latest_and_the_board_all(client: FlaskClient, finder: str) -> None:
    for i in range(7):
        say(client, f"{finder}/board", words=f"第{i}句")
    assert "第0句" not in words(client.get(finder))
    assert "第6句" in words(client.get(finder))
    assert "第0句" not in words(client.get(f"{finder}/board?latest=1", headers=PART))
    assert "第0句" in words(client.get(f"{finder}/board"))


# ---- strangers


def test_another_family_and_another_station_are_answered_like_nobody(
    app: Flask, client: FlaskClient, finder: str, world: World
) -> None:
    say(client, f"{finder}/board", words="还在等")
    neighbour, stranger = app.test_client(), app.test_client()
    cast.sign_in_guardian(neighbour, cast.NEIGHBOUR_PHONE)
    cast.sign_in_officer(stranger, "stranger")
    for browser, board, code in (
        (neighbour, her_board(), "board.unknown"),
        (stranger, his_board(), "incidents.unknown"),
    ):
        token = cast.csrf(browser, "/family/elders/new" if browser is neighbour else "/police")
        form = {"csrf_token": token, "key": cast.new_reference(), "words": "我也来", "upto": "1"}
        answers = [browser.get(board), browser.get(f"{board}/1.jpg")]
        answers += [browser.post(f"{board}{deed}", data=form) for deed in ("", "/read")]
        for answer in answers:
            assert answer.status_code == 404
        assert tells(answers[0], code)
    assert count(Post) == 1


def test_a_finder_who_did_nothing_and_an_unknown_address_have_no_board(client: FlaskClient, world: World) -> None:
    opened = cast.open_band(client, world.her.token)["scan"]
    for scan in (opened, "A" * 22, "x"):
        assert client.get(f"/s/{scan}/board").status_code == 404
        posted = client.post(f"/s/{scan}/board", data={"key": cast.new_reference(), "words": "在吗"})
        assert posted.status_code == 404
        assert tells(posted, "scans.unknown")


def test_where_only_the_police_were_told_the_family_finds_the_board_on_the_incidents_page(
    app: Flask, client: FlaskClient, world: World
) -> None:
    alone = cast.tap(client, cast.open_band(client, world.her.token), "police").location
    say(client, f"{alone}/board", words="还在等")
    daughter = arrives_as_daughter(app)
    board = re.search(r'href="(/family/boards/\d+)"', daughter.get(f"/family/incidents/{only(Incident).id}").text)
    assert board
    assert "还在等" in words(daughter.get(board[1]))
    assert say(daughter, board[1], phrase="on_my_way").location == f"{board[1]}#board"
    assert "我马上到" in words(client.get(alone))
