"""Calls of Alibaba Cloud: signed by hand, answered in JSON, refused with a code.

Signatures: V3, https://help.aliyun.com/zh/sdk/product-overview/v3-request-structure-and-signature; RPC (V2),
https://help.aliyun.com/zh/sdk/product-overview/rpc-mechanism. The first is the newer one; the second is a setting, for
products whose pages still name it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import quote, urlsplit

from wristband.gateways import wire
from wristband.gateways.contract import Blame, GatewayFault

Signature = Literal["v3", "rpc"]
_TIME = "%Y-%m-%dT%H:%M:%SZ"
_EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
# Common to every product: https://help.aliyun.com/document_detail/178344.html (voice), .../109196.htm (masked numbers),
# https://help.aliyun.com/zh/sms/developer-reference/api-error-codes (SMS), and the API gateway's own in front of them.
_OUTAGES = frozenset(
    {
        "isp.ram_permission_deny",
        "isv.out_of_service",
        "isv.product_un_subscript",
        "isv.product_unsubscribe",
        "isv.account_not_exists",
        "isv.account_abnormal",
        "isv.amount_not_enough",
        "invalidaccesskeyid.notfound",
        "invalidaccesskeyid.inactive",
        "invalidaccesskeyid",
        "signaturedoesnotmatch",
        "incompletesignature",
        "invalidtimestamp.expired",
        "forbidden",
        "forbidden.ram",
        "nopermission",
    }
)


@dataclass(frozen=True)
class Codes:
    """One product's refusals, by code in small letters; what is in none of them is the gateway's bad moment."""

    permanent: Collection[str]
    """About the recipient, for good."""
    of_one_message: Collection[str]
    """About this message or this number at this time."""
    outages: Collection[str] = ()
    """Besides those of every product."""

    def fault(self, code: str) -> GatewayFault:
        code = code.lower()
        blame = Blame.GATEWAY
        if code in _OUTAGES or code in self.outages:
            blame = Blame.OUTAGE
        elif code in self.of_one_message:
            blame = Blame.MESSAGE
        return GatewayFault(permanent=code in self.permanent, code=code, blame=blame)


@dataclass(frozen=True)
class Aliyun:
    """One product of Alibaba Cloud: where it is, which version, under whose key."""

    endpoint: str
    version: str
    key_id: str = field(repr=False)
    key_secret: str = field(repr=False)
    codes: Codes
    signature: Signature = "v3"
    limits: wire.Limits = field(default_factory=wire.Limits)

    def call(self, action: str, parameters: Mapping[str, str], at: datetime) -> dict[str, Any]:
        """The answer to one call, whose Code is OK. Raises GatewayFault."""
        nonce = secrets.token_hex(16)
        match self.signature:
            case "v3":
                headers = v3_headers(self, action, parameters, at, nonce)
                query = canonical_query(parameters)
                answer = wire.post(f"{self.endpoint}/?{query}", b"", headers, self.limits)
            case "rpc":
                body = canonical_query(rpc_parameters(self, action, parameters, at, nonce)).encode()
                headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
                answer = wire.post(f"{self.endpoint}/", body, headers, self.limits)
        return self._read(answer)

    def _read(self, answer: wire.Answer) -> dict[str, Any]:
        try:
            content = json.loads(answer.body)
        except (ValueError, RecursionError):
            content = None
        code = content.get("Code") if isinstance(content, dict) else None
        if isinstance(content, dict) and code == "OK" and answer.status == 200:
            return content
        if isinstance(code, str) and code != "OK":
            raise self.codes.fault(code)
        if answer.status != 200:
            raise GatewayFault(permanent=False, code=f"http_{answer.status}", in_doubt=answer.status >= 500)
        raise GatewayFault(permanent=False, code="garbage", in_doubt=True)


def v3_headers(caller: Aliyun, action: str, parameters: Mapping[str, str], at: datetime, nonce: str) -> dict[str, str]:
    """The headers of a POST to `/` with these parameters in its query and no body, ACS3-HMAC-SHA256 among them."""
    signed = {
        "host": urlsplit(caller.endpoint).netloc,
        "x-acs-action": action,
        "x-acs-content-sha256": _EMPTY_SHA256,
        "x-acs-date": at.astimezone(UTC).strftime(_TIME),
        "x-acs-signature-nonce": nonce,
        "x-acs-version": caller.version,
    }
    names = ";".join(sorted(signed))
    lines = "".join(f"{name}:{signed[name]}\n" for name in sorted(signed))
    request = "\n".join(["POST", "/", canonical_query(parameters), lines, names, _EMPTY_SHA256])
    to_sign = f"ACS3-HMAC-SHA256\n{hashlib.sha256(request.encode()).hexdigest()}"
    signature = hmac.digest(caller.key_secret.encode(), to_sign.encode(), hashlib.sha256).hex()
    credential = f"ACS3-HMAC-SHA256 Credential={caller.key_id},SignedHeaders={names},Signature={signature}"
    return {**signed, "Accept": "application/json", "Authorization": credential}


def rpc_parameters(
    caller: Aliyun, action: str, parameters: Mapping[str, str], at: datetime, nonce: str, method: str = "POST"
) -> dict[str, str]:
    """These parameters with the common ones of RPC style and their HMAC-SHA1 signature."""
    whole = {
        "Format": "JSON",
        "Version": caller.version,
        "AccessKeyId": caller.key_id,
        "SignatureMethod": "HMAC-SHA1",
        "SignatureVersion": "1.0",
        "SignatureNonce": nonce,
        "Timestamp": at.astimezone(UTC).strftime(_TIME),
        "Action": action,
        **parameters,
    }
    to_sign = f"{method}&%2F&{_quoted(canonical_query(whole))}"
    digest = hmac.digest(f"{caller.key_secret}&".encode(), to_sign.encode(), hashlib.sha1)
    return {**whole, "Signature": base64.b64encode(digest).decode()}


def canonical_query(parameters: Mapping[str, str]) -> str:
    """Sorted by name, percent-encoded as RFC 3986 says."""
    return "&".join(f"{_quoted(name)}={_quoted(parameters[name])}" for name in sorted(parameters))


def _quoted(text: str) -> str:
    return quote(text, safe="-_.~")
