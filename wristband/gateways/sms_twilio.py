"""SMS outside mainland China through Twilio: https://www.twilio.com/docs/messaging/api/message-resource."""

from __future__ import annotations

from typing import Literal

from wristband.gateways import wire
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
from wristband.gateways.mainland import is_chinese
from wristband.gateways.receipts import code_of, reference_of
from wristband.gateways.settings import GatewayName
from wristband.gateways.templates import cut
from wristband.gateways.twilio import Twilio, TwilioSettings
from wristband.values.arrival import Arrival, ArrivalState

LONGEST_BODY = 1_600
"""Characters of one message (21617)."""
_STATES = {
    "delivered": ArrivalState.ARRIVED,
    "read": ArrivalState.ARRIVED,
    "undelivered": ArrivalState.FAILED,
    "failed": ArrivalState.FAILED,
    "canceled": ArrivalState.FAILED,
}


class TwilioSmsSettings(TwilioSettings):
    """Twilio as an SMS gateway."""

    provider: Literal["twilio"]
    name: GatewayName = "twilio_sms"

    def make(self, _channel: str, limits: wire.Limits, receipts_base: str) -> TwilioSmsGateway:
        return TwilioSmsGateway(self, limits, receipts_base)


class TwilioSmsGateway(Gateway, ReadsReceipts):
    """Sends the body as it is, cut at LONGEST_BODY with an ellipsis; not to numbers of the mainland.

    Not idempotent: after an attempt whose end is unknown the text is sent again. Receipts carry X-Twilio-Signature;
    without a public `receipts_base` none are asked for.
    """

    def __init__(self, settings: TwilioSmsSettings, limits: wire.Limits, receipts_base: str) -> None:
        self.name = settings.name
        self._settings = settings
        callback = f"{receipts_base}/platform/receipts/{self.name}" if receipts_base else ""
        token = settings.auth_token.get_secret_value()
        self._twilio = Twilio(settings.endpoint, settings.account_sid, token, callback, limits)

    def takes(self, handover: Handover) -> bool:
        return not is_chinese(handover.recipient)

    def _call(self, handover: Handover) -> Receipt:
        if is_chinese(handover.recipient):
            raise GatewayFault(permanent=False, code="country_not_served", blame=Blame.MESSAGE)
        parameters = {"To": handover.recipient, "Body": cut(handover.body, LONGEST_BODY)}
        if self._settings.messaging_service:
            parameters["MessagingServiceSid"] = self._settings.messaging_service
        else:
            parameters["From"] = self._settings.sender or ""
        if self._twilio.callback:
            parameters["StatusCallback"] = self._twilio.callback
        return Receipt(self._twilio.post("Messages", parameters))

    def _read_receipts(self, call: ReceiptCall) -> list[Arrival]:
        told = self._twilio.told(call)
        state = _STATES.get(told.get("MessageStatus", ""))
        if state is None:  # on its way
            return []
        return [Arrival(reference_of(told, "MessageSid"), state, call.at, code_of(told, "ErrorCode"))]

    def thank(self, call: ReceiptCall) -> Thanks:
        return Thanks("<Response/>", "text/xml; charset=utf-8")
