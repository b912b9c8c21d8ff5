"""A finder who wants to be called: his number, who sees it, how long; and calls in which nobody sees one."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.services.boards import called_and_reported, said_on, scan_of, shown
from tests.services.finders import FINDER_PHONE, deeds, met, owed, refused
from tests.services.reports import close
from tests.together import raised, together
from tests.world import DAUGHTER_PHONE, World, every_row, new_reference
from wristband.board.models import FinderNumber, MaskedCall
from wristband.board.rules import CALLS_LAST, NUMBERS_A_SCAN, Side
from wristband.db import db
from wristband.gateways.contract import GatewayFault
from wristband.gateways.masked import Connected, MaskedGateway, MaskedRota, PrintedMasked
from wristband.scans.models import Reach
from wristband.services import connecting, handing_over, posting, purging, reporting
from wristband.values.phone import Phone

MINUTE = timedelta(minutes=1)
HIS = Phone(FINDER_PHONE)


@pytest.fixture
def now(world: World) -> datetime:
    return world.now + MINUTE


@pytest.fixture
def finder(world: World, now: datetime) -> str:
    return met(world, now)


@pytest.fixture
def masked(tmp_path: Path) -> MaskedRota:
    return MaskedRota([PrintedMasked(tmp_path)])


class Down(MaskedGateway):
    """A masked gateway that is not to be reached."""

    name = "down"

    def takes(self, guardian: str, finder: str) -> bool:
        return True

    def _connect(self, guardian: str, finder: str, key: str, until: datetime, now: datetime) -> Connected:
        raise GatewayFault(permanent=False, code="timeout")

    def _release(self, reference: str, now: datetime) -> None:
        raise GatewayFault(permanent=False, code="timeout")


class Moody(PrintedMasked):
    """A printed one that fails in passing at the first number given back, and refuses the second for good."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.faults = [GatewayFault(permanent=permanent, code="told_to_fail") for permanent in (True, False)]

    def _release(self, reference: str, now: datetime) -> None:
        if self.faults:
            raise self.faults.pop()
        super()._release(reference, now)


def printed(folder: Path) -> list[dict[str, str]]:
    file = folder / "masked.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def released(folder: Path) -> int:
    return sum("release" in line for line in printed(folder))


def numbers() -> list[FinderNumber]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(FinderNumber)))


def calls() -> list[MaskedCall]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(MaskedCall)))


# ---- leaving a number, taking it back


def test_the_family_sees_the_number_and_the_police_do_not(world: World, now: datetime) -> None:
    reference, _ = called_and_reported(world, now)
    posting.leave_number(reference, HIS, now=now)
    family, police = shown(reference, Side.FAMILY, now, reader_id=world.daughter_id), shown(reference, Side.POLICE, now)
    assert family.number is not None
    assert family.number.phone == HIS
    assert police.number is None
    assert police.number_left
    assert FINDER_PHONE.removeprefix("+86") not in repr(police)


def test_a_landline_with_an_extension_comes_back_as_it_was(world: World, now: datetime, finder: str) -> None:
    landline = Phone.parse("0592-7000000转12")
    posting.leave_number(finder, landline, now=now)
    number = shown(finder, Side.FAMILY, now).number
    assert number is not None
    assert number.phone == landline


def test_it_lies_sealed_and_the_trail_does_not_hold_it(world: World, now: datetime, finder: str) -> None:
    posting.leave_number(finder, HIS, now=now)
    (kept,) = numbers()
    assert kept.phone_sealed.startswith(f"v1:aesgcm:d{kept.scan_id}:")
    assert FINDER_PHONE.removeprefix("+86") not in repr(every_row())
    assert deeds().count("number.left") == 1


