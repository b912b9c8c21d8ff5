"""Where a guardian is told without ringing: a mailbox, a chat, this phone's notices; added, proved, tried, removed."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

import sqlalchemy as sa

from wristband import limits
from wristband.accounts import queries
from wristband.accounts.models import Guardian, QuietContact
from wristband.accounts.rules import (
    QUIET_A_GUARDIAN,
    QUIET_CODE_BY_ADDRESS,
    QUIET_CODE_BY_GUARDIAN,
    QUIET_CODE_BY_RECIPIENT,
    QUIET_CODE_LASTS,
    QUIET_CODES,
    QUIET_TESTS,
    QUIET_TRIES,
    QuietKind,
    says_lost,
)
from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.clock import ZONE
from wristband.db import db, transaction
from wristband.errors import BadValue, Conflict
from wristband.gateways import webpush
from wristband.house import house
from wristband.outbox import queue
from wristband.outbox.queries import Refused, read_refused, recipient_of
from wristband.outbox.rules import Channel
from wristband.scans import challenges
from wristband.scans.rules import ChallengePurpose
from wristband.sealing import SealBroken
from wristband.values.chat import ChatAddress
from wristband.values.mailbox import Mailbox
from wristband.values.push import PushSubscription

_QUIET = ChallengePurpose.QUIET
LOOK_BACK = timedelta(days=1)
"""So far each look goes back: what was refused while no worker looked is seen, too."""


def kinds() -> list[QuietKind]:
    """The kinds that have a gateway here, in order."""
    return [kind for kind in QuietKind if kind.value in house().channels]


def push_offer() -> tuple[str, str]:
    """What a page offers its browser to subscribe with: the name of the key of today, and its public half."""
    key_id, secret = house().ring.current("push")
    return key_id, webpush.public_key(secret)


def add(kind: QuietKind, typed: str, *, guardian_id: int, address: str, now: datetime) -> int:
    """Note a mailbox or a chat, and send a code there: until it comes back nothing else does. Returns its id.

    What waits for its code already, or was lost, gets a new one. `address` is the network's. Raises BadValue, TooMany.
    """
    if kind not in kinds() or kind is QuietKind.PUSH:
        raise BadValue("quiet.kind_not_here")
    read = Mailbox.parse(typed).address if kind is QuietKind.MAIL else _chat(typed)
    with transaction():
        # The budget's row is held until the commit: the same form twice follows itself, and finds what it has made.
        _spend_code(read, guardian_id, address, now)
        contact = _kept(kind, read, guardian_id, now)
        if contact.lost_at is not None:
            contact.confirmed_at = contact.lost_at = None
        if contact.confirmed_at is not None:
            raise BadValue("quiet.known")
        contact.added_at = now
        _send_code(contact, read, now)
        return contact.id


def send_again(contact_id: int, *, guardian_id: int, address: str, now: datetime) -> None:
    """Another code; the one before is closed. Raises NotFound, TooMany; BadValue for what has its code already."""
    with transaction():
        contact = queries.get_quiet_contact(contact_id, guardian_id=guardian_id)
        if contact.confirmed_at is not None:
            raise BadValue("quiet.known")
        _spend_code(contact.address, guardian_id, address, now)
        _send_code(contact, contact.address, now)


def confirm(contact_id: int, code: str, *, guardian_id: int, now: datetime) -> None:
    """Ready from now on. The try is spent and committed before the comparison. Raises NotFound, BadValue, TooMany."""
    holder = _holder(contact_id, guardian_id)
    with transaction():
        queries.get_quiet_contact(contact_id, guardian_id=guardian_id)
        limits.spend(QUIET_TRIES, str(guardian_id), now=now)
        taken = challenges.spend_try(_QUIET, holder, now=now)
    if taken is None or not challenges.matches(taken, _QUIET, holder, code):
        raise BadValue("quiet.code_wrong")
    with transaction():
        limits.give_back(QUIET_TRIES, str(guardian_id), now=now)
        contact = queries.get_quiet_contact(contact_id, guardian_id=guardian_id)
        if not challenges.win(taken[0], now=now):
            raise BadValue("quiet.code_wrong")
        contact.confirmed_at = now
        _record(Deed.QUIET_CONFIRMED, contact, now)


def add_push(text: str, key_id: str, *, guardian_id: int, now: datetime) -> int:
    """This browser's notices, ready at once: the browser itself has given the address. Returns its id.

    `key_id` names the key the page offered. Raises BadValue for anything but a subscription at a push service we know.
    """
    if QuietKind.PUSH not in kinds():
        raise BadValue("quiet.kind_not_here")
    subscription = PushSubscription.parse(text, key_id)
    if not house().quiet.serves_push(subscription.host) or house().ring.find("push", subscription.key_id) is None:
        raise BadValue("quiet.push_service")
    with transaction():
        address = subscription.to_json()
        known = queries.find_quiet_contact(address, guardian_id=guardian_id)
        if known is not None and _is_ready(known):
            return known.id  # a browser tells it again whenever its page is opened
        limits.spend(QUIET_CODE_BY_GUARDIAN, str(guardian_id), now=now)
        contact = _kept(QuietKind.PUSH, address, guardian_id, now)
        if not _is_ready(contact):
            contact.confirmed_at, contact.lost_at = now, None
            _record(Deed.QUIET_CONFIRMED, contact, now)
        return contact.id


def remove(contact_id: int, *, guardian_id: int, now: datetime) -> QuietKind:
    """Nothing goes there any more. Returns what it was. Raises NotFound."""
    with transaction():
        contact = queries.get_quiet_contact(contact_id, guardian_id=guardian_id)
        _record(Deed.QUIET_REMOVED, contact, now)
        db.session.delete(contact)
        return contact.kind


def try_out(contact_id: int, *, guardian_id: int, now: datetime) -> None:
    """Send a test message there. Raises NotFound, Conflict for what is not ready, TooMany."""
    with transaction():
        contact = queries.get_quiet_contact(contact_id, guardian_id=guardian_id)
        if not _is_ready(contact):
            raise Conflict("quiet.not_ready")
        limits.spend(QUIET_TESTS, str(guardian_id), now=now)
        _owe(contact, contact.address, "quiet_test", {"time": f"{now.astimezone(ZONE):%H:%M}"}, now)


def lose(now: datetime) -> int:
    """Note what gateways have refused for good within a day: it is told of no more until it is added again.

    Tells how many were lost. Looked at twice, nothing changes.
    """
    lost = 0
    for refused in read_refused(since=now - LOOK_BACK, channels=[Channel(kind.value) for kind in QuietKind]):
        if refused.guardian_id is None or not says_lost(refused.code):
            continue
        ready = queries.list_quiet_contacts([refused.guardian_id])
        meant = [contact.id for contact in ready if _is_meant(contact, refused)]
        lost += sum(_lose(contact_id, refused, now) for contact_id in meant)
    return lost


def _is_meant(contact: QuietContact, refused: Refused) -> bool:
    """Whether this message was to this contact, and owed since it was proved last."""
    if contact.confirmed_at is None or refused.owed_at < contact.confirmed_at:
        return False
    try:
        return bool(contact.address == recipient_of(refused.message_id))
    except SealBroken:
        return False


def _lose(contact_id: int, refused: Refused, now: datetime) -> bool:
    """Unless another worker was quicker, or its owner has just added it again."""
    with transaction():
        contact: QuietContact | None = db.session.scalar(
            sa.update(QuietContact)
            .where(
                QuietContact.id == contact_id,
                QuietContact.lost_at.is_(None),
                QuietContact.confirmed_at <= refused.owed_at,
            )
            .values(lost_at=now)
            .returning(QuietContact)
        )
        if contact is not None:
            _record(Deed.QUIET_LOST, contact, now, actor="clock")
        return contact is not None


def _chat(typed: str) -> str:
    return ChatAddress.parse(typed, house().quiet.chat_hosts).address


def _kept(kind: QuietKind, address: str, guardian_id: int, now: datetime) -> QuietContact:
    """The guardian's contact of this address, made if there is none. Raises BadValue where there are enough."""
    known = queries.find_quiet_contact(address, guardian_id=guardian_id)
    if known is not None:
        return known
    if len(queries.list_own_quiet_contacts(guardian_id)) >= QUIET_A_GUARDIAN:
        raise BadValue("quiet.many", most=QUIET_A_GUARDIAN)
    index = queries.quiet_index(address)
    contact = QuietContact(guardian_id=guardian_id, kind=kind, address=address, address_index=index, added_at=now)
    db.session.add(contact)
    db.session.flush()
    return contact


