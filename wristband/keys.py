"""Key files: one purpose a file, never in the database, never in the settings.

A new key is read with at once and written with a few seconds later, when every process has seen it. So two processes
understand each other at every moment of a rotation, also where a value does not name its key.
"""

from __future__ import annotations

import os
import re
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType

import structlog

from wristband.errors import Refusal

log = structlog.get_logger(__name__)

KEY_BYTES = 32
# What each key is for; a purpose with several files reads with all of them and writes with the newest.
PURPOSES = {
    "fields": "wraps the data keys; seals what belongs to nobody in particular",
    "index": "blind indexes by which a phone number is found again",
    "codes": "keyed hashes of typed codes and sign-in references",
    "forms": "signs form stamps and session cookies",
    "bands": "signs the token of every band; lives as long as the bands",
    "push": "signs web push; a browser takes only what the key it subscribed with has signed",
    "audit": "signs the checkpoints of the trail; lives as long as the trail",
}
# One character of the band token names its key: Crockford's alphabet, so 32 keys at a time.
_IDS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_NAME = re.compile(rf"(?P<purpose>[a-z]+)-(?P<key_id>[{_IDS}])\.key")
LOOK_EVERY_S = 1.0
"""How often a running process looks at the folder, at most."""
READ_FIRST_S = 5.0
"""How long after its making a key begins to write: longer than any process needs to see it."""


class KeysWrong(Refusal):
    """The key files are missing, unreadable or not keys."""

    status = 500


@dataclass(frozen=True)
class _Held:
    """What a folder held when it was read: the keys, and since when each writes, in seconds since 1970."""

    names: tuple[str, ...]
    keys: Mapping[str, dict[str, bytes]] = field(repr=False)
    begins: Mapping[tuple[str, str], float]


class KeyRing:
    """Every key by purpose: `{purpose: {key id: 32 bytes}}`, oldest first."""

    def __init__(self, keys: Mapping[str, dict[str, bytes]], begins: Mapping[tuple[str, str], float] | None = None):
        self._held = _Held((), keys, begins or {})

    def __repr__(self) -> str:
        """Without the keys."""
        return f"KeyRing({', '.join(f'{purpose}-{key_id}' for purpose, key_id in self.names())})"

    def names(self) -> list[tuple[str, str]]:
        """Every key as purpose and id, the oldest of each purpose first."""
        return [(purpose, key_id) for purpose, keys in self._now().keys.items() for key_id in keys]

    def current(self, purpose: str) -> tuple[str, bytes]:
        """The key that writes today and its id: the newest one that has begun."""
        return _today(self._now(), purpose)

    def all(self, purpose: str) -> Mapping[str, bytes]:
        """Every key of a purpose by id, oldest first, the one that writes today last: what was ever written is read.

        The order that itsdangerous wants.
        """
        held = self._now()
        keys = held.keys[purpose]
        if len(keys) > 1:
            today, key = _today(held, purpose)
            keys = {other: secret for other, secret in keys.items() if other != today} | {today: key}
        return MappingProxyType(keys)

    def find(self, purpose: str, key_id: str) -> bytes | None:
        """One key; the folder is looked at before an unknown one is given up."""
        return self._now().keys[purpose].get(key_id) or self._now(at_once=True).keys[purpose].get(key_id)

    def begins(self, purpose: str, key_id: str) -> float:
        """Since when a key writes, in seconds since 1970; 0 for one whose file does not tell."""
        return self._now().begins.get((purpose, key_id), 0.0)

    def _now(self, *, at_once: bool = False) -> _Held:
        return self._held


def _today(held: _Held, purpose: str) -> tuple[str, bytes]:
    keys, now = held.keys[purpose], time.time()
    for key_id in reversed(keys):
        if held.begins.get((purpose, key_id), 0.0) <= now:
            return key_id, keys[key_id]
    return next(iter(keys.items()))


