"""Transferring a record between stations: offered by one, taken by the other; one that nobody has is simply taken."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from wristband.accounts.rules import OfficerAccount
from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.db import db, transaction
from wristband.elders import at_station
from wristband.elders.keeping import TransferEnd
from wristband.elders.models import Elder, ElderTransfer
from wristband.errors import BadValue, Conflict
from wristband.house import house
from wristband.stations.queries import find_station


def offer(elder_id: int, station_id: int | None, *, officer: OfficerAccount, now: datetime) -> None:
    """Offer one of the station's records to another one; it stays here until that one takes it.

    Raises BadValue for no other station, Conflict where it is offered already, NotFound.
    """
    if station_id is None or station_id == officer.station_id:
        raise BadValue("records.transfer_station")
    try:
        with transaction():
            at_station.get_record(elder_id, station_id=officer.station_id, held=True)
            if find_station(station_id) is None:
                raise BadValue("records.transfer_station")
            transfer = ElderTransfer(
                elder_id=elder_id,
                from_station_id=officer.station_id,
                to_station_id=station_id,
                offered_by=officer.officer_id,
                offered_at=now,
            )
            db.session.add(transfer)
            db.session.flush()
            _record(Deed.TRANSFER_OFFERED, elder_id, officer, now, station=station_id)
            at_station.tell("offered", elder_id, officer=officer, issuer=house().settings.issuer, now=now)
    except IntegrityError:
        raise Conflict("records.transfer_offered") from None


def take(elder_id: int, *, officer: OfficerAccount, now: datetime) -> None:
    """Have the record at this station from now on: one that was offered to it, or that no station has. Twice is once.

    Raises Conflict where the offer was taken back, NotFound.
    """
    with transaction():
        elder = at_station.get_record_in_sight(elder_id, station_id=officer.station_id)
        if elder.station_id == officer.station_id:
            return
        before = elder.station_id
        if before is not None and not at_station.end_transfer(
            elder_id, now=now, end=TransferEnd.TAKEN, by=officer.officer_id
        ):
            raise Conflict("records.transfer_over")
        had = Elder.station_id.is_(None) if before is None else Elder.station_id == before
        taken = db.session.execute(
            sa.update(Elder).where(Elder.id == elder_id, had).values(station_id=officer.station_id, changed_at=now)
        )
        if taken.rowcount != 1:  # type: ignore[attr-defined]
            raise Conflict("records.transfer_over")
        _record(Deed.ELDER_TRANSFERRED, elder_id, officer, now, station=officer.station_id, before=before)
        at_station.tell("transferred", elder_id, officer=officer, issuer=house().settings.issuer, now=now)


def decline(elder_id: int, *, officer: OfficerAccount, now: datetime) -> None:
    """Say no to an offer, or, at the station that made it, take it back. Twice is once. Raises NotFound."""
    with transaction():
        elder = at_station.get_record_in_sight(elder_id, station_id=officer.station_id)
        ours = elder.station_id == officer.station_id
        end = TransferEnd.TAKEN_BACK if ours else TransferEnd.DECLINED
        if at_station.end_transfer(elder_id, now=now, end=end, by=officer.officer_id):
            _record(Deed.TRANSFER_REFUSED, elder_id, officer, now, end=end.value)


def _record(deed: Deed, elder_id: int, officer: OfficerAccount, now: datetime, **facts: int | str | None) -> None:
    trail.record(deed, actor=officer.actor, subject=f"elder:{elder_id}", at=now, elder_id=elder_id, **facts)
