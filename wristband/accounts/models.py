"""Accounts and sign-ins."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from wristband.accounts.rules import Browser, Door, NoticeKind, QuietKind, Role, Stage
from wristband.db import KeyedHash, Row, UtcDateTime, enum_type
from wristband.sealing import sealed


class Guardian(Row):
    """A family member with an account; known by a confirmed mobile phone."""

    __tablename__ = "guardian"
    phone_sealed: Mapped[str] = mapped_column("phone", sa.Text)
    phone = sealed("phone_sealed", owner="id", index="phone_index")
    phone_index: Mapped[str] = mapped_column(KeyedHash(32, "index"), unique=True)
    name_sealed: Mapped[str | None] = mapped_column("name", sa.Text)
    name = sealed("name_sealed", owner="id", erased=None)
    language: Mapped[str] = mapped_column(sa.String(12), default="zh-CN")
    joined_at: Mapped[datetime] = mapped_column(UtcDateTime)


class QuietContact(Row):
    """Where a guardian is told of news besides the telephone: a mailbox, a chat, a browser that shows notices."""

    __tablename__ = "quiet_contact"
    __table_args__ = (sa.UniqueConstraint("guardian_id", "address_index", name="uq_quiet_contact_once"),)
    guardian_id: Mapped[int] = mapped_column(sa.ForeignKey("guardian.id"), index=True)
    kind: Mapped[QuietKind] = mapped_column(enum_type(QuietKind))
    address_sealed: Mapped[str] = mapped_column("address", sa.Text)
    address = sealed("address_sealed", owner="guardian_id", index="address_index")
    """As its gateway takes it: a mailbox, an apprise address, a push subscription as JSON."""
    address_index: Mapped[str] = mapped_column(KeyedHash(32, "index"))
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When something sent there came back; nothing about an elder goes out before."""
    lost_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Since when its gateway says that it is gone; it is told of no more."""


class Officer(Row):
    """Station staff; belongs to one station."""

    __tablename__ = "officer"
    username: Mapped[str] = mapped_column(sa.String(64), unique=True)
    name_sealed: Mapped[str] = mapped_column("name", sa.Text)
    name = sealed("name_sealed")
    password_hash: Mapped[str] = mapped_column(sa.String(200))
    role: Mapped[Role] = mapped_column(enum_type(Role))
    station_id: Mapped[int] = mapped_column(sa.ForeignKey("station.id"), index=True)
    language: Mapped[str] = mapped_column(sa.String(12), default="")
    """What she has chosen; empty while her browser says it."""
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    activation_hash: Mapped[str | None] = mapped_column(KeyedHash(64, "codes"), unique=True, index=True)
    """Of the one code by which she sets a password herself; the newest replaces the one before."""
    activation_expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    totp_sealed: Mapped[str | None] = mapped_column("totp", sa.Text)
    totp = sealed("totp_sealed")
    """The secret her authenticator shares with us, base 32."""
    totp_step: Mapped[int | None] = mapped_column(sa.BigInteger)
    """The last step of it whose code was used: none is used twice."""
    totp_pending_sealed: Mapped[str | None] = mapped_column("totp_pending", sa.Text)
    totp_pending = sealed("totp_pending_sealed")
    """A secret that was shown and whose first code has not come yet."""


class Passkey(Row):
    """One passkey of an officer's: the public half, and how often it has answered."""

    __tablename__ = "passkey"
    officer_id: Mapped[int] = mapped_column(sa.ForeignKey("officer.id"), index=True)
    credential_id: Mapped[str] = mapped_column(sa.String(1400), unique=True)
    """As the authenticator named it, base64url; up to 1023 bytes by the standard."""
    public_key: Mapped[str] = mapped_column(sa.Text)
    """COSE key, base64url."""
    sign_count: Mapped[int] = mapped_column(sa.BigInteger)
    name_sealed: Mapped[str] = mapped_column("name", sa.Text)
    name = sealed("name_sealed")
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RecoveryCode(Row):
    """One of ten codes for whoever has lost her second factor; good once."""

    __tablename__ = "recovery_code"
    __table_args__ = (sa.UniqueConstraint("officer_id", "number", name="uq_recovery_code_number"),)
    officer_id: Mapped[int] = mapped_column(sa.ForeignKey("officer.id"))
    number: Mapped[int] = mapped_column(sa.Integer)
    code_hash: Mapped[str] = mapped_column(sa.String(200))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class OfficerNotice(Row):
    """What an officer is to be told of an account, her own or one of her station."""

    __tablename__ = "officer_notice"
    officer_id: Mapped[int] = mapped_column(sa.ForeignKey("officer.id"), index=True)
    kind: Mapped[NoticeKind] = mapped_column(enum_type(NoticeKind))
    about_id: Mapped[int] = mapped_column(sa.ForeignKey("officer.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SignIn(Row):
    """One signed-in browser at one door. The cookie holds the reference, the row only its keyed hash."""

    __tablename__ = "sign_in"
    __table_args__ = (sa.CheckConstraint("(guardian_id IS NULL) <> (officer_id IS NULL)", name="one_account"),)
    reference_hash: Mapped[str] = mapped_column(KeyedHash(64, "codes"), unique=True)
    door: Mapped[Door] = mapped_column(enum_type(Door))
    guardian_id: Mapped[int | None] = mapped_column(sa.ForeignKey("guardian.id"), index=True)
    officer_id: Mapped[int | None] = mapped_column(sa.ForeignKey("officer.id"), index=True)
    began_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    stage: Mapped[Stage] = mapped_column(enum_type(Stage), default=Stage.WHOLE, server_default=Stage.WHOLE.value)
    proved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When a password or second factor was last given in it."""
    browser: Mapped[Browser | None] = mapped_column(enum_type(Browser))
