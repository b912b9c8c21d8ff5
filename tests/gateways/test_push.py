"""Web push: sealed for one browser, signed by this server, and what the push service's answer means."""

from __future__ import annotations

import json
import socket
from datetime import timedelta
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from structlog.testing import capture_logs

from tests.gateways import fake_wire
from tests.gateways.fake_wire import Behaviour, FakeWire, dripping, endless, raw, replying, silent
from tests.gateways.quiet_rigs import (
    BODY,
    LINK,
    NOW,
    PUSH_SECRET,
    Browser,
    OneKey,
    claims_of,
    fault_of,
    owed,
    plain,
    push_gateway,
)
from tests.gateways.rigs import HASTY, PATIENT
from wristband.gateways import webpush
from wristband.gateways.contract import Blame, GatewayFault
from wristband.gateways.push import PushGateway, PushSettings, content
from wristband.gateways.wire import Limits

# RFC 8291, 5 and appendix A.
RFC = {
    "plaintext": "V2hlbiBJIGdyb3cgdXAsIEkgd2FudCB0byBiZSBhIHdhdGVybWVsb24",
    "ours": "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw",
    "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
    "browser": "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94",
    "salt": "DGv6ra1nlYgDCS1FRnbzlw",
    "auth": "BTBZMqHH6r4Tts7J_aSIgg",
    "body": (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBr"
        "u3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    ),
}


@pytest.fixture
def browser() -> Browser:
    return Browser()


def endpoint_at(wire: FakeWire) -> str:
    return wire.url.partition("?")[0]


# ---- sealing


def private(text: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(plain(text), "big"), ec.SECP256R1())


def test_the_rfcs_example_comes_out_byte_for_byte() -> None:
    sealed = webpush.seal(
        plain(RFC["plaintext"]),
        plain(RFC["p256dh"]),
        plain(RFC["auth"]),
        salt=plain(RFC["salt"]),
        ours=private(RFC["ours"]),
    )
    assert webpush.base64url(sealed) == RFC["body"]


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=40), max_size=3))
def test_what_is_sealed_opens_in_that_browser_and_in_no_other(shown: dict[str, str]) -> None:
    browser, other = Browser(), Browser()
    sealed = webpush.seal(json.dumps(shown).encode(), browser.public, browser.auth)
    assert browser.open(sealed) == shown
    with pytest.raises(InvalidTag):
        other.open(sealed)


def test_the_same_content_is_never_sealed_alike(browser: Browser) -> None:
    assert len({webpush.seal(b"{}", browser.public, browser.auth) for _ in range(5)}) == 5


def test_the_longest_content_fills_a_push_message_and_one_byte_more_is_refused(browser: Browser) -> None:
    longest = json.dumps({"x": "x" * (webpush.LONGEST_BYTES - 9)}).encode()
    assert len(longest) == webpush.LONGEST_BYTES
    sealed = webpush.seal(longest, browser.public, browser.auth)
    assert len(sealed) == 4096
    assert len(browser.open(sealed)["x"]) == webpush.LONGEST_BYTES - 9
    with pytest.raises(ValueError, match="too long"):
        webpush.seal(longest + b" ", browser.public, browser.auth)


# ---- signing


@given(st.binary(min_size=32, max_size=32))
def test_a_secret_is_always_the_same_key_and_another_secret_another(secret: bytes) -> None:
    assert webpush.public_key(secret) == webpush.public_key(secret)
    assert webpush.public_key(secret) != webpush.public_key(secret[:-1] + bytes([secret[-1] ^ 1]))
    assert len(plain(webpush.public_key(secret))) == 65


def test_the_key_of_a_secret_never_changes_for_browsers_have_subscribed_with_it() -> None:
    assert webpush.public_key(bytes(range(32))) == (
        "BJ678MXzfwWJIRH2M4aKayWDaEJb8dhHT6z9YdmuvBqAA3VT5QTpfJJifbNwj_0cI1yQAcJFK4C0BH0ljpsheOM"
    )


