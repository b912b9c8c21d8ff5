"""What one running process is made of, put together once by the assembly and used by the services."""

from __future__ import annotations

from dataclasses import dataclass

from wristband.bands.tokens import BandKeys
from wristband.config import Settings
from wristband.files import FileStore
from wristband.keys import KeyRing


@dataclass(frozen=True)
class House:
    """Settings, every key, the keys of the bands' tokens, and the store of sealed files."""

    settings: Settings
    ring: KeyRing
    band_keys: BandKeys
    files: FileStore


_installed: list[House] = []


def install(ours: House) -> None:
    """Make `ours` this process's house."""
    _installed[:] = [ours]


def house() -> House:
    """This process's house."""
    if not _installed:
        raise RuntimeError("no house installed: create_app() does it")
    return _installed[0]
