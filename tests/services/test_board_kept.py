"""Photographs on a board, and how long what was said is kept: the purge, the export, an elder's erasure."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.life import small_jpeg
from tests.services.boards import HERE, answer, called_and_reported, posts, say, scan_of, shown
from tests.services.finders import FINDER_PHONE, met, refused
from tests.services.keepsakes import place, reported
from tests.services.reports import close
from tests.together import together
from tests.world import ELDER, World, every_row, new_reference, new_rows
from wristband.board.models import FinderNumber, Post
from wristband.board.photos import BOARD_PHOTO_PLACE
from wristband.board.rules import PHOTOS_A_SCAN, POSTS_A_SCAN, Ending, PhotoState, Side
from wristband.db import db
from wristband.elders.record import collect
from wristband.errors import NotFound
from wristband.house import house
from wristband.services import erasing, posting, purging
from wristband.services.posting import Said
from wristband.values.phone import Phone

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


# ---- photographs


def test_a_photograph_is_cleaned_and_lies_sealed_under_the_scans_key(world: World, now: datetime, finder: str) -> None:
    say(finder, Said(words="就在这里", photo=small_jpeg()), now)
    (post,) = posts()
    assert (post.photo, post.photo_width, post.photo_height) == (PhotoState.KEPT, 240, 300)
    headers = {row: header for kept, row, header in house().files.list_headers() if kept == BOARD_PHOTO_PLACE}
    assert headers == {post.id: f"v1:aesgcm:d{post.scan_id}"}
    jpeg = posting.photo_for_guardian(post.scan_id, 1, guardian_id=world.daughter_id, now=now)
    assert jpeg.startswith(b"\xff\xd8\xff")
    assert posting.photo_for_finder(finder, 1, now=now) == jpeg
    stranger = partial(posting.photo_for_guardian, post.scan_id, 1, guardian_id=world.neighbour_id, now=now)
    assert refused(stranger) == "board.unknown"


@ONE_ENGINE
@pytest.mark.parametrize("data", [b"", b"%PDF-1.7", b"\xff\xd8\xff" + b"x" * 500, b"x" * 7_000_000])
def test_a_photograph_that_is_none_leaves_no_post_and_no_file(
    world: World, now: datetime, finder: str, data: bytes
) -> None:
    code = refused(lambda: say(finder, Said(words="看照片", photo=data), now))
    assert code.startswith("photo.")
    assert posts() == []
    assert files() == 0


@ONE_ENGINE
def test_of_fifty_photographs_six_are_taken_and_words_go_on(world: World, now: datetime, finder: str) -> None:
    for _ in range(PHOTOS_A_SCAN.burst):
        say(finder, PICTURE, now)
    for _ in range(50 - PHOTOS_A_SCAN.burst):
        assert refused(lambda: say(finder, PICTURE, now)) == "board.photos_spent"
    assert files() == PHOTOS_A_SCAN.burst
    say(finder, "字还能发", now)


def test_a_photograph_sent_twice_is_one_post_and_one_file(app: Flask, world: World, now: datetime, finder: str) -> None:
    key = new_reference()
    assert together(app, [partial(say, finder, PICTURE, now, key)] * 2) == [1, 1]
    assert say(finder, PICTURE, now, key) == 1
    assert len(posts()) == files() == 1


@ONE_ENGINE
def test_a_photograph_whose_post_is_refused_in_the_end_leaves_no_file(world: World, now: datetime, finder: str) -> None:
    for _ in range(POSTS_A_SCAN.burst):
        say(finder, HERE, now)
    assert refused(lambda: say(finder, PICTURE, now)) == "board.posts_spent"
    assert files() == 0


# ---- how long it is kept


def test_a_photograph_is_shown_no_longer_than_its_board(world: World, now: datetime) -> None:
    reference, incident_id = called_and_reported(world, now)
    say(reference, PICTURE, now)
    close(world, incident_id, now)
    posting.photo_for_finder(reference, 1, now=now)
    with pytest.raises(NotFound):
        posting.photo_for_finder(reference, 1, now=now + DAY)
    with pytest.raises(NotFound):
        posting.photo_for_officer(scan_of(reference), incident_id, 1, officer=world.officer, now=now + DAY)
    posting.photo_for_guardian(scan_of(reference), 1, guardian_id=world.daughter_id, now=now + DAY)


def test_posts_and_photographs_go_a_month_after_the_incident_was_closed(world: World, now: datetime) -> None:
    reference, incident_id = called_and_reported(world, now)
    say(reference, PICTURE, now)
    say(reference, HERE, now)
    later = now + timedelta(days=40)
    list(purging.purge(now=later))
    assert len(posts()) == 2  # its incident is still open
    close(world, incident_id, later)
    list(purging.purge(now=later + timedelta(days=30) - MINUTE))
    assert files() == 1
    list(purging.purge(now=later + timedelta(days=30)))
    assert posts() == []
    assert files() == 0


def test_a_post_of_another_finder_stays(world: World, now: datetime) -> None:
    say(met(world, now), HERE, now)
    incident_id = reported(world, now + timedelta(days=29))[1]
    reference = met(world, now + timedelta(days=29))
    say(reference, HERE, now + timedelta(days=29))
    place(reference, now + timedelta(days=29))
    close(world, incident_id, now + timedelta(days=29))
    before = every_row()
    list(purging.purge(now=now + timedelta(days=31)))
    db.session.rollback()
    assert db.session.scalars(sa.select(Post.scan_id)).all() == [scan_of(reference)]
    assert new_rows(before).get("board_read", 0) == 0


def test_the_familys_export_holds_what_was_said_and_no_number(world: World, now: datetime, finder: str) -> None:
    say(finder, Said(words="就在这里", photo=small_jpeg()), now)
    answer(world, finder, "我马上来", now)
    posting.leave_number(finder, Phone(FINDER_PHONE), now=now)
    say(met(world, now, serial=world.other.serial), "别人家的", now)
    (section,) = [one for one in collect(world.elder_id, guardian_id=world.daughter_id) if one.name == "boards"]
    assert [(row["who"], row["words"], row["photo"]) for row in section.rows] == [
        ("发现人", "就在这里", True),
        ("家人", "我马上来", False),
        ("发现人", "发现人给家人留了电话", False),
    ]
    assert FINDER_PHONE.removeprefix("+86") not in repr(section)


def test_with_an_elder_goes_everything_that_was_said_of_her_and_of_nobody_else(world: World, now: datetime) -> None:
    reference = met(world, now)
    say(reference, Said(words="撑红雨伞", photo=small_jpeg()), now)
    say(reference, HERE, now)
    posting.leave_number(reference, Phone(FINDER_PHONE), now=now)
    other = met(world, now, serial=world.other.serial)
    say(other, Said(words="别人家的", photo=small_jpeg()), now)
    erasing.ask(world.elder_id, ELDER["name"], guardian_id=world.daughter_id, now=now)
    list(purging.purge(now=now + DAY))
    assert [post.words for post in posts()] == ["别人家的"]
    assert files() == 1
    assert db.session.scalars(sa.select(FinderNumber)).all() == []
    assert refused(lambda: say(reference, HERE, now + DAY)) == "board.over"
    over = shown(reference, Side.FINDER, now + DAY)
    assert over.shut is not None
    assert over.shut.ending is Ending.OVER
