"""Keeping records: one is found, opened with a reason, confirmed, and closed when the elder has died."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
import structlog

from wristband import limits
from wristband.accounts.rules import OfficerAccount
from wristband.audit import trail
from wristband.audit.accesses import has_looked
from wristband.audit.deeds import Deed
from wristband.bands.models import Band
from wristband.bands.rules import BandState, states_before
from wristband.clock import ZONE
from wristband.db import db, transaction
from wristband.elders import at_station, opened, photos
from wristband.elders.keeping import DEATH_UNDONE_WITHIN, OPEN_FOR, SEARCHES_AN_OFFICER, RecordReason
from wristband.elders.models import Elder
from wristband.elders.photos import PHOTO_PLACE
from wristband.elders.queries import find_portrait
from wristband.elders.rules import NAME_MAX, ElderState, clean_text
from wristband.elders.search import Worn, find_by_code
from wristband.errors import BadValue, Conflict, NotAllowed, NotFound, Refusal
from wristband.house import house
from wristband.incidents import records
from wristband.incidents.queries import find_open_incident
from wristband.incidents.records import FullRecord
from wristband.incidents.rules import LOOK_COUNTS_FOR, LOOKS_AN_OFFICER
from wristband.outbox import guardians
from wristband.scans.levels import SHOWN, Level
from wristband.values.code import BandCode

_FIELDS = " ".join(sorted(SHOWN[Level.DUTY]))

log = structlog.get_logger(__name__)


# ---- finding


def search(kind: str, *, officer: OfficerAccount, now: datetime) -> None:
    """Count and record one search by `kind`, name or phone; what was typed is kept nowhere. Raises TooMany."""
    with transaction():
        limits.spend(SEARCHES_AN_OFFICER, officer.actor, now=now)
        trail.record(Deed.RECORDS_SEARCHED, actor=officer.actor, subject=officer.actor, at=now, by=kind)


def look_up_band(code: BandCode, *, officer: OfficerAccount, now: datetime) -> Worn:
    """Whose a band is, of whatever station: that one's name, nothing of the elder. The family's log has it.

    Raises NotFound for a code that no band has, TooMany.
    """
    with transaction():
        limits.spend(SEARCHES_AN_OFFICER, officer.actor, now=now)
        found = find_by_code(code)
        if found is not None:
            trail.record(
                Deed.BAND_LOOKED_UP,
                actor=officer.actor,
                subject=f"band:{found.band_id}",
                at=now,
                elder_id=found.elder_id,
                station=officer.station_id,
            )
    if found is None:
        raise NotFound("looks.no_such_band")
    return found


# ---- opening


def open_record(elder_id: int, reason: RecordReason | None, *, officer: OfficerAccount, now: datetime) -> None:
    """Open one of the station's records to this officer for a quarter of an hour; every guardian is told.

    It counts as a look, once an hour for one record. Raises BadValue without a reason, NotFound, TooMany.
    """
    if reason is None:
        raise BadValue("records.reason_missing")
    subject = f"elder:{elder_id}"
    with transaction():
        at_station.get_record(elder_id, station_id=officer.station_id)
        if not has_looked(officer.actor, subject, Deed.RECORD_OPENED, since=now - LOOK_COUNTS_FOR):
            limits.spend(LOOKS_AN_OFFICER, officer.actor, now=now)
    with transaction():
        at_station.get_record(elder_id, station_id=officer.station_id)
        trail.record(
            Deed.RECORD_OPENED,
            actor=officer.actor,
            subject=subject,
            at=now,
            elder_id=elder_id,
            reason=reason.value,
            fields=_FIELDS,
        )
        facts = house().settings.issuer | {
            "station": officer.station_name,
            "time": f"{now.astimezone(ZONE):%H:%M}",
        }
        # Once an officer and hour: each showing is in the family's log.
        key = f"record_opened:{elder_id}:{officer.officer_id}:{int(now.timestamp()) // 3600}"
        guardians.owe(elder_id, key, but=None, wording="record_opened", facts=facts, at=now)


def is_open(elder_id: int, *, officer: OfficerAccount, now: datetime) -> bool:
    """Whether this officer has opened the record a moment ago."""
    return has_looked(officer.actor, f"elder:{elder_id}", Deed.RECORD_OPENED, since=now - OPEN_FOR)


def show(elder_id: int, *, officer: OfficerAccount, now: datetime) -> FullRecord:
    """Everything of an opened record; each showing is a row of the trail.

    Raises NotAllowed where it is shut, NotFound.
    """
    with transaction():
        elder = at_station.get_record(elder_id, station_id=officer.station_id)
        if not is_open(elder_id, officer=officer, now=now):
            raise NotAllowed("records.shut")
        trail.record(
            Deed.RECORD_SHOWN,
            actor=officer.actor,
            subject=f"elder:{elder_id}",
            at=now,
            elder_id=elder_id,
            fields=_FIELDS,
        )
        helpful, revealed = records.to_help(elder), records.revealed(elder)
        photo = find_portrait(elder_id)
        face = (photo.id, photos.Crop(photo.crop_left, photo.crop_top, photo.crop_size)) if photo else None
    return FullRecord(helpful, revealed, _face(*face) if face else None)


def _face(photo_id: int, crop: photos.Crop) -> bytes | None:
    """The portrait's square; None, and a line in the log, where the file is gone or is no picture: words help, too."""
    try:
        return photos.square_jpeg(house().files.read(place=PHOTO_PLACE, row=photo_id), crop)
    except (Refusal, OSError) as fault:
        log.error("portrait_unreadable", photo=photo_id, fault=type(fault).__name__)
        return None


