"""Key files: one purpose a file, made once, never a placeholder, never shown."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wristband import create_app, keys
from wristband.config import Mode, Settings
from wristband.keys import KEY_BYTES, PURPOSES, KeysWrong

PLACEHOLDERS = {
    "zeros": bytes(32),
    "one letter": b"k" * 32,
    "a word again and again": b"changeme" * 4,
    "the digits of hexadecimal": bytes.fromhex("0123456789abcdef" * 4),
    "half of it twice": bytes.fromhex("8f3ac21b77e05d49") * 4,
    "counted up": bytes(range(32)),
    "counted down": bytes(range(255, 223, -1)),
    "counted in steps": bytes(7 * step % 256 for step in range(32)),
}


def read(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_one_key_of_each_purpose_is_made_readable_by_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    assert sorted(keys.create(folder)) == sorted(f"{purpose}-1.key" for purpose in PURPOSES)
    assert folder.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o777 == 0o400 for path in folder.iterdir())
    ring = keys.load(folder)
    made = {ring.current(purpose)[1] for purpose in PURPOSES}
    assert len(made) == len(PURPOSES)
    assert {len(key) for key in made} == {KEY_BYTES}


def test_making_them_again_changes_nothing(tmp_path: Path) -> None:
    keys.create(tmp_path)
    before = read(tmp_path)
    assert keys.create(tmp_path) == []
    assert read(tmp_path) == before


def test_only_the_missing_purpose_is_made_anew(tmp_path: Path) -> None:
    keys.create(tmp_path)
    before = read(tmp_path)
    (tmp_path / "codes-1.key").unlink()
    assert keys.create(tmp_path) == ["codes-1.key"]
    assert {name: key for name, key in read(tmp_path).items() if name != "codes-1.key"}.items() <= before.items()


def test_many_processes_starting_at_once_agree_on_the_keys(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: keys.create(tmp_path), range(8)))
    assert sorted(name for names in made for name in names) == sorted(f"{purpose}-1.key" for purpose in PURPOSES)


@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_missing_key_is_named(tmp_path: Path, purpose: str) -> None:
    keys.create(tmp_path)
    (tmp_path / f"{purpose}-1.key").unlink()
    with pytest.raises(KeysWrong) as refused:
        keys.load(tmp_path)
    assert refused.value.code == "keys.missing"
    assert refused.value.facts == {"folder": str(tmp_path), "purposes": purpose}


def test_a_folder_that_is_not_there_lacks_every_key(tmp_path: Path) -> None:
    with pytest.raises(KeysWrong) as refused:
        keys.load(tmp_path / "nowhere")
    assert refused.value.facts["purposes"] == ", ".join(PURPOSES)


@pytest.mark.parametrize("name", ["secrets-1.key", "fields.key", "fields-10.key", "fields-I.key", "FIELDS-1.key"])
def test_a_key_file_we_do_not_know_is_refused_by_name(tmp_path: Path, name: str) -> None:
    keys.create(tmp_path)
    (tmp_path / name).write_text("00" * 32)
    with pytest.raises(KeysWrong) as refused:
        keys.load(tmp_path)
    assert refused.value.code == "keys.unknown_file"
    assert refused.value.facts == {"file": name}


def _with_fields_key(folder: Path, text: str) -> Path:
    keys.create(folder)
    path = folder / "fields-1.key"
    path.chmod(0o600)
    path.write_text(text)
    return folder


@pytest.mark.parametrize("placeholder", PLACEHOLDERS.values(), ids=PLACEHOLDERS)
def test_a_placeholder_is_no_key(tmp_path: Path, placeholder: bytes) -> None:
    with pytest.raises(KeysWrong) as refused:
        keys.load(_with_fields_key(tmp_path, placeholder.hex()))
    assert refused.value.code == "keys.unfit"
    assert refused.value.facts == {"file": "fields-1.key"}


@pytest.mark.parametrize("text", ["", "changeme", "zz" * 32, "a1b2" * 15, "密钥", "a1" * 33])
def test_what_is_not_32_bytes_in_hexadecimal_is_no_key(tmp_path: Path, text: str) -> None:
    with pytest.raises(KeysWrong) as refused:
        keys.load(_with_fields_key(tmp_path, text))
    assert refused.value.code == "keys.unfit"


@settings(max_examples=25, deadline=None)
@given(seed=st.integers())
def test_a_random_key_is_never_taken_for_a_placeholder(seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    key = random.Random(seed).randbytes(KEY_BYTES)  # noqa: S311  the same in every run
    ring = keys.load(_with_fields_key(tmp_path_factory.mktemp("keys"), key.hex()))
    assert ring.current("fields") == ("1", key)


def test_the_newest_key_writes_and_all_of_them_read(tmp_path: Path) -> None:
    keys.create(tmp_path)
    newer = bytes.fromhex("5f0c7d1e93a2b84466e1d0f7c3958a2b1c4d6e8fa0b2c3d4e5f60718293a4b5c")
    (tmp_path / "fields-2.key").write_text(newer.hex())
    ring = keys.load(tmp_path)
    assert ring.current("fields") == ("2", newer)
    assert list(ring.all("fields")) == ["1", "2"]


def test_a_ring_does_not_show_its_keys(tmp_path: Path) -> None:
    keys.create(tmp_path)
    ring = keys.load(tmp_path)
    for purpose in PURPOSES:
        assert repr(ring.current(purpose)[1]) not in repr(ring)
        assert ring.current(purpose)[1].hex() not in repr(ring)


# ---- renewed


def test_a_new_key_stands_beside_the_old_ones_readable_by_its_owner_alone(tmp_path: Path) -> None:
    keys.create(tmp_path)
    before = read(tmp_path)
    for purpose in PURPOSES:
        assert [keys.rotate(tmp_path, purpose) for _ in range(2)] == [f"{purpose}-2.key", f"{purpose}-3.key"]
    after = read(tmp_path)
    assert before.items() <= after.items()
    assert len(set(after.values())) == len(after) == 3 * len(PURPOSES)
    assert all(path.stat().st_mode & 0o777 == 0o400 for path in tmp_path.iterdir())


def test_keys_are_numbered_in_the_order_of_crockfords_alphabet_until_it_ends(tmp_path: Path) -> None:
    keys.create(tmp_path)
    for _ in range(30):
        keys.rotate(tmp_path, "codes")
    with pytest.raises(KeysWrong) as refused:
        keys.rotate(tmp_path, "codes")
    assert (refused.value.code, refused.value.facts) == ("keys.ids_used_up", {"purpose": "codes"})
    assert "".join(path.name[6] for path in sorted(tmp_path.glob("codes-*"))) == "123456789ABCDEFGHJKMNPQRSTVWXYZ"


def test_operators_who_renew_at_once_overwrite_nothing(tmp_path: Path) -> None:
    keys.create(tmp_path)
    before = read(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: keys.rotate(tmp_path, "index"), range(8)))
    assert sorted(made) == [f"index-{key_id}.key" for key_id in range(2, 10)]
    assert before.items() <= read(tmp_path).items()
    assert len(keys.load(tmp_path).all("index")) == 9


def test_a_folder_that_lacks_a_key_gets_no_further_one(tmp_path: Path) -> None:
    keys.create(tmp_path)
    (tmp_path / "codes-1.key").unlink()
    with pytest.raises(KeysWrong):
        keys.rotate(tmp_path, "codes")
    assert not list(tmp_path.glob("codes-*"))


def test_a_running_process_keeps_its_keys_when_the_folder_is_spoilt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "LOOK_EVERY_S", 0.0)
    keys.create(tmp_path)
    ring = keys.load(tmp_path)
    before = ring.current("fields")
    (tmp_path / "fields-2.key").write_text("changeme")
    assert ring.current("fields") == before
    assert ring.find("fields", "2") is None
    (tmp_path / "fields-2.key").unlink()
    keys.rotate(tmp_path, "fields")
    assert ring.find("fields", "2") is not None


def _production(folder: Path) -> Settings:
    sms_key = folder / "sms.key"
    sms_key.write_text("s" * 32)
    return Settings(
        mode=Mode.PRODUCTION,
        base_url="https://hb.example",
        data_dir=folder / "data",
        keys_dir=folder / "keys",
        database_url=f"sqlite:///{folder / 'wristband.db'}",
        sms_url="https://sms.example/send",
        sms_key_file=sms_key,
        organisation="示例",
    )


def test_a_production_without_keys_does_not_start_and_makes_none(tmp_path: Path) -> None:
    with pytest.raises(KeysWrong):
        create_app(_production(tmp_path))
    assert not (tmp_path / "keys").exists()


def test_a_development_makes_its_own_keys_at_the_first_start_and_keeps_them(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "instance")
    create_app(settings)
    made = read(tmp_path / "instance" / "keys")
    assert len(made) == len(PURPOSES)
    create_app(settings)
    assert read(tmp_path / "instance" / "keys") == made
