"""Releasing an incident: what is ticked and no more, to nobody before and to nobody after, and the family knows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from tests.services.finders import refused
from tests.services.released import EVERYTHING, deeds, fresh, incident, opened, person_of, release_of, released, wanted
from tests.services.reports import reported
from tests.world import DAUGHTER_PHONE, ELDER, World, every_row, last_body, new_rows
from wristband.db import db
from wristband.errors import Conflict, NotFound
from wristband.incidents.models import Incident
from wristband.incidents.rules import Disposition, IncidentState, PassReason
from wristband.interchange import pfif, published, queries
from wristband.interchange.rules import Audience, Ending, Shown
from wristband.services import broadcasting, handling, passing_on, releasing

MINUTE = timedelta(minutes=1)


@pytest.fixture
def now(world: World) -> datetime:
    return world.now + MINUTE


# ---- what is shown


def test_the_least_says_that_somebody_is_missing_and_who_answers(world: World, now: datetime) -> None:
    person = person_of(released(world, now), now)
    assert person.full_name == published.NO_NAME
    assert (person.author_name, person.author_phone) == ("大同派出所", "110")
    assert (person.sex, person.age, person.photo_url, person.date_of_birth, person.home_street) == ("", "", "", "", "")
    told = pfif.document([person]).decode()
    assert not [text for text in ELDER.values() if text in told]


def test_each_tick_shows_its_own_and_no_other(world: World, now: datetime) -> None:
    incident_id = opened(world, now)
    told = {}
    for tick in Shown:
        releasing.release_on_duty(incident_id, wanted([tick]), officer=world.officer, now=now)
        told[tick] = person_of(release_of(incident_id), now)
    assert [tick for tick in Shown if ELDER["name"] in pfif.document([told[tick]]).decode()] == [Shown.NAME]
    assert [tick for tick in Shown if told[tick].sex] == [Shown.SEX]
    assert [tick for tick in Shown if told[tick].age] == [Shown.AGE]
    assert [tick for tick in Shown if "灰色外套" in told[tick].description] == [Shown.CLOTHES]
    assert told[Shown.AGE].age == "80-84"
    assert told[Shown.SEX].sex == "female"


def test_the_public_id_is_random_and_new_with_every_release(world: World, now: datetime) -> None:
    first = released(world, now)
    releasing.withdraw_on_duty(first.incident_id, officer=world.officer, now=now + MINUTE)
    releasing.release_on_duty(first.incident_id, wanted(), officer=world.officer, now=now + 2 * MINUTE)
    second = release_of(first.incident_id)
    assert first.public_id != second.public_id
    assert str(first.incident_id) not in first.public_id


def test_nothing_of_what_others_need_not_know_is_in_the_record(world: World, now: datetime) -> None:
    told = pfif.document([person_of(released(world, now, EVERYTHING), now)]).decode()
    for secret in ("address", "approach", "health", "birth_year", "called"):
        assert ELDER[secret] not in told
    assert DAUGHTER_PHONE.removeprefix("+86") not in told
    assert world.her.serial not in told


# ---- the family


def test_the_family_is_told_what_is_shown_in_the_same_deed(world: World, now: datetime) -> None:
    incident_id = opened(world, now)
    before = every_row()
    releasing.release_on_duty(incident_id, wanted([Shown.AGE]), officer=world.officer, now=now)
    assert new_rows(before)["message"] == 1
    assert "年龄" in last_body(DAUGHTER_PHONE)
    assert "姓名" not in last_body(DAUGHTER_PHONE)
    assert deeds("incident.released") == ["incident.released"]


def test_a_change_and_a_withdrawal_are_told_and_kept_too(world: World, now: datetime) -> None:
    release = released(world, now)
    releasing.release_on_duty(release.incident_id, wanted([Shown.NAME]), officer=world.officer, now=now + MINUTE)
    assert "姓名" in last_body(DAUGHTER_PHONE)
    releasing.withdraw_own(release.incident_id, guardian_id=world.daughter_id, now=now + 2 * MINUTE)
    assert "停止对外公开" in last_body(DAUGHTER_PHONE)
    kept = release_of(release.incident_id)
    assert (kept.ending, kept.ended_by) == (Ending.WITHDRAWN, f"guardian:{world.daughter_id}")
    assert deeds("incident.released", "release.changed", "release.withdrawn") == [
        "incident.released",
        "release.changed",
        "release.withdrawn",
    ]


def test_a_withdrawal_twice_is_one(world: World, now: datetime) -> None:
    release = released(world, now)
    releasing.withdraw_on_duty(release.incident_id, officer=world.officer, now=now + MINUTE)
    before = every_row()
    releasing.withdraw_on_duty(release.incident_id, officer=world.officer, now=now + 2 * MINUTE)
    assert every_row() == before


# ---- who may


def test_a_guardian_releases_her_own_and_asks_for_information(world: World, now: datetime) -> None:
    incident_id = opened(world, now, accepted=False)
    releasing.release_own(incident_id, wanted(), guardian_id=world.daughter_id, now=now)
    release = release_of(incident_id)
    assert release.guardian_id == world.daughter_id
    assert [note.status for note in person_of(release, now).notes] == ["information_sought"]


def test_an_officer_says_that_she_is_missing(world: World, now: datetime) -> None:
    assert [note.status for note in person_of(released(world, now), now).notes] == ["believed_missing"]


def test_another_family_and_another_station_find_no_incident(world: World, now: datetime) -> None:
    incident_id = opened(world, now)
    before = every_row()
    deeds_tried: tuple[Callable[[], None], ...] = (
        lambda: releasing.release_own(incident_id, wanted(), guardian_id=world.neighbour_id, now=now),
        lambda: releasing.withdraw_own(incident_id, guardian_id=world.neighbour_id, now=now),
        lambda: releasing.release_on_duty(incident_id, wanted(), officer=world.stranger, now=now),
        lambda: releasing.withdraw_on_duty(incident_id, officer=world.stranger, now=now),
    )
    for deed in deeds_tried:
        with pytest.raises(NotFound):
            deed()
    assert every_row() == before


def test_a_station_accepts_before_it_releases(world: World, now: datetime) -> None:
    incident_id = opened(world, now, accepted=False)
    assert (
        refused(lambda: releasing.release_on_duty(incident_id, wanted(), officer=world.officer, now=now))
        == "releases.accept_first"
    )


def test_an_incident_without_a_known_elder_is_not_released(world: World, now: datetime) -> None:
    reported(world, now, serial="0" * 16)
    unknown = next(one for one in db.session.scalars(sa.select(Incident)) if one.elder_id is None)
    handling.move(unknown.id, IncidentState.ACCEPTED, officer=world.officer, now=now)
    assert (
        refused(lambda: releasing.release_on_duty(unknown.id, wanted(), officer=world.officer, now=now))
        == "releases.unrecognised"
    )


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"days": 31}, "releases.days"),
        ({"audience": Audience.PUBLIC}, "releases.public_by_officer"),
        ({"clothes": "长" * 121}, "releases.clothes_long"),
        ({"clothes": "a\u202eb"}, "text.hidden_characters"),
    ],
)
def test_ticks_that_do_not_fit_are_refused(
    world: World, now: datetime, changed: dict[str, object], refusal: str
) -> None:
    incident_id = opened(world, now)
    form = wanted([Shown.CLOTHES], **changed)  # type: ignore[arg-type]
    assert refused(lambda: releasing.release_own(incident_id, form, guardian_id=world.daughter_id, now=now)) == refusal


def test_clothes_that_are_not_ticked_are_not_kept(world: World, now: datetime) -> None:
    release = released(world, now, [], clothes="红帽子")
    assert release.clothes is None


def test_clothes_that_are_ticked_have_to_be_said(world: World, now: datetime) -> None:
    incident_id = opened(world, now)
    form = releasing.Wanted([Shown.CLOTHES], "  ", Audience.RESTRICTED, 3)
    assert (
        refused(lambda: releasing.release_own(incident_id, form, guardian_id=world.daughter_id, now=now))
        == "releases.clothes_missing"
    )


# ---- how it ends


def _close(incident_id: int, world: World, at: datetime) -> None:
    handling.move(incident_id, IncidentState.CLOSED, officer=world.officer, disposition=Disposition.WITH_FAMILY, now=at)


def test_with_the_incident_the_release_is_over_at_once(world: World, now: datetime) -> None:
    release = released(world, now, EVERYTHING)
    _close(release.incident_id, world, now + MINUTE)
    person = person_of(release, now + MINUTE)
    assert pfif.is_placeholder(person)
    assert person.entry_date == person.source_date == person.expiry_date == now + MINUTE


def test_the_worker_notes_the_end_once(world: World, now: datetime) -> None:
    release = released(world, now)
    _close(release.incident_id, world, now + MINUTE)
    broadcasting.keep_up(now + 2 * MINUTE)
    kept = release_of(release.incident_id)
    assert (kept.ended_at, kept.ending) == (now + MINUTE, Ending.CLOSED)
    before = every_row()
    broadcasting.keep_up(now + 3 * MINUTE)
    assert every_row() == before
    assert deeds("release.ended") == ["release.ended"]


def test_a_release_ends_with_its_days_and_the_family_is_told(world: World, now: datetime) -> None:
    release = released(world, now, days=1)
    late = release.expires_at
    assert late <= now + timedelta(days=1)
    assert not pfif.is_placeholder(person_of(release, late - MINUTE))
    assert pfif.is_placeholder(person_of(release, late))
    broadcasting.keep_up(late + MINUTE)
    assert release_of(release.incident_id).ending is Ending.EXPIRED
    assert "停止对外公开" in last_body(DAUGHTER_PHONE)


def test_what_has_run_out_may_be_released_again(world: World, now: datetime) -> None:
    first = released(world, now, days=1)
    later = first.expires_at + MINUTE
    releasing.release_on_duty(first.incident_id, wanted(), officer=world.officer, now=later)
    fresh()
    assert [one.ending for one in queries.list_of_incident(first.incident_id)] == [None, Ending.EXPIRED]


def test_a_closed_incident_is_not_released(world: World, now: datetime) -> None:
    incident_id = opened(world, now)
    _close(incident_id, world, now)
    with pytest.raises(Conflict):
        releasing.release_own(incident_id, wanted(), guardian_id=world.daughter_id, now=now + MINUTE)


def test_passed_on_it_is_the_other_stations_to_withdraw(world: World, now: datetime) -> None:
    release = released(world, now)
    passing_on.pass_on(release.incident_id, world.other_station_id, PassReason.NEARER, officer=world.officer, now=now)
    assert person_of(release, now).author_name == "祥平派出所"
    with pytest.raises(NotFound):
        releasing.withdraw_on_duty(release.incident_id, officer=world.officer, now=now + MINUTE)
    releasing.withdraw_on_duty(release.incident_id, officer=world.stranger, now=now + MINUTE)
    assert incident(release.incident_id).closed_at is None
