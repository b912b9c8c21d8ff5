"""Incidents passed on, merged, entered by officers, with notes.

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_STATES = sa.Enum(
    "reported", "accepted", "dispatched", "on_scene", "handed_over", "closed", native_enum=False, length=24
)
_REASONS = sa.Enum("nearer", "area", "home", "busy", "mistaken", native_enum=False, length=24)


def upgrade() -> None:
    op.add_column("incident", sa.Column("passed_at", _MOMENT, nullable=True))
    waiting = sa.text("ended_at IS NULL")
    op.create_index("ix_duty_call_waiting", "duty_call", ["id"], sqlite_where=waiting, postgresql_where=waiting)
    _calls()
    _notes()
    _transfers()
    _merges()


def _calls() -> None:
    op.create_table(
        "phone_report",
        sa.Column("scan_id", sa.BigInteger(), nullable=False),
        sa.Column("officer_id", sa.BigInteger(), nullable=False),
        sa.Column("station_id", sa.BigInteger(), nullable=False),
        sa.Column("made_at", _MOMENT, nullable=False),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["scan_id"], ["scan.id"], name=op.f("fk_phone_report_scan_id_scan")),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_phone_report_officer_id_officer")),
        sa.ForeignKeyConstraint(["station_id"], ["station.id"], name=op.f("fk_phone_report_station_id_station")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phone_report")),
        sa.UniqueConstraint("scan_id", name=op.f("uq_phone_report_scan_id")),
    )


def _notes() -> None:
    op.create_table(
        "incident_note",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.Column("station_id", sa.BigInteger(), nullable=False),
        sa.Column("officer_id", sa.BigInteger(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_incident_note_incident_id_incident")),
        sa.ForeignKeyConstraint(["station_id"], ["station.id"], name=op.f("fk_incident_note_station_id_station")),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_incident_note_officer_id_officer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_note")),
        sa.UniqueConstraint("key", name=op.f("uq_incident_note_key")),
    )
    op.create_index(op.f("ix_incident_note_incident_id"), "incident_note", ["incident_id"])


def _transfers() -> None:
    op.create_table(
        "incident_transfer",
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.Column("from_station_id", sa.BigInteger(), nullable=False),
        sa.Column("to_station_id", sa.BigInteger(), nullable=False),
        sa.Column("officer_id", sa.BigInteger(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("reason", _REASONS, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name=op.f("fk_incident_transfer_incident_id_incident")
        ),
        sa.ForeignKeyConstraint(
            ["from_station_id"], ["station.id"], name=op.f("fk_incident_transfer_from_station_id_station")
        ),
        sa.ForeignKeyConstraint(
            ["to_station_id"], ["station.id"], name=op.f("fk_incident_transfer_to_station_id_station")
        ),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_incident_transfer_officer_id_officer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_transfer")),
    )
    op.create_index(op.f("ix_incident_transfer_incident_id"), "incident_transfer", ["incident_id"])
    op.create_index("ix_incident_transfer_passed", "incident_transfer", ["from_station_id", "at"])


def _merges() -> None:
    op.create_table(
        "incident_merge",
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.Column("into_id", sa.BigInteger(), nullable=False),
        sa.Column("officer_id", sa.BigInteger(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("state_before", _STATES, nullable=False),
        sa.Column("accepted_before_at", _MOMENT, nullable=True),
        sa.Column("undone_at", _MOMENT, nullable=True),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_incident_merge_incident_id_incident")),
        sa.ForeignKeyConstraint(["into_id"], ["incident.id"], name=op.f("fk_incident_merge_into_id_incident")),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_incident_merge_officer_id_officer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_merge")),
    )
    op.create_index(op.f("ix_incident_merge_incident_id"), "incident_merge", ["incident_id"])
    op.create_index(op.f("ix_incident_merge_into_id"), "incident_merge", ["into_id"])
    holds = sa.text("undone_at IS NULL")
    op.create_index(
        "uq_incident_merge_holds",
        "incident_merge",
        ["incident_id"],
        unique=True,
        sqlite_where=holds,
        postgresql_where=holds,
    )
    op.create_table(
        "merged_report",
        sa.Column("merge_id", sa.BigInteger(), nullable=False),
        sa.Column("report_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["merge_id"], ["incident_merge.id"], name=op.f("fk_merged_report_merge_id_incident_merge")
        ),
        sa.ForeignKeyConstraint(["report_id"], ["report.id"], name=op.f("fk_merged_report_report_id_report")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merged_report")),
        sa.UniqueConstraint("merge_id", "report_id", name="uq_merged_report_once"),
    )
    op.create_index(op.f("ix_merged_report_report_id"), "merged_report", ["report_id"])


def downgrade() -> None:
    for table in ("merged_report", "incident_merge", "incident_transfer", "incident_note", "phone_report"):
        op.drop_table(table)
    op.drop_index("ix_duty_call_waiting", "duty_call")
    op.drop_column("incident", "passed_at")
