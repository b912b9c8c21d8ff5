"""What the cast lives through: one whole journey, told with every kind of word that must not be found at rest."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from tests.photographs import encoded, portrait
from tests.world import DAUGHTER_PHONE, ELDER, PASSWORD, SON_PHONE, World, last_body, new_reference
from wristband import data_keys
from wristband.accounts.models import QuietContact
from wristband.accounts.rules import Door, QuietKind
from wristband.bands.rules import BandEnd, BandForm, PrintStyle
from wristband.data_keys import DataKey
from wristband.db import db, new_id, transaction
from wristband.elders.models import Photo
from wristband.elders.photos import PHOTO_PLACE
from wristband.elders.rules import Particulars, Purpose
from wristband.errors import BadValue
from wristband.house import house
from wristband.incidents.models import Incident
from wristband.incidents.rules import Disposition, IncidentState, PlaceSource, Reason
from wristband.reports.rules import Claimed, Score, Waits
from wristband.scans.rules import Answer
from wristband.sealing import box
from wristband.services import (
    collecting,
    escalating,
    handing_over,
    handling,
    issuing,
    looking,
    posting,
    printing,
    reaching,
    receiving,
    registration,
    reporting,
    signing_in,
    supplementing,
    withdrawing,
)
from wristband.services.posting import Said
from wristband.values.arrival import Arrival, ArrivalState
from wristband.values.code import BandCode
from wristband.values.phone import Phone
from wristband.values.position import Position

FINDERS_WORDS = "影剧院后门，撑红色雨伞"
OFFICERS_WORDS = "已由同事送回示例小区"
BREAK_GLASS_WORDS = "独自坐在示例公园，说不出住哪里"
ADDED_WORDS = "灰色外套，拄一根旧拐杖"
PICKUP_WORDS = "在示例药店里坐着"
RATING_WORDS = "民警来得很快，请替我谢谢"
BOARD_WORDS = "我们坐在示例药店门口"
FINDERS_NUMBER = "+8613800138011"
MAILBOX = "daughter@family.example"
PLACE = Position(24.7312345, 118.1598765)


def break_key(owner: int) -> None:
    """The data key of this row does not open any more: a bit of it has tipped."""
    with transaction():
        db.session.execute(sa.update(DataKey).where(DataKey.id == owner).values(wrapped="v1:aesgcm:1:dGlwcGVk"))
    box().forget([owner])


def keep_photo(guardian_id: int, jpeg: bytes, now: datetime) -> int:
    """A kept photo without the seconds that cleaning it takes."""
    photo_id = new_id()
    with transaction():
        data_keys.make(photo_id)
    house().files.write(jpeg, place=PHOTO_PLACE, row=photo_id, owner=photo_id)
    with transaction():
        db.session.add(
            Photo(
                id=photo_id,
                guardian_id=guardian_id,
                sha256="0" * 64,
                width=240,
                height=300,
                faces=1,
                crop_left=0.1,
                crop_top=0.1,
                crop_size=0.5,
                kept_at=now,
            )
        )
    return photo_id


def small_jpeg() -> bytes:
    """A drawn face, small enough to be quick with."""
    return encoded(portrait().resize((240, 300)), "JPEG")


@dataclass(frozen=True)
class Lived:
    """What came about, and every word of it that only the sealed columns may hold."""

    elder_id: int
    jpeg: bytes
    canaries: dict[str, str]


def whole_journey(world: World) -> Lived:
    """Sign in, register, issue, print, scan, reach, answer, report, place, handle, confirm, end, sign out."""
    now = world.now + timedelta(minutes=1)
    signing_in.ask_code(Phone(DAUGHTER_PHONE), address="192.0.2.1", language="zh-CN", now=now)
    code = re.search(r"\d{6}", last_body(DAUGHTER_PHONE))
    assert code
    family = signing_in.enter_code(Phone(DAUGHTER_PHONE), code[0], language="zh-CN", now=now)
    police = signing_in.enter_password("officer", PASSWORD, now=now)
    jpeg = small_jpeg()
    elder_id = _registered(world, jpeg, now)
    band_id = issuing.issue("second-band-form", elder_id, BandForm.CARD, guardian_id=world.daughter_id, now=now)
    printed, _ = printing.as_page(band_id, PrintStyle(), guardian_id=world.daughter_id, now=now)
    assert printed.check_code
    reference = new_reference()
    _keep_mailbox(world, now)
    _found(world, reference, printed.code.serial, now)
    issuing.end(band_id, BandEnd.LOST, guardian_id=world.daughter_id, now=now)
    signing_in.sign_out(family, Door.FAMILY, now=now)
    return Lived(
        elder_id,
        jpeg,
        {
            **{name: ELDER[name] for name in ("name", "called", "address", "approach", "health")},
            "guardian's name": "林家的女儿",
            "guardian's phone": DAUGHTER_PHONE.removeprefix("+86"),
            "second phone": SON_PHONE.removeprefix("+86"),
            "finder's words": FINDERS_WORDS,
            "finder's words on the board": BOARD_WORDS,
            "finder's words to the police": ADDED_WORDS,
            "finder's words about the pickup": PICKUP_WORDS,
            "finder's words in the end": RATING_WORDS,
            "finder's number": FINDERS_NUMBER.removeprefix("+86"),
            "mailbox": MAILBOX,
            "latitude": str(PLACE.latitude),
            "longitude": str(PLACE.longitude),
            "officer's words": OFFICERS_WORDS,
            "officer's words of a break-glass look": BREAK_GLASS_WORDS,
            "password": PASSWORD,
            "family's sign-in": family,
            "officer's sign-in": police,
            "finder's address": reference,
            "check code": printed.check_code.digits,
            "network address": "192.0.2.1",
        },
    )


def _registered(world: World, jpeg: bytes, now: datetime) -> int:
    photo_id = keep_photo(world.daughter_id, jpeg, now)
    return registration.register(
        "the-form-of-this-journey",
        Particulars.of(today=now.date(), consents=set(Purpose), **ELDER),
        guardian_id=world.daughter_id,
        guardian_name="林家的女儿",
        consents=set(Purpose),
        photo_id=photo_id,
        station_id=world.station_id,
        second_phone=Phone(SON_PHONE),
        now=now,
    )


def _keep_mailbox(world: World, now: datetime) -> None:
    with transaction():
        db.session.add(
            QuietContact(
                guardian_id=world.daughter_id,
                kind=QuietKind.MAIL,
                address=MAILBOX,
                address_index=box().blind(MAILBOX, place="quiet_contact.address"),
                added_at=now,
                confirmed_at=now,
            )
        )


def _found(world: World, reference: str, serial: str, now: datetime) -> None:
    reach = reaching.tell_family(reference, serial, language="en", low_trust=False, now=now)
    assert reach
    escalating.take_due(now + timedelta(minutes=6))
    reaching.see(reach.id, guardian_id=world.daughter_id, now=now)
    posting.post_as_finder(reference, "a-key-of-this-post", Said(words=BOARD_WORDS), now=now)
    posting.read_as_guardian(reach.scan_id, 1, guardian_id=world.daughter_id, now=now)
    posting.leave_number(reference, Phone(FINDERS_NUMBER), now=now)
    receiving.receive("voice", [Arrival("a-call", ArrivalState.PICKED_UP, now)], now=now)
    reaching.answer(reach.id, Answer.COMING, guardian_id=world.daughter_id, now=now)
    number = reporting.report(reference, serial, language="en", low_trust=False, now=now)
    reporting.add_place(
        reference,
        "a-key-of-this-append",
        source=PlaceSource.DEVICE,
        position=PLACE,
        accuracy_m=12,
        words=FINDERS_WORDS,
        now=now,
    )
    claimed = Claimed(now, 0)
    supplementing.add_words(reference, "a-key-of-these-words", ADDED_WORDS, claimed=claimed, now=now)
    collecting.ask(reference, "a-key-of-this-pickup", words=PICKUP_WORDS, waits=Waits.TEN, now=now)
    incident = db.session.query(Incident).filter_by(number=number).one()
    # The place told is nearest to one of the two stations: whoever has the incident handles it.
    officer = world.officer if incident.station_id == world.station_id else world.stranger
    for step in (IncidentState.ACCEPTED, IncidentState.DISPATCHED, IncidentState.ON_SCENE):
        handling.move(incident.id, step, officer=officer, words=OFFICERS_WORDS, now=now)
    looking.look(incident.id, officer=officer, now=now)
    looking.portrait_bytes(incident.id, officer=officer, now=now)
    looking.break_glass(BandCode.from_serial(serial), Reason.IDENTITY, BREAK_GLASS_WORDS, officer=officer, now=now)
    told = handing_over.make_for_incident(incident.id, guardian_id=world.daughter_id, now=now)
    with contextlib.suppress(BadValue):
        handing_over.enter(reference, f"{(int(told.digits) + 1) % 10**6:06d}", now=now)
    handling.move(incident.id, IncidentState.CLOSED, officer=officer, disposition=Disposition.WITH_FAMILY, now=now)
    handling.confirm(incident.id, guardian_id=world.daughter_id, now=now)
    withdrawing.rate(reference, Score.GOOD, RATING_WORDS, now=now)
