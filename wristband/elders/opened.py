"""Reading a sealed text that may not open: one broken field must not hide the others from who helps the elder."""

from __future__ import annotations

from typing import Any

import structlog

from wristband.sealing import SealBroken

log = structlog.get_logger(__name__)


def _(text: str) -> str:
    return text


UNREADABLE = _("打不开")
"""What stands for a text that is kept and does not open; a page tells it in its own language."""


def text(row: Any, field: str) -> str | None:
    """The sealed `field` of an elder, a contact or any other row; None where it is empty.

    UNREADABLE where it does not open, which is logged with its column and the row's id. Raises nothing.
    """
    try:
        opened: str | None = getattr(row, field)
    except SealBroken as broken:
        log.error("field_unreadable", column=f"{row.__tablename__}.{field}", row=row.id, code=broken.code)
        return UNREADABLE
    return opened
