"""The stations' version and their latitude's index.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "stations_version",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stations_version")),
    )
    op.create_index(op.f("ix_station_latitude"), "station", ["latitude"])


def downgrade() -> None:
    op.drop_index(op.f("ix_station_latitude"), "station")
    op.drop_table("stations_version")
