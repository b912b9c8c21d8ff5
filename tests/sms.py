"""What a text costs: how many SMS it is paid as."""

from __future__ import annotations

from collections.abc import Iterable

# GSM 03.38, the alphabet of one septet a character; its second table costs two.
_GSM_ONE = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_TWO = frozenset("\f^{}\\[~]|€")


def sms_parts(text: str) -> int:
    """How many SMS the text is paid as: 160 septets or 70 UTF-16 units alone, 153 or 67 a part when joined."""
    if all(character in _GSM_ONE or character in _GSM_TWO for character in text):
        return _parts((2 if character in _GSM_TWO else 1 for character in text), alone=160, joined=153)
    return _parts((len(character.encode("utf-16-le")) // 2 for character in text), alone=70, joined=67)


def _parts(widths: Iterable[int], *, alone: int, joined: int) -> int:
    sizes = list(widths)
    if sum(sizes) <= alone:
        return 1
    parts, used = 1, 0
    for size in sizes:  # a character of two units is never split between parts
        if used + size > joined:
            parts, used = parts + 1, 0
        used += size
    return parts
