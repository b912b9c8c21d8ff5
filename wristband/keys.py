"""Key files: one purpose a file, never in the database, never in the settings."""

from __future__ import annotations

import os
import re
import secrets
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from wristband.errors import Refusal

KEY_BYTES = 32
# What each key is for; a purpose with several files reads with all of them and writes with the newest.
PURPOSES = {
    "fields": "encrypts personal fields and files at rest",
    "index": "blind indexes by which a phone number is found again",
    "codes": "keyed hashes of typed codes and sign-in references",
    "forms": "signs form stamps and session cookies",
    "bands": "signs the token of every band; lives as long as the bands",
}
# One character of the band token names its key: Crockford's alphabet, so 32 keys at a time.
_NAME = re.compile(r"(?P<purpose>[a-z]+)-(?P<key_id>[0-9A-HJKMNP-TV-Z])\.key")


class KeysWrong(Refusal):
    """The key files are missing, unreadable or not keys."""

    status = 500


@dataclass(frozen=True)
class KeyRing:
    """Every key by purpose: `{purpose: {key id: 32 bytes}}`, oldest first."""

    keys: dict[str, dict[str, bytes]] = field(repr=False)

    def current(self, purpose: str) -> tuple[str, bytes]:
        """The newest key of a purpose and its id: what is written today is written with it."""
        return list(self.keys[purpose].items())[-1]

    def all(self, purpose: str) -> dict[str, bytes]:
        """Every key of a purpose by id, oldest first: what was ever written is read with them."""
        return self.keys[purpose]


def load(folder: Path) -> KeyRing:
    """The key ring in `folder`. Raises KeysWrong naming what is missing or unfit."""
    found: dict[str, dict[str, bytes]] = {purpose: {} for purpose in PURPOSES}
    for path in sorted(folder.glob("*.key")) if folder.is_dir() else []:
        match = _NAME.fullmatch(path.name)
        if not match or match["purpose"] not in found:
            raise KeysWrong("keys.unknown_file", file=path.name)
        found[match["purpose"]][match["key_id"]] = _read(path)
    missing = [purpose for purpose, keys in found.items() if not keys]
    if missing:
        raise KeysWrong("keys.missing", folder=str(folder), purposes=", ".join(missing))
    return KeyRing(found)


def create(folder: Path) -> list[str]:
    """Make a first key for each purpose that has none; existing keys are never touched. Returns the new names."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = []
    for purpose in PURPOSES:
        if any(folder.glob(f"{purpose}-*.key")):
            continue
        path = folder / f"{purpose}-1.key"
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
        except FileExistsError:
            continue  # another process starting at this moment made it
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(KEY_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        made.append(path.name)
    return made


def _read(path: Path) -> bytes:
    try:
        key = bytes.fromhex(path.read_text().strip())
    except (OSError, ValueError):
        key = b""
    if len(key) != KEY_BYTES or _is_placeholder(key):
        raise KeysWrong("keys.unfit", file=path.name)
    return key


def _is_placeholder(key: bytes) -> bool:
    """Whether it repeats itself or counts up: a random key has so few different bytes or steps once in 2**50."""
    steps = {(after - before) % 256 for before, after in pairwise(key)}
    return min(len(set(key)), len(steps)) < 16
