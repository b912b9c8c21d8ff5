"""What one guardian does to what all of them answer for, the others hear of, and the family's log keeps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from tests.life import keep_photo, small_jpeg
from tests.services.finders import next_day, owed, refused
from tests.services.relatives import son_of
from tests.world import DAUGHTER_PHONE, ELDER, World, every_row
from wristband.audit.accesses import list_accesses
from wristband.bands.rules import BandEnd, BandForm
from wristband.elders import queries
from wristband.elders.rules import Particulars, Purpose
from wristband.services import consenting, editing, family_circle, issuing, registration
from wristband.values.phone import Phone

FRIEND = Phone("+8613800138007")
HOUR = timedelta(hours=1)


@pytest.fixture
def now(world: World) -> datetime:
    """At the beginning of an hour, so that what follows within it is of one hour."""
    return next_day(world).replace(minute=0, second=0, microsecond=0) + HOUR


@pytest.fixture
def son(world: World, now: datetime) -> int:
    """The second guardian, who was invited and came two hours ago."""
    return son_of(world, now - 2 * HOUR)


def edit(world: World, son: int, now: datetime, **changed: str) -> None:
    particulars = Particulars.of(today=now.date(), consents=set(Purpose), **{**ELDER, **changed})
    elder = queries.get_elder(world.elder_id, guardian_id=son)
    editing.edit(world.elder_id, particulars, elder.station_id, seen=elder.changed_at, guardian_id=son, now=now)


def end(world: World, son: int, now: datetime) -> None:
    issuing.end(world.her.band_id, BandEnd.LOST, guardian_id=son, now=now)


def issue(world: World, son: int, now: datetime, *, replaces: bool = False) -> None:
    instead_of = issuing.Replaced(world.her.band_id, BandEnd.LOST) if replaces else None
    issuing.issue("form", world.elder_id, BandForm.CARD, guardian_id=son, instead_of=instead_of, now=now)


def replace(world: World, son: int, now: datetime) -> None:
    issue(world, son, now, replaces=True)


def withdraw(world: World, son: int, now: datetime) -> None:
    consenting.withdraw(world.elder_id, Purpose.HEALTH, guardian_id=son, now=now)


def give(world: World, son: int, now: datetime) -> None:
    consenting.withdraw(world.elder_id, Purpose.CARD, guardian_id=world.daughter_id, now=now - HOUR)
    consenting.give(world.elder_id, Purpose.CARD, guardian_id=son, now=now)


def add(world: World, son: int, now: datetime) -> None:
    family_circle.add_contact(world.elder_id, FRIEND, guardian_id=son, now=now)


def invite(world: World, son: int, now: datetime) -> None:
    family_circle.invite(world.elder_id, FRIEND, guardian_id=son, now=now)


def raise_own(world: World, son: int, now: datetime) -> None:
    own = next(one for one in queries.list_contacts(world.elder_id) if one.guardian_id == son)
    family_circle.raise_contact(world.elder_id, own.id, guardian_id=son, now=now)


def change_address(world: World, son: int, now: datetime) -> None:
    edit(world, son, now, address="示例里十号")


def hang(world: World, son: int, now: datetime) -> None:
    photo_id = keep_photo(son, small_jpeg(), now)
    registration.replace_portrait(world.elder_id, photo_id, guardian_id=son, now=now)


Deed = Callable[[World, int, datetime], None]
DEEDS: dict[str, tuple[Deed, str, list[str]]] = {
    "ends the last band": (end, "停用了最后一条手环", ["band.ended"]),
    "replaces a band": (replace, "换了手环", ["band.issued", "band.ended"]),
    "makes a band": (issue, "做了一条新手环", ["band.issued"]),
    "withdraws a consent": (withdraw, "改了同意事项", ["consent.withdrawn"]),
    "gives a consent": (give, "改了同意事项", ["consent.given"]),
    "adds a telephone": (add, "改了联系电话", ["contact.added"]),
    "puts his own telephone before hers": (raise_own, "改了电话的先后", ["contact.ordered"]),
    "hangs another portrait": (hang, "改了照片", ["portrait.changed"]),
    "changes the particulars": (change_address, "改了资料", ["elder.changed"]),
    "invites a guardian": (invite, "改了监护人邀请", ["guardianship.invited"]),
}


@pytest.mark.parametrize("what", DEEDS)
def test_what_a_second_guardian_does_the_first_is_told_and_it_is_in_the_log(
    world: World, son: int, now: datetime, what: str
) -> None:
    before = {message.id for message in owed("family_changed")}
    deed, said, names = DEEDS[what]
    deed(world, son, now)
    told = [message for message in owed("family_changed") if message.id not in before]
    (message,) = [message for message in told if message.recipient == DAUGHTER_PHONE]
    assert message.body
    assert said in message.body
    assert "林" not in message.body
    latest = list_accesses(world.elder_id)[: len(names)]
    assert [(look.deed.value, look.actor_id) for look in latest] == [(name, son) for name in names]


def test_ending_one_of_two_bands_is_told_as_that(world: World, son: int, now: datetime) -> None:
    issue(world, son, now)
    end(world, son, now)
    assert "停用了手环" in (owed("family_changed")[-1].body or "")


def test_a_telephone_taken_away_is_told_and_in_the_log(world: World, son: int, now: datetime) -> None:
    family_circle.add_contact(world.elder_id, FRIEND, guardian_id=world.daughter_id, now=now - HOUR)
    friend = queries.list_contacts(world.elder_id)[-1].id
    family_circle.remove_contact(world.elder_id, friend, guardian_id=son, now=now)
    assert owed("family_changed")[-1].recipient == DAUGHTER_PHONE
    assert list_accesses(world.elder_id)[0].deed.value == "contact.removed"


def test_of_one_kind_they_are_told_once_an_hour_and_the_log_keeps_each(world: World, son: int, now: datetime) -> None:
    for minutes in (0, 30, 59, 60):
        consent = consenting.give if queries.consented(world.elder_id, Purpose.CARD) is False else consenting.withdraw
        consent(world.elder_id, Purpose.CARD, guardian_id=son, now=now + timedelta(minutes=minutes))
    assert len(owed("family_changed")) == 2
    assert len([look for look in list_accesses(world.elder_id) if look.actor_id == son and look.at >= now]) == 4


def test_who_was_told_of_one_kind_is_told_of_another_in_the_same_hour(world: World, son: int, now: datetime) -> None:
    for deed in (add, raise_own, withdraw, end):
        deed(world, son, now)
    assert len(owed("family_changed")) == 4


def test_what_is_ones_own_or_changes_nothing_is_told_nobody(world: World, son: int, now: datetime) -> None:
    end(world, son, now)
    edit(world, son, now)
    withdraw(world, son, now)
    told = len(owed("family_changed"))
    later = now + HOUR
    edit(world, son, later, relation="relative", health="")
    withdraw(world, son, later)
    issuing.end(world.her.band_id, BandEnd.LOST, guardian_id=son, now=now + timedelta(seconds=30))
    assert len(owed("family_changed")) == told


def test_who_answers_alone_is_told_nothing_of_her_own(world: World, now: datetime) -> None:
    for deed in (change_address, withdraw, add, end):
        deed(world, world.daughter_id, now)
    assert owed("family_changed") == []


def test_where_a_deed_is_refused_nobody_is_told(world: World, son: int, now: datetime) -> None:
    before = every_row()
    hers = queries.list_contacts(world.elder_id)[0].id
    remove = lambda: family_circle.remove_contact(world.elder_id, hers, guardian_id=son, now=now)  # noqa: E731
    assert refused(remove) == "elders.contact_of_guardian"
    assert every_row() == before


def test_who_joins_and_who_leaves_are_lines_of_the_log(world: World, son: int, now: datetime) -> None:
    family_circle.end_guardianship(world.elder_id, son, guardian_id=son, now=now)
    deeds = [look.deed.value for look in list_accesses(world.elder_id)]
    assert deeds[:3] == ["guardianship.ended", "guardianship.began", "guardianship.invited"]
