"""Registering at the counter: one page, a code read out, and the band printed on the next."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import date

from flask import Response, g, make_response, redirect, render_template, request, url_for

from wristband import clock
from wristband.accounts.rules import Act
from wristband.bands.rules import FORM_WORDS, BandForm
from wristband.elders import at_station, photos, queries, search
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
from wristband.errors import BadFields, BadValue, Refusal, TooMany, Unavailable
from wristband.language import SOURCE
from wristband.services import counter, registration, signing_in
from wristband.values.phone import Phone
from wristband.web.errors import refused, sentence
from wristband.web.forms import find_id, with_file
from wristband.web.guards import officer
from wristband.web.language import gettext
from wristband.web.officer import police

_PARTICULARS = ("name", "relation", "called", "sex", "birth_year", "address", "approach", "health")
_OTHERS = ("phone", "code", "guardian_name", "second_phone", "unconfirmed", "key", "photo_kept")
_ENOUGH_BYTES = photos.MOST_BYTES + 1
_LONGEST_NUMBER = 40


@dataclass
class _Draft:
    """The form as it stands: nothing of it is lost until the elder is registered."""

    texts: dict[str, str] = field(default_factory=dict)
    ticked: set[str] = field(default_factory=set)
    errors: dict[str, Refusal] = field(default_factory=dict)
    phone: Phone | None = None
    guardian_id: int | None = None
    photo_id: int | None = None
    confirmed: bool = False
    sent: bool = False


@police.get("/records/new")
@officer(Act.KEEP_RECORDS)
def new_record() -> str:
    return _page(_Draft())


@police.post("/records/new")
@with_file
@officer(Act.KEEP_RECORDS)
def register_record() -> Response:
    """Send the code, or register: whichever button it was. What is wrong comes back with all that was typed."""
    draft, me, now = _read(), g.account, clock.now()
    try:
        if request.form.get("do") == "code":
            # The Enter key in any field is this button, too: a code that is typed already is meant to be looked at.
            if draft.texts["code"].strip():
                _confirm(draft)
            elif draft.phone is not None and not draft.confirmed:
                counter.ask_code(draft.phone, officer=me, now=now)
                draft.sent = True
            return make_response(_page(draft), BadFields.status if draft.errors else 200)
        _confirm(draft)
        elder_id = _register(draft)
        if elder_id is not None:
            return make_response(redirect(url_for("police.registered", elder_id=elder_id), code=303))
    except BadFields as refusal:
        draft.errors |= refusal.fields
    except (BadValue, TooMany) as refusal:
        draft.errors["phone"] = refusal
        return refused(_page(draft), refusal)
    return make_response(_page(draft), BadFields.status)


def _read() -> _Draft:
    """The form, its photograph kept for the number that it names."""
    texts = {name: request.form.get(name, "") for name in (*_PARTICULARS, *_OTHERS)}
    draft = _Draft(texts, {each for each in request.form.getlist("consents") if each in set(Purpose)})
    me, now = g.account, clock.now()
    try:
        draft.phone = Phone.parse_mobile(texts["phone"][:_LONGEST_NUMBER])
        draft.guardian_id = signing_in.join(draft.phone, language=SOURCE, now=now)
        draft.confirmed = counter.is_confirmed(draft.phone, officer=me, now=now)
    except BadValue as refusal:
        draft.errors["phone"] = refusal
    _keep_photo(draft)
    texts["photo_kept"] = str(draft.photo_id or "")
    return draft


def _keep_photo(draft: _Draft) -> None:
    """The picture sent with this form, or the one kept from its last try."""
    picture = request.files.get("photo")
    kept = find_id(draft.texts["photo_kept"])
    if kept is not None and draft.guardian_id is not None:
        draft.photo_id = kept if counter.adopt_photo(kept, guardian_id=draft.guardian_id) else None
    elif kept is not None:
        draft.photo_id = kept  # still waiting: the number is only mistyped
    if picture is None or not picture.filename:
        return
    if draft.guardian_id is None:
        draft.errors["photo"] = BadValue("records.phone_missing")
        return
    try:
        draft.photo_id = registration.keep_photo(
            picture.read(_ENOUGH_BYTES), guardian_id=draft.guardian_id, now=clock.now()
        )
    except (BadValue, TooMany, Unavailable) as refusal:
        draft.errors["photo"] = refusal


def _confirm(draft: _Draft) -> None:
    """The code that was read out, where the number is not confirmed yet; or the officer says that there was none."""
    if draft.phone is None or draft.confirmed or draft.texts["unconfirmed"]:
        return
    if not draft.texts["code"].strip():
        draft.errors["code"] = BadValue("records.code_missing")
        return
    try:
        counter.enter_code(draft.phone, draft.texts["code"], officer=g.account, now=clock.now())
        draft.confirmed = True
    except (BadValue, TooMany) as refusal:
        draft.errors["code"] = refusal


def _register(draft: _Draft) -> int | None:
    """The new elder's id; None, and the errors in the draft, where something is wrong. Raises BadFields, TooMany."""
    texts, consents = draft.texts, {Purpose(each) for each in draft.ticked}
    second, guardian_name = _second_phone(draft), _guardian_name(draft)
    particulars = Particulars.of(today=_today(), consents=consents, **{name: texts[name] for name in _PARTICULARS})
    if draft.errors or draft.phone is None or draft.guardian_id is None:
        return None
    return counter.register(
        texts["key"] or secrets.token_urlsafe(16),
        particulars,
        phone=draft.phone,
        guardian_id=draft.guardian_id,
        guardian_name=guardian_name,
        consents=consents,
        photo_id=draft.photo_id,
        second_phone=second,
        confirmed=draft.confirmed,
        officer=g.account,
        now=clock.now(),
    )


