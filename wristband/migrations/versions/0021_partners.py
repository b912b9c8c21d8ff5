"""Partners, their keys and webhooks, what they have reported and proposed.

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_ENDS = sa.Enum("failing", "gone", native_enum=False, length=24)


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False)


def _ties(table: str, *columns: str) -> list[sa.ForeignKeyConstraint]:
    """Columns named as the table they point to."""
    return [
        sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"))
        for column in columns
        for target in [column.removesuffix("_id")]
    ]


def upgrade() -> None:
    _partners()
    _keys_and_calls()
    op.create_table(
        "partner_incident",
        sa.Column("partner_id", sa.BigInteger(), nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.Column("reported_at", _MOMENT, nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        _id(),
        *_ties("partner_incident", "partner_id", "incident_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_incident")),
        sa.UniqueConstraint("partner_id", "incident_id", name="uq_partner_incident_once"),
    )
    op.create_index(op.f("ix_partner_incident_incident_id"), "partner_incident", ["incident_id"])
    op.create_table(
        "partner_report",
        sa.Column("scan_id", sa.BigInteger(), nullable=False),
        sa.Column("partner_id", sa.BigInteger(), nullable=False),
        sa.Column("made_at", _MOMENT, nullable=False),
        _id(),
        *_ties("partner_report", "scan_id", "partner_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_report")),
        sa.UniqueConstraint("scan_id", name=op.f("uq_partner_report_scan_id")),
    )
    op.create_index(op.f("ix_partner_report_partner_id"), "partner_report", ["partner_id"])
    _proposals()
    _webhooks()


def _partners() -> None:
    op.create_table(
        "partner",
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("scopes", sa.String(240), nullable=False),
        sa.Column("station_id", sa.BigInteger(), nullable=True),
        sa.Column("district", sa.String(40), nullable=False),
        sa.Column("hosts", sa.String(1300), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("added_at", _MOMENT, nullable=False),
        sa.Column("ended_at", _MOMENT, nullable=True),
        _id(),
        *_ties("partner", "station_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner")),
        sa.UniqueConstraint("name", name=op.f("uq_partner_name")),
    )


def _keys_and_calls() -> None:
    op.create_table(
        "partner_key",
        sa.Column("partner_id", sa.BigInteger(), nullable=False),
        sa.Column("handle", sa.String(16), nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("made_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("used_at", _MOMENT, nullable=True),
        sa.Column("ended_at", _MOMENT, nullable=True),
        _id(),
        *_ties("partner_key", "partner_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_key")),
        sa.UniqueConstraint("handle", name=op.f("uq_partner_key_handle")),
    )
    op.create_index(op.f("ix_partner_key_partner_id"), "partner_key", ["partner_id"])
    op.create_table(
        "partner_call",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("partner_id", sa.BigInteger(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("made_at", _MOMENT, nullable=False),
        _id(),
        *_ties("partner_call", "partner_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_call")),
        sa.UniqueConstraint("key", name=op.f("uq_partner_call_key")),
    )
    op.create_index(op.f("ix_partner_call_partner_id"), "partner_call", ["partner_id"])
    op.create_index(op.f("ix_partner_call_made_at"), "partner_call", ["made_at"])


def _proposals() -> None:
    op.create_table(
        "proposal",
        sa.Column("partner_id", sa.BigInteger(), nullable=False),
        sa.Column("station_id", sa.BigInteger(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("phone_index", sa.String(32), nullable=True),
        sa.Column("texts", sa.Text(), nullable=True),
        sa.Column("made_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("confirmed_at", _MOMENT, nullable=True),
        sa.Column("declined_at", _MOMENT, nullable=True),
        sa.Column("elder_id", sa.BigInteger(), nullable=True),
        _id(),
        *_ties("proposal", "partner_id", "station_id", "elder_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposal")),
    )
    for column in ("partner_id", "phone_index", "expires_at", "elder_id"):
        op.create_index(op.f(f"ix_proposal_{column}"), "proposal", [column])


def _webhooks() -> None:
    op.create_table(
        "webhook",
        sa.Column("partner_id", sa.BigInteger(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("events", sa.String(240), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("old_secret", sa.Text(), nullable=True),
        sa.Column("old_secret_until", _MOMENT, nullable=True),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("made_at", _MOMENT, nullable=False),
        sa.Column("enabled_at", _MOMENT, nullable=False),
        sa.Column("disabled_at", _MOMENT, nullable=True),
        sa.Column("disabled_for", _ENDS, nullable=True),
        sa.Column("ended_at", _MOMENT, nullable=True),
        _id(),
        *_ties("webhook", "partner_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook")),
    )
    op.create_index(op.f("ix_webhook_partner_id"), "webhook", ["partner_id"])


def downgrade() -> None:
    for table in (
        "webhook",
        "proposal",
        "partner_report",
        "partner_incident",
        "partner_call",
        "partner_key",
        "partner",
    ):
        op.drop_table(table)
