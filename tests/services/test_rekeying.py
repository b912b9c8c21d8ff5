"""Renewing keys while the service runs: all is read at every moment, and at the end nothing uses the old key."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from tests.life import whole_journey
from tests.world import DAUGHTER_PHONE, World, every_row, new_reference
from wristband import clock, keys, limits
from wristband.accounts.models import Guardian
from wristband.accounts.queries import find_guardian_by_phone
from wristband.cli import cli
from wristband.config import Settings
from wristband.data_keys import destroy
from wristband.db import db, new_id, transaction
from wristband.elders.models import Contact, Elder
from wristband.elders.photos import PHOTO_PLACE
from wristband.errors import BadValue, Conflict, NotFound, TooMany
from wristband.house import house
from wristband.keys import KeyFolder
from wristband.scans import challenges, keeping
from wristband.sealing import EMPTIED, Box, Keyed, SealBroken, box
from wristband.services import rekeying
from wristband.values.budget import Budget, Fails
from wristband.values.phone import Phone

ON_SQLITE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture
def own_keys(keys_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The keys of every test, in a folder that this one may renew; new ones are looked for, and write, at once."""
    monkeypatch.setattr(keys, "LOOK_EVERY_S", 0.0)
    monkeypatch.setattr(keys, "READ_FIRST_S", 0.0)
    return Path(shutil.copytree(keys_folder, tmp_path / "keys"))


@pytest.fixture
def settings(tmp_path: Path, own_keys: Path, engine_url: str) -> Settings:
    return Settings(data_dir=tmp_path / "instance", keys_dir=own_keys, database_url=engine_url)


def _later() -> datetime:
    """When the newest key has written for long enough."""
    return clock.now() + timedelta(minutes=2)


def _rewrapped() -> int:
    return sum(rekeying.rewrap())


def _left(purpose: str) -> dict[str, int]:
    return {one.key_id: one.values for one in rekeying.usage(now=clock.now()) if one.purpose == purpose}


def _opened(world: World) -> list[object]:
    """Everything that the cast's rows open to."""
    db.session.rollback()
    db.session.expire_all()
    elder, guardian = db.session.get_one(Elder, world.elder_id), db.session.get_one(Guardian, world.daughter_id)
    contacts = db.session.scalars(sa.select(Contact).order_by(Contact.id)).all()
    return [elder.name, elder.health, guardian.name, guardian.phone, [contact.address for contact in contacts]]


# ---- fields


def test_after_a_rotation_all_is_readable_before_while_and_after_it_is_moved(world: World) -> None:
    lived = whole_journey(world)
    before = _opened(world)
    assert rekeying.rotate("fields") == "fields-2.key"
    assert _opened(world) == before
    for _ in rekeying.rewrap():
        assert _opened(world) == before
    assert _left("fields")["1"] == 0
    rekeying.drop("fields-1", now=_later())
    box().forget([row["id"] for row in every_row()["data_key"]])
    assert _opened(world) == before
    assert [house().files.read(place=place, row=row) for place, row, _ in house().files.list_headers()] == [lived.jpeg]


def test_moving_touches_data_keys_and_what_is_nobodys_and_not_what_data_keys_seal(world: World) -> None:
    before = every_row()
    rekeying.rotate("fields")
    assert _rewrapped() > 0
    after = every_row()
    assert [row["name"] for row in after["elder"]] == [row["name"] for row in before["elder"]]
    assert all(row["wrapped"].startswith("v1:aesgcm:2:") for row in after["data_key"])
    assert all(row["name"].startswith("v1:aesgcm:2:") for row in after["officer"])
    assert _rewrapped() == 0
    assert every_row() == after


def test_what_lay_under_the_key_file_comes_under_the_owners_own_key(world: World) -> None:
    before = _opened(world)
    with transaction():
        name = box().seal("林秀英", place="elder.name", row=world.elder_id)
        db.session.execute(sa.update(Elder).where(Elder.id == world.elder_id).values(name_sealed=name))
    assert name.startswith("v1:aesgcm:1:")
    assert _rewrapped() == 1
    assert db.session.get_one(Elder, world.elder_id).name_sealed.startswith(f"v1:aesgcm:d{world.elder_id}:")
    assert _opened(world) == before


def test_what_came_back_of_somebody_erased_is_emptied(world: World) -> None:
    with transaction():
        name = box().seal("林秀英", place="elder.name", row=world.elder_id)
        db.session.execute(sa.update(Elder).where(Elder.id == world.elder_id).values(name_sealed=name))
        destroy(world.elder_id, now=world.now)
    assert _rewrapped() == 1
    assert db.session.get_one(Elder, world.elder_id).name_sealed == EMPTIED


