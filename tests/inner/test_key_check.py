"""At the start: keys that this data was not kept with are refused, and the note of them tells nothing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from flask import Flask

from tests.world import World
from wristband import create_app, keys
from wristband.config import Settings
from wristband.keys import KeysWrong


@pytest.fixture
def own_keys(keys_folder: Path, tmp_path: Path) -> Path:
    """The keys of every test, in a folder that this one may change."""
    return Path(shutil.copytree(keys_folder, tmp_path / "keys"))


@pytest.fixture
def settings(tmp_path: Path, own_keys: Path, engine_url: str) -> Settings:
    return Settings(data_dir=tmp_path / "instance", keys_dir=own_keys, database_url=engine_url)


def test_another_folder_of_keys_is_refused_at_the_start(app: Flask, settings: Settings, tmp_path: Path) -> None:
    keys.create(tmp_path / "others")
    before = sorted(settings.data_dir.rglob("*"))
    with pytest.raises(KeysWrong) as refused:
        create_app(settings.model_copy(update={"keys_dir": tmp_path / "others"}))
    assert refused.value.code == "keys.of_another"
    assert "fields-1" in refused.value.facts["keys"]
    assert sorted(settings.data_dir.rglob("*")) == before


@pytest.mark.parametrize("purpose", sorted(keys.PURPOSES))
def test_a_single_key_that_is_another_one_is_named(
    app: Flask, settings: Settings, own_keys: Path, tmp_path: Path, purpose: str
) -> None:
    keys.create(tmp_path / "others")
    (own_keys / f"{purpose}-1.key").unlink()
    shutil.copy2(tmp_path / "others" / f"{purpose}-1.key", own_keys)
    with pytest.raises(KeysWrong) as refused:
        create_app(settings)
    assert refused.value.facts == {"keys": f"{purpose}-1"}


def test_a_database_of_other_keys_is_refused_where_no_note_of_them_is_left(
    world: World, settings: Settings, tmp_path: Path
) -> None:
    keys.create(tmp_path / "others")
    (settings.data_dir / "key-check.json").unlink()
    with pytest.raises(KeysWrong) as refused:
        create_app(settings.model_copy(update={"keys_dir": tmp_path / "others", "data_dir": tmp_path / "elsewhere"}))
    assert refused.value.code == "keys.of_another"


def test_the_note_tells_two_keys_apart_and_nothing_of_either(app: Flask, settings: Settings) -> None:
    noted = (settings.data_dir / "key-check.json").read_text()
    kept = [path.read_text().strip() for path in settings.keys_path.glob("*.key")]
    assert {len(key) for key in kept} == {64}
    assert len(json.loads(noted)) >= len(kept)
    for key in kept:
        assert not any(key[start : start + 8] in noted for start in range(57))
