"""Calls outside mainland China through Twilio.

https://www.twilio.com/docs/voice/api/call-resource, https://www.twilio.com/docs/voice/twiml/gather.
"""

from __future__ import annotations

from typing import Literal
from urllib.parse import parse_qsl, urlencode, urlsplit
from xml.sax.saxutils import escape, quoteattr

from wristband.gateways import wire
from wristband.gateways.contract import (
    Handover,
    Receipt,
    ReceiptCall,
    Thanks,
)
from wristband.gateways.receipts import reference_of
from wristband.gateways.settings import GatewayName
from wristband.gateways.templates import cut
from wristband.gateways.twilio import Number, TwilioGateway, TwilioSettings
from wristband.values.arrival import Arrival, ArrivalState

LONGEST_BODY = 600
"""Characters read out: two minutes; the whole of the document stays below the 4,000 that a call may bring along."""
ACKNOWLEDGED_BY = "1"
_RINGS_S = "40"
_XML = "text/xml; charset=utf-8"
# By language of the message: the voice's, the request at its end, and the thanks.
_SPOKEN = {
    "zh-CN": ("zh-CN", "收到请按 1。", "谢谢，已经告诉对方您收到了。"),
    "en": ("en-US", "Please press 1 to say that you have heard this.", "Thank you. They have been told."),
}
_STATES = {
    "completed": ArrivalState.PICKED_UP,
    "busy": ArrivalState.FAILED,
    "no-answer": ArrivalState.FAILED,
    "failed": ArrivalState.FAILED,
    "canceled": ArrivalState.FAILED,
}


class TwilioVoiceSettings(TwilioSettings):
    """Twilio as a voice gateway; a call comes from a number."""

    provider: Literal["twilio"]
    name: GatewayName = "twilio_voice"
    sender: Number
    messaging_service: None = None

    def make(self, _channel: str, limits: wire.Limits, receipts_base: str) -> TwilioVoiceGateway:
        return TwilioVoiceGateway(self, limits, receipts_base)


class TwilioVoiceGateway(TwilioGateway):
    """Reads the body out twice in its language; not to numbers of the mainland.

    Key 1 acknowledges, where there is a public `receipts_base` to be told at. Not idempotent: after an attempt whose
    end is unknown it calls again.
    """

    settings: TwilioVoiceSettings

    def _call(self, handover: Handover) -> Receipt:
        self.check_country(handover)
        parameters = {
            "To": handover.recipient,
            "From": self.settings.sender,
            "Twiml": spoken(handover.body, handover.language, self.twilio.callback),
            "Timeout": _RINGS_S,
        }
        if self.twilio.callback:
            parameters["StatusCallback"] = self.twilio.callback
        return Receipt(self.twilio.post("Calls", parameters))

    def _read_receipts(self, call: ReceiptCall) -> list[Arrival]:
        told = self.twilio.told(call)
        reference = reference_of(told, "CallSid")
        if "Digits" in told:
            pressed = told["Digits"] == ACKNOWLEDGED_BY
            return [Arrival(reference, ArrivalState.ACKNOWLEDGED, call.at)] if pressed else []
        state = _STATES.get(told.get("CallStatus", ""))
        return [] if state is None else [Arrival(reference, state, call.at, told["CallStatus"])]

    def thank(self, call: ReceiptCall) -> Thanks:
        """Says thanks to whoever has pressed the key: the query names their language."""
        language = dict(parse_qsl(urlsplit(call.url).query)).get("language")
        if language not in _SPOKEN:
            return Thanks("<Response/>", _XML)
        voice, _, thanks = _SPOKEN[language]
        return Thanks(f"<Response><Say language={quoteattr(voice)}>{escape(thanks)}</Say></Response>", _XML)


def spoken(body: str, language: str, callback: str) -> str:
    """The TwiML that reads `body` out twice, and gathers one key for `callback` where there is one."""
    language = language if language in _SPOKEN else "zh-CN"
    voice, request, _ = _SPOKEN[language]
    said = cut(body, LONGEST_BODY)
    if callback:
        said = f"{said} {request}"
    words = f'<Say language={quoteattr(voice)} loop="2">{escape(said)}</Say>'
    if not callback:
        return f"<Response>{words}</Response>"
    action = quoteattr(f"{callback}?{urlencode({'language': language})}")
    return f'<Response><Gather numDigits="1" timeout="8" method="POST" action={action}>{words}</Gather></Response>'
