"""Binding a blank band to an elder: who can type the check code from its inside has it in hand."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
import structlog

from wristband import limits
from wristband.accounts.models import Guardian
from wristband.accounts.queries import find_guardian_by_phone
from wristband.accounts.rules import OfficerAccount
from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.bands import queries
from wristband.bands.models import Band
from wristband.bands.rules import (
    BANDS_AN_ELDER,
    BIND_TRIES,
    BIND_TRIES_A_BAND,
    CHECK_BY_BAND,
    CHECK_TRIES_FOR_LIFE,
    LOOK_UPS_AN_OFFICER,
    BandState,
    states_before,
)
from wristband.clock import ZONE
from wristband.db import db, transaction
from wristband.elders.queries import get_elder, list_elders
from wristband.errors import BadValue, TooMany
from wristband.house import house
from wristband.outbox import family, guardians
from wristband.scans.challenges import check_code_matches, hash_slot, no_check_code
from wristband.sealing import SealBroken
from wristband.values.code import BandCode, CheckCode
from wristband.values.phone import Phone

log = structlog.get_logger(__name__)

# ---- by a guardian


def bind(code: BandCode, check: CheckCode, elder_id: int, *, guardian_id: int, now: datetime) -> int:
    """Give a blank band to one of this guardian's elders. Returns its id. Raises BadValue, NotFound, TooMany.

    A code that nobody has, that somebody else wears, and a wrong check code are refused alike. The try is spent and
    committed before the comparison, and given back when it was right. Sent again, the band is the answer.
    """
    get_elder(elder_id, guardian_id=guardian_id)
    if (hers := queries.find_worn(code.serial, elder_id)) is not None:
        return hers
    actor = f"guardian:{guardian_id}"
    try:
        band_id = _held_in_hand(code, check, actor, now)
        with transaction():
            if _give(band_id, elder_id, guardian_id):
                trail.record(Deed.BAND_BOUND, actor=actor, subject=f"band:{band_id}", at=now, elder_id=elder_id)
    except (BadValue, TooMany):
        # The same form a moment earlier may have been quicker than this one.
        if (hers := queries.find_worn(code.serial, elder_id)) is None:
            raise
        return hers
    return band_id


# ---- by an officer at the counter, for a guardian who has said a number


def prove_at_counter(code: BandCode, check: CheckCode, *, officer: OfficerAccount, now: datetime) -> int:
    """The blank band in the officer's hand. Raises BadValue, TooMany; the same rules as a guardian's."""
    return _held_in_hand(code, check, officer.actor, now)


def look_up_family(band_id: int, phone: Phone, *, officer: OfficerAccount, now: datetime) -> int:
    """The guardian with this number, to whose elders the proved band may go. Raises BadValue, TooMany.

    A number that nobody has and one without elders are refused alike. Who was looked up is recorded by id.
    """
    with transaction():
        limits.spend(LOOK_UPS_AN_OFFICER, str(officer.officer_id), now=now)
        guardian = find_guardian_by_phone(phone)
        guardian_id = guardian.id if guardian else 0
        found: list[int | None] = [elder.id for elder in list_elders(guardian_id=guardian_id)]
        # One row an elder, since each name is shown; one without where nothing is.
        for elder_id in found or [None]:
            trail.record(
                Deed.FAMILY_LOOKED_UP,
                actor=officer.actor,
                subject=f"guardian:{guardian_id}",
                at=now,
                elder_id=elder_id,
                band=band_id,
            )
        if guardian is not None and found:
            _tell_guardian(guardian, officer, now)
    if not found:
        raise BadValue("bands.no_elders")
    return guardian_id


def _tell_guardian(guardian: Guardian, officer: OfficerAccount, now: datetime) -> None:
    """Once an officer and day: a slip at the counter is no second piece of news.

    A number that does not open is told nothing; the family's log has it, and who stands at the counter is helped.
    """
    local = now.astimezone(ZONE)
    facts = house().settings.issuer | {"station": officer.station_name, "time": f"{local:%H:%M}"}
    key = f"looked_up:{officer.officer_id}:{local:%y%m%d}"
    try:
        guardians.owe_one(guardian, None, key, wording="family_looked_up", facts=facts, at=now)
    except SealBroken as broken:
        log.error("guardian_untold", guardian=guardian.id, code=broken.code)


def bind_at_counter(band_id: int, elder_id: int, *, guardian_id: int, officer: OfficerAccount, now: datetime) -> None:
    """Give the proved band to an elder of the guardian who was looked up, and tell the family.

    Sent again, it changes nothing. Raises NotFound for anybody else's elder, BadValue for a band that is somebody's by
    now.
    """
    with transaction():
        code = _give(band_id, elder_id, guardian_id)
        if code is None:
            return
        trail.record(
            Deed.BAND_BOUND,
            actor=officer.actor,
            subject=f"band:{band_id}",
            at=now,
            elder_id=elder_id,
            guardian=guardian_id,
            station=officer.station_id,
        )
        settings = house().settings
        family.owe(
            elder_id,
            f"band_bound:{band_id}",
            wording="band_bound",
            facts={
                "organisation": settings.organisation,
                "organisation_phone": settings.organisation_phone,
                "station": officer.station_name,
                "code_tail": code.tail,
                "time": f"{now.astimezone(ZONE):%H:%M}",
            },
            at=now,
        )


# ---- both


def _held_in_hand(code: BandCode, check: CheckCode, who: str, now: datetime) -> int:
    """The blank band whose check code was typed. Raises BadValue, TooMany, Unavailable."""
    with hash_slot():
        band_id, kept = _spend_try(code, who, now)
        fits = check_code_matches(kept, band_id, check.digits)
    if not fits:
        raise BadValue("bands.bind_refused")
    _give_try_back(band_id, code, who, now)
    return band_id


def _spend_try(code: BandCode, who: str, now: datetime) -> tuple[int, str]:
    """The band and the hash to compare with, its try taken; a hash nothing fits where there is none to try."""
    with transaction():
        limits.spend(BIND_TRIES, who, now=now)
        limits.spend(BIND_TRIES_A_BAND, who, code.serial, now=now)
        limits.spend(CHECK_BY_BAND, code.serial, now=now)
        taken = db.session.execute(
            sa.update(Band)
            .where(
                Band.serial == code.serial,
                Band.state == BandState.BLANK,
                Band.check_tries < CHECK_TRIES_FOR_LIFE,
            )
            .values(check_tries=Band.check_tries + 1)
            .returning(Band.id, Band.check_code_hash)
        ).first()
    return (taken.id, taken.check_code_hash) if taken else (0, no_check_code())


def _give_try_back(band_id: int, code: BandCode, who: str, now: datetime) -> None:
    """A right code costs nothing: whoever binds many bands is no guesser."""
    with transaction():
        limits.give_back(BIND_TRIES, who, now=now)
        limits.give_back(BIND_TRIES_A_BAND, who, code.serial, now=now)
        limits.give_back(CHECK_BY_BAND, code.serial, now=now)
        db.session.execute(sa.update(Band).where(Band.id == band_id).values(check_tries=Band.check_tries - 1))


def _give(band_id: int, elder_id: int, guardian_id: int) -> BandCode | None:
    """Bind in the caller's transaction; the band's code, None where it is this elder's already.

    Raises NotFound, BadValue.
    """
    if get_elder(elder_id, guardian_id=guardian_id, held=True).deceased_at is not None:
        raise BadValue("elders.deceased")
    worn = sa.exists().where(Band.id == band_id, Band.elder_id == elder_id, Band.state == BandState.ACTIVE)
    if db.session.scalar(sa.select(worn)):
        return None
    if queries.count_active(elder_id) >= BANDS_AN_ELDER:
        raise BadValue("bands.too_many", most=BANDS_AN_ELDER)
    bound = db.session.execute(
        sa.update(Band)
        .where(Band.id == band_id, Band.state.in_(states_before(BandState.ACTIVE)))
        # It is in somebody's hand, so it has been printed: no counter need print it again.
        .values(state=BandState.ACTIVE, elder_id=elder_id, printed_at=sa.func.coalesce(Band.printed_at, Band.issued_at))
        .returning(Band.serial)
    ).first()
    if bound is None:
        raise BadValue("bands.bind_refused")
    return BandCode.from_serial(bound.serial)
