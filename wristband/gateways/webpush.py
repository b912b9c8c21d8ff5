"""A push message sealed for one browser (RFC 8291, aes128gcm) and signed by this server (VAPID, RFC 8292)."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

# By hand on `cryptography`, which is here anyway: pywebpush brings two HTTP clients of its own, and the whole is a
# screenful that the RFC's own example proves.
_CURVE = ec.SECP256R1()
# The order of P-256 (SP 800-186, 3.2.1.3).
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_SALT_BYTES = 16
# What every push service takes (RFC 8030, 7.2), less header (16 salt, 4 size, 1 + 65 key), delimiter and tag.
LARGEST_RECORD = 4096
LONGEST_BYTES = LARGEST_RECORD - 86 - 1 - 16
"""The longest content that can be sealed."""
_VALID = timedelta(hours=12)


def signing_key(secret: bytes) -> ec.EllipticCurvePrivateKey:
    """The server's key of P-256 made from 32 secret bytes: the same secret, the same key.

    More bits than the order has, then reduced: no key is likelier than another (FIPS 186-5, A.2.1).
    """
    wide = HKDF(SHA256(), length=48, salt=None, info=b"wristband.vapid.v1").derive(secret)
    return ec.derive_private_key(int.from_bytes(wide, "big") % (_ORDER - 1) + 1, _CURVE)


def public_key(secret: bytes) -> str:
    """What a page offers its browser to subscribe with: `applicationServerKey` in base64url, 87 characters."""
    return base64url(point(signing_key(secret)))


def seal(
    content: bytes,
    p256dh: bytes,
    auth: bytes,
    *,
    salt: bytes | None = None,
    ours: ec.EllipticCurvePrivateKey | None = None,
) -> bytes:
    """The body of a push request: `content`, at most LONGEST_BYTES, sealed so that only that browser reads it.

    Salt and key are new for every message; the tests give those of the RFC. Raises ValueError for what is too long.
    """
    if len(content) > LONGEST_BYTES:
        raise ValueError("too long for one push message")
    salt = salt or os.urandom(_SALT_BYTES)
    ours = ours or ec.generate_private_key(_CURVE)
    shared = ours.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, p256dh))
    keyed = _derive(shared, auth, b"WebPush: info\0" + p256dh + point(ours), 32)
    key = _derive(keyed, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derive(keyed, salt, b"Content-Encoding: nonce\0", 12)
    header = salt + LARGEST_RECORD.to_bytes(4, "big") + bytes([len(point(ours))]) + point(ours)
    # 2 ends the last record (RFC 8188, 2).
    return header + AESGCM(key).encrypt(nonce, content + b"\x02", None)


def authorization(endpoint: str, secret: bytes, contact: str, now: datetime) -> str:
    """The Authorization header by which the push service of `endpoint` knows us; `contact` is mailto: or https:."""
    parts = urlsplit(endpoint)
    claims = {
        "aud": f"{parts.scheme}://{parts.netloc}",
        "exp": int((now + _VALID).timestamp()),
        "sub": contact,
    }
    signed = f"{_segment({'typ': 'JWT', 'alg': 'ES256'})}.{_segment(claims)}"
    key = signing_key(secret)
    r, s = utils.decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(SHA256())))
    signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    return f"vapid t={signed}.{base64url(signature)}, k={base64url(point(key))}"


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def point(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The public half, uncompressed: 65 bytes."""
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _derive(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length=length, salt=salt, info=info).derive(secret)


def _segment(content: Mapping[str, object]) -> str:
    return base64url(json.dumps(content, separators=(",", ":")).encode())
