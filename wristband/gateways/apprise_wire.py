"""apprise writes a request, our own wire carries it, and the service's whole answer comes back.

By itself apprise says only yes or no, follows redirects, looks names up unchecked and waits for each byte anew. Its
plugins know the network by one name in their module, `requests`; here that name is given what carries for us.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import unquote

from wristband.gateways import wire
from wristband.gateways.contract import GatewayFault


@dataclass
class _Trip:
    """One message under way: what came of it."""

    limits: wire.Limits
    answer: wire.Answer | None = None
    fault: GatewayFault | None = None
    requests: int = 0


_trip: ContextVar[_Trip] = ContextVar("trip")


def send(plugin: str, options: Mapping[str, Any], title: str, text: str, limits: wire.Limits) -> wire.Answer:
    """Let apprise's plugin, `module:Class`, made with these options, write `text` as it is. Returns the answer.

    Raises GatewayFault: those of the wire; `recipient_invalid` where the plugin will not be made; `not_written` where
    it wrote no request, or more than one, which another version of apprise might.
    """
    made = _make(plugin, options)
    trip = _Trip(limits)
    token = _trip.set(trip)
    try:
        # Not notify(): that trims, splits and converts the text.
        made.send(body=text, title=title)
    finally:
        _trip.reset(token)
    if trip.fault:
        raise trip.fault
    if trip.answer is None or trip.requests != 1:
        raise GatewayFault(permanent=False, code="not_written", in_doubt=trip.requests > 0)
    return trip.answer


def _make(plugin: str, options: Mapping[str, Any]) -> Any:
    kind, asset = _load(plugin)
    try:
        return kind(asset=asset, **options)
    except TypeError:  # apprise's own kind for what it cannot be made of
        raise GatewayFault(permanent=True, code="recipient_invalid") from None


@cache
def _load(plugin: str) -> tuple[Any, Any]:
    """The plugin's class and what apprise calls its assets. Imported when first needed: 10 MB, half a second."""
    # It logs addresses with their keys, and texts. What matters of that is in our own log.
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    apprise = importlib.import_module("apprise")
    module_name, _, class_name = plugin.partition(":")
    module: Any = importlib.import_module(f"apprise.plugins.{module_name}")
    module.requests = _Carrier()
    asset = apprise.AppriseAsset(
        app_id="wristband", secure_logging=True, storage_mode=apprise.PersistentStoreMode.MEMORY
    )
    return getattr(module, class_name), asset


class _Carrier:
    """As much of `requests` as the plugins use."""

    def __init__(self) -> None:
        self._requests: Any = importlib.import_module("requests")
        self.codes = self._requests.codes
        self.RequestException = self._requests.RequestException

    def post(
        self, url: str, data: Any = None, headers: Any = None, params: Any = None, auth: Any = None, **_more: Any
    ) -> Any:
        """Write the request as `requests` would, and carry it. Time-outs, redirects and checks are the wire's own."""
        trip = _trip.get()
        trip.requests += 1
        # DingTalk's plugin quotes its signature, which is quoted below once more: the robot would not know it again.
        params = {name: unquote(value) for name, value in (params or {}).items()}
        written = self._requests.Request("POST", url, headers, data=data, params=params, auth=auth).prepare()
        body = written.body.encode() if isinstance(written.body, str) else written.body or b""
        # The wire says both by itself.
        kept = {name: value for name, value in written.headers.items() if name.lower() != "content-length"}
        try:
            trip.answer = wire.post(written.url, body, kept, trip.limits)
        except GatewayFault as fault:
            trip.fault = fault
            raise self._requests.ConnectionError(fault.code) from None
        answer = self._requests.Response()
        answer.status_code, answer._content = trip.answer.status, trip.answer.body
        return answer
