"""The proof between an operator's machines and ours: HMAC-SHA256 over time, purpose and body, and a window of time."""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import datetime

from wristband.gateways.contract import ReceiptCall, ReceiptRefused
from wristband.gateways.receipts import header

SHORTEST_KEY_BYTES = 32
WINDOW_S = 300
"""A call whose time is further off than this is refused, whoever signed it: it may be an old one, sent again."""
_SECONDS = re.compile(r"[0-9]{1,12}")


def signature(key: bytes, moment: str, about: str, body: bytes) -> str:
    """`v1=` and the hexadecimal HMAC-SHA256 of `moment.about.` followed by the body, under the shared key.

    `moment` is in seconds since 1970. `about` is the idempotency key of what we send, and names the kind of what is
    told to us, so that nothing of ours comes back as theirs.
    """
    return f"v1={hmac.digest(key, f'{moment}.{about}.'.encode() + body, hashlib.sha256).hex()}"


def signed_headers(key: bytes | None, idempotency_key: str, body: bytes, at: datetime) -> dict[str, str]:
    """The headers of a JSON call of ours; without a key nothing is signed."""
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Accept": "application/json",
        "User-Agent": "wristband",
        "Idempotency-Key": idempotency_key,
    }
    if key is not None:
        moment = str(int(at.timestamp()))
        headers |= {"Wristband-Time": moment, "Wristband-Signature": signature(key, moment, idempotency_key, body)}
    return headers


def check(call: ReceiptCall, key: bytes, about: str) -> None:
    """Raises ReceiptRefused, status 401, for a call that is not signed so, or not of these minutes."""
    moment = header(call, "Wristband-Time")
    given = header(call, "Wristband-Signature").encode()
    if not hmac.compare_digest(given, signature(key, moment, about, call.body).encode()):
        raise ReceiptRefused("wrong_signature", status=401)
    if not _SECONDS.fullmatch(moment) or abs(int(moment) - call.at.timestamp()) > WINDOW_S:
        raise ReceiptRefused("wrong_time", status=401)
