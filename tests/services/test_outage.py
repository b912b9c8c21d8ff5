"""Three days without any gateway: nothing is lost, nothing is claimed that is not so, and all arrives in its order."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from tests.services.finders import met
from tests.services.post import Post, refusing
from tests.world import World
from wristband import clock
from wristband.db import db
from wristband.gateways.contract import Gateway
from wristband.incidents import duty
from wristband.incidents.rules import Disposition, IncidentState
from wristband.outbox.models import Message
from wristband.outbox.rules import CallState, Channel, MessageState
from wristband.scans.disclosure import FamilyReached
from wristband.scans.queries import find_reach_of
from wristband.scans.reached import family_reached
from wristband.services import escalating, handling, reporting
from wristband.services.delivering import Worker

HOUR = timedelta(hours=1)
OUTAGE = timedelta(hours=72)


def work(gateway: Gateway) -> None:
    """What `wristband deliver` does in a while: steps are taken, messages handed over."""
    channels = {channel.value: gateway for channel in Channel}
    escalating.take_due(clock.now())
    worker = Worker(channels, lease_s=60, between=lambda now: escalating.take_due(now) and None)
    worker.drain()
    worker._sweep()
    db.session.rollback()


def shown(reference: str) -> FamilyReached:
    db.session.rollback()
    reach = find_reach_of(reference)
    assert reach
    return family_reached(reach)


def texts(state: MessageState) -> int:
    db.session.rollback()
    question = sa.select(sa.func.count()).select_from(Message).where(Message.channel == Channel.SMS)
    return db.session.scalar(question.where(Message.state == state)) or 0


@pytest.mark.usefixtures("world")
def test_after_three_days_everything_arrives_in_order_and_the_finder_was_told_the_truth_all_along(
    world: World,
) -> None:
    down, up = Post(refusing(permanent=False, code="network")), Post()
    with time_machine.travel(world.now + 26 * HOUR, tick=False) as traveller:
        begun = clock.now()
        reference = met(world, begun)
        while clock.now() < begun + timedelta(minutes=6):
            work(down)
            assert (shown(reference).state, shown(reference).told) == ("owed", 0)
            traveller.shift(timedelta(seconds=20))
        calls = [call.state for call in shown(reference).calls]
        assert set(calls) == {CallState.DIALLING}
        assert shown(reference).desk_at is not None
        assert len(duty.list_unanswered(station_id=world.station_id)) == 1

        reporting.report(reference, world.her.serial, language="zh-CN", low_trust=False, now=clock.now())
        incident = reporting.queries.find_open_incident(world.elder_id)
        assert incident
        for state, disposition in (
            (IncidentState.ACCEPTED, None),
            (IncidentState.DISPATCHED, None),
            (IncidentState.ON_SCENE, None),
            (IncidentState.CLOSED, Disposition.WITH_FAMILY),
        ):
            traveller.shift(HOUR)
            handling.move(incident.id, state, officer=world.officer, disposition=disposition, now=clock.now())
            work(down)
        while clock.now() + 4 * HOUR < begun + OUTAGE:
            traveller.shift(4 * HOUR)
            work(down)
        assert {call.state for call in shown(reference).calls} == {CallState.FAILED}
        assert (shown(reference).told, texts(MessageState.STOPPED)) == (0, 0)

        waiting = texts(MessageState.PENDING)
        traveller.move_to(begun + OUTAGE)
        work(up)
    assert [handover.wording for handover in up.handed] == [
        "band_scanned",
        "incident_reported",
        "incident_accepted",
        "incident_closed",
    ]
    assert (waiting, texts(MessageState.DELIVERED), shown(reference).told) == (4, 4, 1)
