"""WeChat's JS-SDK for operators with an account there: the signature that lets one page of ours ask WeChat for a map.

Two secrets of an hour or two are fetched and kept in memory: an access token, and with it a ticket; a page's address
is signed with the ticket (developers.weixin.qq.com, JS-SDK, appendix 1). Where any of it fails, pages do without.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlencode

import structlog

from wristband.gateways import wire
from wristband.gateways.contract import GatewayFault, clean_code
from wristband.gateways.wire import Limits, Network

log = structlog.get_logger(__name__)

OWN_HOST = "https://api.weixin.qq.com"
_TOTAL_S = 3.0
# A ticket is given up a while before WeChat does; after a fault nobody waits for WeChat for so long.
_MARGIN_S, _REST_S, _LONGEST_S = 300.0, 60.0, 7200.0


@dataclass(frozen=True)
class Signature:
    """What a page tells WeChat's script, each as `wx.config` names it: appId, timestamp, nonceStr, signature."""

    app_id: str
    timestamp: int
    nonce: str
    signature: str


class WechatSettings(Protocol):
    """The settings this needs; wristband.config has them all."""

    @property
    def wechat_app_id(self) -> str: ...
    @property
    def wechat_secret_file(self) -> Path | None: ...
    @property
    def wechat_url(self) -> str: ...
    @property
    def production(self) -> bool: ...
    @property
    def gateway_networks(self) -> tuple[Network, ...]: ...


def choose(settings: WechatSettings) -> WechatPages | None:
    """The operator's account at WeChat; None where there is none."""
    if not settings.wechat_app_id or settings.wechat_secret_file is None:
        return None
    limits = Limits(public_only=settings.production, networks=settings.gateway_networks)
    secret = settings.wechat_secret_file.read_text(encoding="utf-8").strip()
    return WechatPages(settings.wechat_app_id, secret, limits, url=settings.wechat_url or OWN_HOST)


class WechatPages:
    """Signs addresses of pages. Safe in many threads: one fetches a ticket, the others meanwhile go without."""

    def __init__(
        self, app_id: str, secret: str, limits: Limits, *, url: str = OWN_HOST, clock: Callable[[], float] = time.time
    ) -> None:
        self._app_id, self._secret, self._url = app_id, secret, url.rstrip("/")
        self._limits = replace(limits, total_s=_TOTAL_S)
        self._clock = clock
        self._lock = threading.Lock()
        self._ticket, self._good_until, self._rests_until = "", 0.0, 0.0

    def sign(self, page: str) -> Signature | None:
        """The signature of a page's address, query included and fragment not; None where WeChat gives no ticket."""
        ticket = self._current_ticket()
        if not ticket:
            return None
        nonce, timestamp = secrets.token_hex(8), int(self._clock())
        signed = f"jsapi_ticket={ticket}&noncestr={nonce}&timestamp={timestamp}&url={page.partition('#')[0]}"
        digest = hashlib.sha1(signed.encode(), usedforsecurity=False).hexdigest()  # WeChat's own choice
        return Signature(self._app_id, timestamp, nonce, digest)

    def _current_ticket(self) -> str:
        now = self._clock()
        if now < self._good_until:
            return self._ticket
        if now < self._rests_until or not self._lock.acquire(blocking=False):
            return ""
        try:
            self._ticket, lasts_s = self._fetch()
            self._good_until = now + lasts_s - _MARGIN_S
        except GatewayFault as fault:
            self._rests_until = now + _REST_S
            log.warning("wechat_gives_no_ticket", code=fault.code)
            return ""
        finally:
            self._lock.release()
        return self._ticket

    def _fetch(self) -> tuple[str, float]:
        asked = {"grant_type": "client_credential", "appid": self._app_id, "secret": self._secret}
        body = json.dumps(asked).encode()
        headers = {"Content-Type": "application/json"}
        given = _content(wire.post(f"{self._url}/cgi-bin/stable_token", body, headers, self._limits))
        query = urlencode({"access_token": _text(given, "access_token"), "type": "jsapi"})
        given = _content(wire.get(f"{self._url}/cgi-bin/ticket/getticket?{query}", {}, self._limits))
        lasts_s = given.get("expires_in")
        if isinstance(lasts_s, bool) or not isinstance(lasts_s, int | float) or not _MARGIN_S < lasts_s <= _LONGEST_S:
            raise GatewayFault(permanent=False, code="odd_answer")
        return _text(given, "ticket"), float(lasts_s)


def _content(answer: wire.Answer) -> dict[str, Any]:
    """What WeChat says, once it says no error. Raises GatewayFault with its number."""
    try:
        content = json.loads(answer.body)
    except (ValueError, RecursionError):
        raise GatewayFault(permanent=False, code="not_json") from None
    if answer.status != 200 or not isinstance(content, dict) or content.get("errcode", 0) != 0:
        number = content.get("errcode") if isinstance(content, dict) else None
        raise GatewayFault(permanent=False, code=clean_code(f"wechat_{number or answer.status}"))
    return content


def _text(content: dict[str, Any], name: str) -> str:
    text = content.get(name)
    if not isinstance(text, str) or not 0 < len(text) <= 1024 or not text.isascii():
        raise GatewayFault(permanent=False, code="odd_answer")
    return text
