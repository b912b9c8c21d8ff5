"""Masked calls: the contract over every gateway, what each provider is told, and the order between them."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.gateways.fake_wire import FakeWire, endless, raw, replying, silent
from tests.gateways.providers import SECRET, FakeAliyun, FakeTwilio
from tests.gateways.rigs import ABROAD, AT, HASTY, PATIENT, RECIPIENT, aliyun_settings, twilio_settings, validated
from wristband.gateways.contract import GatewayFault
from wristband.gateways.masked import Connected, MaskedGateway, MaskedRota, PrintedMasked
from wristband.gateways.masked_aliyun import AliyunMaskedGateway, AliyunMaskedSettings
from wristband.gateways.masked_twilio import TwilioMaskedGateway, TwilioMaskedSettings
from wristband.gateways.wire import Limits

KEY = "encounter-0000000000000001"
FINDER = "+8613900139000"
FINDER_ABROAD = "+85257654321"
UNTIL = AT + timedelta(hours=2)


def aliyun(folder: Path, url: str, limits: Limits = PATIENT, **more: str) -> AliyunMaskedGateway:
    told = aliyun_settings(folder, url, pool_key="FC1", **more)
    del told["templates"], told["receipt_secret_file"]
    return AliyunMaskedGateway(validated(AliyunMaskedSettings, told, folder), limits)


def twilio(folder: Path, url: str, limits: Limits = PATIENT) -> TwilioMaskedGateway:
    return TwilioMaskedGateway(validated(TwilioMaskedSettings, twilio_settings(folder, url), folder), limits)


def people_of(gateway: MaskedGateway) -> tuple[str, str]:
    return (ABROAD, FINDER_ABROAD) if gateway.name == "twilio_masked" else (RECIPIENT, FINDER)


def connect(gateway: MaskedGateway, until: datetime = UNTIL) -> Connected:
    return gateway.connect(*people_of(gateway), key=KEY, until=until, now=AT)


Make = Callable[[Path, str, Limits], MaskedGateway]
WIRED: dict[str, Make] = {"aliyun_masked": aliyun, "twilio_masked": twilio}


@pytest.fixture(params=["printed", *WIRED])
def gateway(request: pytest.FixtureRequest, tmp_path: Path, wire: FakeWire) -> MaskedGateway:
    if request.param == "printed":
        return PrintedMasked(tmp_path)
    wire.behaviour = FakeAliyun() if request.param.startswith("aliyun") else FakeTwilio()
    return WIRED[request.param](tmp_path, wire.url, PATIENT)


@pytest.fixture(params=WIRED)
def make(request: pytest.FixtureRequest) -> Make:
    return WIRED[request.param]


# ---- the contract


def test_a_connection_has_a_reference_and_can_be_released(gateway: MaskedGateway) -> None:
    made = connect(gateway)
    assert made.reference.startswith(f"{gateway.name}:")
    gateway.release(made.reference, now=AT)


def test_no_log_line_and_no_repr_names_anybody(gateway: MaskedGateway) -> None:
    with capture_logs() as lines:
        made = connect(gateway)
        gateway.release(made.reference, now=AT)
    written = f"{lines} {made!r} {[repr(value) for value in vars(gateway).values()]}"
    for personal in (*people_of(gateway), "13800138000", "13900139000", SECRET):
        assert personal not in written
    assert made.number is None or made.number not in str(lines)


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        (replying(503), "http_503"),
        (replying(302, Location="https://elsewhere.example"), "http_302"),
        (replying(200, b"<html>"), "garbage"),
        (replying(200, {"Code": "OK", "sid": ""}), "garbage"),
        (replying(200, {"Code": "OK", "SecretBindDTO": {"SecretNo": 7}}), "garbage"),
        (silent, "timeout"),
        (raw(b"SSH-2.0\r\n"), "broken"),
        (endless, "too_big"),
    ],
)
def test_an_outside_in_trouble_is_a_passing_fault(
    make: Make, tmp_path: Path, wire: FakeWire, behaviour: Callable[..., None], code: str
) -> None:
    wire.behaviour = behaviour
    gateway = make(tmp_path, wire.url, HASTY if code == "timeout" else PATIENT)
    with pytest.raises(GatewayFault) as fault:
        connect(gateway)
    assert (fault.value.permanent, fault.value.code, fault.value.gateway) == (False, code, gateway.name)


def test_a_gateway_that_is_not_there_is_a_passing_fault(make: Make, tmp_path: Path) -> None:
    gateway = make(tmp_path, "http://gateway.invalid", HASTY)
    with pytest.raises(GatewayFault) as fault:
        gateway.release(f"{gateway.name}:1", now=AT)
    assert not fault.value.permanent


class _Broken(PrintedMasked):
    """One with a mistake of ours in it."""

    def _connect(self, guardian: str, finder: str, key: str, until: datetime, now: datetime) -> Connected:
        raise LookupError(guardian)


def test_a_mistake_of_ours_is_a_passing_fault_that_names_nobody(tmp_path: Path) -> None:
    with capture_logs() as lines, pytest.raises(GatewayFault) as fault:
        connect(_Broken(tmp_path))
    assert (fault.value.permanent, fault.value.code) == (False, "lookuperror")
    assert RECIPIENT not in str(lines)


# ---- aliyun


def test_axb_binds_both_numbers_and_gives_the_one_to_dial(tmp_path: Path, wire: FakeWire) -> None:
    cloud = FakeAliyun()
    wire.behaviour = cloud
    made = connect(aliyun(tmp_path, wire.url))
    assert cloud.calls == [
        (
            "BindAxb",
            {
                "PoolKey": "FC1",
                "PhoneNoA": "13800138000",
                "PhoneNoB": "13900139000",
                "Expiration": "2026-11-24 16:05:00",
                "OutId": KEY,
            },
        )
    ]
    # 15 digits of a licensee's, in no number plan: passed on as it is.
    assert made.number == "700123456789012"


def test_axn_binds_the_guardian_alone(tmp_path: Path, wire: FakeWire) -> None:
    cloud = FakeAliyun()
    wire.behaviour = cloud
    connect(aliyun(tmp_path, wire.url, mode="axn"))
    action, asked = cloud.calls[0]
    assert action == "BindAxn"
    assert "PhoneNoB" not in asked


def test_a_binding_that_would_end_too_soon_for_the_provider_ends_a_little_later(tmp_path: Path, wire: FakeWire) -> None:
    cloud = FakeAliyun()
    wire.behaviour = cloud
    connect(aliyun(tmp_path, wire.url), until=AT)
    assert cloud.calls[0][1]["Expiration"] == "2026-11-24 14:06:30"


def test_releasing_names_pool_subscription_and_number(tmp_path: Path, wire: FakeWire) -> None:
    cloud = FakeAliyun()
    wire.behaviour = cloud
    gateway = aliyun(tmp_path, wire.url)
    gateway.release(connect(gateway).reference, now=AT)
    assert cloud.calls[1] == (
        "UnbindSubscription",
        {"PoolKey": "FC1", "SubsId": "1000000123", "SecretNo": "700123456789012"},
    )


def test_releasing_what_has_ended_is_no_fault(tmp_path: Path, wire: FakeWire) -> None:
    gateway = aliyun(tmp_path, wire.url)
    wire.behaviour = FakeAliyun(refuses="isv.SUBS_NOT_EXIST")
    gateway.release("aliyun_masked:1:7001", now=AT)
    other = twilio(tmp_path, wire.url)
    for code in (21220, 20404):
        wire.behaviour = FakeTwilio(refuses=code)
        other.release("twilio_masked:CA1", now=AT)
    assert len(wire.sent) == 3


def test_no_number_left_in_the_pool_is_an_outage(tmp_path: Path, wire: FakeWire) -> None:
    wire.behaviour = FakeAliyun(refuses="isv.NO_AVAILABLE_NUMBER")
    with pytest.raises(GatewayFault) as fault:
        connect(aliyun(tmp_path, wire.url))
    assert (fault.value.permanent, fault.value.blame) == (False, "outage")


# ---- twilio


def test_twilio_rings_the_guardian_and_then_the_finder_under_its_own_number(tmp_path: Path, wire: FakeWire) -> None:
    cloud = FakeTwilio()
    wire.behaviour = cloud
    made = connect(twilio(tmp_path, wire.url))
    assert made.number is None
    assert cloud.asked == [
        {
            "To": ABROAD,
            "From": "+12025550100",
            "Twiml": '<Response><Dial callerId="+12025550100" timeLimit="7200">'
            f"<Number>{FINDER_ABROAD}</Number></Dial></Response>",
            "Timeout": "40",
        }
    ]


def test_twilio_hangs_up_a_call_that_is_released(tmp_path: Path, wire: FakeWire) -> None:
    cloud = FakeTwilio()
    wire.behaviour = cloud
    gateway = twilio(tmp_path, wire.url)
    gateway.release(connect(gateway).reference, now=AT)
    assert cloud.done[1][0] == f"Calls/CA{1:032x}"
    assert cloud.asked[1] == {"Status": "completed"}


@pytest.mark.parametrize(("guardian", "finder"), [(RECIPIENT, FINDER_ABROAD), (ABROAD, FINDER)])
def test_nobody_connects_the_mainland_with_abroad(tmp_path: Path, wire: FakeWire, guardian: str, finder: str) -> None:
    for gateway in (aliyun(tmp_path, wire.url), twilio(tmp_path, wire.url)):
        assert not gateway.takes(guardian, finder)
        with pytest.raises(GatewayFault) as fault:
            gateway.connect(guardian, finder, key=KEY, until=UNTIL, now=AT)
        assert (fault.value.permanent, fault.value.code) == (True, "country_not_served")
    assert wire.sent == []


# ---- printed


def test_the_printed_one_gives_a_number_that_nobody_has_and_writes_a_line(tmp_path: Path) -> None:
    gateway = PrintedMasked(tmp_path)
    made = connect(gateway)
    gateway.release(made.reference, now=AT)
    assert made.number is not None
    assert made.number.startswith("+120255501")
    assert len(made.number) == 12
    lines = [json.loads(line) for line in (tmp_path / "masked.jsonl").read_text().splitlines()]
    assert lines == [
        {"connect": KEY, "guardian": RECIPIENT, "finder": FINDER, "number": made.number, "until": UNTIL.isoformat()},
        {"release": KEY, "time": AT.isoformat()},
    ]
    assert stat.S_IMODE((tmp_path / "masked.jsonl").stat().st_mode) == 0o600


# ---- several


def test_the_next_is_tried_at_once_where_the_first_fails(tmp_path: Path, wire: FakeWire) -> None:
    wire.behaviour = replying(503)
    made = MaskedRota([aliyun(tmp_path, wire.url), PrintedMasked(tmp_path)]).connect(
        RECIPIENT, FINDER, key=KEY, until=UNTIL, now=AT
    )
    assert made.reference == f"printed:{KEY}"


def test_only_those_that_serve_both_numbers_are_asked(tmp_path: Path, wire: FakeWire) -> None:
    rota = MaskedRota([aliyun(tmp_path, wire.url), twilio(tmp_path, wire.url)])
    assert rota.takes(RECIPIENT, FINDER)
    assert rota.takes(ABROAD, FINDER_ABROAD)
    assert not rota.takes(RECIPIENT, FINDER_ABROAD)
    with pytest.raises(GatewayFault) as fault:
        rota.connect(RECIPIENT, FINDER_ABROAD, key=KEY, until=UNTIL, now=AT)
    assert fault.value.code == "country_not_served"
    assert wire.sent == []


def test_where_all_fail_the_last_ones_fault_is_told(tmp_path: Path, wire: FakeWire) -> None:
    wire.behaviour = FakeAliyun(refuses="isv.NO_AVAILABLE_NUMBER")
    with pytest.raises(GatewayFault) as fault:
        MaskedRota([aliyun(tmp_path, wire.url)]).connect(RECIPIENT, FINDER, key=KEY, until=UNTIL, now=AT)
    assert fault.value.code == "isv.no_available_number"


def test_a_connection_is_released_by_the_gateway_that_made_it(tmp_path: Path, wire: FakeWire) -> None:
    cloud = FakeTwilio()
    wire.behaviour = cloud
    rota = MaskedRota([PrintedMasked(tmp_path), twilio(tmp_path, wire.url)])
    rota.release(f"twilio_masked:CA{1:032x}", now=AT)
    assert cloud.asked == [{"Status": "completed"}]
    assert not (tmp_path / "masked.jsonl").exists()


def test_a_connection_of_a_gateway_that_is_no_longer_there_ends_by_itself(tmp_path: Path) -> None:
    with pytest.raises(GatewayFault) as fault:
        MaskedRota([PrintedMasked(tmp_path)]).release("aliyun_masked:1:7001", now=AT)
    assert (fault.value.permanent, fault.value.code) == (True, "no_gateway")
