"""Elders, their guardians, how the family is reached, what was consented to."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from wristband.db import KeyedHash, Row, UtcDateTime, enum_type
from wristband.elders import names
from wristband.elders.keeping import Moved, TransferEnd
from wristband.elders.rules import ContactKind, ElderState, Purpose
from wristband.sealing import Keyed, box, sealed

NAME_PLACE = "elder.name"


def name_index(name: str) -> Keyed:
    """The blind index under which elders of this name are found, however it is spaced and whatever width it has."""
    return box().blind(names.normal(name), place=NAME_PLACE)


class SealedName(sealed):
    """A name whose blind index follows it wherever it is set, of what two spellings of it share."""

    @staticmethod
    def normal(clear: str) -> str:
        return names.normal(clear)

    def __set__(self, row: Any, clear: str | None) -> None:
        super().__set__(row, clear)
        row.name_index = None if clear is None else name_index(clear)


def _part(name: str, where: str) -> sa.Index:
    """The station's elders of one standing, newest first: few among many."""
    return sa.Index(name, "station_id", "id", sqlite_where=sa.text(where), postgresql_where=sa.text(where))


class Elder(Row):
    """Who wears the band. Everything that could tell who it is is sealed."""

    __tablename__ = "elder"
    __table_args__ = (
        sa.Index("ix_elder_name_index", "name_index", "station_id"),
        sa.Index("ix_elder_list", "station_id", "id"),
        _part("ix_elder_provisional", "state = 'provisional'"),
        _part("ix_elder_disputed", "disputed_at IS NOT NULL"),
        _part("ix_elder_deceased", "deceased_at IS NOT NULL"),
    )
    key: Mapped[str] = mapped_column(KeyedHash(64, "codes"), unique=True)
    """Idempotency: the same form sent twice registers one elder."""
    state: Mapped[ElderState] = mapped_column(enum_type(ElderState))
    name_sealed: Mapped[str] = mapped_column("name", sa.Text)
    name = SealedName("name_sealed", owner="id", index="name_index", erased="已删除")
    name_index: Mapped[str | None] = mapped_column(KeyedHash(32, "index"))
    """Empty for one registered before there was any, until `wristband records index` has filled it."""
    called_sealed: Mapped[str | None] = mapped_column("called", sa.Text)
    called = sealed("called_sealed", owner="id", erased=None)
    """How the elder likes to be addressed."""
    birth_year_sealed: Mapped[str | None] = mapped_column("birth_year", sa.Text)
    birth_year = sealed("birth_year_sealed", owner="id", erased=None)
    sex_sealed: Mapped[str | None] = mapped_column("sex", sa.Text)
    sex = sealed("sex_sealed", owner="id", erased=None)
    """A word of rules.Sex."""
    address_sealed: Mapped[str | None] = mapped_column("address", sa.Text)
    address = sealed("address_sealed", owner="id", erased=None)
    approach_sealed: Mapped[str | None] = mapped_column("approach", sa.Text)
    approach = sealed("approach_sealed", owner="id", erased=None)
    """What calms and helps: dialect, hearing, what to say."""
    health_sealed: Mapped[str | None] = mapped_column("health", sa.Text)
    health = sealed("health_sealed", owner="id", erased=None)
    station_id: Mapped[int | None] = mapped_column(sa.ForeignKey("station.id"), index=True)
    registered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    disputed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Since when somebody who answers for the elder objects: no proof of a finder's opens anything meanwhile."""
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Since when nothing of the elder is kept but this row, which keeps what came before from pointing nowhere."""
    deceased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When an officer noted the death: the bands ended in that moment, and nobody is reminded of anything."""
    merged_into_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    """The record that took what this one had: both were the same person's."""


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
    guardian_id: Mapped[int | None] = mapped_column(sa.ForeignKey("guardian.id"), index=True)
    kind: Mapped[ContactKind] = mapped_column(enum_type(ContactKind))
    address_sealed: Mapped[str] = mapped_column("address", sa.Text)
    address = sealed("address_sealed", owner="elder_id", index="address_index")
    address_index: Mapped[str] = mapped_column(KeyedHash(32, "index"), index=True)
    calling_order: Mapped[int] = mapped_column(sa.SmallInteger)
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    """When a code sent there was typed last, or, of a guardian's own, when that one signed in last."""
    reminders: Mapped[int] = mapped_column(sa.SmallInteger, default=0)
    """So many messages since then that it is to be confirmed anew: one before it is due, one at the day."""


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
    destroyed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    """Since when its bytes open nowhere any more; the purge takes file and row away."""


class Voice(Row):
    """A guardian's words for the elder, recorded; its bytes are a sealed file. One in use an elder."""

    __tablename__ = "voice"
    __table_args__ = (
        sa.Index(
            "uq_voice_in_use",
            "elder_id",
            unique=True,
            sqlite_where=sa.text("destroyed_at IS NULL"),
            postgresql_where=sa.text("destroyed_at IS NULL"),
        ),
    )
    elder_id: Mapped[int] = mapped_column(sa.ForeignKey("elder.id"))
    guardian_id: Mapped[int] = mapped_column(sa.ForeignKey("guardian.id"))
    """Whose voice, or who chose the file."""
    sha256: Mapped[str] = mapped_column(sa.String(64))
    seconds: Mapped[float]
    kept_at: Mapped[datetime] = mapped_column(UtcDateTime)
    destroyed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    """Since when its bytes open nowhere any more: replaced, deleted or withdrawn. The purge takes file and row away."""


