"""A telephone was proved to be in the right hands: what that changes, in the caller's transaction."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from wristband.db import db
from wristband.elders.models import Contact


def confirm(contact: Contact, *, now: datetime) -> None:
    """Confirmed from now on; the count of reminders begins anew."""
    contact.confirmed_at, contact.reminders = now, 0


def confirm_own(guardian_id: int, *, now: datetime) -> None:
    """A guardian has just read a code on her own telephone: it is confirmed, for each of her elders."""
    db.session.execute(
        sa.update(Contact).where(Contact.guardian_id == guardian_id).values(confirmed_at=now, reminders=0)
    )


def remind(contact: Contact, reminders: int) -> bool:
    """Count so many reminders of it; False where another worker has, or it was confirmed in this moment."""
    reminded = db.session.execute(
        sa.update(Contact)
        .where(
            Contact.id == contact.id,
            Contact.reminders < reminders,
            Contact.confirmed_at == contact.confirmed_at,
        )
        .values(reminders=reminders)
        .execution_options(synchronize_session=False)
    )
    return bool(reminded.rowcount)  # type: ignore[attr-defined]
