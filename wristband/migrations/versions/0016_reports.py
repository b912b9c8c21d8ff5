"""Photographs, supplements and pickups of reports.

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_KINDS = sa.Enum("words", "photo", "elder_gone", native_enum=False, length=24)
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _supplements()
    _pickups()
    _ends()
    op.create_table(
        "phone_time",
        sa.Column("claimed_at", _MOMENT, nullable=False),
        sa.Column("ahead_s", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phone_time")),
    )


def _supplements() -> None:
    op.create_table(
        "supplement",
        sa.Column("scan_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("content", sa.String(64), nullable=False),
        sa.Column("kind", _KINDS, nullable=False),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("photo_width", sa.Integer(), nullable=True),
        sa.Column("photo_height", sa.Integer(), nullable=True),
        sa.Column("dropped", sa.Boolean(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["scan_id"], ["scan.id"], name=op.f("fk_supplement_scan_id_scan")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supplement")),
        sa.UniqueConstraint("key", name=op.f("uq_supplement_key")),
    )
    op.create_index(op.f("ix_supplement_scan_id"), "supplement", ["scan_id"])


def _pickups() -> None:
    op.create_table(
        "pickup",
        sa.Column("scan_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("content", sa.String(64), nullable=False),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("waits_until", _MOMENT, nullable=False),
        sa.Column("asked_at", _MOMENT, nullable=False),
        sa.Column("taken_at", _MOMENT, nullable=True),
        sa.Column("taken_by", sa.BigInteger(), nullable=True),
        sa.Column("done_at", _MOMENT, nullable=True),
        sa.Column("called_off_at", _MOMENT, nullable=True),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["scan_id"], ["scan.id"], name=op.f("fk_pickup_scan_id_scan")),
        sa.ForeignKeyConstraint(["taken_by"], ["officer.id"], name=op.f("fk_pickup_taken_by_officer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pickup")),
        sa.UniqueConstraint("scan_id", name=op.f("uq_pickup_scan_id")),
    )


def _ends() -> None:
    op.create_table(
        "withdrawal",
        sa.Column("scan_id", sa.BigInteger(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["scan_id"], ["scan.id"], name=op.f("fk_withdrawal_scan_id_scan")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_withdrawal")),
        sa.UniqueConstraint("scan_id", name=op.f("uq_withdrawal_scan_id")),
    )
    op.create_table(
        "rating",
        sa.Column("once", sa.String(64), nullable=False),
        sa.Column("score", sa.SmallInteger(), nullable=False),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("rated_at", _MOMENT, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rating")),
        sa.UniqueConstraint("once", name=op.f("uq_rating_once")),
    )


def downgrade() -> None:
    for table in ("phone_time", "rating", "withdrawal", "pickup", "supplement"):
        op.drop_table(table)
