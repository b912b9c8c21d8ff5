"""Finding where a typed address is, for who has no position: at a budget, by the operator's geocoder, near us only."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from wristband import limits
from wristband.db import transaction
from wristband.elders.rules import clean_text
from wristband.errors import BadValue, Unavailable
from wristband.gateways.contract import GatewayFault
from wristband.gateways.geocoding import Found
from wristband.stations import rules
from wristband.stations.queries import nearest

ADDRESS_MAX = 100


class Geocoder(Protocol):
    """As much of the gateway as is needed here."""

    def knows(self, words: str) -> bool: ...
    def find(self, words: str) -> Found | None: ...


def locate(words: str, geocoder: Geocoder, *, network: str, now: datetime) -> Found:
    """Where `words` are. They are kept nowhere; only that this network has asked is counted.

    Raises BadValue for words that are none, that nobody knows, or that lie where no station of ours is; TooMany;
    Unavailable where the geocoder fails.
    """
    words = clean_text(words, "stations.address", ADDRESS_MAX)
    if not geocoder.knows(words):
        with transaction():
            limits.spend(rules.SEARCHES_A_NETWORK, network, now=now)
            limits.spend(rules.SEARCHES, now=now)
    try:
        found = geocoder.find(words)
    except GatewayFault:
        raise Unavailable("stations.address_unasked") from None
    if found is None:
        raise BadValue("stations.address_unknown")
    near = nearest(found.position, 1)
    if not near or near[0].metres > rules.FARTHEST_ADDRESS_M:
        raise BadValue("stations.address_far")
    return found
