"""Recording: a guardian's words for the elder are kept, replaced, deleted; the other guardians are told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import structlog

from wristband import data_keys, limits
from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.db import db, new_id, transaction
from wristband.elders import erasing, queries, voices
from wristband.elders.erasing import SealedFile
from wristband.elders.models import Consent, Voice
from wristband.elders.rules import VOICES_A_GUARDIAN, Purpose, text_sha256
from wristband.elders.voices import VOICE_PLACE, CleanVoice
from wristband.errors import BadValue, NotFound, Refusal
from wristband.house import house
from wristband.outbox import guardians
from wristband.outbox.guardians import Change

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Kept:
    """A recording that is in use now, and whether what was sent was longer than what is kept."""

    voice_id: int
    seconds: float
    cut: bool


def keep(elder_id: int, data: bytes, *, agreed: bool, guardian_id: int, now: datetime) -> Kept:
    """Keep a recording for one of my elders, in place of the one before, which is destroyed.

    `agreed`: the guardian has ticked the consent to its being played; needed once. Raises BadValue without it and for
    what is no recording (voices.clean), NotFound, TooMany, Unavailable.
    """
    queries.get_elder(elder_id, guardian_id=guardian_id)
    if not agreed and not queries.consented(elder_id, Purpose.VOICE):
        raise BadValue("elders.voice_without_consent")
    with transaction():
        limits.spend(VOICES_A_GUARDIAN, str(guardian_id), now=now)
    clean = voices.clean(data)
    # A key of its own, so that a voice withdrawn opens in no backup, though its elder lives on.
    voice_id = new_id()
    with transaction():
        data_keys.make(voice_id)
    house().files.write(clean.mp3, place=VOICE_PLACE, row=voice_id, owner=voice_id)
    try:
        replaced = _hang(voice_id, clean, elder_id, agreed, guardian_id, now)
    except Refusal:
        house().files.remove(place=VOICE_PLACE, row=voice_id)  # without its row it would be found by nobody
        raise
    _remove(replaced)
    return Kept(voice_id, clean.seconds, clean.cut)


def _hang(
    voice_id: int, clean: CleanVoice, elder_id: int, agreed: bool, guardian_id: int, now: datetime
) -> list[SealedFile]:
    """Returns the file of the one before."""
    with transaction():
        # Held, so that of two recordings at once the later is in use, and there is one consent.
        queries.get_elder(elder_id, guardian_id=guardian_id, held=True)
        if not queries.consented(elder_id, Purpose.VOICE):
            if not agreed:  # withdrawn while it was being cleaned
                raise BadValue("elders.voice_without_consent")
            _give_consent(elder_id, guardian_id, now)
        replaced = erasing.destroy_voice(elder_id, now=now)
        db.session.add(
            Voice(
                id=voice_id,
                elder_id=elder_id,
                guardian_id=guardian_id,
                sha256=clean.sha256,
                seconds=clean.seconds,
                kept_at=now,
            )
        )
        _record(Deed.VOICE_KEPT, f"voice:{voice_id}", elder_id, guardian_id, now)
        guardians.tell_change(Change.VOICE, elder_id, by=guardian_id, issuer=house().settings.issuer, at=now)
    return replaced


def remove(elder_id: int, *, guardian_id: int, now: datetime) -> None:
    """Destroy the voice of one of my elders; the consent stays. Doing it twice is doing it once. Raises NotFound."""
    with transaction():
        queries.get_elder(elder_id, guardian_id=guardian_id, held=True)
        files = erasing.destroy_voice(elder_id, now=now)
        for _place, voice_id in files:
            _record(Deed.VOICE_REMOVED, f"voice:{voice_id}", elder_id, guardian_id, now)
            guardians.tell_change(Change.VOICE, elder_id, by=guardian_id, issuer=house().settings.issuer, at=now)
    _remove(files)


def sound(elder_id: int, *, guardian_id: int) -> bytes:
    """The voice in use as MP3, for a guardian to listen to. Raises NotFound."""
    queries.get_elder(elder_id, guardian_id=guardian_id)
    voice = queries.find_voice(elder_id)
    if voice is None:
        raise NotFound("elders.no_voice")
    return house().files.read(place=VOICE_PLACE, row=voice.id)


def _give_consent(elder_id: int, guardian_id: int, now: datetime) -> None:
    consent = Consent(
        elder_id=elder_id,
        guardian_id=guardian_id,
        purpose=Purpose.VOICE,
        text_sha256=text_sha256(Purpose.VOICE),
        given_at=now,
    )
    db.session.add(consent)
    _record(Deed.CONSENT_GIVEN, f"consent:{consent.id}", elder_id, guardian_id, now, purpose=Purpose.VOICE.value)


def _remove(files: list[SealedFile]) -> None:
    """What lies outside the database, once it is committed; what fails is done by the purge."""
    try:
        for place, row in files:
            house().files.remove(place=place, row=row)
    except OSError as error:
        log.error("voice_file_left", exc_info=error)


def _record(deed: Deed, subject: str, elder_id: int, guardian_id: int, now: datetime, **facts: str) -> None:
    trail.record(deed, actor=f"guardian:{guardian_id}", subject=subject, at=now, elder_id=elder_id, **facts)
