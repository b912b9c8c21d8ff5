"""What a board does not take, and a sentence for each; and the number by which a finder is called."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests import world as cast
from tests.doors.asking import ON_SQLITE, count, only, tells, value_of, words
from tests.doors.talking import (
    HIS_PHONE,
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
from tests.life import small_jpeg
from tests.world import World
from wristband.board.models import FinderNumber, Post
from wristband.gateways.masked import MaskedRota, PrintedMasked
from wristband.incidents.models import Incident
from wristband.incidents.rules import Disposition, IncidentState
from wristband.services import handling

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


# ---- hostile and unlucky


def test_marks_in_words_are_text_and_a_link_is_none(client: FlaskClient, finder: str, daughter: FlaskClient) -> None:
    hostile = '<a href="https://elsewhere.example">看</a> https://elsewhere.example 加我 13800138009'
    say(client, f"{finder}/board", words=hostile)
    for browser, board in ((client, f"{finder}/board"), (daughter, hers())):
        page = browser.get(board)
        text = page.get_data(as_text=True)
        assert hostile in words(page).replace("\xa0", " ")
        assert 'href="https://elsewhere' not in text
        assert f"tel:{HIS_PHONE}" not in text
        assert '<meta name="format-detection" content="telephone=no">' in text
        assert re.search(r"<bdi>[^<]*13800138009</bdi>", text)
    assert "陌生人发来的号码和链接请当心" in words(daughter.get(hers()))
    assert "陌生人发来的号码和链接请当心" not in words(client.get(f"{finder}/board"))


def test_what_is_too_long_comes_back_with_its_words(
    client: FlaskClient, finder: str, daughter: FlaskClient, officer: FlaskClient
) -> None:
    typed = "字" * 2000
    for browser, board in ((client, f"{finder}/board"), (daughter, her_board()), (officer, his_board())):
        answer = say(browser, board, words=typed)
        assert answer.status_code == 422
        assert tells(answer, "board.words_long", longest=500)
        assert value_of(answer, "words") == typed
    assert count(Post) == 0


@pytest.mark.parametrize(
    ("fields", "code", "status"),
    [
        ({"words": ""}, "board.words_missing", 422),
        ({"words": "a\u202eb"}, "text.hidden_characters", 422),
        ({"phrase": "police_coming"}, "page.bad_request", 422),
        ({"phrase": "number_left"}, "page.bad_request", 422),
        ({"phrase": "x" * 5000}, "page.bad_request", 422),
        ({"words": "好", "key": "short"}, "page.form_stale", 422),
    ],
)
def test_what_is_no_post_is_told_in_a_sentence(
    client: FlaskClient, finder: str, fields: dict[str, str], code: str, status: int
) -> None:
    answer = say(client, f"{finder}/board", **fields)
    assert answer.status_code == status
    assert tells(answer, code)
    assert count(Post) == 0


def test_a_photograph_is_shown_cleaned_and_one_that_is_none_is_told(
    client: FlaskClient, finder: str, daughter: FlaskClient
) -> None:
    answer = say(client, f"{finder}/board", words="", photo=(io.BytesIO(small_jpeg()), "a.jpg"))
    assert answer.location == f"{finder}/board#board"
    for browser, board in ((client, f"{finder}/board"), (daughter, her_board())):
        photo = browser.get(f"{board}/1.jpg")
        assert (photo.status_code, photo.mimetype) == (200, "image/jpeg")
        assert photo.headers["Cache-Control"] == "no-store"
        assert f'src="{board}/1.jpg"' in browser.get(board).get_data(as_text=True)
    answer = say(client, f"{finder}/board", words="看", photo=(io.BytesIO(b"%PDF-1.7"), "a.jpg"))
    assert answer.status_code == 422
    assert tells(answer, "photo.not_a_picture")
    assert value_of(answer, "words") == "看"
    assert client.get(f"{finder}/board/2.jpg").status_code == 404


def test_a_shut_board_says_why_and_takes_nothing(
    client: FlaskClient, finder: str, daughter: FlaskClient, officer: FlaskClient, world: World
) -> None:
    say(client, f"{finder}/board", words="还在等")
    keys = {
        board: key_of(browser.get(board)) for browser, board in ((client, f"{finder}/board"), (daughter, her_board()))
    }
    handling.move(
        only(Incident).id,
        IncidentState.CLOSED,
        officer=world.officer,
        disposition=Disposition.WITH_FAMILY,
        now=world.now,
    )
    answer = client.post(f"{finder}/board", data={"key": keys[f"{finder}/board"], "words": "再等等"})
    assert answer.status_code == 409
    assert tells(answer, "board.closed")
    token = cast.csrf(daughter, hers())
    answer = daughter.post(her_board(), data={"csrf_token": token, "key": keys[her_board()], "words": "谢谢"})
    assert answer.status_code == 409
    for browser, board in ((client, f"{finder}/board"), (daughter, hers()), (officer, his())):
        page = browser.get(board)
        assert "警情已经办结，留言板关了" in words(page)
        assert "还在等" in words(page)
        assert f'action="{board}"' not in page.get_data(as_text=True)
    assert count(Post) == 1


def test_a_finder_whose_tap_reached_nobody_is_told_so(client: FlaskClient) -> None:
    opened = cast.open_band(client, "not-a-band-of-ours")
    scan = cast.tap(client, opened, "family").location
    assert "还没有人能看到留言" in words(client.get(f"{scan}/board"))
    assert 'id="board"' not in client.get(scan).get_data(as_text=True)


# ---- "call me"


def test_a_finder_leaves_his_number_and_takes_it_back(
    client: FlaskClient, finder: str, daughter: FlaskClient, officer: FlaskClient
) -> None:
    assert client.post(f"{finder}/number", data={"number": HIS_PHONE}).location == f"{finder}#board"
    page = client.get(finder)
    assert "138****8009" in words(page)
    assert HIS_PHONE not in page.get_data(as_text=True)
    assert f'href="tel:+86{HIS_PHONE}"' in daughter.get(hers()).get_data(as_text=True)
    at_the_desk = officer.get(his())
    assert "发现人给家人留了电话" in words(at_the_desk)
    assert HIS_PHONE not in at_the_desk.get_data(as_text=True).replace(" ", "")
    assert client.post(f"{finder}/number/remove").location == f"{finder}#board"
    assert count(FinderNumber) == 0
    assert HIS_PHONE not in daughter.get(hers()).get_data(as_text=True)


@pytest.mark.parametrize("typed", ["", "110", "abc", "1380013800", "13800138009 x", "9" * 300])
def test_what_is_no_number_comes_back_as_it_was_typed(client: FlaskClient, finder: str, typed: str) -> None:
    answer = client.post(f"{finder}/number", data={"number": typed})
    assert answer.status_code == 422
    assert tells(answer, "phone.not_a_phone")
    assert value_of(answer, "number") == typed[:40]
    assert count(FinderNumber) == 0


def test_a_guardian_calls_without_showing_a_number_where_a_gateway_can(
    app: Flask, client: FlaskClient, finder: str, daughter: FlaskClient, tmp_path: Path
) -> None:
    client.post(f"{finder}/number", data={"number": HIS_PHONE})
    token = cast.csrf(daughter, hers())
    app.extensions["masked"] = None
    assert "不露号码" not in words(daughter.get(hers()))
    refused = daughter.post(f"{her_board()}/connect", data={"csrf_token": token})
    assert refused.status_code == 503
    assert tells(refused, "board.not_connected")
    app.extensions["masked"] = MaskedRota([PrintedMasked(tmp_path)])
    assert "不露号码，打给发现人" in words(daughter.get(hers()))
    assert daughter.post(f"{her_board()}/connect", data={"csrf_token": token}).location == f"{hers()}#board"
    lent = re.search(r'href="tel:(\+1202555\d+)"', daughter.get(hers()).get_data(as_text=True))
    assert lent
    assert lent[1] in client.get(finder).get_data(as_text=True)
    assert lent[1] not in app.test_client().get("/").get_data(as_text=True)


def test_an_incident_with_two_finders_has_two_boards(
    client: FlaskClient, finder: str, officer: FlaskClient, world: World
) -> None:
    second = cast.tap(client, cast.open_band(client, world.her.token), "police").location
    say(client, f"{finder}/board", words="第一位")
    say(client, f"{second}/board", words="第二位")
    page = words(officer.get(his()))
    assert page.index("第一位") < page.index("第二位")
    assert "第二位" not in words(client.get(f"{finder}/board"))
