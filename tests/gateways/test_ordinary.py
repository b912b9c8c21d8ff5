"""The operator's own HTTP gateway, of texts or calls: its call, its table of codes, its receipts."""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import json
from datetime import timedelta

import pytest

from tests.gateways.fake_wire import FakeWire, replying
from tests.gateways.rigs import AT, BODY, KEY, PATIENT, RECIPIENT, handover
from wristband.gateways.contract import GatewayFault, ReceiptCall, ReceiptRefused
from wristband.gateways.ordinary import HttpGateway
from wristband.values.arrival import Arrival, ArrivalState


@pytest.fixture
def gateway(wire: FakeWire) -> HttpGateway:
    return HttpGateway("sms", wire.url, KEY, PATIENT)


def test_the_call_names_recipient_words_and_key(gateway: HttpGateway, wire: FakeWire) -> None:
    gateway.hand_over(handover())
    sent = wire.sent[0]
    assert sent.path == "/send?unit=7"
    assert sent.headers["Idempotency-Key"] == "message-0000000000000001"
    assert sent.content == {
        "kind": "sms",
        "to": RECIPIENT,
        "body": BODY,
        "wording": "sign_in_code",
        "language": "zh-CN",
        "key": "message-0000000000000001",
    }


def test_the_call_is_signed_over_time_key_and_body(gateway: HttpGateway, wire: FakeWire) -> None:
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


def test_a_later_attempt_is_signed_with_its_own_time(gateway: HttpGateway, wire: FakeWire) -> None:
    first = handover()
    gateway.hand_over(first)
    gateway.hand_over(dataclasses.replace(first, at=first.at + timedelta(minutes=5)))
    assert [int(sent.headers["Wristband-Time"]) for sent in wire.sent] == [1795500300, 1795500600]


def test_without_a_shared_key_nothing_is_signed(wire: FakeWire) -> None:
    HttpGateway("sms", wire.url, None, PATIENT).hand_over(handover())
    assert "Wristband-Signature" not in wire.sent[0].headers


@pytest.mark.parametrize("key", [b"", KEY[:31]])
def test_a_shared_key_that_is_none_or_short_does_not_start(key: bytes) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        HttpGateway("sms", "https://sms.example.org/", key)


def test_the_receipt_holds_the_gateways_own_name_for_the_message(gateway: HttpGateway) -> None:
    assert gateway.hand_over(handover()).reference == "r-message-0000000000000001"


def test_where_it_gives_none_the_key_is_the_name(gateway: HttpGateway, wire: FakeWire) -> None:
    wire.behaviour = replying(200, {"accepted": True})
    assert gateway.hand_over(handover()).reference == "message-0000000000000001"


def test_a_gateway_of_calls_is_told_to_call(wire: FakeWire) -> None:
    HttpGateway("voice", wire.url, KEY, PATIENT).hand_over(handover())
    assert wire.sent[0].content["kind"] == "voice"
    assert wire.sent[0].is_signed_with(KEY)


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
    gateway: HttpGateway, wire: FakeWire, answer: dict[str, object], permanent: bool, code: str
) -> None:
    wire.behaviour = replying(200, answer)
    with pytest.raises(GatewayFault) as fault:
        gateway.hand_over(handover())
    assert (fault.value.permanent, fault.value.code) == (permanent, code)


@pytest.mark.parametrize(
    ("status", "blame"), [(401, "outage"), (402, "outage"), (403, "outage"), (404, "outage"), (503, "gateway")]
)
def test_a_wrong_key_or_address_is_an_outage(gateway: HttpGateway, wire: FakeWire, status: int, blame: str) -> None:
    wire.behaviour = replying(status)
    with pytest.raises(GatewayFault) as fault:
        gateway.hand_over(handover())
    assert fault.value.blame == blame


@pytest.mark.parametrize(("code", "blame"), [("no_balance", "outage"), ("too_many", "message"), ("busy", "gateway")])
def test_a_code_says_whom_it_speaks_against(gateway: HttpGateway, wire: FakeWire, code: str, blame: str) -> None:
    wire.behaviour = replying(200, {"accepted": False, "code": code})
    with pytest.raises(GatewayFault) as fault:
        gateway.hand_over(handover())
    assert (fault.value.permanent, fault.value.blame) == (False, blame)


# ---- receipts


def told(body: bytes, *, key: bytes = KEY, ago_s: int = 0, about: str = "receipts") -> ReceiptCall:
    """A call as such a gateway makes it."""
    moment = str(int(AT.timestamp()) - ago_s)
    signature = hmac.new(key, f"{moment}.{about}.".encode() + body, hashlib.sha256).hexdigest()
    headers = {"wristband-time": moment, "wristband-signature": f"v1={signature}"}
    return ReceiptCall("https://hb.example/platform/receipts/sms", headers, body, AT)


