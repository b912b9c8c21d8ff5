"""Personal data at rest: sealed fields, blind indexes, keyed hashes.

A sealed text is `v1:aesgcm:<key id>:<base64(nonce | ciphertext | tag)>`. Its additional data binds it to its
table, column and row, so a ciphertext moved elsewhere does not open. Each column has a key of its own, derived
by HKDF from the key file.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from wristband.errors import Refusal
from wristband.keys import KeyRing

VERSION = "v1"
ALGORITHM = "aesgcm"
_NONCE_BYTES = 12


class SealBroken(Refusal):
    """A sealed value does not open: altered, moved, or its key is gone."""

    status = 500


def _framed(*parts: str | bytes) -> bytes:
    """The parts, each behind its length: no two lists of parts give the same bytes."""
    raw = [part.encode() if isinstance(part, str) else part for part in parts]
    return b"".join(len(part).to_bytes(4, "big") + part for part in raw)


class Box:
    """Seals and opens with one key ring."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring
        self._cipher = lru_cache(maxsize=1024)(self._make_cipher)

    def _make_cipher(self, key_id: str, place: str) -> AESGCM:
        key = self._ring.all("fields").get(key_id)
        if key is None:
            raise SealBroken("seal.key_gone", key_id=key_id)
        return AESGCM(HKDF(SHA256(), 32, salt=None, info=_framed("field", place)).derive(key))

    def seal_bytes(self, clear: bytes, *, place: str, row: int) -> tuple[str, bytes]:
        """`clear` sealed for one row of `place` (as `table.column`): its header, and nonce with ciphertext."""
        key_id, _ = self._ring.current("fields")
        nonce = os.urandom(_NONCE_BYTES)
        bound = _framed(VERSION, ALGORITHM, key_id, place, str(row))
        return f"{VERSION}:{ALGORITHM}:{key_id}", nonce + self._cipher(key_id, place).encrypt(nonce, clear, bound)

    def open_bytes(self, header: str, body: bytes, *, place: str, row: int) -> bytes:
        """What was sealed for this row of this place. Raises SealBroken for anything else."""
        version, _, rest = header.partition(":")
        algorithm, _, key_id = rest.partition(":")
        if (version, algorithm) != (VERSION, ALGORITHM) or len(body) <= _NONCE_BYTES:
            raise SealBroken("seal.broken", place=place, row=row)
        bound = _framed(version, algorithm, key_id, place, str(row))
        try:
            return self._cipher(key_id, place).decrypt(body[:_NONCE_BYTES], body[_NONCE_BYTES:], bound)
        except InvalidTag:
            raise SealBroken("seal.broken", place=place, row=row) from None

    def seal(self, clear: str, *, place: str, row: int) -> str:
        header, body = self.seal_bytes(clear.encode(), place=place, row=row)
        return f"{header}:{base64.b64encode(body).decode()}"

    def open(self, sealed: str, *, place: str, row: int) -> str:
        header, _, encoded = sealed.rpartition(":")
        try:
            body = base64.b64decode(encoded, validate=True)
        except ValueError:  # not base64, or not even ASCII
            body = b""
        if base64.b64encode(body).decode() != encoded:  # one sealed value, one spelling
            raise SealBroken("seal.broken", place=place, row=row)
        return self.open_bytes(header, body, place=place, row=row).decode()

    def blind(self, value: str, *, place: str) -> str:
        """A 128-bit keyed index of a normalised value, by which it is found again without being readable."""
        _, key = self._ring.current("index")
        return hmac.digest(key, _framed("index", place, value), hashlib.sha256)[:16].hex()

    def keyed_hash(self, purpose: str, *parts: str) -> str:
        """A keyed hash of a code or a reference; what a stolen table holds instead of it. 64 hexadecimal digits."""
        _, key = self._ring.current("codes")
        return hmac.digest(key, _framed(purpose, *parts), hashlib.sha256).hex()


_installed: list[Box] = []


def install(ring: KeyRing) -> None:
    """Give this process its keys; the assembly does it once, before any row is touched."""
    _installed[:] = [Box(ring)]


def box() -> Box:
    """This process's box."""
    if not _installed:
        raise RuntimeError("no keys installed: create_app() does it")
    return _installed[0]


class sealed:  # noqa: N801  a descriptor reads like the built-in property
    """A model's clear attribute over its sealed column.

        name_sealed: Mapped[str | None] = mapped_column("name", Text)
        name = sealed("name_sealed")

    The row's id must be set before: it is part of what the ciphertext is bound to.
    """

    def __init__(self, column: str) -> None:
        self._column = column

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def _place(self, row: Any) -> str:
        return f"{row.__tablename__}.{self._name}"

    def __get__(self, row: Any, owner: type | None = None) -> Any:
        if row is None:
            return self
        value = getattr(row, self._column)
        return None if value is None else box().open(value, place=self._place(row), row=row.id)

    def __set__(self, row: Any, clear: str | None) -> None:
        if row.id is None:
            raise RuntimeError(f"{self._place(row)}: a row has its id before it holds anything sealed")
        setattr(row, self._column, None if clear is None else box().seal(clear, place=self._place(row), row=row.id))
