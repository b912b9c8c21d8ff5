"""Scans by their address; what became of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa

from wristband.bands.models import Band
from wristband.bands.rules import reaches_family
from wristband.db import db
from wristband.elders.queries import ids_of
from wristband.errors import NotFound
from wristband.scans.grants import token_hash
from wristband.scans.keeping import reference_hash
from wristband.scans.levels import GrantState, Proof
from wristband.scans.models import Grant, Reach, Scan
from wristband.values.phone import Phone


def find_acted_scan(reference: str, *, held: bool = False) -> Scan | None:
    """The scan behind a finder's address, once its finder has done something.

    `held` until the caller's transaction ends: one finder's deeds follow each other.
    """
    question = sa.select(Scan).where(Scan.reference_hash == reference_hash(reference), Scan.acted_at.is_not(None))
    return db.session.scalar(question.with_for_update() if held else question)


def get_acted_scan(reference: str, *, held: bool = False) -> Scan:
    """The same; raises NotFound where the finder has done nothing yet."""
    scan = find_acted_scan(reference, held=held)
    if scan is None:
        raise NotFound("scans.unknown")
    return scan


def find_reach(scan_id: int) -> Reach | None:
    return db.session.scalar(sa.select(Reach).where(Reach.scan_id == scan_id))


def find_reach_of(reference: str) -> Reach | None:
    """The reach behind a finder's address."""
    return db.session.scalar(
        sa.select(Reach).join(Scan, Scan.id == Reach.scan_id).where(Scan.reference_hash == reference_hash(reference))
    )


def find_last_told(elder_id: int, *, since: datetime) -> int | None:
    """The reach whose messages told the family of an elder last, if it did so lately and waits for an answer itself.

    A drill's tell of nobody; those of long ago, or answered already, tell nobody of whoever taps now.
    """
    return db.session.scalar(
        sa.select(Reach.id)
        .where(
            Reach.elder_id == elder_id,
            Reach.told_with == Reach.id,
            Reach.drill.is_(False),
            Reach.made_at > since,
            Reach.answered_at.is_(None),
        )
        .order_by(Reach.id.desc())
        .limit(1)
    )


def find_unanswered(elder_id: int, *, since: datetime) -> int | None:
    """A finder of this elder whom nobody has answered since then; no drill."""
    return db.session.scalar(
        sa.select(Reach.id)
        .where(Reach.elder_id == elder_id, Reach.drill.is_(False), Reach.made_at > since, Reach.answered_at.is_(None))
        .limit(1)
    )


def get_reach(reach_id: int, *, guardian_id: int) -> Reach:
    """A reach about one of my elders. Raises NotFound for a stranger's and for none alike."""
    reach: Reach | None = db.session.scalar(
        sa.select(Reach).where(Reach.id == reach_id, Reach.elder_id.in_(ids_of(guardian_id)))
    )
    if reach is None:
        raise NotFound("scans.reach_unknown")
    return reach


def get_reach_for_service(reach_id: int) -> Reach:
    """A reach for a deed whose right was settled otherwise."""
    return db.session.get_one(Reach, reach_id)


def list_reaches(*, guardian_id: int, limit: int = 20) -> Sequence[Reach]:
    """The latest reaches about my elders, newest first; no drills."""
    return db.session.scalars(
        sa.select(Reach)
        .where(Reach.elder_id.in_(ids_of(guardian_id)), Reach.drill.is_(False))
        .order_by(Reach.id.desc())
        .limit(limit)
    ).all()


def list_scans(
    elder_id: int, *, guardian_id: int, before: datetime | None = None, acted: bool = False, limit: int = 20
) -> Sequence[Scan]:
    """The latest openings of one of my elder's bands before a moment, newest first; `acted`: those that did more.

    A drill is no opening: nobody has had the band in hand.
    """
    question = (
        sa.select(Scan)
        .join(Band, Band.id == Scan.band_id)
        .where(
            Band.elder_id == elder_id,
            Band.elder_id.in_(ids_of(guardian_id)),
            ~sa.select(Reach.id).where(Reach.scan_id == Scan.id, Reach.drill.is_(True)).exists(),
        )
    )
    if before is not None:
        question = question.where(Scan.opened_at < before)
    if acted:
        question = question.where(Scan.acted_at.is_not(None))
    return db.session.scalars(question.order_by(Scan.opened_at.desc(), Scan.id.desc()).limit(limit)).all()