def _second_phone(draft: _Draft) -> Phone | None:
    if not draft.texts["second_phone"].strip():
        return None
    try:
        return Phone.parse_mobile(draft.texts["second_phone"][:_LONGEST_NUMBER])
    except BadValue as refusal:
        draft.errors["second_phone"] = refusal
        return None


def _guardian_name(draft: _Draft) -> str:
    try:
        return clean_text(draft.texts["guardian_name"], "accounts.name", NAME_MAX)
    except BadValue as refusal:
        draft.errors["guardian_name"] = refusal
        return ""


def _today() -> date:
    return clock.now().date()


def _page(draft: _Draft) -> str:
    return render_template(
        "officer/records_new.html",
        door="police",
        values=draft.texts,
        ticked=draft.ticked,
        errors={name: sentence(refusal) for name, refusal in draft.errors.items()},
        confirmed=draft.confirmed,
        sent=draft.sent,
        relations_shown=[(relation, gettext(words)) for relation, words in RELATIONS.items()],
        consent_texts={purpose: text for purpose, text in CONSENT_TEXTS.items() if purpose not in ASKED_LATER},
        required=REQUIRED,
        key=draft.texts.get("key") or secrets.token_urlsafe(16),
        today=_today(),
    )


# ---- and the band


@police.get("/records/<int:elder_id>/registered")
@officer(Act.KEEP_RECORDS)
def registered(elder_id: int) -> str:
    """What is left to do at the counter: the band, printed on the spot."""
    elder = at_station.get_record(elder_id, station_id=g.account.station_id)
    worn = [band for band in search.bands_of([elder_id]).get(elder_id, []) if band.ended_at is None]
    return render_template(
        "officer/records_registered.html",
        door="police",
        elder_id=elder_id,
        who=search.masked_name(elder),
        answered=bool(queries.list_guardians(elder_id)),
        bands=worn,
        forms=[(form.value, gettext(words)) for form, words in FORM_WORDS.items()],
        chosen=BandForm.WRISTBAND.value,
        key=secrets.token_urlsafe(16),
    )
