"""Steps of escalation, quiet contacts, arrivals, drills.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("message") as table:
        table.add_column(sa.Column("facts", sa.Text(), nullable=True))
        table.add_column(sa.Column("guardian_id", sa.BigInteger(), nullable=True))
        table.add_column(sa.Column("yields", sa.Boolean(), nullable=False, server_default=sa.false()))
        table.add_column(sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True))
        # With the id, what is due is read in its order and no further than is claimed.
        table.drop_index("ix_message_due")
        table.create_index("ix_message_due", ["state", "due_at", "id"])
        table.drop_index("ix_message_elder_id")
        table.create_index("ix_message_behind", ["elder_id", "recipient_index", "state"])
    with op.batch_alter_table("message") as table:
        table.alter_column("yields", server_default=None)
    with op.batch_alter_table("delivery") as table:
        table.create_index(op.f("ix_delivery_receipt"), ["receipt"])
    with op.batch_alter_table("reach") as table:
        table.add_column(sa.Column("drill", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("reach") as table:
        table.alter_column("drill", server_default=None)
    op.create_table(
        "reach_seen",
        sa.Column("reach_id", sa.BigInteger(), nullable=False),
        sa.Column("guardian_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["reach_id"], ["reach.id"], name=op.f("fk_reach_seen_reach_id_reach")),
        sa.ForeignKeyConstraint(["guardian_id"], ["guardian.id"], name=op.f("fk_reach_seen_guardian_id_guardian")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reach_seen")),
        sa.UniqueConstraint("reach_id", "guardian_id", name="uq_reach_seen_once"),
    )
    _arrivals_and_steps()
    _duty_calls()
    _quiet_contacts()


def _arrivals_and_steps() -> None:
    op.create_table(
        "arrival",
        sa.Column("gateway", sa.String(32), nullable=False),
        sa.Column("reference", sa.String(120), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrival")),
        sa.UniqueConstraint("gateway", "reference", "state", name="uq_arrival_once"),
    )
    op.create_index(op.f("ix_arrival_kept_at"), "arrival", ["kept_at"])
    op.create_table(
        "step",
        sa.Column("reach_id", sa.BigInteger(), nullable=False),
        sa.Column("elder_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_step")),
        sa.UniqueConstraint("reach_id", "number", name="uq_step_number"),
    )
    op.create_index("ix_step_due", "step", ["state", "due_at"])


def _duty_calls() -> None:
    op.create_table(
        "duty_call",
        sa.Column("reach_id", sa.BigInteger(), nullable=False),
        sa.Column("elder_id", sa.BigInteger(), nullable=False),
        sa.Column("station_id", sa.BigInteger(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken_by", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["reach_id"], ["reach.id"], name=op.f("fk_duty_call_reach_id_reach")),
        sa.ForeignKeyConstraint(["elder_id"], ["elder.id"], name=op.f("fk_duty_call_elder_id_elder")),
        sa.ForeignKeyConstraint(["station_id"], ["station.id"], name=op.f("fk_duty_call_station_id_station")),
        sa.ForeignKeyConstraint(["taken_by"], ["officer.id"], name=op.f("fk_duty_call_taken_by_officer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty_call")),
        sa.UniqueConstraint("reach_id", name=op.f("uq_duty_call_reach_id")),
    )
    op.create_index(op.f("ix_duty_call_elder_id"), "duty_call", ["elder_id"])
    op.create_index("ix_duty_call_desk", "duty_call", ["station_id", "ended_at"])


def _quiet_contacts() -> None:
    op.create_table(
        "quiet_contact",
        sa.Column("guardian_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("address_index", sa.String(32), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lost_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["guardian_id"], ["guardian.id"], name=op.f("fk_quiet_contact_guardian_id_guardian")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quiet_contact")),
        sa.UniqueConstraint("guardian_id", "address_index", name="uq_quiet_contact_once"),
    )
    op.create_index(op.f("ix_quiet_contact_guardian_id"), "quiet_contact", ["guardian_id"])


def downgrade() -> None:
    for table in ("quiet_contact", "duty_call", "step", "arrival", "reach_seen"):
        op.drop_table(table)
    with op.batch_alter_table("reach") as table:
        table.drop_column("drill")
    with op.batch_alter_table("delivery") as table:
        table.drop_index(op.f("ix_delivery_receipt"))
    with op.batch_alter_table("message") as table:
        table.drop_index("ix_message_due")
        table.create_index("ix_message_due", ["state", "due_at"])
        table.drop_index("ix_message_behind")
        table.create_index("ix_message_elder_id", ["elder_id"])
        for column in ("acknowledged_at", "yields", "guardian_id", "facts"):
            table.drop_column(column)
