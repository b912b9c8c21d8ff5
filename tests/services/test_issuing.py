"""Issuing a band: read back before it is kept, one a form, ended alone."""

from __future__ import annotations

import threading
from contextlib import nullcontext
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from PIL import Image

from tests.life import keep_photo, small_jpeg
from tests.together import WITHIN_S, raised, together, wait_for_a_waiter
from tests.world import World, every_row, new_reference, new_rows
from wristband import limits
from wristband.audit.models import AuditRow
from wristband.bands import queries, tokens
from wristband.bands.models import Band
from wristband.bands.printing.band import BandPrint
from wristband.bands.rules import BANDS_A_GUARDIAN, BANDS_AN_ELDER, BandEnd, BandForm, BandState, PrintStyle
from wristband.db import db, transaction
from wristband.elders import photos
from wristband.elders.models import Consent
from wristband.elders.queries import get_elder
from wristband.elders.rules import Purpose
from wristband.errors import BadValue, Conflict, NotFound, TooMany
from wristband.house import house
from wristband.services import issuing, printing, reaching, registration

MINUTE = timedelta(minutes=1)
KEY = "a-form-of-one-band"


@pytest.fixture
def now(world: World) -> datetime:
    return world.now + MINUTE


def issue(world: World, now: datetime, key: str = KEY, guardian_id: int | None = None) -> int:
    return issuing.issue(key, world.elder_id, BandForm.CARD, guardian_id=guardian_id or world.daughter_id, now=now)


def print_page(band_id: int, guardian_id: int, now: datetime) -> BandPrint:
    """What stands on the page that a browser prints."""
    return printing.as_page(band_id, PrintStyle(), guardian_id=guardian_id, now=now)[0]


def blank(world: World, nth: int) -> Band:
    """A band of hers that needed no drawing."""
    return Band(
        key=f"filled-{nth}",
        serial=f"{nth:012d}",
        key_id="1",
        form=BandForm.CARD,
        state=BandState.ACTIVE,
        elder_id=world.elder_id,
        design=b"",
        check_code_hash="",
        issued_at=world.now,
        issued_by="operator",
    )


def fill(world: World, upto: int) -> None:
    """Until she has `upto` bands."""
    with transaction():
        db.session.add_all([blank(world, nth) for nth in range(upto - 1)])


@pytest.fixture
def portrait(world: World, now: datetime) -> int:
    photo_id = keep_photo(world.daughter_id, small_jpeg(), now)
    registration.replace_portrait(world.elder_id, photo_id, guardian_id=world.daughter_id, now=now)
    return photo_id


# ---- issuing


def test_a_band_is_issued_with_a_token_of_ours_and_put_on_the_trail(world: World, now: datetime) -> None:
    before = every_row()
    band_id = issue(world, now)
    assert new_rows(before) == {"band": 1, "audit_row": 1}
    band = db.session.get_one(Band, band_id)
    printed = printing.drawn(band_id, guardian_id=world.daughter_id)
    token = tokens.read(printed.design.token, house().band_keys)
    assert token
    assert (token.serial, token.key_id) == (band.serial, band.key_id)
    assert (band.state, band.elder_id, band.form) == (BandState.ACTIVE, world.elder_id, BandForm.CARD)
    assert printed.check_code
    assert printed.check_code.digits not in band.check_code_hash
    row = db.session.scalars(sa.select(AuditRow).order_by(AuditRow.id.desc())).first()
    assert row
    assert (row.deed, row.actor, row.subject, row.elder_id) == (
        "band.issued",
        f"guardian:{world.daughter_id}",
        f"band:{band_id}",
        world.elder_id,
    )


def test_the_same_form_twice_is_one_band_and_the_second_time_changes_nothing(world: World, now: datetime) -> None:
    band_id = issue(world, now)
    before = every_row()
    assert issue(world, now + MINUTE) == band_id
    assert every_row() == before


def test_the_same_form_many_times_at_once_is_one_band(app: Flask, world: World, now: datetime) -> None:
    answers = together(app, [lambda: issue(world, now)] * 3)
    assert raised(answers) == []
    assert len(set(answers)) == 1
    assert queries.count_active(world.elder_id) == 2


def test_every_band_has_a_serial_and_a_check_code_of_its_own(world: World, now: datetime) -> None:
    bands = [printing.drawn(issue(world, now, f"form-{nth}"), guardian_id=world.daughter_id) for nth in range(3)]
    assert len({band.code.serial for band in bands}) == 3
    assert len({band.check_code for band in bands}) == 3


