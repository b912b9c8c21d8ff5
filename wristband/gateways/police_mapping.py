"""A police platform's own names and codes: a TOML file of the operator's, held against what we can tell."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from wristband.gateways.settings import GatewaysWrong
from wristband.values.vocabulary import Vocabulary, bury, dig

VERSION: Literal[1] = 1
ISO = "iso"
EPOCH_MS = "epoch_ms"
_MOMENT = datetime(2026, 11, 24, 6, 5, 7, tzinfo=UTC)
_SENTENCES = {"missing": "is missing", "extra_forbidden": "is not known here"}


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("write a zone as Asia/Shanghai") from None
    return name


def _times(form: str) -> str:
    if form not in (ISO, EPOCH_MS):
        try:
            read = datetime.strptime(_MOMENT.strftime(form), form)  # noqa: DTZ007  only whether the form tells all
        except ValueError:
            read = None
        if read != _MOMENT.replace(tzinfo=None):
            raise ValueError(f"write {ISO}, {EPOCH_MS}, or a form with year to second as %Y%m%d%H%M%S")
    return form


class Became(StrEnum):
    """What the platform says became of an event."""

    RECEIVED = "received"
    SEEN = "seen"
    """A person at the command centre has it on the screen."""
    REFUSED = "refused"


Name = Annotated[str, StringConstraints(pattern=r"^[^.\s]{1,64}(\.[^.\s]{1,64}){0,7}$")]
"""A name of the platform's; dots lead into nested objects."""
Word = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)


class AnswerMapping(_Strict):
    """How the platform says that it took an event. Where nothing of it is written: as our own interface does."""

    accepted: Name = "accepted"
    accepted_when: tuple[Word, ...] = Field(default=("true",), strict=False, min_length=1)
    reference: Name = "id"
    code: Name = "code"
    permanent: tuple[Word, ...] = Field(default=("content_refused",), strict=False)
    """Codes of refusals that no further try makes better."""


class BackMapping(_Strict):
    """What the platform calls the things it tells us, and its codes."""

    incident: Name = "incident"
    state: Name = "state"
    became: Name = "state"
    """In a receipt."""
    disposition: Name = "disposition"
    case: Name = "case"
    words: Name = "words"
    event: Name = "event"
    code: Name = "code"
    at: Name = "at"
    states: Mapping[Word, Word] = {}
    """Its code of a state, and ours."""
    dispositions: Mapping[Word, Word] = {}
    receipts: Mapping[Word, Word] = {}
    """Its code of what became of an event, and ours: received, seen, refused."""


class MappingFile(_Strict):
    """The file as it is written."""

    version: Literal[1]
    vendor: Word
    times: Annotated[str, AfterValidator(_times)] = ISO
    zone: Annotated[str, AfterValidator(_zone)] = "Asia/Shanghai"
    link_base: Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+$")] | None = None
    """Scheme and host at which officers open our page of an incident, where that is not the bands' own."""
    empty: Literal["leave_out", "null", "text"] = "leave_out"
    particulars: tuple[Word, ...] = Field(default=(), strict=False)
    """What of an elder's particulars an event holds; none, unless the operator names them here."""
    constants: Mapping[Name, str | int | float | bool] = {}
    fields: Mapping[Name, Word] = {}
    """The platform's name of each field, and the fact of ours that it holds. None: our own document, as it is."""
    codes: Mapping[Word, Mapping[Word, str | int]] = {}
    answer: AnswerMapping = AnswerMapping()
    back: BackMapping = BackMapping()


