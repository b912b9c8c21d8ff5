"""Where an address is, asked of the geocoder an operator has: Nominatim or Photon of their own, or Baidu.

The words somebody typed go to that geocoder and nowhere else: no log, no store, no exception quotes them.
"""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
import threading
import time
import unicodedata
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import structlog
from geopy.adapters import BaseSyncAdapter
from geopy.geocoders import BaiduV3, Nominatim, Photon

from wristband.errors import BadValue
from wristband.gateways import wire
from wristband.gateways.contract import Blame, GatewayFault, clean_code
from wristband.gateways.wire import Limits, Network
from wristband.values.position import Crs, Position, from_crs

log = structlog.get_logger(__name__)

# A finder waits for it with an elder at her side.
_TOTAL_S = 3.0
_ANSWER_BYTES = 262_144
_ASKED_AT_ONCE = 4
_KEPT, _KEPT_S = 1000, 24 * 3600.0
# After a fault nobody waits for the geocoder for so long.
_REST_S = 20.0
_LONGEST_LABEL = 80
_AGENT = "wristband"


@dataclass(frozen=True)
class Found:
    """Where an address is, in WGS-84, and what the geocoder calls the place it found; "" where it names none."""

    position: Position
    label: str = ""


class GeocoderSettings(Protocol):
    """The settings a geocoder needs; wristband.config has them all."""

    @property
    def geocoder(self) -> str: ...
    @property
    def geocoder_url(self) -> str: ...
    @property
    def geocoder_key_file(self) -> Path | None: ...
    @property
    def production(self) -> bool: ...
    @property
    def gateway_networks(self) -> tuple[Network, ...]: ...


def choose(settings: GeocoderSettings) -> Geocoder:
    """The operator's geocoder, which the settings name."""
    limits = Limits(public_only=settings.production, networks=settings.gateway_networks)
    key = settings.geocoder_key_file.read_text(encoding="utf-8").strip() if settings.geocoder_key_file else ""
    return Geocoder(settings.geocoder, settings.geocoder_url, key, limits)


class Geocoder:
    """One geocoder by way of geopy, over our own wire: its time-out, its size of answer, the addresses it may call.

    Answers are kept in memory for a day under a keyed digest. Safe in many threads.
    """

    def __init__(self, provider: str, url: str, key: str, limits: Limits) -> None:
        """`provider` is nominatim, photon or baidu; `url` the root of its server, for baidu "" for Baidu's own."""
        self._provider = provider
        adapter = partial(_Wire, limits=replace(limits, total_s=_TOTAL_S, answer_bytes=_ANSWER_BYTES))
        self._ask, self._crs = _PROVIDERS[provider](url, key, adapter)
        self._secret = secrets.token_bytes(32)
        self._kept: OrderedDict[bytes, tuple[float, Found | None]] = OrderedDict()
        self._lock = threading.Lock()
        self._gate = threading.BoundedSemaphore(_ASKED_AT_ONCE)
        self._rests_until = 0.0
        # At its lower levels geopy logs addresses that it calls, and with them what was typed.
        logging.getLogger("geopy").setLevel(logging.ERROR)

    def knows(self, words: str) -> bool:
        """Whether `find` would answer out of its memory, at nobody's cost."""
        return self._remembered(self._name(words)) is not None

    def find(self, words: str) -> Found | None:
        """Where `words` are, None where the geocoder knows no such place. Raises GatewayFault."""
        name = self._name(words)
        if (kept := self._remembered(name)) is not None:
            return kept[1]
        if time.monotonic() < self._rests_until or not self._gate.acquire(blocking=False):
            raise GatewayFault(permanent=False, code="busy")
        began = time.monotonic()
        try:
            found = self._look(words)
        except GatewayFault as fault:
            self._rests_until = time.monotonic() + _REST_S
            self._tell(began, fault.code)
            raise
        finally:
            self._gate.release()
        self._tell(began, "found" if found else "unknown")
        with self._lock:
            self._kept[name] = (time.monotonic() + _KEPT_S, found)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return found

    def _look(self, words: str) -> Found | None:
        try:
            answer = self._ask(words)
            if answer is None:
                return None
            position = from_crs(float(answer.latitude), float(answer.longitude), self._crs)
            label = "" if self._crs is Crs.BD09 else _label(str(answer.address or ""))
        except GatewayFault:
            raise
        except BadValue:
            raise GatewayFault(permanent=False, code="odd_place") from None
        except Exception as odd:  # geopy reads what it expects; what a geocoder answers may be anything
            raise GatewayFault(permanent=False, code=clean_code(type(odd).__name__)) from None
        # A geocoder that found nothing and says 0,0.
        return None if position.is_null_island else Found(position, label)

    def _remembered(self, name: bytes) -> tuple[float, Found | None] | None:
        with self._lock:
            kept = self._kept.get(name)
        return kept if kept and kept[0] > time.monotonic() else None

    def _name(self, words: str) -> bytes:
        return hashlib.blake2b(words.encode("utf-8", "replace"), key=self._secret, digest_size=16).digest()

    def _tell(self, began: float, outcome: str) -> None:
        took_ms = round((time.monotonic() - began) * 1000)
        log.info("geocoded", geocoder=self._provider, outcome=outcome, took_ms=took_ms)


