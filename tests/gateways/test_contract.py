"""What every gateway promises, whichever outside it talks to."""

from __future__ import annotations

import contextlib
import dataclasses
import inspect
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.gateways.fake_wire import FakeWire
from tests.gateways.providers import SECRET
from tests.gateways.quiet_rigs import QUIET_RIGS
from tests.gateways.rigs import CARRIES_BODY, KEY, KNOWS_AGAIN, RECEIPT_SECRET, RIGS, Rig, handover
from wristband.gateways import (
    chat,
    mail,
    ordinary,
    printed,
    push,
    sms_aliyun,
    sms_tencent,
    sms_twilio,
    voice_aliyun,
    voice_twilio,
)
from wristband.gateways.contract import Gateway, GatewayFault, Handover, Receipt

MODULES = (chat, mail, ordinary, printed, push, sms_aliyun, sms_tencent, sms_twilio, voice_aliyun, voice_twilio)
ALL = RIGS | QUIET_RIGS
QUIET = tuple(QUIET_RIGS)


@pytest.fixture(params=ALL)
def rig(request: pytest.FixtureRequest, tmp_path: Path, wire: FakeWire) -> Rig:
    return ALL[request.param](tmp_path, wire)


def test_every_gateway_stands_these_tests(tmp_path: Path, wire: FakeWire) -> None:
    ours = {cls for module in MODULES for cls in vars(module).values() if _is_a_gateway(cls)}
    rigged = [ALL[name](tmp_path / name, wire).gateway for name in ("printed", "sms", *QUIET)]
    assert {cls.__name__ for cls in ours} >= {type(getattr(gateway, "gateway", gateway)).__name__ for gateway in rigged}
    assert len(ours) == len(ALL) - 1  # one class serves sms and voice


def _is_a_gateway(thing: object) -> bool:
    return inspect.isclass(thing) and issubclass(thing, Gateway) and not inspect.isabstract(thing)


def test_an_accepted_message_has_a_receipt_that_names_the_gateway_and_one_effect(rig: Rig) -> None:
    receipt = rig.gateway.hand_over(rig.handover())
    assert receipt.reference
    assert receipt.gateway == rig.gateway.name
    assert len(rig.effects()) == 1
    assert "482913" in rig.effects()[0][1]


@pytest.mark.parametrize("rig", KNOWS_AGAIN + QUIET, indirect=True)
def test_the_same_key_again_has_no_second_effect_and_the_same_receipt(rig: Rig) -> None:
    first = rig.gateway.hand_over(rig.handover())
    assert rig.gateway.hand_over(rig.handover()) == first
    assert len(rig.effects()) == 1


def test_two_keys_have_two_effects(rig: Rig) -> None:
    rig.gateway.hand_over(rig.handover("message-0000000000000001"))
    rig.gateway.hand_over(dataclasses.replace(rig.handover("message-0000000000000002"), message_id=2))
    assert len(rig.effects()) == 2


@pytest.mark.parametrize("permanent", [True, False])
def test_a_refusal_is_permanent_or_not_has_a_code_and_names_the_gateway(rig: Rig, permanent: bool) -> None:
    rig.fail(permanent)
    with pytest.raises(GatewayFault) as fault:
        rig.gateway.hand_over(rig.handover())
    assert fault.value.permanent is permanent
    assert fault.value.code not in ("", "odd_code")
    assert fault.value.gateway == rig.gateway.name
    assert rig.effects() == []


def test_after_a_passing_failure_the_same_message_goes_through(rig: Rig) -> None:
    rig.fail(False)
    with pytest.raises(GatewayFault):
        rig.gateway.hand_over(rig.handover())
    rig.mend()
    rig.gateway.hand_over(rig.handover())
    assert len(rig.effects()) == 1


@pytest.mark.parametrize("rig", CARRIES_BODY, indirect=True)
@pytest.mark.parametrize("body", ["🙂👵🏽" * 50, "字" * 2000, "回车\r\n换行\n\tX-Injected: 1", '"}\\ {{ }} ^~', ""])
def test_any_text_arrives_as_it_was_written(rig: Rig, body: str) -> None:
    rig.gateway.hand_over(rig.handover(body=body))
    assert rig.effects() == [("message-0000000000000001", body)]


@pytest.mark.parametrize("body", ["🙂👵🏽" * 50, "字" * 2000, "回车\r\n换行\n\tX-Injected: 1", '"}\\ <b>&amp; ]]>'])
def test_any_text_is_taken_in_some_form(rig: Rig, body: str) -> None:
    """Where it does not fit the provider it is cut, which the provider's own tests look at."""
    rig.gateway.hand_over(rig.handover(body=body))
    assert len(rig.effects()) == 1


def test_an_endless_key_is_no_trouble(rig: Rig) -> None:
    key = "k" * 64
    assert rig.gateway.hand_over(rig.handover(key)).reference


@pytest.mark.parametrize("fails", [None, True, False])
def test_logs_name_the_message_and_nobody(rig: Rig, fails: bool | None) -> None:
    if fails is not None:
        rig.fail(fails)
    with capture_logs() as lines, contextlib.suppress(GatewayFault):
        rig.gateway.hand_over(rig.handover())
    assert {line["message"] for line in lines} == {1}
    for personal in (rig.recipient, rig.recipient[3:], "482913", "同安黄手环", SECRET, RECEIPT_SECRET, KEY.decode()):
        assert personal not in str(lines)


def test_no_repr_holds_a_secret_or_a_number(rig: Rig) -> None:
    written = " ".join(repr(value) for value in vars(rig.gateway).values()) + repr(rig.gateway) + repr(rig.handover())
    assert SECRET not in written
    assert RECEIPT_SECRET not in written
    assert rig.recipient not in written


def test_the_repr_of_a_handover_names_nobody() -> None:
    assert repr(handover()) == "Handover(message_id=1)"


class _Broken(Gateway):
    """A provider with a mistake of ours in it."""

    name = "broken"

    def _call(self, handover: Handover) -> Receipt:
        raise LookupError(handover.recipient)


def test_a_mistake_in_a_provider_is_a_passing_fault_that_names_nobody() -> None:
    with capture_logs() as lines, pytest.raises(GatewayFault) as fault:
        _Broken().hand_over(handover())
    assert (fault.value.permanent, fault.value.code) == (False, "lookuperror")
    assert lines[0]["event"] == "gateway_broken"


class _Chatty(Gateway):
    """A provider whose outside answers with too much."""

    name = "chatty"

    def _call(self, handover: Handover) -> Receipt:
        if handover.body:
            return Receipt("r\n\x1b[31m" + "x" * 500)
        raise GatewayFault(permanent=False, code="c\r\n" + "y" * 500)


def test_what_an_outside_says_is_cut_and_cleaned_before_it_is_kept() -> None:
    assert _Chatty().hand_over(handover()).reference == ("r[31m" + "x" * 500)[:120]
    with pytest.raises(GatewayFault) as fault:
        _Chatty().hand_over(handover(body=""))
    assert fault.value.code == "odd_code"


@pytest.mark.parametrize("code", ["", " ", "a b", "x" * 65, "a\n", "错", "<b>", "+8613800138000", "13800138000", "a/b"])
def test_a_code_that_is_none_is_neither_kept_nor_logged(code: str) -> None:
    assert GatewayFault(permanent=False, code=code).code == "odd_code"


@pytest.mark.parametrize("code", ["x", "http_503", "isv.LIMIT-1", "7", "x" * 64])
def test_a_code_is_kept_as_the_outside_gave_it_in_small_letters(code: str) -> None:
    assert GatewayFault(permanent=False, code=code).code == code.lower()
