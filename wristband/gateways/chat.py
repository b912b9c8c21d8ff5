"""Chat groups and phone apps of the family's own choice, through apprise: WeCom, DingTalk, Feishu, Bark and others."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from wristband.errors import BadValue
from wristband.gateways import apprise_wire, wire, words
from wristband.gateways.contract import Blame, Gateway, GatewayFault, Handover, Receipt
from wristband.gateways.settings import Strict
from wristband.values.chat import ChatAddress

# The key is the family's own here, so what speaks against it is for good, unlike at gateways whose key is ours.
_PERMANENT_STATUS = frozenset({400, 401, 403, 404, 410, 413, 415, 422})
_BARK_HOST = "api.day.app"


class ChatSettings(Strict):
    """The hosts that are served of what may stand anywhere (Bark, ntfy, gotify), as `HOST` or `HOST:PORT`."""

    hosts: Annotated[tuple[str, ...], Field(strict=False)] = (_BARK_HOST,)


@dataclass(frozen=True)
class _Service:
    """One of apprise's plugins: how it is made for an address, how much it takes, and how its answer reads."""

    plugin: str
    make: Callable[[ChatAddress, Handover], Mapping[str, Any]]
    most_bytes: int
    answer: Callable[[dict[str, Any]], str]
    """The code of a refusal inside an answer of 200, or empty where the message was taken."""
    permanent: frozenset[str] = frozenset()
    """Those codes that will be the same tomorrow: no such robot, a key word or a signature asked for."""
    links: bool = False
    """Whether a tap on the message opens the link; elsewhere it stands below the text."""


class ChatGateway(Gateway):
    """Hands a message to the service of its address; `recipient` is a ChatAddress.

    apprise writes the request, our wire carries it: one deadline, no redirects, only addresses that a gateway may be
    called at. A message counts as taken when the service says so in its answer, not when it answers 200. Permanent:
    `recipient_invalid`; `http_401`, `http_404` and their like, for the key is the family's; the service's own code
    (`wecombot_93000`) where it says there is no such robot. `host_not_served`, `not_secure` and all else pass.
    Only Bark knows a message again that comes twice; elsewhere a lost answer may show it two times.
    """

    name = "chat"

    def __init__(self, settings: ChatSettings, limits: wire.Limits | None = None) -> None:
        self._settings = settings
        self._limits = limits or wire.Limits()

    def _call(self, handover: Handover) -> Receipt:
        try:
            return self._send(handover)
        except GatewayFault as fault:  # one of many services; what is wrong there says nothing about the others
            fault.blame = Blame.MESSAGE
            raise

    def _send(self, handover: Handover) -> Receipt:
        try:
            address = ChatAddress(handover.recipient)
        except BadValue:
            raise GatewayFault(permanent=True, code="recipient_invalid") from None
        if not address.is_served(self._settings.hosts):
            raise GatewayFault(permanent=False, code="host_not_served")
        if self._limits.public_only and not address.secure:
            raise GatewayFault(permanent=False, code="not_secure")
        service = _SERVICES[address.service]
        title = words.title(handover.language)
        options = service.make(address, handover)
        answer = apprise_wire.send(service.plugin, options, title, _text(handover, service), self._limits)
        _read(answer, address.service, service)
        return Receipt(handover.idempotency_key)


def _text(handover: Handover, service: _Service) -> str:
    """The body, cut where the service takes less, and the link, which never is."""
    below = "" if service.links or not handover.link else f"\n\n{words.seen(handover.language)}：\n{handover.link}"
    return words.cut(handover.body, service.most_bytes - len(below.encode())) + below


def _read(answer: wire.Answer, name: str, service: _Service) -> None:
    if answer.status != 200:
        raise GatewayFault(permanent=answer.status in _PERMANENT_STATUS, code=f"http_{answer.status}")
    try:
        content = json.loads(answer.body)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise GatewayFault(permanent=False, code="garbage", in_doubt=True)
    if code := service.answer(content):
        raise GatewayFault(permanent=code in service.permanent, code=f"{name}_{code}")


