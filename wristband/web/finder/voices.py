"""The family's voice on a finder's card."""

from __future__ import annotations

import base64

from wristband.scans.disclosure import Card


def inside(opened: Card) -> str:
    """The voice inside the page, at most 210 kB of it: no address that somebody else could open, later or at all."""
    if opened.voice is None:
        return ""
    return f"data:audio/mpeg;base64,{base64.b64encode(opened.voice).decode()}"
