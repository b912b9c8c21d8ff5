"""Settings: frozen, typed, and a production that is not complete does not start."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from wristband.config import DOORS, SettingsWrong, load


@pytest.fixture
def complete(tmp_path: Path) -> dict[str, Any]:
    """Everything a production has to be told."""
    sms_key = tmp_path / "sms.key"
    sms_key.write_text("a secret of thirty-two bytes or more")
    return {
        "mode": "production",
        "base_url": "https://hb.example",
        "data_dir": tmp_path / "data",
        "keys_dir": tmp_path / "keys",
        "database_url": "postgresql+psycopg://wristband@/wristband",
        "sms_url": "https://sms.example/send",
        "sms_key_file": sms_key,
        "organisation": "示例市公安局",
    }


def refusal(**settings: Any) -> str:
    with pytest.raises(SettingsWrong) as refused:
        load(**settings)
    assert refused.value.code == "settings.wrong"
    return str(refused.value.facts["faults"])


@pytest.mark.parametrize("written", ["", ",", "+86", "86;852", "0", "中国", "8612", "86,x"])
def test_countries_are_written_as_calling_codes(written: str) -> None:
    assert "SMS_COUNTRIES" in refusal(sms_countries=written)


def test_codes_are_texted_at_home_unless_more_is_said() -> None:
    assert load().sms_countries == ("86",)
    assert load(sms_countries="86, 852,853").sms_countries == ("86", "852", "853")


def test_a_production_answers_to_the_bands_host_and_to_those_named(complete: dict[str, Any]) -> None:
    assert load(**complete).hosts == {"hb.example"}
    more = load(**complete, other_hosts="Desk.example, family.example:8443")
    assert more.hosts == {"hb.example", "desk.example", "family.example:8443"}


@pytest.mark.parametrize("written", ["https://desk.example", "desk example", "*", "desk.example/"])
def test_another_host_is_a_plain_host(written: str) -> None:
    assert "OTHER_HOSTS" in refusal(other_hosts=written)


# ---- production


def test_a_complete_production_starts(complete: dict[str, Any]) -> None:
    assert load(**complete).production


@pytest.mark.parametrize(
    "name", ["base_url", "data_dir", "keys_dir", "database_url", "sms_url", "sms_key_file", "organisation"]
)
def test_a_production_that_lacks_something_is_refused_with_its_name(complete: dict[str, Any], name: str) -> None:
    del complete[name]
    assert name in refusal(**complete)


def test_everything_that_is_missing_is_told_at_once() -> None:
    told = refusal(mode="production")
    for name in ("base_url", "data_dir", "keys_dir", "database_url", "sms_url", "sms_key_file", "organisation"):
        assert name in told


@pytest.mark.parametrize(
    ("name", "empty"),
    [("data_dir", ""), ("keys_dir", ""), ("database_url", ""), ("sms_url", ""), ("organisation", " ")],
)
def test_an_empty_setting_is_a_missing_one(complete: dict[str, Any], name: str, empty: str) -> None:
    assert name in refusal(**{**complete, name: empty})


@pytest.mark.parametrize("name", ["base_url", "sms_url"])
@pytest.mark.parametrize(
    "host",
    [
        "http://hb.example",
        "https://localhost",
        "https://LOCALHOST:8443",
        "https://localhost.",
        "https://me.localhost",
        "https://127.0.0.1",
        "https://127.9.9.9:8000",
        "https://127.1",
        "https://2130706433",
        "https://0x7f.1",
        "https://0x7f000001",
        "https://0.0.0.0",
        "https://[::1]",
        "https://[::]",
        "https://[::ffff:127.0.0.1]",
    ],
)
def test_a_production_is_reached_by_https_and_not_by_a_loopback_address(
    complete: dict[str, Any], name: str, host: str
) -> None:
    assert f"{name} must be https and not a loopback address" in refusal(**{**complete, name: host})


@pytest.mark.parametrize("host", ["https://hb.example", "https://hb.example:8443", "https://xn--fiq228c.example"])
def test_a_public_name_is_taken(complete: dict[str, Any], host: str) -> None:
    assert load(**{**complete, "base_url": host}).base_url == host


def test_a_demonstration_is_no_production(complete: dict[str, Any]) -> None:
    assert "demonstration" in refusal(**complete, demonstration=True)


def test_the_default_organisation_does_not_reach_a_production(complete: dict[str, Any]) -> None:
    del complete["organisation"]
    assert "organisation" in refusal(**complete)


# ---- secrets and files


@pytest.mark.parametrize("name", ["database_url_file", "sms_key_file", "print_font"])
def test_a_file_that_is_not_there_is_named(tmp_path: Path, name: str) -> None:
    told = refusal(**{name: tmp_path / "nowhere"})
    assert f"WRISTBAND_{name.upper()}" in told
    assert "there is no file" in told


def test_a_database_file_that_says_nothing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "url").write_text(" \n")
    assert "is empty" in refusal(database_url_file=tmp_path / "url")


def test_a_short_key_of_the_sms_gateway_is_refused_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("k" * 31 + "\n")
    assert "fewer than 32 bytes" in refusal(sms_key_file=tmp_path / "key")


def test_a_police_platform_of_a_production_has_a_key_and_is_reached_by_https(
    complete: dict[str, Any], tmp_path: Path
) -> None:
    assert "police_key_file" in refusal(**complete, police_url="https://police.example/events")
    (tmp_path / "police.key").write_text("a secret of thirty-two bytes or more")
    keyed = {**complete, "police_key_file": tmp_path / "police.key"}
    assert "police_url must be https" in refusal(**keyed, police_url="http://police.example/events")
    assert load(**keyed, police_url="https://police.example/events").police_key


def test_the_database_may_be_told_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql+psycopg://wristband:secret@db/wristband\n")
    assert load(database_url_file=tmp_path / "url").database == "postgresql+psycopg://wristband:secret@db/wristband"


def test_settings_do_not_show_the_database_password() -> None:
    assert "hunter2" not in repr(load(database_url="postgresql+psycopg://wristband:hunter2@db/wristband"))


def test_a_fault_is_told_without_the_value_that_was_wrong() -> None:
    assert "hunter2" not in refusal(trusted_proxies="hunter2", database_url="postgresql://me:hunter2@db/x")


# ---- each setting


def test_settings_cannot_be_changed_afterwards() -> None:
    with pytest.raises(ValidationError):
        load().mode = "production"  # type: ignore[assignment]


def test_a_setting_nobody_knows_is_refused() -> None:
    assert "EXTRA" in refusal(extra="1").upper()


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WRISTBAND_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("WRISTBAND_DOORS", "finder, police")
    monkeypatch.setenv("WRISTBAND_DEMONSTRATION", "1")
    settings = load()
    assert (settings.data_dir, settings.doors, settings.demonstration) == (tmp_path, ("finder", "police"), True)


@pytest.mark.parametrize("doors", ["", "window", "finder,window", ","])
def test_a_door_that_is_not_there_is_refused(doors: str) -> None:
    assert "choose from finder, family, police, platform" in refusal(doors=doors)


def test_every_door_is_served_unless_told_otherwise() -> None:
    assert load().doors == DOORS


@pytest.mark.parametrize(
    "address",
    [
        "hb.example",
        "ftp://hb.example",
        "https://",
        "https:///t",
        "https://hb.example/path",
        "https://hb.example?query=1",
        "https://hb.example#part",
        "https://me@hb.example",
        "https://hb.example:port",
        "https://hb.example:99999",
        "https://手环.example",
        "https://hb .example",
        "https://hb.example\nx",
        "https://[::1",
        "",
    ],
)
def test_the_frozen_address_is_a_scheme_and_a_host_and_nothing_else(address: str) -> None:
    assert "WRISTBAND_BASE_URL" in refusal(base_url=address)


@pytest.mark.parametrize("given", ["https://HB.Example", "https://hb.example/"])
def test_the_frozen_address_has_one_spelling(given: str) -> None:
    assert load(base_url=given).base_url == "https://hb.example"


@pytest.mark.parametrize(
    ("case", "prefix"), [("upper", "HTTPS://HB.EXAMPLE:8443/T/"), ("lower", "https://hb.example:8443/t/")]
)
def test_the_symbol_writes_the_address_in_the_case_that_was_chosen(case: str, prefix: str) -> None:
    settings = load(base_url="https://hb.example:8443", address_case=case)
    assert settings.token_prefix == prefix
    assert settings.host == "hb.example:8443"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("worker_lease_s", 4),
        ("worker_lease_s", 3601),
        ("trusted_proxies", -1),
        ("trusted_proxies", 4),
        ("stream_limit", 0),
        ("mode", "staging"),
        ("address_case", "title"),
    ],
)
def test_a_setting_out_of_its_range_is_named(name: str, value: object) -> None:
    assert f"WRISTBAND_{name.upper()}" in refusal(**{name: value})


def test_a_development_lives_in_one_folder(tmp_path: Path) -> None:
    settings = load(data_dir=tmp_path)
    assert settings.keys_path == tmp_path / "keys"
    assert settings.database == f"sqlite:///{tmp_path / 'wristband.db'}"
    assert settings.sms_key is None
