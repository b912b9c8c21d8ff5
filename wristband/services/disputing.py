"""Disputes about a record: noted, settled by an officer, and a guardian sent away by two."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from wristband.accounts.rules import OfficerAccount
from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.db import db, transaction
from wristband.elders import at_station, links
from wristband.elders.keeping import WORDS_MAX
from wristband.elders.models import Elder, ElderDispute, GuardianRemoval
from wristband.elders.queries import find_objection
from wristband.elders.rules import clean_text
from wristband.errors import Conflict, NotAllowed, NotFound
from wristband.house import house


def open_dispute(elder_id: int, words: str, *, officer: OfficerAccount, now: datetime) -> None:
    """Note that the record, or who answers for it, is not right: until it is settled no finder's proof opens anything.

    Reaching the family and the police goes on. Opened twice, the first stands. Raises BadValue without words, NotFound.
    """
    words = clean_text(words, "records.words", WORDS_MAX, lines=True)
    with transaction():
        elder = at_station.get_record(elder_id, station_id=officer.station_id, held=True)
        if at_station.find_dispute(elder_id) is not None:
            return
        elder.disputed_at = elder.disputed_at or now
        dispute = ElderDispute(elder_id=elder_id, officer_id=officer.officer_id, opened_at=now, words=words)
        db.session.add(dispute)
        _record(Deed.DISPUTE_OPENED, f"dispute:{dispute.id}", elder_id, officer, now)
        at_station.tell("disputed", elder_id, officer=officer, issuer=house().settings.issuer, now=now)


def settle(elder_id: int, words: str, *, officer: OfficerAccount, now: datetime) -> None:
    """The dispute is over, a guardian's objection to an erasure among them: finders' proofs open again what they did.

    Raises BadValue without words, Conflict where there is none any more or a guardian waits to be sent away, NotFound.
    """
    words = clean_text(words, "records.words", WORDS_MAX, lines=True)
    with transaction():
        elder = at_station.get_record(elder_id, station_id=officer.station_id, held=True)
        if elder.disputed_at is None:
            raise Conflict("records.dispute_over")
        if at_station.list_removals(elder_id):
            raise Conflict("records.removal_waits")
        elder.disputed_at = None
        dispute = at_station.find_dispute(elder_id)
        if dispute is not None:
            dispute.settled_at, dispute.settled_by, dispute.settlement = now, officer.officer_id, words
        objection = find_objection(elder_id)
        about = f"dispute:{dispute.id}" if dispute else f"erasure:{objection.id if objection else 0}"
        _record(Deed.DISPUTE_SETTLED, about, elder_id, officer, now)
        at_station.tell("settled", elder_id, officer=officer, issuer=house().settings.issuer, now=now)


# ---- sending a guardian away


def ask_removal(elder_id: int, guardian_id: int, words: str, *, officer: OfficerAccount, now: datetime) -> None:
    """Want a guardian of a disputed record sent away; nothing happens before a second officer agrees. Twice is once.

    Raises BadValue without words, Conflict where nothing is disputed and for the last guardian, NotFound.
    """
    words = clean_text(words, "records.words", WORDS_MAX, lines=True)
    try:
        with transaction():
            elder = at_station.get_record(elder_id, station_id=officer.station_id, held=True)
            _check_removable(elder, guardian_id)
            removal = GuardianRemoval(
                elder_id=elder_id, guardian_id=guardian_id, asked_by=officer.officer_id, asked_at=now, words=words
            )
            db.session.add(removal)
            db.session.flush()
            _record(Deed.REMOVAL_ASKED, f"guardian:{guardian_id}", elder_id, officer, now)
    except IntegrityError:
        return  # a colleague has asked for the same


def _check_removable(elder: Elder, guardian_id: int) -> None:
    if elder.disputed_at is None:
        raise Conflict("records.removal_undisputed")
    if not at_station.has_guardian(elder.id, guardian_id):
        raise NotFound("records.guardian_unknown")


def decide_removal(elder_id: int, removal_id: int, *, agreed: bool, officer: OfficerAccount, now: datetime) -> None:
    """A second officer of the station sends the guardian away, or says no.

    Raises NotAllowed for who has asked for it (who may say no), Conflict where it is decided already, NotFound.
    """
    with transaction():
        elder = at_station.get_record(elder_id, station_id=officer.station_id, held=True)
        removal = db.session.get(GuardianRemoval, removal_id)
        if removal is None or removal.elder_id != elder_id:
            raise NotFound("records.unknown")
        if agreed and removal.asked_by == officer.officer_id:
            raise NotAllowed("records.removal_own")
        decided = db.session.execute(
            sa.update(GuardianRemoval)
            .where(GuardianRemoval.id == removal_id, GuardianRemoval.ended_at.is_(None))
            .values(ended_at=now, ended_by=officer.officer_id, done=agreed)
        )
        if decided.rowcount != 1:  # type: ignore[attr-defined]
            raise Conflict("records.removal_over")
        about = f"guardian:{removal.guardian_id}"
        if not agreed:
            _record(Deed.REMOVAL_REFUSED, about, elder.id, officer, now)
            return
        _check_removable(elder, removal.guardian_id)
        # Told before: whoever is sent away hears of it, too.
        at_station.tell("guardian_removed", elder.id, officer=officer, issuer=house().settings.issuer, now=now)
        links.end(elder.id, removal.guardian_id, last="records.removal_last", now=now)
        _record(Deed.GUARDIAN_REMOVED, about, elder.id, officer, now, asked_by=removal.asked_by)


def _record(deed: Deed, subject: str, elder_id: int, officer: OfficerAccount, now: datetime, **facts: int) -> None:
    trail.record(deed, actor=officer.actor, subject=subject, at=now, elder_id=elder_id, **facts)