def test_the_board_says_it_and_the_family_hears_of_each_number_once(world: World, now: datetime, finder: str) -> None:
    posting.leave_number(finder, HIS, now=now)
    before = every_row()
    posting.leave_number(finder, HIS, now=now + MINUTE)
    assert every_row() == before
    posting.take_number_back(finder, now=now + MINUTE)
    posting.leave_number(finder, Phone("+8613800138008"), now=now + 2 * MINUTE)
    assert said_on(finder, now) == ["number_left", "number_taken_back", "number_left"]
    messages = owed("number_left")
    assert [message.recipient for message in messages] == [DAUGHTER_PHONE] * 2
    assert not any(FINDER_PHONE.removeprefix("+86") in (message.body or "") for message in messages)


def test_taken_back_it_is_gone_and_taken_back_again_nothing_happens(world: World, now: datetime, finder: str) -> None:
    posting.leave_number(finder, HIS, now=now)
    posting.take_number_back(finder, now=now)
    assert numbers() == []
    before = every_row()
    posting.take_number_back(finder, now=now)
    assert every_row() == before


def test_a_number_is_left_where_a_family_reads_and_nowhere_else(world: World, now: datetime) -> None:
    nobodys = new_reference()
    reporting.report(nobodys, None, language="zh-CN", low_trust=True, now=now)
    assert refused(lambda: posting.leave_number(nobodys, HIS, now=now)) == "board.no_family"
    reference, incident_id = called_and_reported(world, now)
    close(world, incident_id, now)
    assert refused(lambda: posting.leave_number(reference, HIS, now=now)) == "board.closed"
    assert numbers() == []


def test_a_number_changed_on_and_on_has_to_wait(world: World, now: datetime, finder: str) -> None:
    for i in range(NUMBERS_A_SCAN.burst):
        posting.leave_number(finder, Phone(f"+861380013800{i}"), now=now)
    assert refused(lambda: posting.leave_number(finder, HIS, now=now)) == "board.numbers_spent"
    posting.take_number_back(finder, now=now)
    assert numbers() == []


def test_two_at_once_leave_one_number(app: Flask, world: World, now: datetime, finder: str) -> None:
    answers = together(app, [lambda: posting.leave_number(finder, HIS, now=now)] * 3)
    assert not raised(answers)
    assert len(numbers()) == 1
    assert said_on(finder, now) == ["number_left"]


def test_it_is_erased_at_the_first_purge_after_the_elder_was_handed_over(
    world: World, now: datetime, finder: str
) -> None:
    posting.leave_number(finder, HIS, now=now)
    reach = db.session.scalars(sa.select(Reach)).one()
    code = handing_over.make_for_call(reach.id, guardian_id=world.daughter_id, now=now)
    list(purging.purge(now=now))
    assert len(numbers()) == 1
    handing_over.enter(finder, code.digits, now=now + MINUTE)
    assert shown(finder, Side.FAMILY, now + MINUTE).number is None
    list(purging.purge(now=now + MINUTE))
    assert numbers() == []


def test_it_is_erased_after_a_week_at_the_latest(world: World, now: datetime, finder: str) -> None:
    posting.leave_number(finder, HIS, now=now + timedelta(days=6))
    list(purging.purge(now=now + timedelta(days=7) - MINUTE))
    assert len(numbers()) == 1
    list(purging.purge(now=now + timedelta(days=7)))
    assert numbers() == []


# ---- calls in which nobody sees a number


def test_a_guardian_is_lent_a_number_for_two_hours(
    world: World, now: datetime, finder: str, masked: MaskedRota, tmp_path: Path
) -> None:
    posting.leave_number(finder, HIS, now=now)
    connecting.connect(scan_of(finder), masked, guardian_id=world.daughter_id, now=now)
    (line,) = printed(tmp_path)
    assert (line["guardian"], line["finder"]) == (DAUGHTER_PHONE, FINDER_PHONE)
    number = shown(finder, Side.FAMILY, now, reader_id=world.daughter_id).number
    assert number is not None
    assert (number.lent, number.lent_until) == (line["number"], now + CALLS_LAST)
    assert str(number.lent) not in repr(every_row())
    connecting.connect(scan_of(finder), masked, guardian_id=world.daughter_id, now=now + MINUTE)
    assert len(calls()) == len(printed(tmp_path)) == 1
    over = shown(finder, Side.FAMILY, now + CALLS_LAST, reader_id=world.daughter_id).number
    assert over is not None
    assert over.lent is None


