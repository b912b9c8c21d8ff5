"""The gateways file: what is wrong with one is told in a sentence that says where, and shows no secret."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.gateways.rigs import RECEIPT_SECRET
from tests.gateways.written import ONE, WHOLE, faults_of, names, settings
from wristband import gateways
from wristband.config import SettingsWrong, load
from wristband.gateways.file import read
from wristband.gateways.settings import GatewaysWrong


def test_each_fault_is_one_sentence_that_says_where(folder: Path) -> None:
    text = """
[[sms]]
provider = "aliyun"
key_id = "x"
key_secret_file = "nowhere.secret"
sign_name = ""
colour = "red"

[sms.templates.band_scanned]
params = { code = 7 }

[[sms]]
provider = "carrier pigeon"

[[sms]]
key_id = "x"

[[voice]]
provider = "http"
name = "Calls!"
url = "calls.example"
key_file = "aliyun.secret"

[post]
"""
    faults = faults_of(folder, text)
    said = " | ".join(faults)
    for where, what in (
        ("sms 1 (aliyun) key_secret_file", "there is no file"),
        ("sms 1 (aliyun) sign_name", "at least 1 character"),
        ("sms 1 (aliyun) colour", "is not known here"),
        ("sms 1 (aliyun) templates band_scanned code", "is missing"),
        ("sms 1 (aliyun) templates band_scanned params code", "valid string"),
        ("sms 2", "choose a provider from 'aliyun', 'tencent', 'twilio', 'http'"),
        ("sms 3", "provider is missing"),
        ("voice 1 (http) name", "match"),
        ("voice 1 (http) url", "write it as https://HOST"),
        ("voice 1 (http) key_file", "holds fewer than 32 bytes"),
        ("post", "is not known here"),
    ):
        assert any(fault.startswith(f"{where}: ") and what in fault for fault in faults), f"{where}: {what} in {said}"


@pytest.mark.parametrize(
    ("text", "place"),
    [("[[sms]\n", "at line 1"), ('a = "\n', "at line 1"), ('x = 1\npassword = "hunter2\n', "at line 2")],
)
def test_what_is_no_toml_is_told_by_its_place_and_never_quoted(folder: Path, text: str, place: str) -> None:
    told = faults_of(folder, text)[0]
    assert place in told
    assert "hunter2" not in told


def test_a_file_in_another_encoding_is_told(folder: Path) -> None:
    (folder / "gateways.toml").write_bytes('[[sms]]\nsign_name = "黄手环"\n'.encode("gb18030"))
    with pytest.raises(GatewaysWrong) as wrong:
        gateways.choose(load(data_dir=folder, gateways_file=folder / "gateways.toml"))
    assert "no TOML in UTF-8" in wrong.value.facts["faults"]


def test_a_file_that_is_not_there_stops_the_start(folder: Path) -> None:
    with pytest.raises(SettingsWrong) as wrong:
        load(gateways_file=folder / "nowhere.toml")
    assert "WRISTBAND_GATEWAYS_FILE: there is no file" in wrong.value.facts["faults"]


def test_two_gateways_of_one_name_are_refused(folder: Path) -> None:
    assert faults_of(folder, ONE + ONE) == ["two gateways are called twilio_sms: give each a name of its own"]
    second = ONE + ONE + 'name = "twilio_backup"\n'
    assert names(gateways.choose(settings(folder, second)))["sms"] == ["twilio_sms", "twilio_backup"]


@pytest.mark.parametrize("endpoint", ["http://api.example", "https://localhost", "https://127.0.0.1", "https://[::1]"])
def test_a_production_calls_https_and_not_itself(folder: Path, endpoint: str) -> None:
    text = ONE + f'endpoint = "{endpoint}"\n'
    assert faults_of(folder, text, production=True) == [
        "sms 1 (twilio) endpoint: must be https and not a loopback address in production"
    ]
    assert names(gateways.choose(settings(folder, text)))["sms"] == ["twilio_sms"]


@pytest.mark.parametrize("secret", ["", "short", "x" * 31, "x" * 31 + "&", "x" * 31 + " y"])
def test_a_secret_of_an_address_is_long_and_fits_into_one(folder: Path, secret: str) -> None:
    (folder / "receipts.secret").write_text(secret)
    assert faults_of(folder, WHOLE)[0].startswith("sms 1 (aliyun) receipt_secret_file: ")


def test_a_secret_that_others_can_read_is_warned_of(folder: Path) -> None:
    (folder / "twilio.secret").chmod(0o644)
    with capture_logs() as lines:
        gateways.choose(settings(folder, ONE))
    assert [(line["event"], os.path.basename(line["file"])) for line in lines] == [
        ("secret_readable_by_others", "twilio.secret")
    ]


def test_nothing_shows_a_secret(folder: Path) -> None:
    (folder / "gateways.toml").write_text(WHOLE)
    written = read(folder / "gateways.toml", production=False)
    with capture_logs() as lines:
        chosen = gateways.choose(settings(folder, WHOLE))
    everything = f"{written!r} {written} {chosen} {lines}"
    for secret in ("secret-of-aliyun", "secret-of-tencent", "secret-of-twilio", "secret-of-the-calls", RECEIPT_SECRET):
        assert secret not in everything


@pytest.mark.parametrize(
    "wrong", ['sender = "hunter2"', 'sender = 7\nmessaging_service = "hunter2"', 'name = "hunter2!"']
)
def test_a_wrong_value_is_not_repeated(folder: Path, wrong: str) -> None:
    text = ONE.replace('sender = "+12025550100"', wrong)
    assert "hunter2" not in " ".join(faults_of(folder, text))


def test_a_text_comes_from_one_sender(folder: Path) -> None:
    neither = ONE.replace('sender = "+12025550100"', "")
    both = ONE + f'messaging_service = "MG{"0" * 32}"\n'
    for text in (neither, both):
        assert faults_of(folder, text) == ["sms 1 (twilio): give a sender, or for texts a messaging_service"]
