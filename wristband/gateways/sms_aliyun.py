"""SMS on the mainland through Alibaba Cloud: SendSms of dysmsapi 2017-05-25.

https://help.aliyun.com/zh/sms/developer-reference/api-dysmsapi-2017-05-25-sendsms, .../querysenddetails,
.../smsreport-2; codes: https://help.aliyun.com/zh/sms/developer-reference/api-error-codes.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from dataclasses import replace
from datetime import timedelta
from typing import Any, Literal

import structlog
from pydantic import Field

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
    ReceiptRefused,
    Thanks,
)
from wristband.gateways.mainland import china_time, is_chinese, national_digits
from wristband.gateways.receipts import arrivals_of, check_secret, code_of, moment_of, reference_of
from wristband.gateways.settings import Endpoint, GatewayName, ReceiptSecret, Secret, Strict, Text
from wristband.values.arrival import Arrival, ArrivalState

log = structlog.get_logger(__name__)

LONGEST_VARIABLE = 35
"""Characters of one variable (isv.PARAM_LENGTH_LIMIT)."""
_CODES = Codes(
    permanent={"isv.mobile_number_illegal"},
    of_one_message={
        "isv.business_limit_control",
        "isv.black_key_control_limit",
        "isv.param_not_support_url",
        "isv.param_length_limit",
        "isv.template_missing_parameters",
        "isv.template_params_illegal",
        "isv.invalid_json_param",
        "isv.sms_content_illegal",
    },
    outages={
        "isv.sms_signature_illegal",
        "isv.sms_sign_illegal",
        "isv.sms_signature_scene_illegal",
        "isv.day_limit_control",
        "isv.month_limit_control",
        "isv.deny_ip_range",
    },
)
_WAITING, _ARRIVED = 1, 3
# An attempt of before midnight is asked for under yesterday's date too.
_DOUBT_LASTS = timedelta(minutes=30)
_MOST_IN_DOUBT = 2_000
_DETAILS_BYTES = 131_072


class AliyunSmsSettings(Strict):
    """Alibaba Cloud as an SMS gateway: a RAM key, an approved signature and the approved texts by wording."""

    provider: Literal["aliyun"]
    name: GatewayName = "aliyun_sms"
    key_id: Text
    key_secret: Secret = Field(alias="key_secret_file")
    sign_name: Text
    templates: dict[str, templates.NamedTemplate]
    signature: Signature = "v3"
    endpoint: Endpoint = Field(default="https://dysmsapi.aliyuncs.com", validate_default=True)
    longest_variable: int = Field(default=LONGEST_VARIABLE, ge=4, le=200)
    receipt_secret: ReceiptSecret | None = Field(default=None, alias="receipt_secret_file")

    def make(self, _channel: str, limits: wire.Limits, _receipts_base: str) -> AliyunSmsGateway:
        return AliyunSmsGateway(self, limits)


class AliyunSmsGateway(Gateway, ReadsReceipts):
    """Sends the approved text of the wording; only to numbers of the mainland.

    SendSms is not idempotent. After an attempt whose end is unknown it first asks QuerySendDetails for the number's
    texts of the day and looks for its OutId, which is the idempotency key; what waits or has arrived is not sent
    again. Where asking fails too the text is sent: twice beats never. The OutId is also the receipt's reference.
    Receipts (SmsReport) are not signed: they come to an address with a secret, see `receipts.check_secret`.
    """

    def __init__(self, settings: AliyunSmsSettings, limits: wire.Limits) -> None:
        self.name = settings.name
        self._settings = settings
        self._in_doubt: OrderedDict[str, None] = OrderedDict()
        secret = settings.key_secret.get_secret_value()
        self._aliyun = Aliyun(
            settings.endpoint, "2017-05-25", settings.key_id, secret, _CODES, settings.signature, limits
        )
        # A day's texts of one number are more to read than a receipt.
        self._asked = replace(self._aliyun, limits=replace(limits, answer_bytes=_DETAILS_BYTES))

    def takes(self, handover: Handover) -> bool:
        return is_chinese(handover.recipient) and handover.wording in self._settings.templates

    def _call(self, handover: Handover) -> Receipt:
        if not is_chinese(handover.recipient):
            raise GatewayFault(permanent=False, code="country_not_served", blame=Blame.MESSAGE)
        parameters = self._parameters(handover)
        key = handover.idempotency_key
        if (handover.again or key in self._in_doubt) and self._was_taken(handover):
            self._in_doubt.pop(key, None)
            return Receipt(key)
        try:
            self._aliyun.call("SendSms", parameters, handover.at)
        except GatewayFault as fault:
            self._doubt(key, fault)
            raise
        self._in_doubt.pop(key, None)
        return Receipt(key)

    def _parameters(self, handover: Handover) -> dict[str, str]:
        template = templates.template_of(self._settings.templates, handover)
        values = templates.fill(handover, template.params.values(), self._settings.longest_variable)
        return {
            "PhoneNumbers": national_digits(handover.recipient),
            "SignName": self._settings.sign_name,
            "TemplateCode": template.code,
            "TemplateParam": json.dumps(dict(zip(template.params, values, strict=True)), ensure_ascii=False),
            "OutId": handover.idempotency_key,
        }

    def _doubt(self, key: str, fault: GatewayFault) -> None:
        if fault.in_doubt:
            self._in_doubt[key] = None
            if len(self._in_doubt) > _MOST_IN_DOUBT:
                self._in_doubt.popitem(last=False)

    def _was_taken(self, handover: Handover) -> bool:
        days = {china_time(moment).strftime("%Y%m%d") for moment in (handover.at, handover.at - _DOUBT_LASTS)}
        try:
            return any(self._has_taken(handover, day) for day in sorted(days))
        except GatewayFault as fault:
            log.warning("not_asked", gateway=self.name, message=handover.message_id, code=fault.code)
            return False

    def _has_taken(self, handover: Handover, day: str) -> bool:
        asked = {
            "PhoneNumber": national_digits(handover.recipient),
            "SendDate": day,
            "PageSize": "50",
            "CurrentPage": "1",
        }
        return _holds(self._asked.call("QuerySendDetails", asked, handover.at), handover.idempotency_key)

    def _read_receipts(self, call: ReceiptCall) -> list[Arrival]:
        secret = self._settings.receipt_secret
        check_secret(call, secret.get_secret_value() if secret else None)
        return arrivals_of(call, _arrival)

    def thank(self, call: ReceiptCall) -> Thanks:
        return Thanks('{"code": 0, "msg": "成功"}')


def _holds(answer: dict[str, Any], key: str) -> bool:
    """Whether the details hold a text under this OutId that waits for its receipt or has arrived."""
    listed = answer.get("SmsSendDetailDTOs")
    details = listed.get("SmsSendDetailDTO") if isinstance(listed, dict) else None
    return any(
        isinstance(one, dict) and one.get("OutId") == key and one.get("SendStatus") in (_WAITING, _ARRIVED)
        for one in (details if isinstance(details, list) else ())
    )


def _arrival(told: dict[str, Any], call: ReceiptCall) -> Arrival:
    if not isinstance(told.get("success"), bool):
        raise ReceiptRefused("unknown_state")
    state = ArrivalState.ARRIVED if told["success"] else ArrivalState.FAILED
    return Arrival(
        reference_of(told, "out_id"), state, moment_of(told.get("report_time"), call), code_of(told, "err_code")
    )
