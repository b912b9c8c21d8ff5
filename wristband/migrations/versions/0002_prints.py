"""The day's prints: when each band was last printed.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("band") as table:
        table.add_column(sa.Column("printed_at", sa.DateTime(timezone=True), nullable=True))
    # Who was handed a blank has it in print; what was printed since stands on the trail.
    op.execute("UPDATE band SET printed_at = issued_at WHERE batch_id IS NOT NULL AND elder_id IS NOT NULL")
    op.execute(
        "UPDATE band SET printed_at = (SELECT max(at) FROM audit_row "
        "WHERE deed = 'band.printed' AND subject = 'band:' || band.id) "
        "WHERE EXISTS (SELECT 1 FROM audit_row WHERE deed = 'band.printed' AND subject = 'band:' || band.id)"
    )


def downgrade() -> None:
    with op.batch_alter_table("band") as table:
        table.drop_column("printed_at")
