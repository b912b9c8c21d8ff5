"""The family's home, an elder's page, registering."""

from __future__ import annotations

import secrets
from datetime import date

from flask import Response, g, make_response, redirect, render_template, request, url_for

from wristband import clock
from wristband.bands import queries as bands
from wristband.elders import photos, queries
from wristband.elders.rules import (
    CONSENT_TEXTS,
    NAME_MAX,
    RELATIONS,
    REQUIRED,
    Particulars,
    Purpose,
    clean_text,
)
from wristband.errors import BadFields, BadValue
from wristband.incidents import queries as incidents
from wristband.scans import queries as scans
from wristband.services import registration
from wristband.stations import queries as stations
from wristband.values.phone import Phone
from wristband.web.errors import sentence
from wristband.web.guardian import family
from wristband.web.guards import guardian
from wristband.web.language import gettext

_TEXTS = ("guardian_name", "name", "relation", "called", "sex", "birth_year", "address", "approach", "health")


@family.get("")
@family.get("/")
@guardian
def home() -> str:
    """Who calls for help, my elders, and what came before."""
    elders = queries.list_elders(guardian_id=g.account.guardian_id)
    return render_template(
        "guardian/home.html",
        door="family",
        elders=elders,
        names={elder.id: elder.called or elder.name for elder in elders},
        portraits=queries.portraits_by_elder([elder.id for elder in elders]),
        reaches=scans.list_reaches(guardian_id=g.account.guardian_id),
        incidents=incidents.list_own_incidents(guardian_id=g.account.guardian_id),
    )


@family.get("/elders/new")
@guardian
def new_elder() -> str:
    # Nothing is ticked beforehand: a consent is given, not left in place.
    return _form({"guardian_name": g.account.name or ""}, set(), {})


@family.post("/elders/new")
@guardian
def register_elder() -> Response | tuple[str, int]:
    """Register, or come back with everything that was typed, the photograph included, and every fault named."""
    texts = {name: request.form.get(name, "") for name in (*_TEXTS, "second_phone", "station_id", "key", "photo_kept")}
    ticked = {value for value in request.form.getlist("consents") if value in set(Purpose)}
    consents = {Purpose(value) for value in ticked}
    errors: dict[str, BadValue] = {}
    photo_id = _photo(errors)
    texts["photo_kept"] = str(photo_id or "")
    second = _second_phone(texts["second_phone"], errors)
    guardian_name = _guardian_name(texts["guardian_name"], errors)
    try:
        particulars = Particulars.of(today=_today(), consents=consents, **{name: texts[name] for name in _TEXTS[1:]})
        if not errors:
            elder_id = registration.register(
                texts["key"] or secrets.token_urlsafe(16),
                particulars,
                guardian_id=g.account.guardian_id,
                guardian_name=guardian_name,
                consents=consents,
                photo_id=photo_id,
                station_id=int(texts["station_id"]) if texts["station_id"].isdecimal() else None,
                second_phone=second,
                now=clock.now(),
            )
            then = "family.portrait" if photo_id else "family.elder"
            return make_response(redirect(url_for(then, elder_id=elder_id), code=303))
    except BadFields as refusal:
        errors |= refusal.fields
    return _form(texts, ticked, errors), 422


@family.get("/elders/<int:elder_id>")
@guardian
def elder(elder_id: int) -> str:
    me = g.account.guardian_id
    found = queries.get_elder(elder_id, guardian_id=me)
    return render_template(
        "guardian/elder.html",
        door="family",
        elder=found,
        relation=queries.get_guardianship(elder_id, guardian_id=me).relation,
        relations=RELATIONS,
        portrait=queries.find_portrait(elder_id),
        contacts=[(Phone(contact.address), contact.confirmed_at) for contact in queries.list_contacts(elder_id)],
        consents=queries.consent_states(elder_id),
        consent_texts=CONSENT_TEXTS,
        station=stations.find_station(found.station_id),
        bands=bands.list_bands(elder_id, guardian_id=me),
        scans=scans.list_scans(elder_id, guardian_id=me),
        key=secrets.token_urlsafe(16),
    )


