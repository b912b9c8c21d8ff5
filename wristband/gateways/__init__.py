"""Adapters to outside systems, and which of them an instance uses."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from wristband.gateways.contract import Gateway
from wristband.gateways.printed import PrintedGateway
from wristband.gateways.sms import SmsGateway
from wristband.gateways.wire import Limits, Network


class GatewaySettings(Protocol):
    """The settings gateways need; wristband.config has them all."""

    @property
    def sms_url(self) -> str: ...
    @property
    def sms_key(self) -> bytes | None: ...
    @property
    def data_dir(self) -> Path: ...
    @property
    def production(self) -> bool: ...
    @property
    def gateway_networks(self) -> tuple[Network, ...]: ...


def choose(settings: GatewaySettings) -> dict[str, Gateway]:
    """The gateway of each channel, by the channel's name. The settings refuse a production without SMS gateway."""
    if not settings.sms_url:
        return {"sms": PrintedGateway(settings.data_dir)}
    limits = Limits(public_only=settings.production, networks=settings.gateway_networks)
    return {"sms": SmsGateway(settings.sms_url, settings.sms_key, limits)}
