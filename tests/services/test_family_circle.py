"""The family of an elder: telephones in order, guardians invited and leaving; nobody acts alone against another."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.services.finders import deeds, met, next_day, owed, refused
from tests.services.relatives import invited, son_of
from tests.together import together
from tests.world import DAUGHTER_PHONE, NEIGHBOUR_PHONE, SON_PHONE, World, every_row
from wristband.db import db
from wristband.elders import queries
from wristband.elders.models import Contact, Guardianship
from wristband.elders.rules import CONTACTS_AN_ELDER, GUARDIANS_AN_ELDER, INVITATION_LASTS
from wristband.services import erasing, family_circle, signing_in
from wristband.values.phone import Phone

FRIEND_PHONE = "+8613800138007"
SECOND = timedelta(seconds=1)


@pytest.fixture
def now(world: World) -> datetime:
    return next_day(world)


def phones(world: World) -> list[str]:
    db.session.rollback()
    db.session.expire_all()
    return [contact.address for contact in queries.list_contacts(world.elder_id)]


def add(world: World, phone: str, now: datetime) -> int:
    family_circle.add_contact(world.elder_id, Phone(phone), guardian_id=world.daughter_id, now=now)
    return queries.list_contacts(world.elder_id)[-1].id


def leave(world: World, who: int, now: datetime, *, guardian_id: int) -> None:
    family_circle.end_guardianship(world.elder_id, who, guardian_id=guardian_id, now=now)


# ---- telephones


def test_an_added_telephone_is_last_and_hears_of_the_next_call(world: World, now: datetime) -> None:
    add(world, SON_PHONE, now)
    assert phones(world) == [DAUGHTER_PHONE, SON_PHONE]
    met(world, now)
    assert {message.recipient for message in owed("band_scanned")} == {DAUGHTER_PHONE, SON_PHONE}


def test_the_same_telephone_is_added_once(world: World, now: datetime) -> None:
    assert refused(lambda: add(world, DAUGHTER_PHONE, now)) == "elders.contact_known"


def test_no_more_telephones_than_there_may_be(world: World, now: datetime) -> None:
    for number in range(CONTACTS_AN_ELDER - 1):
        add(world, f"+86138001380{number + 20}", now)
    assert refused(lambda: add(world, SON_PHONE, now)) == "elders.contacts_many"


def test_a_telephone_moves_up_one_place_and_the_first_stays(world: World, now: datetime) -> None:
    add(world, SON_PHONE, now)
    friend = add(world, FRIEND_PHONE, now)
    move = lambda: family_circle.raise_contact(world.elder_id, friend, guardian_id=world.daughter_id, now=now)  # noqa: E731
    move()
    assert phones(world) == [DAUGHTER_PHONE, FRIEND_PHONE, SON_PHONE]
    move()
    move()
    assert phones(world) == [FRIEND_PHONE, DAUGHTER_PHONE, SON_PHONE]


def test_a_removed_telephone_hears_nothing_more(world: World, now: datetime) -> None:
    son = add(world, SON_PHONE, now)
    family_circle.remove_contact(world.elder_id, son, guardian_id=world.daughter_id, now=now)
    assert phones(world) == [DAUGHTER_PHONE]
    remove = lambda: family_circle.remove_contact(world.elder_id, son, guardian_id=world.daughter_id, now=now)  # noqa: E731
    assert refused(remove) == "elders.contact_unknown"


def test_a_guardians_own_telephone_is_taken_away_by_nobody(world: World, now: datetime) -> None:
    son_id = son_of(world, now)
    both = queries.list_contacts(world.elder_id)
    assert [contact.guardian_id for contact in both] == [world.daughter_id, son_id]
    for contact in both:
        remove = lambda contact=contact: family_circle.remove_contact(  # noqa: E731
            world.elder_id, contact.id, guardian_id=son_id, now=now
        )
        assert refused(remove) == "elders.contact_of_guardian"


def test_another_familys_telephones_are_out_of_reach(world: World, now: datetime) -> None:
    theirs = db.session.scalars(sa.select(Contact.id).where(Contact.elder_id == world.other.elder_id)).one()
    before = every_row()
    mine = {"guardian_id": world.daughter_id, "now": now}
    for deed in (family_circle.remove_contact, family_circle.raise_contact):
        assert refused(lambda deed=deed: deed(world.elder_id, theirs, **mine)) == "elders.contact_unknown"
        assert refused(lambda deed=deed: deed(world.other.elder_id, theirs, **mine)) == "elders.unknown"
    assert every_row() == before


# ---- guardians


def test_who_accepts_is_second_and_is_called(world: World, now: datetime) -> None:
    son_id = son_of(world, now)
    assert [(link.rank, person.id) for link, person in queries.list_guardians(world.elder_id)] == [
        (1, world.daughter_id),
        (2, son_id),
    ]
    contact = queries.list_contacts(world.elder_id)[-1]
    assert (contact.address, contact.guardian_id, contact.confirmed_at) == (SON_PHONE, son_id, now)
    assert [message.recipient for message in owed("guardian_joined")] == [DAUGHTER_PHONE]
    assert deeds(world.elder_id)[-2:] == ["guardianship.invited", "guardianship.began"]


def test_a_telephone_noted_before_is_confirmed_and_not_doubled(world: World, now: datetime) -> None:
    add(world, SON_PHONE, now)
    son_of(world, now)
    assert phones(world) == [DAUGHTER_PHONE, SON_PHONE]


def test_an_invitation_tells_its_phone_and_no_name(world: World, now: datetime) -> None:
    invited(world, now)
    (message,) = owed("guardian_invited")
    assert message.recipient == SON_PHONE
    assert message.body
    assert "林" not in message.body


def test_before_he_accepts_he_sees_nothing(world: World, now: datetime) -> None:
    son_id, _ = invited(world, now)
    assert queries.list_elders(guardian_id=son_id) == []
    assert [inviter for _, inviter in queries.list_invitations_to(son_id, now=now)] == ["林家的女儿"]


def test_an_invitation_is_its_phones_alone(world: World, now: datetime) -> None:
    _, invitation_id = invited(world, now)
    stranger = {"guardian_id": world.neighbour_id, "now": now}
    accept = lambda: family_circle.accept(invitation_id, name="谁", relation="child", **stranger)  # noqa: E731
    assert refused(accept) == "elders.invitation_over"
    assert refused(lambda: family_circle.decline(invitation_id, **stranger)) == "elders.invitation_over"


def test_an_invitation_ends_with_its_week_by_a_no_and_by_being_taken_back(world: World, now: datetime) -> None:
    son_id, invitation_id = invited(world, now)
    late = {"guardian_id": son_id, "now": now + INVITATION_LASTS}
    accept = lambda **who: family_circle.accept(invitation_id, name="儿子", relation="child", **who)  # noqa: E731
    assert refused(lambda: accept(**late)) == "elders.invitation_over"
    family_circle.decline(invitation_id, guardian_id=son_id, now=now)
    assert refused(lambda: accept(guardian_id=son_id, now=now)) == "elders.invitation_over"
    _, second = invited(world, now + SECOND)
    family_circle.uninvite(world.elder_id, second, guardian_id=world.daughter_id, now=now + SECOND)
    assert queries.list_invitations_to(son_id, now=now + SECOND) == []
    late_again = now + 2 * INVITATION_LASTS
    assert invited(world, late_again)[0] == son_id


def test_what_is_missing_is_said_and_the_invitation_stays_open(world: World, now: datetime) -> None:
    son_id, invitation_id = invited(world, now)
    mine = {"guardian_id": son_id, "now": now}
    assert refused(lambda: family_circle.accept(invitation_id, name=" ", relation="child", **mine)) == (
        "accounts.name_missing"
    )
    assert refused(lambda: family_circle.accept(invitation_id, name="儿子", relation="", **mine)) == (
        "elders.relation_missing"
    )
    assert family_circle.accept(invitation_id, name="儿子", relation="child", **mine) == world.elder_id


def test_asked_twice_he_is_asked_once(world: World, now: datetime) -> None:
    assert invited(world, now) == invited(world, now)
    assert len(owed("guardian_invited")) == 1


def test_a_guardian_is_not_invited_and_a_stranger_invites_nobody(world: World, now: datetime) -> None:
    invite = lambda phone, who: family_circle.invite(world.elder_id, Phone(phone), guardian_id=who, now=now)  # noqa: E731
    assert refused(lambda: invite(DAUGHTER_PHONE, world.daughter_id)) == "elders.guardian_known"
    assert refused(lambda: invite(SON_PHONE, world.neighbour_id)) == "elders.unknown"
    assert owed("guardian_invited") == []


def test_invitations_have_their_budget_and_their_number(world: World, now: datetime) -> None:
    numbers = [f"+86138001380{number}" for number in range(30, 40)]
    for phone in numbers[: GUARDIANS_AN_ELDER - 1]:
        invited(world, now, phone)
    assert refused(lambda: invited(world, now, numbers[7])) == "elders.invites_spent"
    later = now + timedelta(days=2)
    assert refused(lambda: invited(world, later, numbers[8])) == "elders.guardians_many"


def test_nobody_sends_another_away(world: World, now: datetime) -> None:
    son_id = son_of(world, now)
    before = every_row()
    assert refused(lambda: leave(world, son_id, now, guardian_id=world.daughter_id)) == "elders.guardian_of_another"
    assert refused(lambda: leave(world, world.daughter_id, now, guardian_id=son_id)) == "elders.guardian_of_another"
    assert every_row() == before


def test_who_leaves_sees_and_hears_nothing_more_and_the_next_is_first(world: World, now: datetime) -> None:
    son_id = son_of(world, now)
    leave(world, world.daughter_id, now, guardian_id=world.daughter_id)
    assert queries.list_elders(guardian_id=world.daughter_id) == []
    assert phones(world) == [SON_PHONE]
    assert [(link.rank, person.id) for link, person in queries.list_guardians(world.elder_id)] == [(1, son_id)]
    assert [message.recipient for message in owed("guardian_left")] == [SON_PHONE]


def test_the_last_one_cannot_leave(world: World, now: datetime) -> None:
    assert (
        refused(lambda: leave(world, world.daughter_id, now, guardian_id=world.daughter_id)) == "elders.guardian_last"
    )


def test_two_who_leave_at_once_do_not_leave_her_alone(app: Flask, world: World, now: datetime) -> None:
    son_id = son_of(world, now)
    together(app, [lambda who=who: leave(world, who, now, guardian_id=who) for who in (world.daughter_id, son_id)])
    db.session.rollback()
    asked = sa.select(Guardianship).where(Guardianship.elder_id == world.elder_id, Guardianship.ended_at.is_(None))
    assert len(db.session.scalars(asked).all()) == 1


def test_who_left_can_be_asked_back(world: World, now: datetime) -> None:
    son_id = son_of(world, now)
    leave(world, son_id, now, guardian_id=son_id)
    later = now + timedelta(hours=1)
    assert son_of(world, later) == son_id
    assert [link.ended_at for link, _ in queries.list_guardians(world.elder_id)] == [None, None]


def test_the_wish_of_who_leaves_is_not_done_after_her(world: World, now: datetime) -> None:
    son_of(world, now)
    erasing.ask(world.elder_id, "林秀英", guardian_id=world.daughter_id, now=now)
    leave(world, world.daughter_id, now, guardian_id=world.daughter_id)
    assert queries.find_erasure(world.elder_id) is None


def test_an_invitation_follows_whoever_signs_in_with_the_phone(world: World, now: datetime) -> None:
    family_circle.invite(world.elder_id, Phone(NEIGHBOUR_PHONE), guardian_id=world.daughter_id, now=now)
    neighbour = signing_in.join(Phone(NEIGHBOUR_PHONE), language="zh-CN", now=now)
    assert len(queries.list_invitations_to(neighbour, now=now)) == 1
