"""Proposing an elder: a community writes the particulars down, and a guardian makes a registration of them, or none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from wristband import limits
from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.db import db, new_id, transaction
from wristband.elders.rules import LINE_MAX, NAME_MAX, WORDS_MAX, clean_text
from wristband.errors import BadValue, NotFound
from wristband.house import house
from wristband.outbox import queue
from wristband.outbox.rules import Channel
from wristband.partners import idempotency, owing, proposals
from wristband.partners.idempotency import Answer, Asked, Facts
from wristband.partners.models import Proposal
from wristband.partners.owing import About
from wristband.partners.rules import PROPOSAL_LASTS, PROPOSALS_A_PHONE, Event, PartnerAccount
from wristband.sealing import box
from wristband.values.phone import Phone

_LONGEST = {
    "guardian_name": NAME_MAX,
    "name": NAME_MAX,
    "called": NAME_MAX,
    "address": LINE_MAX,
    "approach": WORDS_MAX,
    "relation": 24,
    "sex": 24,
    "birth_year": 4,
}
_NEEDED = frozenset({"name", "relation"})


def propose(
    asked: Asked, phone: Phone, texts: Mapping[str, str], *, language: str, partner: PartnerAccount, now: datetime
) -> Answer:
    """Keep what a community wrote down, and ask the guardian by SMS to confirm it. Gives the proposal's `id`.

    Nothing of it holds until then: no elder, no band, no consent. Health and consents are the guardian's own to give.
    Raises BadValue, Conflict, TooMany where this number was asked too often, whoever asked.
    """
    if phone.calling_code not in house().settings.sms_countries:
        raise BadValue("phone.country_not_texted", countries=house().settings.sms_countries_told)
    clean = {
        name: clean_text(texts.get(name, ""), "partners.text", longest, empty=name not in _NEEDED, lines=True)
        for name, longest in _LONGEST.items()
    }
    with transaction():

        def deed() -> Facts:
            limits.spend(PROPOSALS_A_PHONE, phone.e164, now=now)
            return {"id": str(_propose(phone, clean, language, partner, now))}

        return idempotency.once(partner.partner_id, asked, deed, now=now)


def _propose(phone: Phone, texts: dict[str, str], language: str, partner: PartnerAccount, now: datetime) -> int:
    proposal = Proposal(
        id=new_id(),
        partner_id=partner.partner_id,
        station_id=partner.station_id,
        phone=phone.e164,
        phone_index=box().blind(phone.e164, place="proposal.phone"),
        texts=json.dumps(texts, ensure_ascii=False),
        made_at=now,
        expires_at=now + PROPOSAL_LASTS,
    )
    db.session.add(proposal)
    queue.enqueue(
        key=f"proposal:{proposal.id}",
        channel=Channel.SMS,
        wording="elder_proposed",
        language=language,
        recipient=phone.e164,
        facts={**house().settings.issuer, "partner": partner.name},
        at=now,
    )
    trail.record(Deed.ELDER_PROPOSED, actor=partner.actor, subject=f"proposal:{proposal.id}", at=now)
    return proposal.id


def confirm(proposal_id: int, elder_id: int, *, guardian_id: int, now: datetime) -> None:
    """The guardian has registered the elder: her proposal is settled and forgotten. Doing it twice is doing it once."""
    with transaction():
        proposal = _find(proposal_id, guardian_id)
        if proposal is not None and proposal.confirmed_at is None and proposal.declined_at is None:
            proposal.confirmed_at, proposal.elder_id = now, elder_id
            _settle(proposal, Event.ELDER_CONFIRMED, Deed.PROPOSAL_CONFIRMED, guardian_id, now)


def decline(proposal_id: int, *, guardian_id: int, now: datetime) -> None:
    """The guardian does not want it; nothing of it is kept. Twice is once. Raises NotFound."""
    with transaction():
        proposal = _find(proposal_id, guardian_id)
        if proposal is None:
            raise NotFound("partners.proposal_unknown")
        if proposal.confirmed_at is None and proposal.declined_at is None:
            proposal.declined_at = now
            _settle(proposal, Event.ELDER_DECLINED, Deed.PROPOSAL_DECLINED, guardian_id, now)


def _find(proposal_id: int, guardian_id: int) -> Proposal | None:
    phone = proposals.phone_of(guardian_id)
    mine: Proposal | None = db.session.scalar(
        sa.select(Proposal)
        .where(Proposal.id == proposal_id, Proposal.phone_index == box().blind(phone, place="proposal.phone"))
        .with_for_update()
    )
    return mine


def _settle(proposal: Proposal, event: Event, deed: Deed, guardian_id: int, now: datetime) -> None:
    """What the community wrote down is forgotten; the telephone's index stays, so that a form sent again finds it."""
    proposal.texts = proposal.phone = None
    subject = f"proposal:{proposal.id}"
    trail.record(deed, actor=f"guardian:{guardian_id}", subject=subject, at=now, elder_id=proposal.elder_id)
    about = About(proposal.id, "elder", str(proposal.id), f"/api/v1/elders/{proposal.id}")
    owing.owe_partner(proposal.partner_id, event, about, at=now)
