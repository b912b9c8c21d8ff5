"""Webhooks: kept by their partner, told in order by the worker, disabled when nobody is there, replayed harmlessly."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from tests.services.partners import HOST, URL, asked, hired, hooked, kinds, owed, reported
from tests.services.post import LEASE_S, Post, refusing
from tests.together import raised, together
from tests.world import World, every_row
from wristband.db import db, transaction
from wristband.errors import BadValue, Conflict, NotFound
from wristband.gateways.contract import GatewayFault, Handover
from wristband.incidents.models import Incident
from wristband.incidents.rules import IncidentState
from wristband.outbox.models import Message
from wristband.outbox.rules import GIVE_UP_AFTER, Channel, MessageState
from wristband.partners import owing, queries, webhooks
from wristband.partners.models import Webhook
from wristband.partners.rules import OVERLAP, STOPPED_IN_A_ROW, WEBHOOKS_A_PARTNER, Event, PartnerAccount, WebhookEnd
from wristband.services import handling, hooking, partnering
from wristband.services.delivering import Worker

MINUTE = timedelta(minutes=1)


@pytest.fixture
def now(world: World) -> datetime:
    return world.now + MINUTE


@pytest.fixture
def partner(world: World, now: datetime) -> PartnerAccount:
    return hired(now)


def _webhook(webhook_id: int) -> Webhook:
    db.session.rollback()
    return db.session.get_one(Webhook, webhook_id, populate_existing=True)


def _deliver(post: Post, at: datetime) -> None:
    with time_machine.travel(at, tick=False):
        Worker({"webhook": post, "sms": Post()}, lease_s=LEASE_S, hands=4).drain()


def _handed(post: Post) -> list[str]:
    return [json.loads(handover.body)["event"] for handover in post.handed]


def _state(webhook_id: int) -> list[MessageState]:
    db.session.rollback()
    mine = sa.select(Message).where(Message.channel == Channel.WEBHOOK).order_by(Message.id)
    rows = db.session.scalars(mine, execution_options={"populate_existing": True})
    return [row.state for row in rows if row.recipient == queries.recipient_of(webhook_id)]


def test_a_secret_is_told_once_and_kept_sealed(world: World, partner: PartnerAccount, now: datetime) -> None:
    made = hooking.make(
        asked("make"), URL, [Event.INCIDENT_CLOSED], partner_id=partner.partner_id, by=partner.actor, now=now
    )
    secret = made.facts["secret"]
    assert _webhook(int(made.facts["id"])).secret == secret
    rows = str(every_row())
    assert secret not in rows
    assert URL not in rows


@pytest.mark.parametrize("url", ["https://elsewhere.example.org/", "ftp://hooks.example.org/", "not an address"])
def test_a_webhook_leads_only_where_an_administrator_allowed(
    world: World, partner: PartnerAccount, now: datetime, url: str
) -> None:
    with pytest.raises(BadValue):
        hooked(partner, now, url=url)
    assert queries.list_webhooks(partner.partner_id) == []


def test_a_partner_keeps_a_few_webhooks_and_not_one_more(
    app: Flask, world: World, partner: PartnerAccount, now: datetime
) -> None:
    deeds = [lambda n=n: hooked(partner, now, url=f"{URL}/{n}") for n in range(WEBHOOKS_A_PARTNER + 2)]
    told = together(app, deeds)
    assert [type(refusal) for refusal in raised(told)] == [Conflict, Conflict]
    db.session.rollback()
    assert len(queries.list_webhooks(partner.partner_id)) == WEBHOOKS_A_PARTNER


def test_no_partner_touches_anothers(world: World, partner: PartnerAccount, now: datetime) -> None:
    webhook_id, other = hooked(partner, now), hired(now, "另一家")
    for deed in (hooking.end, hooking.enable, hooking.rotate_secret):
        with pytest.raises(NotFound):
            deed(webhook_id, partner_id=other.partner_id, by=other.actor, now=now)
    with pytest.raises(NotFound):
        hooking.owe_test(webhook_id, partner_id=other.partner_id, now=now)
    assert owed() == []


def test_a_change_over_somebody_elses_is_refused(world: World, partner: PartnerAccount, now: datetime) -> None:
    webhook_id = hooked(partner, now)

    def change(version: int) -> Webhook:
        return hooking.change(
            webhook_id,
            f"{URL}/2",
            [Event.INCIDENT_CLOSED],
            enabled=True,
            version=version,
            partner_id=partner.partner_id,
            by=partner.actor,
            now=now,
        )

    assert change(1).version == 2
    with pytest.raises(hooking.Stale):
        change(1)
    assert _webhook(webhook_id).events == "incident.closed"


def test_while_a_secret_is_renewed_events_are_signed_with_both(
    world: World, partner: PartnerAccount, now: datetime
) -> None:
    webhook_id = hooked(partner, now)
    old = _webhook(webhook_id).secret
    _, new = hooking.rotate_secret(webhook_id, partner_id=partner.partner_id, by=partner.actor, now=now)

    def secrets(at: datetime) -> list[str]:
        db.session.rollback()
        found: list[str] = json.loads(webhooks.dial(queries.recipient_of(webhook_id), now=at))["secrets"]
        return found

    assert secrets(now) == [new, old]
    assert secrets(now + OVERLAP) == [new]


def test_the_worker_hands_over_where_it_leads_now_and_in_order(
    world: World, partner: PartnerAccount, now: datetime
) -> None:
    webhook_id = hooked(partner, now)
    number = reported(partner, world.her.code, now).facts["number"]
    incident_id = db.session.scalars(sa.select(Incident.id).where(Incident.number == number)).one()
    handling.move(incident_id, IncidentState.ACCEPTED, officer=world.officer, now=now)
    hooking.change(
        webhook_id,
        f"https://{HOST}/moved",
        [Event.INCIDENT_CLOSED],
        enabled=True,
        version=None,
        partner_id=partner.partner_id,
        by=partner.actor,
        now=now,
    )
    post = Post()
    _deliver(post, now + MINUTE)
    assert _handed(post) == ["incident.opened", "incident.accepted"]
    assert {json.loads(one.recipient)["url"] for one in post.handed} == {f"https://{HOST}/moved"}


def test_while_the_first_is_not_taken_the_next_of_its_incident_waits_and_others_do_not(
    world: World, partner: PartnerAccount, now: datetime
) -> None:
    hooked(partner, now)
    number = reported(partner, world.her.code, now).facts["number"]
    incident_id = db.session.scalars(sa.select(Incident.id).where(Incident.number == number)).one()
    handling.move(incident_id, IncidentState.ACCEPTED, officer=world.officer, now=now)
    reported(partner, "", now)

    def refuse(handover: Handover) -> None:
        if number in handover.body:
            raise GatewayFault(permanent=False, code="http_503")

    post = Post(refuse)
    _deliver(post, now + MINUTE)
    told = [json.loads(handover.body) for handover in post.handed]
    assert [event["event"] for event in told if event["subject"]["id"] == number] == ["incident.opened"]
    assert [event["event"] for event in told if event["subject"]["id"] != number] == ["incident.opened"]


def test_a_deleted_webhook_is_told_nothing_that_waited(world: World, partner: PartnerAccount, now: datetime) -> None:
    webhook_id = hooked(partner, now)
    hooking.owe_test(webhook_id, partner_id=partner.partner_id, now=now)
    hooking.end(webhook_id, partner_id=partner.partner_id, by=partner.actor, now=now)
    post = Post()
    _deliver(post, now + MINUTE)
    assert [handover.recipient for handover in post.handed] == [""]


def test_a_webhook_that_never_answers_is_disabled_and_told_again_once_it_is_enabled(
    world: World, partner: PartnerAccount, now: datetime
) -> None:
    webhook_id = hooked(partner, now)
    for _ in range(STOPPED_IN_A_ROW):
        hooking.owe_test(webhook_id, partner_id=partner.partner_id, now=now)
    late = now + GIVE_UP_AFTER + MINUTE
    _deliver(Post(refusing(permanent=False)), late)
    assert _state(webhook_id) == [MessageState.STOPPED] * STOPPED_IN_A_ROW
    assert partnering.look_after_webhooks(late) == 1
    assert partnering.look_after_webhooks(late) == 0
    assert _webhook(webhook_id).disabled_for is WebhookEnd.FAILING
    with pytest.raises(Conflict):
        hooking.owe_test(webhook_id, partner_id=partner.partner_id, now=late)
    reported(partner, world.her.code, late)
    assert kinds(webhook_id) == ["webhook.test"] * STOPPED_IN_A_ROW
    hooking.enable(webhook_id, partner_id=partner.partner_id, by=partner.actor, now=late)
    hooking.owe_test(webhook_id, partner_id=partner.partner_id, now=late)
    _deliver(Post(), late + MINUTE)
    assert partnering.look_after_webhooks(late + MINUTE) == 0
    assert _state(webhook_id)[-1] is MessageState.DELIVERED


def test_a_receiver_that_says_gone_is_asked_no_more(world: World, partner: PartnerAccount, now: datetime) -> None:
    webhook_id = hooked(partner, now)
    hooking.owe_test(webhook_id, partner_id=partner.partner_id, now=now)
    _deliver(Post(refusing(permanent=True, code="http_410")), now + MINUTE)
    assert partnering.look_after_webhooks(now + MINUTE) == 1
    assert _webhook(webhook_id).disabled_for is WebhookEnd.GONE


def test_the_last_attempts_are_listed_of_its_own_webhooks_alone(
    world: World, partner: PartnerAccount, now: datetime
) -> None:
    other = hired(now, "另一家")
    mine, theirs = hooked(partner, now), hooked(other, now)
    event_id = hooking.owe_test(mine, partner_id=partner.partner_id, now=now)
    hooking.owe_test(theirs, partner_id=other.partner_id, now=now)
    _deliver(Post(refusing(permanent=False, code="http_500")), now + MINUTE)
    db.session.rollback()
    attempts = queries.list_attempts([mine])
    assert [(one.event_id, one.event, one.accepted, one.code) for one in attempts] == [
        (event_id, "webhook.test", False, "http_500")
    ]


def test_an_event_belongs_to_the_deed_and_goes_with_it(world: World, partner: PartnerAccount, now: datetime) -> None:
    webhook_id = hooked(partner, now)

    def failing() -> None:
        with transaction():
            owing.owe(queries.get_webhook(webhook_id, partner_id=partner.partner_id), Event.TEST, None, at=now)
            raise RuntimeError("the deed fails")

    with pytest.raises(RuntimeError):
        failing()
    assert owed() == []
    assert _webhook(webhook_id).told == 0
