"""Rows of one sheet that are one family's: remembered by a few bytes each, however long the sheet is."""

from __future__ import annotations

import hashlib

from wristband.elders.names import normal
from wristband.sheets.rows import Registered


class Repeats:
    """The families that a sheet has had so far."""

    def __init__(self) -> None:
        self._years: dict[bytes, tuple[int | None, ...]] = {}

    def has(self, row: Registered) -> bool:
        """Whether the sheet had this telephone and name before, and no other birth year; remembers the row."""
        name, year = normal(row.particulars.name), row.particulars.birth_year
        # Not a seal: it is forgotten with the reading.
        key = hashlib.blake2b(f"{row.phone.e164}\n{name}".encode(), digest_size=8).digest()
        years = self._years.get(key, ())
        if years and (year is None or None in years or year in years):
            return True
        self._years[key] = (*years, year)
        return False
