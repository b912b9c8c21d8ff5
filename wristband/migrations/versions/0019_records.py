"""Look-up of names, changes, merges, transfers and deaths of elders.

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_OPEN = sa.text("ended_at IS NULL")
_PARTS = {
    "ix_elder_provisional": "state = 'provisional'",
    "ix_elder_disputed": "disputed_at IS NOT NULL",
    "ix_elder_deceased": "deceased_at IS NOT NULL",
}
_TABLES = ("elder_merged_row", "elder_merge", "elder_transfer", "guardian_removal", "elder_dispute", "elder_change")
_COLUMNS = ("merged_into_id", "deceased_at", "name_index")


def upgrade() -> None:
    op.add_column("elder", sa.Column("name_index", sa.String(32), nullable=True))
    op.add_column("elder", sa.Column("deceased_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("elder", sa.Column("merged_into_id", sa.BigInteger(), nullable=True))
    op.create_index("ix_elder_name_index", "elder", ["name_index", "station_id"])
    op.create_index("ix_elder_list", "elder", ["station_id", "id"])
    for name, where in _PARTS.items():
        part = sa.text(where)
        op.create_index(name, "elder", ["station_id", "id"], sqlite_where=part, postgresql_where=part)
    _change()
    _dispute()
    _removal()
    _transfer()
    _merge()


def _change() -> None:
    op.create_table(
        "elder_change",
        sa.Column("elder_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(48), nullable=False),
        sa.Column("field", sa.String(24), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["elder_id"], ["elder.id"], name=op.f("fk_elder_change_elder_id_elder")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_elder_change")),
    )
    op.create_index("ix_elder_change_elder_id", "elder_change", ["elder_id", "id"])


def _dispute() -> None:
    op.create_table(
        "elder_dispute",
        sa.Column("elder_id", sa.BigInteger(), nullable=False),
        sa.Column("officer_id", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.BigInteger(), nullable=True),
        sa.Column("settlement", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["elder_id"], ["elder.id"], name=op.f("fk_elder_dispute_elder_id_elder")),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_elder_dispute_officer_id_officer")),
        sa.ForeignKeyConstraint(["settled_by"], ["officer.id"], name=op.f("fk_elder_dispute_settled_by_officer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_elder_dispute")),
    )
    op.create_index(op.f("ix_elder_dispute_elder_id"), "elder_dispute", ["elder_id"])


def _removal() -> None:
    op.create_table(
        "guardian_removal",
        sa.Column("elder_id", sa.BigInteger(), nullable=False),
        sa.Column("guardian_id", sa.BigInteger(), nullable=False),
        sa.Column("asked_by", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.BigInteger(), nullable=True),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["elder_id"], ["elder.id"], name=op.f("fk_guardian_removal_elder_id_elder")),
        sa.ForeignKeyConstraint(["guardian_id"], ["guardian.id"], name=op.f("fk_guardian_removal_guardian_id_guardian")),
        sa.ForeignKeyConstraint(["asked_by"], ["officer.id"], name=op.f("fk_guardian_removal_asked_by_officer")),
        sa.ForeignKeyConstraint(["ended_by"], ["officer.id"], name=op.f("fk_guardian_removal_ended_by_officer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guardian_removal")),
    )
    op.create_index(op.f("ix_guardian_removal_elder_id"), "guardian_removal", ["elder_id"])
    op.create_index(
        "uq_guardian_removal_open",
        "guardian_removal",
        ["elder_id", "guardian_id"],
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )


def _transfer() -> None:
    name = "elder_transfer"
    op.create_table(
        name,
        sa.Column("elder_id", sa.BigInteger(), nullable=False),
        sa.Column("from_station_id", sa.BigInteger(), nullable=True),
        sa.Column("to_station_id", sa.BigInteger(), nullable=False),
        sa.Column("offered_by", sa.BigInteger(), nullable=False),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.BigInteger(), nullable=True),
        sa.Column("end", sa.String(24), nullable=True),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["elder_id"], ["elder.id"], name=op.f(f"fk_{name}_elder_id_elder")),
        sa.ForeignKeyConstraint(["from_station_id"], ["station.id"], name=op.f(f"fk_{name}_from_station_id_station")),
        sa.ForeignKeyConstraint(["to_station_id"], ["station.id"], name=op.f(f"fk_{name}_to_station_id_station")),
        sa.ForeignKeyConstraint(["offered_by"], ["officer.id"], name=op.f(f"fk_{name}_offered_by_officer")),
        sa.ForeignKeyConstraint(["ended_by"], ["officer.id"], name=op.f(f"fk_{name}_ended_by_officer")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )
    op.create_index(
        "uq_elder_transfer_open", name, ["elder_id"], unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN
    )
    op.create_index("ix_elder_transfer_offered", name, ["to_station_id", "ended_at"])


def _merge() -> None:
    op.create_table(
        "elder_merge",
        sa.Column("elder_id", sa.BigInteger(), nullable=False),
        sa.Column("into_id", sa.BigInteger(), nullable=False),
        sa.Column("officer_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["elder_id"], ["elder.id"], name=op.f("fk_elder_merge_elder_id_elder")),
        sa.ForeignKeyConstraint(["into_id"], ["elder.id"], name=op.f("fk_elder_merge_into_id_elder")),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_elder_merge_officer_id_officer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_elder_merge")),
    )
    op.create_index(op.f("ix_elder_merge_elder_id"), "elder_merge", ["elder_id"])
    op.create_index(op.f("ix_elder_merge_into_id"), "elder_merge", ["into_id"])
    op.create_table(
        "elder_merged_row",
        sa.Column("merge_id", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.String(24), nullable=False),
        sa.Column("row_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["merge_id"], ["elder_merge.id"], name=op.f("fk_elder_merged_row_merge_id_elder_merge")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_elder_merged_row")),
    )
    op.create_index(op.f("ix_elder_merged_row_merge_id"), "elder_merged_row", ["merge_id"])


def downgrade() -> None:
    for table in _TABLES:
        op.drop_table(table)
    for index in (*_PARTS, "ix_elder_list", "ix_elder_name_index"):
        op.drop_index(index, "elder")
    for column in _COLUMNS:
        op.execute(sa.text(f"ALTER TABLE elder DROP COLUMN {column}"))
