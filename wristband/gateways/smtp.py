"""One conversation with a mail server: time in all, certificates checked, and whose fault a refusal is."""

from __future__ import annotations

import contextlib
import io
import ipaddress
import smtplib
import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from wristband.gateways.contract import Blame, GatewayFault
from wristband.gateways.wire import Limits

Security = Literal["starttls", "tls", "none"]
# "Log in first", "wrong password", "encrypt first" (RFC 4954, 6): said of us, at whichever step.
_OURS = frozenset({530, 534, 535, 538})
# RFC 3463, 3.8: security or policy. It is about who sends, not about the mailbox.
_POLICY = b"5.7."


@dataclass(frozen=True)
class Server:
    """Where a mail server is. `loopback`: the operator named one of this machine; it is called though it is inside."""

    host: str
    port: int
    security: Security
    loopback: bool = False


@contextlib.contextmanager
def conversation(server: Server, limits: Limits, *, helo: str) -> Iterator[Session]:
    """A conversation that is not begun yet. Raises GatewayFault and nothing else for what goes wrong on the way.

    The server's own words hold addresses and are left out. The fault is in doubt once the mail itself was sent.
    """
    session = Session(server, limits, helo=helo)
    try:
        yield session
    except smtplib.SMTPServerDisconnected as gone:  # hides what the line itself had to say
        raise session.fault(_code_of(gone.__context__)) from None
    except smtplib.SMTPException:
        raise session.fault("broken") from None
    except OSError as error:  # before ValueError: a certificate that does not hold is both
        raise session.fault(_code_of(error)) from None
    except ValueError:
        raise session.fault("broken") from None
    finally:
        session.hang_up()


def _code_of(error: BaseException | None) -> str:
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, ssl.SSLError):
        return "tls"
    return "network" if isinstance(error, OSError) else "hung_up"


class Session(smtplib.SMTP):
    """A conversation whose every step shares one deadline."""

    def __init__(self, server: Server, limits: Limits, *, helo: str) -> None:
        # Given a host, the parent would look it up and call it by itself.
        super().__init__(local_hostname=helo)
        self._server = server
        self._line = _Line(limits, loopback=server.loopback)
        self._ready = self._sending = False

    def fault(self, code: str) -> GatewayFault:
        """What went wrong with the line, not with what the server said."""
        blame = Blame.GATEWAY if self._ready else Blame.OUTAGE
        return GatewayFault(permanent=False, code=code, blame=blame, in_doubt=self._sending)

    def hang_up(self) -> None:
        self.close()
        self._line.hang_up()

    def open(self) -> None:
        """Connected, greeted and encrypted."""
        self._line.reach(self._server.host, self._server.port)
        if self._server.security == "tls":
            self._line.encrypt(self._server.host)
        self.sock = cast(socket.socket, self._line)
        _expect("greeting", self.getreply())
        _expect("helo", self.ehlo())
        if self._server.security == "starttls":
            _expect("starttls", self.docmd("STARTTLS"))
            self._line.encrypt(self._server.host)
            self._forget()
            _expect("helo", self.ehlo())

    def _forget(self) -> None:
        """What was said in clear does not count (RFC 3207, 4.2), and bytes that came along with it are dropped."""
        self.file = None
        self.helo_resp = self.ehlo_resp = None
        self.esmtp_features = {}
        self.does_esmtp = False

    def log_in(self, user: str, password: str) -> None:
        """Logged in; `auth_<code>` where the server will not have it, `auth_missing` where it knows no way we know."""
        try:
            self.login(user, password)
        except smtplib.SMTPAuthenticationError as refused:
            raise GatewayFault(permanent=False, code=f"auth_{refused.smtp_code}", blame=Blame.OUTAGE) from None
        except smtplib.SMTPServerDisconnected:
            raise
        except smtplib.SMTPException:
            raise GatewayFault(permanent=False, code="auth_missing", blame=Blame.OUTAGE) from None

    def hand_in(self, sender: str, recipient: str, mail: bytes) -> None:
        """One mail to one mailbox; when this returns, the server has taken it."""
        self._ready = True
        _expect("mail", self.mail(sender))
        _expect("rcpt", self.rcpt(recipient), about_them=True)
        _expect("data", self._hand_data(mail), about_them=True)
        with contextlib.suppress(smtplib.SMTPException, OSError):
            self.quit()

    def _hand_data(self, mail: bytes) -> tuple[int, bytes]:
        self._sending = True
        try:
            return self.data(mail)
        except smtplib.SMTPDataError as refused:
            said = refused.smtp_error
            return refused.smtp_code, said if isinstance(said, bytes) else said.encode()


def _expect(step: str, reply: tuple[int, bytes], *, about_them: bool = False) -> None:
    """A yes, or the fault `<step>_<code>`: permanent for a 5xx about the mailbox or the message, not about us."""
    code, said = reply
    if not 200 <= code < 300:
        permanent = about_them and 500 <= code < 600 and code not in _OURS and not said.startswith(_POLICY)
        blame = Blame.MESSAGE if about_them else Blame.OUTAGE
        raise GatewayFault(permanent=permanent, code=f"{step}_{code}" if code >= 100 else "broken", blame=blame)


class _Line(io.RawIOBase):
    """As much of a socket as smtplib uses, each step with what is left of the time: a socket's own time-out would
    start anew with each byte."""

    def __init__(self, limits: Limits, *, loopback: bool) -> None:
        self._limits = limits
        self._loopback = loopback
        self._deadline = time.monotonic() + limits.total_s
        self._wire: socket.socket | None = None

    def reach(self, host: str, port: int) -> None:
        """Connected to the first address of the host that answers, if a gateway may be called at every one of them."""
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        if not all(self._may_call(str(place[0])) for *_, place in found):
            raise GatewayFault(permanent=False, code="address_refused", blame=Blame.OUTAGE)
        fault = OSError("no address")
        for each in found:
            try:
                self._dial(each)
            except OSError as error:
                self.hang_up()
                fault = error
            else:
                return
        raise fault

    def _may_call(self, address: str) -> bool:
        inside = self._loopback and ipaddress.ip_address(address.partition("%")[0]).is_loopback
        return inside or self._limits.allow(address)

    def _dial(self, found: Sequence[Any]) -> None:
        family, kind, protocol, _, place = found
        self._wire = socket.socket(family, kind, protocol)
        self._wire.settimeout(min(self._limits.connect_s, self._remaining_s()))
        self._wire.connect(place)

    def encrypt(self, host: str) -> None:
        """TLS from here on, with a certificate for this host that the machine's authorities vouch for."""
        context = ssl.create_default_context()
        self._wire = context.wrap_socket(self._timed(), server_hostname=host)

    def _remaining_s(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def _timed(self) -> socket.socket:
        if self._wire is None:
            raise OSError("not connected")
        self._wire.settimeout(self._remaining_s())
        return self._wire

    def sendall(self, data: bytes) -> None:
        self._timed().sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._timed().recv_into(buffer)

    def close(self) -> None:
        """Nothing: a reader that is let go of closes what it reads from. Whoever opened the line hangs up."""

    def hang_up(self) -> None:
        if self._wire is not None:
            self._wire.close()
        self._wire = None
