"""A call to 110, entered in seconds."""

from __future__ import annotations

from flask import Response, g, make_response, redirect, render_template, request, url_for

from wristband import clock
from wristband.accounts.rules import Act
from wristband.errors import BadValue, Refusal
from wristband.services import taking_calls
from wristband.services.taking_calls import Call
from wristband.values.code import BandCode
from wristband.values.phone import Phone
from wristband.web.errors import refused, sentence
from wristband.web.guards import officer
from wristband.web.officer import police
from wristband.web.posts import new_key

_FIELDS = ("code", "place", "words", "phone", "key")
# Longer than any may be: enough to see that it is.
_ENOUGH_CHARACTERS = 2000


@police.get("/call")
@officer(Act.HANDLE_INCIDENT)
def call_form() -> str:
    return _form({"key": new_key()}, {})


@police.post("/call")
@officer(Act.HANDLE_INCIDENT)
def enter_call() -> Response:
    """To the incident it belongs to; where another station has that, a page that says so."""
    texts = {name: request.form.get(name, "")[:_ENOUGH_CHARACTERS] for name in _FIELDS}
    code, phone, errors = _typed(texts)
    if errors:
        return make_response(_form(texts, errors), BadValue.status)
    try:
        call = Call(code, texts["place"], texts["words"], phone)
        entered = taking_calls.take_call(texts["key"], call, officer=g.account, now=clock.now())
    except BadValue as refusal:
        field = "code" if refusal.code == "incidents.call_no_band" else ""
        return refused(_form(texts, {field: refusal}), refusal)
    if entered.mine:
        return make_response(redirect(url_for("police.incident", incident_id=entered.incident_id), code=303))
    return make_response(render_template("officer/call_elsewhere.html", door="police", number=entered.number))


def _typed(texts: dict[str, str]) -> tuple[BandCode | None, Phone | None, dict[str, Refusal]]:
    """Code and number, where they were typed; the refusal of each that cannot be read."""
    code, phone = None, None
    errors: dict[str, Refusal] = {}
    if texts["code"].strip():
        try:
            code = BandCode.parse(texts["code"])
        except BadValue as refusal:
            errors["code"] = refusal
    if texts["phone"].strip():
        try:
            phone = Phone.parse(texts["phone"])
        except BadValue as refusal:
            errors["phone"] = refusal
    return code, phone, errors


def _form(texts: dict[str, str], errors: dict[str, Refusal]) -> str:
    told = {name: sentence(refusal) for name, refusal in errors.items()}
    return render_template("officer/call.html", door="police", values=texts, errors=told)
