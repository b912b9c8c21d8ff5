"""Second factors, recovery codes and passkeys of officers.

Revision ID: 0018
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0016"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_STAGES = sa.Enum("half", "whole", native_enum=False, length=24)
_BROWSERS = sa.Enum("edge", "chrome", "firefox", "safari", "wechat", "other", native_enum=False, length=24)
_NOTICES = sa.Enum(
    "recovery_used",
    "factor_reset",
    "access_renewed",
    "role_changed",
    "moved",
    "passkey_doubted",
    native_enum=False,
    length=24,
)
_OF_OFFICERS = (
    ("activation_hash", sa.String(64)),
    ("activation_expires_at", _MOMENT),
    ("totp", sa.Text()),
    ("totp_step", sa.BigInteger()),
    ("totp_pending", sa.Text()),
)


def upgrade() -> None:
    for name, kind in _OF_OFFICERS:
        op.add_column("officer", sa.Column(name, kind, nullable=True))
    op.create_index(op.f("ix_officer_activation_hash"), "officer", ["activation_hash"], unique=True)
    op.execute("UPDATE officer SET language = ''")  # nobody has chosen one yet
    # Who is signed in stays so.
    op.add_column("sign_in", sa.Column("stage", _STAGES, server_default="whole", nullable=False))
    op.add_column("sign_in", sa.Column("proved_at", _MOMENT, nullable=True))
    op.add_column("sign_in", sa.Column("browser", _BROWSERS, nullable=True))
    _passkeys()
    _recovery_codes()
    _notices()


def _passkeys() -> None:
    op.create_table(
        "passkey",
        sa.Column("officer_id", sa.BigInteger(), nullable=False),
        sa.Column("credential_id", sa.String(1400), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("added_at", _MOMENT, nullable=False),
        sa.Column("used_at", _MOMENT, nullable=True),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_passkey_officer_id_officer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkey")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkey_credential_id")),
    )
    op.create_index(op.f("ix_passkey_officer_id"), "passkey", ["officer_id"])


def _recovery_codes() -> None:
    op.create_table(
        "recovery_code",
        sa.Column("officer_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.String(200), nullable=False),
        sa.Column("made_at", _MOMENT, nullable=False),
        sa.Column("used_at", _MOMENT, nullable=True),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_recovery_code_officer_id_officer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
        sa.UniqueConstraint("officer_id", "number", name="uq_recovery_code_number"),
    )


def _notices() -> None:
    op.create_table(
        "officer_notice",
        sa.Column("officer_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", _NOTICES, nullable=False),
        sa.Column("about_id", sa.BigInteger(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("seen_at", _MOMENT, nullable=True),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_officer_notice_officer_id_officer")),
        sa.ForeignKeyConstraint(["about_id"], ["officer.id"], name=op.f("fk_officer_notice_about_id_officer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_officer_notice")),
    )
    op.create_index(op.f("ix_officer_notice_officer_id"), "officer_notice", ["officer_id"])


def downgrade() -> None:
    op.execute("UPDATE officer SET language = 'zh-CN' WHERE language = ''")
    for table in ("officer_notice", "recovery_code", "passkey"):
        op.drop_table(table)
    for name in ("browser", "proved_at", "stage"):
        op.drop_column("sign_in", name)
    op.drop_index(op.f("ix_officer_activation_hash"), "officer")
    for name, _ in reversed(_OF_OFFICERS):
        op.drop_column("officer", name)
