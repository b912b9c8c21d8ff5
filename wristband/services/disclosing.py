"""Disclosing: one showing of what a grant opens, recorded before it is shown; the family was told with the grant."""

from __future__ import annotations

from datetime import datetime

import structlog

from wristband.audit.deeds import Deed
from wristband.bands.models import Band
from wristband.bands.rules import reaches_family
from wristband.db import db, transaction
from wristband.elders import opened, photos
from wristband.elders.models import Elder
from wristband.elders.photos import PHOTO_PLACE
from wristband.elders.queries import consented, find_portrait, find_voice, get_elder_for_service
from wristband.elders.rules import Purpose, Sex
from wristband.elders.voices import VOICE_PLACE
from wristband.errors import NotAllowed, NotFound
from wristband.house import house
from wristband.incidents.queries import find_open_incident
from wristband.scans import grants, queries
from wristband.scans.disclosure import Card, ConsentedCard, EmergencyCard, TracedCard
from wristband.scans.levels import Field, GrantState, Level, Proof
from wristband.scans.models import Grant
from wristband.scans.openness import is_open
from wristband.sealing import SealBroken

log = structlog.get_logger(__name__)


def show(reference: str, token: str, *, now: datetime) -> Card:
    """What this phone's grant opens now. Each showing is a row of the trail; a reload is another showing.

    The family's message was owed with the grant. Raises NotAllowed when the grant is over: expired, taken back, of
    another scan, or the band or the record closed.
    """
    with transaction():
        grant = queries.find_grant(reference, token)
        over = grant is None or _is_over(grant, now)
        if grant is not None and not over:
            elder, level, until = get_elder_for_service(grant.elder_id), Level(grant.level), grant.ends_at
            voice_id = _voice(elder, grant.fields)
            # A recording that is not there was heard by nobody.
            fields = grant.fields if voice_id is not None else grant.fields - {Field.VOICE}
            _record(grant, fields, now)
            photo = find_portrait(elder.id) if Field.PORTRAIT in fields else None
            crop = (photo.id, photos.Crop(photo.crop_left, photo.crop_top, photo.crop_size)) if photo else None
            texts = _texts(elder, fields)
        elif grant is not None:
            grants.end(grant.id, now=now)  # found over is over for good, though a clock be set back
    if over:
        raise NotAllowed("scans.grant_over")
    portrait = photos.square_jpeg(house().files.read(place=PHOTO_PLACE, row=crop[0]), crop[1]) if crop else None
    return _card(level, texts, portrait, _sound(voice_id), until)


def _voice(elder: Elder, fields: frozenset[Field]) -> int | None:
    """The family's voice, where the family agrees that it is played."""
    voice = find_voice(elder.id) if Field.VOICE in fields and consented(elder.id, Purpose.VOICE) else None
    return voice.id if voice is not None else None


def _sound(voice_id: int | None) -> bytes | None:
    """Its bytes; None where they do not open, or are destroyed in this very moment: the words help without."""
    if voice_id is None:
        return None
    try:
        return house().files.read(place=VOICE_PLACE, row=voice_id)
    except (NotFound, SealBroken) as refusal:
        log.error("voice_unreadable", voice=voice_id, code=refusal.code)
        return None


def _is_over(grant: Grant, now: datetime) -> bool:
    if grant.state is not GrantState.GIVEN or grant.ends_at <= now:
        return True
    elder, band = get_elder_for_service(grant.elder_id), db.session.get_one(Band, grant.band_id)
    withdrawn = grant.proof is Proof.CHECK_CODE and not consented(elder.id, Purpose.CARD)
    return not is_open(elder, now=now) or withdrawn or not reaches_family(band.state) or band.elder_id != elder.id


def _record(grant: Grant, fields: frozenset[Field], now: datetime) -> None:
    """Where the elder is reported, with the incident: what was shown because of it can be told apart."""
    incident = find_open_incident(grant.elder_id)
    because = {"incident": incident.id} if incident else {}
    named = " ".join(sorted(fields))
    proof = grant.proof.value
    grants.record(
        Deed.GRANT_SHOWN, grant, actor="finder", at=now, level=grant.level, proof=proof, fields=named, **because
    )


def _texts(elder: Elder, fields: frozenset[Field]) -> dict[str, str | None]:
    """The words of the fields that are shown; no other field is even opened."""
    return {
        field.value: opened.text(elder, "birth_year" if field is Field.AGE else field.value)
        for field in fields - {Field.PORTRAIT, Field.PHONES, Field.VOICE}
    }


def _card(
    level: Level, texts: dict[str, str | None], portrait: bytes | None, voice: bytes | None, until: datetime
) -> Card:
    called, approach, health = texts.get("called"), texts.get("approach"), texts.get("health")
    if level is Level.TRACEABLE:
        return TracedCard(called=called, voice=voice, until=until)
    if level is Level.WITH_ELDER:
        return EmergencyCard(
            called=called, portrait=portrait, approach=approach, health=health, voice=voice, until=until
        )
    if level is not Level.CONSENTED:
        raise RuntimeError("no finder's grant is of another level")
    year, sex = texts.get("age"), texts.get("sex")
    return ConsentedCard(
        called=called,
        portrait=portrait,
        approach=approach,
        health=health,
        name=texts.get("name"),
        sex=Sex(sex) if sex in set(Sex) else None,
        birth_year=int(year) if year and year.isdigit() else None,
        address=texts.get("address"),
        voice=voice,
        until=until,
    )
