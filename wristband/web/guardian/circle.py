"""An elder's particulars edited, and the family around: telephones, guardians, invitations."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from flask import Response, g, make_response, redirect, render_template, request, url_for

from wristband import clock
from wristband.elders import queries
from wristband.elders.readiness import confirmation
from wristband.elders.rules import RELATIONS, Particulars, Purpose
from wristband.errors import BadFields, BadValue, Conflict, NotAllowed, NotFound, Refusal, TooMany
from wristband.services import editing, family_circle
from wristband.stations import queries as stations
from wristband.values.phone import Phone
from wristband.web.errors import refused, sentence
from wristband.web.forms import find_id
from wristband.web.guardian import family
from wristband.web.guards import guardian
from wristband.web.language import gettext

_TEXTS = ("name", "relation", "called", "sex", "birth_year", "address", "approach", "health")

# ---- particulars


@family.get("/elders/<int:elder_id>/edit")
@guardian
def edit_elder(elder_id: int) -> str:
    me = g.account.guardian_id
    elder = queries.get_elder(elder_id, guardian_id=me)
    relation = queries.get_guardianship(elder_id, guardian_id=me).relation
    texts = {name: str(getattr(elder, name) or "") for name in _TEXTS if name != "relation"}
    texts |= {"relation": relation, "station_id": str(elder.station_id or ""), "seen": elder.changed_at.isoformat()}
    return _edit_page(elder_id, texts, {})


@family.post("/elders/<int:elder_id>/edit")
@guardian
def keep_elder(elder_id: int) -> Response:
    """Keep what was typed, or come back with it, every fault named; also where somebody else was quicker."""
    me, now = g.account.guardian_id, clock.now()
    texts = {name: request.form.get(name, "") for name in (*_TEXTS, "station_id", "seen")}
    errors: dict[str, Refusal] = {}
    station_id = _station(texts["station_id"], errors)
    try:
        queries.get_elder(elder_id, guardian_id=me)
        particulars = _particulars(elder_id, texts, now.date())
        if not errors:
            seen = _moment(texts["seen"])
            editing.edit(elder_id, particulars, station_id, seen=seen, guardian_id=me, now=now)
            return make_response(redirect(url_for("family.elder", elder_id=elder_id), code=303))
    except BadFields as refusal:
        errors |= refusal.fields
    except Conflict as refusal:
        # From here on the newest is what is seen: kept again, it is kept knowingly.
        texts["seen"] = queries.get_elder(elder_id, guardian_id=me).changed_at.isoformat()
        return refused(_edit_page(elder_id, texts, errors, told=sentence(refusal)), refusal)
    return make_response(_edit_page(elder_id, texts, errors), BadFields.status)


def _particulars(elder_id: int, texts: dict[str, str], today: date) -> Particulars:
    consents = {state.purpose for state in queries.consent_states(elder_id) if state.given}
    return Particulars.of(today=today, consents=consents, **{name: texts[name] for name in _TEXTS})


def _station(text: str, errors: dict[str, Refusal]) -> int | None:
    station = stations.find_station(find_id(text))
    if text and station is None:
        errors["station_id"] = BadValue("stations.unknown")
    return station.id if station else None


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadValue("page.bad_request") from None
    if moment.tzinfo is None:
        raise BadValue("page.bad_request")
    return moment


def _edit_page(elder_id: int, texts: dict[str, str], errors: dict[str, Refusal], *, told: str = "") -> str:
    elder = queries.get_elder(elder_id, guardian_id=g.account.guardian_id)
    return render_template(
        "guardian/edit.html",
        door="family",
        elder=elder,
        values=texts,
        told=told,
        errors={name: sentence(refusal) for name, refusal in errors.items()},
        relations_shown=[(relation, gettext(words)) for relation, words in RELATIONS.items()],
        stations=stations.list_names(),
        health_kept=queries.consented(elder_id, Purpose.HEALTH),
        now_kept=elder if told else None,
    )


# ---- telephones and guardians


@family.get("/elders/<int:elder_id>/family")
@guardian
def circle(elder_id: int) -> str:
    return _circle_page(elder_id)


@family.post("/elders/<int:elder_id>/contacts")
@guardian
def add_contact(elder_id: int) -> Response:
    return _with_phone(elder_id, "contact_phone", family_circle.add_contact)


@family.post("/elders/<int:elder_id>/contacts/<int:contact_id>/remove")
@guardian
def remove_contact(elder_id: int, contact_id: int) -> Response:
    try:
        family_circle.remove_contact(elder_id, contact_id, guardian_id=g.account.guardian_id, now=clock.now())
    except NotAllowed as refusal:
        return refused(_circle_page(elder_id, told=sentence(refusal)), refusal)
    return _to_circle(elder_id)


@family.post("/elders/<int:elder_id>/contacts/<int:contact_id>/raise")
@guardian
def raise_contact(elder_id: int, contact_id: int) -> Response:
    family_circle.raise_contact(elder_id, contact_id, guardian_id=g.account.guardian_id, now=clock.now())
    return _to_circle(elder_id)


@family.post("/elders/<int:elder_id>/guardians")
@guardian
def invite_guardian(elder_id: int) -> Response:
    return _with_phone(elder_id, "guardian_phone", family_circle.invite)


@family.post("/elders/<int:elder_id>/guardians/<int:who>/end")
@guardian
def end_guardianship(elder_id: int, who: int) -> Response:
    try:
        family_circle.end_guardianship(elder_id, who, guardian_id=g.account.guardian_id, now=clock.now())
    except (NotAllowed, Conflict) as refusal:
        return refused(_circle_page(elder_id, told=sentence(refusal)), refusal)
    return make_response(redirect(url_for("family.home"), code=303))


@family.post("/elders/<int:elder_id>/invitations/<int:invitation_id>/end")
@guardian
def uninvite(elder_id: int, invitation_id: int) -> Response:
    family_circle.uninvite(elder_id, invitation_id, guardian_id=g.account.guardian_id, now=clock.now())
    return _to_circle(elder_id)


def _with_phone(elder_id: int, field: str, deed: Callable[..., None]) -> Response:
    typed = request.form.get(field, "")[:40]
    try:
        deed(elder_id, Phone.parse_mobile(typed), guardian_id=g.account.guardian_id, now=clock.now())
    except (BadValue, TooMany) as refusal:
        return refused(_circle_page(elder_id, typed={field: typed}, errors={field: sentence(refusal)}), refusal)
    return _to_circle(elder_id)


def _to_circle(elder_id: int) -> Response:
    return make_response(redirect(url_for("family.circle", elder_id=elder_id), code=303))


def _circle_page(
    elder_id: int,
    *,
    typed: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    told: str = "",
) -> str:
    me = g.account.guardian_id
    elder = queries.get_elder(elder_id, guardian_id=me)
    invitations = queries.list_invitations(elder_id, now=clock.now())
    return render_template(
        "guardian/family.html",
        door="family",
        elder=elder,
        me=me,
        contacts=[
            (contact, Phone(contact.address), confirmation(contact.confirmed_at, now=clock.now()))
            for contact in queries.list_contacts(elder_id)
        ],
        guardians=queries.list_guardians(elder_id),
        relations=RELATIONS,
        invitations=[(invitation, Phone(invitation.phone or "")) for invitation in invitations],
        typed=typed or {},
        errors=errors or {},
        told=told,
    )


# ---- whoever is invited


@family.get("/invitations/<int:invitation_id>")
@guardian
def invitation(invitation_id: int) -> str:
    return _invitation_page(invitation_id, {"name": g.account.name or "", "relation": ""}, {})


@family.post("/invitations/<int:invitation_id>/accept")
@guardian
def accept_invitation(invitation_id: int) -> Response:
    texts = {name: request.form.get(name, "")[:200] for name in ("name", "relation")}
    me, now = g.account.guardian_id, clock.now()
    try:
        elder_id = family_circle.accept(invitation_id, **texts, guardian_id=me, now=now)
    except BadValue as refusal:
        wrong = "relation" if refusal.code == "elders.relation_missing" else "name"
        return refused(_invitation_page(invitation_id, texts, {wrong: sentence(refusal)}), refusal)
    return make_response(redirect(url_for("family.elder", elder_id=elder_id), code=303))


@family.post("/invitations/<int:invitation_id>/decline")
@guardian
def decline_invitation(invitation_id: int) -> Response:
    family_circle.decline(invitation_id, guardian_id=g.account.guardian_id, now=clock.now())
    return make_response(redirect(url_for("family.home"), code=303))


def _invitation_page(invitation_id: int, texts: dict[str, str], errors: dict[str, str]) -> str:
    invited = queries.list_invitations_to(g.account.guardian_id, now=clock.now())
    mine = {invitation.id: inviter for invitation, inviter in invited}
    if invitation_id not in mine:
        raise NotFound("elders.invitation_over")
    return render_template(
        "guardian/invitation.html",
        door="family",
        invitation_id=invitation_id,
        inviter=mine[invitation_id],
        values=texts,
        errors=errors,
        relations_shown=[(relation, gettext(words)) for relation, words in RELATIONS.items()],
    )
