"""The police platform's gateway: what it sends, what it believes, and whose calls it reads."""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.gateways.fake_wire import Behaviour, FakeWire, dripping, endless, raw, replying, silent
from tests.gateways.rigs import AT, HASTY, KEY, PATIENT, handover
from wristband.gateways.contract import Blame, GatewayFault, Handover, ReceiptCall, ReceiptRefused
from wristband.gateways.police import MOST_AT_ONCE, PoliceGateway, ToldReceipt, ToldState
from wristband.gateways.police_mapping import Became, MappingFile, PoliceMapping

EVENT = {"event": {"id": "event-0000000000000000007", "number": 7}, "incident": {"number": "261124-037"}}
ITS_KEY = "p-1234567890abcdef"
TOLD = {"incident": "261124-037", "state": "accepted", "case": "P000001"}
# Readable without a network: what comes back needs none.
READER = PoliceGateway("https://police.example/events", KEY, PoliceMapping())


@pytest.fixture
def gateway(wire: FakeWire) -> PoliceGateway:
    wire.behaviour = replying(200, {"accepted": True, "id": "their-7"})
    return PoliceGateway(wire.url, KEY, PoliceMapping(), limits=PATIENT)


def event() -> Handover:
    return handover(body=json.dumps(EVENT, ensure_ascii=False))


def call(
    content: object, kind: str = "events", *, key: bytes = KEY, its_key: str = ITS_KEY, at: int | None = None
) -> ReceiptCall:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    moment = str(int(AT.timestamp()) if at is None else at)
    signed = f"{moment}.{kind}.{its_key}.".encode() + body
    proof = f"v1={hmac.new(key, signed, hashlib.sha256).hexdigest()}"
    headers = {"Wristband-Time": moment, "Idempotency-Key": its_key, "Wristband-Signature": proof}
    return ReceiptCall("https://hb.example/platform/police", headers, body, AT)


# ---- what it sends


def test_the_event_goes_out_signed_under_its_own_id(gateway: PoliceGateway, wire: FakeWire) -> None:
    receipt = gateway.hand_over(event())
    sent = wire.sent[0]
    assert sent.content == EVENT
    assert sent.headers["Idempotency-Key"] == "event-0000000000000000007"
    assert sent.is_signed_with(KEY)
    assert (receipt.reference, receipt.gateway) == ("their-7", "police")


def test_a_platform_that_names_nothing_took_it_under_the_events_id(gateway: PoliceGateway, wire: FakeWire) -> None:
    wire.behaviour = replying(200, {"accepted": True})
    assert gateway.hand_over(event()).reference == "event-0000000000000000007"


@pytest.mark.parametrize("key", [b"", KEY[:31]])
def test_a_key_that_is_none_or_short_does_not_start(key: bytes) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        PoliceGateway("https://police.example/", key, PoliceMapping())


# ---- what it believes


@pytest.mark.parametrize("status", [200, 201, 204])
@pytest.mark.parametrize("body", [b"", b"OK", b"<html>", b"[]", b"{", b"null", b"\xff\xfe", b"[" * 9000])
def test_a_success_that_says_nothing_is_none(gateway: PoliceGateway, wire: FakeWire, status: int, body: bytes) -> None:
    wire.behaviour = replying(status, b"" if status == 204 else body)
    with pytest.raises(GatewayFault) as fault:
        gateway.hand_over(event())
    assert (fault.value.permanent, fault.value.in_doubt) == (False, True)


@pytest.mark.parametrize("content", [{}, {"accepted": False}, {"accepted": "yes"}, {"accepted": 1}, {"ok": True}])
def test_a_lying_200_is_tried_again(gateway: PoliceGateway, wire: FakeWire, content: dict[str, Any]) -> None:
    wire.behaviour = replying(200, content)
    with pytest.raises(GatewayFault) as fault:
        gateway.hand_over(event())
    assert not fault.value.permanent