class Invitation(Row):
    """A guardian has asked somebody to answer for the elder, too. Over when accepted, declined, taken back or late."""

    __tablename__ = "invitation"
    __table_args__ = (
        sa.Index(
            "uq_invitation_open",
            "elder_id",
            "phone_index",
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
    )
    elder_id: Mapped[int] = mapped_column(sa.ForeignKey("elder.id"), index=True)
    invited_by: Mapped[int] = mapped_column(sa.ForeignKey("guardian.id"))
    phone_sealed: Mapped[str | None] = mapped_column("phone", sa.Text)
    phone = sealed("phone_sealed", owner="elder_id", index="phone_index", erased=None)
    phone_index: Mapped[str | None] = mapped_column(KeyedHash(32, "index"), index=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    guardian_id: Mapped[int | None] = mapped_column(sa.ForeignKey("guardian.id"))
    """Who accepted it."""


class Erasure(Row):
    """A guardian's wish that nothing of the elder be kept. It waits, so that others can object and she can undo it."""

    __tablename__ = "erasure"
    __table_args__ = (
        sa.Index(
            "uq_erasure_open_elder",
            "elder_id",
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
    )
    elder_id: Mapped[int] = mapped_column(sa.ForeignKey("elder.id"), index=True)
    guardian_id: Mapped[int] = mapped_column(sa.ForeignKey("guardian.id"))
    """Who asked for it."""
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When it was done, undone or objected to."""
    objected_by: Mapped[int | None] = mapped_column(sa.ForeignKey("guardian.id"))


class ElderChange(Row):
    """One field of an elder's particulars, changed: by whom, and what stood there before."""

    __tablename__ = "elder_change"
    __table_args__ = (sa.Index("ix_elder_change_elder_id", "elder_id", "id"),)
    elder_id: Mapped[int] = mapped_column(sa.ForeignKey("elder.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(sa.String(48))
    field: Mapped[str] = mapped_column(sa.String(24))
    before_sealed: Mapped[str | None] = mapped_column("before", sa.Text)
    before = sealed("before_sealed", owner="elder_id", erased=None)
    """Empty where nothing stood there."""


class ElderDispute(Row):
    """An officer was told that the record, or who answers for it, is not right. While open, no finder sees anything."""

    __tablename__ = "elder_dispute"
    elder_id: Mapped[int] = mapped_column(sa.ForeignKey("elder.id"), index=True)
    officer_id: Mapped[int] = mapped_column(sa.ForeignKey("officer.id"))
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    words_sealed: Mapped[str | None] = mapped_column("words", sa.Text)
    words = sealed("words_sealed", owner="elder_id", erased=None)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    settled_by: Mapped[int | None] = mapped_column(sa.ForeignKey("officer.id"))
    settlement_sealed: Mapped[str | None] = mapped_column("settlement", sa.Text)
    settlement = sealed("settlement_sealed", owner="elder_id", erased=None)


class GuardianRemoval(Row):
    """An officer wants a guardian to answer for the elder no more; a second officer does it or says no."""

    __tablename__ = "guardian_removal"
    __table_args__ = (
        sa.Index(
            "uq_guardian_removal_open",
            "elder_id",
            "guardian_id",
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
    )
    elder_id: Mapped[int] = mapped_column(sa.ForeignKey("elder.id"), index=True)
    guardian_id: Mapped[int] = mapped_column(sa.ForeignKey("guardian.id"))
    asked_by: Mapped[int] = mapped_column(sa.ForeignKey("officer.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    words_sealed: Mapped[str | None] = mapped_column("words", sa.Text)
    words = sealed("words_sealed", owner="elder_id", erased=None)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by: Mapped[int | None] = mapped_column(sa.ForeignKey("officer.id"))
    done: Mapped[bool] = mapped_column(default=False)


class ElderTransfer(Row):
    """A record offered by its station to another one, until that one takes it or says no."""

    __tablename__ = "elder_transfer"
    __table_args__ = (
        sa.Index(
            "uq_elder_transfer_open",
            "elder_id",
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
        sa.Index("ix_elder_transfer_offered", "to_station_id", "ended_at"),
    )
    elder_id: Mapped[int] = mapped_column(sa.ForeignKey("elder.id"))
    from_station_id: Mapped[int | None] = mapped_column(sa.ForeignKey("station.id"))
    """Empty where no station had it."""
    to_station_id: Mapped[int] = mapped_column(sa.ForeignKey("station.id"))
    offered_by: Mapped[int] = mapped_column(sa.ForeignKey("officer.id"))
    offered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by: Mapped[int | None] = mapped_column(sa.ForeignKey("officer.id"))
    end: Mapped[TransferEnd | None] = mapped_column(enum_type(TransferEnd))


class ElderMerge(Row):
    """Two records of one person became one: `into_id` goes on."""

    __tablename__ = "elder_merge"
    elder_id: Mapped[int] = mapped_column(sa.ForeignKey("elder.id"), index=True)
    into_id: Mapped[int] = mapped_column(sa.ForeignKey("elder.id"), index=True)
    officer_id: Mapped[int] = mapped_column(sa.ForeignKey("officer.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class MergedRow(Row):
    """A row that a merge took along or ended, by what it is and its id."""

    __tablename__ = "elder_merged_row"
    merge_id: Mapped[int] = mapped_column(sa.ForeignKey("elder_merge.id"), index=True)
    what: Mapped[Moved] = mapped_column(enum_type(Moved))
    row_id: Mapped[int] = mapped_column(sa.BigInteger)