def test_the_same_key_for_another_elder_is_another_band(world: World, now: datetime) -> None:
    theirs = issuing.issue(KEY, world.other.elder_id, BandForm.CARD, guardian_id=world.neighbour_id, now=now)
    assert issue(world, now) != theirs


def test_an_elder_has_so_many_bands_at_once_and_no_more(world: World, now: datetime) -> None:
    fill(world, BANDS_AN_ELDER)
    before = every_row()
    with pytest.raises(BadValue) as refusal:
        issue(world, now)
    assert (refusal.value.code, refusal.value.facts) == ("bands.too_many", {"most": BANDS_AN_ELDER})
    assert every_row() == before
    issuing.end(world.her.band_id, BandEnd.LOST, guardian_id=world.daughter_id, now=now)
    assert issue(world, now)


@pytest.mark.parametrize("engine", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True)
def test_of_forms_sent_at_once_for_the_last_place_one_has_it(app: Flask, world: World, now: datetime) -> None:
    """The other form's band is not committed yet when ours has been drawn. (SQLite has one writer at a time.)"""
    fill(world, BANDS_AN_ELDER - 1)
    answers: list[object] = []

    def last() -> None:
        answers.extend(together(app, [lambda: issue(world, now)]))

    thread = threading.Thread(target=last)
    with transaction():
        get_elder(world.elder_id, guardian_id=world.daughter_id, held=True)
        thread.start()
        wait_for_a_waiter()
        db.session.add(blank(world, BANDS_AN_ELDER))
    thread.join(WITHIN_S)
    assert [str(answer) for answer in answers] == ["bands.too_many"]
    assert queries.count_active(world.elder_id) == BANDS_AN_ELDER


# ---- the portrait


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_the_portrait_is_drawn_in_and_a_later_crop_does_not_change_the_band(
    world: World, now: datetime, portrait: int
) -> None:
    band_id = issue(world, now)
    before = print_page(band_id, world.daughter_id, now)
    assert isinstance(before.face, Image.Image)
    registration.adjust_crop(world.elder_id, photos.Crop(0.3, 0.3, 0.2), guardian_id=world.daughter_id, now=now)
    after = print_page(band_id, world.daughter_id, now)
    assert isinstance(after.face, Image.Image)
    assert after.design.to_bytes() == before.design.to_bytes()
    assert after.face.tobytes() == before.face.tobytes()
    band = db.session.get_one(Band, band_id)
    assert (band.photo_id, band.crop_left, band.crop_top, band.crop_size) == (portrait, 0.1, 0.1, 0.5)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_without_the_consent_to_print_it_the_portrait_stays_out(world: World, now: datetime, portrait: int) -> None:
    with transaction():
        db.session.execute(sa.update(Consent).where(Consent.purpose == Purpose.PORTRAIT).values(withdrawn_at=now))
    band_id = issue(world, now)
    assert db.session.get_one(Band, band_id).photo_id is None
    assert printing.drawn(band_id, guardian_id=world.daughter_id).face is None


# ---- printing


def test_a_reprint_is_the_same_band_and_each_print_is_recorded(world: World, now: datetime) -> None:
    before = every_row()
    prints = [print_page(world.her.band_id, world.daughter_id, now + nth * MINUTE) for nth in range(3)]
    assert new_rows(before) == {"audit_row": 3}
    assert len({one.design.to_bytes() for one in prints}) == 1
    assert {one.design.token for one in prints} == {world.her.token}
    assert len({one.check_code for one in prints}) == 1
    assert {one.code.serial for one in prints} == {world.her.serial}
    rows = db.session.scalars(sa.select(AuditRow).where(AuditRow.deed == "band.printed")).all()
    assert {(row.actor, row.subject, row.elder_id) for row in rows} == {
        (f"guardian:{world.daughter_id}", f"band:{world.her.band_id}", world.elder_id)
    }


def test_looking_at_a_band_on_the_screen_is_no_print(world: World) -> None:
    before = every_row()
    assert printing.drawn(world.her.band_id, guardian_id=world.daughter_id).design.token == world.her.token
    assert every_row() == before


# ---- ending


