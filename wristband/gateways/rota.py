"""Several gateways of one channel: one that fails is demoted for a while, and the next is used."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from wristband.gateways.contract import Blame, Gateway, GatewayFault, Handover, Receipt

log = structlog.get_logger(__name__)

FAULTS_IN_A_ROW = 3
SHORTEST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=10)
_REMEMBERED = 2_000


@dataclass
class _Place:
    """One gateway and what is known of it."""

    gateway: Gateway
    faults: int = 0
    code: str = ""
    until: datetime | None = None
    pause: timedelta = SHORTEST_PAUSE
    tried: bool = False
    """Whether a single probe is under way, after the pause."""
    turn: int = 0
    """Counts the demotions: what an attempt of an earlier turn tells is old news."""

    def is_due(self, now: datetime) -> bool:
        """Whether the pause is over; one longer than any was set by a clock that has been put back."""
        return self.until is not None and not now < self.until <= now + LONGEST_PAUSE


class Rota:
    """Hands each message to the first gateway in order of preference that is well. Safe in many threads.

    One call is one attempt at one gateway; the outbox tries again after a second, and the next gateway gets that try:
    of a message that one has just refused in passing at once, of every other once the first is demoted. That is
    after three passing faults in a row, or one that says that nothing goes through; for 30 seconds, then twice as
    long each time, up to 10 minutes. When the pause is over a single message tries it again. Where all are demoted the
    one whose pause ends first is used: a message is always tried. What nobody knows the end of stays with its gateway,
    which may ask what became of it. It knows no clock but `handover.at`.
    """

    def __init__(self, channel: str, gateways: Sequence[Gateway]) -> None:
        if not gateways:
            raise ValueError("a channel needs a gateway")
        self.gateways = tuple(gateways)
        self.name = gateways[0].name if len(gateways) == 1 else channel
        self._places = [_Place(gateway) for gateway in gateways]
        self._refused: OrderedDict[str, set[str]] = OrderedDict()
        self._lock = threading.Lock()

    def hand_over(self, handover: Handover) -> Receipt:
        """One attempt. Raises GatewayFault and nothing else; receipt and fault name the gateway."""
        with self._lock:
            place = self._choose(handover)
            turn = place.turn
        try:
            receipt = place.gateway.hand_over(handover)
        except GatewayFault as fault:
            with self._lock:
                self._learn(place, turn, handover, fault)
            raise
        with self._lock:
            self._learn(place, turn, handover, None)
        return receipt

    def _choose(self, handover: Handover) -> _Place:
        able = [place for place in self._places if place.gateway.takes(handover)] or self._places
        refused = self._refused.get(handover.idempotency_key, set())
        ready = [place for place in able if place.until is None or (place.is_due(handover.at) and not place.tried)]
        fresh = [place for place in ready if place.gateway.name not in refused]
        if not fresh:
            self._refused.pop(handover.idempotency_key, None)  # all have refused it: from the first again
        place = (fresh or ready or sorted(able, key=lambda one: one.until or handover.at))[0]
        place.tried = place.until is not None
        return place

    def _learn(self, place: _Place, turn: int, handover: Handover, fault: GatewayFault | None) -> None:
        self._remember(place, handover, fault)
        if turn != place.turn:
            return
        was_tried, place.tried = place.tried, False
        if fault is None or fault.permanent:  # who refuses a number for good is there and answers
            self._restore(place)
        elif fault.blame is not Blame.MESSAGE:
            place.faults += 1
            place.code = fault.code
            if was_tried or fault.blame is Blame.OUTAGE or place.faults >= FAULTS_IN_A_ROW:
                self._demote(place, handover.at)

    def _remember(self, place: _Place, handover: Handover, fault: GatewayFault | None) -> None:
        """Which gateways this message need not be tried at again at once."""
        key = handover.idempotency_key
        if fault is None or fault.permanent:
            self._refused.pop(key, None)
        elif not fault.in_doubt:
            self._refused.setdefault(key, set()).add(place.gateway.name)
            self._refused.move_to_end(key)
            if len(self._refused) > _REMEMBERED:
                self._refused.popitem(last=False)

    def _restore(self, place: _Place) -> None:
        if place.until is not None:
            log.info("gateway_restored", gateway=place.gateway.name)
        place.faults, place.code, place.until, place.pause = 0, "", None, SHORTEST_PAUSE

    def _demote(self, place: _Place, now: datetime) -> None:
        if place.until is None:
            log.error("gateway_demoted", gateway=place.gateway.name, code=place.code, for_s=place.pause.seconds)
        else:
            place.pause = min(2 * place.pause, LONGEST_PAUSE)
        place.until = now + place.pause
        place.turn += 1
