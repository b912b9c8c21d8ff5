"""Consenting, purpose by purpose: a yes and its withdrawal, each with what it does, at once and in one deed."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
import structlog

from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.db import db, transaction
from wristband.elders import erasing, queries
from wristband.elders.erasing import SealedFile
from wristband.elders.models import Consent
from wristband.elders.rules import REQUIRED, WORDS_MAX, Purpose, clean_text, text_sha256
from wristband.elders.tombstones import Kind, Tombstone
from wristband.errors import NotAllowed
from wristband.house import house
from wristband.outbox import guardians
from wristband.outbox.guardians import Change

log = structlog.get_logger(__name__)


def give(elder_id: int, purpose: Purpose, *, health: str = "", guardian_id: int, now: datetime) -> None:
    """Say yes to one purpose. Doing it twice is doing it once. Raises NotFound, BadValue.

    With HEALTH come the words that are to be kept: without any there is nothing to consent to.
    """
    words = clean_text(health, "elders.health", WORDS_MAX, lines=True) if purpose is Purpose.HEALTH else ""
    with transaction():
        elder = queries.get_elder(elder_id, guardian_id=guardian_id, held=True)
        if queries.consented(elder_id, purpose):
            return
        if words:
            elder.health, elder.changed_at = words, now
        consent = Consent(
            elder_id=elder_id,
            guardian_id=guardian_id,
            purpose=purpose,
            text_sha256=text_sha256(purpose),
            given_at=now,
        )
        db.session.add(consent)
        _record(Deed.CONSENT_GIVEN, consent.id, elder_id, purpose, guardian_id, now)
        _tell(elder_id, guardian_id, now)


def withdraw(elder_id: int, purpose: Purpose, *, guardian_id: int, now: datetime) -> None:
    """Take one yes back; what it had allowed ends in the same deed, the row stays. Twice is once.

    Raises NotFound, NotAllowed for a purpose that ends with the service only.
    """
    if purpose in REQUIRED:
        raise NotAllowed("elders.consent_required")
    with transaction():
        queries.get_elder(elder_id, guardian_id=guardian_id, held=True)
        standing = sa.and_(Consent.elder_id == elder_id, Consent.purpose == purpose, Consent.withdrawn_at.is_(None))
        ids = list(
            db.session.scalars(sa.update(Consent).where(standing).values(withdrawn_at=now).returning(Consent.id))
        )
        files = erasing.withdraw(elder_id, purpose, now=now) if ids else []
        for consent_id in ids:
            _record(Deed.CONSENT_WITHDRAWN, consent_id, elder_id, purpose, guardian_id, now)
        if ids:
            _tell(elder_id, guardian_id, now)
    _forget([Tombstone(Kind.CONSENT, consent_id, now) for consent_id in ids], files)


def _forget(stones: list[Tombstone], files: list[SealedFile]) -> None:
    """The consent is withdrawn already: what fails here is no fault of hers, and the purge does it."""
    try:
        house().forget(stones, files)
    except OSError as error:
        log.error("withdrawal_unfinished", exc_info=error)


def _tell(elder_id: int, guardian_id: int, now: datetime) -> None:
    guardians.tell_change(Change.CONSENTS, elder_id, by=guardian_id, issuer=house().settings.issuer, at=now)


def _record(deed: Deed, consent_id: int, elder_id: int, purpose: Purpose, guardian_id: int, now: datetime) -> None:
    trail.record(
        deed,
        actor=f"guardian:{guardian_id}",
        subject=f"consent:{consent_id}",
        at=now,
        elder_id=elder_id,
        purpose=purpose.value,
    )
