"""Handing over: a code of family or police, told face to face; who is with the elder types it and knows the truth."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from wristband.accounts.rules import OfficerAccount
from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.db import db, insert, new_id, transaction
from wristband.elders.queries import hold_elder
from wristband.errors import BadValue, Conflict, NotFound, Refusal
from wristband.house import house
from wristband.incidents import platform_owing, queries, rules
from wristband.incidents.encounters import how_it_ended
from wristband.incidents.models import HandOver, HandOverTry, Incident, IncidentMove
from wristband.incidents.platform import By, Kind
from wristband.incidents.rules import (
    HAND_OVER_CODE_TRIES,
    HAND_OVER_CODES,
    HAND_OVER_DIGITS,
    HAND_OVER_LASTS,
    HAND_OVER_TRIES,
    HAND_OVER_WITHIN,
    SAFE,
    Disposition,
    IncidentState,
    states_before,
)
from wristband.outbox import family
from wristband.scans import queries as scans
from wristband.scans.models import Scan
from wristband.scans.news import news
from wristband.sealing import Keyed, box
from wristband.values.code import random_digits


@dataclass(frozen=True, slots=True)
class HandOverCode:
    """A code as it is told once to who made it."""

    digits: str
    until: datetime


# ---- making a code


def make_for_call(reach_id: int, *, guardian_id: int, now: datetime) -> HandOverCode:
    """A guardian comes for the elder after a finder's call. Raises Conflict, NotFound."""
    with transaction():
        reach = scans.get_reach(reach_id, guardian_id=guardian_id)
        if how_it_ended(reach.scan_id, reach.elder_id, since=reach.made_at).handed_over_at is not None:
            raise Conflict("hand_over.done")
        if now - reach.made_at >= HAND_OVER_WITHIN and queries.find_open_incident(reach.elder_id) is None:
            raise Conflict("hand_over.call_over")
        return _make(reach.elder_id, Disposition.WITH_FAMILY, now, guardian_id=guardian_id)


def make_for_incident(incident_id: int, *, guardian_id: int, now: datetime) -> HandOverCode:
    """A guardian comes for the elder of an open incident. Raises Conflict, NotFound."""
    with transaction():
        incident = queries.get_own_incident(incident_id, guardian_id=guardian_id)
        return _make(_elder_of(incident), Disposition.WITH_FAMILY, now, guardian_id=guardian_id)


def make_on_duty(incident_id: int, disposition: Disposition, *, officer: OfficerAccount, now: datetime) -> HandOverCode:
    """An officer of the incident's station comes for the elder; by the code it will end as `disposition` says.

    Raises BadValue for an end that is none for an elder who was met, Conflict, NotFound.
    """
    if disposition not in SAFE:
        raise BadValue("incidents.disposition_needed")
    with transaction():
        incident = queries.get_incident(incident_id, station_id=officer.station_id)
        if incident.station_id is None:
            raise Conflict("looks.accept_first")
        return _make(_elder_of(incident), disposition, now, officer_id=officer.officer_id)


def _elder_of(incident: Incident) -> int:
    if incident.elder_id is None:
        raise NotFound("looks.nobody")
    if incident.closed_at is not None:
        raise Conflict("hand_over.incident_closed")
    return incident.elder_id


def _make(
    elder_id: int,
    disposition: Disposition,
    now: datetime,
    *,
    guardian_id: int | None = None,
    officer_id: int | None = None,
) -> HandOverCode:
    hold_elder(elder_id)  # the codes made for one follow each other
    incident = queries.find_open_incident(elder_id)
    row = _going_on(elder_id, incident, now) or _begin(elder_id, disposition, now)
    codes_before = HandOver.codes_before + sa.case((HandOver.tries > 0, 1), else_=0)
    digits, until = random_digits(HAND_OVER_DIGITS), now + HAND_OVER_LASTS
    made = db.session.execute(
        sa.update(HandOver)
        .where(HandOver.id == row.id, HandOver.closed_at.is_(None), codes_before < HAND_OVER_CODES)
        .values(
            tries=0,
            codes_before=codes_before,
            incident_id=incident.id if incident else None,
            guardian_id=guardian_id,
            officer_id=officer_id,
            disposition=disposition,
            code_hash=_code_hash(row.id, digits),
            made_at=now,
            expires_at=until,
        )
    )
    if made.rowcount != 1:  # type: ignore[attr-defined]
        db.session.refresh(row)
        raise Conflict("hand_over.spent" if row.closed_at is None else "hand_over.done")
    actor = f"guardian:{guardian_id}" if guardian_id else f"officer:{officer_id}"
    _record(Deed.HAND_OVER_CODED, actor, row.id, elder_id, now, incident=incident.id if incident else None)
    return HandOverCode(digits, until)


