"""What was released of an incident, who outside has read it, what was broadcast, and what came from outside."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from wristband.db import Row, UtcDateTime, enum_type
from wristband.interchange.rules import Audience, Ending, NoteKind
from wristband.sealing import sealed


class Release(Row):
    """What others outside may know of an open incident. At most one of an incident holds, the database says so.

    It is over as soon as the incident is closed, it has expired or was withdrawn: whoever reads it looks at all three.
    """

    __tablename__ = "release"
    __table_args__ = (
        sa.Index(
            "uq_release_holds",
            "incident_id",
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
    )
    incident_id: Mapped[int] = mapped_column(sa.ForeignKey("incident.id"), index=True)
    public_id: Mapped[str] = mapped_column(sa.String(32), unique=True)
    """The local half of its record id: random, and all that anybody outside knows it by."""
    guardian_id: Mapped[int | None] = mapped_column(sa.ForeignKey("guardian.id"))
    officer_id: Mapped[int | None] = mapped_column(sa.ForeignKey("officer.id"))
    """Who released it: one of the two."""
    shown: Mapped[str] = mapped_column(sa.String(80))
    """The ticks of rules.Shown, by name, with spaces between."""
    clothes_sealed: Mapped[str | None] = mapped_column("clothes", sa.Text)
    clothes = sealed("clothes_sealed", owner="incident_id", erased=None)
    audience: Mapped[Audience] = mapped_column(enum_type(Audience))
    released_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """Of the person record: when it was said anew what is shown. Never goes back."""
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    """Withdrawn, or noted by the worker as over."""
    ending: Mapped[Ending | None] = mapped_column(enum_type(Ending))
    ended_by: Mapped[str | None] = mapped_column(sa.String(48))
    """The actor who withdrew it."""


class ReleasedNote(Row):
    """One of our notes as others know it. What it says is made of the rows it points to, as they are now."""

    __tablename__ = "released_note"
    __table_args__ = (
        sa.UniqueConstraint("release_id", "kind", "sighting_id", name="uq_released_note_sighting"),
        sa.UniqueConstraint("release_id", "kind", "outside_note_id", name="uq_released_note_outside"),
    )
    release_id: Mapped[int] = mapped_column(sa.ForeignKey("release.id"), index=True)
    public_id: Mapped[str] = mapped_column(sa.String(32), unique=True)
    kind: Mapped[NoteKind] = mapped_column(enum_type(NoteKind))
    sighting_id: Mapped[int | None] = mapped_column(sa.ForeignKey("sighting.id"), index=True)
    outside_note_id: Mapped[int | None] = mapped_column(sa.ForeignKey("outside_note.id"), index=True)
    source_at: Mapped[datetime] = mapped_column(UtcDateTime)
    entry_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class ReleaseReading(Row):
    """How often a partner's key has been given a release, and when first and last."""

    __tablename__ = "release_reading"
    __table_args__ = (sa.UniqueConstraint("release_id", "partner_key_id", name="uq_release_reading_key"),)
    release_id: Mapped[int] = mapped_column(sa.ForeignKey("release.id"))
    partner_key_id: Mapped[int] = mapped_column(sa.ForeignKey("partner_key.id"), index=True)
    times: Mapped[int] = mapped_column(default=1)
    first_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Broadcast(Row):
    """One CAP message of a release, word by word as it was published."""

    __tablename__ = "broadcast"
    __table_args__ = (sa.UniqueConstraint("incident_id", "number", name="uq_broadcast_number"),)
    release_id: Mapped[int] = mapped_column(sa.ForeignKey("release.id"), index=True)
    incident_id: Mapped[int] = mapped_column(sa.ForeignKey("incident.id"))
    identifier: Mapped[str] = mapped_column(sa.String(64), unique=True)
    number: Mapped[int] = mapped_column(sa.SmallInteger)
    kind: Mapped[str] = mapped_column(sa.String(12))
    """A word of cap.MessageType."""
    sender: Mapped[str] = mapped_column(sa.String(120))
    sent: Mapped[str] = mapped_column(sa.String(32))
    """The very text that was published: later messages refer to it."""
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    content_digest: Mapped[str] = mapped_column(sa.String(64))
    """SHA-256 of what it tells, without its number and times: the same is not said twice."""
    document_sealed: Mapped[str | None] = mapped_column("document", sa.Text)
    document = sealed("document_sealed", owner="incident_id", erased=None)


class OutsidePerson(Row):
    """A person of another repository, kept for officers alone and handed on to nobody."""

    __tablename__ = "outside_person"
    record_id: Mapped[str] = mapped_column(sa.String(255), unique=True)
    source_at: Mapped[datetime] = mapped_column(UtcDateTime)
    kept_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    said_sealed: Mapped[str | None] = mapped_column("said", sa.Text)
    said = sealed("said_sealed", erased=None)
    """The record's fields as JSON; empty for a placeholder."""


class OutsideNote(Row):
    """A note of another repository: for an incident of ours a sighting from outside, which closes nothing."""

    __tablename__ = "outside_note"
    record_id: Mapped[str] = mapped_column(sa.String(255), unique=True)
    incident_id: Mapped[int | None] = mapped_column(sa.ForeignKey("incident.id"), index=True)
    """Empty for a note on a person of another repository."""
    person_record_id: Mapped[str] = mapped_column(sa.String(255), index=True)
    linked_record_id: Mapped[str] = mapped_column(sa.String(255), default="", index=True)
    """Whom it says the person is, too."""
    linked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    linked_by: Mapped[int | None] = mapped_column(sa.ForeignKey("officer.id"))
    """An officer has looked and says that both are the same elder."""
    source_at: Mapped[datetime] = mapped_column(UtcDateTime)
    kept_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    said_sealed: Mapped[str | None] = mapped_column("said", sa.Text)
    said = sealed("said_sealed", owner="incident_id", erased=None)
    """Likewise."""


class PartnerDomain(Row):
    """The id domain under which a partner's records stand: it writes these and no others."""

    __tablename__ = "partner_domain"
    partner_id: Mapped[int] = mapped_column(sa.ForeignKey("partner.id"), unique=True)
    domain: Mapped[str] = mapped_column(sa.String(100), unique=True)
