"""What a JSON document of ours may say: its facts by dotted path, and the words that a coded fact may hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Vocabulary:
    """The facts of one version of a document, so that an operator's file can be held against them."""

    facts: frozenset[str]
    """Every path at which the document can hold a value: `incident.number`."""
    times: frozenset[str]
    """Those that are moments, ISO 8601 in UTC."""
    words: Mapping[str, frozenset[str]]
    """Those that hold one of a few words of ours, with the words."""
    example: Mapping[str, Any]
    """A whole document, with every fact filled."""


def dig(document: Any, path: str) -> Any:
    """The value at a dotted path of nested objects; None where there is none."""
    for name in path.split("."):
        if not isinstance(document, dict):
            return None
        document = document.get(name)
    return document


def bury(document: dict[str, Any], path: str, value: Any) -> None:
    """Put a value at a dotted path, making the objects on the way. Raises ValueError where a value is in the way."""
    *way, last = path.split(".")
    for name in way:
        document = document.setdefault(name, {})
        if not isinstance(document, dict):
            raise ValueError(path)
    if last in document:
        raise ValueError(path)
    document[last] = value
