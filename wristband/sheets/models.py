"""Imports and exports as jobs: what a worker moves on, and what an officer is told of it."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from wristband.db import KeyedHash, Row, UtcDateTime, enum_type
from wristband.sealing import sealed
from wristband.sheets.rules import ExportState, ImportState, SheetKind


class SheetImport(Row):
    """A sheet that was sent in. The file is sealed beside the database, and so are the rows that were not taken."""

    __tablename__ = "sheet_import"
    __table_args__ = (
        sa.Index("ix_sheet_import_list", "station_id", "id"),
        sa.Index(
            "ix_sheet_import_under_way",
            "id",
            sqlite_where=sa.text("state IN ('checking', 'importing')"),
            postgresql_where=sa.text("state IN ('checking', 'importing')"),
        ),
    )
    officer_id: Mapped[int] = mapped_column(sa.ForeignKey("officer.id"))
    station_id: Mapped[int] = mapped_column(sa.ForeignKey("station.id"))
    state: Mapped[ImportState] = mapped_column(enum_type(ImportState))
    kind: Mapped[SheetKind] = mapped_column(enum_type(SheetKind))
    digest: Mapped[str] = mapped_column(KeyedHash(64, "codes"), index=True)
    """Of the file: with a row's number it names what came of that row, however often the file is sent."""
    name_sealed: Mapped[str | None] = mapped_column("name", sa.Text)
    name = sealed("name_sealed", owner="id", erased=None)
    """What the file was called."""
    faults_sealed: Mapped[str | None] = mapped_column("faults", sa.Text)
    faults = sealed("faults_sealed", owner="id", erased=None)
    """The first of them as JSON: number, heading, code, facts; and the headings that were not used."""
    invites: Mapped[bool]
    """Whether each family is texted an invitation."""
    rows: Mapped[int] = mapped_column(default=0)
    """Looked through so far; in the end all of them."""
    fit: Mapped[int] = mapped_column(default=0)
    """Of these, so many would be added, by the check."""
    known: Mapped[int] = mapped_column(default=0)
    refused: Mapped[int] = mapped_column(default=0)
    reached: Mapped[int] = mapped_column(default=0)
    """The number of the last row that is settled; moved in the transaction of its rows."""
    added: Mapped[int] = mapped_column(default=0)
    met: Mapped[int] = mapped_column(default=0)
    """Found there already while importing."""
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    begun_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    moved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When a worker last did something about it."""
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SheetInvitation(Row):
    """An invitation of an import that is still to be texted; gone once it is owed."""

    __tablename__ = "sheet_invitation"
    import_id: Mapped[int] = mapped_column(sa.ForeignKey("sheet_import.id"))
    invitation_id: Mapped[int] = mapped_column(sa.BigInteger, index=True)


class SheetExport(Row):
    """A sheet that an officer wants of the station's elders, for a reason; the made file is sealed and taken once."""

    __tablename__ = "sheet_export"
    __table_args__ = (sa.Index("ix_sheet_export_list", "station_id", "id"),)
    officer_id: Mapped[int] = mapped_column(sa.ForeignKey("officer.id"), index=True)
    station_id: Mapped[int] = mapped_column(sa.ForeignKey("station.id"))
    state: Mapped[ExportState] = mapped_column(enum_type(ExportState), index=True)
    kind: Mapped[SheetKind] = mapped_column(enum_type(SheetKind))
    columns: Mapped[str] = mapped_column(sa.String(200))
    """Words of rules.Column, in their order."""
    standing: Mapped[str | None] = mapped_column(sa.String(24))
    """A word of keeping.Standing; all of them where it is empty."""
    reason_sealed: Mapped[str | None] = mapped_column("reason", sa.Text)
    reason = sealed("reason_sealed")
    """Under a key file: it is kept longer than the file, whose own key goes with it."""
    count: Mapped[int]
    """Rows when it was asked for; once it is made, those in it."""
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[int | None] = mapped_column(sa.ForeignKey("officer.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    moved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    made_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    taken_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    """Until when it is agreed to, or taken."""
