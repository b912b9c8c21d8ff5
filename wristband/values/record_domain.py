"""The domain before the stroke of a record id of PFIF: a host each of whose labels begins with a letter."""

from __future__ import annotations

import re

_LABEL = r"[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL}){{1,9}}")
LONGEST = 100


def is_record_domain(text: str) -> bool:
    """Whether `text` can stand before the stroke: PFIF's validator wants a letter first, so 110.example.cn cannot."""
    return len(text) <= LONGEST and bool(_DOMAIN.fullmatch(text))