class FormKeys:
    """The keys that sign forms and cookies, in hexadecimal, read anew each time they are gone through."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring

    def __iter__(self) -> Iterator[str]:
        return (key.hex() for key in self._ring.all("forms").values())


class KeyFolder(KeyRing):
    """The ring of a folder, read again when files have come or gone. Raises KeysWrong when it is made, never later."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._held = _read_folder(folder)
        self._look_at = time.monotonic() + LOOK_EVERY_S
        self._told_of: tuple[str, ...] = ()

    def _now(self, *, at_once: bool = False) -> _Held:
        if not at_once and time.monotonic() < self._look_at:
            return self._held
        with self._lock:
            self._look_at = time.monotonic() + LOOK_EVERY_S
            names = _names(self._folder)
            try:
                if names != self._held.names:
                    self._held = _read_folder(self._folder)
            except KeysWrong as wrong:  # a running service goes on with the keys it has, and says so once
                if names != self._told_of:
                    log.error("keys_not_read_again", code=wrong.code)
                self._told_of = names
        return self._held


def load(folder: Path) -> KeyFolder:
    """The key ring in `folder`. Raises KeysWrong naming what is missing or unfit."""
    return KeyFolder(folder)


def create(folder: Path) -> list[str]:
    """Make a first key for each purpose that has none; existing keys are never touched. Returns the new names."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = []
    for purpose in PURPOSES:
        if any(folder.glob(f"{purpose}-*.key")):
            continue
        path = folder / f"{purpose}-1.key"
        if _make(path, begins=time.time()):  # otherwise another process starting at this moment made it
            made.append(path.name)
    return made


def rotate(folder: Path, purpose: str, *, after_s: float = 0.0) -> str:
    """Make the next key of a purpose, which writes `after_s` later than it otherwise would. Returns its file's name.

    Where several machines share a database, `after_s` is the time to bring the file to each of them, its time kept
    (`cp -p`). Raises KeysWrong when the ids are used up, or the folder is no whole set of keys.
    """
    last = max(load(folder).all(purpose), key=_IDS.index)
    later = _IDS[_IDS.index(last) + 1 :]
    for key_id in later:
        path = folder / f"{purpose}-{key_id}.key"
        if _make(path, begins=time.time() + READ_FIRST_S + after_s):
            return path.name
    raise KeysWrong("keys.ids_used_up", purpose=purpose)


def drop(folder: Path, purpose: str, key_id: str) -> None:
    """Delete a key's file. The caller has made sure that nothing uses it."""
    (folder / f"{purpose}-{key_id}.key").unlink()
    _sync(folder)


def _make(path: Path, *, begins: float) -> bool:
    """A new key in a new file, whole from the first moment it is seen. False where there is such a file already."""
    aside = path.with_name(f".{path.stem}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(KEY_BYTES) + "\n")
            file.flush()
            os.utime(aside, (begins, begins))
            os.fsync(file.fileno())
        os.link(aside, path)  # fails where a file is: none is ever overwritten
    except FileExistsError:
        return False
    finally:
        aside.unlink(missing_ok=True)
    _sync(path.parent)
    return True


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _names(folder: Path) -> tuple[str, ...]:
    # Files are made and dropped, never changed: their names say whether anything has happened.
    return tuple(sorted(path.name for path in folder.glob("*.key"))) if folder.is_dir() else ()


def _read_folder(folder: Path) -> _Held:
    names = _names(folder)
    found: dict[str, dict[str, bytes]] = {purpose: {} for purpose in PURPOSES}
    begins: dict[tuple[str, str], float] = {}
    for name in names:
        match = _NAME.fullmatch(name)
        if not match or match["purpose"] not in found:
            raise KeysWrong("keys.unknown_file", file=name)
        key, since = _read(folder / name)
        found[match["purpose"]][match["key_id"]] = key
        begins[match["purpose"], match["key_id"]] = since
    missing = [purpose for purpose, keys in found.items() if not keys]
    if missing:
        raise KeysWrong("keys.missing", folder=str(folder), purposes=", ".join(missing))
    return _Held(names, found, begins)


def _read(path: Path) -> tuple[bytes, float]:
    try:
        key, begins = bytes.fromhex(path.read_text().strip()), path.stat().st_mtime
    except (OSError, ValueError):
        key, begins = b"", 0.0
    if len(key) != KEY_BYTES or _is_placeholder(key):
        raise KeysWrong("keys.unfit", file=path.name)
    return key, begins


def _is_placeholder(key: bytes) -> bool:
    """Whether it repeats itself or counts up: a random key has so few different bytes or steps once in 2**50."""
    steps = {(after - before) % 256 for before, after in pairwise(key)}
    return min(len(set(key)), len(steps)) < 16
