"""Reed-Solomon codewords over GF(256), as QR symbols use them."""

from __future__ import annotations

from functools import cache


@cache
def _power(exponent: int) -> int:
    """The generator of GF(256), polynomial x^8 + x^4 + x^3 + x^2 + 1, to a power."""
    value = 1
    for _ in range(exponent % 255):
        value <<= 1
        value ^= 0x11D if value & 0x100 else 0
    return value


@cache
def _logarithms() -> dict[int, int]:
    return {_power(exponent): exponent for exponent in range(255)}


def _product(a: int, b: int) -> int:
    logarithms = _logarithms()
    return _power(logarithms[a] + logarithms[b]) if a and b else 0


@cache
def _generator(count: int) -> tuple[int, ...]:
    """Coefficients below the leading one of (x - 1)(x - a)...(x - a^(count-1)), highest first."""
    polynomial = [1]
    for exponent in range(count):
        shifted = [*polynomial, 0]
        for i, coefficient in enumerate(polynomial):
            shifted[i + 1] ^= _product(coefficient, _power(exponent))
        polynomial = shifted
    return tuple(polynomial[1:])


def correction(data: bytes, count: int) -> bytes:
    """The `count` Reed-Solomon codewords of one block's data."""
    remainder = [0] * count
    for octet in data:
        factor = octet ^ remainder[0]
        remainder = [*remainder[1:], 0]
        for i, coefficient in enumerate(_generator(count)):
            remainder[i] ^= _product(factor, coefficient)
    return bytes(remainder)
