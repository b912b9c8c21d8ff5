"""What the police platform is owed and what it told.

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Columns are added and no table is built anew: deliveries point at the messages.
    op.add_column("message", sa.Column("series", sa.String(40), nullable=True))
    op.add_column("message", sa.Column("turn", sa.Integer(), nullable=True))
    op.create_index("ix_message_series", "message", ["series", "state"])
    op.create_table(
        "platform_case",
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("case_number", sa.String(64), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_platform_case_incident_id_incident")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_platform_case")),
        sa.UniqueConstraint("incident_id", name=op.f("uq_platform_case_incident_id")),
    )
    op.create_table(
        "platform_note",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(64), nullable=False),
        sa.Column("disposition", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("refusal", sa.String(64), nullable=False),
        sa.Column("move_id", sa.BigInteger(), nullable=True),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_platform_note_incident_id_incident")),
        sa.ForeignKeyConstraint(["move_id"], ["incident_move.id"], name=op.f("fk_platform_note_move_id_incident_move")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_platform_note")),
        sa.UniqueConstraint("key", name=op.f("uq_platform_note_key")),
    )
    op.create_index(op.f("ix_platform_note_incident_id"), "platform_note", ["incident_id"])
    op.create_index(op.f("ix_platform_note_move_id"), "platform_note", ["move_id"])


def downgrade() -> None:
    op.drop_table("platform_note")
    op.drop_table("platform_case")
    op.drop_index("ix_message_series", "message")
    op.drop_column("message", "turn")
    op.drop_column("message", "series")