def test_a_kept_file_of_the_key_file_moves_too(world: World) -> None:
    photo_id = new_id()
    house().files.write(b"a face", place=PHOTO_PLACE, row=photo_id)
    rekeying.rotate("fields")
    _rewrapped()
    assert list(house().files.list_headers()) == [(PHOTO_PLACE, photo_id, "v1:aesgcm:2")]
    assert house().files.read(place=PHOTO_PLACE, row=photo_id) == b"a face"


def test_a_value_that_does_not_open_is_left_and_keeps_its_key(world: World) -> None:
    with transaction():
        broken = box().seal("民警", place="officer.name", row=1)
        db.session.execute(sa.text("UPDATE officer SET name = :name"), {"name": broken})
    rekeying.rotate("fields")
    _rewrapped()
    assert _left("fields")["1"] == 2
    with pytest.raises(Conflict) as refused:
        rekeying.drop("fields-1", now=_later())
    assert (refused.value.code, refused.value.facts) == ("keys.in_use", {"key": "fields-1", "values": 2})


def test_broken_off_it_goes_on_where_it_was(world: World) -> None:
    rekeying.rotate("fields")
    first = next(rekeying.rewrap())
    assert 0 < first < first + _rewrapped()
    assert _left("fields")["1"] == 0


# ---- index


def test_a_guardian_is_found_by_phone_at_every_moment_of_a_rotation(world: World) -> None:
    phone = Phone(DAUGHTER_PHONE)

    def found() -> int | None:
        db.session.rollback()
        guardian = find_guardian_by_phone(phone)
        return guardian.id if guardian else None

    rekeying.rotate("index")
    assert found() == world.daughter_id
    for _ in rekeying.rewrap():
        assert found() == world.daughter_id
    assert _left("index")["1"] == 0
    rekeying.drop("index-1", now=_later())
    assert found() == world.daughter_id


def test_a_blind_index_is_computed_anew_from_what_is_sealed(world: World) -> None:
    rekeying.rotate("index")
    _rewrapped()
    kept = db.session.scalars(sa.select(Guardian.phone_index).where(Guardian.id == world.daughter_id)).one()
    assert kept == box().blind(DAUGHTER_PHONE, place="guardian.phone")
    assert kept[0] == "2"


# ---- codes


def test_a_scan_kept_under_an_older_key_is_not_kept_twice(world: World) -> None:
    opening = (new_reference(), world.her.band_id, "zh-CN", world.now)
    with transaction():
        keeping.note_openings([opening])
    before = every_row()["scan"]
    rekeying.rotate("codes")
    with transaction():
        keeping.note_openings([opening])
        kept = keeping.keep(opening[0], band_id=world.her.band_id, language="zh-CN", now=world.now)
    assert kept == before[-1]["id"]
    assert len(every_row()["scan"]) == len(before)


def test_what_was_spent_stays_spent(world: World) -> None:
    budget = Budget("tests", burst=2, every_s=3600, fails=Fails.CLOSED, refusal="accounts.tries_spent")
    with transaction():
        limits.spend(budget, "somebody", now=world.now)
    rekeying.rotate("codes")
    with transaction():
        limits.spend(budget, "somebody", now=world.now)
    with pytest.raises(TooMany), transaction():
        limits.spend(budget, "somebody", now=world.now)


def test_a_check_code_still_fits_and_a_wrong_one_does_not(world: World) -> None:
    kept = challenges.hash_check_code(77, "123456789")
    rekeying.rotate("codes")
    assert challenges.check_code_matches(kept, 77, "123456789")
    assert not challenges.check_code_matches(kept, 77, "123456780")
    assert challenges.hash_check_code(77, "123456789").startswith("2$argon2id$")


# ---- two processes


def test_two_processes_read_each_other_whichever_has_seen_the_new_key_first(own_keys: Path) -> None:
    one, other = KeyFolder(own_keys), KeyFolder(own_keys)
    keys.rotate(own_keys, "fields")
    writer, reader = Box(one), Box(other)
    sealed = writer.seal("林", place="officer.name", row=1)
    assert sealed.startswith("v1:aesgcm:2:")
    assert reader.open(sealed, place="officer.name", row=1) == "林"
    assert reader.seal("林", place="officer.name", row=1).startswith("v1:aesgcm:2:")


def test_an_unknown_key_is_looked_for_at_once(own_keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "LOOK_EVERY_S", 3600.0)
    reader = Box(KeyFolder(own_keys))
    keys.rotate(own_keys, "fields")
    sealed = Box(KeyFolder(own_keys)).seal("林", place="officer.name", row=1)
    assert sealed.startswith("v1:aesgcm:2:")
    assert reader.open(sealed, place="officer.name", row=1) == "林"
    with pytest.raises(SealBroken):
        reader.open(sealed.replace(":2:", ":3:"), place="officer.name", row=1)


