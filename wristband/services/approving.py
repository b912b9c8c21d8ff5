"""Approving: a finder asks, a guardian answers from home with the two digits of the finder's page."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from wristband import limits
from wristband.accounts.rules import OfficerAccount
from wristband.audit.deeds import Deed
from wristband.db import db, transaction
from wristband.errors import BadValue, Conflict, TooMany
from wristband.house import house
from wristband.incidents.queries import get_incident
from wristband.incidents.rules import Reason
from wristband.scans import grants, news, queries
from wristband.scans.levels import (
    ASK_LASTS,
    GRANT_LASTS,
    OFFICER_MAY_APPROVE_AFTER,
    OPENS,
    Field,
    GrantState,
    Level,
    Proof,
    states_before,
)
from wristband.scans.models import Grant, Scan
from wristband.scans.openness import get_open_elder
from wristband.scans.rules import ASKS_BY_BAND, ASKS_IN_ALL, ASKS_OF_NEWCOMERS
from wristband.values.phone import Phone


def ask_family(reference: str, *, phone: Phone | None = None, address: str = "", now: datetime) -> tuple[str, int]:
    """Ask everybody who answers for the elder. Returns this phone's token, and the two digits for its page.

    `phone` is where the family may call to hear the digits; only guardians read it. `address` is the network's, so
    that one place cannot take everybody's turn. Raises NotAllowed, NotFound, TooMany.
    """
    _spend_ask(reference, address, now)
    with transaction():
        scan = queries.get_acted_scan(reference, held=True)
        elder_id = get_open_elder(scan, now=now)
        grants.end_asked(scan.id, now=now)
        number = 10 + secrets.randbelow(90)
        token, grant = grants.make(
            scan, elder_id, Proof.APPROVAL, Level.OPEN, GrantState.ASKED, ends_at=now + ASK_LASTS, now=now, phone=phone
        )
        grant.number = number
        db.session.flush()
        grants.record(Deed.APPROVAL_ASKED, grant, actor="finder", at=now, scan=scan.id)
        issuer, until = house().settings.issuer, now + ASK_LASTS
        news.tell_of(grant, "approval_asked", issuer=issuer, at=now, by_a_tap=True, expires_at=until)
        return token, number


def _spend_ask(reference: str, address: str, now: datetime) -> None:
    with transaction():
        scan = queries.get_acted_scan(reference, held=True)
        band = str(scan.band_id)
        try:
            limits.spend(ASKS_BY_BAND, band, now=now)
        except TooMany:
            if grants.has_asked(scan.id):
                raise
            limits.spend(ASKS_OF_NEWCOMERS, band, address, now=now)
            limits.spend(ASKS_IN_ALL, band, now=now)


def approve(
    grant_id: int, number: str, level: Level, ticked: Collection[Field], *, guardian_id: int, now: datetime
) -> None:
    """A guardian lets this one phone see. One try: other digits end the question.

    Raises BadValue, Conflict, NotAllowed, NotFound.
    """
    if level not in OPENS[Proof.APPROVAL] or (level is Level.CONSENTED and not ticked):
        raise BadValue("scans.tick_something")
    typed = unicodedata.normalize("NFKC", number).strip()
    if not re.fullmatch(r"[0-9]{2}", typed, re.ASCII):
        raise BadValue("scans.number_missing")  # a slip is no answer
    with transaction():
        grant = queries.get_grant(grant_id, guardian_id=guardian_id)
        actor, asked = f"guardian:{guardian_id}", grant.number
        get_open_elder(db.session.get_one(Scan, grant.scan_id), now=now)
        fits = typed == str(asked)
        if fits:
            _approve(grant_id, level, ticked, actor, now)
        elif grant.ends_at <= now or not grants.end(grant_id, of=states_before(GrantState.GIVEN), now=now):
            raise Conflict("scans.ask_over")
        grants.record(Deed.APPROVAL_GIVEN if fits else Deed.APPROVAL_MISTYPED, grant, actor=actor, at=now)
        if fits:
            news.tell_of(grant, "approval_given", issuer=house().settings.issuer, at=now)
    if not fits:
        raise BadValue("scans.number_wrong")


def approve_on_duty(grant_id: int, incident_id: int, *, officer: OfficerAccount, reason: Reason, now: datetime) -> None:
    """The card, by an officer with the elder's incident, where nobody of the family has answered for three minutes.

    Raises Conflict while the family may still answer, NotAllowed, NotFound.
    """
    with transaction():
        incident = get_incident(incident_id, station_id=officer.station_id)
        grant = queries.get_ask_of(grant_id, elder_id=incident.elder_id)
        if now - grant.made_at < OFFICER_MAY_APPROVE_AFTER or incident.closed_at is not None:
            raise Conflict("scans.family_first")
        if incident.accepted_at is None:
            raise Conflict("looks.accept_to_reveal")
        get_open_elder(db.session.get_one(Scan, grant.scan_id), now=now)
        _approve(grant_id, Level.WITH_ELDER, (), officer.actor, now)
        facts = {"incident": incident_id, "reason": reason.value}
        grants.record(Deed.APPROVAL_GIVEN, grant, actor=officer.actor, at=now, **facts)
        news.tell_of(grant, "approval_given", issuer=house().settings.issuer, at=now)


def _approve(grant_id: int, level: Level, ticked: Collection[Field], actor: str, now: datetime) -> None:
    """One answers, whoever is first. Raises Conflict."""
    given = db.session.execute(
        sa.update(Grant)
        .where(Grant.id == grant_id, Grant.state.in_(states_before(GrantState.GIVEN)), Grant.ends_at > now)
        .values(
            state=GrantState.GIVEN,
            level=level,
            ticked=" ".join(sorted(ticked)) if level is Level.CONSENTED else "",
            given_at=now,
            given_by=actor,
            ends_at=now + GRANT_LASTS,
        )
    )
    if given.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict("scans.ask_over")
    grants.keep_room(db.session.get_one(Grant, grant_id).band_id, now=now)


def refuse(grant_id: int, *, guardian_id: int, now: datetime) -> None:
    """A guardian says no; or takes back what was given: the next showing is refused. Raises NotFound."""
    with transaction():
        grant = queries.get_grant(grant_id, guardian_id=guardian_id)
        if grants.end(grant_id, now=now):
            grants.record(Deed.GRANT_ENDED, grant, actor=f"guardian:{guardian_id}", at=now)
