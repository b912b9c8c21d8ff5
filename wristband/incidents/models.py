"""Incidents: reports and sightings of one elder, and what was done."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from wristband.db import KeyedHash, Row, UtcDateTime, enum_type
from wristband.incidents.rules import Disposition, IncidentState, PassReason, PlaceSource, Reason, Verdict
from wristband.sealing import sealed


class Incident(Row):
    """What the police handle. At most one is open for an elder: the database says so."""

    __tablename__ = "incident"
    __table_args__ = (
        sa.Index(
            "uq_incident_open_elder",
            "elder_id",
            unique=True,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        ),
        sa.Index("ix_incident_desk", "station_id", "closed_at", "opened_at"),
    )
    number: Mapped[str] = mapped_column(sa.String(16), unique=True)
    elder_id: Mapped[int | None] = mapped_column(sa.ForeignKey("elder.id"))
    """Empty when the band was not recognised."""
    station_id: Mapped[int | None] = mapped_column(sa.ForeignKey("station.id"))
    """Empty only where no station is known at all; every desk then shows it."""
    state: Mapped[IncidentState] = mapped_column(enum_type(IncidentState))
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """By the station that has it: empty again once it is passed on."""
    passed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When another station passed it to the one that has it."""
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    disposition: Mapped[Disposition | None] = mapped_column(enum_type(Disposition))
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When a guardian confirmed that the elder is home."""
    confirmed_by: Mapped[int | None] = mapped_column(sa.ForeignKey("guardian.id"))

    @property
    def since(self) -> datetime:
        """Since when it waits at the station that has it."""
        return self.passed_at or self.opened_at


class DutyCall(Row):
    """No one of the family has answered a finder in time: put before a station's desk, once a reach."""

    __tablename__ = "duty_call"
    __table_args__ = (
        sa.Index("ix_duty_call_desk", "station_id", "ended_at"),
        sa.Index(
            "ix_duty_call_waiting",
            "id",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
    )
    reach_id: Mapped[int] = mapped_column(sa.ForeignKey("reach.id"), unique=True)
    elder_id: Mapped[int] = mapped_column(sa.ForeignKey("elder.id"), index=True)
    station_id: Mapped[int | None] = mapped_column(sa.ForeignKey("station.id"))
    """Empty only where no station is known at all; every desk then shows it."""
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    taken_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    taken_by: Mapped[int | None] = mapped_column(sa.ForeignKey("officer.id"))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When an officer took it, or the family answered after all."""


class IncidentNumber(Row):
    """How many incidents a day has seen; its id is the day as YYMMDD."""

    __tablename__ = "incident_number"
    last: Mapped[int]


class Report(Row):
    """One telling of the police. One a scan: a second tap finds it here."""

    __tablename__ = "report"
    incident_id: Mapped[int] = mapped_column(sa.ForeignKey("incident.id"), index=True)
    scan_id: Mapped[int] = mapped_column(sa.ForeignKey("scan.id"), unique=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Sighting(Row):
    """The elder, or the band, at a place and time, as a finder told it. WGS-84."""

    __tablename__ = "sighting"
    scan_id: Mapped[int] = mapped_column(sa.ForeignKey("scan.id"), index=True)
    key: Mapped[str] = mapped_column(KeyedHash(64, "codes"), unique=True)
    """Idempotency: the same append sent again is the same row."""
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    source: Mapped[PlaceSource] = mapped_column(enum_type(PlaceSource))
    place_sealed: Mapped[str | None] = mapped_column("place", sa.Text)
    place = sealed("place_sealed", owner="scan_id", erased=None)
    """`latitude,longitude,accuracy in metres`; the accuracy is empty when the phone told none."""
    words_sealed: Mapped[str | None] = mapped_column("words", sa.Text)
    words = sealed("words_sealed", owner="scan_id", erased=None)


class IncidentMove(Row):
    """A step on the incident's time line."""

    __tablename__ = "incident_move"
    incident_id: Mapped[int] = mapped_column(sa.ForeignKey("incident.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[IncidentState] = mapped_column(enum_type(IncidentState))
    officer_id: Mapped[int | None] = mapped_column(sa.ForeignKey("officer.id"))
    """Empty for the opening, which a finder's report does."""
    words_sealed: Mapped[str | None] = mapped_column("words", sa.Text)
    words = sealed("words_sealed", owner="incident_id", erased=None)


class PlatformCase(Row):
    """What the police platform and we know of each other's side of an incident."""

    __tablename__ = "platform_case"
    incident_id: Mapped[int] = mapped_column(sa.ForeignKey("incident.id"), unique=True)
    events: Mapped[int] = mapped_column(default=0)
    """How many events of it are owed so far; the row gives each its number."""
    case_number: Mapped[str] = mapped_column(sa.String(64), default="")
    """The platform's own, empty while it has told none."""
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When a person at the command centre first had it on the screen."""


class PlatformNote(Row):
    """One call of the platform's, kept with our answer: told again, it is answered the same."""

    __tablename__ = "platform_note"
    key: Mapped[str] = mapped_column(sa.String(64), unique=True)
    digest: Mapped[str] = mapped_column(sa.String(64))
    """SHA-256 of what was told."""
    incident_id: Mapped[int | None] = mapped_column(sa.ForeignKey("incident.id"), index=True)
    """Empty for receipts: these are of events."""
    state: Mapped[str] = mapped_column(sa.String(64), default="")
    disposition: Mapped[str] = mapped_column(sa.String(64), default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    """As the platform says."""
    kept_at: Mapped[datetime] = mapped_column(UtcDateTime)
    refusal: Mapped[str] = mapped_column(sa.String(64), default="")
    """The code of the refusal it was answered with; empty for a state that was taken."""
    move_id: Mapped[int | None] = mapped_column(sa.ForeignKey("incident_move.id"), index=True)
    """The step that it brought about."""


class PhoneReport(Row):
    """A report that came as a call to 110 and that an officer has entered: its scan is no phone's."""

    __tablename__ = "phone_report"
    scan_id: Mapped[int] = mapped_column(sa.ForeignKey("scan.id"), unique=True)
    officer_id: Mapped[int] = mapped_column(sa.ForeignKey("officer.id"))
    station_id: Mapped[int] = mapped_column(sa.ForeignKey("station.id"))
    """The officer's, which alone reads the caller's number."""
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    phone_sealed: Mapped[str | None] = mapped_column("phone", sa.Text)
    phone = sealed("phone_sealed", owner="scan_id", erased=None)


class Note(Row):
    """What an officer wrote down about an incident, for colleagues of the same station."""

    __tablename__ = "incident_note"
    key: Mapped[str] = mapped_column(KeyedHash(64, "codes"), unique=True)
    """Idempotency: the same form sent again is the same note."""
    incident_id: Mapped[int] = mapped_column(sa.ForeignKey("incident.id"), index=True)
    station_id: Mapped[int] = mapped_column(sa.ForeignKey("station.id"))
    officer_id: Mapped[int] = mapped_column(sa.ForeignKey("officer.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    words_sealed: Mapped[str | None] = mapped_column("words", sa.Text)
    words = sealed("words_sealed", owner="incident_id", erased=None)


class Transfer(Row):
    """An incident passed on to another station."""

    __tablename__ = "incident_transfer"
    __table_args__ = (sa.Index("ix_incident_transfer_passed", "from_station_id", "at"),)
    incident_id: Mapped[int] = mapped_column(sa.ForeignKey("incident.id"), index=True)
    from_station_id: Mapped[int] = mapped_column(sa.ForeignKey("station.id"))
    to_station_id: Mapped[int] = mapped_column(sa.ForeignKey("station.id"))
    officer_id: Mapped[int] = mapped_column(sa.ForeignKey("officer.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[PassReason] = mapped_column(enum_type(PassReason))


class Merge(Row):
    """An unrecognised incident joined to another. At most one that holds, the database says so."""

    __tablename__ = "incident_merge"
    __table_args__ = (
        sa.Index(
            "uq_incident_merge_holds",
            "incident_id",
            unique=True,
            sqlite_where=sa.text("undone_at IS NULL"),
            postgresql_where=sa.text("undone_at IS NULL"),
        ),
    )
    incident_id: Mapped[int] = mapped_column(sa.ForeignKey("incident.id"), index=True)
    into_id: Mapped[int] = mapped_column(sa.ForeignKey("incident.id"), index=True)
    officer_id: Mapped[int] = mapped_column(sa.ForeignKey("officer.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    state_before: Mapped[IncidentState] = mapped_column(enum_type(IncidentState))
    accepted_before_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class MergedReport(Row):
    """A report that a merge took along, so that undoing brings back those and no other."""

    __tablename__ = "merged_report"
    __table_args__ = (sa.UniqueConstraint("merge_id", "report_id", name="uq_merged_report_once"),)
    merge_id: Mapped[int] = mapped_column(sa.ForeignKey("incident_merge.id"))
    report_id: Mapped[int] = mapped_column(sa.ForeignKey("report.id"), index=True)


class HandOver(Row):
    """A code by which a finder knows who may take the elder along. At most one is open for an elder.

    It belongs to the open incident, or, where there is none, to a finder's call of the last day. A new code is the
    same row, so that each finder's tries count on.
    """

    __tablename__ = "hand_over"
    __table_args__ = (
        sa.Index(
            "uq_hand_over_open_elder",
            "elder_id",
            unique=True,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        ),
    )
    elder_id: Mapped[int] = mapped_column(sa.ForeignKey("elder.id"), index=True)
    incident_id: Mapped[int | None] = mapped_column(sa.ForeignKey("incident.id"), index=True)
    guardian_id: Mapped[int | None] = mapped_column(sa.ForeignKey("guardian.id"))
    officer_id: Mapped[int | None] = mapped_column(sa.ForeignKey("officer.id"))
    """Who made the code that is valid now: one of the two."""
    disposition: Mapped[Disposition] = mapped_column(enum_type(Disposition))
    """How the incident ends by this code."""
    code_hash: Mapped[str | None] = mapped_column(KeyedHash(64, "codes"))
    """Empty once the code was found expired: it never opens again, though a clock be set back."""
    tries: Mapped[int] = mapped_column(sa.SmallInteger, default=0)
    """Of the code that is valid now, over all finders."""
    codes_before: Mapped[int] = mapped_column(sa.SmallInteger, default=0)
    """How many codes before it somebody tried."""
    begun_at: Mapped[datetime] = mapped_column(UtcDateTime)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the elder was handed over."""
    used_by: Mapped[int | None] = mapped_column(sa.ForeignKey("scan.id"), index=True)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class HandOverTry(Row):
    """How many codes one finder has typed for one hand-over: nobody spends another's tries."""

    __tablename__ = "hand_over_try"
    __table_args__ = (sa.UniqueConstraint("hand_over_id", "scan_id", name="uq_hand_over_try_finder"),)
    hand_over_id: Mapped[int] = mapped_column(sa.ForeignKey("hand_over.id"))
    scan_id: Mapped[int] = mapped_column(sa.ForeignKey("scan.id"), index=True)
    tries: Mapped[int] = mapped_column(sa.SmallInteger)


class BreakGlassLook(Row):
    """An officer's look at a whole record without an incident. It waits until somebody else has judged it."""

    __tablename__ = "break_glass_look"
    __table_args__ = (sa.Index("ix_break_glass_look_station_id_reviewed_at", "station_id", "reviewed_at"),)
    elder_id: Mapped[int] = mapped_column(sa.ForeignKey("elder.id"), index=True)
    officer_id: Mapped[int] = mapped_column(sa.ForeignKey("officer.id"))
    station_id: Mapped[int] = mapped_column(sa.ForeignKey("station.id"))
    """The officer's, at that moment."""
    reason: Mapped[Reason] = mapped_column(enum_type(Reason))
    words_sealed: Mapped[str] = mapped_column("words", sa.Text)
    words = sealed("words_sealed", owner="elder_id", erased="")
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    reviewed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reviewed_by: Mapped[int | None] = mapped_column(sa.ForeignKey("officer.id"))
    verdict: Mapped[Verdict | None] = mapped_column(enum_type(Verdict))
    review_sealed: Mapped[str | None] = mapped_column("review", sa.Text)
    review = sealed("review_sealed", owner="elder_id", erased=None)
