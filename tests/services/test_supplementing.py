"""What a finder adds to a report after the tap: words and photographs, each by itself, each once for its key."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.life import small_jpeg
from tests.photographs import encoded, portrait
from tests.services.finders import deeds, met, owed, refused
from tests.services.reports import KEY, close, incident_of, leave, pickup, reported, say, supplements
from tests.together import raised, together
from tests.world import World, every_row, new_reference, new_rows
from wristband import files as sealed_files
from wristband.db import db, transaction
from wristband.elders import erasing
from wristband.errors import Unavailable
from wristband.house import house
from wristband.reports import queries
from wristband.reports.models import PhoneTime, Supplement
from wristband.reports.photos import SUPPLEMENT_PHOTO_PLACE
from wristband.reports.rules import ADDED_A_REPORT, ADDED_AFTER_CLOSING, PHOTOS_A_REPORT, WORDS_MAX, Claimed, Kind
from wristband.scans.queries import get_acted_scan
from wristband.services import purging, supplementing

MINUTE = timedelta(minutes=1)
ONE_ENGINE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture
def now(world: World) -> datetime:
    return world.now + MINUTE


@pytest.fixture
def finder(world: World, now: datetime) -> str:
    return reported(world, now)


def photo(finder: str, now: datetime, key: str = KEY, picture: bytes = small_jpeg()) -> None:
    supplementing.add_photo(finder, key, picture, now=now)


def files() -> dict[int, str]:
    return {row: header for place, row, header in house().files.list_headers() if place == SUPPLEMENT_PHOTO_PLACE}


# ---- words


def test_words_are_added_sealed_and_shown_to_the_station(world: World, finder: str, now: datetime) -> None:
    before = every_row()
    say(finder, " 穿灰色外套\r\n拄拐杖 ", now + MINUTE)
    assert new_rows(before) == {"supplement": 1, "data_key": 1, "audit_row": 1}
    (kept,) = supplements()
    assert "灰色" not in (kept.words_sealed or "")
    (told,) = queries.list_supplements([kept.scan_id])
    assert (told.kind, told.words, told.photo, told.at) == (Kind.WORDS, "穿灰色外套\n拄拐杖", None, now + MINUTE)
    assert incident_of(finder).changed_at == now + MINUTE
    assert deeds()[-1] == "report.supplemented"


def test_the_same_form_again_changes_nothing_also_a_week_later(finder: str, now: datetime) -> None:
    say(finder, "穿灰色外套", now)
    before = every_row()
    for nth in range(100):
        say(finder, "穿灰色外套", now + nth * MINUTE)
    say(finder, "穿灰色外套", now + timedelta(days=7))
    assert every_row() == before


def test_other_words_under_the_same_key_are_refused(finder: str, now: datetime) -> None:
    say(finder, "穿灰色外套", now)
    before = every_row()
    assert refused(lambda: say(finder, "穿红色外套", now)) == "reports.key_reused"
    assert every_row() == before


def test_the_same_form_many_times_at_once_is_one(app: Flask, finder: str, now: datetime) -> None:
    assert raised(together(app, [lambda: say(finder, "穿灰色外套", now)] * 6)) == []
    assert len(supplements()) == 1


def test_the_key_of_one_finder_is_not_the_key_of_another(world: World, finder: str, now: datetime) -> None:
    other = reported(world, now)
    say(finder, "穿灰色外套", now)
    say(other, "穿红色外套", now)
    assert [one.words for one in supplements()] == ["穿灰色外套", "穿红色外套"]


@ONE_ENGINE
@pytest.mark.parametrize(
    ("words", "key", "code"),
    [
        ("", KEY, "reports.words_missing"),
        (" \u3000\n", KEY, "reports.words_missing"),
        ("字" * (WORDS_MAX + 1), KEY, "reports.words_long"),
        ("左\u202e右", KEY, "text.hidden_characters"),
        ("好", "short", "page.form_stale"),
        ("好", "k" * 65, "page.form_stale"),
    ],
)
def test_words_that_say_nothing_or_hide_something_are_refused(
    finder: str, now: datetime, words: str, key: str, code: str
) -> None:
    before = every_row()
    assert refused(lambda: say(finder, words, now, key)) == code
    assert every_row() == before


@ONE_ENGINE
def test_nothing_is_added_where_nothing_was_reported(world: World, now: datetime) -> None:
    assert refused(lambda: say(met(world, now), "穿灰色外套", now)) == "reports.none"
    assert refused(lambda: say(new_reference(), "穿灰色外套", now)) == "scans.unknown"


def test_what_a_phone_kept_still_arrives_for_a_day_after_closing(world: World, finder: str, now: datetime) -> None:
    close(world, incident_of(finder).id, now)
    say(finder, "穿灰色外套", now + ADDED_AFTER_CLOSING - MINUTE)
    assert refused(lambda: say(finder, "再说一句", now + ADDED_AFTER_CLOSING, KEY + "2")) == "reports.closed"
    assert len(supplements()) == 1


@ONE_ENGINE
def test_a_report_takes_so_much_and_then_asks_to_call(finder: str, now: datetime) -> None:
    for nth in range(ADDED_A_REPORT):
        say(finder, f"第 {nth} 句", now, f"{nth:016d}")
    assert refused(lambda: say(finder, "还有", now)) == "reports.added_many"
    say(finder, "第 0 句", now, f"{0:016d}")
    assert len(supplements()) == ADDED_A_REPORT


# ---- the phone's clock


@pytest.mark.parametrize("ahead", [timedelta(days=1), timedelta(days=-1), timedelta(0)])
def test_a_phones_clock_is_kept_as_claimed_with_its_difference_and_refuses_nothing(
    finder: str, now: datetime, ahead: timedelta
) -> None:
    claimed = Claimed(now - 5 * MINUTE + ahead, round(ahead.total_seconds()))
    supplementing.add_words(finder, KEY, "穿灰色外套", claimed=claimed, now=now)
    (kept,) = supplements()
    assert kept.at == now
    assert queries.phone_times([kept.id]) == {kept.id: claimed}
    assert queries.list_supplements([kept.scan_id])[0].claimed == claimed
    assert claimed.likely_at == now - 5 * MINUTE


def test_the_same_form_again_claims_nothing_new(finder: str, now: datetime) -> None:
    for nth in range(2):
        claimed = Claimed(now, nth)
        supplementing.add_words(finder, KEY, "穿灰色外套", claimed=claimed, now=now)
    assert db.session.scalars(sa.select(PhoneTime.ahead_s)).all() == [0]


# ---- photographs


def test_a_photograph_is_cleaned_and_lies_sealed_under_the_scans_key(world: World, finder: str, now: datetime) -> None:
    photo(finder, now)
    (kept,) = supplements()
    assert (kept.kind, kept.photo_width, kept.photo_height) == (Kind.PHOTO, 240, 300)
    assert files() == {kept.id: f"v1:aesgcm:d{kept.scan_id}"}
    incident_id = incident_of(finder).id
    assert supplementing.photo_for_officer(kept.id, incident_id, officer=world.officer).startswith(b"\xff\xd8\xff")
    for officer, incident in ((world.stranger, incident_id), (world.officer, incident_id + 1)):
        assert refused(lambda o=officer, i=incident: supplementing.photo_for_officer(kept.id, i, officer=o))


def test_the_same_photograph_again_is_one_and_another_under_its_key_is_refused(finder: str, now: datetime) -> None:
    photo(finder, now)
    before = every_row()
    photo(finder, now)
    other = encoded(portrait(), "PNG")
    assert refused(lambda: photo(finder, now, KEY, other)) == "reports.key_reused"
    assert every_row() == before
    assert len(files()) == 1


def test_the_same_photograph_many_times_at_once_is_one_file(app: Flask, finder: str, now: datetime) -> None:
    assert raised(together(app, [lambda: photo(finder, now)] * 4)) == []
    assert len(supplements()) == len(files()) == 1


@ONE_ENGINE
def test_six_photographs_are_taken_and_words_go_on(app: Flask, finder: str, now: datetime) -> None:
    for nth in range(PHOTOS_A_REPORT - 1):
        photo(finder, now, f"{nth:016d}")
    at_once = together(app, [lambda nth=nth: photo(finder, now, f"{nth:016d}") for nth in (5, 6, 7)])
    assert {str(fault) for fault in raised(at_once)} == {"reports.photos_many"}
    assert len(supplements()) == len(files()) == PHOTOS_A_REPORT
    say(finder, "穿灰色外套", now)


@ONE_ENGINE
def test_what_is_no_picture_is_refused_and_leaves_no_file(finder: str, now: datetime) -> None:
    assert refused(lambda: photo(finder, now, picture=b"GIF89a")) == "photo.not_a_picture"
    assert refused(lambda: photo(finder, now, picture=small_jpeg()[:400])) == "photo.damaged"
    assert supplements() == []
    assert files() == {}


def test_with_little_room_photographs_are_refused_and_words_and_reports_go_on(
    world: World, finder: str, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealed_files, "FREE_BYTES_KEPT", 1 << 62)  # the line below which a disk counts as full
    with pytest.raises(Unavailable) as refusal:
        photo(finder, now)
    assert refusal.value.code == "files.disk_full"
    assert supplements() == []
    assert files() == {}
    say(finder, "穿灰色外套", now)
    reported(world, now)
    assert len(supplements()) == 1


# ---- the elder has gone


def test_that_the_elder_has_gone_is_told_to_desk_and_family_once(finder: str, now: datetime) -> None:
    leave(finder, now)
    for _ in range(2):
        supplementing.tell_elder_gone(finder, "the-key-of-gone-1", "往车站方向", now=now + MINUTE)
    supplementing.tell_elder_gone(finder, "the-key-of-gone-2", "", now=now + 2 * MINUTE)
    assert [(one.kind, one.words) for one in supplements()] == [
        (Kind.ELDER_GONE, "往车站方向"),
        (Kind.ELDER_GONE, None),
    ]
    assert pickup().called_off_at == now + MINUTE
    gone = [message for message in owed("finder_news") if "走开" in (message.body or "")]
    assert len({message.recipient for message in gone}) == len(gone) > 0


# ---- how long it is kept


def test_what_was_added_goes_with_its_files_thirty_days_after_closing(world: World, finder: str, now: datetime) -> None:
    say(finder, "穿灰色外套", now)
    photo(finder, now, KEY + "2")
    leave(finder, now)
    close(world, incident_of(finder).id, now)
    for _ in purging.purge(now=now + timedelta(days=30) - MINUTE):
        pass
    assert len(supplements()) == 2
    for _ in purging.purge(now=now + timedelta(days=30)):
        pass
    assert supplements() == []
    assert files() == {}
    assert pickup().words is None


def test_with_an_erased_elder_nothing_that_was_added_opens(world: World, finder: str, now: datetime) -> None:
    say(finder, "穿灰色外套", now)
    photo(finder, now, KEY + "2")
    leave(finder, now)
    close(world, incident_of(finder).id, now)
    with transaction():
        erasing.erase(world.elder_id, now=now)
    scan_id = get_acted_scan(finder).id
    assert queries.list_supplements([scan_id]) == []
    assert all(one.words is None and one.dropped for one in supplements())
    assert pickup().words is None
    for _ in purging.purge(now=now + MINUTE):
        pass
    assert files() == {}
    assert db.session.scalar(sa.select(sa.func.count(Supplement.id))) == 0
