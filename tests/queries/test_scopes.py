"""Who asks is part of every question: the neighbour and the stranger see nothing, and ask for nothing in vain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from tests.life import keep_photo, small_jpeg
from tests.world import World, new_reference
from wristband.accounts import queries as accounts
from wristband.bands import queries as bands
from wristband.bands.rules import BandEnd, BandForm
from wristband.db import db, transaction
from wristband.elders import queries as elders
from wristband.elders.models import Consent, Guardianship
from wristband.elders.rules import Purpose
from wristband.errors import NotFound
from wristband.incidents import desk
from wristband.incidents import queries as incidents
from wristband.incidents.models import Incident
from wristband.incidents.rules import Disposition, IncidentState
from wristband.scans import queries as scans
from wristband.services import handling, issuing, reaching, registration, reporting
from wristband.values.phone import Phone

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Day:
    """What happened to both elders, and to a band nobody knows."""

    now: datetime
    reference: str
    her_reach: int
    other_reach: int
    her_incident: int
    other_incident: int
    nobodys_incident: int
    photo_id: int


@pytest.fixture
def day(world: World) -> Day:
    now = world.now + MINUTE
    reference = new_reference()
    found = {}
    for name, serial, address in (
        ("other", world.other.serial, new_reference()),
        ("her", world.her.serial, reference),
        ("nobody", None, new_reference()),
    ):
        reach = reaching.tell_family(address, serial, language="zh-CN", low_trust=False, now=now)
        number = reporting.report(address, serial, language="zh-CN", low_trust=False, now=now)
        found[name] = (
            reach.id if reach else 0,
            db.session.scalars(sa.select(Incident.id).where(Incident.number == number)).one(),
        )
    photo_id = keep_photo(world.daughter_id, small_jpeg(), now)
    registration.replace_portrait(world.elder_id, photo_id, guardian_id=world.daughter_id, now=now)
    return Day(
        now=now,
        reference=reference,
        her_reach=found["her"][0],
        other_reach=found["other"][0],
        her_incident=found["her"][1],
        other_incident=found["other"][1],
        nobodys_incident=found["nobody"][1],
        photo_id=photo_id,
    )


def end_guardianship(world: World) -> None:
    with transaction():
        db.session.execute(
            sa.update(Guardianship).where(Guardianship.guardian_id == world.daughter_id).values(ended_at=world.now)
        )


GETS: dict[str, Callable[[World, Day, int, int], object]] = {
    "elder": lambda w, d, me, n: elders.get_elder(n or w.elder_id, guardian_id=me),
    "guardianship": lambda w, d, me, n: elders.get_guardianship(n or w.elder_id, guardian_id=me),
    "band": lambda w, d, me, n: bands.get_band(n or w.her.band_id, guardian_id=me),
    "reach": lambda w, d, me, n: scans.get_reach(n or d.her_reach, guardian_id=me),
    "incident": lambda w, d, me, n: incidents.get_own_incident(n or d.her_incident, guardian_id=me),
}
LISTS: dict[str, Callable[[World, int], list[int]]] = {
    "elders": lambda w, me: [one.id for one in elders.list_elders(guardian_id=me)],
    "bands": lambda w, me: [one.id for one in bands.list_bands(w.elder_id, guardian_id=me)],
    "reaches": lambda w, me: [one.id for one in scans.list_reaches(guardian_id=me)],
    "scans": lambda w, me: [one.id for one in scans.list_scans(w.elder_id, guardian_id=me)],
    "incidents": lambda w, me: [one.id for one in incidents.list_own_incidents(guardian_id=me)],
}


# ---- the family's door


def test_her_guardian_gets_what_is_hers(world: World, day: Day) -> None:
    for name, get in GETS.items():
        assert get(world, day, world.daughter_id, 0), name


def test_the_neighbour_gets_nothing_of_hers_and_is_answered_as_for_nothing_at_all(world: World, day: Day) -> None:
    for name, get in GETS.items():
        answers = set()
        for number in (0, 1, -1, 2**63, 10**40):
            with pytest.raises(NotFound) as refusal:
                get(world, day, world.neighbour_id, number)
            answers.add((refusal.value.code, str(refusal.value.facts)))
        assert len(answers) == 1, name


def test_a_guardian_who_is_none_any_more_gets_nothing(world: World, day: Day) -> None:
    end_guardianship(world)
    for get in GETS.values():
        with pytest.raises(NotFound):
            get(world, day, world.daughter_id, 0)


def test_a_guardian_who_is_none_any_more_has_nothing_listed(world: World, day: Day) -> None:
    end_guardianship(world)
    for name, some in LISTS.items():
        assert some(world, world.daughter_id) == [], name


def test_each_family_has_its_own_listed_and_nobody_elses(world: World, day: Day) -> None:
    mine = {name: some(world, world.daughter_id) for name, some in LISTS.items()}
    theirs = {name: some(world, world.neighbour_id) for name, some in LISTS.items()}
    assert (mine["elders"], theirs["elders"]) == ([world.elder_id], [world.other.elder_id])
    assert (mine["reaches"], theirs["reaches"]) == ([day.her_reach], [day.other_reach])
    assert (mine["incidents"], theirs["incidents"]) == ([day.her_incident], [day.other_incident])
    # Asked of her elder, whose bands and scans are not the neighbour's.
    assert (mine["bands"], theirs["bands"]) == ([world.her.band_id], [])
    assert (len(mine["scans"]), theirs["scans"]) == (1, [])


def test_a_kept_photo_is_its_guardians_until_it_hangs(world: World, day: Day) -> None:
    waiting = keep_photo(world.daughter_id, small_jpeg(), day.now)
    assert elders.find_kept_photo(waiting, guardian_id=world.daughter_id)
    assert elders.find_kept_photo(waiting, guardian_id=world.neighbour_id) is None
    assert elders.find_kept_photo(day.photo_id, guardian_id=world.daughter_id) is None


# ---- the police door


def test_a_desk_has_its_own_incidents_and_what_no_station_is_known_for(world: World, day: Day) -> None:
    here, there = world.station_id, world.other_station_id
    assert [one.id for one in desk.list_work(station_id=here)] == [day.her_incident]
    assert [one.id for one in desk.list_work(station_id=there)] == [day.other_incident]
    for station_id in (here, there):
        unsorted = desk.list_unsorted(station_id=station_id, page=1)
        assert [one.id for one in unsorted.incidents] == [day.nobodys_incident]
    assert incidents.get_incident(day.nobodys_incident, station_id=there).station_id is None
    for wanted in (day.her_incident, 1, 2**63):
        with pytest.raises(NotFound) as refusal:
            incidents.get_incident(wanted, station_id=there)
        assert refusal.value.code == "incidents.unknown"


def _close(world: World, incident_id: int, now: datetime) -> None:
    handling.move(incident_id, IncidentState.CLOSED, officer=world.officer, disposition=Disposition.NOT_FOUND, now=now)


def test_what_a_desk_has_closed_is_listed_there_and_nowhere_else(world: World, day: Day) -> None:
    _close(world, day.nobodys_incident, day.now)
    _close(world, day.her_incident, day.now + MINUTE)
    assert [one.id for one in incidents.list_closed(station_id=world.station_id)] == [
        day.her_incident,
        day.nobodys_incident,
    ]
    assert incidents.list_closed(station_id=world.other_station_id) == []
    assert desk.list_work(station_id=world.station_id) == []


def test_the_steps_of_an_incident_are_named_and_nobody_elses(world: World, day: Day) -> None:
    handling.move(day.other_incident, IncidentState.ACCEPTED, officer=world.stranger, now=day.now)
    handling.move(day.her_incident, IncidentState.ACCEPTED, officer=world.officer, now=day.now)
    assert [(step.state, name) for step, name in incidents.list_moves_named(day.her_incident)] == [
        (IncidentState.REPORTED, ""),
        (IncidentState.ACCEPTED, "officer"),
    ]
    assert len(incidents.list_moves(day.her_incident)) == 2
    assert len(incidents.list_reports(day.her_incident)) == 1


def test_an_incident_is_where_it_is_since_its_last_step_whatever_is_told_after(world: World, day: Day) -> None:
    handling.move(day.her_incident, IncidentState.ACCEPTED, officer=world.officer, now=day.now + MINUTE)
    handling.move(day.other_incident, IncidentState.ACCEPTED, officer=world.stranger, now=day.now + 2 * MINUTE)
    later = day.now + 3 * MINUTE
    reporting.report(new_reference(), world.her.serial, language="zh-CN", low_trust=False, now=later)
    assert incidents.get_incident(day.her_incident, station_id=world.station_id).changed_at == later
    assert incidents.get_moved_at(day.her_incident) == day.now + MINUTE


# ---- the finder's


def test_a_scan_is_found_by_its_own_address_once_something_was_done(world: World, day: Day) -> None:
    scan = scans.find_acted_scan(day.reference)
    assert scan
    assert scan.band_id == world.her.band_id
    assert scans.find_serial(day.reference) == world.her.serial
    reach = scans.find_reach(scan.id)
    assert reach
    assert reach.id == day.her_reach
    for foreign in (new_reference(), "", "\0", "x" * 10_000):
        assert scans.find_acted_scan(foreign) is None
        assert scans.find_serial(foreign) is None


def test_a_scan_is_recognised_while_its_band_is_in_use(world: World, day: Day) -> None:
    scan = scans.find_acted_scan(day.reference)
    assert scan
    assert scans.recognised(scan)
    issuing.end(world.her.band_id, BandEnd.LOST, guardian_id=world.daughter_id, now=day.now)
    assert not scans.recognised(scan)


# ---- for services


def test_a_band_is_found_by_its_serial_alone(world: World) -> None:
    band = bands.find_band(world.her.serial)
    assert band
    assert band.id == world.her.band_id
    assert bands.find_band("000000000001") is None
    assert bands.serial_taken(world.her.serial)
    assert not bands.serial_taken("000000000001")
    assert bands.ids_by_serial([world.her.serial, "000000000001"]) == {world.her.serial: world.her.band_id}


def test_bands_in_use_come_first_and_the_newest_of_them(world: World) -> None:
    newer = issuing.issue("newer", world.elder_id, BandForm.CARD, guardian_id=world.daughter_id, now=world.now)
    assert LISTS["bands"](world, world.daughter_id) == [newer, world.her.band_id]
    issuing.end(newer, BandEnd.MISTAKE, guardian_id=world.daughter_id, now=world.now)
    assert LISTS["bands"](world, world.daughter_id) == [world.her.band_id, newer]
    assert bands.count_active(world.elder_id) == 1


def test_portraits_of_many_elders_are_asked_for_at_once(world: World, day: Day) -> None:
    found = elders.portraits_by_elder([world.elder_id, world.other.elder_id])
    assert {elder_id: photo.id for elder_id, photo in found.items()} == {world.elder_id: day.photo_id}


def test_a_consent_stands_until_it_is_withdrawn(world: World) -> None:
    assert all(state.given for state in elders.consent_states(world.elder_id))
    with transaction():
        db.session.execute(
            sa.update(Consent)
            .where(Consent.elder_id == world.elder_id, Consent.purpose == Purpose.HEALTH)
            .values(withdrawn_at=world.now)
        )
    assert [state.purpose for state in elders.consent_states(world.elder_id) if not state.given] == [Purpose.HEALTH]
    assert not elders.consented(world.elder_id, Purpose.HEALTH)
    assert elders.consented(world.other.elder_id, Purpose.HEALTH)


# ---- accounts


def test_a_guardian_is_found_by_phone_and_nobody_by_another(world: World) -> None:
    guardian = accounts.find_guardian_by_phone(Phone("+8613800138000"))
    assert guardian
    assert guardian.id == world.daughter_id
    assert accounts.find_guardian_by_phone(Phone("+8613800138009")) is None


def test_an_officer_is_known_with_his_station(world: World) -> None:
    assert accounts.find_officer_account(world.officer.officer_id) == world.officer
    assert world.officer.station_name == "大同派出所"
    assert accounts.find_officer_account(1) is None
