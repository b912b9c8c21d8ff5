"""The board between finder, family and police.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_SIDES = sa.Enum("finder", "family", "police", native_enum=False, length=24)
_PHRASES = sa.Enum(
    "with_elder",
    "elder_well",
    "elder_unwell",
    "must_leave",
    "at_station",
    "on_my_way",
    "wait_10",
    "wait_30",
    "to_station",
    "call_110",
    "call_120",
    "thanks",
    "police_coming",
    "stay_there",
    "police_arrived",
    "number_left",
    "number_taken_back",
    native_enum=False,
    length=24,
)
_PHOTOS = sa.Enum("kept", "dropped", native_enum=False, length=24)
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _posts()
    _read_marks()
    _numbers()
    _calls()


def _posts() -> None:
    op.create_table(
        "board_post",
        sa.Column("scan_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("side", _SIDES, nullable=False),
        sa.Column("guardian_id", sa.BigInteger(), nullable=True),
        sa.Column("officer_id", sa.BigInteger(), nullable=True),
        sa.Column("phrase", _PHRASES, nullable=True),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("photo", _PHOTOS, nullable=True),
        sa.Column("photo_width", sa.Integer(), nullable=True),
        sa.Column("photo_height", sa.Integer(), nullable=True),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["scan_id"], ["scan.id"], name=op.f("fk_board_post_scan_id_scan")),
        sa.ForeignKeyConstraint(["guardian_id"], ["guardian.id"], name=op.f("fk_board_post_guardian_id_guardian")),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_board_post_officer_id_officer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_board_post")),
        sa.UniqueConstraint("key", name=op.f("uq_board_post_key")),
        sa.UniqueConstraint("scan_id", "number", name="uq_board_post_number"),
    )


def _read_marks() -> None:
    op.create_table(
        "board_read",
        sa.Column("scan_id", sa.BigInteger(), nullable=False),
        sa.Column("side", _SIDES, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["scan_id"], ["scan.id"], name=op.f("fk_board_read_scan_id_scan")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_board_read")),
        sa.UniqueConstraint("scan_id", "side", name="uq_board_read_side"),
    )


def _numbers() -> None:
    op.create_table(
        "finder_number",
        sa.Column("scan_id", sa.BigInteger(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("left_at", _MOMENT, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["scan_id"], ["scan.id"], name=op.f("fk_finder_number_scan_id_scan")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finder_number")),
        sa.UniqueConstraint("scan_id", name=op.f("uq_finder_number_scan_id")),
    )


def _calls() -> None:
    op.create_table(
        "masked_call",
        sa.Column("scan_id", sa.BigInteger(), nullable=False),
        sa.Column("guardian_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("reference", sa.String(200), nullable=False),
        sa.Column("made_at", _MOMENT, nullable=False),
        sa.Column("ends_at", _MOMENT, nullable=False),
        sa.Column("released_at", _MOMENT, nullable=True),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["scan_id"], ["scan.id"], name=op.f("fk_masked_call_scan_id_scan")),
        sa.ForeignKeyConstraint(["guardian_id"], ["guardian.id"], name=op.f("fk_masked_call_guardian_id_guardian")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_masked_call")),
    )
    with op.batch_alter_table("masked_call") as table:
        table.create_index(op.f("ix_masked_call_scan_id"), ["scan_id"])


def downgrade() -> None:
    op.drop_table("masked_call")
    op.drop_table("finder_number")
    op.drop_table("board_read")
    op.drop_table("board_post")
