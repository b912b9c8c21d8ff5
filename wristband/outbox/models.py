"""Messages owed and every attempt to hand them over."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from wristband.db import KeyedHash, Row, UtcDateTime, enum_type
from wristband.outbox.rules import Channel, MessageState, Outcome
from wristband.sealing import sealed


class Message(Row):
    """A text owed to an address. Added in the transaction of the deed that owes it."""

    __tablename__ = "message"
    __table_args__ = (sa.Index("ix_message_due", "state", "due_at"),)
    key: Mapped[str] = mapped_column(sa.String(80), unique=True)
    """Idempotency: owing the same message twice is owing it once."""
    channel: Mapped[Channel] = mapped_column(enum_type(Channel))
    wording: Mapped[str] = mapped_column(sa.String(32))
    """Name of the text in templates/messages/<language>/."""
    language: Mapped[str] = mapped_column(sa.String(12))
    recipient_sealed: Mapped[str] = mapped_column("recipient", sa.Text)
    recipient = sealed("recipient_sealed", owner="elder_id", index="recipient_index")
    recipient_index: Mapped[str] = mapped_column(KeyedHash(32, "index"), index=True)
    """Blind index of the recipient: people are counted, not messages."""
    body_sealed: Mapped[str | None] = mapped_column("body", sa.Text)
    body = sealed("body_sealed", owner="elder_id")
    """The words as they are sent; a code's words are forgotten once it has been handed over."""
    elder_id: Mapped[int | None] = mapped_column(sa.BigInteger, index=True)
    reach_id: Mapped[int | None] = mapped_column(sa.BigInteger, index=True)
    incident_id: Mapped[int | None] = mapped_column(sa.BigInteger, index=True)
    state: Mapped[MessageState] = mapped_column(enum_type(MessageState))
    owed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(sa.SmallInteger, default=0)
    leased_by: Mapped[str | None] = mapped_column(sa.String(64))
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Delivery(Row):
    """One attempt to hand a message to a gateway."""

    __tablename__ = "delivery"
    message_id: Mapped[int] = mapped_column(sa.ForeignKey("message.id"), index=True)
    gateway: Mapped[str] = mapped_column(sa.String(32))
    began_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime] = mapped_column(UtcDateTime)
    outcome: Mapped[Outcome] = mapped_column(enum_type(Outcome))
    code: Mapped[str] = mapped_column(sa.String(64), default="")
    """The gateway's own code for what happened."""
    receipt: Mapped[str] = mapped_column(sa.String(120), default="")
