"""apprise as we use it: silent, loaded late, one request a message, carried by our own wire."""

from __future__ import annotations

import contextlib
import logging
import subprocess
import sys
import threading

import pytest
from structlog.testing import capture_logs

from tests.gateways import fake_wire
from tests.gateways.chat_services import (
    EVERY,
    HOSTED,
    address_of,
    answer_of,
    at,
    gateway_to,
)
from tests.gateways.fake_wire import FakeWire, replying
from tests.gateways.quiet_rigs import owed
from tests.gateways.rigs import PATIENT
from wristband.gateways import apprise_wire
from wristband.gateways.chat import ChatGateway, ChatSettings
from wristband.gateways.contract import GatewayFault


def test_nothing_of_a_message_is_logged(
    wire: FakeWire, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for service in EVERY:
        for behaviour in (replying(200, answer_of(service)), replying(500, b"<html>")):
            wire.behaviour = behaviour
            handover = owed(address_of(service, wire, monkeypatch))
            with capture_logs() as lines, contextlib.suppress(GatewayFault):
                gateway_to(wire).hand_over(handover)
            assert "abcDEF123" not in str(lines)
            assert [line["message"] for line in lines] == [1]
    # What apprise says of its languages when it is first loaded is about nobody.
    assert [record for record in caplog.records if "locale" not in record.pathname] == []


def test_messages_of_many_threads_keep_their_own_answers() -> None:
    with fake_wire.serving() as good, fake_wire.serving() as poor:
        good.behaviour, poor.behaviour = replying(200, HOSTED["bark"]), replying(200, {"code": 500})
        gateway = ChatGateway(ChatSettings(hosts=(at(good), at(poor))), PATIENT)
        told: list[tuple[str, bool]] = []

        def hand_over(host: str) -> None:
            try:
                gateway.hand_over(owed(f"bark://{host}/abcDEF123"))
                told.append((host, True))
            except GatewayFault:
                told.append((host, False))

        threads = [threading.Thread(target=hand_over, args=(host,)) for _ in range(8) for host in (at(good), at(poor))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(told) == sorted([(at(good), True), (at(poor), False)] * 8)


@pytest.mark.parametrize(("targets", "in_doubt"), [([], False), (["topic-1", "topic-2"], True)])
def test_a_plugin_that_does_not_write_one_request_is_told(
    wire: FakeWire, monkeypatch: pytest.MonkeyPatch, targets: list[str], in_doubt: bool
) -> None:
    monkeypatch.setattr("apprise.plugins.ntfy.NotifyNtfy.request_rate_per_sec", 0)  # between two, it waits for seconds
    wire.behaviour = replying(200, HOSTED["ntfy"])
    host, _, port = at(wire).partition(":")
    options = {
        "schema": "ntfy",
        "host": host,
        "port": int(port),
        "secure": False,
        "mode": "private",
        "targets": targets,
    }
    with pytest.raises(GatewayFault) as fault:
        apprise_wire.send("ntfy:NotifyNtfy", options, "t", "x", PATIENT)
    assert (fault.value.permanent, fault.value.code, fault.value.in_doubt) == (False, "not_written", in_doubt)


def test_a_plugin_that_will_not_be_made_is_a_fault_for_good() -> None:
    with pytest.raises(GatewayFault) as fault:
        apprise_wire.send("wecombot:NotifyWeComBot", {"key": "a key"}, "t", "x", PATIENT)
    assert (fault.value.permanent, fault.value.code) == (True, "recipient_invalid")


def test_apprise_is_not_loaded_before_it_is_needed() -> None:
    code = "import sys, wristband.gateways.chat; print('apprise' in sys.modules or 'requests' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
