"""What the codes of SMS providers mean: for good or in passing, and whom they speak against."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.gateways.fake_wire import FakeWire, replying
from tests.gateways.providers import FakeAliyun, FakeTencent, FakeTwilio
from tests.gateways.rigs import ABROAD, aliyun_sms, handover, tencent_sms, twilio_sms
from wristband.gateways.contract import Blame, Gateway, GatewayFault, Handover


def fault_of(gateway: Gateway, message: Handover) -> GatewayFault:
    with pytest.raises(GatewayFault) as fault:
        gateway.hand_over(message)
    return fault.value


@pytest.mark.parametrize(
    ("code", "permanent", "blame"),
    [
        ("isv.MOBILE_NUMBER_ILLEGAL", True, Blame.GATEWAY),
        ("isv.BUSINESS_LIMIT_CONTROL", False, Blame.MESSAGE),
        ("isv.PARAM_NOT_SUPPORT_URL", False, Blame.MESSAGE),
        ("isv.AMOUNT_NOT_ENOUGH", False, Blame.OUTAGE),
        ("isv.OUT_OF_SERVICE", False, Blame.OUTAGE),
        ("isv.SMS_SIGNATURE_ILLEGAL", False, Blame.OUTAGE),
        ("InvalidAccessKeyId.NotFound", False, Blame.OUTAGE),
        ("isv.SMS_TEMPLATE_ILLEGAL", False, Blame.GATEWAY),
        ("isp.SYSTEM_ERROR", False, Blame.GATEWAY),
        ("Throttling.User", False, Blame.GATEWAY),
    ],
)
def test_aliyuns_codes(tmp_path: Path, wire: FakeWire, code: str, permanent: bool, blame: Blame) -> None:
    wire.behaviour = FakeAliyun(refuses=code)
    fault = fault_of(aliyun_sms(tmp_path, wire.url), handover())
    assert (fault.permanent, fault.code, fault.blame, fault.in_doubt) == (permanent, code.lower(), blame, False)


@pytest.mark.parametrize(
    ("code", "permanent", "blame"),
    [
        ("InvalidParameterValue.IncorrectPhoneNumber", True, Blame.GATEWAY),
        ("FailedOperation.PhoneNumberInBlacklist", True, Blame.GATEWAY),
        ("LimitExceeded.PhoneNumberThirtySecondLimit", False, Blame.MESSAGE),
        ("FailedOperation.ContainSensitiveWord", False, Blame.MESSAGE),
        ("FailedOperation.InsufficientBalanceInSmsPackage", False, Blame.OUTAGE),
        ("FailedOperation.SignatureIncorrectOrUnapproved", False, Blame.OUTAGE),
        ("UnauthorizedOperation.SmsSdkAppIdVerifyFail", False, Blame.OUTAGE),
        ("FailedOperation.TemplateIncorrectOrUnapproved", False, Blame.GATEWAY),
        ("InternalError.Timeout", False, Blame.GATEWAY),
    ],
)
@pytest.mark.parametrize("where", ["refuses", "refuses_call"])
def test_tencents_codes(tmp_path: Path, wire: FakeWire, where: str, code: str, permanent: bool, blame: Blame) -> None:
    wire.behaviour = FakeTencent(**{where: code})
    fault = fault_of(tencent_sms(tmp_path, wire.url), handover())
    assert (fault.permanent, fault.code, fault.blame) == (permanent, code.lower(), blame)


@pytest.mark.parametrize(
    ("code", "permanent", "blame"),
    [
        (21211, True, Blame.GATEWAY),
        (21610, True, Blame.GATEWAY),
        (21614, True, Blame.GATEWAY),
        (21408, False, Blame.MESSAGE),
        (20003, False, Blame.OUTAGE),
        (21606, False, Blame.OUTAGE),
        (20429, False, Blame.GATEWAY),
    ],
)
def test_twilios_codes(tmp_path: Path, wire: FakeWire, code: int, permanent: bool, blame: Blame) -> None:
    wire.behaviour = FakeTwilio(refuses=code)
    fault = fault_of(twilio_sms(tmp_path, wire.url), handover(recipient=ABROAD))
    assert (fault.permanent, fault.code, fault.blame) == (permanent, str(code), blame)


@pytest.mark.parametrize(
    "lie",
    [
        {"Code": "isp.SYSTEM_ERROR", "Message": "…"},
        {"Code": None},
        {"Code": "ok"},
        {"Message": "OK"},
        {"Response": {"SendStatusSet": []}},
        {"Response": {"SendStatusSet": [{"Code": "ok"}]}},
        {"Response": {"SendStatusSet": "Ok"}},
        {"Response": {"Error": {"Code": "InternalError"}, "SendStatusSet": [{"Code": "Ok", "SerialNo": "1"}]}},
        {"sid": ""},
        {"sid": None, "status": "queued"},
        {"sid": "SM1", "error_code": 30003, "status": "failed"},
        {"status": 400, "code": 20500},
    ],
)
def test_two_hundred_with_anything_but_a_yes_is_a_passing_fault(
    tmp_path: Path, wire: FakeWire, lie: dict[str, object]
) -> None:
    wire.behaviour = replying(200, lie)
    for gateway in (aliyun_sms(tmp_path, wire.url), tencent_sms(tmp_path, wire.url)):
        assert not fault_of(gateway, handover()).permanent
    assert not fault_of(twilio_sms(tmp_path, wire.url), handover(recipient=ABROAD)).permanent