def test_a_key_is_read_with_before_it_is_written_with(own_keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "READ_FIRST_S", 3600.0)
    ring = KeyFolder(own_keys)
    for purpose in keys.PURPOSES:
        keys.rotate(own_keys, purpose)
        assert ring.current(purpose)[0] == "1"
        assert list(ring.all(purpose)) == ["2", "1"]
    found = Keyed.under(ring, "codes", b"", characters=64)
    assert [one[0] for one in found.every] == ["1", "2"]


# ---- dropping


@pytest.mark.parametrize("purpose", sorted(keys.PURPOSES))
def test_the_key_that_writes_is_never_dropped(world: World, purpose: str) -> None:
    with pytest.raises(Conflict) as refused:
        rekeying.drop(f"{purpose}-1", now=_later())
    assert refused.value.code == "keys.still_writes"


@pytest.mark.parametrize(
    ("purpose", "code"),
    [
        ("fields", "keys.in_use"),
        ("index", "keys.in_use"),
        ("codes", "keys.in_use"),
        ("bands", "keys.in_use"),
        ("forms", "keys.kept"),
        ("audit", "keys.kept"),
    ],
)
def test_a_key_that_something_hangs_on_is_not_dropped(world: World, own_keys: Path, purpose: str, code: str) -> None:
    rekeying.rotate(purpose)
    before = sorted(path.name for path in own_keys.iterdir())
    with pytest.raises(Conflict) as refused:
        rekeying.drop(f"{purpose}-1", now=_later())
    assert refused.value.code == code
    assert sorted(path.name for path in own_keys.iterdir()) == before


def test_a_forms_key_goes_once_every_cookie_it_signed_has_ended(world: World, own_keys: Path) -> None:
    rekeying.rotate("forms")
    rekeying.drop("forms-1", now=datetime.fromtimestamp(clock.now().timestamp() + 91 * 86400, tz=world.now.tzinfo))
    assert not (own_keys / "forms-1.key").exists()


def test_an_old_key_stays_until_no_deed_can_be_open_that_began_with_it(world: World, own_keys: Path) -> None:
    rekeying.rotate("index")
    _rewrapped()
    with pytest.raises(Conflict) as refused:
        rekeying.drop("index-1", now=clock.now())
    assert refused.value.code == "keys.still_writes"
    rekeying.drop("index-1", now=_later())
    assert not (own_keys / "index-1.key").exists()


def test_a_key_that_has_not_begun_is_neither_dropped_nor_moved_to(world: World) -> None:
    rekeying.rotate("fields", after_s=3600)
    assert 3500 < rekeying.wait_s(now=clock.now()) <= 3600
    assert _rewrapped() == 0
    states = {one.name: (one.newest, one.begun) for one in rekeying.usage(now=clock.now()) if one.purpose == "fields"}
    assert states == {"fields-1": (True, True), "fields-2": (False, False)}
    for name in states:
        with pytest.raises(Conflict):
            rekeying.drop(name, now=_later())


def test_what_is_no_key_is_not_dropped_and_what_is_no_purpose_not_renewed(world: World) -> None:
    for name in ("fields-9", "fields", "../fields-1", ""):
        with pytest.raises(NotFound):
            rekeying.drop(name, now=_later())
    with pytest.raises(BadValue):
        rekeying.rotate("everything")


# ---- the operator's words


@ON_SQLITE
def test_the_operator_renews_moves_checks_and_drops(
    world: World, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("data_dir", "keys_dir", "database_url"):
        monkeypatch.setenv(f"WRISTBAND_{name.upper()}", str(getattr(settings, name)))

    def run(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(cli, ["keys", *words])
        return done.exit_code, done.stdout

    assert run("rotate", "fields") == (
        0,
        "已生成 fields-2.key，0 秒后开始使用，不用重启。\n到时请运行 wristband keys rewrap，把旧资料换到新密钥下。\n",
    )
    status, said = run("check")
    assert status == 1
    assert "fields-1  " in said
    assert "仍要保留" in said
    assert run("rewrap")[0] == 0
    status, said = run("check")
    assert status == 0
    assert "fields-1  0 项  可以删除" in said
    monkeypatch.setattr(rekeying, "SETTLED_S", 0.0)
    assert run("drop", "FIELDS-1") == (0, "已删除 FIELDS-1。\n")
    assert run("rotate", "index", "--after", "90")[0] == 0
    assert "index-2  0 项  即将启用" in run("check")[1]
    refused = CliRunner().invoke(cli, ["keys", "rewrap"]).exception
    assert isinstance(refused, Conflict)
    assert (refused.code, refused.facts) == ("keys.not_begun", {"minutes": 90})
    assert not any(key in said for key in _in_hexadecimal(settings.keys_path))


def _in_hexadecimal(folder: Path) -> list[str]:
    return [path.read_text().strip() for path in folder.glob("*.key")]
