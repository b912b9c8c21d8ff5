"""Admitting a partner's call: the key it shows, the scope it needs, the budgets it spends."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from wristband import limits
from wristband.db import db, transaction
from wristband.errors import SignInNeeded
from wristband.limits import SpentBudget
from wristband.partners import keys, queries
from wristband.partners.models import PartnerKey
from wristband.partners.rules import LAST_USED_EVERY, PartnerAccount, Scope, is_live
from wristband.sealing import box
from wristband.values.budget import Budget


@dataclass(frozen=True, slots=True)
class Left:
    """How much of a budget is left: `calls` at once now, all of them again in `whole_s` seconds."""

    budget: Budget
    calls: int
    whole_s: int


def admit(authorization: str, *, now: datetime) -> PartnerAccount:
    """Who calls. Raises SignInNeeded, alike, for a key that is none, unknown, wrong, over or ended."""
    shown = keys.read(authorization)
    handle, secret = shown or keys.NOBODY
    found = queries.find_key(handle)
    fits = keys.hashed(handle, secret).fits(found[0].secret_hash if found else keys.NO_HASH)
    if shown is None or found is None or not fits:
        raise SignInNeeded("partners.key_wrong")
    key, partner = found
    if partner.ended_at is not None or not is_live(expires_at=key.expires_at, ended_at=key.ended_at, now=now):
        raise SignInNeeded("partners.key_wrong")
    return PartnerAccount(
        partner.id,
        key.id,
        partner.name,
        frozenset(Scope(word) for word in partner.scopes.split()),
        partner.station_id,
        partner.district,
    )


def spend(partner: PartnerAccount, budgets: Sequence[Budget], *, now: datetime) -> Left:
    """Take one from each budget of this key, and note that it was shown; tells what is left of the scarcest.

    Raises TooMany.
    """
    with transaction():
        for budget in budgets:
            limits.spend(budget, str(partner.key_id), now=now)
        db.session.execute(
            sa.update(PartnerKey)
            .where(
                PartnerKey.id == partner.key_id,
                sa.or_(PartnerKey.used_at.is_(None), PartnerKey.used_at <= now - LAST_USED_EVERY),
            )
            .values(used_at=now)
            .execution_options(synchronize_session=False)
        )
        return min((_left(budget, partner, now) for budget in budgets), key=lambda left: left.calls)


def _left(budget: Budget, partner: PartnerAccount, now: datetime) -> Left:
    hashed = box().keyed_hash("budget", budget.name, str(partner.key_id))
    due_s = db.session.scalar(sa.select(SpentBudget.due_s).where(SpentBudget.key == hashed)) or 0.0
    behind_s = max(0.0, due_s - now.timestamp())
    calls = math.floor(round((budget.burst * budget.every_s - behind_s) / budget.every_s, 6))
    return Left(budget, max(0, calls), math.ceil(behind_s))
