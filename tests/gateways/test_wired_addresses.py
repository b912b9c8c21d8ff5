"""Where a gateway may be called: in production on the open Internet and in the operator's networks, nowhere else."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from tests.gateways import fake_wire
from tests.gateways.fake_wire import FakeWire
from tests.gateways.rigs import KEY, handover
from wristband import gateways
from wristband.config import Mode, Settings, SettingsWrong, load
from wristband.gateways.contract import GatewayFault
from wristband.gateways.ordinary import HttpGateway
from wristband.gateways.wire import Limits

PUBLIC = Limits(public_only=True)
STATION = Limits(
    public_only=True, networks=(ipaddress.ip_network("10.20.0.0/16"), ipaddress.ip_network("fd00:20::/32"))
)
NOWHERE = [
    "0.0.0.0",  # noqa: S104  looked at, never listened on
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.8.8.8",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.192",
    "192.168.1.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "ff02::1",
]

Resolver = Callable[..., list[str]]


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Resolver:
    """The network's name service: `resolver("127.0.0.1", ...)` says what it answers; the list is what it was asked."""

    def answering(*addresses: str) -> list[str]:
        asked: list[str] = []

        def look_up(host: str, port: int, **_more: object) -> list[tuple[object, ...]]:
            asked.append(host)
            kinds = [socket.AF_INET6 if ":" in address else socket.AF_INET for address in addresses]
            return [
                (kind, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port))
                for kind, address in zip(kinds, addresses, strict=True)
            ]

        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        return asked

    return answering


def fault_of(url: str, limits: Limits) -> tuple[bool, str]:
    with pytest.raises(GatewayFault) as fault:
        HttpGateway("sms", url, KEY, limits).hand_over(handover())
    return fault.value.permanent, fault.value.code


@pytest.mark.parametrize("address", NOWHERE)
def test_no_address_of_the_inside_is_called(address: str) -> None:
    assert not PUBLIC.allow(address)
    assert Limits().allow(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "223.5.5.5", "2606:2800:220:1::1", "64:ff9b::5db8:d822"])
def test_the_open_internet_is(address: str) -> None:
    assert PUBLIC.allow(address)


def test_a_network_of_the_operators_is_and_its_neighbour_is_not() -> None:
    allowed = {a for a in ("10.20.3.4", "10.21.0.1", "fd00:20::7", "fd00:21::7", "127.0.0.1") if STATION.allow(a)}
    assert allowed == {"10.20.3.4", "fd00:20::7"}


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "::1", "fe80::1"])
def test_this_machine_and_a_clouds_metadata_are_not_though_every_network_be_named(address: str) -> None:
    everything = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))
    assert not Limits(public_only=True, networks=everything).allow(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "0x7f000001", "2130706433", "127.1"])
def test_nothing_is_sent_to_a_host_that_leads_inside(wire: FakeWire, host: str) -> None:
    port = urlsplit(wire.url).port
    assert fault_of(f"http://{host}:{port}/", PUBLIC) in ((False, "address_refused"), (False, "network"))
    assert wire.sent == []


def test_one_answer_of_many_that_leads_inside_is_enough(wire: FakeWire, resolver: Resolver) -> None:
    resolver("93.184.216.34", "127.0.0.1")
    assert fault_of(f"http://gateway.example:{urlsplit(wire.url).port}/", PUBLIC) == (False, "address_refused")
    assert wire.sent == []


def test_a_name_is_looked_up_once_and_that_answer_is_called(wire: FakeWire, resolver: Resolver) -> None:
    asked = resolver("127.0.0.1")
    HttpGateway("sms", f"http://gateway.example:{urlsplit(wire.url).port}/", KEY).hand_over(handover())
    assert asked == ["gateway.example"]
    assert wire.sent[0].headers["Host"].startswith("gateway.example:")


def test_where_the_first_address_does_not_answer_the_next_one_is_called(resolver: Resolver) -> None:
    with fake_wire.serving() as wire:
        port = urlsplit(wire.url).port
        resolver("::1", "127.0.0.1")  # the wire listens at the second one only
        HttpGateway("sms", f"http://gateway.example:{port}/", KEY).hand_over(handover())
        assert len(wire.sent) == 1


def test_outside_production_a_gateway_may_stand_on_this_machine(wire: FakeWire) -> None:
    settings = Settings(sms_url=wire.url)
    gateways.choose(settings)["sms"].hand_over(handover())
    assert len(wire.sent) == 1


def test_in_production_it_may_not(wire: FakeWire) -> None:
    settings = Settings(sms_url=wire.url, gateway_networks="10.20.0.0/16").model_copy(update={"mode": Mode.PRODUCTION})
    gateway = gateways.choose(settings)["sms"]
    with pytest.raises(GatewayFault) as fault:
        gateway.hand_over(handover())
    assert fault.value.code == "address_refused"
    assert wire.sent == []


@pytest.mark.parametrize("networks", ["10.20.0.1/16", "junk", "10.20.0.0/16,10.0.0.0/99", "::1/64"])
def test_what_is_no_network_stops_the_start_and_is_named(networks: str) -> None:
    with pytest.raises(SettingsWrong) as wrong:
        load(gateway_networks=networks)
    assert "WRISTBAND_GATEWAY_NETWORKS: " in wrong.value.facts["faults"]
    assert networks.split(",")[-1] in wrong.value.facts["faults"]
