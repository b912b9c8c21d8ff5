"""The clouds behind the gateways, as their public documents describe them; they check signatures with their own code.

Nothing here is taken from wristband: what a gateway signs wrongly is refused here.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from tests.gateways.fake_wire import FakeWire, Sent, reply

KEY_ID = "LTAI5tExampleKeyId"
SECRET = "example-secret-of-the-operators"
ACCOUNT = "AC" + "0123456789abcdef" * 2


def answer(handler: BaseHTTPRequestHandler, status: int, content: dict[str, Any]) -> None:
    reply(handler, status, json.dumps(content, ensure_ascii=False).encode(), {"Content-Type": "application/json"})


def small(sent: Sent) -> dict[str, str]:
    """The headers, their names in small letters."""
    return {name.lower(): value for name, value in sent.headers.items()}


def query_of(raw: str) -> dict[str, str]:
    """The parameters of a query or a form, each once."""
    pairs = [part.partition("=") for part in raw.split("&")]
    names = [unquote(name) for name, _, _ in pairs]
    assert len(names) == len(set(names))
    return {unquote(name): unquote(value.replace("+", "%20")) for name, _, value in pairs}


def encoded(text: str) -> str:
    return quote(text, safe="~")


# ---- Alibaba Cloud


def is_acs3_signed(sent: Sent, secret: str) -> bool:
    """ACS3-HMAC-SHA256, read from the request as it came."""
    headers = small(sent)
    scheme, _, rest = headers["authorization"].partition(" ")
    told = dict(part.split("=", 1) for part in rest.split(","))
    names = told["SignedHeaders"].split(";")
    must = {"host", "x-acs-action", "x-acs-version", "x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256"}
    if scheme != "ACS3-HMAC-SHA256" or not must <= set(names) or names != sorted(names):
        return False
    parts = urlsplit(sent.path)
    query = "&".join(f"{encoded(name)}={encoded(value)}" for name, value in sorted(query_of(parts.query).items()))
    lines = "".join(f"{name}:{headers[name].strip()}\n" for name in names)
    digest = hashlib.sha256(sent.body).hexdigest()
    request = f"POST\n{parts.path}\n{query}\n{lines}\n{told['SignedHeaders']}\n{digest}"
    to_sign = "ACS3-HMAC-SHA256\n" + hashlib.sha256(request.encode()).hexdigest()
    expected = hmac.new(secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    return headers["x-acs-content-sha256"] == digest and told["Signature"] == expected


def is_rpc_signed(parameters: dict[str, str], secret: str, method: str = "POST") -> bool:
    """RPC style, HMAC-SHA1 over every parameter but the signature."""
    given = dict(parameters)
    signature = given.pop("Signature")
    query = "&".join(f"{encoded(name)}={encoded(given[name])}" for name in sorted(given))
    to_sign = f"{method}&{encoded('/')}&{encoded(query)}"
    digest = hmac.new((secret + "&").encode(), to_sign.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode() == signature


@dataclass
class FakeAliyun:
    """dysmsapi, dyvmsapi and dyplsapi: takes what is signed, and does it again each time it is asked."""

    refuses: str = ""
    lists: bool = True
    """Whether QuerySendDetails shows the texts there were."""
    calls: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    done: list[tuple[str, str]] = field(default_factory=list)
    """OutId and variables of each text and call."""
    loses_answer: bool = False

    def __call__(self, handler: BaseHTTPRequestHandler, wire: FakeWire) -> None:
        sent = wire.sent[-1]
        headers = small(sent)
        if "x-acs-action" in headers:
            action, parameters = headers["x-acs-action"], query_of(urlsplit(sent.path).query)
            good = is_acs3_signed(sent, SECRET) and f"Credential={KEY_ID}," in headers["authorization"]
        else:
            parameters = query_of(sent.body.decode())
            action, good = parameters["Action"], is_rpc_signed(parameters, SECRET)
        if not good:
            return answer(handler, 400, {"Code": "SignatureDoesNotMatch", "Message": "…"})
        self.calls.append((action, parameters))
        if self.refuses:
            status = 400 if "." not in self.refuses else 200
            return answer(handler, status, {"Code": self.refuses, "Message": "no +8613800138000", "RequestId": "R"})
        said = self.act(action, parameters)
        if self.loses_answer and action != "QuerySendDetails":
            return None
        return answer(handler, 200, {"Code": "OK", "Message": "OK", "RequestId": "R", **said})

    def act(self, action: str, asked: dict[str, str]) -> dict[str, Any]:
        if action == "QuerySendDetails":
            texts = [{"OutId": key, "SendStatus": 1, "Content": "…"} for key, _ in self.done if self.lists]
            return {"TotalCount": len(texts), "SmsSendDetailDTOs": {"SmsSendDetailDTO": texts}}
        if action in ("SendSms", "SingleCallByTts", "IvrCall"):
            variables = json.loads(asked.get("TemplateParam") or asked.get("TtsParam") or asked["StartTtsParams"])
            self.done.append((asked["OutId"], "|".join(variables.values())))
            return {"BizId": "1^0"} if action == "SendSms" else {"CallId": "2^0"}
        if action in ("BindAxb", "BindAxn"):
            return {"SecretBindDTO": {"SecretNo": "700123456789012", "SubsId": "1000000123", "Extension": ""}}
        assert action == "UnbindSubscription"
        return {}


# ---- Tencent Cloud


def is_tc3_signed(sent: Sent, secret: str) -> bool:
    """TC3-HMAC-SHA256, read from the request as it came."""
    headers = small(sent)
    scheme, _, rest = headers["authorization"].partition(" ")
    told = dict(part.strip().split("=", 1) for part in rest.split(","))
    _, day, service, end = told["Credential"].split("/")
    names = told["SignedHeaders"].split(";")
    lines = "".join(f"{name}:{headers[name].strip().lower()}\n" for name in names)
    parts = urlsplit(sent.path)
    digest = hashlib.sha256(sent.body).hexdigest()
    request = f"POST\n{parts.path}\n{parts.query}\n{lines}\n{told['SignedHeaders']}\n{digest}"
    scope = f"{day}/{service}/{end}"
    hashed = hashlib.sha256(request.encode()).hexdigest()
    to_sign = f"{scheme}\n{headers['x-tc-timestamp']}\n{scope}\n{hashed}"
    key = ("TC3" + secret).encode()
    for part in (day, service, end):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    expected = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    return {"content-type", "host"} <= set(names) and told["Signature"] == expected


@dataclass
class FakeTencent:
    """sms.tencentcloudapi.com: an error of the call, or a state of the one number."""

    refuses: str = ""
    refuses_call: str = ""
    done: list[tuple[str, str]] = field(default_factory=list)

    def __call__(self, handler: BaseHTTPRequestHandler, wire: FakeWire) -> None:
        sent = wire.sent[-1]
        if not is_tc3_signed(sent, SECRET):
            return self.error(handler, "AuthFailure.SignatureFailure")
        if self.refuses_call:
            return self.error(handler, self.refuses_call)
        asked = sent.content
        if not self.refuses:
            self.done.append((asked["SessionContext"], "|".join(asked["TemplateParamSet"])))
        state = {
            "SerialNo": "" if self.refuses else f"2028:{len(self.done)}",
            "PhoneNumber": asked["PhoneNumberSet"][0],
            "Code": self.refuses or "Ok",
            "Message": "…",
        }
        return answer(handler, 200, {"Response": {"SendStatusSet": [state], "RequestId": "R"}})

    @staticmethod
    def error(handler: BaseHTTPRequestHandler, code: str) -> None:
        answer(handler, 200, {"Response": {"Error": {"Code": code, "Message": "…"}, "RequestId": "R"}})


# ---- Twilio


@dataclass
class FakeTwilio:
    """api.twilio.com: messages, calls, and ending a call."""

    refuses: int = 0
    done: list[tuple[str, str]] = field(default_factory=list)
    """Resource and what was said."""
    asked: list[dict[str, str]] = field(default_factory=list)

    def __call__(self, handler: BaseHTTPRequestHandler, wire: FakeWire) -> None:
        sent = wire.sent[-1]
        pair = base64.b64decode(small(sent)["authorization"].removeprefix("Basic ")).decode()
        root = f"/2010-04-01/Accounts/{ACCOUNT}/"
        if pair != f"{ACCOUNT}:{SECRET}" or not sent.path.startswith(root) or not sent.path.endswith(".json"):
            return answer(handler, 401, {"code": 20003, "message": "Authenticate", "status": 401})
        if self.refuses:
            said = {"code": self.refuses, "message": "The 'To' number +85251234567 is …", "status": 400}
            return answer(handler, 400, said)
        fields = {name: values[0] for name, values in parse_qs(sent.body.decode(), keep_blank_values=True).items()}
        self.asked.append(fields)
        resource = sent.path.removeprefix(root).removesuffix(".json")
        self.done.append((resource, fields.get("Body") or fields.get("Twiml", "")))
        letters = "SM" if resource == "Messages" else "CA"
        return answer(handler, 201, {"sid": f"{letters}{len(self.done):032x}", "status": "queued", "error_code": None})


Cloud = Callable[[BaseHTTPRequestHandler, FakeWire], None]
