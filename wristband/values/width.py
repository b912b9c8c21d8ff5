"""Full-width digits, letters and signs, as Chinese keyboards write them, turned into their plain forms."""

from __future__ import annotations

# U+FF01 to U+FF5E mirror ASCII 0x21 to 0x7E. NFKC would do this too, but it also turns "24²" into "242".
_FULL_TO_HALF = {0xFF01 + offset: 0x21 + offset for offset in range(0x5E)} | {
    0x3000: " ",
    0x2212: "-",  # the minus sign
    0x2010: "-",
    0x2011: "-",
    0x2012: "-",
    0x2013: "-",
    0x2014: "-",
}


def half_width(text: str) -> str:
    """`text` with full-width ASCII, the ideographic space and typeset dashes as plain ASCII; all else unchanged."""
    return text.translate(_FULL_TO_HALF)
