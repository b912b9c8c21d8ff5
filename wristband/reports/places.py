"""What is wrong with a place that a finder told, so that he is asked for a landmark while he still stands there."""

from __future__ import annotations

from wristband.incidents.openings import is_far
from wristband.incidents.queries import ToldPlace
from wristband.reports.disclosure import ToldLast
from wristband.reports.rules import VAGUE_M, PlaceFault


def last_told(place: ToldPlace) -> ToldLast:
    """A place as its finder's own page repeats it."""
    by_device = place.position is not None
    return ToldLast(place.accuracy_m, by_device, place.words is not None, _fault(place) if by_device else None)


def _fault(place: ToldPlace) -> PlaceFault | None:
    if place.position is None or place.position.is_null_island:
        return PlaceFault.NO_FIX
    if (place.accuracy_m or 0) > VAGUE_M:
        return PlaceFault.VAGUE
    return PlaceFault.FAR if is_far(place.position) else None
