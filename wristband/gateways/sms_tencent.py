"""SMS on the mainland through Tencent Cloud: SendSms of sms 2021-01-11, signed with TC3-HMAC-SHA256.

https://cloud.tencent.com/document/api/382/55981 (SendSms), .../52072 (signature), .../59177 (codes),
https://cloud.tencent.com/document/product/382/43547 (receipts).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field

from wristband.gateways import templates, wire
from wristband.gateways.contract import (
    Blame,
    Gateway,
    GatewayFault,
    Handover,
    ReadsReceipts,
    Receipt,
    ReceiptCall,
    ReceiptRefused,
    Thanks,
)
from wristband.gateways.mainland import is_chinese
from wristband.gateways.receipts import arrivals_of, check_secret, code_of, moment_of, reference_of
from wristband.gateways.settings import Endpoint, GatewayName, ReceiptSecret, Secret, Strict, Text
from wristband.values.arrival import Arrival, ArrivalState

LONGEST_VARIABLE = 12
"""Characters of one variable, where the account is not one of a certified enterprise."""
_JSON = "application/json; charset=utf-8"
_PERMANENT = frozenset({"invalidparametervalue.incorrectphonenumber", "failedoperation.phonenumberinblacklist"})
_OF_ONE_MESSAGE = frozenset(
    {
        "failedoperation.containsensitiveword",
        "failedoperation.phonenumberparsefail",
        "invalidparametervalue.contentlengthlimit",
        "invalidparametervalue.templateparameterformaterror",
        "invalidparametervalue.templateparameterlengthlimit",
        "invalidparametervalue.prohibitedurlintemplateparameter",
        "limitexceeded.deliveryfrequencylimit",
        "limitexceeded.phonenumberdailylimit",
        "limitexceeded.phonenumberonehourlimit",
        "limitexceeded.phonenumbersamecontentdailylimit",
        "limitexceeded.phonenumberthirtysecondlimit",
        "unsupportedoperation.chinesemainlandtemplatetoglobalphone",
    }
)
# Balance, rights, signature and account; everything of AuthFailure and UnauthorizedOperation besides.
_OUTAGES = frozenset(
    {
        "failedoperation.insufficientbalanceinsmspackage",
        "failedoperation.signatureincorrectorunapproved",
        "failedoperation.forbidaddmarketingtemplates",
        "invalidparametervalue.sdkappidnotexist",
        "limitexceeded.appdailylimit",
        "limitexceeded.dailylimit",
        "limitexceeded.appcountrychinesemainlanddailylimit",
    }
)
_OUTAGE_FAMILIES = ("authfailure", "unauthorizedoperation", "resourceinsufficient")


class TencentSmsSettings(Strict):
    """Tencent Cloud as an SMS gateway: a CAM key, an application, an approved signature and texts by wording."""

    provider: Literal["tencent"]
    name: GatewayName = "tencent_sms"
    secret_id: Text
    secret_key: Secret = Field(alias="secret_key_file")
    app_id: Text
    sign_name: Text
    templates: dict[str, templates.OrderedTemplate]
    region: Text = "ap-guangzhou"
    endpoint: Endpoint = Field(default="https://sms.tencentcloudapi.com", validate_default=True)
    longest_variable: int = Field(default=LONGEST_VARIABLE, ge=4, le=200)
    receipt_secret: ReceiptSecret | None = Field(default=None, alias="receipt_secret_file")

    def make(self, _channel: str, limits: wire.Limits, _receipts_base: str) -> TencentSmsGateway:
        return TencentSmsGateway(self, limits)


class TencentSmsGateway(Gateway, ReadsReceipts):
    """Sends the approved text of the wording; only to numbers of the mainland.

    Not idempotent, and its list of texts does not say which of ours each was: after an attempt whose end is unknown
    the text is sent again. The reference is its SerialNo. Receipts are not signed: they come to an address with a
    secret, see `receipts.check_secret`.
    """

    def __init__(self, settings: TencentSmsSettings, limits: wire.Limits) -> None:
        self.name = settings.name
        self._settings = settings
        self._limits = limits

    def takes(self, handover: Handover) -> bool:
        return is_chinese(handover.recipient) and handover.wording in self._settings.templates

    def _call(self, handover: Handover) -> Receipt:
        if not is_chinese(handover.recipient):
            raise GatewayFault(permanent=False, code="country_not_served", blame=Blame.MESSAGE)
        template = templates.template_of(self._settings.templates, handover)
        content = {
            "PhoneNumberSet": [handover.recipient],
            "SmsSdkAppId": self._settings.app_id,
            "SignName": self._settings.sign_name,
            "TemplateId": template.code,
            "TemplateParamSet": templates.fill(handover, template.params, self._settings.longest_variable),
            "SessionContext": handover.idempotency_key,
        }
        body = json.dumps(content, ensure_ascii=False).encode()
        headers = {
            **signed_headers(self._settings, "SendSms", "sms", body, handover.at),
            "X-TC-Region": self._settings.region,
            "X-TC-Version": "2021-01-11",
        }
        return _read(wire.post(f"{self._settings.endpoint}/", body, headers, self._limits))

    def _read_receipts(self, call: ReceiptCall) -> list[Arrival]:
        secret = self._settings.receipt_secret
        check_secret(call, secret.get_secret_value() if secret else None)
        return arrivals_of(call, _arrival)

    def thank(self, call: ReceiptCall) -> Thanks:
        return Thanks('{"result": 0, "errmsg": "OK"}')


def signed_headers(
    settings: TencentSmsSettings, action: str, service: str, body: bytes, at: datetime
) -> dict[str, str]:
    """The headers of a POST to `/` with a JSON body, TC3-HMAC-SHA256 among them."""
    host = urlsplit(settings.endpoint).netloc
    moment, day = str(int(at.timestamp())), at.astimezone(UTC).strftime("%Y-%m-%d")
    names = "content-type;host;x-tc-action"
    lines = f"content-type:{_JSON}\nhost:{host}\nx-tc-action:{action.lower()}\n"
    request = "\n".join(["POST", "/", "", lines, names, hashlib.sha256(body).hexdigest()])
    scope = f"{day}/{service}/tc3_request"
    to_sign = "\n".join(["TC3-HMAC-SHA256", moment, scope, hashlib.sha256(request.encode()).hexdigest()])
    key = f"TC3{settings.secret_key.get_secret_value()}".encode()
    for part in (day, service, "tc3_request"):
        key = hmac.digest(key, part.encode(), hashlib.sha256)
    signature = hmac.digest(key, to_sign.encode(), hashlib.sha256).hex()
    credential = (
        f"TC3-HMAC-SHA256 Credential={settings.secret_id}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    return {
        "Authorization": credential,
        "Content-Type": _JSON,
        "Host": host,
        "X-TC-Action": action,
        "X-TC-Timestamp": moment,
    }


def _read(answer: wire.Answer) -> Receipt:
    try:
        content = json.loads(answer.body)
    except (ValueError, RecursionError):
        content = None
    response = content.get("Response") if isinstance(content, dict) else None
    if not isinstance(response, dict):
        if answer.status != 200:
            raise GatewayFault(permanent=False, code=f"http_{answer.status}", in_doubt=answer.status >= 500)
        raise GatewayFault(permanent=False, code="garbage", in_doubt=True)
    told = response.get("Error") or _first(response.get("SendStatusSet"))
    code = told.get("Code") if isinstance(told, dict) else None
    if not isinstance(code, str):
        raise GatewayFault(permanent=False, code="garbage", in_doubt=True)
    if code != "Ok":
        raise _fault(code.lower())
    return Receipt(str(told.get("SerialNo", "")))


def _first(listed: Any) -> Any:
    return listed[0] if isinstance(listed, list) and listed else None


def _fault(code: str) -> GatewayFault:
    blame = Blame.GATEWAY
    if code in _OUTAGES or code.partition(".")[0] in _OUTAGE_FAMILIES:
        blame = Blame.OUTAGE
    elif code in _OF_ONE_MESSAGE:
        blame = Blame.MESSAGE
    return GatewayFault(permanent=code in _PERMANENT, code=code, blame=blame)


def _arrival(told: Mapping[str, Any], call: ReceiptCall) -> Arrival:
    states = {"SUCCESS": ArrivalState.ARRIVED, "FAIL": ArrivalState.FAILED}
    state = states.get(str(told.get("report_status")))
    if state is None:
        raise ReceiptRefused("unknown_state")
    moment = moment_of(told.get("user_receive_time"), call)
    return Arrival(reference_of(told, "sid"), state, moment, code_of(told, "errmsg"))
