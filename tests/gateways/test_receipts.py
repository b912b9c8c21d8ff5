"""What the clouds push afterwards: their secrets and signatures, their words for what became of a message."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from tests.gateways.providers import SECRET
from tests.gateways.rigs import (
    AT,
    BASE,
    RECEIPT_SECRET,
    aliyun_sms,
    aliyun_voice,
    tencent_sms,
    twilio_sms,
    twilio_voice,
)
from wristband.gateways.contract import ReadsReceipts, ReceiptCall, ReceiptRefused
from wristband.values.arrival import Arrival, ArrivalState

URL = "https://cloud.example"
ALIYUN_SMS: dict[str, Any] = {
    "phone_number": "13800138000",
    "send_time": "2026-11-24 14:01:00",
    "report_time": "2026-11-24 14:02:00",
    "success": True,
    "err_code": "DELIVERED",
    "err_msg": "用户接收成功",
    "sms_size": "1",
    "biz_id": "9001",
    "out_id": "message-0000000000000001",
}
ALIYUN_VOICE: dict[str, Any] = {
    "call_id": "1^2",
    "end_time": "2026-11-24 14:02:00",
    "callee": "13800138000",
    "duration": "10",
    "status_code": "200000",
    "out_id": "m1",
}
TENCENT: dict[str, Any] = {
    "user_receive_time": "2026-11-24 14:02:00",
    "nationcode": "86",
    "mobile": "13800138000",
    "report_status": "SUCCESS",
    "errmsg": "DELIVRD",
    "description": "用户短信送达成功",
    "sid": "2028:1",
}
THREE_MINUTES_AGO = AT - timedelta(minutes=3)


def pushed(content: object, secret: str | None = RECEIPT_SECRET) -> ReceiptCall:
    """A call of a cloud that signs nothing."""
    query = "" if secret is None else f"?{urlencode({'secret': secret})}"
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return ReceiptCall(f"{BASE}/platform/receipts/x{query}", {"Content-Type": "application/json"}, body, AT)


def called_back(name: str, fields: dict[str, str], query: str = "", token: str = SECRET) -> ReceiptCall:
    """A call of Twilio's, signed as its page says; the proxy has changed the host it came to."""
    signed = f"{BASE}/platform/receipts/{name}{query}" + "".join(name + fields[name] for name in sorted(fields))
    signature = base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()).decode()
    address = f"http://10.0.0.7:8000/platform/receipts/{name}{query}"
    return ReceiptCall(address, {"x-twilio-signature": signature}, urlencode(fields).encode(), AT)


def refusal_of(gateway: ReadsReceipts, call: ReceiptCall) -> tuple[int, str]:
    with pytest.raises(ReceiptRefused) as refused:
        gateway.read_receipts(call)
    return refused.value.status, refused.value.code


SECRET_ONES = [(aliyun_sms, ALIYUN_SMS), (tencent_sms, TENCENT), (aliyun_voice, ALIYUN_VOICE)]


# ---- the secret in the address


@pytest.mark.parametrize(("make", "told"), SECRET_ONES)
@pytest.mark.parametrize(
    "secret", [None, "", "x", RECEIPT_SECRET[:-1], RECEIPT_SECRET + "x", "错", RECEIPT_SECRET.upper()]
)
def test_without_the_secret_nothing_is_read(tmp_path: Path, make: Any, told: object, secret: str | None) -> None:
    assert refusal_of(make(tmp_path, URL), pushed([told], secret)) == (403, "wrong_secret")


@pytest.mark.parametrize(("make", "told"), SECRET_ONES)
def test_where_no_secret_is_configured_nothing_is_taken(tmp_path: Path, make: Any, told: object) -> None:
    gateway = make(tmp_path, URL, receipt_secret_file=None)
    assert refusal_of(gateway, pushed([told], "")) == (403, "no_secret")


@pytest.mark.parametrize(("make", "told"), SECRET_ONES)
@pytest.mark.parametrize("body", [b"", b"\xff", b"null", b"[]", b"7", b"[null]", b"{}", b"[{}]", b"[" * 9999, b"a=b"])
def test_garbage_is_refused_and_never_more(tmp_path: Path, make: Any, told: object, body: bytes) -> None:
    assert refusal_of(make(tmp_path, URL), pushed(body))[0] == 400


_NAMES = st.sampled_from([*ALIYUN_SMS, *TENCENT, *ALIYUN_VOICE, "dtmf"])
_ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(_NAMES, inner),
    max_leaves=12,
)


