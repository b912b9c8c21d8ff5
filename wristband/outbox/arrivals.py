"""What providers tell afterwards, kept as they tell it: in any order, any number of times."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from wristband.db import db, insert, new_id
from wristband.outbox.models import Arrived
from wristband.values.arrival import Arrival


def keep(gateway: str, arrivals: Sequence[Arrival], *, now: datetime) -> list[Arrival]:
    """Keep what a gateway's provider told, in the caller's transaction; gives those that were not known yet.

    The same told twice is kept once. Whose message it is is asked when it is read: a receipt may be quicker than
    the settling of the attempt it is about.
    """
    new = []
    statement = (
        insert(Arrived.__table__)
        .on_conflict_do_nothing(index_elements=["gateway", "reference", "state"])
        .returning(Arrived.__table__.c.id)
    )
    # In one order everywhere, so that two batches about the same messages never wait for each other.
    for arrival in sorted(arrivals, key=lambda one: (one.reference, one.state)):
        values = {
            "id": new_id(),
            "gateway": gateway,
            "reference": arrival.reference[:120],
            "state": arrival.state,
            "code": arrival.code[:64],
            "at": arrival.at,
            "kept_at": now,
        }
        if db.session.scalar(statement, values) is not None:
            new.append(arrival)
    return new
