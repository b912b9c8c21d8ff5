"""An attempt whose end nobody knows: Alibaba Cloud is asked, and a text sent twice beats one never sent."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.gateways.fake_wire import FakeWire, replying
from tests.gateways.providers import FakeAliyun
from tests.gateways.rigs import HASTY, aliyun_sms, handover
from wristband.gateways.contract import Gateway, GatewayFault, Handover


def fault_of(gateway: Gateway, message: Handover) -> GatewayFault:
    with pytest.raises(GatewayFault) as fault:
        gateway.hand_over(message)
    return fault.value


def test_after_a_lost_answer_aliyun_is_asked_and_the_text_is_not_sent_again(tmp_path: Path, wire: FakeWire) -> None:
    cloud = FakeAliyun(loses_answer=True)
    wire.behaviour = cloud
    gateway = aliyun_sms(tmp_path, wire.url)
    assert fault_of(gateway, handover()).in_doubt
    receipt = gateway.hand_over(handover())
    assert receipt.reference == "message-0000000000000001"
    assert [action for action, _ in cloud.calls] == ["SendSms", "QuerySendDetails"]
    assert len(cloud.done) == 1


def test_asking_names_number_and_day_in_china(tmp_path: Path, wire: FakeWire) -> None:
    cloud = FakeAliyun()
    wire.behaviour = cloud
    at = datetime(2026, 11, 24, 16, 10, tzinfo=UTC)  # ten past midnight there
    aliyun_sms(tmp_path, wire.url).hand_over(dataclasses.replace(handover(), again=True, at=at))
    asked = [parameters for action, parameters in cloud.calls if action == "QuerySendDetails"]
    assert [parameters["SendDate"] for parameters in asked] == ["20261124", "20261125"]
    assert {parameters["PhoneNumber"] for parameters in asked} == {"13800138000"}


def test_a_text_that_aliyun_never_had_is_sent_again(tmp_path: Path, wire: FakeWire) -> None:
    wire.behaviour = replying(502)
    gateway = aliyun_sms(tmp_path, wire.url)
    assert fault_of(gateway, handover()).in_doubt
    cloud = FakeAliyun()
    wire.behaviour = cloud
    gateway.hand_over(handover())
    assert [action for action, _ in cloud.calls] == ["QuerySendDetails", "SendSms"]
    assert len(cloud.done) == 1


def test_another_worker_asks_because_it_is_told_that_this_is_a_second_try(tmp_path: Path, wire: FakeWire) -> None:
    cloud = FakeAliyun(done=[("message-0000000000000001", "同安黄手环|482913")])
    wire.behaviour = cloud
    aliyun_sms(tmp_path, wire.url).hand_over(dataclasses.replace(handover(), again=True))
    assert len(cloud.done) == 1


def test_a_text_that_failed_there_is_sent_again(tmp_path: Path, wire: FakeWire) -> None:
    cloud = FakeAliyun(done=[("message-0000000000000001", "x")])
    cloud.act = lambda action, asked: (  # type: ignore[method-assign]
        {"SmsSendDetailDTOs": {"SmsSendDetailDTO": [{"OutId": "message-0000000000000001", "SendStatus": 2}]}}
        if action == "QuerySendDetails"
        else FakeAliyun.act(cloud, action, asked)
    )
    wire.behaviour = cloud
    aliyun_sms(tmp_path, wire.url).hand_over(dataclasses.replace(handover(), again=True))
    assert len(cloud.done) == 2


def test_where_asking_fails_too_twice_beats_never(tmp_path: Path, wire: FakeWire) -> None:
    cloud = FakeAliyun()
    cloud.act = lambda action, asked: (  # type: ignore[method-assign]
        {"Code": "isp.RAM_PERMISSION_DENY"} if action == "QuerySendDetails" else FakeAliyun.act(cloud, action, asked)
    )
    wire.behaviour = cloud
    aliyun_sms(tmp_path, wire.url).hand_over(dataclasses.replace(handover(), again=True))
    assert len(cloud.done) == 1


@pytest.mark.parametrize("details", [None, [], {"SmsSendDetailDTO": None}, {"SmsSendDetailDTO": ["x", None]}])
def test_an_answer_to_asking_that_says_nothing_is_a_no(tmp_path: Path, wire: FakeWire, details: object) -> None:
    cloud = FakeAliyun()
    cloud.act = lambda action, asked: (  # type: ignore[method-assign]
        {"SmsSendDetailDTOs": details} if action == "QuerySendDetails" else FakeAliyun.act(cloud, action, asked)
    )
    wire.behaviour = cloud
    aliyun_sms(tmp_path, wire.url).hand_over(dataclasses.replace(handover(), again=True))
    assert len(cloud.done) == 1


def test_a_first_attempt_asks_nobody(tmp_path: Path, wire: FakeWire) -> None:
    cloud = FakeAliyun()
    wire.behaviour = cloud
    gateway = aliyun_sms(tmp_path, wire.url)
    gateway.hand_over(handover("message-0000000000000001"))
    gateway.hand_over(handover("message-0000000000000002"))
    assert [action for action, _ in cloud.calls] == ["SendSms", "SendSms"]


def test_a_gateway_that_could_not_be_reached_leaves_no_doubt(tmp_path: Path) -> None:
    assert not fault_of(aliyun_sms(tmp_path, "http://gateway.invalid", HASTY), handover()).in_doubt