class _Wire(BaseSyncAdapter):  # type: ignore[misc]
    """geopy's way out, over ours."""

    def __init__(self, *, proxies: object, ssl_context: object, limits: Limits) -> None:
        super().__init__(proxies=proxies, ssl_context=ssl_context)
        self._limits = limits

    def get_text(self, url: str, *, timeout: float, headers: Mapping[str, str]) -> str:
        answer = wire.get(url, headers, self._limits)
        if answer.status != 200:
            raise GatewayFault(permanent=False, code=f"http_{answer.status}", blame=Blame.GATEWAY)
        return answer.body.decode("utf-8")

    def get_json(self, url: str, *, timeout: float, headers: Mapping[str, str]) -> Any:
        return json.loads(self.get_text(url, timeout=timeout, headers=headers))


_Asks = Callable[[str], Any]
_Adapter = Callable[..., BaseSyncAdapter]


def _nominatim(url: str, _key: str, adapter: _Adapter) -> tuple[_Asks, Crs]:
    parts = urlsplit(url)
    asked = Nominatim(
        domain=parts.netloc + parts.path.rstrip("/"), scheme=parts.scheme, user_agent=_AGENT, adapter_factory=adapter
    )
    return partial(asked.geocode, exactly_one=True, language="zh"), Crs.WGS84


def _photon(url: str, _key: str, adapter: _Adapter) -> tuple[_Asks, Crs]:
    parts = urlsplit(url)
    asked = Photon(
        domain=parts.netloc + parts.path.rstrip("/"), scheme=parts.scheme, user_agent=_AGENT, adapter_factory=adapter
    )
    return partial(asked.geocode, exactly_one=True), Crs.WGS84


def _baidu(url: str, key: str, adapter: _Adapter) -> tuple[_Asks, Crs]:
    """Baidu answers in BD-09 where it is not asked for anything else (lbsyun.baidu.com, geocoding v3)."""
    asked = BaiduV3(key, user_agent=_AGENT, adapter_factory=adapter)
    if url:
        asked.api = url.rstrip("/") + asked.api_path
    return partial(asked.geocode, exactly_one=True), Crs.BD09


_PROVIDERS: dict[str, Callable[[str, str, _Adapter], tuple[_Asks, Crs]]] = {
    "nominatim": _nominatim,
    "photon": _photon,
    "baidu": _baidu,
}


def _label(text: str) -> str:
    """What a geocoder says, as one short line without control or direction marks."""
    visible = "".join(" " if unicodedata.category(character)[0] in "CZ" else character for character in text)
    line = " ".join(visible.split())
    return line if len(line) <= _LONGEST_LABEL else line[: _LONGEST_LABEL - 1] + "…"
