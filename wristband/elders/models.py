"""Elders, their guardians, how the family is reached, what was consented to."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from wristband.db import Row, UtcDateTime, enum_type
from wristband.elders.rules import ContactKind, ElderState, Purpose, Sex
from wristband.sealing import sealed


class Elder(Row):
    """Who wears the band. Everything that could tell who it is is sealed."""

    __tablename__ = "elder"
    key: Mapped[str] = mapped_column(sa.String(64), unique=True)
    """Idempotency: the same form sent twice registers one elder."""
    state: Mapped[ElderState] = mapped_column(enum_type(ElderState))
    name_sealed: Mapped[str] = mapped_column("name", sa.Text)
    name = sealed("name_sealed")
    called_sealed: Mapped[str | None] = mapped_column("called", sa.Text)
    called = sealed("called_sealed")
    """How the elder likes to be addressed."""
    birth_year_sealed: Mapped[str | None] = mapped_column("birth_year", sa.Text)
    birth_year = sealed("birth_year_sealed")
    sex: Mapped[Sex | None] = mapped_column(enum_type(Sex))
    address_sealed: Mapped[str | None] = mapped_column("address", sa.Text)
    address = sealed("address_sealed")
    approach_sealed: Mapped[str | None] = mapped_column("approach", sa.Text)
    approach = sealed("approach_sealed")
    """What calms and helps: dialect, hearing, what to say."""
    health_sealed: Mapped[str | None] = mapped_column("health", sa.Text)
    health = sealed("health_sealed")
    station_id: Mapped[int | None] = mapped_column(sa.ForeignKey("station.id"), index=True)
    registered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Guardianship(Row):
    """The link between a guardian and an elder; rank 1 is first."""

    __tablename__ = "guardianship"
    __table_args__ = (sa.UniqueConstraint("elder_id", "guardian_id"),)
    elder_id: Mapped[int] = mapped_column(sa.ForeignKey("elder.id"))
    guardian_id: Mapped[int] = mapped_column(sa.ForeignKey("guardian.id"), index=True)
    rank: Mapped[int] = mapped_column(sa.SmallInteger)
    relation: Mapped[str] = mapped_column(sa.String(24))
    began_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Contact(Row):
    """One reachable address in calling order; never a person."""

    __tablename__ = "contact"
    __table_args__ = (sa.UniqueConstraint("elder_id", "address_index"),)
    elder_id: Mapped[int] = mapped_column(sa.ForeignKey("elder.id"))
    guardian_id: Mapped[int | None] = mapped_column(sa.ForeignKey("guardian.id"))
    kind: Mapped[ContactKind] = mapped_column(enum_type(ContactKind))
    address_sealed: Mapped[str] = mapped_column("address", sa.Text)
    address = sealed("address_sealed")
    address_index: Mapped[str] = mapped_column(sa.String(32), index=True)
    calling_order: Mapped[int] = mapped_column(sa.SmallInteger)
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Consent(Row):
    """A recorded yes to one purpose, with the digest of the words that were agreed to. Withdrawn, never deleted."""

    __tablename__ = "consent"
    elder_id: Mapped[int] = mapped_column(sa.ForeignKey("elder.id"), index=True)
    guardian_id: Mapped[int] = mapped_column(sa.ForeignKey("guardian.id"))
    purpose: Mapped[Purpose] = mapped_column(enum_type(Purpose))
    text_sha256: Mapped[str] = mapped_column(sa.String(64))
    given_at: Mapped[datetime] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Photo(Row):
    """A cleaned portrait; its bytes are a sealed file. Without an elder it waits for a form to be finished."""

    __tablename__ = "photo"
    elder_id: Mapped[int | None] = mapped_column(sa.ForeignKey("elder.id"), index=True)
    guardian_id: Mapped[int] = mapped_column(sa.ForeignKey("guardian.id"), index=True)
    sha256: Mapped[str] = mapped_column(sa.String(64))
    width: Mapped[int]
    height: Mapped[int]
    faces: Mapped[int] = mapped_column(sa.SmallInteger)
    crop_left: Mapped[float]
    crop_top: Mapped[float]
    crop_size: Mapped[float]
    """The square of the face, in fractions of the picture's width and height; the size is of the shorter side."""
    kept_at: Mapped[datetime] = mapped_column(UtcDateTime)
    replaced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