def test_the_finder_may_dial_it_too(world: World, now: datetime, finder: str, masked: MaskedRota) -> None:
    posting.leave_number(finder, HIS, now=now)
    connecting.connect(scan_of(finder), masked, guardian_id=world.daughter_id, now=now)
    number = shown(finder, Side.FINDER, now).number
    assert number is not None
    assert number.lent


def test_nobody_is_connected_with_a_finder_who_left_no_number(
    world: World, now: datetime, finder: str, masked: MaskedRota, tmp_path: Path
) -> None:
    def connect(guardian_id: int = world.daughter_id) -> None:
        connecting.connect(scan_of(finder), masked, guardian_id=guardian_id, now=now)

    assert refused(connect) == "board.no_number"
    posting.leave_number(finder, HIS, now=now)
    assert refused(lambda: connect(world.neighbour_id)) == "board.unknown"
    assert printed(tmp_path) == []
    assert calls() == []


def test_a_gateway_that_fails_is_told_and_nothing_is_lent(world: World, now: datetime, finder: str) -> None:
    posting.leave_number(finder, HIS, now=now)
    down = MaskedRota([Down()])
    connect = partial(connecting.connect, scan_of(finder), down, guardian_id=world.daughter_id, now=now)
    assert refused(connect) == "board.not_connected"
    assert calls() == []


def test_it_is_given_back_when_the_finder_takes_his_number_back_or_the_board_is_shut(
    world: World, now: datetime, masked: MaskedRota, tmp_path: Path
) -> None:
    reference, incident_id = called_and_reported(world, now)
    second = met(world, now)
    for one in (reference, second):
        posting.leave_number(one, HIS, now=now)
        connecting.connect(scan_of(one), masked, guardian_id=world.daughter_id, now=now)
    assert list(connecting.release_over(masked, now)) == []
    posting.take_number_back(second, now=now)
    close(world, incident_id, now)
    steps = connecting.release_over(masked, now + MINUTE)
    for done in (1, 2):
        assert next(steps)
        assert released(tmp_path) == done
    assert list(steps) == []
    assert [call.released_at for call in calls()] == [now + MINUTE] * 2
    assert list(connecting.release_over(masked, now + 2 * MINUTE)) == []


def test_one_that_fails_keeps_no_other_and_one_refused_for_good_is_given_up(
    world: World, now: datetime, masked: MaskedRota, tmp_path: Path
) -> None:
    references = [met(world, now) for _ in range(3)]
    for reference in references:
        posting.leave_number(reference, HIS, now=now)
        connecting.connect(scan_of(reference), masked, guardian_id=world.daughter_id, now=now)
        posting.take_number_back(reference, now=now)
    moody = MaskedRota([Moody(tmp_path)])
    assert list(connecting.release_over(moody, now)) == [False, True, True]
    assert [call.released_at for call in calls()] == [None, now, now]
    assert list(connecting.release_over(masked, now + MINUTE)) == [True]


@pytest.mark.parametrize(("offered", "gateways"), [(True, [Down()]), (False, [])])
def test_it_is_offered_where_a_gateway_takes_both(world: World, offered: bool, gateways: list[MaskedGateway]) -> None:
    assert connecting.is_offered(HIS, MaskedRota(gateways), guardian_id=world.daughter_id) is offered
    assert not connecting.is_offered(None, MaskedRota(gateways), guardian_id=world.daughter_id)
    assert not connecting.is_offered(HIS, None, guardian_id=world.daughter_id)
