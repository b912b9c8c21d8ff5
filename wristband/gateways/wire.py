"""One HTTP POST with its limits: time in all, size of the answer, no redirects, certificates checked."""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from wristband.gateways.contract import GatewayFault


@dataclass(frozen=True)
class Limits:
    """Seconds and bytes one call may take. Looking a name up has the resolver's own limits on top."""

    connect_s: float = 3.0
    total_s: float = 10.0
    answer_bytes: int = 16_384


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes


def post(url: str, body: bytes, headers: Mapping[str, str], limits: Limits) -> Answer:
    """POST `body` and read the answer, whatever its status; a redirect is an answer too and is not followed.

    Raises GatewayFault, never permanent, with code `timeout`, `tls`, `network`, `broken` (no HTTP) or `too_big`.
    """
    parts = urlsplit(url)
    connection = _Connection(parts, limits)
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", target, body, {**headers, "Connection": "close"})
        response = connection.getresponse()
        answer = response.read(limits.answer_bytes + 1)
        if len(answer) <= limits.answer_bytes and response.length:
            raise http.client.IncompleteRead(answer, response.length)
    except TimeoutError:
        raise GatewayFault(permanent=False, code="timeout") from None
    except ssl.SSLError:
        raise GatewayFault(permanent=False, code="tls") from None
    except OSError:
        raise GatewayFault(permanent=False, code="network") from None
    except (http.client.HTTPException, ValueError):
        raise GatewayFault(permanent=False, code="broken") from None
    finally:
        connection.hang_up()
    if len(answer) > limits.answer_bytes:
        raise GatewayFault(permanent=False, code="too_big")
    return Answer(response.status, answer)


class _Connection(http.client.HTTPConnection):
    """A connection whose every step shares one deadline: a socket's own time-out starts anew with each byte."""

    def __init__(self, parts: SplitResult, limits: Limits) -> None:
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        super().__init__(parts.hostname or "", parts.port or (443 if self._tls else 80))
        self._deadline = time.monotonic() + limits.total_s
        self._connect_s = limits.connect_s
        self._socket: socket.socket | None = None

    def remaining_s(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def connect(self) -> None:
        patience_s = min(self._connect_s, self.remaining_s())
        self._socket = socket.create_connection((self.host, self.port), patience_s)
        if self._tls:
            self._socket = self._tls.wrap_socket(self._socket, server_hostname=self.host)
        self.sock: Any = _TimedSocket(self._socket, self)

    def hang_up(self) -> None:
        self.close()
        if self._socket is not None:
            self._socket.close()


class _TimedSocket(io.RawIOBase):
    """As much of a socket as http.client uses, each step with what is left of the time."""

    def __init__(self, wire: socket.socket, connection: _Connection) -> None:
        self._wire = wire
        self._connection = connection

    def sendall(self, data: bytes) -> None:
        self._wire.settimeout(self._connection.remaining_s())
        self._wire.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._wire.settimeout(self._connection.remaining_s())
        return self._wire.recv_into(buffer)

    def close(self) -> None:
        """Nothing: http.client closes its socket before the answer is read; the caller of post() hangs up."""
