"""What one running process is made of, put together once by the assembly and used by the services."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from wristband.bands.tokens import BandKeys
from wristband.config import Settings
from wristband.elders import tombstones
from wristband.elders.tombstones import Tombstone
from wristband.files import FileStore
from wristband.incidents.platform import Partner
from wristband.interchange.rules import Site
from wristband.keys import KeyRing

# Where no domain of ours can stand in a record id: broadcasts still name a sender, and no record leaves.
_NOBODYS = "wristband.invalid"


@dataclass(frozen=True)
class Quiet:
    """Where the quiet channels of this instance go: families give addresses, and the operator says where to."""

    chat_hosts: Collection[str] = ()
    serves_push: Callable[[str], bool] = lambda host: False
    """Whether messages are posted to a push service on this host."""


@dataclass(frozen=True)
class House:
    """Settings, every key, and the store of sealed files."""

    settings: Settings
    ring: KeyRing
    files: FileStore
    channels: frozenset[str] = frozenset()
    """The channels of the outbox that have a gateway here; what would go out by another one is not planned."""
    quiet: Quiet = Quiet()
    partner: Partner | None = None
    """The police platform; without one nothing is owed to any."""

    @property
    def band_keys(self) -> BandKeys:
        """The keys of the bands' tokens, as the key files are at this moment."""
        return _band_keys(tuple(self.ring.all("bands").items()))

    @property
    def site(self) -> Site:
        """This instance as other systems know it."""
        ours = self.settings
        return Site(ours.record_domain or _NOBODYS, ours.base_url, ours.organisation, exercise=ours.demonstration)

    def forget(self, stones: Iterable[Tombstone], files: Iterable[tuple[str, int]]) -> None:
        """What lies outside the database, once a deletion is committed: files by place and row, then its tombstones.

        Raises OSError. What a crash leaves undone, the next purge does.
        """
        for place, row in files:
            self.files.remove(place=place, row=row)
        tombstones.append(self.settings.data_dir / tombstones.NAME, stones)


@lru_cache(maxsize=2)
def _band_keys(keys: tuple[tuple[str, bytes], ...]) -> BandKeys:
    return BandKeys(dict(keys))


_installed: list[House] = []


def install(ours: House) -> None:
    """Make `ours` this process's house."""
    _installed[:] = [ours]


def connect(channels: Iterable[str], quiet: Quiet | None = None, partner: Partner | None = None) -> None:
    """Tell this process's house which channels have a gateway, where the quiet ones may go, and of the platform."""
    install(replace(house(), channels=frozenset(channels), quiet=quiet or Quiet(), partner=partner))


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
