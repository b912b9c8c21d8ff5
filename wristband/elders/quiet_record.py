"""Where a guardian is told without ringing, as a section of an export: her own, and nobody else's."""

from __future__ import annotations

from datetime import datetime

from wristband.accounts.models import QuietContact
from wristband.accounts.queries import list_own_quiet_contacts
from wristband.accounts.rules import QuietKind
from wristband.clock import ZONE
from wristband.elders.export import Section, Value
from wristband.values.push import PushSubscription

_KINDS = {QuietKind.MAIL: "邮箱", QuietKind.CHAT: "聊天机器人", QuietKind.PUSH: "手机通知"}


def quiet_section(guardian_id: int) -> Section:
    """Every quiet contact of this guardian, what waits for its code and what was lost, too."""
    rows: list[dict[str, Value]] = [
        {
            "kind": _KINDS[contact.kind],
            "address": _address(contact),
            "added_at": _time(contact.added_at),
            "confirmed_at": _time(contact.confirmed_at),
            "lost_at": _time(contact.lost_at),
        }
        for contact in list_own_quiet_contacts(guardian_id)
    ]
    titles = ("种类", "地址", "添加", "确认", "失效")
    names = ("kind", "address", "added_at", "confirmed_at", "lost_at")
    return Section("quiet_contacts", "您加的邮箱、聊天机器人和手机通知", dict(zip(names, titles, strict=True)), rows)


def _address(contact: QuietContact) -> str:
    """Of a browser's subscription its host: the rest is keys that say nothing to people."""
    address: str = contact.address
    return PushSubscription.parse(address).host if contact.kind is QuietKind.PUSH else address


def _time(at: datetime | None) -> datetime | None:
    return at.astimezone(ZONE) if at else None
