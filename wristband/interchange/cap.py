"""CAP 1.2 as types and as XML: one message, one info, one area, in the order that OASIS CAP-v1.2-os gives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from enum import StrEnum
from xml.etree.ElementTree import Element, SubElement

from wristband.interchange import xml
from wristband.values.position import Position

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"


class Status(StrEnum):
    ACTUAL = "Actual"
    EXERCISE = "Exercise"


class MessageType(StrEnum):
    ALERT = "Alert"
    UPDATE = "Update"
    CANCEL = "Cancel"


class Scope(StrEnum):
    PUBLIC = "Public"
    RESTRICTED = "Restricted"


@dataclass(frozen=True, slots=True)
class Reference:
    """An earlier message. `sent` is the very text that was published."""

    sender: str
    identifier: str
    sent: str

    @property
    def text(self) -> str:
        return f"{self.sender},{self.identifier},{self.sent}"


@dataclass(frozen=True, slots=True)
class Circle:
    """WGS-84, and kilometres."""

    middle: Position
    radius_km: float

    @property
    def text(self) -> str:
        return f"{self.middle.latitude:.4f},{self.middle.longitude:.4f} {self.radius_km:g}"


@dataclass(frozen=True, slots=True)
class Resource:
    """A file that belongs to the message."""

    description: str
    mime_type: str
    uri: str


@dataclass(frozen=True, slots=True)
class Info:
    """What is told, in one language. An empty field is left out."""

    language: str
    event: str
    response: str
    urgency: str
    severity: str
    certainty: str
    expires: datetime
    sender_name: str
    headline: str
    description: str = ""
    instruction: str = ""
    contact: str = ""
    resources: tuple[Resource, ...] = ()
    area: str = ""
    circle: Circle | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """A whole message."""

    identifier: str
    sender: str
    sent: datetime
    status: Status
    message_type: MessageType
    scope: Scope
    incident: str
    infos: tuple[Info, ...]
    restriction: str = ""
    note: str = ""
    references: tuple[Reference, ...] = field(default=())

    @property
    def reference(self) -> Reference:
        """How a later message names this one."""
        return Reference(self.sender, self.identifier, when(self.sent))


_ZONE = timezone(timedelta(hours=8))
CATEGORY = "Rescue"
EVENT_CODE = ("wristband:event", "missing-elder")


def when(moment: datetime) -> str:
    """A moment as CAP takes it: whole seconds and a numeric offset, never `Z`, and here always +08:00."""
    return moment.astimezone(_ZONE).isoformat(timespec="seconds")


def document(alert: Alert) -> bytes:
    """The message as XML in UTF-8. Say what cap_checks.faults says of it before it is sent."""
    root = Element(f"{{{NAMESPACE}}}alert")
    _write(root, _head(alert))
    for info in alert.infos:
        _write_info(SubElement(root, f"{{{NAMESPACE}}}info"), info)
    return xml.write(root, {NAMESPACE: "cap"})


def _head(alert: Alert) -> Iterator[tuple[str, str]]:
    yield "identifier", alert.identifier
    yield "sender", alert.sender
    yield "sent", when(alert.sent)
    yield "status", alert.status
    yield "msgType", alert.message_type
    yield "scope", alert.scope
    yield "restriction", alert.restriction
    yield "note", alert.note
    yield "references", " ".join(one.text for one in alert.references)
    yield "incidents", alert.incident


def _write_info(element: Element, info: Info) -> None:
    before = [
        *(("language", info.language), ("category", CATEGORY), ("event", info.event)),
        *(("responseType", info.response), ("urgency", info.urgency)),
        *(("severity", info.severity), ("certainty", info.certainty)),
    ]
    _write(element, before)
    _write_pair(element, "eventCode", EVENT_CODE)
    after = [
        *(("expires", when(info.expires)), ("senderName", info.sender_name), ("headline", info.headline)),
        *(("description", info.description), ("instruction", info.instruction), ("contact", info.contact)),
    ]
    _write(element, after)
    for one in info.resources:
        inside = SubElement(element, f"{{{NAMESPACE}}}resource")
        _write(inside, [("resourceDesc", one.description), ("mimeType", one.mime_type), ("uri", one.uri)])
    if info.area:
        inside = SubElement(element, f"{{{NAMESPACE}}}area")
        _write(inside, [("areaDesc", info.area), ("circle", info.circle.text if info.circle else "")])


def _write_pair(element: Element, name: str, pair: tuple[str, str]) -> None:
    _write(SubElement(element, f"{{{NAMESPACE}}}{name}"), [("valueName", pair[0]), ("value", pair[1])])


def _write(element: Element, texts: Iterator[tuple[str, str]] | list[tuple[str, str]]) -> None:
    for name, text in texts:
        if text:
            SubElement(element, f"{{{NAMESPACE}}}{name}").text = xml.clean(text)