def _is_ready(contact: QuietContact) -> bool:
    return contact.confirmed_at is not None and contact.lost_at is None


def _spend_code(recipient: str, guardian_id: int, address: str, now: datetime) -> None:
    limits.spend(QUIET_CODE_BY_GUARDIAN, str(guardian_id), now=now)
    limits.spend(QUIET_CODE_BY_RECIPIENT, recipient, now=now)
    limits.spend(QUIET_CODE_BY_ADDRESS, address, now=now)
    limits.spend(QUIET_CODES, now=now)


def _send_code(contact: QuietContact, recipient: str, now: datetime) -> None:
    holder = _holder(contact.id, contact.guardian_id)
    code = challenges.pose(_QUIET, holder, now=now, lasts=QUIET_CODE_LASTS)
    _owe(contact, recipient, "quiet_code", {"code": code}, now)


def _owe(contact: QuietContact, recipient: str, wording: str, facts: dict[str, str], now: datetime) -> None:
    queue.enqueue(
        key=f"{wording}:{contact.id}:{secrets.token_hex(8)}",
        channel=Channel(contact.kind.value),
        wording=wording,
        language=db.session.get_one(Guardian, contact.guardian_id).language,
        recipient=recipient,
        facts=house().settings.issuer | facts,
        at=now,
        expires_at=now + QUIET_CODE_LASTS,
        guardian_id=contact.guardian_id,
    )


def _holder(contact_id: int, guardian_id: int) -> str:
    return f"{guardian_id} {contact_id}"


def _record(deed: Deed, contact: QuietContact, now: datetime, *, actor: str = "") -> None:
    whose, subject = actor or f"guardian:{contact.guardian_id}", f"quiet_contact:{contact.id}"
    trail.record(deed, actor=whose, subject=subject, at=now, kind=contact.kind.value)
