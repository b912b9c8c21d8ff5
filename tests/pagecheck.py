"""What every page must be: looked at in each page that any test fetches."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlsplit

from wristband.language import LANGUAGES

SIGNED_IN = ("/family", "/police")
_NEEDS_LABEL = {"input", "select", "textarea"}
_NAMED_BY_VALUE = {"hidden", "submit", "reset", "button", "image"}
_EMPTY = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}

_kept_from_finders: set[str] = set()
_kept_from_everybody: set[str] = set()
_on_cards: set[str] = set()
# The answers by which a finder sees a card.
_CARD = re.compile(r"/s/[^/]+/(check|phone/code|card)")


def kept_from_finders(value: str) -> str:
    """`value`, remembered: from now on no page of the finder's door may hold it. For the cast's personal data."""
    _kept_from_finders.add(value)
    return value


def kept_from_everybody(value: str) -> str:
    """`value`, remembered: no page of any door may hold it. For keys, passwords and hashes."""
    _kept_from_everybody.add(value)
    return value


@contextmanager
def shown_on_cards(*values: str) -> Iterator[None]:
    """Within, a card that a finder's proof has opened may hold these, and no other page may."""
    _on_cards.update(values)
    try:
        yield
    finally:
        _on_cards.difference_update(values)


def faults_of(page: str, path: str) -> list[str]:
    """Every fault of a whole page served at `path`, as sentences; empty when there is none."""
    seen = _read(page)
    return [*_frame_faults(seen), *_field_faults(seen), *_faults_anywhere(seen, page, path)]


def faults_of_part(part: str, path: str) -> list[str]:
    """Every fault of a piece of a page: what holds for pieces and whole pages alike."""
    return _faults_anywhere(_read(part), part, path)


def _faults_anywhere(seen: Seen, text: str, path: str) -> list[str]:
    return [*_mark_faults(seen), *_form_faults(seen, path), *_secret_faults(text, path)]


@dataclass
class Form:
    method: str
    action: str
    hidden: dict[str, str] = field(default_factory=dict)


@dataclass
class Seen:
    """What a page holds, as far as it is looked at."""

    doctype: str = ""
    language: str | None = None
    title: str = ""
    headings: int = 0
    ids: Counter[str] = field(default_factory=Counter)
    labelled: set[str] = field(default_factory=set)
    fields: list[tuple[str, dict[str, str], bool]] = field(default_factory=list)
    """Tag, attributes, and whether a label stands around it."""
    buttons: list[str] = field(default_factory=list)
    """The words of each button, its picture's words included."""
    faulty_marks: list[str] = field(default_factory=list)
    forms: list[Form] = field(default_factory=list)
    viewport: str | None = None


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen = Seen()
        self._open: list[str] = []

    def handle_decl(self, declaration: str) -> None:
        self.seen.doctype = declaration

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        self._marks(tag, given)
        self._structure(tag, given)
        self._controls(tag, given)
        if tag not in _EMPTY:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def handle_data(self, text: str) -> None:
        if self._open[-1:] == ["title"] and "svg" not in self._open:
            self.seen.title += text
        if "button" in self._open and self.seen.buttons:
            self.seen.buttons[-1] += text

    def _marks(self, tag: str, given: dict[str, str]) -> None:
        if "id" in given:
            self.seen.ids[given["id"]] += 1
        bad = [name for name in given if name.startswith("on") or name == "style"]
        bad += [name for name in ("href", "src", "action") if given.get(name, "").lstrip().startswith("javascript:")]
        if tag == "img" and "alt" not in given:
            bad.append("no alt")
        self.seen.faulty_marks += [f"<{tag}>: {name}" for name in bad]

    def _structure(self, tag: str, given: dict[str, str]) -> None:
        if tag == "html":
            self.seen.language = given.get("lang")
        elif tag == "h1":
            self.seen.headings += 1
        elif tag == "meta" and given.get("name") == "viewport":
            self.seen.viewport = given.get("content", "")

    def _controls(self, tag: str, given: dict[str, str]) -> None:
        if tag == "label" and given.get("for"):
            self.seen.labelled.add(given["for"])
        elif tag == "form":
            self.seen.forms.append(Form(given.get("method", "get").lower(), given.get("action", "")))
        elif tag == "button":
            self.seen.buttons.append(given.get("aria-label", ""))
        elif tag == "img" and "button" in self._open and self.seen.buttons:
            self.seen.buttons[-1] += given.get("alt", "")
        if tag == "input" and given.get("type") == "hidden" and "form" in self._open:
            self.seen.forms[-1].hidden[given.get("name", "")] = given.get("value", "")
        if tag in _NEEDS_LABEL and given.get("type") not in _NAMED_BY_VALUE:
            self.seen.fields.append((tag, given, "label" in self._open))