def test_an_ended_band_reaches_nobody_and_the_elders_other_bands_go_on(world: World, now: datetime) -> None:
    other = printing.drawn(issue(world, now), guardian_id=world.daughter_id).code.serial
    issuing.end(world.her.band_id, BandEnd.LOST, guardian_id=world.daughter_id, now=now)

    def tap(serial: str) -> object:
        return reaching.tell_family(new_reference(), serial, language="zh-CN", low_trust=False, now=now)

    assert tap(world.her.serial) is None
    assert tap(other)


@pytest.mark.parametrize("why", BandEnd)
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_band_is_ended_for_a_reason_and_forgets_its_check_code(world: World, now: datetime, why: BandEnd) -> None:
    issuing.end(world.her.band_id, why, guardian_id=world.daughter_id, now=now)
    band = db.session.get_one(Band, world.her.band_id)
    assert (band.state, band.end, band.ended_at, band.check_code) == (BandState.ENDED, why, now, None)
    row = db.session.scalars(sa.select(AuditRow).where(AuditRow.deed == "band.ended")).one()
    assert row.facts == {"why": why}


def test_an_ended_band_is_neither_printed_nor_ended_again(world: World, now: datetime) -> None:
    issuing.end(world.her.band_id, BandEnd.LOST, guardian_id=world.daughter_id, now=now)
    before = every_row()
    with pytest.raises(Conflict):
        print_page(world.her.band_id, world.daughter_id, now)
    with pytest.raises(Conflict) as refusal:
        issuing.end(world.her.band_id, BandEnd.WORN_OUT, guardian_id=world.daughter_id, now=now)
    assert refusal.value.code == "bands.ended"
    db.session.rollback()
    assert every_row() == before


def test_a_band_ended_many_times_at_once_is_ended_once_and_nobody_is_refused(
    app: Flask, world: World, now: datetime
) -> None:
    before = every_row()
    deeds = [lambda: issuing.end(world.her.band_id, BandEnd.LOST, guardian_id=world.daughter_id, now=now)] * 6
    assert raised(together(app, deeds)) == []
    assert new_rows(before) == {"audit_row": 1}


def test_a_band_that_ended_a_while_ago_is_not_ended_again(world: World, now: datetime) -> None:
    issuing.end(world.her.band_id, BandEnd.LOST, guardian_id=world.daughter_id, now=now)
    with pytest.raises(Conflict):
        issuing.end(world.her.band_id, BandEnd.LOST, guardian_id=world.daughter_id, now=now + 2 * MINUTE)


def test_two_forms_that_replace_one_band_make_one_new_one(world: World, now: datetime) -> None:
    instead = issuing.Replaced(world.her.band_id, BandEnd.LOST)
    for key, outcome in (("the-first-form", nullcontext()), ("the-second-form", pytest.raises(Conflict))):
        with outcome:
            issuing.issue(
                key, world.elder_id, BandForm.CARD, guardian_id=world.daughter_id, instead_of=instead, now=now
            )
    assert queries.count_active(world.elder_id) == 1


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_guardian_has_so_many_new_bands_made_and_then_waits(world: World, now: datetime) -> None:
    with transaction():
        for _ in range(BANDS_A_GUARDIAN.burst - 1):  # her first one she has already
            limits.spend(BANDS_A_GUARDIAN, str(world.daughter_id), now=now)
    before = every_row()
    with pytest.raises(TooMany) as refusal:
        issue(world, now)
    assert refusal.value.code == "bands.issues_spent"
    assert every_row() == before
    assert issuing.issue(KEY, world.other.elder_id, BandForm.CARD, guardian_id=world.neighbour_id, now=now)
    assert issue(world, now + timedelta(seconds=BANDS_A_GUARDIAN.every_s))


# ---- the neighbour


def test_the_neighbour_issues_prints_sees_and_ends_nothing_of_hers(world: World, now: datetime) -> None:
    before = every_row()
    theirs = world.neighbour_id
    with pytest.raises(NotFound) as refusal:
        issue(world, now, guardian_id=theirs)
    assert refusal.value.code == "elders.unknown"
    for band_id in (world.her.band_id, 1, 2**80):
        for deed in (
            lambda band_id=band_id: print_page(band_id, theirs, now),
            lambda band_id=band_id: printing.drawn(band_id, guardian_id=theirs),
            lambda band_id=band_id: issuing.end(band_id, BandEnd.LOST, guardian_id=theirs, now=now),
        ):
            with pytest.raises(NotFound) as refusal:
                deed()
            assert refusal.value.code == "bands.unknown"
    db.session.rollback()
    assert every_row() == before
