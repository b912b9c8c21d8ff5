"""Posts of a board, how far each side has read, the finder's number, and calls that show no number."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from wristband.board.rules import PHRASE_WORDS, PhotoState, Phrase, Side
from wristband.db import KeyedHash, Row, UtcDateTime, enum_type
from wristband.sealing import sealed


class Post(Row):
    """One thing said on the board of a scan that acted: a phrase, or words, a photograph or both."""

    __tablename__ = "board_post"
    __table_args__ = (sa.UniqueConstraint("scan_id", "number", name="uq_board_post_number"),)
    scan_id: Mapped[int] = mapped_column(sa.ForeignKey("scan.id"))
    number: Mapped[int]
    """Its place on the board: 1, 2, 3 and so on."""
    key: Mapped[str] = mapped_column(KeyedHash(64, "codes"), unique=True)
    """Idempotency: the same form sent again is the same post."""
    side: Mapped[Side] = mapped_column(enum_type(Side))
    guardian_id: Mapped[int | None] = mapped_column(sa.ForeignKey("guardian.id"))
    officer_id: Mapped[int | None] = mapped_column(sa.ForeignKey("officer.id"))
    """Who speaks for the family or the police; a finder has no account."""
    phrase: Mapped[Phrase | None] = mapped_column(enum_type(Phrase))
    words_sealed: Mapped[str | None] = mapped_column("words", sa.Text)
    words = sealed("words_sealed", owner="scan_id", erased=None)
    photo: Mapped[PhotoState | None] = mapped_column(enum_type(PhotoState))
    """Its bytes are a sealed file under the scan's data key."""
    photo_width: Mapped[int | None]
    photo_height: Mapped[int | None]
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    @property
    def said(self) -> str | None:
        """The phrase in the source language, or the words."""
        return PHRASE_WORDS[self.phrase] if self.phrase else self.words


class ReadMark(Row):
    """How far one side has read a board."""

    __tablename__ = "board_read"
    __table_args__ = (sa.UniqueConstraint("scan_id", "side", name="uq_board_read_side"),)
    scan_id: Mapped[int] = mapped_column(sa.ForeignKey("scan.id"))
    side: Mapped[Side] = mapped_column(enum_type(Side))
    last: Mapped[int]
    """Number of the last post that somebody of this side has had before them."""
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class FinderNumber(Row):
    """The number under which a finder wants to be called by the family. One a scan; gone when he takes it back."""

    __tablename__ = "finder_number"
    scan_id: Mapped[int] = mapped_column(sa.ForeignKey("scan.id"), unique=True)
    phone_sealed: Mapped[str] = mapped_column("phone", sa.Text)
    phone = sealed("phone_sealed", owner="scan_id", erased=None)
    """E.164, and behind a `;` the extension's digits."""
    left_at: Mapped[datetime] = mapped_column(UtcDateTime)


class MaskedCall(Row):
    """A number lent by the gateway, by which a guardian and a finder talk without knowing each other's."""

    __tablename__ = "masked_call"
    scan_id: Mapped[int] = mapped_column(sa.ForeignKey("scan.id"), index=True)
    guardian_id: Mapped[int] = mapped_column(sa.ForeignKey("guardian.id"))
    number_sealed: Mapped[str | None] = mapped_column("number", sa.Text)
    number = sealed("number_sealed", owner="scan_id", erased=None)
    """What either of them dials, as the gateway writes it; empty where it rings both by itself."""
    reference: Mapped[str] = mapped_column(sa.String(200))
    """The gateway's own name for it."""
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    released_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