def _going_on(elder_id: int, incident: Incident | None, now: datetime) -> HandOver | None:
    """The elder's open hand-over, each finder's tries in it; one of an incident or a day that is over is closed."""
    row = queries.find_hand_over(elder_id)
    if row is None or row.closed_at is not None:
        return None
    # A finder's call becomes an incident: the same hand-over.
    same = row.incident_id is None and now - row.begun_at < HAND_OVER_WITHIN
    if same or (incident is not None and row.incident_id == incident.id):
        return row
    row.closed_at = now
    db.session.flush()
    return None


def _begin(elder_id: int, disposition: Disposition, now: datetime) -> HandOver:
    row = HandOver(elder_id=elder_id, disposition=disposition, begun_at=now, made_at=now, expires_at=now)
    db.session.add(row)
    db.session.flush()
    return row


# ---- typing it


def enter(reference: str, typed: str, *, now: datetime) -> None:
    """A finder types what who came has told him. The right code hands the elder over and closes the incident.

    Typed again by the same finder it changes nothing. Raises BadValue, Conflict, NotFound.
    """
    code = rules.hand_over_code(typed)
    taken = _spend_try(reference, now)
    if taken is None:
        return
    if not _code_hash(taken.row_id, code).fits(taken.code_hash):
        _tell_when_shut(taken, reference, now)
        raise _wrong(taken)
    with transaction():
        scan = scans.get_acted_scan(reference, held=True)
        if _win(taken, scan.id, now):
            _hand_over(taken, scan, now)
        winner = db.session.scalar(sa.select(HandOver.used_by).where(HandOver.id == taken.row_id))
    if winner != scan.id:
        raise Conflict("hand_over.done" if winner else "hand_over.none")


@dataclass(frozen=True, slots=True)
class _Taken:
    """A try that is spent: `tries` with it of the code, `own` of this finder."""

    row_id: int
    elder_id: int
    code_hash: str
    tries: int
    codes_before: int
    own: int


def _spend_try(reference: str, now: datetime) -> _Taken | None:
    """One try, taken and committed before it is compared: no rollback gives it back, no two take the same one.

    None where this finder's code was right already.
    """
    with transaction():
        scan = scans.get_acted_scan(reference)
        elder_id = scans.find_elder_of(scan)
        if elder_id is None:
            raise NotFound("scans.no_family")
        row = queries.find_hand_over(elder_id)
        if row is None or queries.is_over(row):
            raise Conflict("hand_over.none")
        if row.used_by == scan.id:
            return None
        db.session.execute(
            sa.update(HandOver).where(HandOver.id == row.id, HandOver.expires_at <= now).values(code_hash=None)
        )
        # The code's count first: its row holds back the others, so that the finder's own is counted in turn.
        code = db.session.execute(
            sa.update(HandOver)
            .where(HandOver.id == row.id, HandOver.code_hash.is_not(None), HandOver.tries < HAND_OVER_CODE_TRIES)
            .values(tries=HandOver.tries + 1)
            .returning(HandOver.code_hash, HandOver.tries, HandOver.codes_before)
        ).first()
        if code is not None:
            own = _count_own(row.id, scan.id)
            _record(Deed.HAND_OVER_TRIED, "finder", row.id, elder_id, now, scan=scan.id)
            return _Taken(row.id, elder_id, code.code_hash, code.tries, code.codes_before, own)
        db.session.refresh(row)
        spent = queries.hand_over_tries(row.id, scan_id=scan.id) >= HAND_OVER_TRIES
    if spent:
        raise Conflict("hand_over.police_only")
    raise Conflict("hand_over.shut" if row.code_hash else "hand_over.none")


