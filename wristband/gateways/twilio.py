"""Calls of Twilio, for numbers outside mainland China, and the signature of what it tells afterwards.

https://www.twilio.com/docs/usage/security (X-Twilio-Signature), https://www.twilio.com/docs/api/errors (codes). Not for
+86: https://www.twilio.com/en-us/guidelines/cn/sms refuses links, replies and most senders there.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Self
from urllib.parse import urlencode, urlsplit

from pydantic import Field, StringConstraints, model_validator

from wristband.gateways import wire
from wristband.gateways.contract import (
    Blame,
    Gateway,
    GatewayFault,
    Handover,
    ReadsReceipts,
    ReceiptCall,
    ReceiptRefused,
)
from wristband.gateways.mainland import is_chinese
from wristband.gateways.receipts import fields, header
from wristband.gateways.settings import Endpoint, GatewayName, Secret, Strict

Sid = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}[0-9a-f]{32}$")]
Number = Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{5,14}$")]
# The number is none, is no mobile, or its owner wants no texts.
_PERMANENT = frozenset({21211, 21217, 21610, 21614})
# A country not switched on, a number that cannot be reached or is not verified, a text too long.
_OF_ONE_MESSAGE = frozenset({21214, 21215, 21216, 21408, 21608, 21612, 21617})
# Keys, account, sender.
_OUTAGES = frozenset(
    {
        10001,
        20003,
        20005,
        20006,
        20008,
        20404,
        21210,
        21212,
        21401,
        21603,
        21606,
        21609,
        21659,
        21660,
        21704,
        21705,
    }
)


class TwilioSettings(Strict):
    """An account of Twilio's and the number it sends and calls from."""

    name: GatewayName
    account_sid: Sid
    auth_token: Secret = Field(alias="auth_token_file")
    sender: Number | None = None
    """A number of the account's; of a text also a messaging service instead."""
    messaging_service: Sid | None = None
    endpoint: Endpoint = Field(default="https://api.twilio.com", validate_default=True)

    @model_validator(mode="after")
    def _has_a_sender(self) -> Self:
        if (self.sender is None) == (self.messaging_service is None):
            raise ValueError("give a sender, or for texts a messaging_service")
        return self


@dataclass(frozen=True)
class Twilio:
    """An account, how to call it and how to know it. `callback` is the address it tells us things at, or empty."""

    endpoint: str
    account_sid: str
    auth_token: str = field(repr=False)
    callback: str
    limits: wire.Limits = field(default_factory=wire.Limits)

    def post(self, resource: str, parameters: Mapping[str, str]) -> str:
        """Make a message or a call, or change one; its sid. Raises GatewayFault."""
        url = f"{self.endpoint}/2010-04-01/Accounts/{self.account_sid}/{resource}.json"
        pair = base64.b64encode(f"{self.account_sid}:{self.auth_token}".encode()).decode()
        headers = {
            "Authorization": f"Basic {pair}",
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        }
        return _read(wire.post(url, urlencode(parameters).encode(), headers, self.limits))

    def told(self, call: ReceiptCall) -> dict[str, str]:
        """The fields of a call of Twilio's, once its signature is right. Raises ReceiptRefused."""
        if not self.callback:
            raise ReceiptRefused("no_callback", status=403)
        # Not the address it came to, which a proxy may have changed: the one that Twilio was given.
        query = urlsplit(call.url).query
        address = f"{self.callback}?{query}" if query else self.callback
        pairs = fields(call) if call.body else []
        given = header(call, "X-Twilio-Signature").encode()
        if not hmac.compare_digest(given, signature(self.auth_token, address, pairs).encode()):
            raise ReceiptRefused("wrong_signature", status=403)
        return dict(pairs)


class TwilioGateway(Gateway, ReadsReceipts):
    """One channel of an account; not to numbers of the mainland."""

    def __init__(self, settings: TwilioSettings, limits: wire.Limits, receipts_base: str) -> None:
        self.name = settings.name
        self.settings = settings
        callback = f"{receipts_base}/platform/receipts/{self.name}" if receipts_base else ""
        token = settings.auth_token.get_secret_value()
        self.twilio = Twilio(settings.endpoint, settings.account_sid, token, callback, limits)

    def takes(self, handover: Handover) -> bool:
        return not is_chinese(handover.recipient)

    def check_country(self, handover: Handover) -> None:
        """Raises GatewayFault for a number of the mainland."""
        if not self.takes(handover):
            raise GatewayFault(permanent=False, code="country_not_served", blame=Blame.MESSAGE)


def signature(auth_token: str, address: str, pairs: Iterable[tuple[str, str]]) -> str:
    """What Twilio puts into X-Twilio-Signature: Base64 of HMAC-SHA1 over the address and the sorted fields."""
    signed = address + "".join(name + value for name, value in sorted(set(pairs)))
    return base64.b64encode(hmac.digest(auth_token.encode(), signed.encode(), hashlib.sha1)).decode()


def _read(answer: wire.Answer) -> str:
    try:
        content = json.loads(answer.body)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        content = {}
    code = content.get("error_code") or content.get("code")
    if isinstance(code, int) and not isinstance(code, bool):
        raise _fault(code)
    if answer.status not in (200, 201):
        raise GatewayFault(permanent=False, code=f"http_{answer.status}", in_doubt=answer.status >= 500)
    sid = content.get("sid")
    if not isinstance(sid, str) or not sid:
        raise GatewayFault(permanent=False, code="garbage", in_doubt=True)
    return sid


def _fault(code: int) -> GatewayFault:
    blame = Blame.GATEWAY
    if code in _OUTAGES:
        blame = Blame.OUTAGE
    elif code in _OF_ONE_MESSAGE:
        blame = Blame.MESSAGE
    return GatewayFault(permanent=code in _PERMANENT, code=str(code), blame=blame)
