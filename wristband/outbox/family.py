"""Owing the same news to everybody who answers for an elder, each in their own language and in every quiet channel."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import InstrumentedAttribute

from wristband import limits
from wristband.accounts.models import Guardian, QuietContact
from wristband.db import run
from wristband.elders.models import Contact, Guardianship
from wristband.errors import TooMany
from wristband.language import SOURCE
from wristband.outbox import queue
from wristband.outbox.models import Message
from wristband.outbox.rules import TAP_TEXTS_A_STRANGER, Channel
from wristband.sealing import SealBroken, box

log = structlog.get_logger(__name__)


def owe(
    elder_id: int,
    key: str,
    *,
    wording: str,
    facts: Mapping[str, str],
    at: datetime,
    only: Collection[int] | None = None,
    by_a_tap: bool = False,
    **about: Any,
) -> None:
    """Owe `wording` to each contact of the elder, and to each quiet contact of the elder's guardians, in the caller's
    transaction; once for a `key` and address. `only` the guardians of these ids, for a drill.

    `about` is what `queue.enqueue` takes besides: `expires_at`, `reach_id`, `incident_id`. A contact that does not
    open is left out and logged: it must not cost the others their message, nor a report. Nor does a telephone that
    nobody has confirmed hear more often than its budget of what is `by_a_tap`: brought about by a finder alone, as
    often as he likes. It may have been noted to annoy.
    """
    asked = {"elder_id": elder_id, "key": f"{key}:"}
    rows = [row for row in run(_TO_TELL, asked) if _meant(row.guardian_id, only)]
    silent = _silent((row for row in rows if row.stranger), at) if by_a_tap else frozenset()
    box().fetch({elder_id if row.channel == Channel.SMS else row.guardian_id for row in rows})
    for row in rows:
        if row.id not in silent and (address := _opened(row)) is not None:
            queue.enqueue(
                key=f"{key}:{row.id}",
                channel=Channel(row.channel),
                recipient=address,
                language=row.language or SOURCE,
                guardian_id=row.guardian_id,
                wording=wording,
                facts=facts,
                at=at,
                elder_id=elder_id,
                **about,
            )


def _opened(row: sa.Row[Any]) -> str | None:
    model = Contact if row.channel == Channel.SMS else QuietContact
    return _address(row.id, lambda: box().open(row.address, place=model.address.place(model.__tablename__), row=row.id))


def opened(contact: Contact | QuietContact) -> str | None:
    """A contact's address, or None for one that does not open, which is logged."""
    return _address(contact.id, lambda: contact.address)


def _address(contact_id: int, read: Callable[[], str]) -> str | None:
    try:
        return read()
    except SealBroken as broken:
        log.error("contact_unreadable", contact=contact_id, code=broken.code)
        return None


def _meant(guardian_id: int | None, only: Collection[int] | None) -> bool:
    return only is None or guardian_id in only


def _silent(strangers: Iterable[sa.Row[Any]], at: datetime) -> frozenset[int]:
    """Ids of those of them that have heard enough."""
    silent = set()
    # By telephone, in one order everywhere: two families that noted the same two never wait for each other.
    for contact in sorted(strangers, key=lambda one: one.address_index):
        try:
            limits.spend(TAP_TEXTS_A_STRANGER, contact.address_index, now=at)
        except TooMany:
            silent.add(contact.id)
    return frozenset(silent)


def _not_owed(contact_id: InstrumentedAttribute[int]) -> sa.ColumnElement[bool]:
    key = sa.bindparam("key", type_=sa.String) + sa.cast(contact_id, sa.String)
    return ~sa.exists().where(Message.key == key)


def _to_tell() -> sa.Executable:
    """Whom a key is not owed to yet: the contacts in calling order, then where their guardians are told quietly.

    Core, not the unit of work, and built once: this runs in every report, most of which have nobody left to tell.
    """
    text, elder_id = sa.String, sa.bindparam("elder_id", type_=sa.BigInteger)
    contacts = (
        sa.select(
            sa.literal(Channel.SMS.value, text).label("channel"),
            Contact.calling_order.label("turn"),
            Contact.id.label("id"),
            Contact.address_sealed.label("address"),
            sa.type_coerce(Contact.address_index, text).label("address_index"),
            Contact.guardian_id,
            Guardian.language,
            Contact.confirmed_at.is_(None).label("stranger"),
        )
        .select_from(Contact.__table__.outerjoin(Guardian.__table__, Guardian.id == Contact.guardian_id))
        .where(Contact.elder_id == elder_id, _not_owed(Contact.id))
    )
    quietly = (
        sa.select(
            sa.type_coerce(QuietContact.kind, text),
            sa.literal(_LAST),
            QuietContact.id,
            QuietContact.address_sealed,
            sa.type_coerce(QuietContact.address_index, text),
            QuietContact.guardian_id,
            Guardian.language,
            sa.false(),
        )
        .select_from(
            Guardianship.__table__.join(Guardian.__table__, Guardian.id == Guardianship.guardian_id).join(
                QuietContact.__table__, QuietContact.guardian_id == Guardian.id
            )
        )
        .where(
            Guardianship.elder_id == elder_id,
            Guardianship.ended_at.is_(None),
            QuietContact.confirmed_at.is_not(None),
            QuietContact.lost_at.is_(None),
            _not_owed(QuietContact.id),
        )
    )
    return sa.union_all(contacts, quietly).order_by("turn", "id")


# Beyond every contact's place in the calling order.
_LAST = 1 << 20
_TO_TELL = _to_tell()
