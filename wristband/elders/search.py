"""Elders found and listed for their station: by name, telephone, band, standing; masked, and a page at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from wristband.accounts.models import Guardian
from wristband.accounts.queries import phone_index
from wristband.bands.models import Band
from wristband.bands.rules import BandEnd, BandForm, BandState
from wristband.db import db
from wristband.elders import opened
from wristband.elders.at_station import alive, standings
from wristband.elders.keeping import CANDIDATES_MOST, Standing
from wristband.elders.models import Contact, Elder, Erasure, Guardianship, name_index
from wristband.elders.names import masked
from wristband.elders.readiness import Confirmation, Facts, Point, confirmation, lacking, ready_points
from wristband.elders.rules import ElderState
from wristband.elders.standing import gather
from wristband.sealing import box
from wristband.stations.models import Station
from wristband.values.code import BandCode
from wristband.values.phone import Phone

PAGE = 25
SCANNED = 200
"""Of a filter that no index knows, so many records are looked through for one page: no page takes longer than that."""
FOUND_MOST = 50


class Ready(StrEnum):
    """A filter by what a family has still to do."""

    READY = "ready"
    LACKING = "lacking"
    STALE = "stale"
    """A telephone of theirs was never confirmed, or too long ago."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A record as a list shows it: enough to choose it, not to know who it is."""

    id: int
    name: str
    """Masked."""
    phone: str
    """The first number that is called, masked: it tells two of one surname apart. Empty where there is none."""
    standing: Standing
    registered_at: datetime
    lacking: tuple[Point, ...]
    stale: int
    """Telephones of the family that are not confirmed."""
    here: bool
    """Whether this station has it; else none has."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list; `before` is where the next one begins, None at the end of the list."""

    rows: list[Listed]
    before: int | None = None


def list_page(
    *,
    station_id: int,
    now: datetime,
    standing: Standing | None = None,
    ready: Ready | None = None,
    before: int | None = None,
    limit: int = PAGE,
) -> Page:
    """The station's records, newest first, before the one of that id. A fixed number of questions, however many."""
    looked_at = SCANNED if ready else limit + 1
    question = sa.select(Elder.id).where(Elder.station_id == station_id, alive(), *_of(standing))
    if before is not None:
        question = question.where(Elder.id < before)
    ids = db.session.scalars(question.order_by(Elder.id.desc()).limit(looked_at)).all()
    facts = gather(ids, optional=False)
    wanted = [elder_id for elder_id in ids if _fits(facts[elder_id], ready, now)]
    shown = wanted[:limit]
    if len(wanted) > limit:
        older: int | None = shown[-1]
    else:
        older = ids[-1] if ready and len(ids) == looked_at else None
    return Page(_listed(_by_id(shown), facts, station_id, now), older)


def _by_id(elder_ids: Sequence[int]) -> Sequence[Elder]:
    """Only what is shown is loaded whole, and its keys alone are opened."""
    if not elder_ids:
        return []
    return db.session.scalars(sa.select(Elder).where(Elder.id.in_(elder_ids)).order_by(Elder.id.desc())).all()


def _of(standing: Standing | None) -> list[sa.ColumnElement[bool]]:
    """Each as its index knows it."""
    if standing is Standing.PROVISIONAL:
        return [Elder.state == sa.literal(ElderState.PROVISIONAL, Elder.state.type, literal_execute=True), *_CALM[1:]]
    if standing is Standing.DISPUTED:
        return [Elder.disputed_at.is_not(None)]
    if standing is Standing.DECEASED:
        return [Elder.deceased_at.is_not(None)]
    if standing is Standing.WITHDRAWN:
        return [Elder.id.in_(sa.select(Erasure.elder_id).where(Erasure.ended_at.is_(None)))]
    return _CALM if standing is Standing.ACTIVE else []


_CALM: list[sa.ColumnElement[bool]] = [
    Elder.state == ElderState.CONFIRMED,
    Elder.disputed_at.is_(None),
    Elder.deceased_at.is_(None),
]


