"""Posting on a board: who may, what is kept, who hears of it, and when it ends."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.life import small_jpeg
from tests.services.boards import HERE, answer, called_and_reported, posts, said_on, say, scan_of, shown
from tests.services.finders import met, owed, refused
from tests.services.relatives import son_of
from tests.services.reports import close
from tests.together import raised, together
from tests.world import DAUGHTER_PHONE, World, every_row, new_reference
from wristband.audit.models import AuditRow
from wristband.board.models import ReadMark
from wristband.board.photos import BOARD_PHOTO_PLACE
from wristband.board.rules import POSTS_A_SCAN, Ending, Phrase, Side
from wristband.db import db
from wristband.house import house
from wristband.scans.models import Reach
from wristband.services import handing_over, posting, reporting
from wristband.services.posting import Said

MINUTE = timedelta(minutes=1)
DAY = timedelta(hours=24)
ONE_ENGINE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
PICTURE = Said(photo=small_jpeg())


@pytest.fixture
def now(world: World) -> datetime:
    return world.now + MINUTE


@pytest.fixture
def finder(world: World, now: datetime) -> str:
    """A finder who has told the family."""
    return met(world, now)


def files() -> int:
    return sum(place == BOARD_PHOTO_PLACE for place, _, _ in house().files.list_headers())


# ---- who says what to whom


def test_each_side_says_something_and_every_side_reads_it_in_its_order(world: World, now: datetime) -> None:
    reference, incident_id = called_and_reported(world, now)
    assert say(reference, HERE, now) == 1
    assert answer(world, reference, "我是他女儿，十分钟到", now) == 2
    coming = Said(phrase=Phrase.POLICE_COMING)
    posting.post_as_officer(scan_of(reference), incident_id, new_reference(), coming, officer=world.officer, now=now)
    for side in Side:
        board = shown(reference, side, now)
        assert [post.side for post in board.posts] == [Side.FINDER, Side.FAMILY, Side.POLICE]
        assert set(board.others) == set(Side) - {side}
        assert board.open


def test_each_reader_knows_his_own_posts(world: World, now: datetime, finder: str) -> None:
    say(finder, HERE, now)
    answer(world, finder, "我马上到", now)
    assert [post.mine for post in shown(finder, Side.FINDER, now).posts] == [True, False]
    assert [post.mine for post in shown(finder, Side.FAMILY, now, reader_id=world.daughter_id).posts] == [False, True]
    son = son_of(world, now)
    assert [post.mine for post in shown(finder, Side.FAMILY, now, reader_id=son).posts] == [False, False]


def test_a_stranger_to_the_elder_has_no_board(world: World, now: datetime, finder: str) -> None:
    say(finder, HERE, now)
    before = every_row()
    post = partial(posting.post_as_guardian, key=new_reference(), said=Said(phrase=Phrase.ON_MY_WAY), now=now)
    assert refused(lambda: post(scan_of(finder), guardian_id=world.neighbour_id)) == "board.unknown"
    assert refused(lambda: post(1, guardian_id=world.daughter_id)) == "board.unknown"
    read = partial(posting.read_as_guardian, scan_of(finder), 1, guardian_id=world.neighbour_id, now=now)
    assert refused(read) == "board.unknown"
    assert every_row() == before


def test_another_stations_officer_has_no_board_and_a_board_belongs_to_its_incident(world: World, now: datetime) -> None:
    reference, incident_id = called_and_reported(world, now)
    coming = Said(phrase=Phrase.POLICE_COMING)
    post = partial(posting.post_as_officer, key=new_reference(), said=coming, now=now)
    stranger = partial(post, scan_of(reference), incident_id, officer=world.stranger)
    assert refused(stranger) == "incidents.unknown"
    only_told = scan_of(met(world, now))
    assert refused(lambda: post(only_told, incident_id, officer=world.officer)) == "board.unknown"
    assert posts() == []


def test_a_finder_who_did_nothing_has_no_board(world: World, now: datetime) -> None:
    assert refused(lambda: say(new_reference(), HERE, now)) == "scans.unknown"


def test_where_nobody_reads_nothing_is_written(world: World, now: datetime) -> None:
    nobodys = met(world, now, serial="000000000001")
    assert refused(lambda: say(nobodys, HERE, now)) == "board.nobody"
    assert not shown(nobodys, Side.FINDER, now).open


def test_a_band_of_nobody_we_know_has_a_board_with_the_police_once_it_is_reported(world: World, now: datetime) -> None:
    reference = new_reference()
    reporting.report(reference, None, language="zh-CN", low_trust=True, now=now)
    say(reference, HERE, now)
    assert shown(reference, Side.FINDER, now).others == (Side.POLICE,)
    assert owed("board_posted") == []


def test_a_phrase_of_another_side_is_refused(world: World, now: datetime, finder: str) -> None:
    assert refused(lambda: say(finder, Said(phrase=Phrase.POLICE_COMING), now)) == "page.bad_request"
    assert refused(lambda: say(finder, Said(phrase=Phrase.NUMBER_LEFT), now)) == "page.bad_request"
    assert posts() == []


# ---- what is kept


def test_words_lie_sealed_and_the_trail_knows_only_ids(world: World, now: datetime, finder: str) -> None:
    say(finder, "影剧院后门，撑红伞", now)
    (post,) = posts()
    assert post.words == "影剧院后门，撑红伞"
    assert post.words_sealed is not None
    assert post.words_sealed.startswith(f"v1:aesgcm:d{post.scan_id}:")
    row = db.session.scalars(sa.select(AuditRow).where(AuditRow.deed == "board.posted")).one()
    assert (row.actor, row.subject, row.elder_id) == ("finder", f"scan:{post.scan_id}", world.elder_id)
    assert row.facts == {"post": post.id}


@ONE_ENGINE
def test_two_thousand_characters_and_nothing_at_all_are_refused(world: World, now: datetime, finder: str) -> None:
    before = every_row()
    assert refused(lambda: say(finder, "字" * 2000, now)) == "board.words_long"
    assert refused(lambda: say(finder, "", now)) == "board.words_missing"
    assert refused(lambda: say(finder, "x", now, key="short")) == "page.form_stale"
    assert every_row() == before
    say(finder, "👵🏻🍚 老人在吃饭", now)
    assert said_on(finder, now) == ["👵🏻🍚 老人在吃饭"]


def test_the_same_key_is_the_same_post(world: World, now: datetime, finder: str) -> None:
    key = new_reference()
    first = say(finder, HERE, now, key)
    before = every_row()
    assert say(finder, HERE, now + MINUTE, key) == first
    assert every_row() == before


def test_who_goes_back_and_says_something_else_has_said_both(world: World, now: datetime, finder: str) -> None:
    key = new_reference()
    first = say(finder, HERE, now, key)
    assert say(finder, "something else", now + MINUTE, key) == first + 1


def test_the_same_key_at_once_is_one_post(app: Flask, world: World, now: datetime, finder: str) -> None:
    key = new_reference()
    numbers = together(app, [partial(say, finder, HERE, now, key)] * 4)
    assert numbers == [1] * 4
    assert len(posts()) == 1


def test_posts_at_once_have_each_a_number(app: Flask, world: World, now: datetime, finder: str) -> None:
    mine = [partial(say, finder, f"第 {i} 句", now) for i in range(3)]
    theirs = [partial(answer, world, finder, f"回 {i}", now) for i in range(3)]
    numbers = together(app, mine + theirs)
    assert not raised(numbers)
    assert sorted(numbers) == [1, 2, 3, 4, 5, 6]
    assert [post.number for post in posts()] == [1, 2, 3, 4, 5, 6]


@ONE_ENGINE
def test_more_posts_than_the_budget_wait(world: World, now: datetime, finder: str) -> None:
    for i in range(POSTS_A_SCAN.burst):
        say(finder, f"第 {i} 句", now)
    assert refused(lambda: say(finder, "还有", now)) == "board.posts_spent"
    answer(world, finder, "家人照样可以写", now)
    say(finder, "再来", now + timedelta(seconds=POSTS_A_SCAN.every_s))


# ---- read marks


def test_looking_marks_nothing_and_a_mark_is_never_ahead_of_what_is_there(
    world: World, now: datetime, finder: str
) -> None:
    say(finder, HERE, now)
    assert shown(finder, Side.FINDER, now).posts[0].read_by == ()
    posting.read_as_guardian(scan_of(finder), 10**18, guardian_id=world.daughter_id, now=now)
    say(finder, "还在", now)
    assert [post.read_by for post in shown(finder, Side.FINDER, now).posts] == [(Side.FAMILY,), ()]
    assert shown(finder, Side.FAMILY, now).unread


def test_a_mark_goes_on_and_never_back(app: Flask, world: World, now: datetime, finder: str) -> None:
    for _ in range(3):
        say(finder, Said(phrase=Phrase.ELDER_WELL), now)
    read = partial(posting.read_as_guardian, scan_of(finder), guardian_id=world.daughter_id, now=now)
    together(app, [partial(read, upto) for upto in (3, 1, 2, 0)])
    db.session.rollback()
    assert db.session.scalars(sa.select(ReadMark.last)).all() == [3]
    assert not shown(finder, Side.FAMILY, now).unread


def test_who_answers_has_read_what_stood_on_his_page(world: World, now: datetime, finder: str) -> None:
    say(finder, HERE, now)
    say(finder, "刚刚写的", now)
    answer(world, finder, "我马上到", now, upto=1)
    mine = shown(finder, Side.FINDER, now)
    assert [post.read_by for post in mine.posts] == [(Side.FAMILY,), (), ()]
    assert mine.unread
    posting.read_as_finder(finder, mine.last, now=now)
    assert shown(finder, Side.FAMILY, now).posts[2].read_by == (Side.FINDER,)
    assert not shown(finder, Side.FINDER, now).unread


# ---- who hears of it


def test_the_family_hears_of_a_post_once_in_two_minutes(world: World, now: datetime, finder: str) -> None:
    for seconds in (0, 5, 60, 119):
        say(finder, Said(phrase=Phrase.ELDER_WELL), now + timedelta(seconds=seconds))
    (message,) = owed("board_posted")
    assert message.recipient == DAUGHTER_PHONE
    reach = db.session.scalars(sa.select(Reach)).one()
    assert (message.reach_id, message.elder_id) == (reach.id, world.elder_id)
    say(finder, HERE, now + timedelta(seconds=120))
    assert len(owed("board_posted")) == 2


def test_the_family_hears_nothing_of_what_it_says_itself(world: World, now: datetime, finder: str) -> None:
    answer(world, finder, "我马上到", now)
    assert owed("board_posted") == []


def test_one_finder_of_her_does_not_silence_another(world: World, now: datetime, finder: str) -> None:
    say(finder, HERE, now)
    say(met(world, now), HERE, now)
    assert len(owed("board_posted")) == 2


# ---- the end


def test_a_closed_incident_shuts_the_board_and_a_day_later_only_the_family_reads(world: World, now: datetime) -> None:
    reference, incident_id = called_and_reported(world, now)
    say(reference, HERE, now)
    close(world, incident_id, now)
    assert refused(lambda: say(reference, "还有一句", now)) == "board.closed"
    assert refused(lambda: answer(world, reference, "谢谢", now)) == "board.closed"
    board = shown(reference, Side.FINDER, now + DAY - MINUTE)
    assert board.shut is not None
    assert board.shut.ending is Ending.CLOSED
    assert len(board.posts) == 1
    for side, count in ((Side.FINDER, 0), (Side.POLICE, 0), (Side.FAMILY, 1)):
        assert len(shown(reference, side, now + DAY).posts) == count


def test_a_hand_over_shuts_every_board_of_her_finders(world: World, now: datetime, finder: str) -> None:
    other = met(world, now)
    reach = db.session.scalars(sa.select(Reach).where(Reach.scan_id == scan_of(finder))).one()
    code = handing_over.make_for_call(reach.id, guardian_id=world.daughter_id, now=now)
    say(finder, HERE, now)
    handing_over.enter(finder, code.digits, now=now + MINUTE)
    for reference in (finder, other):
        assert refused(partial(say, reference, HERE, now + MINUTE)) == "board.handed_over"
    say(met(world, now + 2 * MINUTE), HERE, now + 2 * MINUTE)


def test_after_a_week_it_is_shut(world: World, now: datetime, finder: str) -> None:
    say(finder, HERE, now + timedelta(days=6))
    assert refused(lambda: say(finder, HERE, now + timedelta(days=7))) == "board.over"
