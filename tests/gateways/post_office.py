"""A mail server on loopback that says what it is told to say and keeps what it took."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from wristband.gateways.mail import MailSettings

MAILBOX = "lin@example.org"
SENDER = "post@band.example.org"
USER = "band"
PASSWORD = "correct horse"


class PostOffice:
    """What the server took, and what it says and does at each command in place of yes."""

    def __init__(self) -> None:
        self.taken: dict[str, EmailMessage] = {}
        """By Message-ID, as mailboxes show them."""
        self.arrived: list[bytes] = []
        self.hellos: list[tuple[str, bool]] = []
        """Who said hello, and whether over TLS."""
        self.logins: list[bool] = []
        self.says: dict[str, str] = {}
        self.waits_s: dict[str, float] = {}
        self.hangs_up_at = ""

    async def at(self, command: str, server: SMTP) -> str:
        """What is told to happen at this command: a pause, a hung-up line, an answer."""
        await asyncio.sleep(self.waits_s.get(command, 0))
        if self.hangs_up_at == command and server.transport is not None:
            server.transport.close()
        return self.says.get(command, "")

    async def handle_EHLO(  # noqa: N802  the server calls it so
        self, server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.hellos.append((hostname, session.ssl is not None))
        said = await self.at("EHLO", server)
        return [said] if said else responses

    async def handle_MAIL(  # noqa: N802  the server calls it so
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        envelope.mail_from = address
        return await self.at("MAIL", server) or "250 OK"

    async def handle_RCPT(  # noqa: N802  the server calls it so
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        said = await self.at("RCPT", server)
        if not said:
            envelope.rcpt_tos.append(address)
        return said or "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        said = await self.at("DATA", server)
        if not said:
            assert isinstance(envelope.content, bytes)
            mail = message_from_bytes(envelope.content, policy=policy.default)
            self.arrived.append(envelope.content)
            self.taken.setdefault(str(mail["Message-ID"]), mail)
        return said or "250 taken"

    def let_in(self, _server: object, _session: object, _envelope: object, _how: str, who: Any) -> AuthResult:
        """The server's question about a login."""
        good = isinstance(who, LoginPassword) and (who.login, who.password) == (USER.encode(), PASSWORD.encode())
        self.logins.append(good)
        return AuthResult(success=good, handled=False)


class Office(Controller):
    """aiosmtpd's server in its thread, on a port the machine chooses."""

    def _trigger_server(self) -> None:
        assert self.server is not None
        self.port = int(self.server.sockets[0].getsockname()[1])
        super()._trigger_server()


Opens = Callable[..., Office]
"""`opened(**options)`: a running server, with the options of open_office()."""


def open_office(office: PostOffice, tls: ssl.SSLContext | None = None, **options: Any) -> Office:
    """A running server for `office`, under TLS from the start with `tls`; whoever opens it stops it."""
    controller = Office(
        office, hostname="127.0.0.1", port=0, ssl_context=tls, authenticator=office.let_in, decode_data=False, **options
    )
    controller.start()
    office.hellos.clear()
    return controller


def mail_settings(port: int, folder: Path = Path(), **more: Any) -> MailSettings:
    """The settings of an operator whose mail server is that of loopback."""
    told = {"host": "127.0.0.1", "port": port, "security": "none", "sender": SENDER}
    return MailSettings.model_validate(told | more, context={"folder": folder, "production": False})


def password_in(folder: Path, password: str = PASSWORD) -> dict[str, Any]:
    """The part of mail_settings() that logs in."""
    (folder / "password").write_text(password + "\n")
    (folder / "password").chmod(0o600)
    return {"user": USER, "password_file": "password", "folder": folder}


def text_of(mail: EmailMessage) -> str:
    """The plain text, its lines ended as here and without the end the format adds."""
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n").removesuffix("\n")
