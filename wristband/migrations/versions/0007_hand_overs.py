"""Hand-over codes, and looks of officers that are looked at again.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hand_over",
        sa.Column("elder_id", sa.BigInteger(), nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=True),
        sa.Column("guardian_id", sa.BigInteger(), nullable=True),
        sa.Column("officer_id", sa.BigInteger(), nullable=True),
        sa.Column("disposition", sa.String(24), nullable=False),
        sa.Column("code_hash", sa.String(64), nullable=True),
        sa.Column("tries", sa.SmallInteger(), nullable=False),
        sa.Column("codes_before", sa.SmallInteger(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_by", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["elder_id"], ["elder.id"], name=op.f("fk_hand_over_elder_id_elder")),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_hand_over_incident_id_incident")),
        sa.ForeignKeyConstraint(["guardian_id"], ["guardian.id"], name=op.f("fk_hand_over_guardian_id_guardian")),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_hand_over_officer_id_officer")),
        sa.ForeignKeyConstraint(["used_by"], ["scan.id"], name=op.f("fk_hand_over_used_by_scan")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hand_over")),
    )
    with op.batch_alter_table("hand_over") as table:
        for column in ("elder_id", "incident_id", "used_by"):
            table.create_index(op.f(f"ix_hand_over_{column}"), [column])
        table.create_index(
            "uq_hand_over_open_elder",
            ["elder_id"],
            unique=True,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )
    op.create_table(
        "hand_over_try",
        sa.Column("hand_over_id", sa.BigInteger(), nullable=False),
        sa.Column("scan_id", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["hand_over_id"], ["hand_over.id"], name=op.f("fk_hand_over_try_hand_over_id_hand_over")
        ),
        sa.ForeignKeyConstraint(["scan_id"], ["scan.id"], name=op.f("fk_hand_over_try_scan_id_scan")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hand_over_try")),
        sa.UniqueConstraint("hand_over_id", "scan_id", name="uq_hand_over_try_finder"),
    )
    with op.batch_alter_table("hand_over_try") as table:
        table.create_index(op.f("ix_hand_over_try_scan_id"), ["scan_id"])
    op.create_table(
        "emergency_look",
        sa.Column("elder_id", sa.BigInteger(), nullable=False),
        sa.Column("officer_id", sa.BigInteger(), nullable=False),
        sa.Column("station_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(24), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reviewed_by", sa.BigInteger(), nullable=True),
        sa.Column("verdict", sa.String(24), nullable=True),
        sa.Column("review", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["elder_id"], ["elder.id"], name=op.f("fk_emergency_look_elder_id_elder")),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_emergency_look_officer_id_officer")),
        sa.ForeignKeyConstraint(["station_id"], ["station.id"], name=op.f("fk_emergency_look_station_id_station")),
        sa.ForeignKeyConstraint(["reviewed_by"], ["officer.id"], name=op.f("fk_emergency_look_reviewed_by_officer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emergency_look")),
    )
    with op.batch_alter_table("emergency_look") as table:
        table.create_index(op.f("ix_emergency_look_elder_id"), ["elder_id"])
        table.create_index("ix_emergency_look_station_id_reviewed_at", ["station_id", "reviewed_at"])


def downgrade() -> None:
    op.drop_table("emergency_look")
    op.drop_table("hand_over_try")
    op.drop_table("hand_over")
