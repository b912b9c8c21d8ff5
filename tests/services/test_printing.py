"""Printing bands: one for its family, many for their station; a reprint is the same band, no stranger prints any."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from tests.crafts.prints import pages, symbols
from tests.life import keep_photo, small_jpeg
from tests.services.finders import owed
from tests.world import DAUGHTER_PHONE, World, every_row, new_rows
from wristband import limits
from wristband.accounts.rules import OfficerAccount
from wristband.audit.accesses import list_accesses
from wristband.audit.deeds import Deed
from wristband.audit.models import AuditRow
from wristband.bands import queries
from wristband.bands.models import Band
from wristband.bands.rules import (
    LARGEST_PRINT,
    REPRINTS_AN_OFFICER,
    BandEnd,
    BandForm,
    Look,
    PrintKind,
    PrintStyle,
    Reprint,
)
from wristband.db import db, transaction
from wristband.elders.models import Elder
from wristband.elders.photos import PHOTO_PLACE
from wristband.errors import BadValue, Conflict, NotFound, Refusal, TooMany
from wristband.house import house
from wristband.services import issuing, printing, registration
from wristband.values.budget import Fails
from wristband.values.code import BandCode

MINUTE = timedelta(minutes=1)
ON_SQLITE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture
def now(world: World) -> datetime:
    return world.now + MINUTE


def printed_at(band_id: int) -> datetime | None:
    db.session.rollback()
    return db.session.get_one(Band, band_id, populate_existing=True).printed_at


def sheets(
    world: World,
    now: datetime,
    *band_ids: int,
    form: BandForm = BandForm.WRISTBAND,
    reprint: Reprint | None = None,
    officer: OfficerAccount | None = None,
) -> bytes:
    out = io.BytesIO()
    who = officer or world.officer
    printing.as_sheets(band_ids, form, PrintStyle(), out, reprint=reprint, officer=who, now=now)
    return out.getvalue()


def prints_recorded() -> list[AuditRow]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(AuditRow).where(AuditRow.deed == "band.printed").order_by(AuditRow.id)))


# ---- by a family


@pytest.mark.parametrize("kind", [PrintKind.PDF, PrintKind.PNG, PrintKind.SVG, PrintKind.ZPL])
@ON_SQLITE
def test_a_print_is_recorded_and_the_band_is_no_longer_waiting(world: World, now: datetime, kind: PrintKind) -> None:
    assert printed_at(world.her.band_id) is None
    printing.as_file(world.her.band_id, kind, PrintStyle(Look.DISCREET), guardian_id=world.daughter_id, now=now)
    assert printed_at(world.her.band_id) == now
    (row,) = prints_recorded()
    assert row.facts == {"kind": kind.value, "look": "discreet"}


@ON_SQLITE
def test_what_a_tag_writer_is_given_is_recorded_but_puts_nothing_on_paper(world: World, now: datetime) -> None:
    made = printing.as_file(world.her.band_id, PrintKind.NDEF, PrintStyle(), guardian_id=world.daughter_id, now=now)
    assert made.data.endswith(world.her.token.encode())
    assert len(prints_recorded()) == 1
    assert printed_at(world.her.band_id) is None


@ON_SQLITE
def test_what_was_refused_is_not_recorded(world: World, now: datetime) -> None:
    before = every_row()
    with pytest.raises(BadValue):
        printing.as_file(world.her.band_id, PrintKind.ZPL, PrintStyle(), "600", guardian_id=world.daughter_id, now=now)
    assert every_row() == before


@ON_SQLITE
def test_a_band_whose_photograph_is_gone_is_printed_plain_and_reads_as_before(world: World, now: datetime) -> None:
    photo_id = keep_photo(world.daughter_id, small_jpeg(), now)
    registration.replace_portrait(world.elder_id, photo_id, guardian_id=world.daughter_id, now=now)
    band_id = issuing.issue("with-a-face", world.elder_id, BandForm.CARD, guardian_id=world.daughter_id, now=now)
    with_face = printing.drawn(band_id, guardian_id=world.daughter_id)
    house().files.remove(place=PHOTO_PLACE, row=photo_id)
    plain = printing.drawn(band_id, guardian_id=world.daughter_id)
    assert with_face.face is not None
    assert plain.face is None
    made = printing.as_file(band_id, PrintKind.PDF, PrintStyle(), guardian_id=world.daughter_id, now=now)
    (symbol,) = symbols(pages(made.data)[0])
    assert symbol.text.endswith(with_face.design.token)


# ---- by an officer


def test_the_station_prints_its_elders_bands_in_one_file_and_each_is_recorded(world: World, now: datetime) -> None:
    second = issuing.issue(
        "her-second-band", world.elder_id, BandForm.WRISTBAND, guardian_id=world.daughter_id, now=now
    )
    before = every_row()
    pdf = sheets(world, now + MINUTE, second, world.her.band_id)
    assert new_rows(before) == {"audit_row": 2, "message": 2}
    assert [(row.actor, row.subject, row.elder_id) for row in prints_recorded()] == [
        (world.officer.actor, f"band:{band_id}", world.elder_id) for band_id in (world.her.band_id, second)
    ]
    assert printed_at(second) == printed_at(world.her.band_id) == now + MINUTE
    read = [symbol.text for page in pages(pdf) for symbol in symbols(page)]
    assert {text.rpartition("/")[2] for text in read} == {
        printing.drawn(band_id, guardian_id=world.daughter_id).design.token for band_id in (second, world.her.band_id)
    }


@ON_SQLITE
def test_a_reprint_is_the_same_file(world: World, now: datetime) -> None:
    again = sheets(world, now, world.her.band_id)
    assert sheets(world, now + MINUTE, world.her.band_id, reprint=Reprint.FAILED) == again
    assert [row.facts.get("reason") for row in prints_recorded()] == [None, "failed"]


@ON_SQLITE
def test_the_family_hears_of_a_stations_print_once_a_band_and_day(world: World, now: datetime) -> None:
    sheets(world, now, world.her.band_id)
    sheets(world, now, world.her.band_id, reprint=Reprint.WORN)
    (message,) = owed("band_printed")
    body = message.body or ""
    assert message.recipient == DAUGHTER_PHONE
    assert "大同派出所打印了手环" in body
    assert BandCode.from_serial(world.her.serial).tail in body
    sheets(world, now + timedelta(days=1), world.her.band_id, reprint=Reprint.WORN)
    assert len(owed("band_printed")) == 2


@ON_SQLITE
def test_the_familys_log_says_who_printed_and_why_again(world: World, now: datetime) -> None:
    sheets(world, now, world.her.band_id)
    sheets(world, now + MINUTE, world.her.band_id, reprint=Reprint.LOST)
    seen = [access for access in list_accesses(world.elder_id) if access.deed is Deed.BAND_PRINTED]
    assert [(access.actor_id, access.facts.get("reason")) for access in seen] == [
        (world.officer.officer_id, "lost"),
        (world.officer.officer_id, None),
    ]


@ON_SQLITE
def test_nothing_is_printed_again_without_a_reason(world: World, now: datetime) -> None:
    sheets(world, now, world.her.band_id)
    second = issuing.issue("her-second", world.elder_id, BandForm.WRISTBAND, guardian_id=world.daughter_id, now=now)
    before = every_row()
    with pytest.raises(BadValue) as refusal:
        sheets(world, now, second, world.her.band_id)
    assert refusal.value.code == "bands.reprint_reason"
    db.session.rollback()
    assert every_row() == before
    sheets(world, now, second, world.her.band_id, reprint=Reprint.WORN)
    assert [row.facts.get("reason") for row in prints_recorded()][1:] == ["worn", None]


@ON_SQLITE
def test_an_officer_prints_thirty_bands_again_a_day_and_first_prints_without_end(world: World, now: datetime) -> None:
    assert REPRINTS_AN_OFFICER.burst + 86_400 / REPRINTS_AN_OFFICER.every_s == 30
    assert REPRINTS_AN_OFFICER.fails is Fails.CLOSED
    sheets(world, now, world.her.band_id)
    with transaction():
        for _ in range(REPRINTS_AN_OFFICER.burst):
            limits.spend(REPRINTS_AN_OFFICER, world.officer.actor, now=now)
    before = every_row()
    with pytest.raises(TooMany) as refusal:
        sheets(world, now, world.her.band_id, reprint=Reprint.FAILED)
    assert refusal.value.code == "bands.reprints_spent"
    db.session.rollback()
    assert every_row() == before
    second = issuing.issue("her-second", world.elder_id, BandForm.WRISTBAND, guardian_id=world.daughter_id, now=now)
    sheets(world, now, second)
    another = replace(world.officer, officer_id=world.officer.officer_id + 1)
    sheets(world, now, world.her.band_id, reprint=Reprint.FAILED, officer=another)


def test_another_stations_band_is_as_unknown_as_none_and_nothing_is_printed(world: World, now: datetime) -> None:
    before = every_row()
    for band_ids in ([world.other.band_id], [world.her.band_id, world.other.band_id], [1], [2**80]):
        with pytest.raises(NotFound) as refusal:
            sheets(world, now, *band_ids)
        assert refusal.value.code == "bands.unknown"
    db.session.rollback()
    assert every_row() == before


@ON_SQLITE
def test_a_band_of_another_form_or_one_that_has_ended_is_not_printed(world: World, now: datetime) -> None:
    with pytest.raises(NotFound):
        sheets(world, now, world.her.band_id, form=BandForm.CARD)
    issuing.end(world.her.band_id, BandEnd.LOST, guardian_id=world.daughter_id, now=now)
    with pytest.raises(NotFound):
        sheets(world, now, world.her.band_id)


@pytest.mark.parametrize(
    ("band_ids", "code"), [((), "bands.none_ticked"), (range(1, LARGEST_PRINT + 2), "bands.print_too_many")]
)
@ON_SQLITE
def test_none_and_too_many_are_a_sentence(world: World, now: datetime, band_ids: range, code: str) -> None:
    with pytest.raises(Refusal) as refusal:
        sheets(world, now, *band_ids)
    assert refusal.value.code == code


@ON_SQLITE
def test_a_band_that_ends_while_it_is_drawn_is_not_recorded_as_printed(world: World, now: datetime) -> None:
    class Slow(io.BytesIO):
        """A file during whose writing the family ends the band."""

        ended = False

        def write(self, octets: bytes) -> int:  # type: ignore[override]
            if not self.ended:
                self.ended = True
                issuing.end(world.her.band_id, BandEnd.LOST, guardian_id=world.daughter_id, now=now)
            return super().write(octets)

    with pytest.raises(Conflict) as refusal:
        printing.as_sheets(
            [world.her.band_id], BandForm.WRISTBAND, PrintStyle(), Slow(), officer=world.officer, now=now
        )
    assert refusal.value.code == "bands.changed_meanwhile"
    assert prints_recorded() == []


@ON_SQLITE
def test_a_print_whose_message_could_not_be_kept_is_not_handed_out(
    world: World, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object, **_more: object) -> None:
        raise OSError("the store broke")

    before = every_row()
    monkeypatch.setattr("wristband.outbox.family.owe", broken)
    with pytest.raises(OSError, match="broke"):
        printing.as_pages([world.her.band_id], BandForm.WRISTBAND, PrintStyle(), officer=world.officer, now=now)
    db.session.rollback()
    assert every_row() == before


@ON_SQLITE
def test_a_band_printed_by_somebody_else_meanwhile_is_no_first_print_any_more(world: World, now: datetime) -> None:
    class Slow(io.BytesIO):
        """A file during whose writing another officer prints the same band."""

        other = False

        def write(self, octets: bytes) -> int:  # type: ignore[override]
            if not self.other:
                self.other = True
                sheets(world, now, world.her.band_id)
            return super().write(octets)

    with pytest.raises(Conflict) as refusal:
        printing.as_sheets(
            [world.her.band_id], BandForm.WRISTBAND, PrintStyle(), Slow(), officer=world.officer, now=now
        )
    assert refusal.value.code == "bands.changed_meanwhile"
    assert len(prints_recorded()) == 1


# ---- what the station's list holds


def listed(world: World, form: BandForm = BandForm.WRISTBAND, most: int = 10) -> list[int]:
    db.session.rollback()
    return [band.id for band in queries.list_station_bands(form, station_id=world.station_id, most=most)]


def test_the_list_begins_with_what_is_not_printed_and_then_the_newest(world: World, now: datetime) -> None:
    def another(key: str, later: datetime) -> int:
        return issuing.issue(key, world.elder_id, BandForm.WRISTBAND, guardian_id=world.daughter_id, now=later)

    second, third = another("her-second-band", now), another("her-third-band", now + MINUTE)
    sheets(world, now + 2 * MINUTE, third)
    assert listed(world) == [second, world.her.band_id, third]
    assert listed(world, most=2) == [second, world.her.band_id]
    counted = queries.count_station_bands(station_id=world.station_id)
    assert counted == {BandForm.WRISTBAND: (3, 2)}


def test_the_list_is_the_stations_own_and_of_bands_in_use(world: World, now: datetime) -> None:
    assert listed(world) == [world.her.band_id]
    assert listed(world, BandForm.CARD) == []
    with transaction():
        db.session.execute(sa.update(Elder).where(Elder.id == world.elder_id).values(station_id=world.other_station_id))
    assert listed(world) == []
    assert queries.count_station_bands(station_id=world.station_id) == {}
    with transaction():
        db.session.execute(sa.update(Elder).where(Elder.id == world.elder_id).values(station_id=world.station_id))
    issuing.end(world.her.band_id, BandEnd.LOST, guardian_id=world.daughter_id, now=now)
    assert listed(world) == []
