"""Passwords and recovery codes as they are kept, and the one gate before all that is costly about them."""

from __future__ import annotations

import secrets
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from wristband.accounts.passwords import PASSWORD_MAX
from wristband.gates import Gate

# 64 MiB, three passes: the reference's figure for passwords.
_passwords = PasswordHasher(time_cost=3, memory_cost=65536, parallelism=1)
# Fifty bits that we drew ourselves need less of it, and ten of them are made at once.
_recovery_codes = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)

# Each check takes 64 MiB and a third of a second: one at a time a process.
gate = Gate("accounts.busy", at_once=1, waiting=2, wait_s=2)
"""Entered around every call of `fits` and of `hash_codes`, and around a form's `hash_password`."""


def is_full() -> bool:
    """Whether a password would find no place at the gate now: asked before any other work is done for it."""
    return gate.is_full()


def hash_password(password: str) -> str:
    """What is kept instead of a password, which is normalised (NFC): two keyboards may spell one letter two ways."""
    return _passwords.hash(unicodedata.normalize("NFC", password))


def hash_codes(codes: list[str]) -> list[str]:
    """What is kept instead of recovery codes; worked out by the gate's hand."""
    return gate.do(lambda: [_recovery_codes.hash(code) for code in codes])


def fits(stored: str | None, secret: str) -> bool:
    """Whether what was typed is what `stored` was made of. Nobody's takes as long: pass None where there is none."""
    typed = unicodedata.normalize("NFC", secret[: PASSWORD_MAX * 4])
    if len(typed) > PASSWORD_MAX:
        stored, typed = None, ""
    try:
        return gate.do(_passwords.verify, stored or _nobodys(), typed) and bool(stored)
    except (Argon2Error, InvalidHashError):
        return False


@cache
def _nobodys() -> str:
    """Verified where no such officer exists, so that both answers take the same time."""
    return _passwords.hash(secrets.token_urlsafe(24))
