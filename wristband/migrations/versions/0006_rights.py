"""Retention, objection and rights.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_OPEN = {"sqlite_where": sa.text("ended_at IS NULL"), "postgresql_where": sa.text("ended_at IS NULL")}


def upgrade() -> None:
    with op.batch_alter_table("elder") as table:
        table.add_column(sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("photo") as table:
        table.add_column(sa.Column("destroyed_at", sa.DateTime(timezone=True), nullable=True))
        table.create_index(op.f("ix_photo_destroyed_at"), ["destroyed_at"])
    op.create_table(
        "invitation",
        sa.Column("elder_id", sa.BigInteger(), nullable=False),
        sa.Column("invited_by", sa.BigInteger(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("phone_index", sa.String(32), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("guardian_id", sa.BigInteger(), nullable=True),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["elder_id"], ["elder.id"], name=op.f("fk_invitation_elder_id_elder")),
        sa.ForeignKeyConstraint(["invited_by"], ["guardian.id"], name=op.f("fk_invitation_invited_by_guardian")),
        sa.ForeignKeyConstraint(["guardian_id"], ["guardian.id"], name=op.f("fk_invitation_guardian_id_guardian")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
    )
    with op.batch_alter_table("invitation") as table:
        table.create_index(op.f("ix_invitation_elder_id"), ["elder_id"])
        table.create_index(op.f("ix_invitation_phone_index"), ["phone_index"])
        table.create_index("uq_invitation_open", ["elder_id", "phone_index"], unique=True, **_OPEN)
    op.create_table(
        "erasure",
        sa.Column("elder_id", sa.BigInteger(), nullable=False),
        sa.Column("guardian_id", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("objected_by", sa.BigInteger(), nullable=True),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["elder_id"], ["elder.id"], name=op.f("fk_erasure_elder_id_elder")),
        sa.ForeignKeyConstraint(["guardian_id"], ["guardian.id"], name=op.f("fk_erasure_guardian_id_guardian")),
        sa.ForeignKeyConstraint(["objected_by"], ["guardian.id"], name=op.f("fk_erasure_objected_by_guardian")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure")),
    )
    with op.batch_alter_table("erasure") as table:
        table.create_index(op.f("ix_erasure_elder_id"), ["elder_id"])
        table.create_index(op.f("ix_erasure_due_at"), ["due_at"])
        table.create_index("uq_erasure_open_elder", ["elder_id"], unique=True, **_OPEN)


def downgrade() -> None:
    op.drop_table("erasure")
    op.drop_table("invitation")
    with op.batch_alter_table("photo") as table:
        table.drop_index(op.f("ix_photo_destroyed_at"))
        table.drop_column("destroyed_at")
    with op.batch_alter_table("elder") as table:
        table.drop_column("erased_at")
