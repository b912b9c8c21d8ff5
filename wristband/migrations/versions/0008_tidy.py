"""One word for break-glass, and the sex of an elder sealed.

A seal is bound to its table and column: what moves is sealed anew, with the keys of the service that runs this.

Revision ID: 0008
Revises: 0007
"""

from collections.abc import Callable
from contextlib import suppress

import sqlalchemy as sa
from alembic import op

from wristband.db import db
from wristband.sealing import EMPTIED, Erased, SealBroken, box

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_OLD, _NEW = "emergency_look", "break_glass_look"
_OLD_WORDING, _NEW_WORDING = "emergency_looked", "officer_broke_glass"
_SEX = "elder.sex"


def upgrade() -> None:
    _move_looks(_OLD, _NEW)
    _rename_wording(_OLD_WORDING, _NEW_WORDING)
    _change_sexes(sa.Text(), lambda clear, elder_id: _seal(clear, _SEX, elder_id, elder_id))
    db.session.remove()


def downgrade() -> None:
    _change_sexes(sa.String(24), lambda sealed, elder_id: box().open(sealed, place=_SEX, row=elder_id))
    _rename_wording(_NEW_WORDING, _OLD_WORDING)
    _move_looks(_NEW, _OLD)
    db.session.remove()


# ---- break-glass looks


def _move_looks(old: str, new: str) -> None:
    """A table of its own and not a renamed one, so that its keys and indexes are named after it on both engines."""
    looks = _create(new)
    connection, before = op.get_bind(), sa.table(old, *(sa.column(one.name, one.type) for one in looks.columns))
    for row in connection.execute(sa.select(before)).mappings().all():
        moved = {name: _bind_to(new, old, name, row[name], row["id"], row["elder_id"]) for name in ("words", "review")}
        connection.execute(sa.insert(looks).values({**row, **moved}))
    op.drop_table(old)


def _create(name: str) -> sa.Table:
    made = op.create_table(
        name,
        sa.Column("elder_id", sa.BigInteger(), nullable=False),
        sa.Column("officer_id", sa.BigInteger(), nullable=False),
        sa.Column("station_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(24), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reviewed_by", sa.BigInteger(), nullable=True),
        sa.Column("verdict", sa.String(24), nullable=True),
        sa.Column("review", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["elder_id"], ["elder.id"], name=op.f(f"fk_{name}_elder_id_elder")),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f(f"fk_{name}_officer_id_officer")),
        sa.ForeignKeyConstraint(["station_id"], ["station.id"], name=op.f(f"fk_{name}_station_id_station")),
        sa.ForeignKeyConstraint(["reviewed_by"], ["officer.id"], name=op.f(f"fk_{name}_reviewed_by_officer")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )
    with op.batch_alter_table(name) as table:
        table.create_index(op.f(f"ix_{name}_elder_id"), ["elder_id"])
        table.create_index(f"ix_{name}_station_id_reviewed_at", ["station_id", "reviewed_at"])
    return made


def _bind_to(new: str, old: str, column: str, value: str | None, row: int, elder_id: int) -> str | None:
    if not value:
        return value
    try:
        clear = box().open(value, place=f"{old}.{column}", row=row)
    except Erased:
        return EMPTIED if column == "words" else None
    except SealBroken:
        return value  # it opened nowhere before, either
    return _seal(clear, f"{new}.{column}", row, elder_id)


def _seal(clear: str, place: str, row: int, elder_id: int) -> str:
    """Under the elder's data key; one from before there were any gets it at the next `wristband keys rewrap`."""
    kept = sa.table("data_key", sa.column("id"))
    has_key = op.get_bind().scalar(sa.select(kept.c.id).where(kept.c.id == elder_id))
    return box().seal(clear, place=place, row=row, owner=elder_id if has_key else None)


# ---- what rows say


def _rename_wording(old: str, new: str) -> None:
    message = sa.table("message", sa.column("wording"))
    op.execute(sa.update(message).where(message.c.wording == old).values(wording=new))


def _change_sexes(kind: sa.types.TypeEngine[str], changed: Callable[[str, int], str]) -> None:
    """A column beside the old one, which then goes: a changed one would have SQLite drop and copy the whole table."""
    op.add_column("elder", sa.Column("new_sex", kind, nullable=True))
    elder = sa.table("elder", sa.column("id"), sa.column("sex"), sa.column("new_sex"))
    for row in op.get_bind().execute(sa.select(elder.c.id, elder.c.sex).where(elder.c.sex.is_not(None))).all():
        with suppress(SealBroken):  # erased, or it opens for nobody: nothing then
            op.execute(sa.update(elder).where(elder.c.id == row.id).values(new_sex=changed(row.sex, row.id)))
    op.execute(sa.text("ALTER TABLE elder DROP COLUMN sex"))
    op.execute(sa.text("ALTER TABLE elder RENAME COLUMN new_sex TO sex"))
