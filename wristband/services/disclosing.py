"""Disclosing: one showing of what a grant opens, recorded before it is shown; the family was told with the grant."""

from __future__ import annotations

from datetime import datetime

from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.bands.models import Band
from wristband.bands.rules import reaches_family
from wristband.db import db, transaction
from wristband.elders import opened, photos
from wristband.elders.models import Elder
from wristband.elders.photos import PHOTO_PLACE
from wristband.elders.queries import consented, find_portrait, get_elder_for_service
from wristband.elders.rules import Purpose, Sex
from wristband.errors import NotAllowed
from wristband.house import house
from wristband.scans import grants, queries
from wristband.scans.disclosure import Card, ConsentedCard, EmergencyCard, TracedCard
from wristband.scans.levels import Field, GrantState, Level, Proof
from wristband.scans.models import Grant
from wristband.scans.news import is_open


def show(reference: str, token: str, *, now: datetime) -> Card:
    """What this phone's grant opens now. Each showing is a row of the trail; a reload is another showing.

    The family's message was owed with the grant. Raises NotAllowed when the grant is over: expired, taken back, of
    another scan, or the band or the record closed.
    """
    with transaction():
        grant = queries.find_grant(reference, token)
        over = grant is None or _is_over(grant, now)
        if grant is not None and not over:
            elder, level, fields = get_elder_for_service(grant.elder_id), Level(grant.level), grant.fields
            until = grant.ends_at
            _record(grant, now)
            photo = find_portrait(elder.id) if Field.PORTRAIT in fields else None
            crop = (photo.id, photos.Crop(photo.crop_left, photo.crop_top, photo.crop_size)) if photo else None
            texts = _texts(elder, fields)
        elif grant is not None:
            grants.end(grant.id, now=now)  # found over is over for good, though a clock be set back
    if over:
        raise NotAllowed("scans.grant_over")
    portrait = photos.square_jpeg(house().files.read(place=PHOTO_PLACE, row=crop[0]), crop[1]) if crop else None
    return _card(level, texts, portrait, until)


def _is_over(grant: Grant, now: datetime) -> bool:
    if grant.state is not GrantState.GIVEN or grant.ends_at <= now:
        return True
    elder, band = get_elder_for_service(grant.elder_id), db.session.get_one(Band, grant.band_id)
    withdrawn = grant.proof is Proof.CHECK_CODE and not consented(elder.id, Purpose.CARD)
    return not is_open(elder, now=now) or withdrawn or not reaches_family(band.state) or band.elder_id != elder.id


def _record(grant: Grant, now: datetime) -> None:
    trail.record(
        Deed.GRANT_SHOWN,
        actor="finder",
        subject=f"grant:{grant.id}",
        at=now,
        elder_id=grant.elder_id,
        level=grant.level,
        proof=grant.proof.value,
        fields=" ".join(sorted(grant.fields)),
    )


def _texts(elder: Elder, fields: frozenset[Field]) -> dict[str, str | None]:
    """The words of the fields that are shown; no other field is even opened."""
    return {
        field.value: opened.text(elder, "birth_year" if field is Field.AGE else field.value)
        for field in fields - {Field.PORTRAIT, Field.PHONES}
    }


def _card(level: Level, texts: dict[str, str | None], portrait: bytes | None, until: datetime) -> Card:
    called, approach, health = texts.get("called"), texts.get("approach"), texts.get("health")
    if level is Level.TRACEABLE:
        return TracedCard(called=called, until=until)
    if level is Level.WITH_ELDER:
        return EmergencyCard(called=called, portrait=portrait, approach=approach, health=health, until=until)
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
        until=until,
    )
