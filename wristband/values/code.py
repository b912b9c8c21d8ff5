"""What a person types: the band code printed outside, the check code printed inside, the code sent by SMS."""

from __future__ import annotations

import secrets
import string
import unicodedata
from dataclasses import dataclass

from wristband.errors import BadValue

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Douglas Crockford's base 32: no I, L, O or U, so that nothing on a worn band is read as its neighbour."""

SERIAL_DIGITS = 12
BAND_CODE_LENGTH = 9
CHECK_CODE_LENGTH = 9

# What a hurried hand puts between groups, after full-width forms have been folded to ASCII.
_SEPARATORS = dict.fromkeys(map(ord, " \t\r\n-_.·‐‑‒–—―−"))
_LOOK_ALIKE = str.maketrans("OIL", "011")

# H. Michael Damm's quasigroup of order ten: every single wrong digit and every swap of neighbours is caught.
_DAMM = (
    "0317598642",
    "7092154863",
    "4206871359",
    "1750983426",
    "6123045978",
    "3674209581",
    "5869720134",
    "8945362017",
    "9438617205",
    "2581436790",
)


def random_digits(count: int) -> str:
    """`count` decimal digits from the system's secure source, each string equally likely."""
    return f"{secrets.randbelow(10**count):0{count}d}"


def _plain(text: str) -> str:
    """Full-width folded to ASCII, upper case, without what stands between groups."""
    folded = unicodedata.normalize("NFKC", text).translate(_SEPARATORS)
    return folded.upper() if folded.isascii() else folded


def _grouped(text: str) -> str:
    return f"{text[:3]}-{text[3:6]}-{text[6:]}"


def _times_alpha(value: int) -> int:
    """`value` times the generator of GF(32), whose polynomial is x^5 + x^2 + 1."""
    value <<= 1
    return value ^ 0b100101 if value & 0b100000 else value


def _check_character(characters: str) -> str:
    """The character that makes the weighted sum over GF(32) vanish.

    The weights are the powers of the generator, 8 down to 1, and 1 for the check character itself: none is zero,
    so a single wrong character shows; no two are equal, so any two swapped characters show.
    """
    total = 0
    for character in characters:
        total = _times_alpha(total ^ CROCKFORD.index(character))
    return CROCKFORD[total]


@dataclass(frozen=True, slots=True)
class BandCode:
    """The name of a band as it is printed on it and typed at /b: XXX-XXX-XXX.

    Eight Crockford characters spell the token's twelve-digit serial, the ninth checks them. It names a band and
    proves nothing. Any serial that is not twelve digits is refused (BadValue `code.not_a_band_code`).
    """

    serial: str

    def __post_init__(self) -> None:
        if len(self.serial) != SERIAL_DIGITS or not set(self.serial) <= set(string.digits):
            raise BadValue("code.not_a_band_code")

    @classmethod
    def from_serial(cls, serial: str) -> BandCode:
        """The code of the band with this serial, twelve decimal digits."""
        return cls(serial)

    @classmethod
    def parse(cls, text: str) -> BandCode:
        """What somebody typed, in any case, width and grouping; O reads as 0, I and L as 1.

        BadValue `code.not_a_band_code` if it cannot be one, `code.mistyped` if its check character says otherwise.
        """
        plain = _plain(text).translate(_LOOK_ALIKE)
        if len(plain) != BAND_CODE_LENGTH or not set(plain) <= set(CROCKFORD):
            raise BadValue("code.not_a_band_code")
        if _check_character(plain[:-1]) != plain[-1]:
            raise BadValue("code.mistyped")
        number = 0
        for character in plain[:-1]:
            number = number << 5 | CROCKFORD.index(character)
        return cls(f"{number:0{SERIAL_DIGITS}d}")

    @property
    def text(self) -> str:
        """The nine characters without grouping."""
        number = int(self.serial)
        characters = "".join(CROCKFORD[number >> shift & 31] for shift in range(35, -1, -5))
        return characters + _check_character(characters)

    @property
    def shown(self) -> str:
        """As printed: XXX-XXX-XXX."""
        return _grouped(self.text)

    @property
    def tail(self) -> str:
        """The last three characters, enough to tell the bands of one elder apart."""
        return self.text[-3:]

    def __str__(self) -> str:
        return self.shown


def code_tail(serial: str | None) -> str:
    """The last characters of the code of the band with this serial, by which its family knows it; empty for none."""
    return BandCode.from_serial(serial).tail if serial else ""


@dataclass(frozen=True, slots=True)
class CheckCode:
    """What is printed on the inside of a band: typing it proves that the band is in one's hands.

    Eight random digits and Damm's check digit. Anything else is refused: BadValue `code.not_a_check_code` or
    `code.mistyped`.
    """

    digits: str

    def __post_init__(self) -> None:
        if len(self.digits) != CHECK_CODE_LENGTH or not set(self.digits) <= set(string.digits):
            raise BadValue("code.not_a_check_code")
        if _damm(self.digits) != "0":
            raise BadValue("code.mistyped")

    @classmethod
    def random(cls) -> CheckCode:
        """A new code from the system's secure source."""
        digits = random_digits(CHECK_CODE_LENGTH - 1)
        return cls(digits + _damm(digits))

    @classmethod
    def parse(cls, text: str) -> CheckCode:
        """What somebody typed, in any width and grouping."""
        return cls(_plain(text))

    @property
    def shown(self) -> str:
        """As printed: 000-000-000."""
        return _grouped(self.digits)

    def __repr__(self) -> str:
        """Without the digits: a code that proves something has no place in a log."""
        return "CheckCode(…)"

    def __str__(self) -> str:
        return self.shown


def _damm(digits: str) -> str:
    """The check digit of `digits`; "0" when the last of them already is one and it is right."""
    interim = "0"
    for digit in digits:
        interim = _DAMM[int(interim)][int(digit)]
    return interim