def test_a_push_service_can_check_who_we_are(wire: FakeWire, browser: Browser) -> None:
    wire.behaviour = replying(201)
    push_gateway().hand_over(owed(browser.subscription(endpoint_at(wire))))
    claims, signed, signature, key = claims_of(wire.sent[0])
    assert claims == {
        "aud": wire.url.partition("/send")[0],
        "exp": int((NOW + timedelta(hours=12)).timestamp()),
        "sub": "mailto:post@example.org",
    }
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key)
    der = utils.encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
    public.verify(der, signed, ec.ECDSA(SHA256()))
    with pytest.raises(InvalidSignature):
        public.verify(der, signed + b"x", ec.ECDSA(SHA256()))
    assert webpush.base64url(key) == webpush.public_key(PUSH_SECRET)


# ---- the request


def test_the_browser_reads_title_body_link_and_tag_and_nothing_else(wire: FakeWire, browser: Browser) -> None:
    wire.behaviour = replying(201)
    receipt = push_gateway().hand_over(owed(browser.subscription(endpoint_at(wire))))
    sent = wire.sent[0]
    assert browser.open(sent.body) == {"title": "黄手环", "body": BODY, "link": LINK, "tag": sent.headers["Topic"]}
    assert receipt.reference == "message-0000000000000001"


def test_the_push_service_is_told_to_hurry_and_to_keep_it_four_hours(wire: FakeWire, browser: Browser) -> None:
    wire.behaviour = replying(201)
    push_gateway().hand_over(owed(browser.subscription(endpoint_at(wire))))
    headers = wire.sent[0].headers
    assert (headers["TTL"], headers["Urgency"], headers["Content-Encoding"]) == ("14400", "high", "aes128gcm")


def test_the_topic_is_the_same_for_one_message_and_another_for_another(wire: FakeWire, browser: Browser) -> None:
    wire.behaviour = replying(201)
    for key in ("message-0000000000000001", "message-0000000000000001", "message-0000000000000002"):
        push_gateway().hand_over(owed(browser.subscription(endpoint_at(wire)), idempotency_key=key))
    topics = [sent.headers["Topic"] for sent in wire.sent]
    assert topics[0] == topics[1] != topics[2]
    assert all(len(topic) == 32 for topic in topics)


def test_another_language_has_another_title() -> None:
    assert json.loads(content(owed("", language="en"), 3000))["title"] == "Yellow wristband"


@given(st.text(alphabet=st.sampled_from('字🙂"\\\n\x00a'), max_size=3000), st.integers(300, 3993))
def test_a_text_too_long_is_cut_and_the_link_never(body: str, most_bytes: int) -> None:
    data = content(owed("", body=body), most_bytes)
    shown = json.loads(data)
    assert len(data) <= most_bytes
    assert shown["link"] == LINK
    assert shown["body"] == body or (shown["body"].endswith("…") and body.startswith(shown["body"][:-1]))


def test_a_link_that_leaves_no_room_for_words_is_refused() -> None:
    with pytest.raises(GatewayFault) as fault:
        content(owed("", link="https://band.example.org/" + "x" * 4000), 3993)
    assert (fault.value.permanent, fault.value.code) == (True, "too_long")


def test_where_a_service_takes_less_a_short_text_goes_at_once(wire: FakeWire, browser: Browser) -> None:
    def small(handler: Any, wire: FakeWire) -> None:
        fake_wire.reply(handler, 413 if len(wire.sent[-1].body) > 1000 else 201, b"")

    wire.behaviour = small
    push_gateway().hand_over(owed(browser.subscription(endpoint_at(wire)), body="字" * 2000))
    assert len(wire.sent) == 2
    shown = browser.open(wire.sent[1].body)
    assert shown["link"] == LINK
    assert shown["body"].startswith("字字")


# ---- what the push service says