def _read(page: str) -> Seen:
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return reader.seen


def _frame_faults(seen: Seen) -> list[str]:
    faults = []
    if seen.doctype.lower() != "doctype html":
        faults.append("does not begin with <!doctype html>")
    if seen.language not in LANGUAGES:
        faults.append(f"speaks no language of ours: lang={seen.language!r}")
    if not seen.title.strip():
        faults.append("has no title")
    if seen.headings != 1:
        faults.append(f"has {seen.headings} <h1> instead of one")
    if seen.viewport is None or "user-scalable=no" in seen.viewport or "maximum-scale" in seen.viewport:
        faults.append(f"does not fit a phone or forbids enlarging: viewport={seen.viewport!r}")
    return faults


def _field_faults(seen: Seen) -> list[str]:
    """Labels may stand anywhere on the page, so pieces cannot be asked this."""
    faults = []
    for tag, given, inside_label in seen.fields:
        named = inside_label or given.get("id") in seen.labelled or given.get("aria-label")
        pointed_at = given.get("aria-labelledby", "").split()
        if not named and not (pointed_at and all(name in seen.ids for name in pointed_at)):
            faults.append(f"<{tag} name={given.get('name')!r}> has no label")
        faults += [
            f"<{tag} name={given.get('name')!r}> is described by {name!r}, which is not there"
            for name in given.get("aria-describedby", "").split()
            if name not in seen.ids
        ]
    return faults


def _mark_faults(seen: Seen) -> list[str]:
    return [
        *(f"holds the id {name!r} {count} times" for name, count in seen.ids.items() if count > 1),
        *(f"holds a mark it must not: {mark}" for mark in seen.faulty_marks),
        *("has a button without words" for words in seen.buttons if not words.strip()),
    ]


def _form_faults(seen: Seen, path: str) -> list[str]:
    faults = []
    for form in seen.forms:
        if urlsplit(form.action).netloc:
            faults.append(f"sends a form to another host: {form.action}")
        by_link = path.startswith("/family/a/")  # whoever holds a message's link; the web views of chats keep no cookie
        if form.method == "post" and is_signed_in_door(path) and not by_link and not form.hidden.get("csrf_token"):
            faults.append(f"has a form without csrf_token: {form.action or path}")
    return faults


def _secret_faults(page: str, path: str) -> list[str]:
    # The fault names no secret: a test report is no place for one either.
    faults = [f"holds a secret ({len(value)} characters)" for value in _kept_from_everybody if value in page]
    if not is_signed_in_door(path):
        kept = _kept_from_finders - _on_cards if is_card(path) else _kept_from_finders
        shown = functools.reduce(lambda text, word: text.replace(word, ""), _on_cards if is_card(path) else (), page)
        faults += [f"tells a finder {value!r}" for value in kept if value in shown]
    return faults


def is_card(path: str) -> bool:
    """Whether a page at this path may be a card that a proof has opened."""
    return _CARD.fullmatch(path) is not None


def is_signed_in_door(path: str) -> bool:
    return any(path == door or path.startswith(f"{door}/") for door in SIGNED_IN)
