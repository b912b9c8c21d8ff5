"""Alibaba Cloud, Tencent Cloud and Twilio as SMS gateways: their calls, their codes, what they do in doubt."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from jinja2 import Environment, meta
from structlog.testing import capture_logs

from tests.gateways.fake_wire import FakeWire
from tests.gateways.providers import FakeAliyun, FakeTencent, FakeTwilio
from tests.gateways.rigs import ABROAD, BASE, FACTS, aliyun_sms, handover, tencent_sms, twilio_sms
from wristband.gateways import templates
from wristband.gateways.contract import Blame, Gateway, GatewayFault, Handover
from wristband.outbox import wording
from wristband.places import templates_folder
from wristband.values.web_address import without_links

WORDINGS = sorted(path.stem for path in (templates_folder() / "messages" / "zh-CN").glob("*.txt"))
LINKS = [
    "https://evil.example/x?y=1",
    "http://1.2.3.4",
    "www.example.com",
    "看 example.cn 这里",
    "打开evil.example/路径，谢谢",
    "xn--fiq228c.example",
    "1.2.3.4:80",
    "HTTPS://HB.EXAMPLE/T/ABC",
    "weixin://dl/business",
    "例子.example.中国",
]


def fault_of(gateway: Gateway, message: Handover) -> GatewayFault:
    with pytest.raises(GatewayFault) as fault:
        gateway.hand_over(message)
    return fault.value


def with_facts(**facts: str) -> Handover:
    return dataclasses.replace(handover(), facts=FACTS | facts)


# ---- approved texts


def test_the_call_names_number_signature_text_and_variables(tmp_path: Path, wire: FakeWire) -> None:
    cloud = FakeAliyun()
    wire.behaviour = cloud
    aliyun_sms(tmp_path, wire.url).hand_over(handover())
    action, asked = cloud.calls[0]
    assert action == "SendSms"
    assert {name: asked[name] for name in ("PhoneNumbers", "SignName", "TemplateCode", "OutId")} == {
        "PhoneNumbers": "13800138000",
        "SignName": "同安黄手环",
        "TemplateCode": "SMS_1",
        "OutId": "message-0000000000000001",
    }
    assert json.loads(asked["TemplateParam"]) == {"who": "同安黄手环", "code": "482913"}
    assert wire.sent[0].headers["x-acs-version"] == "2017-05-25"


def test_the_same_in_rpc_style_where_that_is_set(tmp_path: Path, wire: FakeWire) -> None:
    cloud = FakeAliyun()
    wire.behaviour = cloud
    aliyun_sms(tmp_path, wire.url, signature="rpc").hand_over(handover())
    assert cloud.done == [("message-0000000000000001", "同安黄手环|482913")]


def test_tencents_call_names_application_text_and_variables_in_order(tmp_path: Path, wire: FakeWire) -> None:
    wire.behaviour = FakeTencent()
    receipt = tencent_sms(tmp_path, wire.url).hand_over(handover())
    assert wire.sent[0].content == {
        "PhoneNumberSet": ["+8613800138000"],
        "SmsSdkAppId": "1400000000",
        "SignName": "同安黄手环",
        "TemplateId": "100001",
        "TemplateParamSet": ["同安黄手环", "482913"],
        "SessionContext": "message-0000000000000001",
    }
    assert {name: wire.sent[0].headers[name] for name in ("X-TC-Action", "X-TC-Version", "X-TC-Region")} == {
        "X-TC-Action": "SendSms",
        "X-TC-Version": "2021-01-11",
        "X-TC-Region": "ap-guangzhou",
    }
    assert receipt.reference == "2028:1"


@pytest.mark.parametrize("make", [aliyun_sms, tencent_sms])
def test_a_wording_without_a_text_is_told_to_the_operator_and_waits(tmp_path: Path, wire: FakeWire, make: type) -> None:
    gateway = make(tmp_path, wire.url)
    message = dataclasses.replace(handover(), wording="band_scanned")
    with capture_logs() as lines:
        fault = fault_of(gateway, message)
    assert (fault.permanent, fault.code, fault.blame) == (False, "no_template", Blame.MESSAGE)
    assert {"event": "no_template", "kind": "sms", "wording": "band_scanned", "log_level": "error"} in lines
    assert not gateway.takes(message)
    assert wire.sent == []


@pytest.mark.parametrize("make", [aliyun_sms, tencent_sms])
def test_a_text_that_asks_for_a_fact_there_is_not_waits_too(tmp_path: Path, wire: FakeWire, make: type) -> None:
    fault = fault_of(make(tmp_path, wire.url), dataclasses.replace(handover(), facts={"organisation": "同安"}))
    assert (fault.permanent, fault.code, fault.blame) == (False, "no_fact", Blame.MESSAGE)
    assert wire.sent == []


@pytest.mark.parametrize("make", [aliyun_sms, tencent_sms])
@pytest.mark.parametrize("recipient", [ABROAD, "+12025550143"])
def test_numbers_abroad_are_not_theirs(tmp_path: Path, wire: FakeWire, make: type, recipient: str) -> None:
    gateway = make(tmp_path, wire.url)
    fault = fault_of(gateway, handover(recipient=recipient))
    assert (fault.permanent, fault.code, fault.blame) == (False, "country_not_served", Blame.MESSAGE)
    assert not gateway.takes(handover(recipient=recipient))
    assert wire.sent == []


def test_numbers_of_the_mainland_are_not_twilios(tmp_path: Path, wire: FakeWire) -> None:
    gateway = twilio_sms(tmp_path, wire.url)
    assert fault_of(gateway, handover()).code == "country_not_served"
    assert not gateway.takes(handover())
    assert gateway.takes(handover(recipient=ABROAD))
    assert wire.sent == []


# ---- what a variable may hold


def test_a_variable_longer_than_the_provider_takes_is_cut_and_says_so(tmp_path: Path, wire: FakeWire) -> None:
    cloud, other = FakeAliyun(), FakeTencent()
    wire.behaviour = cloud
    aliyun_sms(tmp_path, wire.url).hand_over(with_facts(organisation="字" * 2000))
    wire.behaviour = other
    tencent_sms(tmp_path, wire.url).hand_over(with_facts(organisation="🙂" * 2000))
    assert cloud.done[0][1] == "字" * 34 + "…|482913"
    assert other.done[0][1] == "🙂" * 11 + "…|482913"


def test_an_empty_fact_is_written_as_none(tmp_path: Path, wire: FakeWire) -> None:
    cloud = FakeAliyun()
    wire.behaviour = cloud
    aliyun_sms(tmp_path, wire.url).hand_over(with_facts(organisation=" \n"))
    assert cloud.done[0][1] == "无|482913"


@pytest.mark.parametrize("link", LINKS)
def test_no_link_ever_stands_in_a_variable(tmp_path: Path, wire: FakeWire, link: str) -> None:
    for make, cloud in ((aliyun_sms, FakeAliyun()), (tencent_sms, FakeTencent())):
        wire.behaviour = cloud
        make(tmp_path, wire.url, longest_variable=200).hand_over(with_facts(organisation=f"甲{link}乙"))
        said = cloud.done[0][1]
        assert "（网址略）" in said
        assert without_links(said, "!") == said


@pytest.mark.parametrize("name", WORDINGS)
def test_no_wording_of_ours_holds_a_link_whatever_its_facts(name: str) -> None:
    source = (templates_folder() / "messages" / "zh-CN" / f"{name}.txt").read_text(encoding="utf-8")
    assert without_links(source, "!") == source
    names = meta.find_undeclared_variables(Environment(autoescape=True).parse(source))
    facts = dict.fromkeys(names, "0592") | {"what": "edited" if name == "record_changed" else "contacts"}
    body = wording.render(name, "zh-CN", facts)
    assert without_links(body, "!") == body


def test_what_is_no_link_stays_as_it_is() -> None:
    for text in ("11月24日 14:05", "同安分局 0592-7022110", "尾号 8F3K", "第3.5条", "1.5 公里", "A.B.", "…", "手环2.0"):
        assert without_links(text, "!") == text


def test_control_and_direction_characters_do_not_reach_a_variable() -> None:
    message = with_facts(organisation="甲\r\n\x00乙\u202e丙\u2028丁")
    assert templates.fill(message, ["organisation"], 60) == ["甲 乙 丙 丁"]


# ---- twilio


def test_twilio_is_given_number_sender_body_and_where_to_tell(tmp_path: Path, wire: FakeWire) -> None:
    cloud = FakeTwilio()
    wire.behaviour = cloud
    receipt = twilio_sms(tmp_path, wire.url).hand_over(handover(recipient=ABROAD, body="谢谢 & +1=2"))
    assert cloud.asked == [
        {
            "To": ABROAD,
            "Body": "谢谢 & +1=2",
            "From": "+12025550100",
            "StatusCallback": f"{BASE}/platform/receipts/twilio_sms",
        }
    ]
    assert receipt.reference == f"SM{1:032x}"


def test_a_messaging_service_sends_in_place_of_a_number(tmp_path: Path, wire: FakeWire) -> None:
    cloud = FakeTwilio()
    wire.behaviour = cloud
    service = "MG" + "0" * 32
    gateway = twilio_sms(tmp_path, wire.url, sender=None, messaging_service=service, base="")
    gateway.hand_over(handover(recipient=ABROAD))
    assert cloud.asked[0]["MessagingServiceSid"] == service
    assert not {"From", "StatusCallback"} & set(cloud.asked[0])


def test_a_body_longer_than_twilio_takes_is_cut_and_says_so(tmp_path: Path, wire: FakeWire) -> None:
    cloud = FakeTwilio()
    wire.behaviour = cloud
    twilio_sms(tmp_path, wire.url).hand_over(handover(recipient=ABROAD, body="🙂" * 2000))
    assert cloud.done[0][1] == "🙂" * 1599 + "…"
