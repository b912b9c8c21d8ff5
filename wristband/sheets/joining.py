"""The families of a sheet's rows: accounts for their telephones, invitations to answer for the elder, in batches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from wristband.accounts.models import Guardian
from wristband.accounts.queries import phone_index
from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.db import db
from wristband.elders.models import Elder, Invitation
from wristband.elders.queries import invitation_index
from wristband.language import SOURCE
from wristband.sheets.known import find_guardians
from wristband.sheets.models import SheetInvitation
from wristband.sheets.rows import Registered
from wristband.sheets.rules import INVITED_FOR


def join_all(rows: Sequence[Registered], *, now: datetime) -> dict[str, int]:
    """The guardians' ids by the telephone (E.164), made in the caller's transaction where there are none.

    Of an account that there is nobody changes the name. Raises IntegrityError where somebody joins in this moment.
    """
    there = find_guardians(rows)
    made = {}
    for row in rows:
        if row.phone.e164 in there or row.phone.e164 in made:
            continue
        guardian = made[row.phone.e164] = Guardian(
            phone=row.phone.e164,
            phone_index=phone_index(row.phone),
            name=row.guardian_name,
            language=SOURCE,
            joined_at=now,
        )
        actor = f"guardian:{guardian.id}"
        trail.record(Deed.GUARDIAN_JOINED, actor=actor, subject=actor, at=now)
    db.session.bulk_save_objects(made.values())
    return there | {phone: guardian.id for phone, guardian in made.items()}


def invitation(elder_id: int, row: Registered, guardian_id: int, *, actor: str, now: datetime) -> Invitation:
    """An invitation of the row's telephone, whose owner answers for nobody before it is accepted; in no session yet."""
    made = Invitation(
        elder_id=elder_id,
        invited_by=guardian_id,
        phone=row.phone.e164,
        phone_index=invitation_index(row.phone.e164),
        made_at=now,
        expires_at=now + INVITED_FOR,
    )
    trail.record(Deed.GUARDIAN_INVITED, actor=actor, subject=f"invitation:{made.id}", at=now, elder_id=elder_id)
    return made


def save(elders: Sequence[Elder], rest: Iterable[Any]) -> None:
    """Insert them in the caller's transaction, each table at once: the unit of work takes many times as long."""
    db.session.bulk_save_objects(elders)
    for _, rows in groupby(sorted(rest, key=_table), key=_table):
        db.session.bulk_save_objects(list(rows))


def _table(row: Any) -> str:
    return str(row.__tablename__)


def to_text(rest: Iterable[Any], import_id: int) -> list[SheetInvitation]:
    """The notes that the invitations among these rows are to be texted, in no session yet."""
    return [SheetInvitation(import_id=import_id, invitation_id=row.id) for row in rest if isinstance(row, Invitation)]
