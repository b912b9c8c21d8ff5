"""Atom feeds of persons, notes and alerts, as Person Finder writes them: the PFIF element first, then Atom's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from xml.etree.ElementTree import Element, SubElement

from wristband.interchange import pfif, xml
from wristband.interchange.pfif import Note, Person

NAMESPACE = "http://www.w3.org/2005/Atom"
_PREFIXES = {NAMESPACE: "", pfif.NAMESPACE: "pfif"}


@dataclass(frozen=True, slots=True)
class Head:
    """What a feed says of itself."""

    address: str
    title: str
    author: str
    updated: datetime


@dataclass(frozen=True, slots=True)
class Link:
    """An entry that leads to a document of its own."""

    id: str
    title: str
    author: str
    updated: datetime
    address: str
    media_type: str
    summary: str = ""


def person_feed(head: Head, persons: Iterable[Person], *, with_notes: bool) -> bytes:
    """`updated` of an entry is the person's source_date."""
    root = _feed(head)
    for person in persons:
        entry = _entry(root)
        entry.append(pfif.person_element(person, with_notes=with_notes))
        updated = person.source_date or head.updated
        _tell(entry, person.person_record_id, person.full_name, person.author_name, updated, person.description)
    return xml.write(root, _PREFIXES)


def note_feed(head: Head, notes: Iterable[Note]) -> bytes:
    """`updated` of an entry is the note's entry_date."""
    root = _feed(head)
    for note in notes:
        entry = _entry(root)
        entry.append(pfif.note_element(note))
        updated = note.entry_date or head.updated
        _tell(entry, note.note_record_id, note.text[:140], note.author_name, updated, note.text)
    return xml.write(root, _PREFIXES)


def link_feed(head: Head, links: Sequence[Link]) -> bytes:
    """A feed whose entries lead to documents."""
    root = _feed(head)
    for link in links:
        entry = _entry(root)
        say = _sayer(entry)
        say("id", link.id)
        say("title", link.title)
        _author(entry, link.author)
        say("updated", pfif.when(link.updated))
        say("summary", link.summary)
        SubElement(entry, f"{{{NAMESPACE}}}link", {"rel": "alternate", "type": link.media_type, "href": link.address})
    return xml.write(root, _PREFIXES)


def _feed(head: Head) -> Element:
    root = Element(f"{{{NAMESPACE}}}feed")
    say = _sayer(root)
    say("id", head.address)
    say("title", head.title)
    _author(root, head.author)
    say("updated", pfif.when(head.updated))
    SubElement(root, f"{{{NAMESPACE}}}link", {"rel": "self", "href": head.address})
    return root


def _entry(root: Element) -> Element:
    return SubElement(root, f"{{{NAMESPACE}}}entry")


def _tell(entry: Element, record_id: str, title: str, author: str, updated: datetime, content: str) -> None:
    say = _sayer(entry)
    say("id", f"pfif:{record_id}")
    say("title", title)
    _author(entry, author)
    say("updated", pfif.when(updated))
    say("content", content)


def _author(element: Element, name: str) -> None:
    author = SubElement(element, f"{{{NAMESPACE}}}author")
    SubElement(author, f"{{{NAMESPACE}}}name").text = xml.clean(name)


def _sayer(element: Element) -> Callable[[str, str], None]:
    def say(name: str, text: str) -> None:
        SubElement(element, f"{{{NAMESPACE}}}{name}").text = xml.clean(text)

    return say
