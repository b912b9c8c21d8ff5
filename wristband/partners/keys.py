"""The keys partners show: a handle by which the row is found, and a secret of which only a keyed hash is kept."""

from __future__ import annotations

import re
import secrets

from wristband.sealing import Keyed, box

_HANDLE = "abcdefghijklmnopqrstuvwxyz234567"
_HANDLE_LENGTH = 12
_KEY = re.compile(rf"wbk_([{_HANDLE}]{{{_HANDLE_LENGTH}}})_([A-Za-z0-9_-]{{43}})", re.ASCII)
_BEARER = re.compile(r"bearer +([!-~]{1,200})", re.I | re.ASCII)
NOBODY = ("a" * _HANDLE_LENGTH, "-" * 43)
"""What stands for a key that cannot be one: it costs the same look and the same hash."""
NO_HASH = "0" * 64


def make() -> tuple[str, str]:
    """A new handle and secret: 60 and 256 random bits."""
    return "".join(secrets.choice(_HANDLE) for _ in range(_HANDLE_LENGTH)), secrets.token_urlsafe(32)


def shown(handle: str, secret: str) -> str:
    """The key as it is handed over, once: its beginning lets a scanner of leaked secrets know it."""
    return f"wbk_{handle}_{secret}"


def read(authorization: str) -> tuple[str, str] | None:
    """Handle and secret of an `Authorization: Bearer ...` header, None for anything else."""
    bearer = _BEARER.fullmatch(authorization.strip())
    found = _KEY.fullmatch(bearer[1]) if bearer else None
    return (found[1], found[2]) if found else None


def hashed(handle: str, secret: str) -> Keyed:
    """What is kept of a secret."""
    return box().keyed_hash("partner.key", handle, secret)


def make_secret() -> str:
    """What a webhook's events are signed with: 256 random bits, its bytes those of this text."""
    return f"whs_{secrets.token_urlsafe(32)}"
