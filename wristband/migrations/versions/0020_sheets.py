"""Imports and exports of elders.

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_UNDER_WAY = sa.text("state IN ('checking', 'importing')")


def upgrade() -> None:
    _imports()
    _invitations()
    _exports()


def _imports() -> None:
    name = "sheet_import"
    op.create_table(
        name,
        sa.Column("officer_id", sa.BigInteger(), nullable=False),
        sa.Column("station_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("faults", sa.Text(), nullable=True),
        sa.Column("invites", sa.Boolean(), nullable=False),
        *(
            sa.Column(count, sa.Integer(), nullable=False)
            for count in ("rows", "fit", "known", "refused", "reached", "added", "met")
        ),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        *(
            sa.Column(moment, sa.DateTime(timezone=True), nullable=True)
            for moment in ("begun_at", "moved_at", "ended_at")
        ),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f(f"fk_{name}_officer_id_officer")),
        sa.ForeignKeyConstraint(["station_id"], ["station.id"], name=op.f(f"fk_{name}_station_id_station")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )
    op.create_index("ix_sheet_import_list", name, ["station_id", "id"])
    op.create_index("ix_sheet_import_under_way", name, ["id"], sqlite_where=_UNDER_WAY, postgresql_where=_UNDER_WAY)
    for column in ("digest", "asked_at"):
        op.create_index(op.f(f"ix_{name}_{column}"), name, [column])


def _invitations() -> None:
    name = "sheet_invitation"
    op.create_table(
        name,
        sa.Column("import_id", sa.BigInteger(), nullable=False),
        sa.Column("invitation_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["sheet_import.id"], name=op.f(f"fk_{name}_import_id_sheet_import")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )
    op.create_index(op.f(f"ix_{name}_invitation_id"), name, ["invitation_id"])


def _exports() -> None:
    name = "sheet_export"
    op.create_table(
        name,
        sa.Column("officer_id", sa.BigInteger(), nullable=False),
        sa.Column("station_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("columns", sa.String(200), nullable=False),
        sa.Column("standing", sa.String(24), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        *(
            sa.Column(moment, sa.DateTime(timezone=True), nullable=True)
            for moment in ("decided_at", "moved_at", "made_at", "taken_at")
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f(f"fk_{name}_officer_id_officer")),
        sa.ForeignKeyConstraint(["station_id"], ["station.id"], name=op.f(f"fk_{name}_station_id_station")),
        sa.ForeignKeyConstraint(["decided_by"], ["officer.id"], name=op.f(f"fk_{name}_decided_by_officer")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )
    op.create_index("ix_sheet_export_list", name, ["station_id", "id"])
    for column in ("officer_id", "state", "expires_at"):
        op.create_index(op.f(f"ix_{name}_{column}"), name, [column])


def downgrade() -> None:
    op.drop_table("sheet_export")
    op.drop_table("sheet_invitation")
    op.drop_table("sheet_import")