def _says(field: str, good: int) -> Callable[[dict[str, Any]], str]:
    """Reads `{field: number}`, where one number is good and the absence of any is not."""

    def read(content: dict[str, Any]) -> str:
        said = content.get(field)
        if isinstance(said, int) and not isinstance(said, bool):
            return "" if said == good else str(said)
        return "no_code"

    return read


def _has(field: str) -> Callable[[dict[str, Any]], str]:
    """Reads the message as the service keeps it, which is proof that it has it."""
    return lambda content: "" if content.get(field) else "no_id"


def _feishu(content: dict[str, Any]) -> str:
    # Older robots answer StatusCode; a refusal always has code.
    return _says("code" if "code" in content else "StatusCode", 0)(content)


def _server_chan(content: dict[str, Any]) -> str:
    # One number for a wrong key and for today's limit: only its words tell them apart.
    code = _says("code", 0)(content)
    return "auth" if code and str(content.get("message", "")).startswith("[AUTH]") else code


def _token(address: ChatAddress, _handover: Handover) -> dict[str, Any]:
    return {"token": address.token}


def _hosted(address: ChatAddress) -> dict[str, Any]:
    host, _, port = address.host.partition(":")
    schema = address.service + ("s" if address.secure else "")
    return {"schema": schema, "host": host, "port": int(port) if port else None, "secure": address.secure}


def _dingtalk(address: ChatAddress, _handover: Handover) -> dict[str, Any]:
    return {"token": address.token, "secret": address.secret or None}


def _bark(address: ChatAddress, handover: Handover) -> dict[str, Any]:
    how = {"include_image": False, "level": "timeSensitive", "notification_id": handover.idempotency_key}
    return _hosted(address) | how | {"targets": [address.token], "click": handover.link or None}


def _ntfy(address: ChatAddress, handover: Handover) -> dict[str, Any]:
    how = {"include_image": False, "mode": "private", "priority": "high"}
    return _hosted(address) | how | {"targets": [address.token], "click": handover.link or None}


_SERVICES = {
    # developer.work.weixin.qq.com/document/path/90313: 93000 no such robot.
    "wecombot": _Service(
        "wecombot:NotifyWeComBot",
        lambda address, _: {"key": address.token},
        2048,
        _says("errcode", 0),
        frozenset({"93000"}),
    ),
    # open.dingtalk.com, custom robots: no such token, robot off or gone, key words or a signature asked for.
    "dingtalk": _Service(
        "dingtalk:NotifyDingTalk",
        _dingtalk,
        15_000,
        _says("errcode", 0),
        frozenset({"300001", "300005", "310000", "400013", "400101", "400102", "400106"}),
    ),
    # open.feishu.cn, custom bots: 19001 no such robot, 19021 signature, 19022 network, 19024 key words asked for.
    "feishu": _Service("feishu:NotifyFeishu", _token, 15_000, _feishu, frozenset({"19001", "19021", "19022", "19024"})),
    "lark": _Service("lark:NotifyLark", _token, 15_000, _feishu, frozenset({"19001", "19021", "19022", "19024"})),
    "schan": _Service("serverchan:NotifyServerChan", _token, 30_000, _server_chan, frozenset({"auth"})),
    # APNs takes 4,096 bytes in all, what is around the text and the link among them.
    "bark": _Service("bark:NotifyBark", _bark, 2500, _says("code", 200), frozenset({"400"}), links=True),
    # wxpusher.zjiecode.com/docs: 1001, 1002 token; 1004 no such user.
    "wxpusher": _Service(
        "wxpusher:NotifyWxPusher",
        lambda address, _: {"token": address.token, "targets": [address.target]},
        30_000,
        _says("code", 1000),
        frozenset({"1001", "1002", "1004"}),
    ),
    # Of a longer text, with every character escaped, apprise makes an attachment, which no locked screen shows.
    "ntfy": _Service("ntfy:NotifyNtfy", _ntfy, 2500, _has("id"), links=True),
    "gotify": _Service(
        "gotify:NotifyGotify",
        lambda address, _: _hosted(address) | {"token": address.token, "priority": "high"},
        30_000,
        _has("id"),
    ),
}
