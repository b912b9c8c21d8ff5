"""A certificate of this machine's own, so that a phone in the same network may use camera links and its position."""

from __future__ import annotations

import array
import contextlib
import fcntl
import ipaddress
import os
import socket
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# Phones refuse certificates that live longer than 398 days.
LIFE = timedelta(days=397)
RENEW_BEFORE = timedelta(days=30)
_SIOCGIFADDR = 0x8915


@dataclass(frozen=True)
class Pair:
    certificate: Path
    key: Path


def lan_addresses() -> tuple[str | None, list[str]]:
    """This machine's IPv4 address on the way out, None without a network, and all its addresses but loopback."""
    found: list[str] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, name in socket.if_nameindex():
            request = array.array("B", struct.pack("256s", name.encode()[:15]))
            with contextlib.suppress(OSError):  # an interface without an address
                fcntl.ioctl(probe, _SIOCGIFADDR, request)
                found.append(socket.inet_ntoa(request.tobytes()[20:24]))
        addresses = sorted({address for address in found if not ipaddress.ip_address(address).is_loopback})
        main = addresses[0] if addresses else None
        with contextlib.suppress(OSError):
            probe.connect(("203.0.113.1", 9))  # a documentation address: asks the routing table, sends nothing
            main = probe.getsockname()[0]
    return main, addresses


def certificate_for(addresses: list[str], folder: Path) -> Pair:
    """The certificate for these addresses in `folder`; made anew when they have changed or its time runs out."""
    pair = Pair(folder / "certificate.pem", folder / "key.pem")
    if not _still_fits(pair, addresses):
        _make(pair, addresses)
    return pair


def _names(addresses: list[str]) -> set[str]:
    return {"localhost", "127.0.0.1", *addresses}


def _still_fits(pair: Pair, addresses: list[str]) -> bool:
    try:
        certificate = x509.load_pem_x509_certificate(pair.certificate.read_bytes())
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, x509.ExtensionNotFound):
        return False
    covered = {*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))}
    fresh = certificate.not_valid_after_utc - RENEW_BEFORE > datetime.now(UTC)
    return fresh and pair.key.exists() and covered == _names(addresses)


def _make(pair: Pair, addresses: list[str]) -> None:
    pair.key.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "wristband on this machine")])
    now = datetime.now(UTC)
    places = [x509.IPAddress(ipaddress.ip_address(address)) for address in ("127.0.0.1", *addresses)]
    certificate = (
        x509.CertificateBuilder(subject_name=name, issuer_name=name, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + LIFE)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost"), *places]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    form = serialization.Encoding.PEM
    plain = key.private_bytes(form, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    pair.key.unlink(missing_ok=True)
    with os.fdopen(os.open(pair.key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(plain)
    pair.certificate.write_bytes(certificate.public_bytes(form))
