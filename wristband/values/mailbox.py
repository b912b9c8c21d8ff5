"""An e-mail address: plain ASCII inside, so that no header can be smuggled in with it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from wristband.errors import BadValue
from wristband.values.width import half_width

# RFC 5321 4.5.3.1: so many characters a mail server has to take.
_LONGEST_LOCAL = 64
_LONGEST = 254
# A dot-atom (RFC 5322 3.2.3). Quoted local parts exist on paper; families have none, and parsers differ over them.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,64}"
_LOCAL = re.compile(rf"{_ATOM}(\.{_ATOM}){{0,31}}", re.ASCII)
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
# The last label is no number: 127.0.0.1 is a host, not a domain of mailboxes.
_DOMAIN = re.compile(rf"({_LABEL}\.){{1,40}}(?=[a-z]){_LABEL}", re.ASCII)
# What address books write around an address: `林 <lin@example.org>`.
_NAMED = re.compile(r"[^<>]*<([^<>]*)>")
# An ideographic full stop for the dot, and marks that nobody sees and phones paste along.
_SLIPS = str.maketrans({"。": ".", "．": ".", "｡": "."} | dict.fromkeys("\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"))


@dataclass(frozen=True, slots=True, repr=False)
class Mailbox:
    """A mailbox as `lin@example.org`, the domain in small letters and its xn-- form.

    The constructor checks an address we stored; `parse` is for what people type or paste. Only the form is looked
    at: whether anybody reads it is told by a code sent there. Raises BadValue("mailbox.not_a_mailbox").
    """

    address: str

    def __post_init__(self) -> None:
        local, _, domain = self.address.rpartition("@")
        if (
            len(self.address) > _LONGEST
            or len(local) > _LONGEST_LOCAL
            or not _LOCAL.fullmatch(local)
            or not _DOMAIN.fullmatch(domain)
        ):
            raise BadValue("mailbox.not_a_mailbox")

    def __repr__(self) -> str:
        """Masked, since reprs end up in logs and tracebacks."""
        return f"Mailbox({self.masked()})"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an address: full-width letters, `mailto:`, a name and angle brackets around it are fine."""
        plain = half_width(text.translate(_SLIPS)).strip()
        if plain[:7].lower() == "mailto:":
            plain = plain[7:].partition("?")[0]
        if named := _NAMED.fullmatch(plain):
            plain = named[1].strip()
        local, _, domain = plain.rpartition("@")
        try:
            return cls(f"{local}@{_plain_domain(domain)}")
        except UnicodeError as unreadable:
            raise BadValue("mailbox.not_a_mailbox") from unreadable

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]

    def masked(self) -> str:
        """`l***@example.org`: enough for its owner to know it by."""
        return f"{self.address[0]}***@{self.domain}"


def _plain_domain(domain: str) -> str:
    # Only what needs it: the codec also cuts and changes what a mistyped plain domain holds.
    return domain.lower() if domain.isascii() else domain.encode("idna").decode("ascii").lower()
