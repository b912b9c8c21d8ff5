"""A guardian's quiet contacts as she is shown them: enough to know each by, and no secret of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from wristband.accounts.models import QuietContact
from wristband.accounts.queries import list_own_quiet_contacts
from wristband.accounts.rules import QuietKind
from wristband.values.chat import ChatAddress
from wristband.values.mailbox import Mailbox
from wristband.values.push import PushSubscription


@dataclass(frozen=True, slots=True)
class Shown:
    """One of them; `name` is a masked mailbox, a chat's service, the host of a push service."""

    id: int
    kind: QuietKind
    name: str
    added_at: datetime
    confirmed_at: datetime | None
    lost_at: datetime | None


def list_shown(guardian_id: int) -> list[Shown]:
    """All of a guardian's own."""
    return [
        Shown(each.id, each.kind, _name(each), each.added_at, each.confirmed_at, each.lost_at)
        for each in list_own_quiet_contacts(guardian_id)
    ]


def _name(contact: QuietContact) -> str:
    """An address of a chat is a secret, and a subscription says nothing to people."""
    if contact.kind is QuietKind.MAIL:
        return Mailbox(contact.address).masked()
    if contact.kind is QuietKind.CHAT:
        return ChatAddress(contact.address).service
    return PushSubscription.parse(contact.address).host
