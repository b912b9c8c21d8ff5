"""Which gateways an instance uses: the simple way, the gateways file, the printed ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.gateways.rigs import ABROAD, AT, RECIPIENT
from tests.gateways.written import ONE, WHOLE, faults_of, names, settings
from wristband import gateways
from wristband.config import SettingsWrong, load


class Ring:
    """A ring without keys."""

    def find(self, purpose: str, key_id: str) -> bytes | None:
        return None


def test_without_anything_every_channel_is_printed(folder: Path) -> None:
    chosen = gateways.choose(settings(folder))
    assert names(chosen) == {channel: ["printed"] for channel in ("sms", "voice", "mail", "chat", "push")}
    assert {rota.name for rota in chosen.values()} == {"printed"}


def test_the_file_names_them_in_order_of_preference(folder: Path) -> None:
    assert names(gateways.choose(settings(folder, WHOLE, production=True), Ring())) == {
        "sms": ["aliyun_sms", "tencent_sms", "twilio_sms"],
        "voice": ["aliyun_voice", "twilio_voice", "calls"],
        "mail": ["mail"],
        "chat": ["chat"],
        "push": ["push"],
    }


def test_the_simple_way_comes_first(folder: Path) -> None:
    simple = {"sms_url": "https://sms.example/in", "voice_url": "https://voice.example/in"}
    chosen = names(gateways.choose(settings(folder, WHOLE, **simple)))
    assert chosen["sms"][0] == "sms"
    assert chosen["voice"][0] == "voice"
    assert names(gateways.choose(settings(folder, **simple)))["sms"] == ["sms"]


def test_in_production_a_channel_without_a_gateway_is_not_there(folder: Path) -> None:
    assert list(gateways.choose(settings(folder, ONE, production=True))) == ["sms"]


def test_outside_production_what_the_file_leaves_out_is_printed(folder: Path) -> None:
    assert names(gateways.choose(settings(folder, ONE)))["voice"] == ["printed"]


def test_a_production_without_sms_does_not_start(folder: Path) -> None:
    assert faults_of(folder, "[chat]\n", production=True) == [
        "production needs an SMS gateway: WRISTBAND_SMS_URL or [[sms]]"
    ]


def test_push_needs_keys(folder: Path) -> None:
    assert "push" not in gateways.choose(settings(folder, WHOLE, production=True))


def test_masked_calls_are_printed_or_as_the_file_says_or_not_there(folder: Path) -> None:
    here, abroad = (RECIPIENT, "+8613900139000"), (ABROAD, "+85257654321")
    printed = gateways.choose_masked(settings(folder))
    chosen = gateways.choose_masked(settings(folder, WHOLE, production=True))
    assert printed is not None
    assert printed.connect(*here, key="k" * 16, until=AT, now=AT).reference == f"printed:{'k' * 16}"
    assert chosen is not None
    assert (chosen.takes(*here), chosen.takes(*abroad), chosen.takes(here[0], abroad[0])) == (True, True, False)
    assert gateways.choose_masked(settings(folder, ONE, production=True)) is None


def test_receipts_come_to_those_that_read_them_by_name(folder: Path) -> None:
    chosen = gateways.choose(settings(folder, WHOLE, sms_url="https://sms.example/in"))
    assert sorted(gateways.readers(chosen)) == [
        "aliyun_sms",
        "aliyun_voice",
        "calls",
        "sms",
        "tencent_sms",
        "twilio_sms",
        "twilio_voice",
    ]
    assert gateways.readers(gateways.choose(settings(folder))) == {}


# ---- the simple way


def test_a_production_may_have_a_file_in_place_of_an_address(folder: Path) -> None:
    (folder / "gateways.toml").write_text(ONE)
    told: dict[str, Any] = {
        "mode": "production",
        "base_url": "https://hb.example",
        "data_dir": folder / "data",
        "keys_dir": folder / "keys",
        "database_url": "postgresql+psycopg://wristband@/wristband",
        "organisation": "示例市公安局",
    }
    assert load(**told, gateways_file=folder / "gateways.toml").production
    for more, missing in (({}, "sms_url or gateways_file"), ({"sms_url": "https://sms.example"}, "sms_key_file")):
        with pytest.raises(SettingsWrong) as wrong:
            load(**told, **more)
        assert missing in wrong.value.facts["faults"]
    with pytest.raises(SettingsWrong) as wrong:
        load(**told, gateways_file=folder / "gateways.toml", voice_url="http://voice.example")
    assert "voice_key_file" in wrong.value.facts["faults"]


def test_the_voice_gateway_is_called_by_https_and_with_a_long_key(folder: Path) -> None:
    (folder / "voice.key").write_text("k" * 31)
    with pytest.raises(SettingsWrong) as wrong:
        load(voice_key_file=folder / "voice.key")
    assert "WRISTBAND_VOICE_KEY_FILE" in wrong.value.facts["faults"]
    (folder / "voice.key").write_text("k" * 32)
    assert load(voice_key_file=folder / "voice.key").voice_key == b"k" * 32