def _fits(facts: Facts, ready: Ready | None, now: datetime) -> bool:
    if ready is None:
        return True
    if ready is Ready.STALE:
        return _stale(facts, now) > 0
    return bool(lacking(ready_points(facts, now=now))) is (ready is Ready.LACKING)


def _stale(facts: Facts, now: datetime) -> int:
    return sum(confirmation(at, now=now) is not Confirmation.CONFIRMED for at in facts.confirmed_ats)


def _listed(elders: Sequence[Elder], facts: dict[int, Facts], station_id: int, now: datetime) -> list[Listed]:
    if not elders:
        return []
    stands, phones = standings(elders), _first_numbers([elder.id for elder in elders])
    return [
        Listed(
            elder.id,
            masked_name(elder),
            phones.get(elder.id, ""),
            stands[elder.id],
            elder.registered_at,
            tuple(lacking(ready_points(facts[elder.id], now=now))),
            _stale(facts[elder.id], now),
            elder.station_id == station_id,
        )
        for elder in elders
    ]


def _first_numbers(elder_ids: Sequence[int]) -> dict[int, str]:
    rows = db.session.scalars(
        sa.select(Contact)
        .where(Contact.elder_id.in_(elder_ids))
        .order_by(Contact.elder_id, Contact.calling_order, Contact.id)
    ).all()
    first: dict[int, Contact] = {}
    for contact in rows:
        first.setdefault(contact.elder_id, contact)
    return {elder_id: _masked_number(contact) for elder_id, contact in first.items()}


def _masked_number(row: Contact | Guardian) -> str:
    number = opened.text(row, "address" if isinstance(row, Contact) else "phone")
    return Phone(number).masked() if number and number != opened.UNREADABLE else number or ""


def masked_name(elder: Elder) -> str:
    """The elder's name as a list shows it; opened.UNREADABLE where it does not open."""
    name = opened.text(elder, "name") or ""
    return name if name == opened.UNREADABLE else masked(name)


# ---- found by what somebody says


def find_by_name(name: str, *, station_id: int, now: datetime) -> list[Listed]:
    """The station's elders of exactly this name, however spaced; and those of the name that no station has."""
    found = sa.select(Elder.id).where(Elder.name_index == name_index(name), _in_sight(station_id))
    return _found(found, station_id, now)


def find_by_phone(phone: Phone, *, station_id: int, now: datetime) -> list[Listed]:
    """The elders for whom this number is called, or whose guardian has it: the station's, and no station's."""
    called = sa.select(Contact.elder_id).where(
        Contact.address_index == box().blind(phone.e164, place="contact.address")
    )
    answered = (
        sa.select(Guardianship.elder_id)
        .join(Guardian, Guardian.id == Guardianship.guardian_id)
        .where(Guardian.phone_index == phone_index(phone), Guardianship.ended_at.is_(None))
    )
    ids = list(db.session.scalars(sa.union(called, answered)))
    return _found(sa.select(Elder.id).where(Elder.id.in_(ids), _in_sight(station_id)), station_id, now)


def _in_sight(station_id: int) -> sa.ColumnElement[bool]:
    return sa.or_(Elder.station_id == station_id, Elder.station_id.is_(None))


def _found(ids: sa.Select[int], station_id: int, now: datetime) -> list[Listed]:
    question = sa.select(Elder).where(Elder.id.in_(ids.limit(FOUND_MOST)), alive()).order_by(Elder.id.desc())
    elders = db.session.scalars(question).all()
    return _listed(elders, gather([elder.id for elder in elders], optional=False), station_id, now)


@dataclass(frozen=True, slots=True)
class Worn:
    """Whose a band is, for whoever has typed its code: nothing of the elder."""

    band_id: int
    code: BandCode
    state: BandState
    form: BandForm
    elder_id: int | None
    station_id: int | None
    station_name: str


