"""What a print shop checks its delivery against: each file, its bands, its digest. No code, no secret."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from wristband.errors import BadValue

_NAME = "manifest.json"


@dataclass(frozen=True, slots=True)
class Sheet:
    """One file: the number of its first band, and how many it holds."""

    file: str
    first: int
    bands: int


class Manifest:
    """The manifest of a folder. Files and manifest are each written whole or not at all."""

    def __init__(self, folder: Path, about: Mapping[str, str | int], sheets: dict[str, dict[str, Any]]) -> None:
        self._folder, self._about, self._sheets = folder, dict(about), sheets

    @classmethod
    def open(cls, folder: Path, about: Mapping[str, str | int]) -> Manifest:
        """The folder's manifest, or a fresh one. Raises BadValue where the folder is another print's, or unfit."""
        path = folder / _NAME
        try:
            folder.mkdir(parents=True, exist_ok=True)
            known = json.loads(path.read_text()) if path.exists() else {**about, "sheets": []}
            sheets = {sheet["file"]: sheet for sheet in known["sheets"]}
        except OSError:
            raise BadValue("bands.folder_unwritable", folder=folder.name) from None
        except (ValueError, KeyError, TypeError):
            raise BadValue("bands.folder_of_another", folder=folder.name) from None
        if any(known.get(name) != value for name, value in about.items()):
            raise BadValue("bands.folder_of_another", folder=folder.name)
        return cls(folder, about, sheets)

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
            raise BadValue("bands.folder_unwritable", folder=self._folder.name) from None


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _write_whole(path: Path, data: bytes) -> None:
    aside = path.with_suffix(".part")
    with open(aside, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    aside.rename(path)
