"""Opening a band: a page from the address alone, and a quiet line for the family's log."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from tests.together import raised, together
from tests.world import World, every_row, new_reference, new_rows
from wristband.bands.rules import BandEnd
from wristband.db import db
from wristband.house import house
from wristband.scans import stamps
from wristband.scans.models import Scan
from wristband.services import issuing, reaching, scanning
from wristband.services.scanning import Opening, ScanLog
from wristband.values.code import CROCKFORD, BandCode

MINUTE = timedelta(minutes=1)


@pytest.fixture
def asked(app: Flask) -> Iterator[list[str]]:
    """Every statement sent to the database."""
    statements: list[str] = []

    def listen(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        statements.append(statement)

    sa.event.listen(db.engine, "before_cursor_execute", listen)
    yield statements
    sa.event.remove(db.engine, "before_cursor_execute", listen)


@pytest.fixture
def log(app: Flask) -> ScanLog:
    return ScanLog(app.app_context)


def opening(band: str, at: datetime, reference: str | None = None) -> Opening:
    return Opening(reference or new_reference(), band, "zh-CN", at)


def scans() -> list[Scan]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Scan).order_by(Scan.id)))


# ---- the page


def test_a_page_is_made_without_asking_the_database_anything(world: World, asked: list[str]) -> None:
    for band in (world.her.token, world.her.code, "x", "9" * 25, ""):
        scanning.open_band(band)
    assert asked == []


def test_a_page_holds_an_address_a_stamp_the_band_and_its_tail_and_nothing_else(world: World) -> None:
    page = scanning.open_band(world.her.token)
    assert page.code_tail == BandCode.from_serial(world.her.serial).tail
    assert page.band == world.her.token
    assert stamps.read(page.stamp, house().ring.all("forms")) == page.scan
    assert set(page.__slots__) == {"scan", "stamp", "band", "code_tail"}


def test_a_token_and_its_typed_code_open_the_same_page(world: World) -> None:
    by_token, by_code = scanning.open_band(world.her.token), scanning.open_band(world.her.code)
    assert by_token.code_tail == by_code.code_tail
    assert by_token.scan != by_code.scan


def test_every_opening_has_an_address_of_its_own(world: World) -> None:
    assert len({scanning.open_band(world.her.token).scan for _ in range(200)}) == 200


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_whatever_stands_in_the_address_opens_a_page_of_the_same_shape() -> None:
    @given(st.text(st.characters(exclude_categories=()), max_size=80))
    def check(band: str) -> None:
        page = scanning.open_band(band)
        assert len(page.code_tail) == 3
        assert set(page.code_tail) <= set(CROCKFORD)
        assert page.code_tail == scanning.open_band(band).code_tail
        assert len(page.scan) == 22

    check()


def test_a_forged_token_shows_the_tail_of_the_code_printed_on_it(world: World) -> None:
    forged = world.her.token[:-1] + ("0" if world.her.token[-1] != "0" else "1")
    assert scanning.serial_of(forged) is None
    assert scanning.open_band(forged).code_tail == BandCode.from_serial(world.her.serial).tail


def test_a_serial_is_read_from_a_token_in_either_case_and_from_a_code_in_any_grouping(world: World) -> None:
    serial = world.her.serial
    assert scanning.serial_of(world.her.token) == scanning.serial_of(world.her.token.lower()) == serial
    assert scanning.serial_of(world.her.code) == scanning.serial_of(world.her.code.replace("-", "").lower()) == serial


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("band", ["", "x", "AAA-AAA-AAB", "9" * 12, "9" * 25, "3JZ-9J6-GM", "\0", "林秀英"])
def test_what_is_no_band_has_no_serial(world: World, band: str) -> None:
    assert scanning.serial_of(band) is None


# ---- the log


def test_an_opening_is_written_down_quietly(world: World, log: ScanLog) -> None:
    before = every_row()
    log.note(opening(world.her.token, world.now))
    log.flush()
    assert new_rows(before) == {"scan": 1}
    (scan,) = scans()
    assert (scan.band_id, scan.opened_at, scan.acted_at, scan.low_trust) == (
        world.her.band_id,
        world.now,
        None,
        False,
    )


def test_the_address_of_an_opening_is_not_kept(world: World, log: ScanLog) -> None:
    reference = new_reference()
    log.note(opening(world.her.token, world.now, reference))
    log.flush()
    assert reference not in str(every_row())


@pytest.mark.parametrize("band", ["forged", "000000000001", "x"])
def test_an_opening_of_no_band_of_ours_concerns_nobody(world: World, log: ScanLog, band: str) -> None:
    before = every_row()
    log.note(opening(band, world.now))
    log.flush()
    assert every_row() == before


def test_an_ended_bands_opening_is_still_written_down(world: World, log: ScanLog) -> None:
    issuing.end(world.her.band_id, BandEnd.LOST, guardian_id=world.daughter_id, now=world.now)
    log.note(opening(world.her.token, world.now))
    log.flush()
    assert [scan.band_id for scan in scans()] == [world.her.band_id]


def test_the_same_opening_noted_again_is_one_row(world: World, log: ScanLog) -> None:
    reference = new_reference()
    for _ in range(3):
        log.note(opening(world.her.token, world.now, reference))
        log.flush()
    assert len(scans()) == 1


def test_openings_of_many_threads_are_all_written_down(app: Flask, world: World, log: ScanLog) -> None:
    def note() -> None:
        for _ in range(50):
            log.note(opening(world.her.token, world.now))

    assert raised(together(app, [note] * 6)) == []
    log.flush()
    assert len(scans()) == 300


def test_an_opening_and_its_tap_are_one_scan_in_either_order(world: World, log: ScanLog) -> None:
    for first in ("opening", "tap"):
        reference = new_reference()
        for deed in (first, "tap" if first == "opening" else "opening"):
            if deed == "opening":
                log.note(opening(world.her.token, world.now, reference))
                log.flush()
            else:
                reaching.tell_family(reference, world.her.serial, language="en", low_trust=True, now=world.now + MINUTE)
    assert [scan.acted_at for scan in scans()] == [world.now + MINUTE] * 2
    assert [scan.low_trust for scan in scans()] == [True] * 2


def test_a_fault_while_writing_is_told_and_the_log_goes_on(
    world: World, log: ScanLog, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = Opening(new_reference(), world.her.token, "zh-CN", world.now.replace(tzinfo=None))
    log.note(broken)
    log.flush()
    log.note(opening(world.her.token, world.now))
    log.flush()
    assert len(scans()) == 1
    told = capsys.readouterr().err
    assert '"scan_log_fault"' in told
    assert '"lost": 1' in told


def test_more_openings_than_can_wait_are_dropped_and_nobody_waits(
    world: World, app: Flask, capsys: pytest.CaptureFixture[str]
) -> None:
    class Small(ScanLog):
        CAPACITY = 1

    store_is_back = threading.Event()

    @contextmanager
    def slow() -> Iterator[None]:
        assert store_is_back.wait(30)
        with app.app_context():
            yield

    log = Small(slow)
    for _ in range(5):
        log.note(opening(world.her.token, world.now))
    assert '"scan_log_full"' in capsys.readouterr().err
    store_is_back.set()
    log.flush()
    assert 1 <= len(scans()) < 5
