"""When bands were printed before that was kept with them: taken from the trail, once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_migrate import upgrade

from wristband import create_app
from wristband.config import Settings
from wristband.db import UtcDateTime, db

MADE = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def early_app(empty_url: str, tmp_path: Path, keys_folder: Path) -> Iterator[Flask]:
    """The application on the schema before."""
    settings = Settings(data_dir=tmp_path / "instance", keys_dir=keys_folder, database_url=empty_url)
    application = create_app(settings)
    with application.app_context():
        upgrade(revision="0001")
        yield application
        db.session.remove()
        db.engine.dispose()


def _table(connection: sa.Connection, name: str) -> sa.Table:
    return sa.Table(name, sa.MetaData(), autoload_with=connection)


def _band(number: int) -> dict[str, object]:
    return {
        "id": number,
        "key": f"key-{number}",
        "serial": f"{number:012d}",
        "key_id": "1",
        "form": "card",
        "state": "active",
        "design": b"",
        "check_code_hash": "",
        "check_tries": 0,
        "issued_at": MADE,
        "issued_by": "operator",
    }


def _deed(number: int, deed: str, band: int, at: datetime) -> dict[str, object]:
    subject = f"band:{band}"
    return {"id": number, "at": at, "deed": deed, "actor": "guardian:1", "subject": subject, "facts": {}}


def test_a_band_on_the_trail_as_printed_is_printed_since_its_last_print(early_app: Flask) -> None:
    with db.engine.begin() as connection:
        connection.execute(sa.insert(_table(connection, "band")), [_band(1), _band(11)])
        deeds = [
            _deed(1, "band.printed", 11, MADE + DAY),
            _deed(2, "band.printed", 11, MADE + 2 * DAY),
            _deed(3, "band.issued", 11, MADE + 3 * DAY),
            _deed(4, "band.issued", 1, MADE),
        ]
        connection.execute(sa.insert(_table(connection, "audit_row")), deeds)
    upgrade(revision="0002")
    with db.engine.connect() as connection:
        band = _table(connection, "band")
        printed_at = sa.type_coerce(band.c.printed_at, UtcDateTime).label("printed_at")
        found = {row.id: row.printed_at for row in connection.execute(sa.select(band.c.id, printed_at))}
    assert found == {1: None, 11: MADE + 2 * DAY}
