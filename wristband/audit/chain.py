"""The chain: the bytes a row stands for, and the digest that binds them to every row before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

START = bytes(32)
"""What stands for the digest before the first row."""
_FORM = b"wristband.audit.1"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Link:
    """A row as it is stored: its number, id, moment, canonical body and digest.

    A thief may have written anything anywhere, so `i` need not be a number; what makes no body at all has None.
    """

    i: int
    row_id: int
    at: datetime | None
    body: bytes | None
    hash: bytes


def body(
    *,
    row_id: int,
    at: datetime,
    deed: str,
    actor: str,
    subject: str,
    elder_id: int | None,
    facts: Mapping[str, object],
) -> bytes:
    """The bytes of one deed: no two different deeds have the same, whatever engine keeps them.

    Every part carries its length, `at` is whole microseconds since 1970, facts are JSON in one spelling. Raises
    ValueError for a moment without a time zone, and ValueError, TypeError or AttributeError for what is no deed.
    """
    if at.tzinfo is None:
        raise ValueError("a moment needs its time zone")
    told = json.dumps(dict(facts), sort_keys=True, separators=(",", ":"), allow_nan=False)
    return _framed(
        _number(row_id),
        _number((at - _EPOCH) // timedelta(microseconds=1)),
        deed.encode(),
        actor.encode(),
        subject.encode(),
        b"" if elder_id is None else _number(elder_id),
        told.encode(),
    )


def digest(i: int, before: bytes, content: bytes) -> bytes:
    """SHA-256 over the row's number, the digest of the row before it, and its body: 32 bytes."""
    return hashlib.sha256(_framed(_FORM, _number(i), before, content)).digest()


def _number(value: int) -> bytes:
    if type(value) is not int:
        raise TypeError("an id is a whole number")
    return b"%d" % value


def _framed(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)