def count_openings(elder_id: int, *, guardian_id: int) -> int:
    """How often one of my elder's bands was only opened: the page that opens says nothing about anybody."""
    question = (
        sa.select(sa.func.count(Scan.id))
        .join(Band, Band.id == Scan.band_id)
        .where(Band.elder_id == elder_id, Band.elder_id.in_(ids_of(guardian_id)), Scan.acted_at.is_(None))
    )
    return db.session.scalar(question) or 0


def recognised(scan: Scan) -> bool:
    """Whether a family stands behind the scan's band."""
    state = db.session.scalar(sa.select(Band.state).where(Band.id == scan.band_id)) if scan.band_id else None
    return state is not None and reaches_family(state)


def find_elder_of(scan: Scan) -> int | None:
    """The elder behind a scan's band, while the band reaches a family."""
    band = db.session.get(Band, scan.band_id) if scan.band_id else None
    return band.elder_id if band is not None and reaches_family(band.state) else None


def find_grant(reference: str, token: str) -> Grant | None:
    """The grant behind a phone's token, for the scan it was made for and no other."""
    return db.session.scalar(
        sa.select(Grant)
        .join(Scan, Scan.id == Grant.scan_id)
        .where(Grant.token_hash == token_hash(token), Scan.reference_hash == reference_hash(reference))
    )


def find_last_ask(scan_id: int) -> Grant | None:
    """What this phone asked of the family last."""
    return db.session.scalar(
        sa.select(Grant)
        .where(Grant.scan_id == scan_id, Grant.proof == Proof.APPROVAL)
        .order_by(Grant.id.desc())
        .limit(1)
    )


def get_grant(grant_id: int, *, guardian_id: int) -> Grant:
    """A grant about one of my elders. Raises NotFound for a stranger's and for none alike."""
    grant: Grant | None = db.session.scalar(
        sa.select(Grant).where(Grant.id == grant_id, Grant.elder_id.in_(ids_of(guardian_id)))
    )
    if grant is None:
        raise NotFound("scans.ask_unknown")
    return grant


def get_ask_of(grant_id: int, *, elder_id: int | None) -> Grant:
    """A question to this elder's family. For an officer, after the incident. Raises NotFound."""
    grant: Grant | None = db.session.scalar(
        sa.select(Grant).where(Grant.id == grant_id, Grant.elder_id == elder_id, Grant.proof == Proof.APPROVAL)
    )
    if grant is None:
        raise NotFound("scans.ask_unknown")
    return grant


def list_asks(elder_ids: sa.Select[int] | Sequence[int], *, now: datetime) -> Sequence[Grant]:
    """The open questions about these elders, the newest first."""
    return db.session.scalars(
        sa.select(Grant)
        .where(Grant.elder_id.in_(elder_ids), Grant.state == GrantState.ASKED, Grant.ends_at > now)
        .order_by(Grant.id.desc())
    ).all()


def phones_of_grants(grant_ids: Collection[int]) -> dict[int, Phone]:
    """The finders' phones among these grants: the proof, or where the family may call."""
    rows = db.session.scalars(sa.select(Grant).where(Grant.id.in_(grant_ids), Grant.phone_sealed.is_not(None)))
    return {grant.id: Phone(grant.phone) for grant in rows if grant.phone}


def list_live_grants(elder_id: int, *, guardian_id: int, now: datetime) -> Sequence[Grant]:
    """What may be seen of one of my elders at this moment, and by which proof."""
    return db.session.scalars(
        sa.select(Grant)
        .where(
            Grant.elder_id == elder_id,
            Grant.elder_id.in_(ids_of(guardian_id)),
            Grant.state == GrantState.GIVEN,
            Grant.ends_at > now,
        )
        .order_by(Grant.id.desc())
    ).all()


def find_serial_of(scan_id: int) -> str | None:
    """The serial of a scan's band."""
    return db.session.scalar(sa.select(Band.serial).join(Scan, Scan.band_id == Band.id).where(Scan.id == scan_id))


def find_serial(reference: str) -> str | None:
    """The serial of the band that this scan opened."""
    return db.session.scalar(
        sa.select(Band.serial)
        .join(Scan, Scan.band_id == Band.id)
        .where(Scan.reference_hash == reference_hash(reference))
    )
