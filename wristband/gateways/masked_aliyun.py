"""Masked calls on the mainland through Alibaba Cloud: BindAxb, BindAxn and UnbindSubscription of dyplsapi 2017-05-25.

https://help.aliyun.com/zh/pnp/developer-reference/api-dyplsapi-2017-05-25-bindaxb, .../bindaxn, .../unbindsubscription;
codes: https://help.aliyun.com/document_detail/109196.htm. Needs an enterprise account and a pool of numbers; a
guardian's number may have to be reported with its owner's name first (CreatePhoneNoAReport).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from pydantic import Field

from wristband.gateways import wire
from wristband.gateways.aliyun import Aliyun, Codes, Signature
from wristband.gateways.contract import Blame, GatewayFault
from wristband.gateways.mainland import china_time, is_chinese, national_digits
from wristband.gateways.masked import Connected, MaskedGateway
from wristband.gateways.settings import Endpoint, GatewayName, Secret, Strict, Text

# A binding has to end later than a minute from now (isv.EXPIRE_DATE_ILLEGAL).
_SHORTEST = timedelta(seconds=90)
_GONE = "isv.subs_not_exist"
_CODES = Codes(
    permanent={"isv.mobile_number_illegal"},
    of_one_message={"isv.bind_conflict", "isv.flow_limit", _GONE},
    outages={"isv.no_available_number", "isv.poolkey_not_exists", "isv.partner_not_exist", "isv.partner_is_closed"},
)


class AliyunMaskedSettings(Strict):
    """Alibaba Cloud's number protection: a RAM key and a pool. `axb` connects two numbers, `axn` one with anybody."""

    provider: Literal["aliyun"]
    name: GatewayName = "aliyun_masked"
    key_id: Text
    key_secret: Secret = Field(alias="key_secret_file")
    pool_key: Text
    mode: Literal["axb", "axn"] = "axb"
    signature: Signature = "v3"
    endpoint: Endpoint = Field(default="https://dyplsapi.aliyuncs.com", validate_default=True)

    def make(self, limits: wire.Limits) -> AliyunMaskedGateway:
        return AliyunMaskedGateway(self, limits)


class AliyunMaskedGateway(MaskedGateway):
    """Gives the number that the finder dials. With `axn` whoever dials it reaches the guardian while it stands."""

    def __init__(self, settings: AliyunMaskedSettings, limits: wire.Limits) -> None:
        self.name = settings.name
        self._settings = settings
        secret = settings.key_secret.get_secret_value()
        self._aliyun = Aliyun(
            settings.endpoint, "2017-05-25", settings.key_id, secret, _CODES, settings.signature, limits
        )

    def takes(self, guardian: str, finder: str) -> bool:
        return is_chinese(guardian) and is_chinese(finder)

    def _connect(self, guardian: str, finder: str, key: str, until: datetime, now: datetime) -> Connected:
        if not self.takes(guardian, finder):
            raise GatewayFault(permanent=True, code="country_not_served", blame=Blame.MESSAGE)
        parameters = {
            "PoolKey": self._settings.pool_key,
            "PhoneNoA": national_digits(guardian),
            "Expiration": f"{china_time(max(until, now + _SHORTEST)):%Y-%m-%d %H:%M:%S}",
            "OutId": key,
        }
        if self._settings.mode == "axb":
            parameters["PhoneNoB"] = national_digits(finder)
        action = "BindAxb" if self._settings.mode == "axb" else "BindAxn"
        bound = self._aliyun.call(action, parameters, now).get("SecretBindDTO")
        number = bound.get("SecretNo") if isinstance(bound, dict) else None
        reference = bound.get("SubsId") if isinstance(bound, dict) else None
        if not isinstance(number, str) or not number or not isinstance(reference, str) or not reference:
            raise GatewayFault(permanent=False, code="garbage", in_doubt=True)
        return Connected(number, f"{reference}:{number}")

    def _release(self, reference: str, now: datetime) -> None:
        subscription, _, number = reference.partition(":")
        parameters = {"PoolKey": self._settings.pool_key, "SubsId": subscription, "SecretNo": number}
        try:
            self._aliyun.call("UnbindSubscription", parameters, now)
        except GatewayFault as fault:
            if fault.code != _GONE:
                raise
