"""Grants, disputes, and a check code's tries that a guardian may open again.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "grant",
        sa.Column("scan_id", sa.BigInteger(), nullable=False),
        sa.Column("band_id", sa.BigInteger(), nullable=False),
        sa.Column("elder_id", sa.BigInteger(), nullable=False),
        sa.Column("proof", sa.String(24), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("ticked", sa.String(120), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("phone_index", sa.String(32), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("given_by", sa.String(48), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["scan_id"], ["scan.id"], name=op.f("fk_grant_scan_id_scan")),
        sa.ForeignKeyConstraint(["band_id"], ["band.id"], name=op.f("fk_grant_band_id_band")),
        sa.ForeignKeyConstraint(["elder_id"], ["elder.id"], name=op.f("fk_grant_elder_id_elder")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grant")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_grant_token_hash")),
    )
    with op.batch_alter_table("grant") as table:
        for column in ("scan_id", "band_id", "elder_id", "phone_index"):
            table.create_index(op.f(f"ix_grant_{column}"), [column])
    with op.batch_alter_table("elder") as table:
        table.add_column(sa.Column("disputed_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("band") as table:
        table.add_column(sa.Column("check_allowed", sa.Integer(), nullable=False, server_default="100"))
    with op.batch_alter_table("band") as table:
        table.alter_column("check_allowed", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("band") as table:
        table.drop_column("check_allowed")
    with op.batch_alter_table("elder") as table:
        table.drop_column("disputed_at")
    op.drop_table("grant")