@pytest.mark.parametrize(
    ("status", "permanent", "blame"),
    [
        (400, True, Blame.GATEWAY),
        (413, True, Blame.GATEWAY),
        (422, True, Blame.GATEWAY),
        (401, False, Blame.OUTAGE),
        (404, False, Blame.OUTAGE),
        (409, False, Blame.GATEWAY),
        (429, False, Blame.GATEWAY),
        (500, False, Blame.GATEWAY),
        (302, False, Blame.GATEWAY),
    ],
)
def test_a_status_is_for_good_only_where_the_event_itself_is_wrong(
    gateway: PoliceGateway, wire: FakeWire, status: int, permanent: bool, blame: Blame
) -> None:
    wire.behaviour = replying(status, {"accepted": True})
    with pytest.raises(GatewayFault) as fault:
        gateway.hand_over(event())
    assert (fault.value.permanent, fault.value.blame, fault.value.code) == (permanent, blame, f"http_{status}")


@pytest.mark.parametrize(("code", "permanent"), [("content_refused", True), ("busy", False)])
def test_a_refusal_in_words_is_for_good_where_the_mapping_says_so(
    gateway: PoliceGateway, wire: FakeWire, code: str, permanent: bool
) -> None:
    wire.behaviour = replying(200, {"accepted": False, "code": code})
    with pytest.raises(GatewayFault) as fault:
        gateway.hand_over(event())
    assert (fault.value.permanent, fault.value.code) == (permanent, code)


@pytest.mark.parametrize("behaviour", [silent, endless, raw(b"\x00\x01 no HTTP"), dripping(b"HTTP/1.1 200 OK\r\n\r\n")])
def test_a_platform_that_hangs_or_talks_on_and_on_is_left(wire: FakeWire, behaviour: Behaviour) -> None:
    wire.behaviour = behaviour
    hasty = PoliceGateway(wire.url, KEY, PoliceMapping(), limits=HASTY)
    with pytest.raises(GatewayFault) as fault:
        hasty.hand_over(event())
    assert not fault.value.permanent


def test_a_platform_that_hangs_ties_up_only_so_many_hands(gateway: PoliceGateway, wire: FakeWire) -> None:
    wire.behaviour = silent
    with ThreadPoolExecutor(MOST_AT_ONCE) as pool:
        calls = [pool.submit(gateway.hand_over, event()) for _ in range(MOST_AT_ONCE)]
        while len(wire.sent) < MOST_AT_ONCE:
            assert not any(call.done() for call in calls)
        with pytest.raises(GatewayFault) as fault:
            gateway.hand_over(event())
        wire.done.set()
    assert (fault.value.code, fault.value.permanent, fault.value.blame) == ("busy", False, Blame.MESSAGE)
    assert len(wire.sent) == MOST_AT_ONCE
    wire.behaviour = replying(200, {"accepted": True})
    assert gateway.hand_over(event()).reference


def test_the_mapping_says_how_an_answer_reads(wire: FakeWire) -> None:
    answer = {"accepted": "code", "accepted_when": ["0"], "reference": "data.id", "permanent": ["4001"]}
    file = MappingFile.model_validate({"version": 1, "vendor": "example", "answer": answer})
    theirs = PoliceGateway(wire.url, KEY, PoliceMapping(file), limits=PATIENT)
    wire.behaviour = replying(200, {"code": 0, "data": {"id": 991}})
    assert theirs.hand_over(event()).reference == "991"
    wire.behaviour = replying(200, {"code": 4001})
    with pytest.raises(GatewayFault) as fault:
        theirs.hand_over(event())
    assert (fault.value.permanent, fault.value.code) == (True, "4001")


# ---- whose calls it reads


def test_a_state_that_is_signed_is_read() -> None:
    assert READER.read_state(call(TOLD)) == (ITS_KEY, ToldState("261124-037", AT, state="accepted", case="P000001"))


