"""The family's home, an elder's page, registering."""

from __future__ import annotations

import secrets
from datetime import date

from flask import Response, g, make_response, redirect, render_template, request, url_for

from wristband import clock
from wristband.audit import queries as audit
from wristband.bands import queries as bands
from wristband.elders import photos, queries
from wristband.elders.readiness import confirmation, lacking, ready_points
from wristband.elders.rules import (
    ASKED_LATER,
    CONSENT_TEXTS,
    NAME_MAX,
    RELATIONS,
    REQUIRED,
    Particulars,
    Purpose,
    clean_text,
)
from wristband.elders.standing import gather
from wristband.errors import BadFields, BadValue, Refusal, TooMany, Unavailable
from wristband.house import house
from wristband.incidents import queries as incidents
from wristband.incidents.rules import SAFE
from wristband.partners.proposals import list_waiting_proposals
from wristband.scans import queries as scans
from wristband.scans.drills import list_running
from wristband.services import proposing, registration
from wristband.stations import queries as stations
from wristband.values.phone import Phone
from wristband.web.errors import refused, sentence
from wristband.web.forms import find_id, with_file
from wristband.web.guardian import family
from wristband.web.guards import guardian
from wristband.web.language import gettext
from wristband.web.symbols import preview_svg

# One byte beyond what a photograph may have shows that it has too many.
_ENOUGH_BYTES = photos.MOST_BYTES + 1
_QUARTERS = {"right": 1, "left": 3}
_TEXTS = ("guardian_name", "name", "relation", "called", "sex", "birth_year", "address", "approach", "health")
_MORE = ("second_phone", "station_id", "key", "photo_kept", "proposal")


@family.get("")
@family.get("/")
@guardian
def home() -> str:
    """Who calls for help, my elders, and what came before."""
    elders = queries.list_elders(guardian_id=g.account.guardian_id)
    facts = gather([elder.id for elder in elders])
    return render_template(
        "guardian/home.html",
        door="family",
        elders=elders,
        lacking={elder.id: len(lacking(ready_points(facts[elder.id], now=clock.now()))) for elder in elders},
        drills=list_running(guardian_id=g.account.guardian_id, now=clock.now()),
        names={elder.id: elder.called or elder.name for elder in elders},
        erasures=queries.list_erasures(guardian_id=g.account.guardian_id),
        invitations=queries.list_invitations_to(g.account.guardian_id, now=clock.now()),
        proposals=list_waiting_proposals(g.account.guardian_id, now=clock.now()),
        asks=scans.list_asks([elder.id for elder in elders], now=clock.now()),
        portraits=queries.portraits_by_elder([elder.id for elder in elders]),
        reaches=scans.list_reaches(guardian_id=g.account.guardian_id),
        incidents=incidents.list_own_incidents(guardian_id=g.account.guardian_id),
        safe=SAFE,
    )


@family.get("/elders/new")
@guardian
def new_elder() -> str:
    # Nothing is ticked beforehand: a consent is given, not left in place.
    return _form({"guardian_name": g.account.name or ""}, set(), {})


@family.post("/elders/new")
@with_file
@guardian
def register_elder() -> Response:
    """Register, or come back with everything that was typed, the photograph included, and every fault named."""
    texts = {name: request.form.get(name, "") for name in (*_TEXTS, *_MORE)}
    ticked = {value for value in request.form.getlist("consents") if value in set(Purpose)}
    consents = {Purpose(value) for value in ticked}
    errors: dict[str, Refusal] = {}
    photo_id = _photo(errors)
    texts["photo_kept"] = str(photo_id or "")
    second = _second_phone(texts["second_phone"], errors)
    guardian_name = _guardian_name(texts["guardian_name"], errors)
    station_id = _station(texts["station_id"], errors)
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
                station_id=station_id,
                second_phone=second,
                now=clock.now(),
            )
            _settle_proposal(texts["proposal"], elder_id)
            then = "family.portrait" if photo_id else "family.elder"
            return make_response(redirect(url_for(then, elder_id=elder_id), code=303))
    except BadFields as refusal:
        errors |= refusal.fields
    except TooMany as refusal:
        return refused(_form(texts, ticked, errors, told=sentence(refusal)), refusal)
    return make_response(_form(texts, ticked, errors), BadFields.status)


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
        voice=queries.find_voice(elder_id),
        contacts=[
            (Phone(contact.address), confirmation(contact.confirmed_at, now=clock.now()), contact.confirmed_at)
            for contact in queries.list_contacts(elder_id)
        ],
        consents=queries.consent_states(elder_id),
        erasure=queries.find_erasure(elder_id),
        station=stations.find_station(found.station_id),
        bands=bands.list_bands(elder_id, guardian_id=me),
        scans=scans.list_scans(elder_id, guardian_id=me),
        looks=audit.list_looks(elder_id),
        key=secrets.token_urlsafe(16),
    )


@family.get("/elders/<int:elder_id>/portrait")
@guardian
def portrait(elder_id: int) -> str:
    """The square of the face on the photograph, to be moved where it is wrong."""
    return _portrait_page(elder_id)


