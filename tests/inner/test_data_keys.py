"""Data keys: everybody's own, wrapped, made with the deed that needs it, destroyed with whom it belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests.doors.asking import tells
from tests.world import DAUGHTER_PHONE, World, destroyed_keys, every_row, sign_in_guardian, sign_in_officer
from wristband import clock, data_keys
from wristband.data_keys import DataKey, DataKeys
from wristband.db import db, new_id, transaction
from wristband.elders.models import Contact, Elder, Guardianship
from wristband.elders.photos import PHOTO_PLACE
from wristband.elders.rules import ContactKind, ElderState
from wristband.files import FileStore
from wristband.incidents.models import Incident
from wristband.incidents.rules import IncidentState
from wristband.keys import KeyRing
from wristband.sealing import EMPTIED, Erased, SealBroken, box, install


@pytest.fixture(autouse=True)
def fresh(app: Flask) -> None:
    """Nothing is kept of the keys that another test has read."""
    _as_another_process()


def _as_another_process() -> None:
    box().forget(list(db.session.scalars(sa.select(DataKey.id))))
    db.session.rollback()
    db.session.expire_all()


def _destroy(*owners: int, now: datetime) -> None:
    with transaction():
        data_keys.destroy(*owners, now=now)


def _elder(elder_id: int) -> Elder:
    return db.session.get_one(Elder, elder_id, populate_existing=True)


# ---- made


def test_each_elder_and_guardian_has_a_key_of_their_own_wrapped_by_the_key_file(world: World) -> None:
    kept = {row["id"]: row["wrapped"] for row in every_row()["data_key"]}
    owners = {world.elder_id, world.other.elder_id, world.daughter_id, world.neighbour_id}
    assert owners <= set(kept)
    assert all(wrapped.startswith("v1:aesgcm:1:") for wrapped in kept.values())
    secrets = {data_keys.unwrap(owner, wrapped) for owner, wrapped in kept.items()}
    assert len(secrets) == len(kept)
    assert {len(secret) for secret in secrets} == {32}


def test_a_wrapped_key_given_to_another_owner_does_not_open(world: World) -> None:
    hers = db.session.scalars(sa.select(DataKey.wrapped).where(DataKey.id == world.elder_id)).one()
    with transaction():
        db.session.execute(sa.update(DataKey).where(DataKey.id == world.other.elder_id).values(wrapped=hers))
    with pytest.raises(SealBroken):
        _ = _elder(world.other.elder_id).name
    assert _elder(world.elder_id).name == "林秀英"


def test_a_key_is_made_inside_a_deed_only(app: Flask) -> None:
    with pytest.raises(RuntimeError, match="transaction"):
        Elder(name="林")
    assert every_row()["data_key"] == []


def test_a_deed_that_fails_leaves_no_key_that_the_next_one_would_seal_with(app: Flask) -> None:
    owner = new_id()
    with suppress(ZeroDivisionError), transaction():
        box().seal("林", place="elder.name", row=owner, owner=owner)
        raise ZeroDivisionError
    assert every_row()["data_key"] == []
    with transaction():
        sealed = box().seal("林", place="elder.name", row=owner, owner=owner)
    _as_another_process()
    assert box().open(sealed, place="elder.name", row=owner) == "林"


def test_a_step_that_fails_within_a_deed_leaves_none_either(app: Flask) -> None:
    owner = new_id()
    with transaction():
        with suppress(ZeroDivisionError), db.session.begin_nested():
            data_keys.make(owner)
            raise ZeroDivisionError
        sealed = box().seal("林", place="elder.name", row=owner, owner=owner)
    _as_another_process()
    assert box().open(sealed, place="elder.name", row=owner) == "林"


def test_making_a_key_twice_is_making_it_once(app: Flask) -> None:
    owner = new_id()
    with transaction():
        data_keys.make(owner)
    before = every_row()["data_key"]
    _as_another_process()
    with transaction():
        data_keys.make(owner)
    assert every_row()["data_key"] == before


# ---- destroyed


def test_once_the_key_is_destroyed_nothing_of_the_elder_opens_and_everybody_else_does(world: World) -> None:
    _destroy(world.elder_id, now=world.now)
    elder = _elder(world.elder_id)
    assert elder.name == "已删除"
    assert [elder.called, elder.birth_year, elder.address, elder.approach, elder.health] == [None] * 5
    contact = db.session.scalars(sa.select(Contact).where(Contact.elder_id == world.elder_id)).one()
    with pytest.raises(Erased) as refused:
        _ = contact.address
    assert (refused.value.code, refused.value.status) == ("seal.erased", 410)
    assert _elder(world.other.elder_id).name == "陈美兰"


def test_a_destroyed_key_leaves_a_tombstone_without_the_key(world: World) -> None:
    _destroy(world.elder_id, now=world.now)
    later = world.now + timedelta(days=1)
    _destroy(world.elder_id, world.daughter_id, now=later)
    kept = {row["id"]: (row["wrapped"], row["destroyed_at"] is not None) for row in every_row()["data_key"]}
    assert kept[world.elder_id] == kept[world.daughter_id] == (EMPTIED, True)
    assert kept[world.other.elder_id][1] is False
    assert destroyed_keys() == [world.elder_id, world.daughter_id]
    assert db.session.get_one(DataKey, world.elder_id).destroyed_at == world.now


def test_nothing_is_sealed_again_for_who_was_erased_even_without_a_key_before(world: World) -> None:
    stranger = new_id()
    _destroy(world.elder_id, stranger, now=world.now)
    for owner in (world.elder_id, stranger):
        with pytest.raises(Erased), transaction():
            box().seal("林", place="elder.name", row=owner, owner=owner)
    assert len([row for row in every_row()["data_key"] if row["wrapped"] == EMPTIED]) == 2


def test_a_deed_that_fails_destroys_nothing(world: World) -> None:
    with suppress(ZeroDivisionError), transaction():
        data_keys.destroy(world.elder_id, now=world.now)
        raise ZeroDivisionError
    assert _elder(world.elder_id).name == "林秀英"
    assert destroyed_keys() == []


def test_another_process_forgets_a_destroyed_key_within_seconds(
    world: World, keys: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = box()
    elsewhere = DataKeys()
    install(keys, data_keys=elsewhere)
    assert _elder(world.elder_id).name == "林秀英"
    with transaction():
        # Another process destroys it: this one is not told.
        db.session.execute(
            sa.update(DataKey).where(DataKey.id == world.elder_id).values(wrapped=EMPTIED, destroyed_at=world.now)
        )
    assert _elder(world.elder_id).name == "林秀英"
    assert data_keys.KEPT_S <= 5
    monkeypatch.setattr(data_keys, "KEPT_S", 0.0)
    assert _elder(world.elder_id).name == "已删除"
    assert here is not box()


def test_a_backup_put_back_without_its_keys_opens_without_who_was_erased(world: World) -> None:
    backup = {name: rows for name, rows in every_row().items() if name == "elder"}
    with transaction():
        data_keys.destroy(world.elder_id, now=world.now)
        db.session.execute(
            sa.update(Elder).where(Elder.id == world.elder_id).values(name_sealed=EMPTIED, health_sealed=None)
        )
    assert _elder(world.elder_id).name == "已删除"
    with transaction():
        for row in backup["elder"]:
            db.session.execute(sa.update(Elder.__table__).where(Elder.__table__.c.id == row["id"]).values(row))
    _as_another_process()
    assert _elder(world.elder_id).name == "已删除"
    assert _elder(world.elder_id).health is None
    assert _elder(world.other.elder_id).name == "陈美兰"
    assert destroyed_keys() == [world.elder_id]


def test_a_picture_goes_with_its_key_wherever_a_copy_of_the_file_lies(app: Flask, tmp_path: Path) -> None:
    store, photo_id = FileStore(tmp_path / "kept"), new_id()
    with transaction():
        data_keys.make(photo_id)
    store.write(b"a face", place=PHOTO_PLACE, row=photo_id, owner=photo_id)
    assert list(store.list_headers()) == [(PHOTO_PLACE, photo_id, f"v1:aesgcm:d{photo_id}")]
    assert store.read(place=PHOTO_PLACE, row=photo_id) == b"a face"
    _destroy(photo_id, now=clock.now())
    with pytest.raises(Erased):
        store.read(place=PHOTO_PLACE, row=photo_id)


def test_an_erased_elder_breaks_no_page_of_the_family_or_the_desk(world: World, client: FlaskClient) -> None:
    sign_in_guardian(client)
    incident_id = _incident(world.elder_id, world)
    _destroy(world.elder_id, now=world.now)
    home = client.get("/family/")
    assert home.status_code == 200
    assert "已删除" in home.get_data(as_text=True)
    assert "林秀英" not in home.get_data(as_text=True)
    hers = client.get(f"/family/elders/{world.elder_id}")
    assert hers.status_code == 200 or tells(hers, "seal.erased")
    sign_in_officer(client)
    for path in ("/police/", f"/police/incidents/{incident_id}"):
        page = client.get(path)
        assert page.status_code == 200 or tells(page, "seal.erased")
        assert "林秀英" not in page.get_data(as_text=True)


# ---- a list is one question


@pytest.fixture
def asked(app: Flask) -> Iterator[list[str]]:
    """The statements asked of the database."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        statements.append(statement)

    sa.event.listen(db.engine, "before_cursor_execute", note)
    yield statements
    sa.event.remove(db.engine, "before_cursor_execute", note)


