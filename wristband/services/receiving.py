"""Receiving what providers tell afterwards: each arrival is kept once, whatever order and however often it comes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import structlog

from wristband.db import transaction
from wristband.outbox import arrivals as kept_arrivals
from wristband.outbox import steps
from wristband.outbox.queries import find_message_of
from wristband.outbox.rules import Channel
from wristband.scans import answers
from wristband.values.arrival import Arrival, ArrivalState

log = structlog.get_logger(__name__)


def receive(gateway: str, arrivals: Sequence[Arrival], *, now: datetime) -> list[Arrival]:
    """Keep what this gateway's provider told, and give those that were not known yet. Nothing told is nothing done.

    A call that nobody took brings the next one forward; a key that was pressed answers the finder.
    """
    if not arrivals:
        return []
    with transaction():
        new = kept_arrivals.keep(gateway, arrivals, now=now)
        for arrival in new:
            _follow(gateway, arrival, now)
    log.info("receipts_kept", gateway=gateway, told=len(arrivals), new=len(new))
    return new


def _follow(gateway: str, arrival: Arrival, now: datetime) -> None:
    if arrival.state not in (ArrivalState.FAILED, ArrivalState.ACKNOWLEDGED):
        return
    message = find_message_of(gateway, arrival.reference)
    if message is None or message.reach_id is None or message.channel is not Channel.VOICE:
        return
    if arrival.state is ArrivalState.FAILED:
        steps.hasten_call(message.reach_id, now=now)
        return
    answers.acknowledge(message.reach_id, guardian_id=message.guardian_id, now=now)
