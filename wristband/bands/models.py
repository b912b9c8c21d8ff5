"""Bands: carriers with a token."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from wristband.bands.rules import CHECK_TRIES_FOR_LIFE, BandEnd, BandForm, BandState
from wristband.db import KeyedHash, Row, UtcDateTime, enum_type
from wristband.sealing import sealed
from wristband.values.code import BandCode


class Batch(Row):
    """Blank stock made at once: so many carriers of one form, numbered from 1."""

    __tablename__ = "batch"
    form: Mapped[BandForm] = mapped_column(enum_type(BandForm))
    wanted: Mapped[int]
    address: Mapped[str] = mapped_column(sa.String(120))
    """What its symbols say before the token: later settings do not change what is printed."""
    began_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Band(Row):
    """One carrier. The row, not the signature, says whether it is alive."""

    __tablename__ = "band"
    __table_args__ = (sa.UniqueConstraint("batch_id", "batch_number"),)
    key: Mapped[str] = mapped_column(KeyedHash(64, "codes"), unique=True)
    """Idempotency: the same form sent twice issues one band."""
    serial: Mapped[str] = mapped_column(sa.String(12), unique=True)
    key_id: Mapped[str] = mapped_column(sa.String(1))
    form: Mapped[BandForm] = mapped_column(enum_type(BandForm))
    state: Mapped[BandState] = mapped_column(enum_type(BandState))
    elder_id: Mapped[int | None] = mapped_column(sa.ForeignKey("elder.id"), index=True)
    photo_id: Mapped[int | None] = mapped_column(sa.ForeignKey("photo.id"))
    crop_left: Mapped[float | None]
    crop_top: Mapped[float | None]
    crop_size: Mapped[float | None]
    """The square of the photo that was drawn; a later crop of the portrait does not change this band."""
    design: Mapped[bytes] = mapped_column(sa.LargeBinary)
    """The symbol exactly as it was drawn and tested, so that a reprint is the same band."""
    check_code_hash: Mapped[str] = mapped_column(KeyedHash(200, "codes"))
    check_code_sealed: Mapped[str | None] = mapped_column("check_code", sa.Text)
    check_code = sealed("check_code_sealed", owner="elder_id", erased=None)
    """Kept readable only while the band may still have to be printed."""
    check_tries: Mapped[int] = mapped_column(default=0)
    """Wrong tries of the check code over the band's whole life: spent before comparing, given back by a right one."""
    check_allowed: Mapped[int] = mapped_column(default=CHECK_TRIES_FOR_LIFE)
    """How many; then the route is shut until a guardian opens it again for as many more."""
    batch_id: Mapped[int | None] = mapped_column(sa.ForeignKey("batch.id"))
    batch_number: Mapped[int | None]
    """From 1, within its batch: the order of the print."""
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    issued_by: Mapped[str] = mapped_column(sa.String(48))
    printed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When it was last put on paper, by whomever; of blank stock that is bound at the latest when it was made."""
    trial_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Since when a guardian waits for the band to open on a phone, to see that it does; empty when it has."""
    tested_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When it last opened within such a trial."""
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    end: Mapped[BandEnd | None] = mapped_column(enum_type(BandEnd))

    @property
    def code(self) -> BandCode:
        """What is printed beside the symbol and typed where it does not read."""
        return BandCode.from_serial(self.serial)
