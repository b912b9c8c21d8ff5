"""Checkpoints: signed lines that say how long the trail was and what it ended with."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from wristband.errors import BadValue

LONGEST_LINE = 2_000
"""Bytes; what is longer is no checkpoint, and is not read to its end."""
_KIND = "wristband.audit.1"
_MEMBERS = {"at", "key", "kind", "origin", "root", "signature", "size"}

Verifiers = Mapping[str, Ed25519PublicKey]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """At `at` the trail had `size` rows, the last with the digest `root`. `where` is the line it was read from."""

    size: int
    root: bytes
    at: datetime
    where: str


def sign(*, origin: str, size: int, root: bytes, at: datetime, key_id: str, key: bytes) -> str:
    """A checkpoint as one line of JSON. What is signed (Ed25519, RFC 8032) is that same line without `signature`.

    `origin` is who speaks, organisation and host; `key` the 32 bytes of the private key.
    """
    said = {
        "at": at.astimezone(UTC).isoformat(),
        "key": key_id,
        "kind": _KIND,
        "origin": origin,
        "root": root.hex(),
        "size": size,
    }
    signature = Ed25519PrivateKey.from_private_bytes(key).sign(_spelled(said).encode())
    return _spelled(said | {"signature": signature.hex()})


def read(line: str, verifiers: Verifiers, *, where: str) -> Checkpoint:
    """A line that one of our keys signed. Raises BadValue: no checkpoint, a key that is gone, another's signature."""
    said = _said(line)
    if said is None:
        raise BadValue("audit.no_checkpoint", where=where)
    verifier = verifiers.get(said["key"])
    if verifier is None:
        raise BadValue("audit.key_gone", where=where, key=said["key"][:8])
    signature = bytes.fromhex(said.pop("signature"))
    try:
        verifier.verify(signature, _spelled(said).encode())
    except InvalidSignature:
        raise BadValue("audit.forged", where=where) from None
    return Checkpoint(said["size"], bytes.fromhex(said["root"]), datetime.fromisoformat(said["at"]), where)


def read_all(lines: Iterable[tuple[str, str]], verifiers: Verifiers) -> Iterator[Checkpoint]:
    """Each `(where, line)` in turn; every one must tell of a longer trail than the one before. Raises BadValue."""
    size = 0
    for where, line in lines:
        checkpoint = read(line, verifiers, where=where)
        if checkpoint.size <= size:
            raise BadValue("audit.repeated", where=where)
        size = checkpoint.size
        yield checkpoint


def size_of(line: str) -> int:
    """How long the trail was, by a line whose signature is not looked at. 0 for what is no checkpoint."""
    said = _said(line)
    return said["size"] if said else 0


def verifiers(keys: Mapping[str, bytes]) -> dict[str, Ed25519PublicKey]:
    """The public half of every key, by its id."""
    return {key_id: Ed25519PrivateKey.from_private_bytes(key).public_key() for key_id, key in keys.items()}


def public_pem(verifier: Ed25519PublicKey) -> str:
    """A public key as openssl reads it."""
    return verifier.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _said(line: str) -> dict[str, Any] | None:
    """A line's members, None where it is not a checkpoint in our one spelling."""
    if len(line) > LONGEST_LINE:
        return None
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict) or set(said) != _MEMBERS or said["kind"] != _KIND or _spelled(said) != line:
        return None
    texts = all(isinstance(value, str) for name, value in said.items() if name != "size")
    whole = texts and type(said["size"]) is int and 0 < said["size"] < 2**63
    fits = whole and _is_hex(said["root"], 32) and _is_hex(said["signature"], 64) and _is_moment(said["at"])
    return said if fits else None


def _is_hex(text: str, length: int) -> bool:
    """Lower case alone: a second spelling of a signature would be a second line."""
    try:
        return len(text) == 2 * length and bytes.fromhex(text).hex() == text
    except ValueError:
        return False


def _is_moment(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _spelled(said: Mapping[str, object]) -> str:
    return json.dumps(dict(said), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
