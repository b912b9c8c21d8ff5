"""Numbers as providers in China take them."""

from __future__ import annotations

from datetime import datetime

from wristband.gateways.receipts import CHINA

_CHINA = "+86"
_MOBILE_DIGITS = 11
# These answer without an area code and are not dialled with a zero before them.
_SERVICE_PREFIXES = ("400", "800")


def is_chinese(e164: str) -> bool:
    """Whether the number is one of mainland China."""
    return e164.startswith(_CHINA)


def national_digits(e164: str) -> str:
    """`13800138000`, `05920000000`: a Chinese number as it is dialled there, digits only."""
    digits = e164.removeprefix(_CHINA)
    is_mobile = len(digits) == _MOBILE_DIGITS and digits.startswith("1")
    return digits if is_mobile or digits.startswith(_SERVICE_PREFIXES) else f"0{digits}"


def china_time(moment: datetime) -> datetime:
    """The moment as a clock in China shows it."""
    return moment.astimezone(CHINA)
