"""A finder's photograph: cleaned, sealed under its scan's data key, and kept only with the row that names it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from wristband.elders import photos
from wristband.files import FileStore

_AS_IT_WAS_TAKEN = 0


@dataclass(slots=True)
class KeptPhoto:
    """Width and height in pixels; `named` once the row that names it is committed."""

    width: int
    height: int
    named: bool = False


@contextmanager
def kept(data: bytes, files: FileStore, *, place: str, row: int, scan_id: int) -> Iterator[KeptPhoto]:
    """The file first, then, inside, the row that names it: where that is not made, no file is left.

    The scan's data key has to be committed before (data_keys.make). Raises what photos.clean and FileStore.write raise.
    """
    clean = photos.clean(data, quarters=_AS_IT_WAS_TAKEN)
    photo = KeptPhoto(clean.width, clean.height)
    try:
        files.write(clean.jpeg, place=place, row=row, owner=scan_id)
        yield photo
    finally:
        if not photo.named:
            files.remove(place=place, row=row)
