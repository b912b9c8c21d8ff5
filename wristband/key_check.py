"""A print of every key that this data was kept with, so that another folder of keys is refused at the start."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
from pathlib import Path

from wristband.keys import KeyRing, KeysWrong

_FILE = "key-check.json"


def compare(ring: KeyRing, data_dir: Path) -> None:
    """Compare the ring with what is noted in the data folder, and note the keys that are new.

    Raises KeysWrong where a key of the same name is another one: what it has sealed would not open.
    """
    path = data_dir / _FILE
    noted, ours = _noted(path), _prints(ring)
    wrong = sorted(name for name, noted_print in noted.items() if ours.get(name, noted_print) != noted_print)
    if wrong:
        raise KeysWrong("keys.of_another", keys="、".join(wrong))
    if not set(noted) >= set(ours):
        _note(path, noted | ours)


def _prints(ring: KeyRing) -> dict[str, str]:
    """By `purpose-id`, 64 bits that tell two keys apart and nothing about either."""
    return {
        f"{purpose}-{key_id}": hmac.digest(ring.all(purpose)[key_id], b"key check", hashlib.sha256)[:8].hex()
        for purpose, key_id in ring.names()
    }


def _noted(path: Path) -> dict[str, str]:
    try:
        noted = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return noted if isinstance(noted, dict) else {}


def _note(path: Path, prints: dict[str, str]) -> None:
    # It is a second lock, not the first one: where it cannot be written, the service still starts.
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_name(f".{path.name}.{os.getpid()}")
        aside.write_text(json.dumps(prints, indent=1, sort_keys=True) + "\n")
        aside.replace(path)
