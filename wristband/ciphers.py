"""The two ciphers of sealed values: AES-256-GCM, and SM4-GCM where Chinese algorithms are asked for."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Protocol

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.hashes import SHA256, SM3
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from wristband.errors import Refusal

NONCE_BYTES = 12
_TAG_BYTES = 16


class Algorithm(StrEnum):
    """How a value is sealed; its word stands in the value's header."""

    AESGCM = "aesgcm"
    SM4GCM = "sm4gcm"


class AlgorithmMissing(Refusal):
    """The cryptography library of this machine does not have it."""

    status = 500


class Aead(Protocol):
    """Encrypts with additional data; `decrypt` raises InvalidTag and then gives nothing away."""

    def encrypt(self, nonce: bytes, clear: bytes, bound: bytes) -> bytes: ...

    def decrypt(self, nonce: bytes, sealed: bytes, bound: bytes) -> bytes: ...


class Sm4Gcm:
    """SM4 (GB/T 32907) in Galois/Counter Mode, RFC 8998: 16 bytes of key, 12 of nonce, 16 of tag behind the text."""

    def __init__(self, key: bytes) -> None:
        self._key = SM4(key)

    def encrypt(self, nonce: bytes, clear: bytes, bound: bytes) -> bytes:
        worker = Cipher(self._key, modes.GCM(nonce)).encryptor()
        worker.authenticate_additional_data(bound)
        return worker.update(clear) + worker.finalize() + worker.tag

    def decrypt(self, nonce: bytes, sealed: bytes, bound: bytes) -> bytes:
        if len(sealed) < _TAG_BYTES:
            raise InvalidTag
        worker = Cipher(self._key, modes.GCM(nonce)).decryptor()
        worker.authenticate_additional_data(bound)
        unproved = worker.update(sealed[:-_TAG_BYTES])
        # Raises InvalidTag: nothing is handed out before the tag was checked.
        return unproved + worker.finalize_with_tag(sealed[-_TAG_BYTES:])


def _aes(secret: bytes, place: bytes) -> Aead:
    return AESGCM(HKDF(SHA256(), 32, salt=None, info=place).derive(secret))


def _sm4(secret: bytes, place: bytes) -> Aead:
    return Sm4Gcm(HKDF(SM3(), 16, salt=None, info=place).derive(secret))


_MAKERS: dict[Algorithm, Callable[[bytes, bytes], Aead]] = {Algorithm.AESGCM: _aes, Algorithm.SM4GCM: _sm4}


def derive(algorithm: Algorithm, secret: bytes, place: bytes) -> Aead:
    """The cipher of one place, its key derived from `secret` by HKDF. Raises AlgorithmMissing."""
    try:
        return _MAKERS[algorithm](secret, place)
    except UnsupportedAlgorithm:
        raise AlgorithmMissing("seal.algorithm_missing", algorithm=algorithm.value) from None


def check(algorithm: Algorithm) -> None:
    """Try it once, so that a machine without it says so at the start. Raises AlgorithmMissing."""
    try:
        derive(algorithm, bytes(32), b"").encrypt(bytes(NONCE_BYTES), b"", b"")
    except UnsupportedAlgorithm:
        raise AlgorithmMissing("seal.algorithm_missing", algorithm=algorithm.value) from None
