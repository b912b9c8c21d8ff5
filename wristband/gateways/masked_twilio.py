"""Masked calls outside mainland China through Twilio: it rings the guardian, then the finder, under its own number.

https://www.twilio.com/docs/voice/api/call-resource, https://www.twilio.com/docs/voice/twiml/dial.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from xml.sax.saxutils import quoteattr

from wristband.gateways import wire
from wristband.gateways.contract import Blame, GatewayFault
from wristband.gateways.mainland import is_chinese
from wristband.gateways.masked import Connected, MaskedGateway
from wristband.gateways.settings import GatewayName
from wristband.gateways.twilio import Number, Twilio, TwilioSettings

_SHORTEST_S, _LONGEST_S = 60, 14_400
_RINGS_S = "40"


class TwilioMaskedSettings(TwilioSettings):
    """Twilio for masked calls; both sides see `sender`."""

    provider: Literal["twilio"]
    name: GatewayName = "twilio_masked"
    sender: Number
    messaging_service: None = None

    def make(self, limits: wire.Limits) -> TwilioMaskedGateway:
        return TwilioMaskedGateway(self, limits)


class TwilioMaskedGateway(MaskedGateway):
    """Rings both: there is no number to dial. Neither may be one of the mainland."""

    def __init__(self, settings: TwilioMaskedSettings, limits: wire.Limits) -> None:
        self.name = settings.name
        self._settings = settings
        token = settings.auth_token.get_secret_value()
        self._twilio = Twilio(settings.endpoint, settings.account_sid, token, "", limits)

    def takes(self, guardian: str, finder: str) -> bool:
        return not is_chinese(guardian) and not is_chinese(finder)

    def _connect(self, guardian: str, finder: str, key: str, until: datetime, now: datetime) -> Connected:
        if not self.takes(guardian, finder):
            raise GatewayFault(permanent=True, code="country_not_served", blame=Blame.MESSAGE)
        lasts_s = min(max(int((until - now).total_seconds()), _SHORTEST_S), _LONGEST_S)
        dial = f'<Dial callerId={quoteattr(self._settings.sender)} timeLimit="{lasts_s}">'
        parameters = {
            "To": guardian,
            "From": self._settings.sender,
            "Twiml": f"<Response>{dial}<Number>{finder}</Number></Dial></Response>",
            "Timeout": _RINGS_S,
        }
        return Connected(None, self._twilio.post("Calls", parameters))

    def _release(self, reference: str, now: datetime) -> None:
        try:
            self._twilio.post(f"Calls/{reference}", {"Status": "completed"})
        except GatewayFault as fault:
            # 21220: the call has ended; 20404: it is known no more.
            if fault.code not in ("21220", "20404"):
                raise