def _count_own(row_id: int, scan_id: int) -> int:
    """One try of this finder more. Raises Conflict, which gives the code its try back, where he has none left."""
    own = db.session.scalar(
        insert(HandOverTry)
        .values(id=new_id(), hand_over_id=row_id, scan_id=scan_id, tries=1)
        .on_conflict_do_update(
            index_elements=["hand_over_id", "scan_id"],
            set_={"tries": HandOverTry.tries + 1},
            where=HandOverTry.tries < HAND_OVER_TRIES,
        )
        .returning(HandOverTry.tries)
    )
    if own is None:
        raise Conflict("hand_over.police_only")
    return int(own)


def _wrong(taken: _Taken) -> Refusal:
    if taken.own >= HAND_OVER_TRIES:
        return Conflict("hand_over.police_only")
    if taken.tries >= HAND_OVER_CODE_TRIES:
        return Conflict("hand_over.shut")
    return BadValue("hand_over.wrong", left=HAND_OVER_TRIES - taken.own)


def _tell_when_shut(taken: _Taken, scan_reference: str, now: datetime) -> None:
    """The code's last try was wrong: somebody guesses. The family hears of it, unless the elder is handed over."""
    if taken.tries < HAND_OVER_CODE_TRIES:
        return
    with transaction():
        if db.session.scalar(sa.select(HandOver.closed_at).where(HandOver.id == taken.row_id)) is not None:
            return
        scan = scans.get_acted_scan(scan_reference)
        facts = house().settings.issuer | news(scan.band_id or 0, taken.elder_id, now=now)
        key = f"hand_over_spent:{taken.row_id}:{taken.codes_before}"
        family.owe(taken.elder_id, key, wording="hand_over_spent", facts=facts, at=now)


def _win(taken: _Taken, scan_id: int, now: datetime) -> bool:
    """Use the code up. False where somebody else has just done so, or a newer one has taken its place."""
    used = db.session.execute(
        sa.update(HandOver)
        .where(HandOver.id == taken.row_id, HandOver.code_hash == taken.code_hash, HandOver.closed_at.is_(None))
        .values(used_at=now, used_by=scan_id, closed_at=now)
    )
    return bool(used.rowcount == 1)  # type: ignore[attr-defined]


def _hand_over(taken: _Taken, scan: Scan, now: datetime) -> None:
    """The elder is with who came: the incident ends, the trail says by whose code, the family hears of it."""
    row = db.session.get_one(HandOver, taken.row_id)
    facts = house().settings.issuer | news(scan.band_id or 0, taken.elder_id, now=now)
    incident = queries.find_open_incident(taken.elder_id, held=True)
    by = f"guardian:{row.guardian_id}" if row.guardian_id else f"officer:{row.officer_id}"
    if incident is not None and _close(incident.id, row.disposition, now):
        row.incident_id = incident.id
        trail.record(
            Deed.INCIDENT_CLOSED,
            actor="finder",
            subject=f"incident:{incident.id}",
            at=now,
            elder_id=taken.elder_id,
            disposition=row.disposition.value,
            code_of=by,
        )
        platform_owing.owe(incident.id, Kind.HANDED_OVER, by=By.FINDER, partner=house().partner, now=now)
    _record(Deed.HANDED_OVER, "finder", row.id, taken.elder_id, now, code_of=by, scan=scan.id)
    family.owe(
        taken.elder_id,
        f"handed_over:{row.id}",
        wording="handed_over",
        facts=facts,
        at=now,
        incident_id=row.incident_id,
    )


def _close(incident_id: int, disposition: Disposition, now: datetime) -> bool:
    closed = db.session.execute(
        sa.update(Incident)
        .where(Incident.id == incident_id, Incident.state.in_(states_before(IncidentState.CLOSED)))
        .values(
            state=IncidentState.CLOSED,
            disposition=disposition,
            accepted_at=sa.func.coalesce(Incident.accepted_at, now),
            changed_at=now,
            closed_at=now,
        )
    )
    if closed.rowcount != 1:  # type: ignore[attr-defined]
        return False
    db.session.add(IncidentMove(incident_id=incident_id, at=now, state=IncidentState.CLOSED))
    return True


def _code_hash(row_id: int, digits: str) -> Keyed:
    return box().keyed_hash("hand_over.code", str(row_id), digits)


def _record(deed: Deed, actor: str, row_id: int, elder_id: int, now: datetime, **facts: int | str | None) -> None:
    trail.record(deed, actor=actor, subject=f"hand_over:{row_id}", at=now, elder_id=elder_id, **facts)
