"""The signed string in a band's QR: twelve digits of serial, one character of key id, twelve characters of MAC."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from itsdangerous.signer import HMACAlgorithm, Signer

from wristband.values.code import CROCKFORD, SERIAL_DIGITS, BandCode

SALT = "band.v1"
MAC_LENGTH = 12
TOKEN_LENGTH = SERIAL_DIGITS + 1 + MAC_LENGTH
KEY_BYTES = 32

_SPELLING = re.compile(rf"[0-9]{{{SERIAL_DIGITS}}}[{CROCKFORD}]{{{1 + MAC_LENGTH}}}")


class BandAlgorithm(HMACAlgorithm):
    """HMAC-SHA256, the first 60 bits of it as twelve Crockford characters.

    Sixty bits leave a forger one chance in 2^60 a try, and each try must go through the server; every character
    more would cost the symbol modules that it needs on a wrist.
    """

    default_digest_method = staticmethod(hashlib.sha256)

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        number = int.from_bytes(super().get_signature(key, value)[:8], "big") >> 4
        return "".join(CROCKFORD[number >> shift & 31] for shift in range(55, -1, -5)).encode("ascii")


class BandSigner(Signer):
    """itsdangerous' signer with the band's salt and algorithm, whose signature is already fit to print."""

    def __init__(self, key: bytes) -> None:
        super().__init__(key, salt=SALT, key_derivation="hmac", digest_method=hashlib.sha256, algorithm=BandAlgorithm())
        # The artwork signs thousands of serials to find one that suits a portrait: derive once.
        self._derived = self.derive_key()

    def get_signature(self, value: str | bytes) -> bytes:
        """Twelve Crockford characters: the base class would wrap them in base64, which no alphanumeric QR holds."""
        return self.algorithm.get_signature(self._derived, value.encode("ascii") if isinstance(value, str) else value)

    def verify_signature(self, value: str | bytes, sig: str | bytes) -> bool:
        """Compared in constant time, by itsdangerous."""
        octets = value.encode("ascii") if isinstance(value, str) else value
        signature = sig.encode("ascii") if isinstance(sig, str) else sig
        return self.algorithm.verify_signature(self._derived, octets, signature)


@dataclass(frozen=True)
class BandKeys:
    """The keys bands are signed with, by key id: one Crockford character each, so 32 at a time.

    New bands are signed with `current`; when it is not named, with the last of the mapping. The others keep
    reading: a key is withdrawn only when no band of its batch is worn any more. Misconfigured keys are a
    ValueError at the start, not a refusal to a person.
    """

    keys: Mapping[str, bytes]
    current: str = ""

    def __post_init__(self) -> None:
        if not self.keys:
            raise ValueError("no band key is configured")
        for key_id, key in self.keys.items():
            if len(key_id) != 1 or key_id not in CROCKFORD:
                raise ValueError(f"a band key id is one character of {CROCKFORD}, not {key_id!r}")
            if len(key) < KEY_BYTES:
                raise ValueError(f"band key {key_id} is shorter than {KEY_BYTES} bytes")
        object.__setattr__(self, "current", self.current or list(self.keys)[-1])
        if self.current not in self.keys:
            raise ValueError(f"the current band key {self.current!r} is not among the keys")

    def __repr__(self) -> str:
        """Without the keys."""
        return f"BandKeys({', '.join(self.keys)}; current {self.current})"

    @cached_property
    def signers(self) -> Mapping[str, BandSigner]:
        """One signer a key."""
        return {key_id: BandSigner(key) for key_id, key in self.keys.items()}


@dataclass(frozen=True, slots=True)
class Token:
    """A token that is ours. That it was signed says nothing about whether its band is in use: the row does."""

    serial: str
    key_id: str
    mac: str

    @property
    def text(self) -> str:
        """The one spelling, 25 characters."""
        return f"{self.serial}{self.key_id}{self.mac}"

    @property
    def code(self) -> BandCode:
        """What is printed beside the symbol and typed when it does not read."""
        return BandCode.from_serial(self.serial)

    def __repr__(self) -> str:
        """Without the MAC: a token has no place in a log."""
        return f"Token({self.serial}{self.key_id}…)"


def sign(serial: str, keys: BandKeys) -> str:
    """The token of `serial` (twelve digits), signed with the current key."""
    if len(serial) != SERIAL_DIGITS or not (serial.isascii() and serial.isdigit()):
        raise ValueError("a serial is twelve decimal digits")
    signed = serial + keys.current
    return signed + keys.signers[keys.current].get_signature(signed).decode("ascii")


def read(text: str, keys: BandKeys) -> Token | None:
    """The token in `text`, or None when it is not one of ours.

    Lower case is raised first, since some phones lower a whole address; nothing else is tolerated, so that one
    band has one spelling.
    """
    if len(text) != TOKEN_LENGTH or not text.isascii():
        return None
    text = text.upper()
    if not _SPELLING.fullmatch(text):
        return None
    token = Token(text[:SERIAL_DIGITS], text[SERIAL_DIGITS], text[SERIAL_DIGITS + 1 :])
    signer = keys.signers.get(token.key_id)
    if signer is None or not signer.verify_signature(text[: SERIAL_DIGITS + 1], token.mac):
        return None
    return token
