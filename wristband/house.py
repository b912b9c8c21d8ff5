"""What one running process is made of, put together once by the assembly and used by the services."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from wristband.bands.tokens import BandKeys
from wristband.config import Settings
from wristband.files import FileStore
from wristband.keys import KeyRing


@dataclass(frozen=True)
class House:
    """Settings, every key, and the store of sealed files."""

    settings: Settings
    ring: KeyRing
    files: FileStore

    @property
    def band_keys(self) -> BandKeys:
        """The keys of the bands' tokens, as the key files are at this moment."""
        return _band_keys(tuple(self.ring.all("bands").items()))


@lru_cache(maxsize=2)
def _band_keys(keys: tuple[tuple[str, bytes], ...]) -> BandKeys:
    return BandKeys(dict(keys))


_installed: list[House] = []


def install(ours: House) -> None:
    """Make `ours` this process's house."""
    _installed[:] = [ours]


def house() -> House:
    """This process's house."""
    if not _installed:
        raise RuntimeError("no house installed: create_app() does it")
    return _installed[0]