def test_receipts_are_one_or_many() -> None:
    one = {"event": "event-0000000000000000007", "state": "seen", "at": "2026-11-24T14:04:00+08:00", "case": "P1"}
    seen = ToldReceipt("event-0000000000000000007", Became.SEEN, AT - timedelta(minutes=1), case="P1")
    assert READER.read_receipts(call(one, "receipts")) == (ITS_KEY, [seen])
    assert READER.read_receipts(call([one, one], "receipts")) == (ITS_KEY, [seen, seen])


@pytest.mark.parametrize(
    ("altered", "code"),
    [
        (call(TOLD, key=KEY[::-1]), "wrong_signature"),
        (call(TOLD, kind="receipts"), "wrong_signature"),
        (dataclasses.replace(call(TOLD), body=b"{}"), "wrong_signature"),
        (dataclasses.replace(call(TOLD), headers={}), "wrong_signature"),
        (
            dataclasses.replace(call(TOLD), headers=call(TOLD).headers | {"Idempotency-Key": "x" * 20}),
            "wrong_signature",
        ),
        (call(TOLD, at=int(AT.timestamp()) - 86_400), "wrong_time"),
        (call(TOLD, at=int(AT.timestamp()) + 86_400), "wrong_time"),
        (call(TOLD, at=int(AT.timestamp()) - 301), "wrong_time"),
    ],
)
def test_a_call_that_is_not_the_platforms_or_not_of_now_is_refused(altered: ReceiptCall, code: str) -> None:
    with pytest.raises(ReceiptRefused) as refused:
        READER.read_state(altered)
    assert (refused.value.code, refused.value.status) == (code, 401)


def test_our_own_event_sent_back_to_us_is_nobodys_call(gateway: PoliceGateway, wire: FakeWire) -> None:
    gateway.hand_over(event())
    echoed = ReceiptCall("https://hb.example/", wire.sent[0].headers, wire.sent[0].body, AT)
    for read in (gateway.read_state, gateway.read_receipts):
        with pytest.raises(ReceiptRefused) as refused:
            read(echoed)
        assert refused.value.code == "wrong_signature"


def test_a_call_within_the_window_is_read() -> None:
    for seconds in (-300, 0, 300):
        assert READER.read_state(call(TOLD, at=int(AT.timestamp()) + seconds))


@pytest.mark.parametrize("its_key", ["", "short", "x" * 65, "with space and more", "../../../etc/passwd"])
def test_a_call_needs_a_key_of_its_own(its_key: str) -> None:
    with pytest.raises(ReceiptRefused) as refused:
        READER.read_state(call(TOLD, its_key=its_key))
    assert (refused.value.code, refused.value.status) == ("no_key", 400)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"7", b"\xff", b"[" * 60_000, b'{"incident": {}}', b"{}"])
def test_garbage_that_is_signed_is_refused(body: bytes) -> None:
    for kind, read in (("events", READER.read_state), ("receipts", READER.read_receipts)):
        with pytest.raises(ReceiptRefused) as refused:
            read(call(body, kind))
        assert refused.value.status == 400


def test_a_state_from_tomorrow_is_one_of_now() -> None:
    _, told = READER.read_state(call(TOLD | {"at": "2026-11-25T06:05:00Z"}))
    assert told.at == AT


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inside: st.lists(inside) | st.dictionaries(st.text(), inside),
)
NAMES = st.sampled_from(["incident", "state", "disposition", "case", "words", "event", "code", "at"])


@given(content=st.dictionaries(NAMES, JSON))
def test_whatever_is_told_is_read_or_refused(content: dict[str, Any]) -> None:
    for kind, read in (("events", READER.read_state), ("receipts", READER.read_receipts)):
        try:
            _, told = read(call(content, kind))
        except ReceiptRefused:
            continue
        for one in told if isinstance(told, list) else [told]:
            assert one.at <= AT
            assert len(one.case) <= 64
            assert one.case.isprintable()
