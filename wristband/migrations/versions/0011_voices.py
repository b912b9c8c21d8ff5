"""The family's recorded voice.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_IN_USE = {"sqlite_where": sa.text("destroyed_at IS NULL"), "postgresql_where": sa.text("destroyed_at IS NULL")}


def upgrade() -> None:
    op.create_table(
        "voice",
        sa.Column("elder_id", sa.BigInteger(), nullable=False),
        sa.Column("guardian_id", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("destroyed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["elder_id"], ["elder.id"], name=op.f("fk_voice_elder_id_elder")),
        sa.ForeignKeyConstraint(["guardian_id"], ["guardian.id"], name=op.f("fk_voice_guardian_id_guardian")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voice")),
    )
    with op.batch_alter_table("voice") as table:
        table.create_index("uq_voice_in_use", ["elder_id"], unique=True, **_IN_USE)
        table.create_index(op.f("ix_voice_destroyed_at"), ["destroyed_at"])


def downgrade() -> None:
    op.drop_table("voice")
