"""Scans, the family's being reached, codes that were asked for, and what a phone may see."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from wristband.db import KeyedHash, Row, UtcDateTime, enum_type
from wristband.scans.levels import Field, GrantState, Level, Proof, fields_shown
from wristband.scans.rules import Answer, ChallengePurpose
from wristband.sealing import sealed


class Scan(Row):
    """One opening of a band by one phone. `acted_at` is empty until the finder did something."""

    __tablename__ = "scan"
    reference_hash: Mapped[str] = mapped_column(KeyedHash(64, "codes"), unique=True)
    band_id: Mapped[int | None] = mapped_column(sa.ForeignKey("band.id"), index=True)
    """Empty for a band that is not ours, forged or unknown; such a scan can still report."""
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    acted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    language: Mapped[str] = mapped_column(sa.String(12))
    low_trust: Mapped[bool] = mapped_column(default=False)
    """The browser sent neither Origin nor Sec-Fetch-Site: old, but perhaps honest."""


class Reach(Row):
    """A finder's tap on "tell the family", and how far it came. One a scan."""

    __tablename__ = "reach"
    __table_args__ = (
        sa.Index(
            "ix_reach_drill",
            "made_at",
            sqlite_where=sa.text("drill IS TRUE"),
            postgresql_where=sa.text("drill IS TRUE"),
        ),
    )
    scan_id: Mapped[int] = mapped_column(sa.ForeignKey("scan.id"), unique=True)
    elder_id: Mapped[int] = mapped_column(sa.ForeignKey("elder.id"), index=True)
    told_with: Mapped[int] = mapped_column(sa.BigInteger)
    """The reach whose messages carry this one: itself, or the last one while many tap at once."""
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    seen_by: Mapped[int | None] = mapped_column(sa.ForeignKey("guardian.id"))
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_by: Mapped[int | None] = mapped_column(sa.ForeignKey("guardian.id"))
    answer: Mapped[Answer | None] = mapped_column(enum_type(Answer))
    drill: Mapped[bool] = mapped_column(default=False)
    """Made by a guardian to try the chain: every message says so, and no desk is called in."""


class ReachSeen(Row):
    """A guardian who has seen a finder's call: the finder is told how many have."""

    __tablename__ = "reach_seen"
    __table_args__ = (sa.UniqueConstraint("reach_id", "guardian_id", name="uq_reach_seen_once"),)
    reach_id: Mapped[int] = mapped_column(sa.ForeignKey("reach.id"))
    guardian_id: Mapped[int] = mapped_column(sa.ForeignKey("guardian.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Challenge(Row):
    """A code that was sent and waits to be typed. Only its keyed hash is kept; tries are spent before comparing."""

    __tablename__ = "challenge"
    purpose: Mapped[ChallengePurpose] = mapped_column(enum_type(ChallengePurpose))
    holder: Mapped[str] = mapped_column(KeyedHash(64, "codes"), index=True)
    """Keyed hash of whom the code was sent to."""
    code_hash: Mapped[str] = mapped_column(KeyedHash(64, "codes"))
    tries: Mapped[int] = mapped_column(sa.SmallInteger, default=0)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Replaced by a newer code, or found expired: it never opens again."""


class Grant(Row):
    """What one phone may see of one elder, by which proof, until when. Asked for first where a guardian decides."""

    __tablename__ = "grant"
    scan_id: Mapped[int] = mapped_column(sa.ForeignKey("scan.id"), index=True)
    band_id: Mapped[int] = mapped_column(sa.ForeignKey("band.id"), index=True)
    elder_id: Mapped[int] = mapped_column(sa.ForeignKey("elder.id"), index=True)
    proof: Mapped[Proof] = mapped_column(enum_type(Proof))
    level: Mapped[int] = mapped_column(sa.SmallInteger)
    """A `Level`; OPEN while it is only asked for."""
    ticked: Mapped[str] = mapped_column(sa.String(120), default="")
    """The fields a guardian ticked, by name, with spaces between."""
    state: Mapped[GrantState] = mapped_column(enum_type(GrantState))
    token_hash: Mapped[str] = mapped_column(KeyedHash(64, "codes"), unique=True)
    """Of the 256 random bits that only the finder's phone holds: an address that is passed on opens nothing."""
    number: Mapped[int | None] = mapped_column(sa.SmallInteger)
    """The two digits on the finder's page, which a guardian types: he approves whom he is talking with."""
    phone_sealed: Mapped[str | None] = mapped_column("phone", sa.Text)
    phone = sealed("phone_sealed", owner="scan_id", index="phone_index", erased=None)
    """The finder's: the proof, or where the family may call to hear the digits."""
    phone_index: Mapped[str | None] = mapped_column(KeyedHash(32, "index"), index=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    given_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    given_by: Mapped[str | None] = mapped_column(sa.String(48))
    """The guardian or officer who approved, as an actor."""
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def fields(self) -> frozenset[Field]:
        """What it may show."""
        return fields_shown(Level(self.level), [Field(name) for name in self.ticked.split()])
