"""Calls on the mainland through Alibaba Cloud: SingleCallByTts and IvrCall of dyvmsapi 2017-05-25.

https://help.aliyun.com/zh/vms/developer-reference/api-dyvmsapi-2017-05-25-singlecallbytts, .../api-error-code,
https://help.aliyun.com/document_detail/114037.html (IvrCall),
https://help.aliyun.com/zh/vms/voicereport-7 and .../voicecallreport-4 (receipts). One number is called once a minute,
five times an hour and twenty times in 24 hours at most, failures included: isv.business_limit_control.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from wristband.gateways import templates, wire
from wristband.gateways.aliyun import Aliyun, Codes, Signature
from wristband.gateways.contract import (
    Blame,
    Gateway,
    GatewayFault,
    Handover,
    ReadsReceipts,
    Receipt,
    ReceiptCall,
    Thanks,
)
from wristband.gateways.mainland import is_chinese, national_digits
from wristband.gateways.receipts import arrivals_of, check_secret, code_of, moment_of, reference_of
from wristband.gateways.settings import Endpoint, GatewayName, ReceiptSecret, Secret, Strict, Text
from wristband.values.arrival import Arrival, ArrivalState

LONGEST_VARIABLE = 60
"""Characters of one variable; all together stay below the 250 that are read out."""
ACKNOWLEDGED_BY = "1"
_LONGEST_OUT_ID = 15
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_ANSWERED = frozenset({"200000", "200100"})
_CODES = Codes(
    permanent={"isv.mobile_number_illegal"},
    of_one_message={
        "isv.business_limit_control",
        "isv.voice_robot_not_period",
        "isv.voice_call_period_error",
        "isv.complaint_reject",
        "complaintreject",
        "isv.black_key_control_limit",
        "isv.template_missing_parameters",
        "isv.template_params_illegal",
        "isv.param_not_support_url",
        "isv.param_length_limit",
    },
    outages={"isv.display_number_illegal", "isv.billid_not_exist", "billidnotexist", "isv.amount_not_enoug"},
)


class AliyunVoiceSettings(Strict):
    """Alibaba Cloud as a voice gateway: a RAM key, the number shown, and the approved texts by wording."""

    provider: Literal["aliyun"]
    name: GatewayName = "aliyun_voice"
    key_id: Text
    key_secret: Secret = Field(alias="key_secret_file")
    show_number: str = Field(default="", pattern=r"^[0-9]{0,20}$")
    """A number of the account's; empty in the provider's public mode."""
    templates: dict[str, templates.NamedTemplate]
    thanks_code: Text | None = None
    """The approved text, or voice file, that is heard after key 1. With it the call waits for that key."""
    play_times: int = Field(default=3, ge=1, le=3)
    signature: Signature = "v3"
    endpoint: Endpoint = Field(default="https://dyvmsapi.aliyuncs.com", validate_default=True)
    longest_variable: int = Field(default=LONGEST_VARIABLE, ge=4, le=200)
    receipt_secret: ReceiptSecret | None = Field(default=None, alias="receipt_secret_file")

    @model_validator(mode="after")
    def _waits_under_a_number(self) -> Self:
        if self.thanks_code and not self.show_number:
            raise ValueError(
                "thanks_code needs a show_number: a call that waits for a key comes from a number of yours"
            )
        return self

    def make(self, _channel: str, limits: wire.Limits, _receipts_base: str) -> AliyunVoiceGateway:
        return AliyunVoiceGateway(self, limits)


class AliyunVoiceGateway(Gateway, ReadsReceipts):
    """Reads the approved text of the wording out; only to numbers of the mainland, mobile or not.

    With `thanks_code` it is an IvrCall, in which key 1 acknowledges; the approved texts have to say so.
    Not idempotent: after an attempt whose end is unknown it calls again, which the provider's caps allow after a
    minute. The reference is the OutId, the message's number. Receipts are not signed: they come to an address with a
    secret, see `receipts.check_secret`.
    """

    def __init__(self, settings: AliyunVoiceSettings, limits: wire.Limits) -> None:
        self.name = settings.name
        self._settings = settings
        secret = settings.key_secret.get_secret_value()
        self._aliyun = Aliyun(
            settings.endpoint, "2017-05-25", settings.key_id, secret, _CODES, settings.signature, limits
        )

    def takes(self, handover: Handover) -> bool:
        return is_chinese(handover.recipient) and handover.wording in self._settings.templates

    def _call(self, handover: Handover) -> Receipt:
        if not is_chinese(handover.recipient):
            raise GatewayFault(permanent=False, code="country_not_served", blame=Blame.MESSAGE)
        template = templates.template_of(self._settings.templates, handover)
        values = templates.fill(handover, template.params.values(), self._settings.longest_variable)
        variables = json.dumps(dict(zip(template.params, values, strict=True)), ensure_ascii=False)
        parameters = {
            "CalledNumber": national_digits(handover.recipient),
            "PlayTimes": str(self._settings.play_times),
            "OutId": out_id_of(handover.message_id),
        }
        if self._settings.show_number:
            parameters["CalledShowNumber"] = self._settings.show_number
        if self._settings.thanks_code is None:
            parameters |= {"TtsCode": template.code, "TtsParam": variables}
        else:
            parameters |= _menu(template.code, variables, self._settings.thanks_code)
        action = "IvrCall" if self._settings.thanks_code else "SingleCallByTts"
        self._aliyun.call(action, parameters, handover.at)
        return Receipt(parameters["OutId"])

    def _read_receipts(self, call: ReceiptCall) -> list[Arrival]:
        secret = self._settings.receipt_secret
        check_secret(call, secret.get_secret_value() if secret else None)
        return arrivals_of(call, _arrival)

    def thank(self, call: ReceiptCall) -> Thanks:
        return Thanks('{"code": 0, "msg": "成功"}')


def _menu(code: str, variables: str, thanks_code: str) -> dict[str, str]:
    """The parameters of a call that waits for one key, in milliseconds."""
    return {
        "StartCode": code,
        "StartTtsParams": variables,
        "MenuKeyMap.1.Key": ACKNOWLEDGED_BY,
        "MenuKeyMap.1.Code": thanks_code,
        "Timeout": "8000",
    }


def out_id_of(message_id: int) -> str:
    """The message's number in at most 15 bytes: `m` and digits of base 36."""
    digits, rest = "", message_id
    while rest:
        rest, digit = divmod(rest, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return f"m{digits or '0'}"[:_LONGEST_OUT_ID]


def _arrival(told: Mapping[str, Any], call: ReceiptCall) -> Arrival | None:
    """What a VoiceReport says, or a VoiceCallReport with a key in it; None for a call still under way."""
    reference, code = reference_of(told, "out_id"), code_of(told, "status_code")
    moment = moment_of(told.get("end_time") or told.get("status_time"), call)
    if str(told.get("dtmf") or "").startswith(ACKNOWLEDGED_BY):
        return Arrival(reference, ArrivalState.ACKNOWLEDGED, moment, code)
    if "duration" not in told:
        return None
    answered = code in _ANSWERED or _seconds(told["duration"]) > 0
    return Arrival(reference, ArrivalState.PICKED_UP if answered else ArrivalState.FAILED, moment, code)


def _seconds(duration: object) -> int:
    digits = str(duration).removesuffix("秒")
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 8 else 0
