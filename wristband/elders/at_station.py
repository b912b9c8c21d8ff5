"""Records at the station that keeps them: which it may touch, who is told of it, what waits for an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

import sqlalchemy as sa

from wristband.accounts.rules import OfficerAccount
from wristband.clock import ZONE
from wristband.db import db
from wristband.elders.keeping import DEATH_UNDONE_WITHIN, MERGE_UNDONE_WITHIN, Standing, TransferEnd, standing
from wristband.elders.models import (
    Elder,
    ElderDispute,
    ElderMerge,
    ElderTransfer,
    Erasure,
    GuardianRemoval,
    Guardianship,
)
from wristband.errors import NotFound
from wristband.incidents.models import Incident
from wristband.outbox import guardians
from wristband.stations.models import Station

# What a page may do with these: read them. Doors see no models.
ElderFacts: TypeAlias = Elder
TransferFacts: TypeAlias = ElderTransfer


def alive() -> sa.ColumnElement[bool]:
    """Records that stand for somebody: neither erased nor merged into another."""
    return sa.and_(Elder.erased_at.is_(None), Elder.merged_into_id.is_(None))


def get_record(elder_id: int, *, station_id: int, held: bool = False) -> Elder:
    """An elder of this station; `held` until the caller's transaction ends. Raises NotFound for another's and none."""
    question = sa.select(Elder).where(Elder.id == elder_id, Elder.station_id == station_id, alive())
    elder: Elder | None = db.session.scalar(question.with_for_update(key_share=True) if held else question)
    if elder is None:
        raise NotFound("records.unknown")
    return elder


def get_record_in_sight(elder_id: int, *, station_id: int) -> Elder:
    """The same, and one that no station has or that is offered to this one: to be shown masked, and taken.

    Raises NotFound.
    """
    offered = sa.select(ElderTransfer.elder_id).where(
        ElderTransfer.to_station_id == station_id, ElderTransfer.ended_at.is_(None)
    )
    elder: Elder | None = db.session.scalar(
        sa.select(Elder).where(
            Elder.id == elder_id,
            sa.or_(Elder.station_id == station_id, Elder.station_id.is_(None), Elder.id.in_(offered)),
            alive(),
        )
    )
    if elder is None:
        raise NotFound("records.unknown")
    return elder


def standings(elders: Sequence[Elder]) -> dict[int, Standing]:
    """How each of these records stands, in one question."""
    ids = [elder.id for elder in elders]
    leaving = set(db.session.scalars(sa.select(Erasure.elder_id).where(Erasure.elder_id.in_(ids), _is_open(Erasure))))
    return {
        elder.id: standing(
            state=elder.state,
            disputed_at=elder.disputed_at,
            deceased_at=elder.deceased_at,
            leaving=elder.id in leaving,
        )
        for elder in elders
    }


def _is_open(model: type[Erasure | ElderTransfer | GuardianRemoval]) -> sa.ColumnElement[bool]:
    return model.ended_at.is_(None)


# ---- telling the family


def tell(what: str, elder_id: int, *, officer: OfficerAccount, issuer: Mapping[str, str], now: datetime) -> None:
    """Owe every guardian the news of what the station did, in the caller's transaction; of one kind once an hour.

    `what` is a word that the wording `record_changed` knows.
    """
    facts = {**issuer, "station": officer.station_name, "time": f"{now.astimezone(ZONE):%H:%M}", "what": what}
    key = f"record:{elder_id}:{what}:{int(now.timestamp()) // 3600}"
    guardians.owe(elder_id, key, but=None, wording="record_changed", facts=facts, at=now)


# ---- what is under way


def find_transfer(elder_id: int) -> ElderTransfer | None:
    """The offer to another station that waits for an answer."""
    return db.session.scalar(
        sa.select(ElderTransfer).where(ElderTransfer.elder_id == elder_id, _is_open(ElderTransfer))
    )


def list_offers(*, station_id: int, limit: int = 50) -> list[tuple[ElderTransfer, Elder, str]]:
    """Records offered to this station, the oldest first, each with the name of the station that offers it."""
    rows = db.session.execute(
        sa.select(ElderTransfer, Elder, Station.name)
        .join(Elder, Elder.id == ElderTransfer.elder_id)
        .outerjoin(Station, Station.id == ElderTransfer.from_station_id)
        .where(ElderTransfer.to_station_id == station_id, _is_open(ElderTransfer), alive())
        .order_by(ElderTransfer.id)
        .limit(limit)
    )
    return [(transfer, elder, name or "") for transfer, elder, name in rows]


def end_transfer(
    elder_id: int, *, now: datetime, end: TransferEnd = TransferEnd.TAKEN_BACK, by: int | None = None
) -> bool:
    """Settle the open offer in the caller's transaction; False where there is none any more. `by` is an officer."""
    ended = db.session.execute(
        sa.update(ElderTransfer)
        .where(ElderTransfer.elder_id == elder_id, _is_open(ElderTransfer))
        .values(ended_at=now, end=end, ended_by=by)
    )
    return bool(ended.rowcount == 1)  # type: ignore[attr-defined]


def find_dispute(elder_id: int) -> ElderDispute | None:
    """The dispute that an officer noted and nobody has settled yet."""
    return db.session.scalar(
        sa.select(ElderDispute)
        .where(ElderDispute.elder_id == elder_id, ElderDispute.settled_at.is_(None))
        .order_by(ElderDispute.id.desc())
        .limit(1)
    )


def list_removals(elder_id: int) -> Sequence[GuardianRemoval]:
    """The guardians whom an officer wants sent away, waiting for a second one."""
    return db.session.scalars(
        sa.select(GuardianRemoval)
        .where(GuardianRemoval.elder_id == elder_id, _is_open(GuardianRemoval))
        .order_by(GuardianRemoval.id)
    ).all()


def list_merges(elder_id: int, *, now: datetime) -> Sequence[ElderMerge]:
    """What was merged into this record and can still be parted from it, newest first."""
    return db.session.scalars(
        sa.select(ElderMerge)
        .where(
            ElderMerge.into_id == elder_id, ElderMerge.undone_at.is_(None), ElderMerge.at > now - MERGE_UNDONE_WITHIN
        )
        .order_by(ElderMerge.id.desc())
    ).all()


def may_undo_death(elder: Elder, *, now: datetime) -> bool:
    """Whether a death that was noted can still be taken back with everything that ended by it."""
    return elder.deceased_at is not None and now < elder.deceased_at + DEATH_UNDONE_WITHIN


def has_guardian(elder_id: int, guardian_id: int) -> bool:
    """Whether this guardian answers for the elder today."""
    link = sa.exists().where(
        Guardianship.elder_id == elder_id, Guardianship.guardian_id == guardian_id, Guardianship.ended_at.is_(None)
    )
    return db.session.scalar(sa.select(link)) is True


def list_incidents(elder_id: int, *, limit: int = 20) -> Sequence[Incident]:
    """The elder's incidents, newest first. Whoever asks has settled before that they may be seen."""
    return db.session.scalars(
        sa.select(Incident).where(Incident.elder_id == elder_id).order_by(Incident.id.desc()).limit(limit)
    ).all()
