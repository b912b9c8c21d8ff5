"""What an officer or a guardian released of an incident, and what came from outside.

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_AUDIENCES = sa.Enum("restricted", "public", native_enum=False, length=24)
_ENDINGS = sa.Enum("withdrawn", "closed", "expired", native_enum=False, length=24)
_NOTES = sa.Enum("missing", "sought", "seen", "link", "link_back", native_enum=False, length=24)


def upgrade() -> None:
    _releases()
    _from_outside()
    _of_releases()


def _tie(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"))


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False)


def _releases() -> None:
    op.create_table(
        "release",
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.String(32), nullable=False),
        sa.Column("guardian_id", sa.BigInteger(), nullable=True),
        sa.Column("officer_id", sa.BigInteger(), nullable=True),
        sa.Column("shown", sa.String(80), nullable=False),
        sa.Column("clothes", sa.Text(), nullable=True),
        sa.Column("audience", _AUDIENCES, nullable=False),
        sa.Column("released_at", _MOMENT, nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("ended_at", _MOMENT, nullable=True),
        sa.Column("ending", _ENDINGS, nullable=True),
        sa.Column("ended_by", sa.String(48), nullable=True),
        _id(),
        _tie("release", "incident_id", "incident"),
        _tie("release", "guardian_id", "guardian"),
        _tie("release", "officer_id", "officer"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release")),
        sa.UniqueConstraint("public_id", name=op.f("uq_release_public_id")),
    )
    op.create_index(op.f("ix_release_incident_id"), "release", ["incident_id"])
    op.create_index(op.f("ix_release_ended_at"), "release", ["ended_at"])
    holds = sa.text("ended_at IS NULL")
    op.create_index(
        "uq_release_holds", "release", ["incident_id"], unique=True, sqlite_where=holds, postgresql_where=holds
    )


def _from_outside() -> None:
    op.create_table(
        "outside_person",
        sa.Column("record_id", sa.String(255), nullable=False),
        sa.Column("source_at", _MOMENT, nullable=False),
        sa.Column("kept_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("said", sa.Text(), nullable=True),
        _id(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outside_person")),
        sa.UniqueConstraint("record_id", name=op.f("uq_outside_person_record_id")),
    )
    op.create_index(op.f("ix_outside_person_expires_at"), "outside_person", ["expires_at"])
    op.create_table(
        "outside_note",
        sa.Column("record_id", sa.String(255), nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=True),
        sa.Column("person_record_id", sa.String(255), nullable=False),
        sa.Column("linked_record_id", sa.String(255), nullable=False),
        sa.Column("linked_at", _MOMENT, nullable=True),
        sa.Column("linked_by", sa.BigInteger(), nullable=True),
        sa.Column("source_at", _MOMENT, nullable=False),
        sa.Column("kept_at", _MOMENT, nullable=False),
        sa.Column("said", sa.Text(), nullable=True),
        _id(),
        _tie("outside_note", "incident_id", "incident"),
        _tie("outside_note", "linked_by", "officer"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outside_note")),
        sa.UniqueConstraint("record_id", name=op.f("uq_outside_note_record_id")),
    )
    for column in ("incident_id", "person_record_id", "linked_record_id", "kept_at"):
        op.create_index(op.f(f"ix_outside_note_{column}"), "outside_note", [column])
    op.create_table(
        "partner_domain",
        sa.Column("partner_id", sa.BigInteger(), nullable=False),
        sa.Column("domain", sa.String(100), nullable=False),
        _id(),
        _tie("partner_domain", "partner_id", "partner"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_domain")),
        sa.UniqueConstraint("partner_id", name=op.f("uq_partner_domain_partner_id")),
        sa.UniqueConstraint("domain", name=op.f("uq_partner_domain_domain")),
    )


def _of_releases() -> None:
    op.create_table(
        "released_note",
        sa.Column("release_id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.String(32), nullable=False),
        sa.Column("kind", _NOTES, nullable=False),
        sa.Column("sighting_id", sa.BigInteger(), nullable=True),
        sa.Column("outside_note_id", sa.BigInteger(), nullable=True),
        sa.Column("source_at", _MOMENT, nullable=False),
        sa.Column("entry_at", _MOMENT, nullable=False),
        _id(),
        _tie("released_note", "release_id", "release"),
        _tie("released_note", "sighting_id", "sighting"),
        _tie("released_note", "outside_note_id", "outside_note"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_released_note")),
        sa.UniqueConstraint("public_id", name=op.f("uq_released_note_public_id")),
        sa.UniqueConstraint("release_id", "kind", "sighting_id", name="uq_released_note_sighting"),
        sa.UniqueConstraint("release_id", "kind", "outside_note_id", name="uq_released_note_outside"),
    )
    for column in ("release_id", "sighting_id", "outside_note_id", "entry_at"):
        op.create_index(op.f(f"ix_released_note_{column}"), "released_note", [column])
    op.create_table(
        "release_reading",
        sa.Column("release_id", sa.BigInteger(), nullable=False),
        sa.Column("partner_key_id", sa.BigInteger(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("first_at", _MOMENT, nullable=False),
        sa.Column("last_at", _MOMENT, nullable=False),
        _id(),
        _tie("release_reading", "release_id", "release"),
        _tie("release_reading", "partner_key_id", "partner_key"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release_reading")),
        sa.UniqueConstraint("release_id", "partner_key_id", name="uq_release_reading_key"),
    )
    op.create_index(op.f("ix_release_reading_partner_key_id"), "release_reading", ["partner_key_id"])
    op.create_table(
        "broadcast",
        sa.Column("release_id", sa.BigInteger(), nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.Column("identifier", sa.String(64), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("sender", sa.String(120), nullable=False),
        sa.Column("sent", sa.String(32), nullable=False),
        sa.Column("sent_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("content_digest", sa.String(64), nullable=False),
        sa.Column("document", sa.Text(), nullable=True),
        _id(),
        _tie("broadcast", "release_id", "release"),
        _tie("broadcast", "incident_id", "incident"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_broadcast")),
        sa.UniqueConstraint("identifier", name=op.f("uq_broadcast_identifier")),
        sa.UniqueConstraint("incident_id", "number", name="uq_broadcast_number"),
    )
    op.create_index(op.f("ix_broadcast_release_id"), "broadcast", ["release_id"])
    op.create_index(op.f("ix_broadcast_sent_at"), "broadcast", ["sent_at"])


def downgrade() -> None:
    for table in (
        *("broadcast", "release_reading", "released_note", "partner_domain"),
        *("outside_note", "outside_person", "release"),
    ):
        op.drop_table(table)
