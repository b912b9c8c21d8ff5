"""Sealed files in the data folder: photographs and recordings, on disk before the row that names them; its ballast."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from wristband.errors import NotFound, Unavailable
from wristband.sealing import box

# Below this much free space pictures and recordings are refused, so that text reports can still be kept.
FREE_BYTES_KEPT = 500_000_000
BALLAST_BYTES = 64_000_000


class FileStore:
    """Bytes by row id, sealed with the key of their place (`table.column`) and bound to the row."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _path(self, place: str, row: int) -> Path:
        return self._folder / place / f"{row % 256:02x}" / f"{row}.sealed"

    def write(self, data: bytes, *, place: str, row: int, owner: int | None = None) -> None:
        """Keep `data`: written aside, synced, renamed, folder synced. Raises Unavailable when the disk is full.

        `owner` is the id of the row whose data key seals it, which has to be committed before (data_keys.make): with
        that key destroyed, no copy of the file opens any more.
        """
        path = self._path(place, row)
        try:
            if not path.parent.is_dir():
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                _sync_folder(path.parent.parent)
            if shutil.disk_usage(path.parent).free < FREE_BYTES_KEPT:
                raise Unavailable("files.disk_full")
            header, body = box().seal_bytes(data, place=place, row=row, owner=owner)
            _write(path, header.encode() + b"\n" + body)
        except OSError as error:
            raise Unavailable("files.disk_full") from error

    def read(self, *, place: str, row: int) -> bytes:
        """What was kept. Raises NotFound, or SealBroken for an altered file."""
        try:
            header, _, body = self._path(place, row).read_bytes().partition(b"\n")
        except FileNotFoundError:
            raise NotFound("files.gone") from None
        return box().open_bytes(header.decode("ascii", "replace"), body, place=place, row=row)

    def list_headers(self) -> Iterator[tuple[str, int, str]]:
        """Every file: its place, its row, and the header that names algorithm and key."""
        for path in sorted(self._folder.glob("*/*/*.sealed")):
            with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
                yield path.parts[-3], int(path.stem), file.readline(128).rstrip(b"\n").decode("ascii", "replace")

    def reseal(self, *, place: str, row: int) -> None:
        """Seal a file of the key files anew with the newest of them. Raises what read and write raise."""
        self.write(self.read(place=place, row=row), place=place, row=row)

    def remove(self, *, place: str, row: int) -> None:
        """Forget it; removing what is not there is no fault."""
        with contextlib.suppress(FileNotFoundError):
            self._path(place, row).unlink()


class Ballast:
    """Room that is held, and given up once a report meets a full disk: text reports go on in it."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "ballast"

    def make(self) -> bool:
        """Hold it, anew where it was given up. False where there is no room for it beside what is kept free."""
        with contextlib.suppress(FileNotFoundError):
            if self._path.stat().st_size == BALLAST_BYTES:
                return True
        if shutil.disk_usage(self._path.parent).free < FREE_BYTES_KEPT + BALLAST_BYTES:
            return False
        try:
            with self._path.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, BALLAST_BYTES)
        except OSError:
            self._path.unlink(missing_ok=True)
            return False
        return True

    def let_go(self) -> bool:
        """Give it up. False where none was held, or somebody else has just given it up."""
        try:
            held = self._path.stat().st_size > 0
            if held:
                os.truncate(self._path, 0)  # its name stays, and says that it was given up
        except OSError:
            return False
        return held

    @property
    def is_given_up(self) -> bool:
        """Whether it was held once and is not any more: the disk was full."""
        try:
            return self._path.stat().st_size == 0
        except OSError:
            return False


def _write(path: Path, data: bytes) -> None:
    aside = path.with_suffix(f".{os.getpid()}.part")
    try:
        with open(aside, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        aside.rename(path)
    finally:
        aside.unlink(missing_ok=True)  # half a file is only space lost
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
