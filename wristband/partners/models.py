"""Partners, their keys, webhooks and calls; the incidents they may follow, and the elders they propose."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from wristband.db import KeyedHash, Row, UtcDateTime, enum_type
from wristband.partners.rules import WebhookEnd
from wristband.sealing import sealed


class Partner(Row):
    """Another system: a community's, a hotline's, a bus company's. Its rights are its own, whichever key it shows."""

    __tablename__ = "partner"
    name: Mapped[str] = mapped_column(sa.String(80), unique=True)
    scopes: Mapped[str] = mapped_column(sa.String(240))
    """Words of rules.Scope, parted by spaces."""
    station_id: Mapped[int | None] = mapped_column(sa.ForeignKey("station.id"))
    district: Mapped[str] = mapped_column(sa.String(40), default="")
    """Its area: a station, a district by its name, or, with neither, everywhere."""
    hosts: Mapped[str] = mapped_column(sa.String(1300), default="")
    """Where its webhooks may go, parted by spaces: an administrator says so, never the partner."""
    version: Mapped[int] = mapped_column(default=1)
    """Moves with every change, so that two administrators see each other's."""
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PartnerKey(Row):
    """One key of a partner's. The handle finds it, the secret proves it; of that only a keyed hash is kept."""

    __tablename__ = "partner_key"
    partner_id: Mapped[int] = mapped_column(sa.ForeignKey("partner.id"), index=True)
    handle: Mapped[str] = mapped_column(sa.String(16), unique=True)
    secret_hash: Mapped[str] = mapped_column(KeyedHash(64, "codes"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When it was shown last, to the minute."""
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PartnerCall(Row):
    """A call that changed something, by its Idempotency-Key: told again within a day, it is answered the same."""

    __tablename__ = "partner_call"
    key: Mapped[str] = mapped_column(KeyedHash(64, "codes"), unique=True)
    digest: Mapped[str] = mapped_column(KeyedHash(64, "codes"))
    """Of the operation and the body."""
    partner_id: Mapped[int] = mapped_column(sa.ForeignKey("partner.id"), index=True)
    answer_sealed: Mapped[str | None] = mapped_column("answer", sa.Text)
    answer = sealed("answer_sealed")
    """JSON; empty only inside the transaction that makes it."""
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class PartnerIncident(Row):
    """An incident that a partner has reported, and may follow."""

    __tablename__ = "partner_incident"
    __table_args__ = (sa.UniqueConstraint("partner_id", "incident_id", name="uq_partner_incident_once"),)
    partner_id: Mapped[int] = mapped_column(sa.ForeignKey("partner.id"))
    incident_id: Mapped[int] = mapped_column(sa.ForeignKey("incident.id"), index=True)
    reported_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reference_sealed: Mapped[str | None] = mapped_column("reference", sa.Text)
    reference = sealed("reference_sealed")
    """The partner's own number for its report."""


class PartnerReport(Row):
    """A report that a partner made for a finder: its scan is no phone's, and nobody reads its board."""

    __tablename__ = "partner_report"
    scan_id: Mapped[int] = mapped_column(sa.ForeignKey("scan.id"), unique=True)
    partner_id: Mapped[int] = mapped_column(sa.ForeignKey("partner.id"), index=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Proposal(Row):
    """An elder whom a community registers: nothing holds until a guardian with this telephone has confirmed it."""

    __tablename__ = "proposal"
    partner_id: Mapped[int] = mapped_column(sa.ForeignKey("partner.id"), index=True)
    station_id: Mapped[int | None] = mapped_column(sa.ForeignKey("station.id"))
    phone_sealed: Mapped[str | None] = mapped_column("phone", sa.Text)
    phone = sealed("phone_sealed", index="phone_index")
    phone_index: Mapped[str | None] = mapped_column(KeyedHash(32, "index"), index=True)
    texts_sealed: Mapped[str | None] = mapped_column("texts", sa.Text)
    texts = sealed("texts_sealed")
    """What the community wrote down, as JSON; empty once it is settled."""
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    declined_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    elder_id: Mapped[int | None] = mapped_column(sa.ForeignKey("elder.id"), index=True)


class Webhook(Row):
    """An address of a partner's that is told of events, with the secret they are signed with."""

    __tablename__ = "webhook"
    partner_id: Mapped[int] = mapped_column(sa.ForeignKey("partner.id"), index=True)
    url_sealed: Mapped[str] = mapped_column("url", sa.Text)
    url = sealed("url_sealed")
    events: Mapped[str] = mapped_column(sa.String(240))
    """Words of rules.Event, parted by spaces."""
    secret_sealed: Mapped[str] = mapped_column("secret", sa.Text)
    secret = sealed("secret_sealed")
    old_secret_sealed: Mapped[str | None] = mapped_column("old_secret", sa.Text)
    old_secret = sealed("old_secret_sealed")
    old_secret_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    told: Mapped[int] = mapped_column(default=0)
    """How many events it is owed so far; each gets its number here."""
    version: Mapped[int] = mapped_column(default=1)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    enabled_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """Since when failures count."""
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    disabled_for: Mapped[WebhookEnd | None] = mapped_column(enum_type(WebhookEnd))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
