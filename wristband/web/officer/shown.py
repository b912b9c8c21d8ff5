"""How an elder's record reads on an officer's page."""

from __future__ import annotations

from datetime import datetime

from wristband.elders.opened import UNREADABLE
from wristband.web.language import gettext


def readable(text: str | None) -> str:
    """A text of a record as the page says it: one that does not open in the page's own language."""
    return gettext(UNREADABLE) if text == UNREADABLE else text or ""


def age(birth_year: int | str | None, now: datetime) -> str:
    """The age in words; empty where no year is known."""
    if isinstance(birth_year, int):
        return gettext("约 %(n)s 岁", n=now.year - birth_year)
    return readable(birth_year)
