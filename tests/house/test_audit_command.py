"""`wristband audit`: what an operator is told, and that the chain begins with the rows of an older instance."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from flask import Flask
from flask_migrate import downgrade, upgrade

from tests.trails import AT, add, steal
from wristband import create_app
from wristband.audit.models import AuditRow, CheckpointRow
from wristband.audit.verification import TrailBroken
from wristband.cli_audit import audit
from wristband.config import Settings
from wristband.db import db, new_id
from wristband.services import witnessing

LENGTH, EACH = 60, 20


def run(app: Flask, *arguments: object) -> Result:
    db.session.rollback()
    return CliRunner().invoke(audit, [str(argument) for argument in arguments], obj=lambda: app)


# ---- told in a sentence


def test_a_whole_trail_is_told_with_its_length_and_end(app: Flask) -> None:
    add(3)
    assert run(app, "checkpoint").exit_code == 0
    add(1)
    told = run(app, "verify")
    assert told.exit_code == 0
    assert told.stdout.splitlines() == [
        "审计记录完整：共 4 行，到 2026-11-24 06:05:07 UTC 为止，与 2 个检查点相符。",
        "最后 1 行还没有检查点。请运行 wristband audit checkpoint。",
    ]


def test_an_empty_trail_is_whole(app: Flask) -> None:
    assert run(app, "verify").stdout == "审计记录完整：共 0 行，与 0 个检查点相符。\n"
    assert run(app, "checkpoint").stdout == "审计记录还是空的，没有检查点。\n"


def test_a_checkpoint_is_printed_as_it_is_in_the_file(app: Flask, tmp_path: Path) -> None:
    add(3)
    printed = run(app, "checkpoint").stdout
    assert printed == witnessing.file_path().read_text()
    copy = tmp_path / "copy"
    copy.write_text(printed)
    assert "与 3 个检查点相符" in run(app, "verify", "--checkpoint", copy).stdout


def test_the_public_keys_are_printed_and_no_private_one(app: Flask, keys_folder: Path) -> None:
    printed = run(app, "key").stdout
    assert printed.startswith("audit-1\n-----BEGIN PUBLIC KEY-----\n")
    assert (keys_folder / "audit-1.key").read_text().strip() not in printed


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_the_exit_status_is_0_for_whole_and_1_with_one_sentence_for_broken(app: Flask, settings: Settings) -> None:
    def verify() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", "from wristband.cli import main; main()", "audit", "verify"],
            env=os.environ
            | {
                "WRISTBAND_DATA_DIR": str(settings.data_dir),
                "WRISTBAND_KEYS_DIR": str(settings.keys_path),
                "WRISTBAND_DATABASE_URL": settings.database,
            },
            capture_output=True,
            text=True,
        )

    add(3)
    whole = verify()
    assert (whole.returncode, whole.stdout.partition("：")[0]) == (0, "审计记录完整")
    steal("DELETE FROM audit_row WHERE i = 2")
    torn = verify()
    assert (torn.returncode, torn.stdout) == (1, "")
    assert torn.stderr.splitlines()[-1].startswith("第 2 行不见了：")
    assert "Traceback" not in torn.stderr


# ---- tampering with the real store

Tampering = tuple[list[str], int, str]


def _edit(chance: random.Random) -> Tampering:
    changes = ("actor = 'officer:8'", "elder_id = 8", "facts = '{}'", "deed = 'x'", "subject = ''", "at = '2026-11-24'")
    i = chance.randint(1, LENGTH)
    return [f"UPDATE audit_row SET {chance.choice(changes)} WHERE i = {i}"], i, "audit.edited"  # noqa: S608


def _delete(chance: random.Random) -> Tampering:
    first = chance.randint(1, LENGTH - 1)
    last = chance.randint(first, LENGTH - 1)
    return [f"DELETE FROM audit_row WHERE i BETWEEN {first} AND {last}"], first, "audit.missing"  # noqa: S608


def _swap(chance: random.Random) -> Tampering:
    one, two = sorted(chance.sample(range(1, LENGTH + 1), 2))
    moves = ((-1, one), (one, two), (two, -1))
    return [f"UPDATE audit_row SET i = {to} WHERE i = {at}" for to, at in moves], one, "audit.edited"  # noqa: S608


def _truncate(chance: random.Random) -> Tampering:
    first = chance.randint(1, LENGTH)
    return [f"DELETE FROM audit_row WHERE i >= {first}"], first, "audit.cut_off"  # noqa: S608


@pytest.fixture
def restored(app: Flask) -> Callable[[], None]:
    """A trail with checkpoints; calling it puts every row back as it was."""
    for _ in range(LENGTH // EACH):
        add(EACH)
        witnessing.checkpoint(now=AT)
    with db.engine.connect() as connection:
        rows = [dict(row) for row in connection.execute(sa.select(AuditRow.__table__)).mappings()]

    def restore() -> None:
        with db.engine.begin() as connection:
            connection.execute(sa.delete(AuditRow))
            connection.execute(sa.insert(AuditRow.__table__), rows)  # type: ignore[arg-type]

    return restore


def test_tamperings_with_the_real_store_are_found_by_the_command(app: Flask, restored: Callable[[], None]) -> None:
    chance = random.Random(110)  # noqa: S311  the same tamperings every time
    missed = []
    for number in range(40):
        statements, first, code = chance.choice([_edit, _delete, _swap, _truncate])(chance)
        steal(*statements)
        found = run(app, "verify").exception
        if not isinstance(found, TrailBroken) or (found.facts["i"], found.code) != (first, code):
            missed.append((number, statements, found))
        restored()
    assert not missed
    assert run(app, "verify").exit_code == 0


# ---- an older instance


@pytest.fixture
def old_app(empty_url: str, tmp_path: Path, keys_folder: Path) -> Iterator[Flask]:
    """The application on a database from before the chain."""
    application = create_app(Settings(data_dir=tmp_path / "instance", keys_dir=keys_folder, database_url=empty_url))
    with application.app_context():
        upgrade(revision="0002")
        yield application
        db.session.remove()
        db.engine.dispose()


def test_the_rows_of_an_older_instance_are_chained_in_order_of_their_ids(old_app: Flask) -> None:
    made = _old_rows(2300)
    upgrade(revision="0003")
    db.session.rollback()
    assert db.session.scalars(sa.select(AuditRow.id).order_by(AuditRow.i)).all() == made
    add(1)
    assert "共 2301 行" in run(old_app, "verify").stdout
    assert witnessing.checkpoint(now=AT)
    assert db.session.scalar(sa.select(sa.func.count(CheckpointRow.id))) == 1
    db.session.remove()
    downgrade(revision="0002")
    upgrade(revision="0003")
    assert "共 2301 行" in run(old_app, "verify").stdout


def _old_rows(count: int) -> list[int]:
    """Rows as they were kept then, added in another order than that of their ids."""
    old = sa.Table("audit_row", sa.MetaData(), autoload_with=db.engine)
    ids = [new_id() for _ in range(count)]
    rows: list[dict[str, Any]] = [
        {
            "id": row_id,
            "at": AT,
            "deed": "incident.looked_at",
            "actor": "officer:7",
            "subject": "incident:7",
            "elder_id": None if row_id % 2 else row_id,
            "facts": {"b": "一", "a": row_id},
        }
        for row_id in reversed(ids)
    ]
    with db.engine.begin() as connection:
        connection.execute(sa.insert(old), rows)
    return ids