def _more_elders(world: World, count: int) -> list[int]:
    with transaction():
        return [_one_more(world, number) for number in range(count)]


def _one_more(world: World, number: int) -> int:
    now = world.now
    elder = Elder(
        key=f"{new_id()}", state=ElderState.PROVISIONAL, name=f"老人{number}", registered_at=now, changed_at=now
    )
    db.session.add(elder)
    db.session.flush()
    db.session.add(
        Guardianship(elder_id=elder.id, guardian_id=world.daughter_id, rank=1, relation="child", began_at=now)
    )
    db.session.add(
        Contact(
            elder_id=elder.id,
            kind=ContactKind.PHONE,
            address=DAUGHTER_PHONE,
            address_index="",
            calling_order=1,
            added_at=now,
        )
    )
    return elder.id


def _incident(elder_id: int, world: World) -> int:
    with transaction():
        incident = Incident(
            number=f"T-{elder_id % 10**9}",
            elder_id=elder_id,
            station_id=world.station_id,
            state=IncidentState.REPORTED,
            opened_at=world.now,
            changed_at=world.now,
        )
        db.session.add(incident)
    return incident.id


def _statements_of(client: FlaskClient, path: str, asked: list[str]) -> int:
    client.get(path)  # what only a first opening does
    _as_another_process()
    asked.clear()
    assert client.get(path).status_code == 200
    return len(asked)


