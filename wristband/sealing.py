"""Personal data at rest: sealed fields, blind indexes, keyed hashes.

A sealed text is `v1:<algorithm>:<key>:<base64(nonce | ciphertext | tag)>`. The key is `d<owner id>`, the data key of
an elder or whoever the value belongs to, or the id of a key file where it belongs to nobody. Its additional data binds
it to its table, column and row, so a ciphertext moved elsewhere does not open. Each column has a key of its own,
derived by HKDF.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
from collections.abc import Iterable
from typing import Any, Protocol

from cryptography.exceptions import InvalidTag

from wristband.ciphers import NONCE_BYTES, Aead, Algorithm, derive
from wristband.errors import Refusal
from wristband.keys import KeyRing

VERSION = "v1"
EMPTIED = ""
"""What a sealed column that may not be NULL holds once its row was erased."""
_OWNER = re.compile(r"d(0|[1-9][0-9]{0,18})")
_ALGORITHMS = {algorithm.value: algorithm for algorithm in Algorithm}


class SealBroken(Refusal):
    """A sealed value does not open: altered, moved, or its key is gone."""

    status = 500


class Erased(SealBroken):
    """A sealed value whose data key was destroyed: it was erased, and nobody can open it any more."""

    status = 410


def _framed(*parts: str | bytes) -> bytes:
    """The parts, each behind its length: no two lists of parts give the same bytes."""
    raw = [part.encode() if isinstance(part, str) else part for part in parts]
    return b"".join(len(part).to_bytes(4, "big") + part for part in raw)


class Key:
    """One secret and the ciphers derived from it, each made once."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._ciphers: dict[tuple[Algorithm, str], Aead] = {}

    def cipher(self, algorithm: Algorithm, place: str) -> Aead:
        cipher = self._ciphers.get((algorithm, place))
        if cipher is None:
            parts = ("field", place) if algorithm is Algorithm.AESGCM else ("field", algorithm.value, place)
            cipher = self._ciphers[algorithm, place] = derive(algorithm, self._secret, _framed(*parts))
        return cipher


class DataKeySource(Protocol):
    """Where the data keys are kept."""

    def get(self, owner: int) -> Key:
        """The owner's key. Raises Erased when it was destroyed, SealBroken when there never was one."""

    def get_or_make(self, owner: int) -> Key:
        """The owner's key, made in the caller's transaction where there is none. Raises Erased."""

    def fetch(self, owners: Iterable[int]) -> None:
        """Read the keys of these in one question; those that do not open are told of when they are asked for."""

    def forget(self, owners: Iterable[int]) -> None:
        """Keep no unwrapped key of these."""


class Keyed(str):
    """A keyed hash under the key of today, led by that key's id; `every` holds it under each key, the newest first.

    A column of db.KeyedHash that is compared with it finds what was kept under any of them.
    """

    every: tuple[str, ...]

    @classmethod
    def under(cls, keys: KeyRing, purpose: str, message: bytes, *, characters: int) -> Keyed:
        def hashed(key_id: str, key: bytes) -> str:
            return (key_id + hmac.digest(key, message, hashlib.sha256).hex())[:characters]

        every = [hashed(key_id, key) for key_id, key in keys.all(purpose).items()]
        made = cls(every[-1])
        made.every = tuple(reversed(every))
        return made

    def fits(self, kept: str) -> bool:
        """Whether `kept` is this hash under any of the keys; compared in constant time."""
        return any(hmac.compare_digest(one, kept) for one in self.every)

    def under_key_of(self, kept: str) -> str:
        """This hash under the key that `kept` is led by; under that of today where the key is gone."""
        return next((one for one in self.every if one[0] == kept[:1]), self.every[0])