# ---- confirming


def confirm(elder_id: int, *, officer: OfficerAccount, now: datetime) -> None:
    """The officer has seen who answers for whom: the registration is believed from now on. Twice is once.

    Raises Conflict while it is disputed, NotFound.
    """
    with transaction():
        elder = at_station.get_record(elder_id, station_id=officer.station_id, held=True)
        if elder.disputed_at is not None:
            raise Conflict("records.confirm_disputed")
        if not _move(elder_id, Elder.state == ElderState.PROVISIONAL, state=ElderState.CONFIRMED):
            return
        _record(Deed.ELDER_CONFIRMED, elder_id, officer, now)
        at_station.tell("confirmed", elder_id, officer=officer, issuer=house().settings.issuer, now=now)


# ---- death


def note_death(elder_id: int, typed_name: str, *, officer: OfficerAccount, now: datetime) -> None:
    """The elder has died: the bands end, the family hears a word of sympathy and no reminder more. Twice is once.

    The elder's name, typed, confirms it. Whoever scans such a band sees what everybody sees, and what is told to the
    police arrives there; the family is not rung up. Raises BadValue for another name, Conflict while an incident is
    open, NotFound.
    """
    name = clean_text(typed_name, "elders.name", NAME_MAX)
    with transaction():
        elder = at_station.get_record(elder_id, station_id=officer.station_id, held=True)
        if name != opened.text(elder, "name"):
            raise BadValue("records.name_differs")
        if find_open_incident(elder_id) is not None:
            raise Conflict("records.death_incident_open")
        if not _move(elder_id, Elder.deceased_at.is_(None), deceased_at=now, changed_at=now):
            return
        at_station.end_transfer(elder_id, now=now, by=officer.officer_id)
        in_use = sa.and_(Band.elder_id == elder_id, Band.state.in_(states_before(BandState.ENDED)))
        # The moment tells which bands ended by this: what is taken back gives back these.
        db.session.execute(sa.update(Band).where(in_use).values(state=BandState.ENDED, ended_at=now))
        _record(Deed.ELDER_DECEASED, elder_id, officer, now)
        facts = house().settings.issuer | {"station": officer.station_name}
        guardians.owe(elder_id, f"deceased:{elder_id}", but=None, wording="elder_deceased", facts=facts, at=now)


def undo_death(elder_id: int, *, officer: OfficerAccount, now: datetime) -> None:
    """It was a mistake: within a day the bands that ended by it are in use again. Raises Conflict later, NotFound."""
    with transaction():
        elder = at_station.get_record(elder_id, station_id=officer.station_id, held=True)
        died_at = elder.deceased_at
        if died_at is None:
            return
        if not _move(elder_id, Elder.deceased_at > now - DEATH_UNDONE_WITHIN, deceased_at=None, changed_at=now):
            raise Conflict("records.death_undo_late")
        ended = sa.and_(Band.elder_id == elder_id, Band.ended_at == died_at, Band.end.is_(None))
        db.session.execute(sa.update(Band).where(ended).values(state=BandState.ACTIVE, ended_at=None))
        _record(Deed.DEATH_UNDONE, elder_id, officer, now)
        at_station.tell("death_undone", elder_id, officer=officer, issuer=house().settings.issuer, now=now)


def _move(elder_id: int, where: sa.ColumnElement[bool], **values: object) -> bool:
    moved = db.session.execute(
        sa.update(Elder)
        .where(Elder.id == elder_id, where)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return bool(moved.rowcount == 1)  # type: ignore[attr-defined]


def _record(deed: Deed, elder_id: int, officer: OfficerAccount, now: datetime) -> None:
    trail.record(deed, actor=officer.actor, subject=f"elder:{elder_id}", at=now, elder_id=elder_id)
