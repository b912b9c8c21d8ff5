"""A push subscription as a browser hands it out."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wristband.errors import BadValue
from wristband.values.push import PushSubscription

# The example of RFC 8291, 5.
P256DH = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
ENDPOINT = "https://updates.push.services.mozilla.com/wpush/v2/abc"


def told(**changed: Any) -> str:
    keys = {"p256dh": changed.pop("p256dh", P256DH), "auth": changed.pop("auth", AUTH)}
    return json.dumps({"endpoint": ENDPOINT, "expirationTime": None, "keys": keys} | changed)


def test_a_browsers_subscription_is_read_with_the_key_it_was_made_with() -> None:
    subscription = PushSubscription.parse(told(), "1")
    assert subscription.endpoint == ENDPOINT
    assert (len(subscription.p256dh), len(subscription.auth), subscription.key_id) == (65, 16, "1")
    assert subscription.host == "updates.push.services.mozilla.com"


def test_what_is_kept_reads_as_what_was_told() -> None:
    subscription = PushSubscription.parse(told(), "1")
    assert PushSubscription.parse(subscription.to_json()) == subscription


@pytest.mark.parametrize(
    "changed",
    [
        {"endpoint": "http://updates.push.services.mozilla.com/x"},
        {"endpoint": "https://user@updates.push.services.mozilla.com/x"},
        {"endpoint": "https://updates.push.services.mozilla.com:8443/x"},
        {"endpoint": "https://updates.push.services.mozilla.com/x#y"},
        {"endpoint": "https://updates.push.services.mozilla.com/\r\nx"},
        {"endpoint": "https://[::1/x"},
        {"endpoint": "https://"},
        {"endpoint": "https://a.example/" + "x" * 2048},
        {"endpoint": None},
        {"endpoint": 7},
        {"auth": base64.urlsafe_b64encode(b"x" * 15).decode()},
        {"auth": ""},
        {"auth": None},
        {"auth": "%%%%"},
        {"auth": "a"},
        {"p256dh": base64.urlsafe_b64encode(b"\x04" + b"\x01" * 64).decode()},
        {"p256dh": base64.urlsafe_b64encode(b"\x04" + b"\x00" * 64).decode()},
        {"p256dh": base64.urlsafe_b64encode(b"\x02" + b"\x01" * 32).decode()},
        {"p256dh": ["a"]},
        {"keys": None},
        {"keys": []},
    ],
)
def test_what_is_none_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(BadValue) as refused:
        PushSubscription.parse(told(**changed), "1")
    assert refused.value.code == "push.not_a_subscription"


@pytest.mark.parametrize("text", ["", "null", "[]", "7", '"x"', "{}", "[" * 4000, "x" * 5000])
def test_what_is_no_json_object_of_the_kind_is_refused(text: str) -> None:
    with pytest.raises(BadValue):
        PushSubscription.parse(text, "1")


@pytest.mark.parametrize("key_id", ["", "a", "10", "/"])
def test_it_names_a_key_of_ours(key_id: str) -> None:
    with pytest.raises(BadValue):
        PushSubscription.parse(told(), key_id)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.sampled_from(["endpoint", "keys", "p256dh", "auth", "vapid"]), inner)
        ),
    )
)
def test_any_json_is_a_subscription_or_a_refusal(content: Any) -> None:
    with pytest.raises(BadValue):
        PushSubscription.parse(json.dumps(content), "1")


def test_it_shows_itself_without_its_address() -> None:
    assert repr(PushSubscription.parse(told(), "1")) == "PushSubscription(updates.push.services.mozilla.com)"
