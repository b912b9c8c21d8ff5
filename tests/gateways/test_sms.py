"""The SMS gateway's own call and table of codes."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest

from tests.gateways.fake_wire import FakeWire, replying
from tests.gateways.rigs import BODY, KEY, PATIENT, RECIPIENT, handover
from wristband.gateways.contract import GatewayFault
from wristband.gateways.sms import SmsGateway


@pytest.fixture
def gateway(wire: FakeWire) -> SmsGateway:
    return SmsGateway(wire.url, KEY, PATIENT)


def test_the_call_names_recipient_words_and_key(gateway: SmsGateway, wire: FakeWire) -> None:
    gateway.hand_over(handover())
    sent = wire.sent[0]
    assert sent.path == "/send?unit=7"
    assert sent.headers["Idempotency-Key"] == "message-0000000000000001"
    assert sent.content == {
        "to": RECIPIENT,
        "body": BODY,
        "wording": "sign_in_code",
        "language": "zh-CN",
        "key": "message-0000000000000001",
    }


def test_the_call_is_signed_over_time_key_and_body(gateway: SmsGateway, wire: FakeWire) -> None:
    gateway.hand_over(handover())
    sent = wire.sent[0]
    assert sent.is_signed_with(KEY)
    assert not sent.is_signed_with(KEY[::-1])
    for altered in (
        dataclasses.replace(sent, body=sent.body.replace(b"138", b"139")),
        dataclasses.replace(sent, headers=sent.headers | {"Wristband-Time": "1700000000"}),
        dataclasses.replace(sent, headers=sent.headers | {"Idempotency-Key": "message-0000000000000009"}),
    ):
        assert not altered.is_signed_with(KEY)


def test_a_later_attempt_is_signed_with_its_own_time(gateway: SmsGateway, wire: FakeWire) -> None:
    first = handover()
    gateway.hand_over(first)
    gateway.hand_over(dataclasses.replace(first, at=first.at + timedelta(minutes=5)))
    assert [int(sent.headers["Wristband-Time"]) for sent in wire.sent] == [1795500300, 1795500600]


def test_without_a_shared_key_nothing_is_signed(wire: FakeWire) -> None:
    SmsGateway(wire.url, None, PATIENT).hand_over(handover())
    assert "Wristband-Signature" not in wire.sent[0].headers


@pytest.mark.parametrize("key", [b"", KEY[:31]])
def test_a_shared_key_that_is_none_or_short_does_not_start(key: bytes) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        SmsGateway("https://sms.example.org/", key)


def test_the_receipt_holds_the_gateways_own_name_for_the_message(gateway: SmsGateway) -> None:
    assert gateway.hand_over(handover()).reference == "r-message-0000000000000001"


@pytest.mark.parametrize(
    ("answer", "permanent", "code"),
    [
        ({"accepted": False, "code": "recipient_invalid"}, True, "recipient_invalid"),
        ({"accepted": False, "code": "recipient_blocked"}, True, "recipient_blocked"),
        ({"accepted": False, "code": "content_refused"}, True, "content_refused"),
        ({"accepted": False, "code": "no_balance"}, False, "no_balance"),
        ({"accepted": False, "code": "too_many"}, False, "too_many"),
        ({"accepted": False}, False, "not_accepted"),
        ({"code": "isv.BUSINESS_LIMIT_CONTROL", "message": "busy"}, False, "isv.business_limit_control"),
        ({"error": "internal"}, False, "not_accepted"),
        ({"accepted": "true", "id": "1"}, False, "not_accepted"),
        ({"accepted": 1, "id": "1"}, False, "not_accepted"),
        ({"accepted": None, "code": {"a": 1}}, False, "odd_code"),
    ],
)
def test_a_two_hundred_that_does_not_accept_is_a_refusal(
    gateway: SmsGateway, wire: FakeWire, answer: dict[str, object], permanent: bool, code: str
) -> None:
    wire.behaviour = replying(200, answer)
    with pytest.raises(GatewayFault) as fault:
        gateway.hand_over(handover())
    assert (fault.value.permanent, fault.value.code) == (permanent, code)