@family.post("/elders/<int:elder_id>/portrait")
@with_file
@guardian
def change_portrait(elder_id: int) -> Response:
    """A new photograph, or the same with the square moved."""
    me, now = g.account.guardian_id, clock.now()
    queries.get_elder(elder_id, guardian_id=me)
    try:
        picture = request.files.get("photo")
        if picture is not None and picture.filename:
            kept = registration.keep_picture(picture.read(_ENOUGH_BYTES), guardian_id=me, now=now)
            registration.replace_portrait(elder_id, kept.photo_id, guardian_id=me, now=now)
            told = "yes" if kept.turned else None
            return make_response(redirect(url_for("family.portrait", elder_id=elder_id, turned=told), code=303))
        if "left" not in request.form:
            raise BadValue("elders.photo_missing")
        crop = photos.Crop.parse(*(request.form.get(name, "") for name in ("left", "top", "size")))
        registration.adjust_crop(elder_id, crop, guardian_id=me, now=now)
    except (BadValue, TooMany, Unavailable) as refusal:
        return refused(_portrait_page(elder_id, sentence(refusal)), refusal)
    return make_response(redirect(url_for("family.elder", elder_id=elder_id), code=303))


@family.post("/elders/<int:elder_id>/portrait/turn")
@guardian
def turn_portrait(elder_id: int) -> Response:
    """A picture that lies on its side: a quarter to the left or to the right."""
    queries.get_elder(elder_id, guardian_id=g.account.guardian_id)
    photo_id, way = find_id(request.form.get("photo", "")), request.form.get("way", "")
    if photo_id is None or way not in _QUARTERS:
        raise BadValue("page.bad_request")
    try:
        registration.turn_portrait(
            elder_id, photo_id, _QUARTERS[way], guardian_id=g.account.guardian_id, now=clock.now()
        )
    except (TooMany, Unavailable) as refusal:
        return refused(_portrait_page(elder_id, sentence(refusal)), refusal)
    return make_response(redirect(url_for("family.portrait", elder_id=elder_id), code=303))


@family.get("/elders/<int:elder_id>/preview.svg")
@guardian
def preview_picture(elder_id: int) -> Response:
    """How the face will look in a band's symbol; what it says is no band's."""
    face = registration.face_bytes(elder_id, guardian_id=g.account.guardian_id)
    return Response(preview_svg(face, house().settings.token_prefix), mimetype="image/svg+xml")


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
        turned=request.args.get("turned") == "yes",
        error=error,
    )


def form_of_proposal(proposal_id: int, proposer: str, texts: dict[str, str], station_id: int | None) -> str:
    """The form of a registration with what a community wrote down. The key is the proposal's: sent twice, one elder."""
    values = {**texts, "guardian_name": texts.get("guardian_name") or g.account.name or ""}
    values |= {"proposal": str(proposal_id), "key": f"proposal-{proposal_id}", "station_id": str(station_id or "")}
    return _form(values, set(), {}, proposer=proposer)


def _settle_proposal(text: str, elder_id: int) -> None:
    proposal_id = find_id(text)
    if proposal_id is not None:
        proposing.confirm(proposal_id, elder_id, guardian_id=g.account.guardian_id, now=clock.now())


def _form(
    texts: dict[str, str], ticked: set[str], errors: dict[str, Refusal], *, told: str = "", proposer: str = ""
) -> str:
    return render_template(
        "guardian/register.html",
        proposer=proposer,
        door="family",
        values=texts,
        ticked=ticked,
        told=told,
        errors={name: sentence(refusal) for name, refusal in errors.items()},
        relations_shown=[(relation, gettext(words)) for relation, words in RELATIONS.items()],
        consent_texts={purpose: text for purpose, text in CONSENT_TEXTS.items() if purpose not in ASKED_LATER},
        required=REQUIRED,
        stations=stations.list_names(),
        key=texts.get("key") or secrets.token_urlsafe(16),
        today=_today(),
    )


def _photo(errors: dict[str, Refusal]) -> int | None:
    """The picture sent with this form, or the one kept from its last try. One that cannot be kept now costs no word."""
    picture = request.files.get("photo")
    me = g.account.guardian_id
    if picture is not None and picture.filename:
        try:
            return registration.keep_photo(picture.read(_ENOUGH_BYTES), guardian_id=me, now=clock.now())
        except (BadValue, TooMany, Unavailable) as refusal:
            errors["photo"] = refusal
    kept = find_id(request.form.get("photo_kept", ""))
    return kept if kept is not None and queries.find_kept_photo(kept, guardian_id=me) else None


def _station(text: str, errors: dict[str, Refusal]) -> int | None:
    station = stations.find_station(find_id(text))
    if text and station is None:
        errors["station_id"] = BadValue("stations.unknown")
    return station.id if station else None


def _second_phone(text: str, errors: dict[str, Refusal]) -> Phone | None:
    if not text.strip():
        return None
    try:
        return Phone.parse_mobile(text[:40])
    except BadValue as refusal:
        errors["second_phone"] = refusal
        return None


def _guardian_name(text: str, errors: dict[str, Refusal]) -> str:
    try:
        return clean_text(text, "accounts.name", NAME_MAX)
    except BadValue as refusal:
        errors["guardian_name"] = refusal
        return ""


def _today() -> date:
    return clock.now().date()
