"""What is kept of a report beside its incident: supplements, a pickup, a withdrawal, a rating, a phone's clock."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from wristband.db import KeyedHash, Row, UtcDateTime, enum_type
from wristband.reports.rules import Kind
from wristband.sealing import sealed


class Supplement(Row):
    """One thing added to a report after the tap: words, or a photograph, or that the elder has gone."""

    __tablename__ = "supplement"
    scan_id: Mapped[int] = mapped_column(sa.ForeignKey("scan.id"), index=True)
    key: Mapped[str] = mapped_column(KeyedHash(64, "codes"), unique=True)
    """Idempotency: the same form sent again is the same row."""
    content: Mapped[str] = mapped_column(KeyedHash(64, "codes"))
    """Keyed hash of what was sent: another content under the same key is refused."""
    kind: Mapped[Kind] = mapped_column(enum_type(Kind))
    words_sealed: Mapped[str | None] = mapped_column("words", sa.Text)
    words = sealed("words_sealed", owner="scan_id", erased=None)
    photo_width: Mapped[int | None]
    photo_height: Mapped[int | None]
    """In pixels; the bytes are a sealed file under the scan's data key."""
    dropped: Mapped[bool] = mapped_column(default=False)
    """Shown to nobody any more; the purge takes the file, then the row."""
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Pickup(Row):
    """A finder cannot stay: somebody is to come for the elder. One a scan; asked for again it is the same one."""

    __tablename__ = "pickup"
    scan_id: Mapped[int] = mapped_column(sa.ForeignKey("scan.id"), unique=True)
    key: Mapped[str] = mapped_column(KeyedHash(64, "codes"))
    content: Mapped[str] = mapped_column(KeyedHash(64, "codes"))
    """Of the form that was sent last."""
    words_sealed: Mapped[str | None] = mapped_column("words", sa.Text)
    words = sealed("words_sealed", owner="scan_id", erased=None)
    """Where the elder waits, and with whom."""
    waits_until: Mapped[datetime] = mapped_column(UtcDateTime)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """When it was asked for first: its clock runs from here."""
    taken_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    taken_by: Mapped[int | None] = mapped_column(sa.ForeignKey("officer.id"))
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    called_off_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """The finder can stay after all, or the elder has gone."""


class Withdrawal(Row):
    """A finder has said that the report was a mistake."""

    __tablename__ = "withdrawal"
    scan_id: Mapped[int] = mapped_column(sa.ForeignKey("scan.id"), unique=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Rating(Row):
    """What a finder thought of it. It names no scan, no elder, no hour: nobody can be found by it."""

    __tablename__ = "rating"
    once: Mapped[str] = mapped_column(KeyedHash(64, "codes"), unique=True)
    """Keyed hash of the scan, so that each is counted once."""
    score: Mapped[int] = mapped_column(sa.SmallInteger)
    words_sealed: Mapped[str | None] = mapped_column("words", sa.Text)
    words = sealed("words_sealed", erased=None)
    rated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """Midnight, in the instance's zone, of the day."""


class PhoneTime(Row):
    """When a phone claims that something was done. Its id is that of the report, sighting or supplement it is about."""

    __tablename__ = "phone_time"
    claimed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ahead_s: Mapped[int] = mapped_column(sa.BigInteger)
    """How many seconds the phone's clock was ahead of ours when it was sent."""
