"""Proposing: what a community writes down holds nothing until the guardian has made it a registration of her own."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from tests.services.partners import asked, hired, hooked, kinds
from tests.world import DAUGHTER_PHONE, NEIGHBOUR_PHONE, World, every_row, last_body
from wristband.db import db
from wristband.elders.models import Elder
from wristband.errors import BadValue, NotFound, TooMany
from wristband.partners import proposals
from wristband.partners.idempotency import Answer
from wristband.partners.models import Proposal
from wristband.partners.rules import PROPOSALS_A_PHONE, PartnerAccount
from wristband.services import proposing
from wristband.values.phone import Phone

MINUTE = timedelta(minutes=1)
TEXTS = {"name": "示例阿婆", "relation": "child", "called": "阿婆", "address": "示例里九号"}


@pytest.fixture
def now(world: World) -> datetime:
    return world.now + MINUTE


@pytest.fixture
def partner(world: World, now: datetime) -> PartnerAccount:
    return hired(now, "示例社区")


def _propose(partner: PartnerAccount, now: datetime, *, phone: str = DAUGHTER_PHONE, **more: Any) -> Answer:
    texts = {**TEXTS, **more}
    return proposing.propose(asked("propose"), Phone(phone), texts, language="zh-CN", partner=partner, now=now)


def _waiting(guardian_id: int, now: datetime) -> list[int]:
    db.session.rollback()
    return [proposal.id for proposal, _ in proposals.list_waiting_proposals(guardian_id, now=now)]


def test_the_guardian_is_asked_by_text_and_no_elder_is_made(
    world: World, partner: PartnerAccount, now: datetime
) -> None:
    before = db.session.scalar(sa.select(sa.func.count(Elder.id)))
    proposal_id = int(_propose(partner, now).facts["id"])
    assert "示例社区" in last_body(DAUGHTER_PHONE)
    assert db.session.scalar(sa.select(sa.func.count(Elder.id))) == before
    assert _waiting(world.daughter_id, now) == [proposal_id]
    assert _waiting(world.neighbour_id, now) == []


def test_what_was_written_down_is_kept_sealed(world: World, partner: PartnerAccount, now: datetime) -> None:
    _propose(partner, now)
    kept = str(every_row()["proposal"])
    assert not any(text in kept for text in (*TEXTS.values(), DAUGHTER_PHONE))


def test_a_confirmed_proposal_is_forgotten_and_its_partner_told_once(
    world: World, partner: PartnerAccount, now: datetime
) -> None:
    webhook_id = hooked(partner, now)
    proposal_id = int(_propose(partner, now).facts["id"])
    for _ in range(2):
        proposing.confirm(proposal_id, world.elder_id, guardian_id=world.daughter_id, now=now)
    db.session.rollback()
    proposal = db.session.get_one(Proposal, proposal_id, populate_existing=True)
    assert (proposal.texts, proposal.phone, proposal.elder_id) == (None, None, world.elder_id)
    assert kinds(webhook_id) == ["elder.confirmed"]
    assert _waiting(world.daughter_id, now) == []


def test_a_declined_one_too(world: World, partner: PartnerAccount, now: datetime) -> None:
    webhook_id = hooked(partner, now)
    proposal_id = int(_propose(partner, now).facts["id"])
    for _ in range(2):
        proposing.decline(proposal_id, guardian_id=world.daughter_id, now=now)
    proposing.confirm(proposal_id, world.elder_id, guardian_id=world.daughter_id, now=now)
    assert kinds(webhook_id) == ["elder.declined"]


def test_no_stranger_settles_it(world: World, partner: PartnerAccount, now: datetime) -> None:
    proposal_id = int(_propose(partner, now).facts["id"])
    with pytest.raises(NotFound):
        proposing.decline(proposal_id, guardian_id=world.neighbour_id, now=now)
    with pytest.raises(NotFound):
        proposals.get_waiting_proposal(proposal_id, guardian_id=world.neighbour_id, now=now)
    proposing.confirm(proposal_id, world.other.elder_id, guardian_id=world.neighbour_id, now=now)
    assert _waiting(world.daughter_id, now) == [proposal_id]


def test_nobodys_telephone_is_rung_by_proposals_all_day(world: World, partner: PartnerAccount, now: datetime) -> None:
    for _ in range(PROPOSALS_A_PHONE.burst):
        _propose(partner, now)
    with pytest.raises(TooMany):
        _propose(hired(now, "另一家"), now)
    _propose(partner, now, phone=NEIGHBOUR_PHONE)


@pytest.mark.parametrize("wrong", [{"name": ""}, {"name": "\u202e"}, {"name": "长" * 41}, {"relation": " "}])
def test_what_cannot_be_read_asks_nobody(
    world: World, partner: PartnerAccount, now: datetime, wrong: dict[str, str]
) -> None:
    with pytest.raises(BadValue):
        _propose(partner, now, **wrong)
    assert _waiting(world.daughter_id, now) == []


def test_another_partner_does_not_learn_of_it(world: World, partner: PartnerAccount, now: datetime) -> None:
    proposal_id = int(_propose(partner, now).facts["id"])
    with pytest.raises(NotFound):
        proposals.get_proposal(proposal_id, partner_id=hired(now, "另一家").partner_id)
    assert (
        json.loads(proposals.get_proposal(proposal_id, partner_id=partner.partner_id).texts or "")["name"] == "示例阿婆"
    )
