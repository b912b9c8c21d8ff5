"""Where a guardian is told without ringing: proved by a code, tried, lost, removed."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from tests.services.finders import deeds, met, next_day, owed, refused
from tests.services.test_confirming import wrong
from tests.values.test_push import told
from tests.world import World, last_body
from wristband.accounts.models import Guardian, QuietContact
from wristband.accounts.queries import list_quiet_contacts
from wristband.accounts.rules import QUIET_CODE_BY_GUARDIAN, QUIET_CODE_LASTS, QuietKind
from wristband.audit.deeds import Deed
from wristband.db import db, new_id, transaction
from wristband.elders.quiet_record import quiet_section
from wristband.house import Quiet, connect, house
from wristband.outbox.models import Delivery, Message
from wristband.outbox.queries import read_refused
from wristband.outbox.rules import Channel, MessageState, Outcome
from wristband.sealing import EMPTIED
from wristband.services import subscribing
from wristband.services.purging import purge

MAILBOX = "lin@example.org"
ROBOT = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=0a1b2c3d-4e5f-6789-abcd-ef0123456789"
FCM = "https://fcm.googleapis.com/fcm/send/abc"
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


@pytest.fixture
def now(world: World) -> datetime:
    return next_day(world)


def add(world: World, now: datetime, typed: str = MAILBOX, kind: QuietKind = QuietKind.MAIL) -> int:
    me = {"guardian_id": world.daughter_id, "address": "192.0.2.1", "now": now}
    return subscribing.add(kind, typed, **me)  # type: ignore[arg-type]


def code(recipient: str = MAILBOX) -> str:
    db.session.rollback()
    found = re.search(r"\d{6}", last_body(recipient))
    assert found
    return found[0]


def confirm(world: World, contact_id: int, typed: str, now: datetime) -> None:
    subscribing.confirm(contact_id, typed, guardian_id=world.daughter_id, now=now)


def add_push(world: World, now: datetime, endpoint: str = FCM) -> int:
    key_id, _ = subscribing.push_offer()
    return subscribing.add_push(told(endpoint=endpoint), key_id, guardian_id=world.daughter_id, now=now)


def kept() -> list[QuietContact]:
    db.session.rollback()
    question = sa.select(QuietContact).order_by(QuietContact.id)
    return list(db.session.scalars(question, execution_options={"populate_existing": True}))


def ready(world: World) -> list[int]:
    db.session.rollback()
    return [contact.id for contact in list_quiet_contacts([world.daughter_id])]


@pytest.mark.parametrize(("kind", "typed"), [(QuietKind.MAIL, MAILBOX), (QuietKind.CHAT, ROBOT)])
def test_nothing_about_an_elder_goes_there_before_its_code_came_back(
    world: World, now: datetime, kind: QuietKind, typed: str
) -> None:
    contact_id = add(world, now, typed, kind)
    met(world, now)
    assert not [message for message in owed("band_scanned") if message.channel is Channel(kind.value)]
    (sent,) = owed("quiet_code")
    assert (sent.channel, sent.expires_at) == (Channel(kind.value), now + QUIET_CODE_LASTS)
    confirm(world, contact_id, code(sent.recipient), now)
    met(world, now)
    (message,) = [message for message in owed("band_scanned") if message.channel is Channel(kind.value)]
    assert message.recipient == sent.recipient
    assert deeds().count(Deed.QUIET_CONFIRMED) == 1


def test_the_same_address_is_kept_once_and_gets_another_code(world: World, now: datetime) -> None:
    assert add(world, now) == add(world, now, " LIN".lower().strip() + "@EXAMPLE.org")
    assert len(kept()) == 1
    assert len(owed("quiet_code")) == 2
    confirm(world, kept()[0].id, code(), now)
    assert refused(lambda: add(world, now)) == "quiet.known"


def test_a_wrong_code_and_a_late_one_confirm_nothing(world: World, now: datetime) -> None:
    contact_id = add(world, now)
    assert refused(lambda: confirm(world, contact_id, wrong(code()), now)) == "quiet.code_wrong"
    assert refused(lambda: confirm(world, contact_id, code(), now + QUIET_CODE_LASTS)) == "quiet.code_wrong"
    assert not ready(world)


def test_another_guardian_neither_confirms_nor_removes_nor_tries_it(world: World, now: datetime) -> None:
    contact_id, them = add(world, now), {"guardian_id": world.neighbour_id, "now": now}
    for deed in (
        lambda: subscribing.confirm(contact_id, code(), **them),  # type: ignore[arg-type]
        lambda: subscribing.remove(contact_id, **them),  # type: ignore[arg-type]
        lambda: subscribing.try_out(contact_id, **them),  # type: ignore[arg-type]
        lambda: subscribing.send_again(contact_id, address="192.0.2.1", **them),  # type: ignore[arg-type]
    ):
        assert refused(deed) == "quiet.unknown"
    assert len(kept()) == 1


@pytest.mark.parametrize(
    ("kind", "typed", "refusal"),
    [
        (QuietKind.MAIL, "not a mailbox", "mailbox.not_a_mailbox"),
        (QuietKind.MAIL, "lin@localhost", "mailbox.not_a_mailbox"),
        (QuietKind.MAIL, "lin@127.0.0.1", "mailbox.not_a_mailbox"),
        (QuietKind.CHAT, "https://elsewhere.example/hook", "chat.host_not_served"),
        (QuietKind.CHAT, "nothing at all", "chat.not_an_address"),
        (QuietKind.CHAT, "https://127.0.0.1/abcd1234", "chat.host_not_served"),
        (QuietKind.CHAT, "http://10.0.0.8:8080/abcd1234", "chat.host_not_served"),
        (QuietKind.CHAT, "https://[::1]/abcd1234", "chat.not_an_address"),
        (QuietKind.PUSH, FCM, "quiet.kind_not_here"),
    ],
)
def test_what_cannot_be_told_there_is_refused_and_leaves_nothing(
    world: World, now: datetime, kind: QuietKind, typed: str, refusal: str
) -> None:
    assert refused(lambda: add(world, now, typed, kind)) == refusal
    assert not kept()
    assert not owed("quiet_code")


def test_a_kind_without_a_gateway_is_not_offered(world: World, now: datetime) -> None:
    connect({"sms", "mail"}, house().quiet)
    assert subscribing.kinds() == [QuietKind.MAIL]
    assert refused(lambda: add(world, now, ROBOT, QuietKind.CHAT)) == "quiet.kind_not_here"
    assert refused(lambda: add_push(world, now)) == "quiet.kind_not_here"


def test_a_guardian_has_six_at_most(world: World, now: datetime) -> None:
    for each in range(6):
        add(world, now, f"lin{each}@example.org")
    assert refused(lambda: add(world, now, "lin6@example.org")) == "quiet.many"
    assert len(kept()) == 6


def test_one_mailbox_is_sent_three_codes_whoever_asks(world: World, now: datetime) -> None:
    for _ in range(3):
        add(world, now)
    them = {"guardian_id": world.neighbour_id, "address": "192.0.2.7", "now": now}
    assert (
        refused(lambda: subscribing.add(QuietKind.MAIL, MAILBOX, **them))  # type: ignore[arg-type]
        == "accounts.codes_spent"
    )
    assert len(owed("quiet_code")) == 3


def test_a_browsers_notices_are_ready_at_once_and_once(world: World, now: datetime) -> None:
    assert add_push(world, now) == add_push(world, now + SECOND)
    assert ready(world) == [kept()[0].id]
    assert kept()[0].confirmed_at == now
    assert deeds().count(Deed.QUIET_CONFIRMED) == 1


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("", "push.not_a_subscription"),
        ("[" * 4000, "push.not_a_subscription"),
        ('{"endpoint": 7}', "push.not_a_subscription"),
        (told(endpoint=f"{FCM}/{'a' * 5000}"), "push.not_a_subscription"),
        (told(endpoint="http://fcm.googleapis.com/a"), "push.not_a_subscription"),
        (told(endpoint="https://elsewhere.example/push"), "quiet.push_service"),
        (told(endpoint="https://fcm.googleapis.com.elsewhere.example/a"), "quiet.push_service"),
        (told(endpoint="http://127.0.0.1:8080/a"), "quiet.push_service"),
    ],
)
def test_what_is_no_subscription_of_a_push_service_is_refused(
    world: World, now: datetime, text: str, refusal: str
) -> None:
    key_id, _ = subscribing.push_offer()
    deed = {"guardian_id": world.daughter_id, "now": now}
    assert refused(lambda: subscribing.add_push(text, key_id, **deed)) == refusal  # type: ignore[arg-type]
    assert not kept()


def test_a_subscription_made_with_a_key_that_we_do_not_have_is_refused(world: World, now: datetime) -> None:
    deed = {"guardian_id": world.daughter_id, "now": now}
    text = told(endpoint=FCM)
    assert refused(lambda: subscribing.add_push(text, "Z", **deed)) == "quiet.push_service"  # type: ignore[arg-type]


def test_a_test_goes_to_what_is_ready_and_to_nothing_else(world: World, now: datetime) -> None:
    contact_id, me = add(world, now), {"guardian_id": world.daughter_id, "now": now}
    assert refused(lambda: subscribing.try_out(contact_id, **me)) == "quiet.not_ready"  # type: ignore[arg-type]
    confirm(world, contact_id, code(), now)
    for _ in range(5):
        subscribing.try_out(contact_id, **me)  # type: ignore[arg-type]
    assert refused(lambda: subscribing.try_out(contact_id, **me)) == "quiet.tests_spent"  # type: ignore[arg-type]
    assert [message.recipient for message in owed("quiet_test")] == [MAILBOX] * 5


def test_what_is_removed_is_told_of_no_more(world: World, now: datetime) -> None:
    contact_id = add_push(world, now)
    assert subscribing.remove(contact_id, guardian_id=world.daughter_id, now=now) is QuietKind.PUSH
    met(world, now)
    assert {message.channel for message in owed("band_scanned")} == {Channel.SMS}
    assert not kept()
    assert deeds().count(Deed.QUIET_REMOVED) == 1


def refuse(wording: str, channel: Channel, gateway_code: str, at: datetime) -> None:
    """The gateway has refused the newest message of this wording and channel for good."""
    message = [message for message in owed(wording) if message.channel is channel][-1]
    with transaction():
        values = {"state": MessageState.STOPPED, "settled_at": at}
        db.session.execute(sa.update(Message).where(Message.id == message.id).values(**values))
        db.session.add(
            Delivery(
                id=new_id(),
                message_id=message.id,
                gateway="push",
                began_at=at,
                ended_at=at,
                outcome=Outcome.PERMANENT,
                code=gateway_code,
            )
        )


def test_what_a_gateway_says_is_gone_is_lost_until_it_is_added_again(world: World, now: datetime) -> None:
    contact_id, other = add_push(world, now), add_push(world, now, f"{FCM}/other")
    subscribing.try_out(contact_id, guardian_id=world.daughter_id, now=now + SECOND)
    refuse("quiet_test", Channel.PUSH, "gone", now + 2 * SECOND)
    assert [subscribing.lose(now=now + HOUR) for _ in range(2)] == [1, 0]
    assert ready(world) == [other]
    assert kept()[0].lost_at == now + HOUR
    assert add_push(world, now + 2 * HOUR) == contact_id
    assert subscribing.lose(now=now + 3 * HOUR) == 0
    assert ready(world) == [contact_id, other]


def test_a_browser_that_tells_its_subscription_again_spends_nothing(world: World, now: datetime) -> None:
    once = add_push(world, now)
    assert {add_push(world, now) for _ in range(QUIET_CODE_BY_GUARDIAN.burst + 1)} == {once}
    subscribing.remove(once, guardian_id=world.daughter_id, now=now)
    assert add_push(world, now) != once


def test_of_many_that_are_refused_none_is_overlooked(world: World, now: datetime) -> None:
    contact_id = add_push(world, now)
    for _ in range(3):
        subscribing.try_out(contact_id, guardian_id=world.daughter_id, now=now + SECOND)
        refuse("quiet_test", Channel.PUSH, "gone", now + 2 * SECOND)
    push = {"since": now, "channels": [Channel.PUSH]}
    told = [[one.message_id for one in read_refused(**push, page=page)] for page in (1, 2, 500)]  # type: ignore[arg-type]
    assert told[0] == told[1] == told[2] == [message.id for message in owed("quiet_test")]
    assert len(told[0]) == 3


def test_a_message_that_was_too_long_loses_no_contact(world: World, now: datetime) -> None:
    contact_id = add_push(world, now)
    subscribing.try_out(contact_id, guardian_id=world.daughter_id, now=now + SECOND)
    refuse("quiet_test", Channel.PUSH, "too_long", now + 2 * SECOND)
    assert subscribing.lose(now=now + HOUR) == 0
    assert ready(world) == [contact_id]


def test_a_lost_mailbox_added_again_is_proved_again(world: World, now: datetime) -> None:
    contact_id = add(world, now)
    confirm(world, contact_id, code(), now)
    subscribing.try_out(contact_id, guardian_id=world.daughter_id, now=now + SECOND)
    refuse("quiet_test", Channel.MAIL, "rcpt_550", now + 2 * SECOND)
    subscribing.lose(now + HOUR)
    assert not ready(world)
    later = now + timedelta(days=1)
    assert add(world, later) == contact_id
    assert not ready(world)
    confirm(world, contact_id, code(), later)
    assert ready(world) == [contact_id]


def test_what_nobody_confirms_is_gone_after_a_day_and_what_is_ready_stays(world: World, now: datetime) -> None:
    add(world, now)
    ready_one = add_push(world, now)
    list(purge(now=now + timedelta(hours=23)))
    assert len(kept()) == 2
    list(purge(now=now + timedelta(hours=24)))
    assert [contact.id for contact in kept()] == [ready_one]


def test_with_the_account_everything_of_the_kind_goes(world: World, now: datetime) -> None:
    add_push(world, now)
    with transaction():
        gone = sa.update(Guardian).where(Guardian.id == world.daughter_id).values(phone_sealed=EMPTIED)
        db.session.execute(gone)
    list(purge(now=now + SECOND))
    assert not kept()


def test_the_export_holds_ones_own_and_nobody_elses(world: World, now: datetime) -> None:
    confirm(world, add(world, now), code(), now)
    add_push(world, now)
    rows = [dict(row) for row in quiet_section(world.daughter_id).rows]
    assert [row["address"] for row in rows] == [MAILBOX, "fcm.googleapis.com"]
    assert json.dumps(rows, default=str).count("BCVxsr7N") == 0
    assert not quiet_section(world.neighbour_id).rows


def test_hosts_that_the_operator_names_are_served(world: World, now: datetime) -> None:
    connect(house().channels, Quiet(("push.example.org",), lambda host: host == "push.example.org"))
    assert add(world, now, "https://push.example.org/abcd1234", QuietKind.CHAT)
    assert add_push(world, now, "https://push.example.org/x")
    assert refused(lambda: add_push(world, now)) == "quiet.push_service"