@family.get("/elders/<int:elder_id>/portrait")
@guardian
def portrait(elder_id: int) -> str:
    """The square of the face on the photograph, to be moved where it is wrong."""
    return _portrait_page(elder_id)


@family.post("/elders/<int:elder_id>/portrait")
@guardian
def change_portrait(elder_id: int) -> Response | tuple[str, int]:
    """A new photograph, or the same with the square moved."""
    me, now = g.account.guardian_id, clock.now()
    queries.get_elder(elder_id, guardian_id=me)
    try:
        picture = request.files.get("photo")
        if picture is not None and picture.filename:
            photo_id = registration.keep_photo(picture.read(), guardian_id=me, now=now)
            registration.replace_portrait(elder_id, photo_id, guardian_id=me, now=now)
            return make_response(redirect(url_for("family.portrait", elder_id=elder_id), code=303))
        crop = photos.Crop.parse(*(request.form.get(name, "") for name in ("left", "top", "size")))
        registration.adjust_crop(elder_id, crop, guardian_id=me, now=now)
    except BadValue as refusal:
        return _portrait_page(elder_id, sentence(refusal)), refusal.status
    return make_response(redirect(url_for("family.elder", elder_id=elder_id), code=303))


@family.get("/elders/<int:elder_id>/portrait.jpg")
@guardian
def portrait_picture(elder_id: int) -> Response:
    return Response(registration.portrait_bytes(elder_id, guardian_id=g.account.guardian_id), mimetype="image/jpeg")


@family.get("/elders/<int:elder_id>/face.jpg")
@guardian
def face_picture(elder_id: int) -> Response:
    """The square of the face alone."""
    return Response(registration.face_bytes(elder_id, guardian_id=g.account.guardian_id), mimetype="image/jpeg")


def _portrait_page(elder_id: int, error: str = "") -> str:
    found = queries.get_elder(elder_id, guardian_id=g.account.guardian_id)
    return render_template(
        "guardian/portrait.html",
        door="family",
        elder=found,
        photo=queries.find_portrait(elder_id),
        error=error,
    )


def _form(texts: dict[str, str], ticked: set[str], errors: dict[str, BadValue]) -> str:
    return render_template(
        "guardian/register.html",
        door="family",
        values=texts,
        ticked=ticked,
        errors={name: sentence(refusal) for name, refusal in errors.items()},
        relations_shown=[(relation, gettext(words)) for relation, words in RELATIONS.items()],
        consent_texts=CONSENT_TEXTS,
        required=REQUIRED,
        stations=stations.list_names(),
        key=texts.get("key") or secrets.token_urlsafe(16),
        today=_today(),
    )


def _photo(errors: dict[str, BadValue]) -> int | None:
    """The picture sent with this form, or the one kept from its last try."""
    picture = request.files.get("photo")
    me = g.account.guardian_id
    if picture is not None and picture.filename:
        try:
            return registration.keep_photo(picture.read(), guardian_id=me, now=clock.now())
        except BadValue as refusal:
            errors["photo"] = refusal
    kept = request.form.get("photo_kept", "")
    if kept.isascii() and kept.isdecimal() and len(kept) < 19 and queries.find_kept_photo(int(kept), guardian_id=me):
        return int(kept)
    return None


def _second_phone(text: str, errors: dict[str, BadValue]) -> Phone | None:
    if not text.strip():
        return None
    try:
        return Phone.parse_mobile(text[:40])
    except BadValue as refusal:
        errors["second_phone"] = refusal
        return None


def _guardian_name(text: str, errors: dict[str, BadValue]) -> str:
    try:
        return clean_text(text, "accounts.name", NAME_MAX)
    except BadValue as refusal:
        errors["guardian_name"] = refusal
        return ""


def _today() -> date:
    return clock.now().date()