def test_a_page_asks_the_same_questions_however_many_elders_there_are(
    world: World, client: FlaskClient, asked: list[str]
) -> None:
    sign_in_guardian(client)
    few = _more_elders(world, 2)
    incident_id = _incident(few[0], world)
    sign_in_officer(client)
    pages = ("/family/", "/police/", f"/police/incidents/{incident_id}")
    before = [_statements_of(client, path, asked) for path in pages]
    _statements_of(client, "/family/", asked)
    assert len([statement for statement in asked if "FROM data_key" in statement]) <= 2  # her own, the elders'
    for elder_id in _more_elders(world, 20):
        _incident(elder_id, world)
    assert [_statements_of(client, path, asked) for path in pages] == before


def test_everything_a_list_has_read_is_unlocked_by_one_question(world: World, asked: list[str]) -> None:
    _more_elders(world, 50)
    _as_another_process()
    elders = db.session.scalars(sa.select(Elder)).all()
    asked.clear()
    assert len({elder.name for elder in elders}) == 52
    assert len(asked) == 1


def test_no_more_keys_are_kept_than_there_is_room_for(
    world: World, keys: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_keys, "_KEPT_MOST", 3)
    store = DataKeys()
    install(keys, data_keys=store)
    _more_elders(world, 10)
    elders = db.session.scalars(sa.select(Elder)).all()
    assert all(elder.name for elder in elders)
    assert len(store._kept) == 3


def test_the_clock_of_a_key_is_the_deeds_own(app: Flask) -> None:
    before = clock.now()
    with transaction():
        data_keys.make(77)
    assert before <= db.session.get_one(DataKey, 77).made_at <= clock.now()
