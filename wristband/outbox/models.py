"""Messages owed and every attempt to hand them over."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from wristband.db import KeyedHash, Row, UtcDateTime, enum_type
from wristband.outbox.escalation import StepKind, StepState
from wristband.outbox.rules import Channel, MessageState, Outcome
from wristband.sealing import sealed
from wristband.values.arrival import ArrivalState


class Message(Row):
    """A text owed to an address. Added in the transaction of the deed that owes it."""

    __tablename__ = "message"
    __table_args__ = (
        sa.Index("ix_message_due", "state", "due_at", "id"),
        sa.Index("ix_message_behind", "elder_id", "recipient_index", "state"),
        sa.Index("ix_message_series", "series", "state"),
    )
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
    facts_sealed: Mapped[str | None] = mapped_column("facts", sa.Text)
    facts = sealed("facts_sealed", owner="elder_id")
    """What the words were filled with, as JSON: for a gateway whose approved text takes variables."""
    elder_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    guardian_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    """Whose address it is, where it is a guardian's: one person may be told in several channels."""
    reach_id: Mapped[int | None] = mapped_column(sa.BigInteger, index=True)
    incident_id: Mapped[int | None] = mapped_column(sa.BigInteger, index=True)
    state: Mapped[MessageState] = mapped_column(enum_type(MessageState))
    owed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(sa.SmallInteger, default=0)
    yields: Mapped[bool] = mapped_column(default=False)
    """Those owed to the same address later need not wait for it any more."""
    series: Mapped[str | None] = mapped_column(sa.String(40))
    """What it is one of a strict order of: it waits until those of a lower `turn` are settled, whatever that takes."""
    turn: Mapped[int | None]
    leased_by: Mapped[str | None] = mapped_column(sa.String(64))
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    acknowledged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the link in it was used: once."""


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
    receipt: Mapped[str] = mapped_column(sa.String(120), default="", index=True)
    """The gateway's own name for the message; what it tells later comes under it, as `Arrived`."""


class Arrived(Row):
    """What a provider told afterwards about a message. It may come before the attempt itself is settled."""

    __tablename__ = "arrival"
    __table_args__ = (sa.UniqueConstraint("gateway", "reference", "state", name="uq_arrival_once"),)
    gateway: Mapped[str] = mapped_column(sa.String(32))
    reference: Mapped[str] = mapped_column(sa.String(120))
    state: Mapped[ArrivalState] = mapped_column(enum_type(ArrivalState))
    code: Mapped[str] = mapped_column(sa.String(64), default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    """As the provider says."""
    kept_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class Step(Row):
    """Something that happens at `due_at` unless a person has answered by then: a call, or the duty desk."""

    __tablename__ = "step"
    __table_args__ = (
        sa.UniqueConstraint("reach_id", "number", name="uq_step_number"),
        sa.Index("ix_step_due", "state", "due_at"),
    )
    reach_id: Mapped[int] = mapped_column(sa.BigInteger)
    elder_id: Mapped[int] = mapped_column(sa.BigInteger)
    number: Mapped[int] = mapped_column(sa.SmallInteger)
    kind: Mapped[StepKind] = mapped_column(enum_type(StepKind))
    contact_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    """Whom a call goes to."""
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[StepState] = mapped_column(enum_type(StepState))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
