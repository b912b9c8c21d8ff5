"""Confirmed contacts, test scans and drills.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_DRILLS = {"sqlite_where": sa.text("drill IS TRUE"), "postgresql_where": sa.text("drill IS TRUE")}


def upgrade() -> None:
    with op.batch_alter_table("contact") as table:
        table.add_column(sa.Column("reminders", sa.SmallInteger(), nullable=False, server_default="0"))
        table.create_index(op.f("ix_contact_confirmed_at"), ["confirmed_at"])
        table.create_index(op.f("ix_contact_guardian_id"), ["guardian_id"])
    with op.batch_alter_table("contact") as table:
        table.alter_column("reminders", server_default=None)
    with op.batch_alter_table("band") as table:
        table.add_column(sa.Column("trial_at", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("tested_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_reach_drill", "reach", ["made_at"], **_DRILLS)


def downgrade() -> None:
    op.drop_index("ix_reach_drill", "reach")
    with op.batch_alter_table("band") as table:
        table.drop_column("tested_at")
        table.drop_column("trial_at")
    with op.batch_alter_table("contact") as table:
        table.drop_index(op.f("ix_contact_guardian_id"))
        table.drop_index(op.f("ix_contact_confirmed_at"))
        table.drop_column("reminders")
