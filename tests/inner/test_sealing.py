"""Personal data at rest: a seal opens in its own row and column only, and nothing personal lies beside it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import sqlalchemy.orm
from flask import Flask

from tests.inner.columns import IN_THE_CLEAR, KEYED, NOT_ON_THIS_JOURNEY
from tests.life import Lived, whole_journey
from tests.world import World, every_row
from wristband import keys as key_files
from wristband.accounts.models import Officer
from wristband.db import KeyedHash, Row, RowId, UtcDateTime, db, new_id, transaction
from wristband.elders.models import Contact, Elder
from wristband.keys import KeyRing
from wristband.sealing import SealBroken, box, sealed

# Every column that could hold a person's words, face or place must be sealed (its attribute ends in _sealed), or be
# one of these.
# ---- a model's sealed attributes


def test_a_row_shows_its_clear_text_and_keeps_a_seal(world: World) -> None:
    elder = db.session.get_one(Elder, world.elder_id)
    assert elder.name == "林秀英"
    assert elder.name_sealed.startswith(f"v1:aesgcm:d{elder.id}:")


@pytest.mark.usefixtures("keys")
def test_what_belongs_to_nobody_is_sealed_by_the_key_file() -> None:
    officer = Officer(name="林")
    assert officer.name_sealed.startswith("v1:aesgcm:1:")
    assert officer.name == "林"


def test_nothing_is_sealed_as_nothing(app: Flask) -> None:
    with transaction():
        elder = Elder(name="林", called=None)
        assert elder.called_sealed is None
        assert elder.called is None


@pytest.mark.usefixtures("keys")
def test_a_row_without_an_id_seals_nothing() -> None:
    officer = Officer()
    officer.id = None  # type: ignore[assignment]
    with pytest.raises(RuntimeError, match="id"):
        officer.name = "陈"


@pytest.mark.parametrize("order", list(permutations(["id", "elder_id", "address"])))
def test_the_order_in_which_a_row_is_given_its_values_does_not_matter(app: Flask, order: tuple[str, ...]) -> None:
    values = {"id": new_id(), "elder_id": 77, "address": "林"}
    with transaction():
        contact = Contact(**{name: values[name] for name in order})
        assert contact.address_sealed.startswith("v1:aesgcm:d77:")
        assert contact.address == "林"


@pytest.mark.parametrize("column", ["name", "called"])
def test_a_seal_copied_to_another_row_or_column_does_not_open_there(world: World, column: str) -> None:
    stolen = db.session.get_one(Elder, world.her.elder_id).name_sealed
    with transaction():
        db.session.execute(
            sa.update(Elder).where(Elder.id == world.other.elder_id).values({f"{column}_sealed": stolen})
        )
    with pytest.raises(SealBroken):
        getattr(db.session.get_one(Elder, world.other.elder_id), column)


def test_a_process_without_keys_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wristband.sealing._installed", [])
    with pytest.raises(RuntimeError, match="no keys installed"):
        box()


# ---- the inventory


def _attributes(mapper: sa.orm.Mapper[Any]) -> list[str]:
    return [attribute.key for attribute in mapper.column_attrs]


# What tells nobody's name, face or place: ids, counts, moments, yes or no.
HARMLESS = (sa.Integer, RowId, UtcDateTime, sa.Boolean)


def _not_sealed(mappers: Iterable[sa.orm.Mapper[Any]]) -> dict[str, sa.types.TypeEngine[Any]]:
    """Every column that is not sealed and could hold something personal, as table.column, with its type."""
    return {
        f"{mapper.local_table}.{mapper.columns[attribute].name}": mapper.columns[attribute].type
        for mapper in mappers
        for attribute in _attributes(mapper)
        if not attribute.endswith("_sealed") and not isinstance(mapper.columns[attribute].type, HARMLESS)
    }


def test_every_column_is_sealed_or_hashed_or_known_to_be_harmless() -> None:
    assert set(_not_sealed(Row.registry.mappers)) == KEYED | set(IN_THE_CLEAR)


def test_every_hashed_column_is_typed_as_one() -> None:
    left = _not_sealed(Row.registry.mappers)
    assert {column for column in left if isinstance(left[column], KeyedHash)} == KEYED


def test_a_new_column_of_any_kind_that_could_tell_something_is_found() -> None:
    class Elsewhere(sa.orm.DeclarativeBase):
        """Tables that are in no schema."""

    class Diary(Elsewhere):
        __tablename__ = "diary"
        id: sa.orm.Mapped[int] = sa.orm.mapped_column(sa.BigInteger, primary_key=True)
        at: sa.orm.Mapped[datetime] = sa.orm.mapped_column(UtcDateTime)
        words: sa.orm.Mapped[str] = sa.orm.mapped_column(sa.Text)
        nickname: sa.orm.Mapped[str] = sa.orm.mapped_column(sa.String(20))
        latitude: sa.orm.Mapped[float] = sa.orm.mapped_column(sa.Float)
        longitude: sa.orm.Mapped[Decimal] = sa.orm.mapped_column(sa.Numeric(9, 6))
        seen: sa.orm.Mapped[dict[str, str]] = sa.orm.mapped_column(sa.JSON)
        voice: sa.orm.Mapped[bytes] = sa.orm.mapped_column(sa.LargeBinary)
        born_on: sa.orm.Mapped[date] = sa.orm.mapped_column(sa.Date)
        mood_sealed: sa.orm.Mapped[str] = sa.orm.mapped_column("mood", sa.Text)

    found = _not_sealed(Elsewhere.registry.mappers)
    assert set(found) == {
        f"diary.{name}" for name in ("words", "nickname", "latitude", "longitude", "seen", "voice", "born_on")
    }
    assert set(found).isdisjoint(KEYED | set(IN_THE_CLEAR))


def test_every_sealed_column_is_reached_through_its_seal_alone() -> None:
    for mapper in Row.registry.mappers:
        columns = {attribute for attribute in _attributes(mapper) if attribute.endswith("_sealed")}
        seals = {seal.column for seal in vars(mapper.class_).values() if isinstance(seal, sealed)}
        assert columns == seals, mapper.class_


@pytest.fixture
def lived(world: World) -> Lived:
    return whole_journey(world)


def _spellings(word: str) -> set[bytes]:
    """A word as a store may hold it: as itself, escaped in JSON, in hexadecimal or base64."""
    raw = word.encode()
    return {raw, json.dumps(word)[1:-1].encode(), raw.hex().encode(), base64.b64encode(raw).rstrip(b"=")[:-1]}


def _found(words: dict[str, str], where: bytes) -> set[str]:
    return {name for name, word in words.items() if any(spelling in where for spelling in _spellings(word))}


def _raw(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def test_after_a_whole_journey_no_column_holds_a_personal_word_or_a_key(lived: Lived, keys: KeyRing) -> None:
    rows = every_row()
    assert {name for name in rows if not rows[name]} <= NOT_ON_THIS_JOURNEY
    secrets = [keys.current(purpose)[1] for purpose in key_files.PURPOSES]
    for name, table in rows.items():
        for column in table[0] if table else ():
            kept = b"\n".join(_raw(row[column]) for row in table)
            assert _found(lived.canaries, kept) == set(), f"{name}.{column}"
            assert not any(key in kept or key.hex().encode() in kept for key in secrets), f"{name}.{column}"


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_after_a_whole_journey_nothing_on_the_disk_and_in_the_log_holds_a_personal_word(
    world: World, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    lived = whole_journey(world)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {"wristband.db", "wristband.db-wal"} <= {path.name for path in files}
    assert any(path.suffix == ".sealed" for path in files)
    for path in files:
        kept = path.read_bytes()
        assert _found(lived.canaries, kept) == set(), path.name
        assert not any(lived.jpeg[start : start + 16] in kept for start in range(0, len(lived.jpeg) - 16, 16))
    assert _found(lived.canaries, "".join(capfd.readouterr()).encode()) == set()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_the_search_would_find_what_it_looks_for(lived: Lived) -> None:
    """The same search over the opened rows finds every word that a row can be opened to."""
    opened = " ".join(
        str(getattr(row, name))
        for mapper in Row.registry.mappers
        for row in db.session.scalars(sa.select(mapper.class_))
        for name, seal in vars(mapper.class_).items()
        if isinstance(seal, sealed)
    )
    kept_as_hash_only = {"password", "family's sign-in", "officer's sign-in", "finder's address", "network address"}
    ended_since = {"check code"}
    assert _found(lived.canaries, opened.encode()) == set(lived.canaries) - kept_as_hash_only - ended_since
