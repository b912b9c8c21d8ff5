"""Settings of the way to a station."""

from __future__ import annotations

from pathlib import Path

import pytest

from wristband.config import SettingsWrong, load


@pytest.fixture
def key(tmp_path: Path) -> Path:
    file = tmp_path / "a.secret"
    file.write_text("a-key\n")
    return file


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"geocoder": "amap"}, "WRISTBAND_GEOCODER"),
        ({"geocoder": "nominatim"}, "needs geocoder_url"),
        ({"geocoder": "photon", "geocoder_url": "photon.example"}, "needs geocoder_url"),
        ({"geocoder": "photon", "geocoder_url": "file:///etc/passwd"}, "needs geocoder_url"),
        ({"geocoder": "baidu"}, "needs geocoder_key_file"),
        ({"geocoder": "baidu", "geocoder_key_file": "nowhere.secret"}, "no file"),
        ({"wechat_app_id": "wx110"}, "belong together"),
        ({"wechat_secret_file": "nowhere.secret"}, "no file"),
    ],
)
def test_what_does_not_fit_together_does_not_start(given: dict[str, str], fault: str) -> None:
    with pytest.raises(SettingsWrong) as refused:
        load(**given)
    assert fault in refused.value.facts["faults"]


def test_a_secret_without_its_account_does_not_start(key: Path) -> None:
    with pytest.raises(SettingsWrong) as refused:
        load(wechat_secret_file=key)
    assert "belong together" in refused.value.facts["faults"]


def test_an_empty_secret_does_not_start(tmp_path: Path) -> None:
    empty = tmp_path / "empty.secret"
    empty.write_text(" \n")
    with pytest.raises(SettingsWrong) as refused:
        load(wechat_app_id="wx110", wechat_secret_file=empty)
    assert "is empty" in refused.value.facts["faults"]


def test_what_fits_together_starts(key: Path) -> None:
    assert load().geocoder == ""
    assert load(geocoder="baidu", geocoder_key_file=key).geocoder_key_file == key
    assert load(geocoder="nominatim", geocoder_url="http://127.0.0.1:8080").geocoder == "nominatim"
    assert load(wechat_app_id="wx110", wechat_secret_file=key).wechat_app_id == "wx110"


@pytest.mark.parametrize("name", ["geocoder_url", "wechat_url"])
def test_a_production_asks_nobody_without_tls(key: Path, name: str) -> None:
    with pytest.raises(SettingsWrong) as refused:
        load(
            mode="production",
            keys_dir=key.parent,
            database_url="sqlite:///x.db",
            sms_url="https://sms.example",
            sms_key_file=_long(key),
            organisation="x",
            base_url="https://hand.example",
            data_dir=key.parent,
            **{name: "http://10.0.0.1"},
        )
    assert f"{name} must be https" in refused.value.facts["faults"]


def _long(key: Path) -> Path:
    file = key.with_name("long.secret")
    file.write_text("k" * 40)
    return file
