"""The trail as a chain.

Revision ID: 0003
Revises: 0002
"""

from datetime import UTC

import sqlalchemy as sa
from alembic import op

from wristband.audit import chain

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_KEPT_FOR_EVER = ("audit_row", "audit_checkpoint")
_BLOCK = 1000


def upgrade() -> None:
    op.create_table(
        "audit_checkpoint",
        sa.Column("i", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_checkpoint")),
        sa.UniqueConstraint("i", name=op.f("uq_audit_checkpoint_i")),
    )
    op.add_column("audit_row", sa.Column("i", sa.BigInteger(), nullable=True))
    op.add_column("audit_row", sa.Column("hash", sa.LargeBinary(32), nullable=True))
    _chain_existing()
    with op.batch_alter_table("audit_row") as batch_op:
        batch_op.alter_column("i", existing_type=sa.BigInteger(), nullable=False)
        batch_op.alter_column("hash", existing_type=sa.LargeBinary(32), nullable=False)
        batch_op.create_unique_constraint(op.f("uq_audit_row_i"), ["i"])
    # On SQLite a later change that makes these tables anew has to make their triggers anew, too.
    for table in _KEPT_FOR_EVER:
        _protect(table)


def _chain_existing() -> None:
    """Number and chain what is there, in order of ids, which rise with time."""
    rows = sa.table(
        "audit_row",
        sa.column("id", sa.BigInteger),
        sa.column("i", sa.BigInteger),
        sa.column("at", sa.DateTime(timezone=True)),
        sa.column("deed", sa.String),
        sa.column("actor", sa.String),
        sa.column("subject", sa.String),
        sa.column("elder_id", sa.BigInteger),
        sa.column("facts", sa.JSON),
        sa.column("hash", sa.LargeBinary),
    )
    kept = sa.select(rows).order_by(rows.c.id).limit(_BLOCK)
    chained = (
        sa.update(rows).where(rows.c.id == sa.bindparam("row")).values(i=sa.bindparam("number"), hash=sa.bindparam("sum"))
    )
    connection, i, before, last_id = op.get_bind(), 0, chain.START, -1
    while block := connection.execute(kept.where(rows.c.id > last_id)).all():
        links = []
        for row in block:
            i, last_id = i + 1, row.id
            body = chain.body(
                row_id=row.id,
                at=row.at.astimezone(UTC) if row.at.tzinfo else row.at.replace(tzinfo=UTC),
                deed=row.deed,
                actor=row.actor,
                subject=row.subject,
                elder_id=row.elder_id,
                facts=row.facts,
            )
            before = chain.digest(i, before, body)
            links.append({"row": row.id, "number": i, "sum": before})
        connection.execute(chained, links)


def _protect(table: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE FUNCTION {table}_stays() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{table} is only ever added to'; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {table}_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_stays()"
        )
        return
    refused = f"BEGIN SELECT RAISE(ABORT, '{table} is only ever added to'); END"
    op.execute(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {refused}")
    op.execute(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refused}")
    # INSERT OR REPLACE deletes without asking the trigger above.
    op.execute(
        f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "
        f"WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id OR i = NEW.i) {refused}"
    )


def downgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    for table in _KEPT_FOR_EVER:
        if postgresql:
            op.execute(f"DROP TRIGGER {table}_stays ON {table}")
            op.execute(f"DROP FUNCTION {table}_stays()")
        else:
            for refused in ("update", "delete", "replace"):
                op.execute(f"DROP TRIGGER {table}_no_{refused}")
    with op.batch_alter_table("audit_row") as batch_op:
        batch_op.drop_constraint(op.f("uq_audit_row_i"), type_="unique")
        batch_op.drop_column("hash")
        batch_op.drop_column("i")
    op.drop_table("audit_checkpoint")
