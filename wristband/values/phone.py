"""A telephone number: E.164 inside, written and masked as people here expect."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Self

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType

from wristband.errors import BadValue
from wristband.values.width import half_width

_HOME_REGION = "CN"
_HOME_CODE = 86
_E164 = re.compile(r"\+[1-9][0-9]{5,14}", re.ASCII)
_EXTENSION = re.compile(r"[0-9]{1,7}", re.ASCII)
_WITH_EXTENSION = re.compile(r"(?P<number>.+?) ?(?:转|轉|分机|分機|#|;?ext[.=]?)[ :.]*(?P<extension>[0-9]{1,7})", re.I)
# The library would read letters as keypad digits and skip words around a number; a field holds a number or nothing.
_NUMBER = re.compile(r"\+?[0-9 ().\-]{2,40}", re.ASCII)
_MOBILE_TYPES = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)

# Chinese short numbers the library lacks: traffic police, and a city's 110 by SMS (12110 and its area code).
_SERVICE_NUMBERS_CN = re.compile(r"122|12110[0-9]{2,3}", re.ASCII)


@dataclass(frozen=True, slots=True, repr=False)
class Phone:
    """A dialable number as E.164 ("+8613800138000") and, on a switchboard, the extension's digits.

    The constructor checks the form only, for numbers we stored (number plans change); `parse` is for what people
    type. The masked numbers a gateway hands out have up to 15 digits of their own and are in no plan: they are that
    gateway's text, no Phone. Raises BadValue("phone.not_a_phone").
    """

    e164: str
    extension: str = ""

    def __post_init__(self) -> None:
        if not _E164.fullmatch(self.e164) or (self.extension and not _EXTENSION.fullmatch(self.extension)):
            raise BadValue("phone.not_a_phone")
        try:
            self._parsed()
        except phonenumbers.NumberParseException as unreadable:
            raise BadValue("phone.not_a_phone") from unreadable

    def __repr__(self) -> str:
        """Masked, since reprs end up in logs and tracebacks."""
        return f"Phone({self.masked()})"

    @classmethod
    def parse(cls, text: str, region: str = _HOME_REGION) -> Self:
        """Read a number as typed in `region` (ISO 3166 code): spaces, full-width digits, 转12, 分机12 and #12 are fine.

        Raises BadValue("phone.not_a_phone") for what no number plan knows, service numbers such as 110 included.
        """
        plain = _plain(text)
        match = _WITH_EXTENSION.fullmatch(plain)
        number, extension = (match["number"], match["extension"]) if match else (plain, "")
        if not _NUMBER.fullmatch(number):
            raise BadValue("phone.not_a_phone")
        try:
            parsed = phonenumbers.parse(number, region)
        except phonenumbers.NumberParseException as unreadable:
            raise BadValue("phone.not_a_phone") from unreadable
        if not phonenumbers.is_valid_number(parsed):
            raise BadValue("phone.not_a_phone")
        return cls(phonenumbers.format_number(parsed, PhoneNumberFormat.E164), extension)

    @classmethod
    def parse_mobile(cls, text: str, region: str = _HOME_REGION) -> Self:
        """Like `parse`, for a number that must receive SMS. Raises also BadValue("phone.not_a_mobile")."""
        phone = cls.parse(text, region)
        if not phone.is_mobile:
            raise BadValue("phone.not_a_mobile")
        return phone

    @property
    def calling_code(self) -> str:
        """Digits of the country's calling code: 86."""
        return str(self._parsed().country_code)

    @property
    def prefix(self) -> str:
        """What one range of numbers shares: calling code and seven digits ("+861380013")."""
        return self.e164[: len(self.calling_code) + 8]

    @property
    def is_mobile(self) -> bool:
        """Whether the number plan allows a mobile here (where plans do not tell, as in America, it may be one)."""
        return not self.extension and phonenumbers.number_type(self._parsed()) in _MOBILE_TYPES

    def masked(self) -> str:
        """Enough to know one's own number by, not to dial it: 138****8000; other kinds keep only their last digits."""
        number = self._parsed()
        digits = phonenumbers.national_significant_number(number)
        if number.country_code == _HOME_CODE and phonenumbers.number_type(number) in _MOBILE_TYPES:
            return f"{digits[:3]}****{digits[-4:]}"
        prefix = "" if number.country_code == _HOME_CODE else f"+{number.country_code} "
        return f"{prefix}****{digits[-min(4, len(digits) // 3) :]}"

    def national(self) -> str:
        """As people in China write and dial it: "138 0013 8000", "0592 000 0000 转 12"; abroad with country code."""
        number = self._parsed()
        at_home = number.country_code == _HOME_CODE
        style = PhoneNumberFormat.NATIONAL if at_home else PhoneNumberFormat.INTERNATIONAL
        written: str = phonenumbers.format_number(number, style)
        return f"{written} 转 {self.extension}" if self.extension else written

    def tel_uri(self) -> str:
        """The address of a call link: RFC 3966, but 400 and 800 numbers, which do not answer to +86, stay national.

        Those carry no phone-context, since diallers read it as more digits.
        """
        number = self._parsed()
        abroad_too = phonenumbers.can_be_internationally_dialled(number)
        dialled = self.e164 if abroad_too else phonenumbers.national_significant_number(number)
        return f"tel:{dialled};ext={self.extension}" if self.extension else f"tel:{dialled}"

    def _parsed(self) -> PhoneNumber:
        return phonenumbers.parse(self.e164, None)


def is_service_number(text: str, region: str = _HOME_REGION) -> bool:
    """Whether `text` is a short number of `region` that is dialled as it stands: 110, 120, 12345, 12110592."""
    digits = _plain(text).replace(" ", "")
    if not re.fullmatch(r"[0-9]{2,8}", digits, re.ASCII):
        return False
    if region == _HOME_REGION and _SERVICE_NUMBERS_CN.fullmatch(digits):
        return True
    number = PhoneNumber(country_code=phonenumbers.country_code_for_region(region), national_number=int(digits))
    return digits == str(number.national_number) and bool(phonenumbers.is_valid_short_number_for_region(number, region))


def _plain(text: str) -> str:
    """Plain digits and signs, without the invisible direction marks that contact lists copy along."""
    visible = "".join(character for character in text if unicodedata.category(character) != "Cf")
    return " ".join(half_width(visible).split())