def find_by_code(code: BandCode) -> Worn | None:
    """The band of this code, of whatever station."""
    row = db.session.execute(
        sa.select(Band.id, Band.state, Band.form, Band.elder_id, Elder.station_id, Station.name)
        .outerjoin(Elder, Elder.id == Band.elder_id)
        .outerjoin(Station, Station.id == Elder.station_id)
        .where(Band.serial == code.serial)
    ).first()
    return Worn(row[0], code, row[1], row[2], row[3], row[4], row[5] or "") if row else None


def find_candidates(elder: Elder, *, now: datetime) -> list[Listed]:
    """Records of the same station that may be this person's: the same name and no other birth year, or a telephone.

    The elder is the station's: whoever asks has settled that.
    """
    station_id = elder.station_id or 0
    numbers = sa.select(Contact.address_index).where(Contact.elder_id == elder.id)
    by_phone = sa.select(Contact.elder_id).where(Contact.address_index.in_(numbers))
    question = (
        sa.select(Elder)
        .where(
            Elder.station_id == station_id,
            Elder.id != elder.id,
            alive(),
            sa.or_(Elder.name_index == elder.name_index, Elder.id.in_(by_phone)),
        )
        .order_by(Elder.id.desc())
        .limit(CANDIDATES_MOST)
    )
    year, mine = opened.text(elder, "birth_year"), elder.name_index
    found = [
        other
        for other in db.session.scalars(question)
        if other.name_index != mine or year is None or opened.text(other, "birth_year") in (None, year)
    ]
    return _listed(found, gather([other.id for other in found], optional=False), station_id, now)


# ---- what goes with a page of records


@dataclass(frozen=True, slots=True)
class ListedBand:
    """A band as a list shows it."""

    id: int
    elder_id: int
    code: BandCode
    form: BandForm
    state: BandState
    issued_at: datetime
    printed_at: datetime | None
    tested_at: datetime | None
    ended_at: datetime | None
    end: BandEnd | None


def bands_of(elder_ids: Sequence[int]) -> dict[int, list[ListedBand]]:
    """The bands of these elders, those in use first. Whoever asks has settled before that they may be seen."""
    found: defaultdict[int, list[ListedBand]] = defaultdict(list)
    rows: Iterable[Any] = db.session.execute(
        sa.select(
            Band.id,
            Band.elder_id,
            Band.serial,
            Band.form,
            Band.state,
            Band.issued_at,
            Band.printed_at,
            Band.tested_at,
            Band.ended_at,
            Band.end,
        )
        .where(Band.elder_id.in_(elder_ids))
        .order_by(Band.state == BandState.ENDED, Band.id.desc())
    )
    for row in rows:
        band_id, elder_id, serial, *rest = row
        found[elder_id].append(ListedBand(band_id, elder_id, BandCode.from_serial(serial), *rest))
    return found


@dataclass(frozen=True, slots=True)
class ListedGuardian:
    """A guardian as a list shows one: masked name and number."""

    id: int
    name: str
    phone: str
    relation: str
    rank: int


def guardians_of(elder_ids: Sequence[int]) -> dict[int, list[ListedGuardian]]:
    """The guardians of these elders by rank. Whoever asks has settled before that they may be seen."""
    found: defaultdict[int, list[ListedGuardian]] = defaultdict(list)
    rows = db.session.execute(
        sa.select(Guardianship, Guardian)
        .join(Guardian, Guardian.id == Guardianship.guardian_id)
        .where(Guardianship.elder_id.in_(elder_ids), Guardianship.ended_at.is_(None))
        .order_by(Guardianship.rank, Guardianship.id)
    ).all()
    for link, guardian in rows:
        found[link.elder_id].append(
            ListedGuardian(guardian.id, _masked_of(guardian), _masked_number(guardian), link.relation, link.rank)
        )
    return found


def _masked_of(guardian: Guardian) -> str:
    name = opened.text(guardian, "name") or ""
    return name if name == opened.UNREADABLE else masked(name)
