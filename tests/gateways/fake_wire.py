"""The other side of the wire: an HTTP server on loopback that answers as it is told and keeps what it was sent."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import ipaddress
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass
class Sent:
    """One request as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def content(self) -> dict[str, Any]:
        return json.loads(self.body)

    def is_signed_with(self, key: bytes) -> bool:
        """Checked as a receiver would: over time, idempotency key and the bytes of the body."""
        signed = f"{self.headers['Wristband-Time']}.{self.headers['Idempotency-Key']}.".encode() + self.body
        return self.headers["Wristband-Signature"] == f"v1={hmac.new(key, signed, hashlib.sha256).hexdigest()}"


Behaviour = Callable[[BaseHTTPRequestHandler, "FakeWire"], None]


@dataclass
class FakeWire:
    """What arrived, what had an effect, and how the next request is answered."""

    url: str = ""
    behaviour: Behaviour | None = None
    sent: list[Sent] = field(default_factory=list)
    effects: dict[str, str] = field(default_factory=dict)
    """Idempotency key to body: a receiver that honours the key, hence at most one each."""
    done: threading.Event = field(default_factory=threading.Event)

    def answer(self, handler: BaseHTTPRequestHandler, sent: Sent) -> None:
        self.sent.append(sent)
        (self.behaviour or accepting)(handler, self)


def accepting(handler: BaseHTTPRequestHandler, wire: FakeWire) -> None:
    sent = wire.sent[-1]
    key = sent.headers["Idempotency-Key"]
    wire.effects.setdefault(key, sent.content["body"])
    reply(handler, 200, json.dumps({"accepted": True, "id": f"r-{key}"}).encode())


def replying(status: int, body: bytes | dict[str, Any] = b"", **headers: str) -> Behaviour:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return lambda handler, _wire: reply(handler, status, data, headers)


def accepting_then(behaviour: Behaviour) -> Behaviour:
    """The message has its effect, and the answer goes wrong."""

    def act(handler: BaseHTTPRequestHandler, wire: FakeWire) -> None:
        sent = wire.sent[-1]
        wire.effects.setdefault(sent.headers["Idempotency-Key"], sent.content["body"])
        behaviour(handler, wire)

    return act


def raw(data: bytes) -> Behaviour:
    """Bytes in place of an answer."""

    def act(handler: BaseHTTPRequestHandler, _wire: FakeWire) -> None:
        handler.wfile.write(data)

    return act


def silent(_handler: BaseHTTPRequestHandler, wire: FakeWire) -> None:
    """Says nothing until the test is over."""
    wire.done.wait(30)


def dripping(start: bytes) -> Behaviour:
    """A byte now and then, each well within any time-out of its own, far longer than a caller may wait."""

    def act(handler: BaseHTTPRequestHandler, wire: FakeWire) -> None:
        handler.wfile.write(start)
        try:
            for _ in range(300):
                handler.wfile.write(b"x")
                wire.done.wait(0.02)
        except OSError:
            return

    return act


def endless(handler: BaseHTTPRequestHandler, _wire: FakeWire) -> None:
    """An answer of 65 MB, as fast as it is taken."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
    try:
        for _ in range(1000):
            handler.wfile.write(b" " * 65536)
    except OSError:
        return


def reply(handler: BaseHTTPRequestHandler, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
    handler.send_response(status)
    for name, value in (headers or {}).items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


@contextmanager
def serving(tls_folder: Path | None = None) -> Iterator[FakeWire]:
    """A wire server on a free port of loopback; with `tls_folder` behind a certificate nobody trusts."""
    wire = FakeWire()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            wire.answer(self, Sent(self.path, dict(self.headers), body))

        def do_GET(self) -> None:
            wire.answer(self, Sent(self.path, dict(self.headers), b""))

        def log_message(self, *_ignored: object) -> None:
            """Quiet."""

    class Server(ThreadingHTTPServer):
        daemon_threads = False

        def handle_error(self, _request: object, _address: object) -> None:
            """A caller that hangs up is what these tests are about."""

    server = Server(("127.0.0.1", 0), Handler)
    scheme = "http"
    if tls_folder:
        server.socket = _untrusted(tls_folder).wrap_socket(server.socket, server_side=True)
        scheme = "https"
    wire.url = f"{scheme}://127.0.0.1:{server.server_port}/send?unit=7"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield wire
    finally:
        wire.done.set()
        server.shutdown()
        thread.join()
        server.server_close()


def _untrusted(folder: Path) -> ssl.SSLContext:
    """A server's context whose certificate it signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context
