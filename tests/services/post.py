"""A gateway to hand messages to, messages to owe, and what became of them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from wristband import clock
from wristband.db import db, transaction
from wristband.gateways.contract import Gateway, GatewayFault, Handover, Receipt
from wristband.outbox import leases
from wristband.outbox.models import Channel, Delivery, Message
from wristband.outbox.queue import enqueue
from wristband.services.delivering import Worker

START = datetime(2026, 11, 24, 6, 5, tzinfo=UTC)
SINCE_EVER = START - timedelta(days=3650)
DAUGHTER, SON = "+8613800138000", "+8613800138001"
LEASE_S = 60


class Post(Gateway):
    """A gateway that remembers what it was handed and can be told what to do with it."""

    name = "post"

    def __init__(self, deed: Callable[[Handover], Any] | None = None) -> None:
        self.deed = deed
        self.handed: list[Handover] = []

    def _call(self, handover: Handover) -> Receipt:
        self.handed.append(handover)
        if self.deed:
            self.deed(handover)
        return Receipt(f"r{len(self.handed)}")

    @property
    def recipients(self) -> list[str]:
        return [handover.recipient for handover in self.handed]


def refusing(*, permanent: bool, code: str = "told_to_fail") -> Callable[[Handover], None]:
    def refuse(_handover: Handover) -> None:
        raise GatewayFault(permanent=permanent, code=code)

    return refuse


def owe(key: str = "reach:1:guardian:1", recipient: str = DAUGHTER, **more: Any) -> int | None:
    facts = {"organisation": "同安黄手环", "organisation_phone": "", "code_tail": "7QK", "time": "14:05"}
    with transaction():
        return enqueue(
            key=key,
            channel=Channel.SMS,
            wording="band_scanned",
            language="zh-CN",
            recipient=recipient,
            facts=facts,
            at=clock.now(),
            **more,
        )


def owe_code(expires_in: timedelta = timedelta(minutes=5)) -> int | None:
    with transaction():
        return enqueue(
            key="challenge:1",
            channel=Channel.SMS,
            wording="sign_in_code",
            language="zh-CN",
            recipient=DAUGHTER,
            facts={"organisation": "同安黄手环", "code": "482913"},
            at=clock.now(),
            expires_at=clock.now() + expires_in,
        )


def worker(gateway: Gateway, **more: Any) -> Worker:
    return Worker({"sms": gateway}, lease_s=LEASE_S, **more)


def message(key: str = "reach:1:guardian:1") -> Message:
    db.session.rollback()
    return db.session.scalars(
        sa.select(Message).where(Message.key == key), execution_options={"populate_existing": True}
    ).one()


def deliveries() -> list[Delivery]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Delivery).order_by(Delivery.id)))


def count_messages() -> int:
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(Message)) or 0


def claim(*, lease: str, limit: int = 9) -> list[Message]:
    with transaction():
        now = clock.now()
        claimed = leases.claim(lease=lease, until=now + timedelta(seconds=LEASE_S), limit=limit, now=now)
        for one in claimed:
            db.session.expunge(one)  # as a worker holds them: what they were when they were claimed
        return claimed


def claim_and_die() -> Message:
    [claimed] = claim(lease="dead.1")
    return claimed


def all_at_once(deeds: list[Callable[[], None]]) -> None:
    """Each deed in a thread of its own; back when all are done."""
    threads = [threading.Thread(target=deed) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
