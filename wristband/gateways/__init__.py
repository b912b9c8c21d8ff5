"""Adapters to outside systems, and which of them an instance uses."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from wristband.gateways.contract import Gateway, ReadsReceipts
from wristband.gateways.printed import PrintedGateway
from wristband.gateways.rota import Rota
from wristband.gateways.settings import GatewaysWrong
from wristband.gateways.wire import Limits, Network
from wristband.values.vocabulary import Vocabulary
from wristband.values.web_address import is_public_https

if TYPE_CHECKING:
    from wristband.gateways.chat import ChatSettings
    from wristband.gateways.file import GatewaysFile
    from wristband.gateways.masked import MaskedGateway, MaskedRota
    from wristband.gateways.police import PoliceGateway
    from wristband.gateways.push import Keys, PushSettings
    from wristband.gateways.webhook import WebhookGateway

CHANNELS = ("sms", "voice", "mail", "chat", "push")
# A mail server takes its time to look at what it is handed.
_MAIL_S = 20.0


class GatewaySettings(Protocol):
    """The settings gateways need; wristband.config has them all."""

    @property
    def base_url(self) -> str: ...
    @property
    def sms_url(self) -> str: ...
    @property
    def sms_key(self) -> bytes | None: ...
    @property
    def voice_url(self) -> str: ...
    @property
    def voice_key(self) -> bytes | None: ...
    @property
    def police_url(self) -> str: ...
    @property
    def police_key(self) -> bytes | None: ...
    @property
    def police_mapping_file(self) -> Path | None: ...
    @property
    def gateways_file(self) -> Path | None: ...
    @property
    def data_dir(self) -> Path: ...
    @property
    def production(self) -> bool: ...
    @property
    def gateway_networks(self) -> tuple[Network, ...]: ...


def choose(settings: GatewaySettings, keys: Keys | None = None) -> dict[str, Rota]:
    """The gateways of each channel there is, by the channel's name (CHANNELS), in order of preference.

    The HTTP gateways of the environment come first, then those of the gateways file. Outside production a channel
    without any is printed; in production it is not there. `keys` is the ring that push messages are signed with;
    without it there is no push gateway. Raises GatewaysWrong for a file that is wrong, and for a production without
    SMS.
    """
    limits = _limits(settings)
    found: dict[str, list[Gateway]] = {channel: [] for channel in CHANNELS}
    for channel, url, key in (
        ("sms", settings.sms_url, settings.sms_key),
        ("voice", settings.voice_url, settings.voice_key),
    ):
        if url:
            from wristband.gateways.ordinary import HttpGateway

            found[channel].append(HttpGateway(channel, url, key, limits))
    written = _read(settings)
    if written is not None:
        for channel, made in _written(written, limits, _receipts_base(settings, written), keys):
            found[channel].append(made)
    if settings.production and not found["sms"]:
        raise GatewaysWrong("settings.wrong", faults="production needs an SMS gateway: WRISTBAND_SMS_URL or [[sms]]")
    if not settings.production:
        printed = PrintedGateway(settings.data_dir)
        found = {channel: gateways or [printed] for channel, gateways in found.items()}
    return {channel: Rota(channel, gateways) for channel, gateways in found.items() if gateways}


def quiet_settings(settings: GatewaySettings) -> tuple[ChatSettings, PushSettings]:
    """What the gateways file says of chats and push services, or what holds without it."""
    from wristband.gateways.chat import ChatSettings
    from wristband.gateways.push import PushSettings

    written = _read(settings)
    chat, push = (written.chat, written.push) if written else (None, None)
    return chat or ChatSettings(), push or PushSettings(contact=settings.base_url.replace("http://", "https://"))


def choose_masked(settings: GatewaySettings) -> MaskedRota | None:
    """The gateways of masked calls, in order; outside production a printed one; in production perhaps none."""
    from wristband.gateways.masked import MaskedRota, PrintedMasked

    written = _read(settings)
    limits = _limits(settings)
    made: list[MaskedGateway] = [one.make(limits) for one in written.masked] if written else []
    if not made and not settings.production:
        made = [PrintedMasked(settings.data_dir)]
    return MaskedRota(made) if made else None


def choose_police(
    settings: GatewaySettings, vocabulary: Vocabulary, incoming: Mapping[str, Collection[str]]
) -> PoliceGateway | None:
    """The gateway to the police platform, where the operator has set one up. Raises GatewaysWrong.

    `vocabulary` and `incoming` are our words, which the operator's mapping file is held against.
    """
    if not settings.police_url:
        return None
    from wristband.gateways.police import PoliceGateway
    from wristband.gateways.police_mapping import PoliceMapping, read_mapping

    key, file = settings.police_key, settings.police_mapping_file
    if key is None:
        raise GatewaysWrong("settings.wrong", faults="WRISTBAND_POLICE_URL needs WRISTBAND_POLICE_KEY_FILE")
    mapping = read_mapping(file, vocabulary, incoming) if file else PoliceMapping()
    return PoliceGateway(settings.police_url, key, mapping, times=vocabulary.times, limits=_limits(settings))


def choose_webhook(settings: GatewaySettings) -> WebhookGateway:
    """The gateway to partners' webhooks; in production to the open Internet alone."""
    from wristband.gateways.webhook import WebhookGateway

    return WebhookGateway(secure=settings.production, limits=replace(_limits(settings), networks=()))


def readers(rotas: Mapping[str, Rota]) -> dict[str, ReadsReceipts]:
    """The gateways whose providers tell afterwards what became of a message, by name."""
    every = (gateway for rota in rotas.values() for gateway in rota.gateways)
    return {gateway.name: gateway for gateway in every if isinstance(gateway, ReadsReceipts)}


def _limits(settings: GatewaySettings) -> Limits:
    return Limits(public_only=settings.production, networks=settings.gateway_networks)


def _read(settings: GatewaySettings) -> GatewaysFile | None:
    if settings.gateways_file is None:
        return None
    from wristband.gateways.file import read

    return read(settings.gateways_file, production=settings.production)


def _receipts_base(settings: GatewaySettings, written: GatewaysFile) -> str:
    """Where a provider abroad can reach us; empty where it cannot: on a developer's machine."""
    base = written.receipts_base or settings.base_url
    return base if is_public_https(base) else ""


def _written(
    written: GatewaysFile, limits: Limits, receipts_base: str, keys: Keys | None
) -> Iterable[tuple[str, Gateway]]:
    """Every gateway of the file, with its channel."""
    from wristband.gateways.chat import ChatGateway
    from wristband.gateways.mail import MailGateway
    from wristband.gateways.push import PushGateway

    for one in written.sms:
        yield "sms", one.make("sms", limits, receipts_base)
    for other in written.voice:
        yield "voice", other.make("voice", limits, receipts_base)
    if written.mail is not None:
        try:
            yield "mail", MailGateway(written.mail, replace(limits, total_s=_MAIL_S))
        except ValueError as error:
            raise GatewaysWrong("settings.wrong", faults=str(error)) from None
    if written.chat is not None:
        yield "chat", ChatGateway(written.chat, limits)
    if written.push is not None and keys is not None:
        yield "push", PushGateway(written.push, keys, limits)