@given(_ANY_JSON)
def test_no_json_is_more_than_refused(tmp_path_factory: pytest.TempPathFactory, content: object) -> None:
    folder = tmp_path_factory.mktemp("secrets")
    for make, _ in SECRET_ONES:
        status, arrivals = _answer(make(folder, URL), pushed(content))
        assert status in (200, 400)
        assert all(len(one.reference) <= 120 and len(one.code) <= 64 for one in arrivals)


def _answer(gateway: ReadsReceipts, call: ReceiptCall) -> tuple[int, list[Arrival]]:
    try:
        return 200, gateway.read_receipts(call)
    except ReceiptRefused as refused:
        return refused.status, []


# ---- their words


@pytest.mark.parametrize(
    ("make", "told", "arrival"),
    [
        (aliyun_sms, {}, Arrival("message-0000000000000001", ArrivalState.ARRIVED, THREE_MINUTES_AGO, "delivered")),
        (
            aliyun_sms,
            {"success": False, "err_code": "MK:0001"},
            Arrival("message-0000000000000001", ArrivalState.FAILED, THREE_MINUTES_AGO, "odd_code"),
        ),
        (tencent_sms, {}, Arrival("2028:1", ArrivalState.ARRIVED, THREE_MINUTES_AGO, "delivrd")),
        (
            tencent_sms,
            {"report_status": "FAIL", "errmsg": "UNDELIV"},
            Arrival("2028:1", ArrivalState.FAILED, THREE_MINUTES_AGO, "undeliv"),
        ),
        (aliyun_voice, {}, Arrival("m1", ArrivalState.PICKED_UP, THREE_MINUTES_AGO, "200000")),
        (
            aliyun_voice,
            {"duration": "12秒", "status_code": "200010"},
            Arrival("m1", ArrivalState.PICKED_UP, THREE_MINUTES_AGO, "200010"),
        ),
        (
            aliyun_voice,
            {"duration": "0", "status_code": "200005"},
            Arrival("m1", ArrivalState.FAILED, THREE_MINUTES_AGO, "200005"),
        ),
        (aliyun_voice, {"dtmf": "1"}, Arrival("m1", ArrivalState.ACKNOWLEDGED, THREE_MINUTES_AGO, "200000")),
        (aliyun_voice, {"dtmf": "2"}, Arrival("m1", ArrivalState.PICKED_UP, THREE_MINUTES_AGO, "200000")),
    ],
)
def test_what_a_receipt_says(tmp_path: Path, make: Any, told: dict[str, object], arrival: Arrival) -> None:
    example = {aliyun_sms: ALIYUN_SMS, tencent_sms: TENCENT, aliyun_voice: ALIYUN_VOICE}[make]
    assert make(tmp_path, URL).read_receipts(pushed([example | told])) == [arrival]


def test_a_batch_is_read_whole(tmp_path: Path) -> None:
    batch = [ALIYUN_SMS | {"out_id": f"message-{number:016d}"} for number in range(300)]
    assert len(aliyun_sms(tmp_path, URL).read_receipts(pushed(batch))) == 300


def test_one_that_nobody_can_read_does_not_cost_the_others(tmp_path: Path) -> None:
    batch = [ALIYUN_SMS | {"success": "maybe"}, None, ALIYUN_SMS, {}, ALIYUN_SMS | {"out_id": "message-2"}]
    with capture_logs() as lines:
        arrivals = aliyun_sms(tmp_path, URL).read_receipts(pushed(batch))
    assert [one.reference for one in arrivals] == ["message-0000000000000001", "message-2"]
    assert [(line["event"], line["unread"]) for line in lines] == [("receipts_unread", 2)]


def test_a_key_pressed_in_the_middle_of_a_call_is_heard_and_its_ringing_is_not(tmp_path: Path) -> None:
    gateway = aliyun_voice(tmp_path, URL)
    ringing = {"call_id": "1^2", "status_code": "200003", "status_time": "2026-11-24 14:02:00", "out_id": "m1"}
    assert gateway.read_receipts(pushed([ringing])) == []
    pressed = ringing | {"status_code": "300000", "dtmf": "1"}
    assert gateway.read_receipts(pushed([pressed]))[0].state is ArrivalState.ACKNOWLEDGED


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (aliyun_sms, {"code": 0, "msg": "成功"}),
        (aliyun_voice, {"code": 0, "msg": "成功"}),
        (tencent_sms, {"result": 0, "errmsg": "OK"}),
    ],
)
def test_each_is_thanked_in_its_own_words(tmp_path: Path, make: Any, words: dict[str, object]) -> None:
    assert json.loads(make(tmp_path, URL).thank(pushed([])).body) == words


