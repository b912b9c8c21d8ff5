"""What is kept of every deed."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from wristband.db import Row, UtcDateTime


class AuditRow(Row):
    """One deed: who did what to whom. Ids only; rows are added and never changed: the database refuses it."""

    __tablename__ = "audit_row"
    i: Mapped[int] = mapped_column(sa.BigInteger, unique=True)
    """Its number in the trail: 1, 2, 3 and so on without a hole."""
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    deed: Mapped[str] = mapped_column(sa.String(48))
    actor: Mapped[str] = mapped_column(sa.String(48), index=True)
    subject: Mapped[str] = mapped_column(sa.String(48), index=True)
    elder_id: Mapped[int | None] = mapped_column(sa.BigInteger, index=True)
    """Whose life it touches, so that a family can be shown everything about their elder."""
    facts: Mapped[dict[str, object]] = mapped_column(sa.JSON)
    hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    """SHA-256 over number, the hash before, and everything above (chain.py)."""


class CheckpointRow(Row):
    """A signed line about the first `i` rows. Added and never changed, too."""

    __tablename__ = "audit_checkpoint"
    i: Mapped[int] = mapped_column(sa.BigInteger, unique=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    line: Mapped[str] = mapped_column(sa.Text)
