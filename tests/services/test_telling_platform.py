"""What the police platform is owed: every event of an incident, in its order, and what of it stands when it is down."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from tests.services.platforms import events, failing, handed, kinds, owed, report, with_platform, worker
from tests.services.post import Post, refusing
from tests.together import raised, together
from tests.world import World, every_row, new_reference, new_rows
from wristband import clock
from wristband.audit.models import AuditRow
from wristband.config import Settings
from wristband.db import db
from wristband.elders.models import Elder
from wristband.house import connect, house
from wristband.incidents import platform_queries
from wristband.incidents.platform_queries import Reached
from wristband.incidents.rules import Disposition, IncidentState, PlaceSource
from wristband.outbox.rules import GIVE_UP_AFTER, YIELDS_AFTER, MessageState
from wristband.services import handing_over, handling, merging, reporting
from wristband.values.position import Position

MINUTE = timedelta(minutes=1)
ONE_ENGINE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
AT_DATONG = Position(24.723, 118.152)


@pytest.fixture
def settings(settings: Settings, tmp_path: Path, request: pytest.FixtureRequest) -> Settings:
    """With a police platform, and the mapping file of the test where it has one."""
    return with_platform(settings, tmp_path, mapping=getattr(request, "param", ""))


@pytest.fixture
def now(world: World) -> datetime:
    return world.now + MINUTE


def place(reference: str, now: datetime, words: str = "") -> None:
    reporting.add_place(
        reference,
        f"key-of-{reference[:9]}-{words[:4]}",
        source=PlaceSource.DEVICE,
        position=AT_DATONG,
        accuracy_m=48.0,
        words=words,
        now=now,
    )


# ---- what is owed


def test_a_report_owes_the_platform_the_incident_whole(world: World, now: datetime) -> None:
    reference = new_reference()
    opened = report(world, now, reference=reference)
    place(reference, now + MINUTE, "影剧院门口")
    first, second = events(opened.id)
    assert [first["event"]["kind"], second["event"]["kind"]] == ["opened", "place_added"]
    assert [first["event"]["number"], second["event"]["number"]] == [1, 2]
    assert first["place"] is None
    assert second["incident"]["number"] == opened.number
    assert second["incident"]["state"] == "reported"
    assert second["incident"]["band_code_tail"] == world.her.code[-3:]
    assert second["incident"]["link"] == f"{house().settings.base_url}/police/incidents/{opened.id}"
    assert second["place"]["wgs84"] == {"latitude": 24.723, "longitude": 118.152}
    assert second["place"]["gcj02"] == {"latitude": 24.72029, "longitude": 118.156908}
    assert (second["place"]["accuracy_m"], second["words"]) == (48.0, "影剧院门口")
    assert second["station"]["name"]
    assert second["elder"] is None


def test_a_merge_and_its_undoing_are_told_of_both_incidents(world: World, now: datetime) -> None:
    hers, nobodys = report(world, now), report(world, now, serial="0" * 12)
    merging.merge(nobodys.id, hers.number, officer=world.officer, now=now)
    ended, goes_on = events(nobodys.id)[-1], events(hers.id)[-1]
    assert [ended["event"]["kind"], goes_on["event"]["kind"]] == ["merged", "merged"]
    assert (ended["incident"]["state"], ended["incident"]["merged_into"]) == ("closed", hers.number)
    assert (goes_on["incident"]["state"], goes_on["incident"]["reports"]) == ("reported", 2)
    merging.undo(nobodys.id, officer=world.officer, now=now + MINUTE)
    assert events(nobodys.id)[-1]["incident"]["state"] == "reported"
    assert events(hers.id)[-1]["incident"]["reports"] == 1


def test_nobody_is_told_a_name_an_address_or_a_number_unless_the_operator_asked(world: World, now: datetime) -> None:
    report(world, now)
    body = owed()[0].body or ""
    for personal in ("林秀英", "林阿姨", "同安区示例路九号", "13800138000", "青霉素", "1943"):
        assert personal not in body


@pytest.mark.parametrize(
    "settings", ['version = 1\nvendor = "example"\nparticulars = ["called", "birth_year"]\n'], indirect=True
)
def test_what_the_operator_asks_for_goes_along_and_the_family_sees_that_it_did(world: World, now: datetime) -> None:
    report(world, now)
    assert events()[0]["elder"] == {"called": "林阿姨", "birth_year": 1943}
    row = db.session.scalars(sa.select(AuditRow).where(AuditRow.deed == "platform.told")).one()
    assert (row.elder_id, row.facts) == (world.elder_id, {"fields": "birth_year called"})


@ONE_ENGINE
@pytest.mark.parametrize(
    "settings", ['version = 1\nvendor = "example"\nlink_base = "https://desk.example"\n'], indirect=True
)
def test_the_link_leads_to_where_officers_are_served(world: World, now: datetime) -> None:
    opened = report(world, now)
    assert events()[0]["incident"]["link"] == f"https://desk.example/police/incidents/{opened.id}"


@ONE_ENGINE
@pytest.mark.parametrize("settings", ['version = 1\nvendor = "example"\nparticulars = ["name"]\n'], indirect=True)
def test_a_particular_that_does_not_open_costs_no_report(world: World, now: datetime) -> None:
    db.session.execute(sa.update(Elder).where(Elder.id == world.elder_id).values(name_sealed="v1:aesgcm:1:broken"))
    db.session.commit()
    report(world, now)
    assert events()[0]["elder"] is None


def test_every_step_of_an_incident_is_an_event_of_its_own(world: World, now: datetime) -> None:
    opened = report(world, now)
    report(world, now + MINUTE)
    for after in (IncidentState.ACCEPTED, IncidentState.DISPATCHED, IncidentState.ON_SCENE):
        handling.move(opened.id, after, officer=world.officer, now=now + 2 * MINUTE)
    end = Disposition.WITH_FAMILY
    handling.move(opened.id, IncidentState.CLOSED, officer=world.officer, disposition=end, now=now + 3 * MINUTE)
    assert kinds(opened.id) == ["opened", "reported_again", "moved", "moved", "moved", "closed"]
    assert [event["event"]["by"] for event in events(opened.id)] == ["finder"] * 2 + ["officer"] * 4
    last = events(opened.id)[-1]["incident"]
    assert (last["state"], last["disposition"], last["reports"]) == ("closed", "with_family", 2)
    assert last["closed_at"] == f"{now + 3 * MINUTE:%Y-%m-%dT%H:%M:%S}Z"


def test_an_elder_who_is_handed_over_is_an_event(world: World, now: datetime) -> None:
    reference = new_reference()
    opened = report(world, now, reference=reference)
    code = handing_over.make_for_incident(opened.id, guardian_id=world.daughter_id, now=now)
    handing_over.enter(reference, code.digits, now=now + MINUTE)
    assert kinds(opened.id) == ["opened", "handed_over"]


def test_a_second_tap_and_the_same_place_again_owe_nothing(world: World, now: datetime) -> None:
    reference = new_reference()
    report(world, now, reference=reference)
    place(reference, now)
    before = every_row()
    report(world, now + MINUTE, reference=reference)
    place(reference, now + MINUTE)
    assert new_rows(before) == {}


def test_a_band_that_nobody_knows_is_told_as_well(world: World, now: datetime) -> None:
    number = reporting.report(new_reference(), None, language="zh-CN", low_trust=False, now=now)
    [event] = events()
    assert (event["incident"]["number"], event["incident"]["recognised"]) == (number, False)
    assert (event["incident"]["band_code_tail"], event["station"]) == (None, None)


def test_finders_at_once_get_numbers_without_gap_or_twin(world: World, now: datetime, app: Flask) -> None:
    answers = together(
        app,
        [lambda: reporting.report(new_reference(), world.her.serial, language="zh-CN", low_trust=False, now=now)] * 6,
    )
    assert raised(answers) == []
    assert [event["event"]["number"] for event in events()] == [1, 2, 3, 4, 5, 6]
    assert sorted(kinds()) == ["opened", *["reported_again"] * 5]


# ---- in what order


def test_no_event_is_handed_over_before_the_one_before_it_is_settled(world: World, now: datetime) -> None:
    with time_machine.travel(now, tick=False) as traveller:
        one = report(world, now).number
        report(world, now)
        report(world, now)
        down = Post(refusing(permanent=False))
        for _ in range(5):
            worker(down).drain()
            traveller.shift(timedelta(minutes=6))
        assert {number for _, number in handed(down)} == {1}
        up = Post()
        worker(up).drain()
    assert handed(up) == [(one, 1), (one, 2), (one, 3)]


def test_the_order_is_that_of_the_numbers_whatever_the_ids_say(world: World, now: datetime) -> None:
    with time_machine.travel(now, tick=False):
        report(world, now)
        report(world, now)
        first, second = owed()
        first.turn, second.turn = 2, 1  # as if another server's clock were behind
        db.session.commit()
        up = Post()
        worker(up).drain()
    assert [handover.message_id for handover in up.handed] == [second.id, first.id]


def test_another_incident_waits_for_nobody_known_or_not(world: World, now: datetime) -> None:
    with time_machine.travel(now, tick=False):
        stuck = report(world, now).number
        report(world, now)
        reporting.report(new_reference(), None, language="zh-CN", low_trust=False, now=now)
        reporting.report(new_reference(), None, language="zh-CN", low_trust=False, now=now)
        other = report(world, now, world.other.serial).number
        post = failing(lambda number, _: number == stuck)
        worker(post).drain()
    assert handed(post).count((stuck, 1)) == 1
    assert (stuck, 2) not in handed(post)
    assert (other, 1) in handed(post)
    assert len(handed(post)) == 4


def test_a_text_to_the_family_never_waits_for_the_platform(world: World, now: datetime) -> None:
    with time_machine.travel(now, tick=False):
        report(world, now)
        down = Post(refusing(permanent=False))
        worker(down).drain()
        db.session.rollback()
        assert worker(down).drain().delivered == 0
        assert [message.state for message in owed()] == [MessageState.PENDING]
        assert platform_queries.waiting_since() == now


def test_an_event_refused_for_good_is_stopped_seen_and_made_good_by_the_next(world: World, now: datetime) -> None:
    with time_machine.travel(now, tick=False):
        opened = report(world, now)
        worker(failing(lambda *_: True, permanent=True, code="content_refused")).drain()
        standing = platform_queries.standing(opened.id)
        assert standing is not None
        assert (standing.reached, standing.code) == (Reached.REFUSED, "content_refused")
        report(world, now)
        up = Post()
        worker(up).drain()
        standing = platform_queries.standing(opened.id)
    assert handed(up) == [(opened.number, 2)]
    assert standing is not None
    assert standing.reached is Reached.HANDED_OVER


def test_an_event_that_alone_fails_on_and_on_gives_way_to_the_next_which_holds_all_of_it(
    world: World, now: datetime
) -> None:
    with time_machine.travel(now, tick=False) as traveller:
        stuck = report(world, now)
        first = (stuck.number, 1)
        post = failing(lambda number, event: (number, event) == first)
        working = worker(post)
        for _ in range(YIELDS_AFTER + 1):
            reporting.report(new_reference(), None, language="zh-CN", low_trust=False, now=clock.now())
            working.drain()
            traveller.shift(timedelta(minutes=7))
        # Alone it waits: nobody stands behind it who could say it instead.
        assert owed(stuck.id)[0].state is MessageState.PENDING
        report(world, clock.now())
        for _ in range(3):
            reporting.report(new_reference(), None, language="zh-CN", low_trust=False, now=clock.now())
            working.drain()
            traveller.shift(timedelta(seconds=11))
    assert [message.state for message in owed(stuck.id)] == [MessageState.STOPPED, MessageState.DELIVERED]
    assert handed(post).index((first[0], 2)) > handed(post).index(first)


def test_when_the_whole_platform_is_down_nothing_gives_way_for_three_days(world: World, now: datetime) -> None:
    with time_machine.travel(now, tick=False) as traveller:
        opened = report(world, now)
        report(world, now)
        working = worker(Post(refusing(permanent=False, code="network")))
        for _ in range(YIELDS_AFTER + 4):
            working.drain()
            traveller.shift(timedelta(minutes=7))
        assert [message.state for message in owed(opened.id)] == [MessageState.PENDING] * 2
        standing = platform_queries.standing(opened.id)
        assert standing is not None
        assert (standing.reached, standing.waiting_since, standing.waiting) == (Reached.WAITING, now, 2)
        assert standing.code == "network"
        traveller.move_to(now + GIVE_UP_AFTER - MINUTE)
        up = Post()
        worker(up).drain()
    assert handed(up) == [(opened.number, 1), (opened.number, 2)]


def test_without_a_platform_nobody_is_told_and_nothing_stands(world: World, now: datetime) -> None:
    connect({"sms"})
    opened = report(world, now)
    assert owed() == []
    assert platform_queries.standing(opened.id) is None
    assert platform_queries.waiting_since() is None
