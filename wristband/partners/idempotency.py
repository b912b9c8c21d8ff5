"""One effect a key: the answer to a call is kept with what the call did, and told again for the same call."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from wristband.db import db, insert, new_id
from wristband.errors import Conflict
from wristband.partners.models import PartnerCall
from wristband.partners.rules import CALL_KEPT
from wristband.sealing import box

Facts = dict[str, Any]
"""JSON values: what is kept of an answer and told again."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A call: its Idempotency-Key, and what it asks for, the operation and the body's canonical text."""

    key: str
    content: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call is answered; `again` where it is the kept answer to an earlier one."""

    facts: Facts
    again: bool = False


def once(partner_id: int, asked: Asked, deed: Callable[[], Facts], *, now: datetime) -> Answer:
    """Do `deed` for this key, or give the answer that it gave before, in the caller's transaction.

    Two calls at once follow each other: the row of the first is there before its deed begins, and is undone with it,
    so that a refused call may be made again. Raises Conflict where the key came before with something else.
    """
    key = box().keyed_hash("partner.call", str(partner_id), asked.key)
    digest = box().keyed_hash("partner.content", str(partner_id), asked.content)
    row: PartnerCall | None = None
    if not _is_new(key, digest, partner_id, now):
        row = db.session.scalar(sa.select(PartnerCall).where(PartnerCall.key == key).with_for_update())
    if row is not None and row.made_at > now - CALL_KEPT:
        if not digest.fits(row.digest):
            raise Conflict("partners.key_reused")
        return Answer(json.loads(row.answer), again=True)
    facts = deed()
    if row is None:
        row = db.session.scalars(sa.select(PartnerCall).where(PartnerCall.key == key)).one()
    row.digest, row.made_at, row.answer = digest, now, json.dumps(facts, ensure_ascii=False)
    return Answer(facts)


def _is_new(key: str, digest: str, partner_id: int, now: datetime) -> bool:
    older = getattr(key, "every", (key,))[1:]
    if older and db.session.scalar(sa.select(PartnerCall.id).where(PartnerCall.key.in_(older))) is not None:
        return False  # kept before the key of the codes was renewed: no unique column tells
    statement = insert(PartnerCall.__table__).on_conflict_do_nothing(index_elements=["key"])
    values = {"id": new_id(), "key": key, "digest": digest, "partner_id": partner_id, "answer": None, "made_at": now}
    return db.session.scalar(statement.returning(PartnerCall.__table__.c.id), values) is not None
