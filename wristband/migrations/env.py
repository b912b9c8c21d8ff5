"""How alembic reaches the database: through the application that runs it."""

from alembic import context
from sqlalchemy.types import TypeEngine

from wristband import data_keys as _data_keys  # noqa: F401
from wristband import limits as _limits  # noqa: F401

# The models, so that their tables are known.
from wristband.accounts import models as _accounts  # noqa: F401
from wristband.audit import models as _audit  # noqa: F401
from wristband.bands import models as _bands  # noqa: F401
from wristband.db import KeyedHash, RowId, UtcDateTime, db
from wristband.elders import models as _elders  # noqa: F401
from wristband.incidents import models as _incidents  # noqa: F401
from wristband.outbox import models as _outbox  # noqa: F401
from wristband.scans import models as _scans  # noqa: F401
from wristband.stations import models as _stations  # noqa: F401

_PLAIN: dict[type, str] = {UtcDateTime: "sa.DateTime(timezone=True)", RowId: "sa.BigInteger()"}


def _plain(kind: str, thing: TypeEngine, _context: object) -> str | bool:
    """A migration names SQL's own types: it must still run when ours have changed."""
    if isinstance(thing, KeyedHash):
        return f"sa.String(length={thing.impl_instance.length})"
    return _PLAIN.get(type(thing), False) if kind == "type" else False


with db.engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=db.metadata,
        render_as_batch=True,
        render_item=_plain,
        compare_type=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
