"""Calls in which neither side sees the other's number: the promise, the order of gateways, and a printed one.

On the mainland masking is licensed: the pilot of the Ministry of Industry and Information Technology of 2025 (eleven
provinces, Fujian among them) lets only licensees do it, with 15-digit numbers that begin with 700. Such a number is in
no plan that a library knows: it is passed on as the gateway writes it and never validated.
"""

from __future__ import annotations

import json
import os
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import structlog

from wristband.gateways.contract import GatewayFault, printable

log = structlog.get_logger(__name__)

_LONGEST_NUMBER, _LONGEST_REFERENCE = 24, 120


@dataclass(frozen=True)
class Connected:
    """A masked call stands. `number` is what the finder dials, digits and a plus sign perhaps; None where both
    telephones ring by themselves. `reference` ends it."""

    number: str | None = field(repr=False)
    reference: str


class MaskedGateway(ABC):
    """An adapter to one outside that connects two numbers. A provider writes `takes`, `_connect` and `_release`.

    Numbers are E.164, times aware. A connection ends by itself at `until`; releasing one that has ended is no fault.
    Connecting twice with one key may give two connections: both end.
    """

    name: str
    """At most 32 of `[a-z0-9_]`."""

    def connect(self, guardian: str, finder: str, *, key: str, until: datetime, now: datetime) -> Connected:
        """Connect the two until then. Raises GatewayFault and nothing else. `key`: 16 to 64 of `[A-Za-z0-9_-]`."""
        began = time.perf_counter()
        try:
            made = self._connect(guardian, finder, key, until, now)
        except Exception as error:
            raise self._fault(error, began, "not_connected") from None
        self._tell(began, "connected")
        number = None if made.number is None else printable(made.number, _LONGEST_NUMBER)
        return Connected(number, f"{self.name}:{printable(made.reference, _LONGEST_REFERENCE)}")

    def release(self, reference: str, *, now: datetime) -> None:
        """End the connection of this reference of `connect`. Raises GatewayFault and nothing else."""
        began = time.perf_counter()
        try:
            self._release(reference.removeprefix(f"{self.name}:"), now)
        except Exception as error:
            raise self._fault(error, began, "not_released") from None
        self._tell(began, "released")

    @abstractmethod
    def takes(self, guardian: str, finder: str) -> bool:
        """Whether this gateway can connect these two."""

    @abstractmethod
    def _connect(self, guardian: str, finder: str, key: str, until: datetime, now: datetime) -> Connected: ...

    @abstractmethod
    def _release(self, reference: str, now: datetime) -> None: ...

    def _fault(self, error: Exception, began: float, event: str) -> GatewayFault:
        """The fault to raise; a mistake of ours becomes a passing one that is named by its kind only."""
        if isinstance(error, GatewayFault):
            fault = error
        else:
            fault = GatewayFault(permanent=False, code=type(error).__name__)
            log.error("gateway_broken", gateway=self.name, kind=type(error).__name__)
        fault.gateway = self.name
        self._tell(began, event, permanent=fault.permanent, code=fault.code)
        return fault

    def _tell(self, began: float, event: str, **facts: object) -> None:
        log.info(event, gateway=self.name, took_ms=round((time.perf_counter() - began) * 1000), **facts)


class MaskedRota:
    """Masked gateways in order of preference. Somebody waits at the telephone, so the next is tried at once."""

    def __init__(self, gateways: Sequence[MaskedGateway]) -> None:
        self._gateways = {gateway.name: gateway for gateway in gateways}

    def takes(self, guardian: str, finder: str) -> bool:
        """Whether any gateway can connect these two numbers: whether to offer it."""
        return any(gateway.takes(guardian, finder) for gateway in self._gateways.values())

    def connect(self, guardian: str, finder: str, *, key: str, until: datetime, now: datetime) -> Connected:
        """Connect the two until then, see MaskedGateway. Raises GatewayFault, that of the last one tried."""
        fault = GatewayFault(permanent=False, code="country_not_served")
        for gateway in self._gateways.values():
            if not gateway.takes(guardian, finder):
                continue
            try:
                return gateway.connect(guardian, finder, key=key, until=until, now=now)
            except GatewayFault as failed:
                fault = failed
        raise fault

    def release(self, reference: str, *, now: datetime) -> None:
        """End that connection. Raises GatewayFault; permanent where its gateway is no longer configured."""
        gateway = self._gateways.get(reference.partition(":")[0])
        if gateway is None:
            raise GatewayFault(permanent=True, code="no_gateway")
        gateway.release(reference, now=now)


class PrintedMasked(MaskedGateway):
    """The masked gateway of development: a line of `masked.jsonl` each, and a number that nobody has.

    It is one of the 555 numbers kept for fiction (+1 202 555 0100 to 0199): whoever dials it reaches nobody.
    """

    name = "printed"

    def __init__(self, folder: Path) -> None:
        self._file = folder / "masked.jsonl"

    def takes(self, guardian: str, finder: str) -> bool:
        return True

    def _connect(self, guardian: str, finder: str, key: str, until: datetime, now: datetime) -> Connected:
        number = f"+120255501{sum(key.encode()) % 100:02d}"
        self._print(connect=key, guardian=guardian, finder=finder, number=number, until=until.isoformat())
        return Connected(number, key)

    def _release(self, reference: str, now: datetime) -> None:
        self._print(release=reference, time=now.isoformat())

    def _print(self, **line: str) -> None:
        handle = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
