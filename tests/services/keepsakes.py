"""One of each kind of what is kept for a time; each maker returns the moment from which its time runs."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import sqlalchemy as sa

from tests.life import keep_photo, small_jpeg
from tests.services.finders import FINDER_PHONE, her_check, met
from tests.services.keepsakes_of_others import OF_OTHERS
from tests.services.reports import close, close_all
from tests.world import DAUGHTER_PHONE, World, last_body, new_reference
from wristband import limits
from wristband.accounts import notices
from wristband.accounts.models import SignIn
from wristband.accounts.rules import ACTIVATION_LASTS, CODE_BY_PHONE, NoticeKind, QuietKind
from wristband.audit.retention import Kept
from wristband.board.rules import CALLS_LAST
from wristband.clock import ZONE
from wristband.db import db, transaction
from wristband.elders.models import Invitation
from wristband.gateways.masked import MaskedRota, PrintedMasked
from wristband.house import house
from wristband.incidents.models import HandOver, Incident
from wristband.incidents.rules import PlaceSource
from wristband.outbox.models import Message
from wristband.outbox.rules import MessageState
from wristband.reports.rules import Score, Waits
from wristband.scans.models import Scan
from wristband.scans.queries import get_acted_scan
from wristband.services import (
    appointing,
    collecting,
    connecting,
    handing_over,
    handling,
    posting,
    registration,
    reporting,
    signing_in,
    subscribing,
    supplementing,
    taking_calls,
    verifying,
    withdrawing,
)
from wristband.services.posting import Said
from wristband.services.taking_calls import Call
from wristband.values.phone import Phone
from wristband.values.position import Position


def _phone(world: World, now: datetime) -> datetime:
    reference = met(world, now)
    verifying.ask_code(reference, Phone(FINDER_PHONE), address="192.0.2.1", language="zh-CN", now=now)
    code = re.search(r"\d{6}", last_body(FINDER_PHONE))
    assert code
    verifying.enter_code(reference, Phone(FINDER_PHONE), code[0], now=now)
    return now


def _sighting(world: World, now: datetime) -> datetime:
    place(met(world, now), now)
    return now


def place(reference: str, now: datetime) -> None:
    reporting.add_place(
        reference,
        new_reference(),
        source=PlaceSource.DEVICE,
        position=Position(24.7231, 118.1521),
        accuracy_m=10,
        words="影剧院后门",
        now=now,
    )


def _board_post(world: World, now: datetime) -> datetime:
    posting.post_as_finder(met(world, now), new_reference(), Said(words="撑红雨伞"), now=now)
    return now


def _finders_number(world: World, now: datetime) -> datetime:
    reference, incident_id = reported(world, now)
    posting.leave_number(reference, Phone(FINDER_PHONE), now=now)
    close(world, incident_id, now)
    return now


def _supplement(world: World, now: datetime) -> datetime:
    supplementing.add_words(reported(world, now)[0], new_reference(), "灰色外套", now=now)
    close_all(world, now)
    return now


def _pickup(world: World, now: datetime) -> datetime:
    collecting.ask(reported(world, now)[0], new_reference(), words="药店里", waits=Waits.TEN, now=now)
    close_all(world, now)
    return now


def _rating(world: World, now: datetime) -> datetime:
    reference, incident_id = reported(world, now)
    close(world, incident_id, now)
    withdrawing.rate(reference, Score.GOOD, "很快", now=now)
    return now.astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)


def _masked_call(world: World, now: datetime) -> datetime:
    reference = met(world, now)
    posting.leave_number(reference, Phone(FINDER_PHONE), now=now)
    masked = MaskedRota([PrintedMasked(house().settings.data_dir)])
    scan_id = get_acted_scan(reference).id
    connecting.connect(scan_id, masked, guardian_id=world.daughter_id, now=now)
    return now + CALLS_LAST


def _message(world: World, now: datetime) -> datetime:
    met(world, now)
    delivered()
    return now


def delivered() -> None:
    with transaction():
        db.session.execute(sa.update(Message).values(state=MessageState.DELIVERED))


def _step(world: World, now: datetime) -> datetime:
    close(world, reported(world, now)[1], now)
    return now


def _note(world: World, now: datetime) -> datetime:
    incident_id = reported(world, now)[1]
    handling.note(incident_id, "k" * 22, "家人已在路上", officer=world.officer, now=now)
    close(world, incident_id, now)
    return now


def _callers_phone(world: World, now: datetime) -> datetime:
    call = Call(None, "示例路口", "有位老人坐在路边", Phone(FINDER_PHONE))
    close(world, taking_calls.take_call("k" * 22, call, officer=world.officer, now=now).incident_id, now)
    return now


def reported(world: World, now: datetime) -> tuple[str, int]:
    reference = new_reference()
    number = reporting.report(reference, world.her.serial, language="zh-CN", low_trust=False, now=now)
    return reference, db.session.scalars(sa.select(Incident.id).where(Incident.number == number)).one()


def _invitation(world: World, now: datetime) -> datetime:
    with transaction():
        db.session.add(
            Invitation(
                elder_id=world.elder_id,
                invited_by=world.daughter_id,
                phone=FINDER_PHONE,
                phone_index="x",
                made_at=now - timedelta(days=7),
                expires_at=now,
            )
        )
    return now


def _hand_over(world: World, now: datetime) -> datetime:
    handing_over.make_for_incident(reported(world, now)[1], guardian_id=world.daughter_id, now=now)
    return db.session.scalars(sa.select(HandOver.expires_at)).one()


def _grant(world: World, now: datetime) -> datetime:
    verifying.enter_check_code(met(world, now), her_check(world), now=now)
    return now + timedelta(minutes=30)


def _idle_scan(world: World, now: datetime) -> datetime:
    with transaction():
        db.session.add(Scan(reference_hash="x", band_id=world.her.band_id, opened_at=now, language="zh-CN"))
    return now


def _challenge(world: World, now: datetime) -> datetime:
    signing_in.ask_code(Phone(DAUGHTER_PHONE), address="192.0.2.1", language="zh-CN", now=now)
    return now + timedelta(minutes=5)


def _budget(world: World, now: datetime) -> datetime:
    with transaction():
        limits.spend(CODE_BY_PHONE, "somebody", now=now)
    return now + timedelta(seconds=CODE_BY_PHONE.every_s)


def _quiet_contact(world: World, now: datetime) -> datetime:
    me = {"guardian_id": world.daughter_id, "address": "192.0.2.1", "now": now}
    subscribing.add(QuietKind.MAIL, "lin@example.org", **me)  # type: ignore[arg-type]
    return now


def _sign_in(world: World, now: datetime) -> datetime:
    _challenge(world, now)
    code = re.search(r"\d{6}", last_body(DAUGHTER_PHONE))
    assert code
    reference = signing_in.enter_code(Phone(DAUGHTER_PHONE), code[0], language="zh-CN", now=now)
    with transaction():
        db.session.execute(sa.update(SignIn).values(ended_at=now))
    assert reference
    return now


def _activation(world: World, now: datetime) -> datetime:
    appointing.renew_activation(world.officer.officer_id, keeper=None, now=now)
    return now + ACTIVATION_LASTS


def _officer_notice(world: World, now: datetime) -> datetime:
    with transaction():
        notices.tell(world.officer.officer_id, NoticeKind.MOVED, about=world.officer.officer_id, at=now)
    return now


def _idle_account(world: World, now: datetime) -> datetime:
    signing_in.join(Phone(FINDER_PHONE), language="zh-CN", now=now)
    return now


def _unfinished_photo(world: World, now: datetime) -> datetime:
    keep_photo(world.daughter_id, small_jpeg(), now)
    return now


def _replaced_photo(world: World, now: datetime) -> datetime:
    for _ in range(2):
        photo_id = keep_photo(world.daughter_id, small_jpeg(), now)
        registration.replace_portrait(world.elder_id, photo_id, guardian_id=world.daughter_id, now=now)
    return now


MADE: dict[Kept, Callable[[World, datetime], datetime]] = {
    **OF_OTHERS,
    Kept.FINDERS_PHONES: _phone,
    Kept.SIGHTINGS: _sighting,
    Kept.PLACES: _sighting,
    Kept.BOARD_POSTS: _board_post,
    Kept.FINDERS_NUMBERS: _finders_number,
    Kept.SUPPLEMENTS: _supplement,
    Kept.PICKUPS: _pickup,
    Kept.RATINGS: _rating,
    Kept.MASKED_CALLS: _masked_call,
    Kept.MESSAGES: _message,
    Kept.STEPS: _step,
    Kept.NOTES: _note,
    Kept.CALLERS_PHONES: _callers_phone,
    Kept.INVITATIONS: _invitation,
    Kept.HAND_OVER_CODES: _hand_over,
    Kept.ENDED_GRANTS: _grant,
    Kept.IDLE_SCANS: _idle_scan,
    Kept.CHALLENGES: _challenge,
    Kept.BUDGETS: _budget,
    Kept.SIGN_INS: _sign_in,
    Kept.ACTIVATIONS: _activation,
    Kept.OFFICER_NOTICES: _officer_notice,
    Kept.QUIET_CONTACTS: _quiet_contact,
    Kept.IDLE_ACCOUNTS: _idle_account,
    Kept.UNFINISHED_PHOTOS: _unfinished_photo,
    Kept.REPLACED_PHOTOS: _replaced_photo,
}
