"""SMS outside mainland China through Twilio: https://www.twilio.com/docs/messaging/api/message-resource."""

from __future__ import annotations

from typing import Literal

from wristband.gateways import wire
from wristband.gateways.contract import (
    Handover,
    Receipt,
    ReceiptCall,
    Thanks,
)
from wristband.gateways.receipts import code_of, reference_of
from wristband.gateways.settings import GatewayName
from wristband.gateways.templates import cut
from wristband.gateways.twilio import TwilioGateway, TwilioSettings
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


class TwilioSmsGateway(TwilioGateway):
    """Sends the body as it is, cut at LONGEST_BODY with an ellipsis; not to numbers of the mainland.

    Not idempotent: after an attempt whose end is unknown the text is sent again. Receipts carry X-Twilio-Signature;
    without a public `receipts_base` none are asked for.
    """

    settings: TwilioSmsSettings

    def _call(self, handover: Handover) -> Receipt:
        self.check_country(handover)
        parameters = {"To": handover.recipient, "Body": cut(handover.body, LONGEST_BODY)}
        if self.settings.messaging_service:
            parameters["MessagingServiceSid"] = self.settings.messaging_service
        else:
            parameters["From"] = self.settings.sender or ""
        if self.twilio.callback:
            parameters["StatusCallback"] = self.twilio.callback
        return Receipt(self.twilio.post("Messages", parameters))

    def _read_receipts(self, call: ReceiptCall) -> list[Arrival]:
        told = self.twilio.told(call)
        state = _STATES.get(told.get("MessageStatus", ""))
        if state is None:  # on its way
            return []
        return [Arrival(reference_of(told, "MessageSid"), state, call.at, code_of(told, "ErrorCode"))]

    def thank(self, call: ReceiptCall) -> Thanks:
        return Thanks("<Response/>", "text/xml; charset=utf-8")
