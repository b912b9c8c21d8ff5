"""E-mail through the operator's mail server."""

from __future__ import annotations

import contextlib
import html
import ipaddress
import re
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr
from typing import Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from wristband.errors import BadValue
from wristband.gateways import smtp, words
from wristband.gateways.contract import Gateway, GatewayFault, Handover, Receipt
from wristband.gateways.settings import Secret, Strict
from wristband.gateways.wire import Limits
from wristband.values.mailbox import Mailbox

_HOST = re.compile(r"[A-Za-z0-9.-]+|[0-9a-fA-F:]+", re.ASCII)
_LONGEST_SUBJECT = 60
# Where the sentence ends that says what it is about.
_CLAUSE = re.compile(r"[。！？!?\n]")
_LINK = re.compile(r"https?://[!-~]+", re.ASCII)
_BUTTON = (
    "display:block;padding:18px 12px;background:#7a4a00;color:#ffffff;border-radius:8px;"
    "font-size:22px;font-weight:bold;text-align:center;text-decoration:none"
)


class MailSettings(Strict):
    """The operator's mail server; `security` none sends in clear."""

    host: str
    port: int = Field(default=587, ge=1, le=65535)
    security: smtp.Security = "starttls"
    user: str = ""
    password: Secret | None = Field(default=None, alias="password_file")
    sender: str
    """The address messages come from."""
    sender_name: str = Field(default="", max_length=60)
    reply_to: str = ""
    """Where an answer goes; where empty, to the sender."""

    @field_validator("host")
    @classmethod
    def _plain_host(cls, value: str) -> str:
        if not _HOST.fullmatch(value):
            raise ValueError("write the mail server's host in plain letters, as smtp.example.org")
        return value.lower()

    @field_validator("sender", "reply_to")
    @classmethod
    def _mailbox(cls, value: str, info: ValidationInfo) -> str:
        if not value and info.field_name == "reply_to":
            return ""
        try:
            return Mailbox.parse(value).address
        except BadValue:
            raise ValueError("write an address as post@example.org") from None

    @field_validator("sender_name")
    @classmethod
    def _one_line(cls, value: str) -> str:
        if not value.isprintable():
            raise ValueError("a name is one line of plain text")
        return value

    @model_validator(mode="after")
    def _fits_together(self, info: ValidationInfo) -> Self:
        if bool(self.user) != bool(self.password):
            raise ValueError("user and password_file go together")
        if self.security == "none" and not self.on_loopback:
            if self.user:
                raise ValueError("a password is not sent in clear: set security to starttls or tls")
            if (info.context or {}).get("production"):
                raise ValueError("in production set security to starttls or tls")
        return self

    @property
    def on_loopback(self) -> bool:
        """Whether the mail server is one of this machine, named as such."""
        with contextlib.suppress(ValueError):
            return ipaddress.ip_address(self.host).is_loopback
        return self.host == "localhost"


class MailGateway(Gateway):
    """Writes one mail a message: plain text, and the same as simple HTML with the link as one big button.

    Its Message-ID is made from the idempotency key: mailboxes show two mails of one id as one. Faults: `rcpt_<code>`
    and `data_<code>` are permanent where the server says 5xx about the mailbox or the message; what it says about us
    (`helo_`, `starttls_`, `auth_`, `mail_`, policies) and every 4xx passes, for the operator mends it. `timeout`,
    `tls`, `network`, `hung_up`, `address_refused` pass too; `recipient_invalid` is permanent.
    A production does not send in clear but to its own machine: ValueError.
    """

    name = "mail"

    def __init__(self, settings: MailSettings, limits: Limits | None = None) -> None:
        self._settings = settings
        self._limits = limits or Limits(total_s=20.0)
        if self._limits.public_only and settings.security == "none" and not settings.on_loopback:
            raise ValueError("mail: in production set security to starttls or tls")

    def _call(self, handover: Handover) -> Receipt:
        try:
            recipient = Mailbox(handover.recipient)
        except BadValue:
            raise GatewayFault(permanent=True, code="recipient_invalid") from None
        mail = compose(handover, recipient, self._settings)
        ours = self._settings
        server = smtp.Server(ours.host, ours.port, ours.security, loopback=ours.on_loopback)
        with smtp.conversation(server, self._limits, helo=_domain(ours.sender)) as session:
            session.open()
            if ours.password is not None:
                session.log_in(ours.user, ours.password.get_secret_value())
            session.hand_in(ours.sender, recipient.address, mail.as_bytes(policy=SMTP))
        return Receipt(mail["Message-ID"])


def compose(handover: Handover, recipient: Mailbox, settings: MailSettings) -> EmailMessage:
    """The mail. Its body is put in quoted form, so nothing in it can become a header or an element."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = formataddr((settings.sender_name, settings.sender))
    mail["To"] = recipient.address
    if settings.reply_to:
        mail["Reply-To"] = settings.reply_to
    mail["Subject"] = _subject(handover)
    mail["Date"] = format_datetime(handover.at)
    mail["Message-ID"] = f"<{handover.idempotency_key}@{_domain(settings.sender)}>"
    mail["Importance"] = "high"
    # RFC 3834: no out-of-office answers to this.
    mail["Auto-Submitted"] = "auto-generated"
    link = handover.link if _LINK.fullmatch(handover.link) else ""
    seen = words.seen(handover.language)
    mail.set_content(f"{handover.body}\n\n{seen}:\n{link}\n" if link else handover.body, cte="base64")
    mail.add_alternative(_html(handover, link, seen), subtype="html", cte="base64")
    mail["Content-Language"] = handover.language  # last: putting content in takes such headers out
    return mail


def _domain(address: str) -> str:
    return address.rpartition("@")[2]


def _subject(handover: Handover) -> str:
    first = _CLAUSE.split(handover.body.strip(), maxsplit=1)[0]
    plain = "".join(character for character in first if character.isprintable()).strip()
    return (plain or words.title(handover.language))[:_LONGEST_SUBJECT]


def _html(handover: Handover, link: str, seen: str) -> str:
    text = "<br>".join(html.escape(line) for line in handover.body.splitlines())
    button = f'<p><a href="{html.escape(link)}" style="{_BUTTON}">{html.escape(seen)}</a></p>' if link else ""
    return (
        f'<!doctype html><html lang="{html.escape(handover.language)}"><head><meta charset="utf-8">'
        f"<title>{html.escape(_subject(handover))}</title></head>"
        f'<body style="font-size:18px;line-height:1.6;color:#1a1a1a"><p>{text}</p>{button}</body></html>\n'
    )
