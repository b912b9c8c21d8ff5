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


def furnish(settings: Settings) -> KeyRing:
    """Give this process its keys and its house, without database or web: what a worker process of ours needs."""
    # Here, not above: the sealed columns need a database's handle, and whoever only asks for the house does not.
    from wristband import ciphers, key_check, keys, sealing
    from wristband.data_keys import DataKeys

    ring = keys.load(settings.keys_path)
    ciphers.check(settings.seal_algorithm)
    key_check.compare(ring, settings.data_dir)
    sealing.install(ring, algorithm=settings.seal_algorithm, data_keys=DataKeys())
    install(House(settings, ring, FileStore(settings.data_dir / "files")))
    return ring
