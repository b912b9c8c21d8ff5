"""Second factors that are typed: the authenticator's six digits (RFC 6238) and the recovery codes."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest
from typing import Any

import pyotp

from wristband.values.code import CROCKFORD

STEP_S = 30
DIGITS = 6
RECOVERY_CODES = 10
RECOVERY_CHARACTERS = 10
"""Fifty bits."""
_SEPARATORS = re.compile(r"[\s\-_.·‐‑‒–—―−]+")
_LOOK_ALIKE = str.maketrans("OIL", "011")
_LONGEST = 60


def new_secret() -> str:
    """A secret of 160 bits, base 32, as authenticators take it."""
    return pyotp.random_base32(32)


def address_of(secret: str, *, username: str, issuer: str) -> str:
    """The `otpauth://` address of a secret, which a QR symbol hands to an authenticator."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=issuer.replace(":", " "))


def grouped(secret: str) -> str:
    """A secret in groups of four, for whoever types it."""
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))


def step_at(now: datetime) -> int:
    """The number of the half minute that `now` lies in."""
    return int(now.timestamp()) // STEP_S


def find_step(secret: str, typed: str, *, last: int | None, now: datetime) -> int | None:
    """The step whose code was typed: this one or the one before, and after the `last` that was used; or None."""
    digits = plain(typed)
    if not re.fullmatch(rf"[0-9]{{{DIGITS}}}", digits):
        return None
    totp = pyotp.TOTP(secret)
    this = step_at(now)
    fitting = [step for step in (this, this - 1) if compare_digest(totp.generate_otp(step), digits)]
    return next((step for step in fitting if last is None or step > last), None)


def plain(typed: str) -> str:
    """What was typed without what stands between groups, full-width folded, upper case; at most sixty characters."""
    return _SEPARATORS.sub("", unicodedata.normalize("NFKC", typed[:_LONGEST])).upper()


@dataclass(frozen=True, slots=True)
class TypedRecovery:
    """A recovery code as it was typed: which of the ten, and its secret part."""

    number: int
    secret: str


def new_recovery_codes() -> list[TypedRecovery]:
    """Ten codes, numbered from 0: the number is no secret, so that one comparison is enough."""
    return [
        TypedRecovery(number, "".join(secrets.choice(CROCKFORD) for _ in range(RECOVERY_CHARACTERS)))
        for number in range(RECOVERY_CODES)
    ]


def shown(codes: Sequence[TypedRecovery]) -> list[str]:
    """The codes as they are printed: `3-ABCDE-FGHJK`."""
    return [f"{code.number}-{code.secret[:5]}-{code.secret[5:]}" for code in codes]


def find_recovery(typed: str) -> TypedRecovery | None:
    """What a recovery code says; None for what cannot be one."""
    text = plain(typed).translate(_LOOK_ALIKE)
    if len(text) != RECOVERY_CHARACTERS + 1 or not text[0].isdecimal() or set(text) - set(CROCKFORD):
        return None
    return TypedRecovery(int(text[0]), text[1:])


@dataclass(frozen=True, slots=True)
class Symbol:
    """A QR symbol as an SVG path of unit squares; `size` is its side with the quiet zone of four modules."""

    size: int
    path: str


def symbol_of(address: str) -> Symbol:
    """The symbol that says `address`, for a camera at a screen: error correction M."""
    from qrcode.constants import ERROR_CORRECT_M
    from qrcode.main import QRCode

    code: QRCode[Any] = QRCode(error_correction=ERROR_CORRECT_M, border=4)
    code.add_data(address)
    code.make(fit=True)
    rows = code.get_matrix()
    dark = [f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, is_dark in enumerate(row) if is_dark]
    return Symbol(len(rows), "".join(dark))
