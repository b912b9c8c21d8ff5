"""One HTTP exchange with its limits: where to, time in all, size of the answer, no redirects, certificates checked."""

from __future__ import annotations

import http.client
import io
import ipaddress
import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from wristband.gateways.contract import Blame, GatewayFault

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# What a network without IPv4 writes before an IPv4 address (RFC 6052): the packet arrives at that one.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")

# Kept for protocols (RFC 6890), and where one cloud answers with its metadata; older Pythons call it global.
_PROTOCOLS = ipaddress.IPv4Network("192.0.0.0/24")


@dataclass(frozen=True)
class Limits:
    """Seconds and bytes one call may take, and where to. Looking a name up has the resolver's own limits on top."""

    connect_s: float = 3.0
    total_s: float = 10.0
    answer_bytes: int = 16_384
    public_only: bool = False
    """Whether only addresses of the open Internet and of `networks` are called: so in production."""
    networks: tuple[Network, ...] = ()
    """The operator's own networks in which a gateway may stand."""

    def allow(self, address: str) -> bool:
        """Whether a gateway may be called at this numerical address. Never at a loopback or link-local one, where
        other doors of this machine and the metadata of a cloud answer, once only public ones are."""
        if not self.public_only:
            return True
        reached = _reached(ipaddress.ip_address(address.partition("%")[0]))
        if reached.is_loopback or reached.is_link_local or reached.is_unspecified or reached.is_multicast:
            return False
        open_internet = reached.is_global and reached not in _PROTOCOLS
        return open_internet or any(reached in network for network in self.networks)


def _reached(address: _Address) -> _Address:
    """Where a packet to this address ends: the IPv4 address inside an IPv6 one that only carries it."""
    if not isinstance(address, ipaddress.IPv6Address):
        return address
    inside = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
    if address in _NAT64:
        inside = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return inside or address


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes


def post(url: str, body: bytes, headers: Mapping[str, str], limits: Limits) -> Answer:
    """POST `body` and read the answer, whatever its status; a redirect is an answer too and is not followed.

    Raises GatewayFault, never permanent, with code `timeout`, `tls`, `network`, `broken` (no HTTP), `too_big`, or
    `address_refused` where the host's name leads, with any of its answers, to where no gateway may be called. It is
    in doubt once anything was sent; before, the gateway is not reachable and to blame by itself.
    """
    return _exchange("POST", url, body, headers, limits)


def get(url: str, headers: Mapping[str, str], limits: Limits) -> Answer:
    """GET `url` under the rules of `post`. It asks and changes nothing: nobody minds a fault in doubt."""
    return _exchange("GET", url, None, headers, limits)


def _exchange(method: str, url: str, body: bytes | None, headers: Mapping[str, str], limits: Limits) -> Answer:
    parts = urlsplit(url)
    connection = _Connection(parts, limits)

    def fault(code: str) -> GatewayFault:
        blame = Blame.GATEWAY if connection.stands else Blame.OUTAGE
        return GatewayFault(permanent=False, code=code, blame=blame, in_doubt=connection.stands)

    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request(method, target, body, {**headers, "Connection": "close"})
        response = connection.getresponse()
        answer = response.read(limits.answer_bytes + 1)
        if len(answer) <= limits.answer_bytes and response.length:
            raise http.client.IncompleteRead(answer, response.length)
    except TimeoutError:
        raise fault("timeout") from None
    except ssl.SSLError:
        raise fault("tls") from None
    except OSError:
        raise fault("network") from None
    except (http.client.HTTPException, ValueError):
        raise fault("broken") from None
    finally:
        connection.hang_up()
    if len(answer) > limits.answer_bytes:
        raise fault("too_big")
    return Answer(response.status, answer)


class _Connection(http.client.HTTPConnection):
    """A connection whose every step shares one deadline: a socket's own time-out starts anew with each byte."""

    def __init__(self, parts: SplitResult, limits: Limits) -> None:
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        super().__init__(parts.hostname or "", parts.port or (443 if self._tls else 80))
        self._deadline = time.monotonic() + limits.total_s
        self._limits = limits
        self._socket: socket.socket | None = None
        self.stands = False
        """Whether the connection was made: from here on something may have been sent."""

    def remaining_s(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def connect(self) -> None:
        # Looked up once, and what was looked at is what is called: a name cannot lead elsewhere in between.
        found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        if not all(self._limits.allow(str(place[0])) for *_, place in found):
            raise GatewayFault(permanent=False, code="address_refused", blame=Blame.OUTAGE)
        self._socket = self._reach(found)
        if self._tls:
            self._socket = self._tls.wrap_socket(self._socket, server_hostname=self.host)
        self.stands = True
        self.sock: Any = _TimedSocket(self._socket, self)

    def _reach(self, found: Sequence[tuple[Any, ...]]) -> socket.socket:
        """Connected to the first of these addresses that answers."""
        fault = OSError("no address")
        for family, kind, protocol, _, place in found:
            try:
                return self._dial(socket.socket(family, kind, protocol), place)
            except OSError as error:
                fault = error
        raise fault

    def _dial(self, line: socket.socket, place: Any) -> socket.socket:
        try:
            line.settimeout(min(self._limits.connect_s, self.remaining_s()))
            line.connect(place)
        except OSError:
            line.close()
            raise
        return line

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