def test_receipts_are_read_in_a_batch(gateway: HttpGateway) -> None:
    body = json.dumps(
        [
            {"id": "r-1", "state": "arrived", "at": "2026-11-24T06:04:00+00:00"},
            {"id": "r-2", "state": "failed", "code": "SWITCHED_OFF"},
            {"id": 3, "state": "acknowledged", "at": "2026-11-24 14:03:00"},
        ]
    ).encode()
    assert gateway.read_receipts(told(body)) == [
        Arrival("r-1", ArrivalState.ARRIVED, AT - timedelta(minutes=1)),
        Arrival("r-2", ArrivalState.FAILED, AT, "switched_off"),
        Arrival("3", ArrivalState.ACKNOWLEDGED, AT - timedelta(minutes=2)),
    ]


def test_one_receipt_needs_no_array(gateway: HttpGateway) -> None:
    assert len(gateway.read_receipts(told(b'{"id": "r", "state": "picked_up"}'))) == 1


@pytest.mark.parametrize("ago_s", [-300, 0, 300])
def test_a_receipt_within_five_minutes_is_taken(gateway: HttpGateway, ago_s: int) -> None:
    assert gateway.read_receipts(told(b'{"id": "r", "state": "arrived"}', ago_s=ago_s))


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (told(b'{"id": "r", "state": "arrived"}', ago_s=301), "wrong_time"),
        (told(b'{"id": "r", "state": "arrived"}', ago_s=-301), "wrong_time"),
        (told(b'{"id": "r", "state": "arrived"}', key=KEY[::-1]), "wrong_signature"),
        (told(b'{"id": "r", "state": "arrived"}', about="message-0000000000000001"), "wrong_signature"),
        (ReceiptCall("https://hb.example/", {}, b'{"id": "r", "state": "arrived"}', AT), "wrong_signature"),
        (ReceiptCall("https://hb.example/", {"Wristband-Signature": "v1=错"}, b"{}", AT), "wrong_signature"),
    ],
)
def test_a_receipt_that_is_not_the_gateways_is_refused(gateway: HttpGateway, call: ReceiptCall, code: str) -> None:
    with pytest.raises(ReceiptRefused) as refused:
        gateway.read_receipts(call)
    assert (refused.value.status, refused.value.code) == (401, code)


@pytest.mark.parametrize("moment", ["", "x", "-1", "1e9", "1795500300.5", "٣", "9" * 400, " 1795500300"])
def test_a_time_that_is_none_is_refused_whoever_signed_it(gateway: HttpGateway, moment: str) -> None:
    signature = hmac.new(KEY, f"{moment}.receipts.[]".encode(), hashlib.sha256).hexdigest()
    headers = {"Wristband-Time": moment, "Wristband-Signature": f"v1={signature}"}
    with pytest.raises(ReceiptRefused) as refused:
        gateway.read_receipts(ReceiptCall("https://hb.example/", headers, b"[]", AT))
    assert refused.value.code == "wrong_time"


def test_what_was_handed_over_cannot_be_sent_back_as_a_receipt(gateway: HttpGateway, wire: FakeWire) -> None:
    gateway.hand_over(handover())
    sent = wire.sent[0]
    with pytest.raises(ReceiptRefused):
        gateway.read_receipts(ReceiptCall("https://hb.example/", sent.headers, sent.body, AT))


def test_without_a_shared_key_no_receipts_are_taken(wire: FakeWire) -> None:
    with pytest.raises(ReceiptRefused) as refused:
        HttpGateway("sms", wire.url, None).read_receipts(told(b'{"id": "r", "state": "arrived"}'))
    assert refused.value.status == 403


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"[1]",
        b'"x"',
        b"\xff",
        b"[" * 5000,
        b"{}",
        b'{"id": "r"}',
        b'{"id": "r", "state": "lost"}',
        b'{"id": "r", "state": ["arrived"]}',
        b'{"id": "", "state": "arrived"}',
        b'{"id": {"a": 1}, "state": "arrived"}',
        b'{"id": true, "state": "arrived"}',
    ],
)
def test_garbage_is_refused_whoever_signed_it(gateway: HttpGateway, body: bytes) -> None:
    with pytest.raises(ReceiptRefused) as refused:
        gateway.read_receipts(told(body))
    assert refused.value.status == 400


@pytest.mark.parametrize("at", ["", "yesterday", 7, None, "9999-12-31 23:59:59", "0001-01-01 00:00:00", "2026-11-25"])
def test_a_time_nobody_can_read_is_that_of_the_call_and_none_is_after_it(gateway: HttpGateway, at: object) -> None:
    body = json.dumps({"id": "r", "state": "arrived", "at": at}).encode()
    assert gateway.read_receipts(told(body))[0].at <= AT


def test_a_long_reference_and_an_odd_code_are_cut_and_cleaned(gateway: HttpGateway) -> None:
    body = json.dumps({"id": "r\n" * 200, "state": "failed", "code": "to +8613800138000"}).encode()
    arrival = gateway.read_receipts(told(body))[0]
    assert (len(arrival.reference), arrival.code) == (120, "odd_code")


def test_too_many_at_once_are_too_many(gateway: HttpGateway) -> None:
    with pytest.raises(ReceiptRefused) as refused:
        gateway.read_receipts(told(json.dumps([{"id": "r", "state": "arrived"}] * 5001).encode()))
    assert refused.value.status == 413
