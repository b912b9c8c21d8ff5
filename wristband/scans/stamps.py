"""The form stamp: a scan's address made before anything is kept, signed so that it is ours.

It is the idempotency key of a page without script: a second tap carries the same stamp and finds the first answer.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping

from itsdangerous import BadData, TimestampSigner

from wristband.scans.rules import STAMP_LASTS

_REFERENCE = re.compile(r"[A-Za-z0-9_-]{22}")


def _signer(keys: Mapping[str, bytes]) -> TimestampSigner:
    return TimestampSigner(
        list(keys.values()), salt="form.v1", sep=".", key_derivation="hmac", digest_method=hashlib.sha256
    )


def make(keys: Mapping[str, bytes], reference: str | None = None) -> tuple[str, str]:
    """A scan's reference (128 random bits, 22 characters; a new one unless given) and its stamp."""
    reference = reference or secrets.token_urlsafe(16)
    return reference, _signer(keys).sign(reference).decode()


def read(stamp: str, keys: Mapping[str, bytes]) -> str | None:
    """The reference in a stamp of ours, or None for one that is forged, cut, or older than a page may lie open."""
    try:
        reference = _signer(keys).unsign(stamp, max_age=int(STAMP_LASTS.total_seconds())).decode()
    except (BadData, UnicodeError):
        return None
    return reference if _REFERENCE.fullmatch(reference) else None