class PoliceMapping:
    """Our events in a platform's terms, and what it tells in ours."""

    def __init__(self, file: MappingFile | None = None) -> None:
        self._file = file or MappingFile(version=VERSION, vendor="wristband")
        self.answer = self._file.answer
        self.back = self._file.back
        self.particulars = frozenset(self._file.particulars)
        self.link_base = self._file.link_base
        self.facts = frozenset(self._file.fields.values())
        """The facts of ours that the platform is told; none where it gets our document as it is."""

    def write(self, event: Mapping[str, Any], times: Collection[str]) -> dict[str, Any]:
        """The document that the platform gets. `times` are the facts that are moments."""
        if not self._file.fields:
            return dict(event)
        document: dict[str, Any] = {}
        for name, constant in self._file.constants.items():
            bury(document, name, constant)
        for name, fact in self._file.fields.items():
            value = self._value(fact, dig(event, fact), times)
            if value is not None or self._file.empty != "leave_out":
                bury(document, name, "" if value is None and self._file.empty == "text" else value)
        return document

    def _value(self, fact: str, value: Any, times: Collection[str]) -> Any:
        if value is None:
            return None
        if fact in self._file.codes:
            # A word newer than the file goes out as it is: a platform may refuse it, and a human sees that it did.
            return self._file.codes[fact].get(str(value), value)
        if fact in times:
            return self._moment(datetime.fromisoformat(value))
        return value

    def _moment(self, moment: datetime) -> str | int:
        if self._file.times == EPOCH_MS:
            return int(moment.timestamp() * 1000)
        local = moment.astimezone(ZoneInfo(self._file.zone))
        return local.isoformat() if self._file.times == ISO else local.strftime(self._file.times)

    def read(self, told: Mapping[str, Any], name: str) -> str:
        """What the platform tells under our `name` for it (a field of BackMapping), as text; empty where nothing."""
        text = word_of(dig(told, str(getattr(self.back, name))))
        tables = {"state": self.back.states, "disposition": self.back.dispositions, "became": self.back.receipts}
        return tables.get(name, {}).get(text, text)

    def read_moment(self, told: Mapping[str, Any], *, now: datetime) -> datetime:
        """The moment it tells, never after `now`; that of the call where it tells none we can read."""
        written = word_of(dig(told, self.back.at))
        try:
            if self._file.times == EPOCH_MS:
                moment = datetime.fromtimestamp(int(written) / 1000, UTC)
            elif self._file.times == ISO:
                moment = datetime.fromisoformat(written)
            else:
                moment = datetime.strptime(written, self._file.times)  # noqa: DTZ007  the zone follows
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=ZoneInfo(self._file.zone))
            return min(moment.astimezone(UTC), now)
        except (ValueError, OverflowError, OSError):
            return now


def word_of(value: Any) -> str:
    """A JSON value as the word that a mapping file writes for it; empty for none, and for what is no word."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value).strip() if isinstance(value, str | int | float) else ""


def read_mapping(path: Path, vocabulary: Vocabulary, incoming: Mapping[str, Collection[str]]) -> PoliceMapping:
    """The operator's mapping file, held against our words. Raises GatewaysWrong with one sentence a fault.

    `incoming` are our words for what comes back of an incident: `states` and `dispositions`.
    """
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise GatewaysWrong("settings.wrong", faults=f"{path}: cannot be read") from None
    except ValueError as error:
        raise GatewaysWrong("settings.wrong", faults=f"{path}: is no TOML in UTF-8 ({error})") from None
    try:
        file = MappingFile.model_validate(written)
        faults = [*_faults(file, vocabulary, incoming)]
    except ValidationError as wrong:
        faults = [_sentence(fault) for fault in wrong.errors(include_url=False, include_input=False)]
    if faults:
        raise GatewaysWrong("settings.wrong", faults="; ".join(f"{path}: {fault}" for fault in faults))
    return PoliceMapping(file)


def _faults(file: MappingFile, vocabulary: Vocabulary, incoming: Mapping[str, Collection[str]]) -> Iterator[str]:
    for name, fact in file.fields.items():
        if fact not in vocabulary.facts:
            yield f"fields {name}: there is no fact {fact}; choose from {_listed(vocabulary.facts)}"
    yield from _code_faults(file, vocabulary)
    known = {fact.removeprefix("elder.") for fact in vocabulary.facts if fact.startswith("elder.")}
    for particular in file.particulars:
        if particular not in known:
            yield f"particulars: there is no {particular}; choose from {_listed(known)}"
    for fact in file.fields.values():
        if fact.startswith("elder.") and fact.removeprefix("elder.") not in file.particulars:
            yield f"fields: {fact} is asked for and not named in particulars; name it there, or leave the field out"
    for table, words in {**incoming, "receipts": frozenset(Became)}.items():
        theirs: Mapping[str, str] = getattr(file.back, table)
        for word in sorted(set(theirs.values()) - set(words)):
            yield f"back {table}: there is no {word}; choose from {_listed(words)}"
    if (file.constants or file.codes) and not file.fields:
        yield "constants and codes: they stand beside fields, and there are none; write [fields] too"
    try:
        PoliceMapping(file).write(vocabulary.example, vocabulary.times)
    except ValueError as clash:
        yield f"fields and constants: {clash} is written twice, or is both a value and an object"


def _code_faults(file: MappingFile, vocabulary: Vocabulary) -> Iterator[str]:
    for fact, table in file.codes.items():
        words = vocabulary.words.get(fact)
        if words is None:
            yield f"codes {fact}: has no codes; choose from {_listed(vocabulary.words)}"
            continue
        if missing := words - set(table):
            yield f"codes {fact}: lacks a code for {_listed(missing)}"
        if unknown := set(table) - words:
            yield f"codes {fact}: there is no {_listed(unknown)}; our words are {_listed(words)}"


def _listed(words: Collection[str]) -> str:
    return ", ".join(sorted(words))


def _sentence(fault: Any) -> str:
    """`answer accepted: is missing`."""
    place = " ".join(str(part) for part in fault["loc"])
    said = _SENTENCES.get(fault["type"], fault["msg"].removeprefix("Value error, "))
    return f"{place}: {said}" if place else said
