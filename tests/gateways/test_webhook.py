"""Partners' webhooks: signed, to https on the open Internet alone, believed only by their status."""

from __future__ import annotations

import hashlib
import hmac
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.gateways.fake_wire import FakeWire, Sent, replying, silent
from tests.gateways.rigs import AT, HASTY, PATIENT, handover
from wristband.gateways.contract import GatewayFault, Handover
from wristband.gateways.webhook import MOST_A_HOST, WebhookGateway
from wristband.gateways.wire import Limits

EVENT = {"id": "event-0000000000000000007", "event": "incident.accepted"}
SECRET, OLD = "whs_of-a-partner", "whs_of-last-year"


@pytest.fixture
def gateway(wire: FakeWire) -> WebhookGateway:
    wire.behaviour = replying(204, {})
    return WebhookGateway(secure=False, limits=PATIENT)


def event(url: str, *secrets: str) -> Handover:
    recipient = json.dumps({"url": url, "secrets": secrets or [SECRET]})
    return handover(recipient=recipient, body=json.dumps(EVENT, ensure_ascii=False))


def proof(sent: Sent, secret: str) -> str:
    signed = f"{sent.headers['Wristband-Time']}.{EVENT['id']}.".encode() + json.dumps(EVENT).encode()
    return f"v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"


def fault(gateway: WebhookGateway, given: Handover) -> GatewayFault:
    with pytest.raises(GatewayFault) as raised:
        gateway.hand_over(given)
    return raised.value


def test_an_event_goes_out_signed_under_its_own_id(gateway: WebhookGateway, wire: FakeWire) -> None:
    receipt = gateway.hand_over(event(wire.url))
    sent = wire.sent[0]
    assert sent.content == EVENT
    assert sent.headers["Idempotency-Key"] == EVENT["id"] == receipt.reference
    assert sent.headers["Wristband-Time"] == str(int(AT.timestamp()))
    assert sent.headers["Wristband-Signature"] == proof(sent, SECRET)


def test_while_a_secret_is_renewed_both_sign(gateway: WebhookGateway, wire: FakeWire) -> None:
    gateway.hand_over(event(wire.url, SECRET, OLD))
    sent = wire.sent[0]
    assert sent.headers["Wristband-Signature"].split(", ") == [proof(sent, SECRET), proof(sent, OLD)]


@pytest.mark.parametrize("status", [400, 410, 413, 415, 422])
def test_what_the_receiver_will_never_take_is_not_tried_again(
    gateway: WebhookGateway, wire: FakeWire, status: int
) -> None:
    wire.behaviour = replying(status, {})
    told = fault(gateway, event(wire.url))
    assert (told.permanent, told.code) == (True, f"http_{status}")


@pytest.mark.parametrize("status", [301, 302, 307, 401, 403, 404, 429, 500, 503])
def test_anything_else_is_tried_again_and_no_redirect_is_followed(
    gateway: WebhookGateway, wire: FakeWire, status: int
) -> None:
    wire.behaviour = replying(status, {})
    told = fault(gateway, event(wire.url))
    assert (told.permanent, told.code) == (False, f"http_{status}")
    assert len(wire.sent) == 1


def test_a_webhook_that_was_deleted_meanwhile_is_told_nothing(gateway: WebhookGateway, wire: FakeWire) -> None:
    told = fault(gateway, handover(recipient="", body=json.dumps(EVENT)))
    assert (told.permanent, told.code) == (True, "webhook_ended")
    assert wire.sent == []


def test_in_production_nothing_goes_out_in_the_clear(wire: FakeWire) -> None:
    told = fault(WebhookGateway(secure=True, limits=PATIENT), event(wire.url))
    assert (told.permanent, told.code) == (True, "not_https")
    assert wire.sent == []


@pytest.mark.parametrize("address", ["127.0.0.1", "[::1]", "169.254.169.254", "10.0.0.1", "192.168.1.1", "[::]"])
def test_in_production_no_name_leads_inside(address: str) -> None:
    gateway = WebhookGateway(secure=True, limits=Limits(public_only=True))
    told = fault(gateway, event(f"https://{address}/"))
    assert (told.permanent, told.code) == (False, "address_refused")


def test_a_partner_that_hangs_ties_up_a_few_hands_and_no_more(wire: FakeWire) -> None:
    wire.behaviour = silent
    gateway = WebhookGateway(secure=False, limits=HASTY)

    def call(_number: int) -> Any:
        return fault(gateway, event(wire.url)).code

    with ThreadPoolExecutor(MOST_A_HOST + 2) as pool:
        codes = list(pool.map(call, range(MOST_A_HOST + 2)))
    assert codes.count("timeout") >= MOST_A_HOST
    assert set(codes) <= {"timeout", "busy"}
    wire.behaviour = replying(200, {})
    assert gateway.hand_over(event(wire.url)).gateway == "webhook"