# ---- twilio


TEXT = {"MessageSid": "SM1", "MessageStatus": "delivered", "To": "+85251234567"}
CALL = {"CallSid": "CA1", "CallStatus": "completed", "To": "+85251234567"}


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("delivered", ArrivalState.ARRIVED),
        ("undelivered", ArrivalState.FAILED),
        ("failed", ArrivalState.FAILED),
        ("sent", None),
        ("queued", None),
        ("", None),
    ],
)
def test_a_text_of_twilios_arrives_or_does_not(tmp_path: Path, status: str, state: ArrivalState | None) -> None:
    told = called_back("twilio_sms", TEXT | {"MessageStatus": status, "ErrorCode": "30003"})
    assert [one.state for one in twilio_sms(tmp_path, URL).read_receipts(told)] == ([state] if state else [])


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("completed", ArrivalState.PICKED_UP),
        ("busy", ArrivalState.FAILED),
        ("no-answer", ArrivalState.FAILED),
        ("ringing", None),
    ],
)
def test_a_call_of_twilios_is_taken_or_not(tmp_path: Path, status: str, state: ArrivalState | None) -> None:
    told = called_back("twilio_voice", CALL | {"CallStatus": status})
    assert [one.state for one in twilio_voice(tmp_path, URL).read_receipts(told)] == ([state] if state else [])


@pytest.mark.parametrize(("digits", "states"), [("1", [ArrivalState.ACKNOWLEDGED]), ("2", []), ("", [])])
def test_key_one_acknowledges(tmp_path: Path, digits: str, states: list[ArrivalState]) -> None:
    told = called_back("twilio_voice", CALL | {"CallStatus": "in-progress", "Digits": digits}, "?language=en")
    gateway = twilio_voice(tmp_path, URL)
    assert [one.state for one in gateway.read_receipts(told)] == states
    assert "Thank you" in gateway.thank(told).body


def test_thanks_are_spoken_only_in_a_language_of_ours(tmp_path: Path) -> None:
    gateway = twilio_voice(tmp_path, URL)
    for query in ("", "?language=<Dial>", "?language=fr"):
        assert gateway.thank(called_back("twilio_voice", CALL, query)).body == "<Response/>"


@pytest.mark.parametrize(
    ("make", "name", "told"), [(twilio_sms, "twilio_sms", TEXT), (twilio_voice, "twilio_voice", CALL)]
)
def test_what_twilio_did_not_sign_is_refused(tmp_path: Path, make: Any, name: str, told: dict[str, str]) -> None:
    gateway = make(tmp_path, URL)
    good = called_back(name, told)
    forged = [
        called_back(name, told, token="another token"),
        called_back("another", told),
        ReceiptCall(good.url, good.headers, good.body + b"&Digits=1", AT),
        ReceiptCall(good.url + "?language=en", good.headers, good.body, AT),
        ReceiptCall(good.url, {}, good.body, AT),
        ReceiptCall(good.url, {"X-Twilio-Signature": "错"}, good.body, AT),
    ]
    assert [refusal_of(gateway, call) for call in forged] == [(403, "wrong_signature")] * len(forged)


@pytest.mark.parametrize("body", [b"\xff\xfe", b"a", b"&&&", b"=" * 300, b"a=%ff", "a=错".encode()])
def test_a_form_that_is_none_is_garbage(tmp_path: Path, body: bytes) -> None:
    call = ReceiptCall(f"{BASE}/platform/receipts/twilio_sms", {"X-Twilio-Signature": "x"}, body, AT)
    assert refusal_of(twilio_sms(tmp_path, URL), call)[0] in (400, 403)


def test_without_a_public_address_twilio_tells_nothing(tmp_path: Path) -> None:
    assert refusal_of(twilio_sms(tmp_path, URL, base=""), called_back("twilio_sms", TEXT)) == (403, "no_callback")


# ---- a mistake of ours


class _Broken(ReadsReceipts):
    name = "broken"

    def _read_receipts(self, call: ReceiptCall) -> list[Arrival]:
        raise LookupError(call.body)


def test_a_mistake_of_ours_is_a_refusal_and_names_nobody() -> None:
    with capture_logs() as lines:
        assert refusal_of(_Broken(), pushed(b"13800138000")) == (400, "broken")
    assert "13800138000" not in str(lines)