class Box:
    """Seals and opens with one key ring, and the data keys where there is a store."""

    def __init__(
        self, ring: KeyRing, *, algorithm: Algorithm = Algorithm.AESGCM, data_keys: DataKeySource | None = None
    ) -> None:
        self._ring = ring
        self._algorithm = algorithm
        self._data_keys = data_keys
        self._ring_keys: dict[str, Key] = {}

    def _ring_key(self, key_id: str) -> Key:
        key = self._ring_keys.get(key_id)
        if key is None:
            secret = self._ring.find("fields", key_id)
            if secret is None:
                raise SealBroken("seal.key_gone", key_id=key_id)
            key = self._ring_keys.setdefault(key_id, Key(secret))
        return key

    def _key(self, key_id: str) -> Key:
        owned = _OWNER.fullmatch(key_id)
        if owned is None:
            return self._ring_key(key_id)
        if self._data_keys is None:
            raise SealBroken("seal.key_gone", key_id=key_id)
        return self._data_keys.get(int(owned[1]))

    def _key_to_write(self, owner: int | None) -> tuple[str, Key]:
        if owner is None:
            key_id, _ = self._ring.current("fields")
            return key_id, self._ring_key(key_id)
        if self._data_keys is None:
            raise RuntimeError("no store of data keys: create_app() attaches it")
        return f"d{owner}", self._data_keys.get_or_make(owner)

    def seal_bytes(self, clear: bytes, *, place: str, row: int, owner: int | None = None) -> tuple[str, bytes]:
        """`clear` sealed for one row of `place` (as `table.column`): its header, and nonce with ciphertext.

        `owner` is the id of the row whose data key seals it; without one the newest key file does. Raises Erased.
        """
        key_id, key = self._key_to_write(owner)
        header = f"{VERSION}:{self._algorithm.value}:{key_id}"
        bound = _framed(VERSION, self._algorithm.value, key_id, place, str(row))
        nonce = os.urandom(NONCE_BYTES)
        return header, nonce + key.cipher(self._algorithm, place).encrypt(nonce, clear, bound)

    def open_bytes(self, header: str, body: bytes, *, place: str, row: int) -> bytes:
        """What was sealed for this row of this place. Raises SealBroken for anything else, Erased among it."""
        if not header and not body:
            raise Erased("seal.erased")
        version, _, rest = header.partition(":")
        word, _, key_id = rest.partition(":")
        algorithm = _ALGORITHMS.get(word)
        if version != VERSION or algorithm is None or len(body) <= NONCE_BYTES:
            raise SealBroken("seal.broken", place=place, row=row)
        bound = _framed(version, word, key_id, place, str(row))
        try:
            return self._key(key_id).cipher(algorithm, place).decrypt(body[:NONCE_BYTES], body[NONCE_BYTES:], bound)
        except InvalidTag:
            raise SealBroken("seal.broken", place=place, row=row) from None

    def seal(self, clear: str, *, place: str, row: int, owner: int | None = None) -> str:
        header, body = self.seal_bytes(clear.encode(), place=place, row=row, owner=owner)
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

    def own(self, owner: int) -> None:
        """Have a data key for `owner`, in the caller's transaction. Raises Erased."""
        self._key_to_write(owner)

    def fetch(self, owners: Iterable[int]) -> None:
        """Read the data keys of these in one question, before what they sealed is opened one by one."""
        if self._data_keys is not None:
            self._data_keys.fetch(owners)

    def forget(self, owners: Iterable[int]) -> None:
        """Keep no unwrapped data key of these in this process."""
        if self._data_keys is not None:
            self._data_keys.forget(owners)

    def blind(self, value: str, *, place: str) -> Keyed:
        """A 124-bit keyed index of a normalised value, by which it is found again without being readable."""
        return Keyed.under(self._ring, "index", _framed("index", place, value), characters=32)

    def keyed_hash(self, purpose: str, *parts: str) -> Keyed:
        """A keyed hash of a code or a reference, 64 characters; what a stolen table holds instead of it."""
        return Keyed.under(self._ring, "codes", _framed(purpose, *parts), characters=64)


_installed: list[Box] = []


def install(ring: KeyRing, *, algorithm: Algorithm = Algorithm.AESGCM, data_keys: DataKeySource | None = None) -> None:
    """Give this process its keys; the assembly does it once, before any row is touched."""
    _installed[:] = [Box(ring, algorithm=algorithm, data_keys=data_keys)]


def box() -> Box:
    """This process's box."""
    if not _installed:
        raise RuntimeError("no keys installed: create_app() does it")
    return _installed[0]


_REFUSED = object()


class sealed:  # noqa: N801  a descriptor reads like the built-in property
    """A model's clear attribute over its sealed column.

        name_sealed: Mapped[str | None] = mapped_column("name", Text)
        name = sealed("name_sealed", owner="elder_id", erased=None)

    `owner` is the attribute with the id whose data key seals it (`id` for the row's own); where that is None, or none
    is named, a key file does. Once the data key was destroyed, reading gives `erased`, or raises Erased without it.
    `index` is the attribute that holds the value's blind index. The row's id and owner must be set before.
    """

    def __init__(
        self, column: str, *, owner: str | None = None, index: str | None = None, erased: object = _REFUSED
    ) -> None:
        self.column = column
        self.owner = owner
        self.index = index
        self._erased = erased

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def place(self, table: str) -> str:
        """What its values are bound to."""
        return f"{table}.{self.name}"

    def __get__(self, row: Any, owner: type | None = None) -> Any:
        if row is None:
            return self
        value = getattr(row, self.column)
        if value is None:
            return None
        try:
            return box().open(value, place=self.place(row.__tablename__), row=row.id)
        except Erased:
            if self._erased is _REFUSED:
                raise
            return self._erased

    def __set__(self, row: Any, clear: str | None) -> None:
        place = self.place(row.__tablename__)
        if row.id is None:
            raise RuntimeError(f"{place}: a row has its id before it holds anything sealed")
        owner = getattr(row, self.owner) if self.owner else None
        setattr(row, self.column, None if clear is None else box().seal(clear, place=place, row=row.id, owner=owner))