@pytest.mark.parametrize(
    ("status", "permanent", "code", "blame"),
    [
        (404, True, "gone", Blame.MESSAGE),
        (410, True, "gone", Blame.MESSAGE),
        (400, True, "http_400", Blame.MESSAGE),
        (413, True, "http_413", Blame.MESSAGE),
        (401, False, "http_401", Blame.OUTAGE),
        (403, False, "http_403", Blame.OUTAGE),
        (429, False, "http_429", Blame.MESSAGE),
        (500, False, "http_500", Blame.MESSAGE),
        (503, False, "http_503", Blame.MESSAGE),
        (307, False, "http_307", Blame.MESSAGE),
    ],
)
def test_a_subscription_that_has_ended_is_gone_and_what_is_ours_or_theirs_passes(
    wire: FakeWire, browser: Browser, status: int, permanent: bool, code: str, blame: Blame
) -> None:
    wire.behaviour = replying(status, Location="https://example.org/")
    fault = fault_of(push_gateway(), owed(browser.subscription(endpoint_at(wire))))
    assert (fault.permanent, fault.code, fault.blame) == (permanent, code, blame)


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [(silent, "timeout"), (dripping(b""), "timeout"), (endless, "too_big"), (raw(b"SSH-2.0-OpenSSH\r\n"), "broken")],
)
def test_a_service_that_is_slow_or_broken_passes(
    wire: FakeWire, browser: Browser, behaviour: Behaviour, code: str
) -> None:
    wire.behaviour = behaviour
    limits = HASTY if code == "timeout" else PATIENT
    fault = fault_of(push_gateway(limits), owed(browser.subscription(endpoint_at(wire))))
    assert (fault.permanent, fault.code, fault.blame) == (False, code, Blame.MESSAGE)


# ---- where to, and with which key


@pytest.mark.parametrize("recipient", ["", "{}", "null", "+8613800138000", "https://fcm.googleapis.com/x"])
def test_what_is_no_subscription_is_never_tried(recipient: str) -> None:
    fault = fault_of(push_gateway(), owed(recipient))
    assert (fault.permanent, fault.code) == (True, "recipient_invalid")


@pytest.mark.parametrize(
    ("host", "served"),
    [
        ("fcm.googleapis.com", True),
        ("updates.push.services.mozilla.com", True),
        ("web.push.apple.com", True),
        ("db5p.notify.windows.com", True),
        ("push.apple.com", False),
        ("push.apple.com.example.org", False),
        ("evilpush.apple.com", False),
        ("x.fcm.googleapis.com", False),
        ("127.0.0.1", False),
        ("push.example.org", False),
    ],
)
def test_only_push_services_are_posted_to(host: str, served: bool) -> None:
    assert PushSettings(contact="mailto:post@example.org").serves(host) is served


def test_a_subscription_elsewhere_is_refused_for_good(wire: FakeWire, browser: Browser) -> None:
    gateway = PushGateway(PushSettings(contact="mailto:post@example.org"), OneKey(), PATIENT)
    fault = fault_of(gateway, owed(browser.subscription(endpoint_at(wire))))
    assert (fault.permanent, fault.code) == (True, "service_refused")
    assert wire.sent == []


def test_in_production_a_service_whose_name_leads_inside_is_not_called(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("10.0.0.1", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_asked, **_how: found)
    recipient = browser.subscription("https://fcm.googleapis.com/fcm/send/abc")
    fault = fault_of(push_gateway(Limits(public_only=True)), owed(recipient))
    assert (fault.permanent, fault.code) == (False, "address_refused")


def test_a_subscription_whose_key_was_dropped_is_refused_for_good(wire: FakeWire, browser: Browser) -> None:
    fault = fault_of(push_gateway(), owed(browser.subscription(endpoint_at(wire), key_id="2")))
    assert (fault.permanent, fault.code) == (True, "key_gone")
    assert wire.sent == []


@pytest.mark.parametrize(
    "contact", ["", "post@example.org", "http://example.org", "mailto:a\r\nb", "mailto:林@example.org"]
)
def test_push_services_are_told_whom_to_ask(contact: str) -> None:
    with pytest.raises(ValidationError, match="mailto"):
        PushSettings(contact=contact)


def test_logs_name_the_message_and_no_subscription(wire: FakeWire, browser: Browser) -> None:
    wire.behaviour = replying(500)
    recipient = browser.subscription(endpoint_at(wire))
    with capture_logs() as lines:
        fault_of(push_gateway(), owed(recipient))
    assert [line["message"] for line in lines] == [1]
    assert endpoint_at(wire) not in str(lines)
