"""Elders whom communities propose: as the partner may read of them, and as they wait for their guardian."""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias

import sqlalchemy as sa

from wristband.accounts.models import Guardian
from wristband.db import db
from wristband.errors import NotFound
from wristband.partners.models import Partner, Proposal
from wristband.sealing import box

# What a page or an answer may do with one: read it. Doors see no models.
ProposalFacts: TypeAlias = Proposal


def get_proposal(proposal_id: int, *, partner_id: int) -> Proposal:
    proposal: Proposal | None = db.session.scalar(
        sa.select(Proposal).where(Proposal.id == proposal_id, Proposal.partner_id == partner_id)
    )
    if proposal is None:
        raise NotFound("partners.proposal_unknown")
    return proposal


def phone_of(guardian_id: int) -> str:
    phone: str = db.session.get_one(Guardian, guardian_id).phone
    return phone


def list_waiting_proposals(guardian_id: int, *, now: datetime) -> list[tuple[Proposal, str]]:
    """What communities wrote down for a guardian with this telephone, and who they are; oldest first."""
    rows = db.session.execute(
        sa.select(Proposal, Partner.name)
        .join(Partner, Partner.id == Proposal.partner_id)
        .where(
            Proposal.phone_index == box().blind(phone_of(guardian_id), place="proposal.phone"),
            Proposal.confirmed_at.is_(None),
            Proposal.declined_at.is_(None),
            Proposal.expires_at > now,
        )
        .order_by(Proposal.id)
    )
    return [(proposal, name) for proposal, name in rows]


def get_waiting_proposal(proposal_id: int, *, guardian_id: int, now: datetime) -> tuple[Proposal, str]:
    """One of them. Raises NotFound for somebody else's, a settled one and none alike."""
    mine = {proposal.id: (proposal, name) for proposal, name in list_waiting_proposals(guardian_id, now=now)}
    if proposal_id not in mine:
        raise NotFound("partners.proposal_unknown")
    return mine[proposal_id]
