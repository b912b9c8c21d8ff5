"""An authenticator of passkeys in software: what a phone or a key would answer, and what a thief's would."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

_PRESENT, _VERIFIED, _ATTESTED = 0x01, 0x04, 0x40


@dataclass
class Authenticator:
    """One passkey on one device. It counts its answers where `counts`, and knows its owner where `verifies`."""

    counts: bool = True
    verifies: bool = True
    count: int = 0
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    credential: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    def create(self, challenge: bytes, *, party: str, origin: str) -> str:
        """The answer to navigator.credentials.create(), as JSON."""
        public = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: public.x.to_bytes(32, "big"), -3: public.y.to_bytes(32, "big")}
        made = bytes(16) + len(self.credential).to_bytes(2, "big") + self.credential + cbor2.dumps(cose)
        data = self._data(party, _ATTESTED) + made
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer({"attestationObject": attestation, **_client("webauthn.create", challenge, origin)})

    def get(self, challenge: bytes, *, party: str, origin: str) -> str:
        """The answer to navigator.credentials.get(), as JSON."""
        if self.counts:
            self.count += 1
        data = self._data(party, 0)
        client = _client("webauthn.get", challenge, origin)
        signed = data + hashlib.sha256(client["clientDataJSON"]).digest()
        signature = self.key.sign(signed, ec.ECDSA(hashes.SHA256()))
        return self._answer({"authenticatorData": data, "signature": signature, **client})

    def _data(self, party: str, flags: int) -> bytes:
        flags |= _PRESENT | (_VERIFIED if self.verifies else 0)
        return hashlib.sha256(party.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _answer(self, response: dict[str, bytes]) -> str:
        name = base64url(self.credential)
        said: dict[str, Any] = {"id": name, "rawId": name, "type": "public-key", "clientExtensionResults": {}}
        return json.dumps({**said, "response": {part: base64url(raw) for part, raw in response.items()}})


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _client(kind: str, challenge: bytes, origin: str) -> dict[str, bytes]:
    said = {"type": kind, "challenge": base64url(challenge), "origin": origin, "crossOrigin": False}
    return {"clientDataJSON": json.dumps(said).encode()}
