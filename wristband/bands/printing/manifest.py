"""What a print shop checks its delivery against: each file, its bands, its digest. No code, no secret."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from wristband.errors import BadValue, Conflict

_NAME = "manifest.json"
_LOCK = ".printing"
# What a print is told by, where its folder holds another.
_OPTIONS = {"output": "--output", "look": "--look", "language": "--language", "dpi": "--dpi", "sheet_size": "--sheet"}


@dataclass(frozen=True, slots=True)
class Sheet:
    """One file: the number of its first band, and how many it holds."""

    file: str
    first: int
    bands: int


class Manifest:
    """The manifest of a folder, and that folder to itself until it is closed.

    Files and manifest are each written whole or not at all, and for their owner's eyes: they hold check codes.
    """

    def __init__(
        self, folder: Path, about: Mapping[str, str | int], sheets: dict[str, dict[str, Any]], lock: int
    ) -> None:
        self._folder, self._about, self._sheets, self._lock = folder, dict(about), sheets, lock

    @classmethod
    def open(cls, folder: Path, about: Mapping[str, str | int]) -> Manifest:
        """The folder's manifest, or a fresh one.

        Raises Conflict where another print is at work; BadValue where the folder is another print's, or unfit.
        """
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            raise BadValue("bands.folder_unwritable", folder=str(folder)) from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return cls(folder, about, _known_sheets(folder, about), lock)
        except BlockingIOError:
            os.close(lock)
            raise Conflict("bands.folder_busy", folder=str(folder)) from None
        except BaseException:
            os.close(lock)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._lock)

    def printed(self, file: str) -> int:
        """How many bands lie in the file as it was written; 0 where it is missing, half or altered."""
        sheet, path = self._sheets.get(file), self._folder / file
        if sheet is None or not path.is_file() or _sha256(path.read_bytes()) != sheet["sha256"]:
            return 0
        return int(sheet["bands"])

    def keep(self, sheet: Sheet, data: bytes) -> None:
        """Write the file, then the manifest that names it. Raises BadValue where the disk takes no more."""
        self._sheets[sheet.file] = {**asdict(sheet), "bytes": len(data), "sha256": _sha256(data)}
        sheets = sorted(self._sheets.values(), key=lambda known: int(known["first"]))
        whole = {**self._about, "bands": sum(int(known["bands"]) for known in sheets), "sheets": sheets}
        try:
            _write_whole(self._folder / sheet.file, data)
            _write_whole(self._folder / _NAME, json.dumps(whole, indent=1).encode())
        except OSError:
            raise BadValue("bands.folder_unwritable", folder=str(self._folder)) from None


def _known_sheets(folder: Path, about: Mapping[str, str | int]) -> dict[str, dict[str, Any]]:
    """The sheets that its manifest names, of the very print that is `about`."""
    path = folder / _NAME
    try:
        known = json.loads(path.read_text()) if path.exists() else {**about, "sheets": []}
        sheets = {sheet["file"]: sheet for sheet in known["sheets"]}
    except OSError:
        raise BadValue("bands.folder_unwritable", folder=str(folder)) from None
    except (ValueError, KeyError, TypeError):
        raise BadValue("bands.folder_of_another", folder=str(folder)) from None
    differing = [name for name, value in about.items() if known.get(name) != value]
    if not differing:
        return sheets
    if not set(differing) <= set(_OPTIONS):
        raise BadValue("bands.folder_of_another", folder=str(folder))
    there = " ".join(f"{_OPTIONS[name]} {known.get(name)}" for name in differing if name in known)
    wanted = " ".join(f"{_OPTIONS[name]} {about[name]}" for name in differing)
    raise BadValue("bands.folder_of_another_print", folder=str(folder), there=there, wanted=wanted)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _write_whole(path: Path, data: bytes) -> None:
    aside = path.with_suffix(".part")
    aside.unlink(missing_ok=True)
    with open(aside, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    aside.rename(path)
