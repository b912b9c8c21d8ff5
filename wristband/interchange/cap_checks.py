"""What a CAP message has to be besides valid: metres for kilometres, swapped coordinates, `Z`, words in a Cancel."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element

from wristband.interchange.cap import NAMESPACE

LONGEST_EVENT = 34
LONGEST_AREA = 49
LARGEST_KM = 50.0
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[+-][0-9]{2}:[0-9]{2}", re.ASCII)
_MOMENTS = frozenset({"sent", "effective", "onset", "expires"})
_NAME = re.compile(r"[^\s,<&]+")
_CIRCLE = re.compile(r"(-?[0-9]{1,3}(?:\.[0-9]+)?),(-?[0-9]{1,3}(?:\.[0-9]+)?) ([0-9]+(?:\.[0-9]+)?)", re.ASCII)
# What a Cancel may say besides AllClear: nothing that tells who was missing, where, or how she looks.
_TELLS_THE_ELDER = frozenset({"description", "instruction", "resource", "circle", "web", "parameter"})


def faults(alert: Element) -> list[str]:
    """What is wrong with a message, each as `<element>: <what>`; nothing where all is well."""
    return [*_names(alert), *_moments(alert), *_references(alert), *_scope(alert), *_infos(alert)]


def _names(alert: Element) -> Iterator[str]:
    for name in ("identifier", "sender"):
        if not _NAME.fullmatch(_text(alert, name)):
            yield f"{name}: no space, comma, < or & in it"


def _moments(alert: Element) -> Iterator[str]:
    for element in alert.iter():
        name = str(element.tag).rpartition("}")[2]
        if name not in _MOMENTS:
            continue
        text = element.text or ""
        if not _MOMENT.fullmatch(text):
            yield f"{name}: write YYYY-MM-DDThh:mm:ss+hh:mm, without Z and without fractions"
        elif text.endswith("+00:00"):
            yield f"{name}: UTC is written -00:00"


def _references(alert: Element) -> Iterator[str]:
    triples = _text(alert, "references").split(" ")
    if _text(alert, "msgType") in ("Update", "Cancel") and triples == [""]:
        yield "references: missing"
    for triple in triples if triples != [""] else ():
        parts = triple.split(",")
        if len(parts) != 3 or not all(_NAME.fullmatch(part) for part in parts) or not _MOMENT.fullmatch(parts[2]):
            yield "references: write sender,identifier,sent"


def _scope(alert: Element) -> Iterator[str]:
    scope = _text(alert, "scope")
    if scope == "Restricted" and not _text(alert, "restriction"):
        yield "restriction: missing"
    if scope == "Private" and not _text(alert, "addresses"):
        yield "addresses: missing"


def _infos(alert: Element) -> Iterator[str]:
    cancels = _text(alert, "msgType") == "Cancel"
    infos = _all(alert, "info")
    languages = [_text(info, "language") for info in infos]
    if len(set(languages)) != len(languages):
        yield "info: one for each language"
    for info in infos:
        if len(_text(info, "event")) > LONGEST_EVENT:
            yield f"event: longer than {LONGEST_EVENT} characters"
        for area in _all(info, "area"):
            if len(_text(area, "areaDesc")) > LONGEST_AREA:
                yield f"areaDesc: longer than {LONGEST_AREA} characters"
            for circle in _all(area, "circle"):
                yield from circle_faults(circle.text or "")
        if cancels:
            yield from _cancel(info)
        else:
            yield from (f"{name}: missing" for name in ("expires", "description", "area") if not _all(info, name))


def _cancel(info: Element) -> Iterator[str]:
    told = {str(element.tag).rpartition("}")[2] for element in info.iter()}
    yield from (f"{name}: not in a Cancel, nobody is missing any more" for name in sorted(told & _TELLS_THE_ELDER))
    if [one.text for one in _all(info, "responseType")] != ["AllClear"] or _text(info, "urgency") != "Past":
        yield "responseType: a Cancel says AllClear and Past"


def circle_faults(text: str) -> list[str]:
    """What is wrong with a circle: `lat,lon radius` in WGS-84 degrees and kilometres.

    Neither schema refuses metres or a radius of 0, and a longitude before a latitude only from 100° on.
    """
    found = _CIRCLE.fullmatch(text)
    if not found:
        return ["circle: write lat,lon radius"]
    latitude, longitude, radius = map(float, found.groups())
    told = []
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        told.append("circle: latitude comes first")
    if not 0 < radius <= LARGEST_KM:
        told.append(f"circle: the radius is in kilometres, above 0 and at most {LARGEST_KM:g}")
    return told


def looks_swapped(text: str, *, within: tuple[float, float, float, float]) -> bool:
    """Whether a circle lies outside `within` (south, north, west, east), and inside it the other way round."""
    found = _CIRCLE.fullmatch(text)
    if not found:
        return False
    first, second = float(found[1]), float(found[2])
    return not _inside(first, second, within) and _inside(second, first, within)


def _inside(latitude: float, longitude: float, within: Sequence[float]) -> bool:
    south, north, west, east = within
    return south <= latitude <= north and west <= longitude <= east


def _all(element: Element, name: str) -> list[Element]:
    return element.findall(f"{{{NAMESPACE}}}{name}")


def _text(element: Element, name: str) -> str:
    return element.findtext(f"{{{NAMESPACE}}}{name}") or ""
