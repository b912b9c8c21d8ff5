"""Alibaba Cloud and Twilio as voice gateways: their calls, their codes, the key that says "I have heard"."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.gateways.fake_wire import FakeWire
from tests.gateways.providers import FakeAliyun, FakeTwilio
from tests.gateways.rigs import ABROAD, BASE, FACTS, aliyun_voice, handover, twilio_voice
from wristband.gateways.contract import Blame, Gateway, GatewayFault, Handover
from wristband.gateways.voice_aliyun import out_id_of
from wristband.gateways.voice_twilio import spoken

BIGGEST = 2**63 - 1


def fault_of(gateway: Gateway, message: Handover) -> GatewayFault:
    with pytest.raises(GatewayFault) as fault:
        gateway.hand_over(message)
    return fault.value


def test_aliyuns_call_names_number_text_variables_and_how_often(tmp_path: Path, wire: FakeWire) -> None:
    cloud = FakeAliyun()
    wire.behaviour = cloud
    receipt = aliyun_voice(tmp_path, wire.url, show_number="05920000000", play_times=2).hand_over(handover())
    action, asked = cloud.calls[0]
    assert action == "SingleCallByTts"
    assert json.loads(asked.pop("TtsParam")) == {"who": "同安黄手环", "code": "482913"}
    assert asked == {
        "CalledShowNumber": "05920000000",
        "CalledNumber": "13800138000",
        "TtsCode": "SMS_1",
        "PlayTimes": "2",
        "OutId": "m1",
    }
    assert receipt.reference == "m1"


def test_in_the_public_mode_no_number_is_shown(tmp_path: Path, wire: FakeWire) -> None:
    cloud = FakeAliyun()
    wire.behaviour = cloud
    aliyun_voice(tmp_path, wire.url).hand_over(handover())
    assert "CalledShowNumber" not in cloud.calls[0][1]


def test_a_call_that_waits_for_key_one_is_another_one(tmp_path: Path, wire: FakeWire) -> None:
    cloud = FakeAliyun()
    wire.behaviour = cloud
    receipt = aliyun_voice(tmp_path, wire.url, show_number="05920000000", thanks_code="TTS_9").hand_over(handover())
    action, asked = cloud.calls[0]
    assert action == "IvrCall"
    assert json.loads(asked.pop("StartTtsParams")) == {"who": "同安黄手环", "code": "482913"}
    assert asked == {
        "CalledShowNumber": "05920000000",
        "CalledNumber": "13800138000",
        "StartCode": "SMS_1",
        "MenuKeyMap.1.Key": "1",
        "MenuKeyMap.1.Code": "TTS_9",
        "Timeout": "8000",
        "PlayTimes": "3",
        "OutId": "m1",
    }
    assert receipt.reference == "m1"


def test_such_a_call_comes_from_a_number(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="thanks_code needs a show_number"):
        aliyun_voice(tmp_path, "https://cloud.example", thanks_code="TTS_9")


@pytest.mark.parametrize(
    ("e164", "dialled"),
    [("+8613800138000", "13800138000"), ("+865920000000", "05920000000"), ("+864008123123", "4008123123")],
)
def test_a_landline_is_dialled_with_its_area_code(tmp_path: Path, wire: FakeWire, e164: str, dialled: str) -> None:
    cloud = FakeAliyun()
    wire.behaviour = cloud
    aliyun_voice(tmp_path, wire.url).hand_over(handover(recipient=e164))
    assert cloud.calls[0][1]["CalledNumber"] == dialled


def test_the_name_of_a_call_fits_into_fifteen_bytes_and_is_one_messages_own() -> None:
    numbers = [0, 1, 35, 36, 10**15, BIGGEST - 1, BIGGEST]
    names = [out_id_of(number) for number in numbers]
    assert len(set(names)) == len(numbers)
    assert all(len(name.encode()) <= 15 for name in names)


@pytest.mark.parametrize(
    ("code", "permanent", "blame"),
    [
        ("isv.MOBILE_NUMBER_ILLEGAL", True, Blame.GATEWAY),
        ("isv.BUSINESS_LIMIT_CONTROL", False, Blame.MESSAGE),
        ("isv.VOICE_ROBOT_NOT_PERIOD", False, Blame.MESSAGE),
        ("ComplaintReject", False, Blame.MESSAGE),
        ("isv.DISPLAY_NUMBER_ILLEGAL", False, Blame.OUTAGE),
        ("isv.AMOUNT_NOT_ENOUGH", False, Blame.OUTAGE),
        ("isv.TTS_TEMPLATE_ILLEGAL", False, Blame.GATEWAY),
        ("isv.VOICE_CALL_FAIL", False, Blame.GATEWAY),
    ],
)
def test_aliyuns_codes(tmp_path: Path, wire: FakeWire, code: str, permanent: bool, blame: Blame) -> None:
    wire.behaviour = FakeAliyun(refuses=code)
    fault = fault_of(aliyun_voice(tmp_path, wire.url), handover())
    assert (fault.permanent, fault.code, fault.blame) == (permanent, code.lower(), blame)


def test_a_long_fact_is_cut_and_holds_no_link(tmp_path: Path, wire: FakeWire) -> None:
    cloud = FakeAliyun()
    wire.behaviour = cloud
    long = dataclasses.replace(handover(), facts=FACTS | {"organisation": "去 evil.example " + "字" * 2000})
    aliyun_voice(tmp_path, wire.url).hand_over(long)
    said = cloud.done[0][1].partition("|")[0]
    assert said.startswith("去 （网址略）")
    assert (len(said), said[-1]) == (60, "…")


def test_each_serves_its_own_part_of_the_world(tmp_path: Path, wire: FakeWire) -> None:
    here, abroad = aliyun_voice(tmp_path, wire.url), twilio_voice(tmp_path, wire.url)
    assert (here.takes(handover()), here.takes(handover(recipient=ABROAD))) == (True, False)
    assert (abroad.takes(handover()), abroad.takes(handover(recipient=ABROAD))) == (False, True)
    assert fault_of(here, handover(recipient=ABROAD)).code == "country_not_served"
    assert fault_of(abroad, handover()).code == "country_not_served"
    assert wire.sent == []


def test_twilio_is_given_what_to_say_and_where_to_tell(tmp_path: Path, wire: FakeWire) -> None:
    cloud = FakeTwilio()
    wire.behaviour = cloud
    receipt = twilio_voice(tmp_path, wire.url).hand_over(handover(recipient=ABROAD, body="有人求助"))
    asked = cloud.asked[0]
    assert (asked["To"], asked["From"], asked["StatusCallback"]) == (
        ABROAD,
        "+12025550100",
        f"{BASE}/platform/receipts/twilio_voice",
    )
    gather = ElementTree.fromstring(asked["Twiml"])[0]  # noqa: S314  our own
    assert gather.attrib | {"timeout": ""} == {
        "numDigits": "1",
        "timeout": "",
        "method": "POST",
        "action": f"{BASE}/platform/receipts/twilio_voice?language=zh-CN",
    }
    assert [part.text for part in gather.iter("Say")] == ["有人求助 收到请按 1。"]
    assert receipt.reference == f"CA{1:032x}"


def test_a_body_is_read_in_its_language_and_in_ours_where_there_is_no_voice() -> None:
    voices = {language: ElementTree.fromstring(spoken("x", language, BASE)).iter("Say") for language in ("en", "fr")}  # noqa: S314
    assert [next(voices[language]).attrib["language"] for language in ("en", "fr")] == ["en-US", "zh-CN"]


@pytest.mark.parametrize("callback", ["", BASE])
def test_no_body_breaks_out_of_what_is_said_and_the_whole_fits(callback: str) -> None:
    for body in ("&" * 2000, "</Say><Dial>+12025550143</Dial>", '"&<>' * 500, "🙂" * 2000):
        document = spoken(body, "zh-CN", callback)
        assert {part.tag for part in ElementTree.fromstring(document).iter()} <= {"Response", "Gather", "Say"}  # noqa: S314
        assert len(document) <= 4000
    assert "…" in spoken("字" * 601, "zh-CN", callback)


def test_without_a_public_address_no_key_is_asked_for() -> None:
    assert "Gather" not in spoken("x", "zh-CN", "")
