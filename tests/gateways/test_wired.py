"""Gateways that speak HTTP, against an outside that is slow, lying, broken or hostile."""

from __future__ import annotations

import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.gateways import fake_wire
from tests.gateways.fake_wire import FakeWire, accepting_then, dripping, endless, raw, replying, silent
from tests.gateways.rigs import HASTY, PATIENT, WIRED, handover, recipient_of
from wristband.gateways.contract import Gateway, GatewayFault
from wristband.gateways.wire import Limits

Make = Callable[[str, Limits], Gateway]


ORDINARY = ("sms", "voice")
"""The operator's own HTTP gateways, whose statuses mean what they say."""


@pytest.fixture(params=WIRED)
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    return partial(WIRED[request.param], tmp_path)


def fault_of(gateway: Gateway) -> tuple[bool, str]:
    with pytest.raises(GatewayFault) as fault:
        gateway.hand_over(handover(recipient=recipient_of(gateway)))
    return fault.value.permanent, fault.value.code


def is_in_doubt(gateway: Gateway) -> bool:
    with pytest.raises(GatewayFault) as fault:
        gateway.hand_over(handover(recipient=recipient_of(gateway)))
    return fault.value.in_doubt


@pytest.mark.parametrize("make", ORDINARY, indirect=True)
@pytest.mark.parametrize("status", [400, 413, 415, 422])
def test_a_request_that_will_never_do_is_refused_for_good(make: Make, wire: FakeWire, status: int) -> None:
    wire.behaviour = replying(status)
    assert fault_of(make(wire.url, PATIENT)) == (True, f"http_{status}")


@pytest.mark.parametrize("status", [401, 403, 404, 408, 409, 425, 429, 500, 502, 503, 504, 507, 599])
def test_trouble_of_the_gateway_or_of_our_settings_passes(make: Make, wire: FakeWire, status: int) -> None:
    wire.behaviour = replying(status)
    assert fault_of(make(wire.url, PATIENT)) == (False, f"http_{status}")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(make: Make, wire: FakeWire, status: int) -> None:
    with fake_wire.serving() as elsewhere:
        wire.behaviour = replying(status, Location=elsewhere.url)
        assert fault_of(make(wire.url, PATIENT)) == (False, f"http_{status}")
        assert elsewhere.sent == []


def test_a_gateway_that_says_nothing_runs_into_the_time_out(make: Make, wire: FakeWire) -> None:
    wire.behaviour = silent
    assert fault_of(make(wire.url, HASTY)) == (False, "timeout")


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"])
def test_a_gateway_that_drips_runs_into_the_time_out_all_the_same(make: Make, wire: FakeWire, start: bytes) -> None:
    wire.behaviour = dripping(start)
    assert fault_of(make(wire.url, HASTY)) == (False, "timeout")


def test_a_gateway_that_does_not_take_the_connection_runs_into_the_time_out(make: Make) -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        assert fault_of(make(f"http://127.0.0.1:{full.getsockname()[1]}/", HASTY)) == (False, "timeout")
        for one in waiting:
            one.close()


def test_a_gateway_that_is_not_there_is_a_passing_fault(make: Make) -> None:
    with socket.socket() as bound:  # bound and not listening: nobody else takes the port meanwhile
        bound.bind(("127.0.0.1", 0))
        assert fault_of(make(f"http://127.0.0.1:{bound.getsockname()[1]}/", PATIENT)) == (False, "network")


def test_a_host_nobody_knows_is_a_passing_fault(make: Make) -> None:
    assert fault_of(make("http://gateway.invalid/", PATIENT)) == (False, "network")


def test_nobody_doubts_that_a_message_was_not_sent_where_there_was_no_connection(make: Make) -> None:
    assert not is_in_doubt(make("http://gateway.invalid/", PATIENT))


def test_what_was_sent_and_not_answered_is_in_doubt(make: Make, wire: FakeWire) -> None:
    for behaviour, patience in (
        (silent, HASTY),
        (endless, HASTY),
        (raw(b""), PATIENT),
        (replying(200, b"<html>"), PATIENT),
    ):
        wire.behaviour = behaviour
        assert is_in_doubt(make(wire.url, patience))


def test_a_certificate_nobody_vouches_for_stops_the_sending(make: Make, tmp_path: Path) -> None:
    with fake_wire.serving(tls_folder=tmp_path) as wire:
        assert fault_of(make(wire.url, PATIENT)) == (False, "tls")
        assert wire.sent == []


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\xff\x16\x03",
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/9.9 twohundred OK\r\n\r\n",
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_what_is_no_http_is_a_passing_fault(make: Make, wire: FakeWire, data: bytes) -> None:
    wire.behaviour = raw(data)
    permanent, code = fault_of(make(wire.url, PATIENT))
    assert not permanent
    assert code in ("broken", "network")  # a server closing early may also reset the connection


@pytest.mark.parametrize(
    "body",
    [b"", b"OK", b"<html>accepted</html>", b"[]", b"true", b"null", b"\xff\xfe", b"[" * 4000, b'{"accepted": tru'],
)
def test_an_acceptance_that_is_garbage_is_none(make: Make, wire: FakeWire, body: bytes) -> None:
    wire.behaviour = replying(200, body)
    assert fault_of(make(wire.url, PATIENT)) == (False, "garbage")


def test_an_endless_answer_is_cut_off(make: Make, wire: FakeWire) -> None:
    wire.behaviour = endless
    assert fault_of(make(wire.url, PATIENT)) == (False, "too_big")


def test_an_answer_just_too_long_is_none(make: Make, wire: FakeWire) -> None:
    wire.behaviour = replying(200, b'{"accepted": true, "Code": "OK", "sid": "1"}' + b" " * PATIENT.answer_bytes)
    assert fault_of(make(wire.url, PATIENT)) == (False, "too_big")


@pytest.mark.parametrize("make", ORDINARY, indirect=True)
def test_a_message_taken_whose_answer_was_lost_has_one_effect_after_the_next_try(make: Make, wire: FakeWire) -> None:
    wire.behaviour = accepting_then(raw(b""))
    gateway = make(wire.url, PATIENT)
    assert not fault_of(gateway)[0]
    wire.behaviour = None
    gateway.hand_over(handover())
    assert [sent.headers["Idempotency-Key"] for sent in wire.sent] == ["message-0000000000000001"] * 2
    assert len(wire.effects) == 1
