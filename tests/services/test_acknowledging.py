"""The button of a message: used once, it tells the finders that somebody is on it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.services.finders import deeds, met, owed, refused
from tests.together import together
from tests.world import World, every_row
from wristband.accounts.models import QuietContact
from wristband.accounts.rules import QuietKind
from wristband.db import db, transaction
from wristband.house import house
from wristband.outbox import links
from wristband.outbox.links import LINK_LASTS
from wristband.outbox.models import Message
from wristband.outbox.rules import Channel
from wristband.scans.models import Reach
from wristband.scans.queries import find_reach_of
from wristband.scans.rules import Answer
from wristband.sealing import box
from wristband.services import reaching

SECOND = timedelta(seconds=1)
MAILBOX = "daughter@family.example"


@pytest.fixture
def now(world: World) -> datetime:
    return world.now + timedelta(hours=26)


@pytest.fixture(autouse=True)
def mailbox(world: World) -> None:
    """Hers, confirmed; and one of the neighbour's, which must hear nothing."""
    for guardian_id, address in ((world.daughter_id, MAILBOX), (world.neighbour_id, "neighbour@family.example")):
        with transaction():
            db.session.add(
                QuietContact(
                    guardian_id=guardian_id,
                    kind=QuietKind.MAIL,
                    address=address,
                    address_index=box().blind(address, place="quiet_contact.address"),
                    added_at=world.now,
                    confirmed_at=world.now,
                )
            )


def mails() -> list[Message]:
    return [message for message in owed("band_scanned") if message.channel is Channel.MAIL]


def token(message: Message) -> str:
    return links.make(message.id, house().ring.all("forms"))


def reach_of(reference: str) -> Reach:
    db.session.rollback()
    found = find_reach_of(reference)
    assert found
    return found


def test_a_tap_is_told_in_the_quiet_channels_too_and_to_no_other_family(world: World, now: datetime) -> None:
    met(world, now)
    (mail,) = mails()
    assert (mail.recipient, mail.guardian_id) == (MAILBOX, world.daughter_id)


@pytest.mark.parametrize("state", ["unconfirmed", "lost"])
def test_a_mailbox_nobody_has_confirmed_or_that_is_gone_is_told_nothing(
    world: World, now: datetime, state: str
) -> None:
    with transaction():
        values = {"confirmed_at": None} if state == "unconfirmed" else {"lost_at": now}
        db.session.execute(sa.update(QuietContact).values(**values))
    met(world, now)
    assert mails() == []


def test_the_button_answers_the_finder_and_ends_the_calling(world: World, now: datetime) -> None:
    reference = met(world, now)
    assert reaching.acknowledge(token(mails()[0]), now=now + SECOND) is True
    reach = reach_of(reference)
    assert (reach.answer, reach.answered_by, reach.seen_by) == (Answer.ON_IT, world.daughter_id, world.daughter_id)
    assert deeds(world.elder_id)[-2:] == ["family.saw", "family.answered"]


def test_all_who_ride_on_the_message_are_answered_and_an_answer_given_before_stays(world: World, now: datetime) -> None:
    references = [met(world, now) for _ in range(10)]
    last = reach_of(references[-1])
    shared = [reference for reference in references if reach_of(reference).told_with == last.told_with]
    assert len(shared) > 1
    reaching.answer(last.id, Answer.COMING, guardian_id=world.daughter_id, now=now)
    (mail,) = [mail for mail in mails() if mail.reach_id == last.told_with]
    reaching.acknowledge(token(mail), now=now + SECOND)
    said = [reach_of(reference).answer for reference in shared]
    assert said == [Answer.ON_IT] * (len(shared) - 1) + [Answer.COMING]


def test_the_second_time_changes_nothing(world: World, now: datetime) -> None:
    met(world, now)
    link = token(mails()[0])
    reaching.acknowledge(link, now=now + SECOND)
    before = every_row()
    assert reaching.acknowledge(link, now=now + 2 * SECOND) is False
    assert every_row() == before


def test_pressed_by_many_at_once_it_is_used_once(app: Flask, world: World, now: datetime) -> None:
    met(world, now)
    link = token(mails()[0])
    together(app, [lambda: reaching.acknowledge(link, now=now + SECOND)] * 6)
    assert deeds(world.elder_id).count("family.answered") == 1


@pytest.mark.parametrize("spoil", ["cut", "another message", "late", "nonsense", "another purpose", ""])
def test_a_link_that_is_not_ours_or_late_tells_nobody_anything(world: World, now: datetime, spoil: str) -> None:
    met(world, now)
    (mail,) = mails()
    good = token(mail)
    later = now + LINK_LASTS + SECOND if spoil == "late" else now
    link = {
        "cut": good[:-1],
        "another message": good.replace(good.split(".")[0], token(owed("band_scanned")[0]).split(".")[0]),
        "late": good,
        "nonsense": "人.x" * 90,
        "another purpose": links._serializer({"x": b"0" * 32}).dumps(mail.id),
        "": "",
    }[spoil]
    before = every_row()
    assert reaching.find_linked(link, now=later) is None
    assert refused(lambda: reaching.acknowledge(link, now=later)) == "reach.link_unknown"
    assert every_row() == before


def test_what_a_link_is_about_says_nothing_of_the_elder(world: World, now: datetime) -> None:
    met(world, now)
    about = reaching.find_linked(token(mails()[0]), now=now + SECOND)
    assert about == reaching.Linked(at=now, used=False, answered=False, drill=False)
