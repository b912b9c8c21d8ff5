"""Where a guardian is told without ringing: mailboxes, chats, this phone's notices."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from flask import Response, current_app, g, make_response, redirect, render_template, request, session, url_for

from wristband import clock
from wristband.accounts.queries import get_quiet_contact
from wristband.accounts.quiet import list_shown
from wristband.accounts.rules import QUIET_A_GUARDIAN, QuietKind
from wristband.errors import BadValue, Conflict, Refusal, TooMany
from wristband.services import subscribing
from wristband.web.errors import refused, sentence
from wristband.web.forms import network
from wristband.web.guardian import family
from wristband.web.guardian.ready import code_typed
from wristband.web.guards import guardian, visitor
from wristband.web.pages import settings

# A subscription has at most 4,096 characters; around it stands the name of a key.
_LONGEST = 5000
# In the cookie of a browser whose notices were taken out: it would else put them in again by itself.
_PUSH_OFF = "push_off"


@family.get("/quiet")
@guardian
def quiet() -> str:
    if request.args.get("push") == "on":
        session.pop(_PUSH_OFF, None)
    return _page()


@family.post("/quiet")
@guardian
def add_quiet() -> Response:
    """A mailbox or a chat: a code goes there first."""
    kind, typed = request.form.get("kind", ""), request.form.get("address", "")[:2100]
    if kind not in (QuietKind.MAIL, QuietKind.CHAT):
        raise BadValue("page.bad_request")
    me, now = g.account.guardian_id, clock.now()
    try:
        contact_id = subscribing.add(QuietKind(kind), typed, guardian_id=me, address=network(), now=now)
    except (BadValue, TooMany) as refusal:
        return refused(_page(wrong=kind, typed=typed, refusal=refusal), refusal)
    return _back(contact_id)


@family.post("/quiet/push")
@guardian
def add_push() -> Response:
    """This browser's own subscription, as static/push.js sends it."""
    subscription, key_id = _sent()
    subscribing.add_push(subscription, key_id, guardian_id=g.account.guardian_id, now=clock.now())
    return Response(status=204, mimetype="text/plain")


@family.post("/quiet/<int:contact_id>/code")
@guardian
def send_quiet_code(contact_id: int) -> Response:
    me, now = g.account.guardian_id, clock.now()
    try:
        subscribing.send_again(contact_id, guardian_id=me, address=network(), now=now)
    except (BadValue, TooMany) as refusal:
        return refused(_page(wrong=str(contact_id), refusal=refusal), refusal)
    return _back(contact_id)


@family.post("/quiet/<int:contact_id>/confirm")
@guardian
def confirm_quiet(contact_id: int) -> Response:
    get_quiet_contact(contact_id, guardian_id=g.account.guardian_id)
    try:
        subscribing.confirm(contact_id, code_typed(), guardian_id=g.account.guardian_id, now=clock.now())
    except (BadValue, TooMany) as refusal:
        return refused(_page(wrong=str(contact_id), refusal=refusal), refusal)
    return _back(contact_id)


@family.post("/quiet/<int:contact_id>/test")
@guardian
def test_quiet(contact_id: int) -> Response:
    try:
        subscribing.try_out(contact_id, guardian_id=g.account.guardian_id, now=clock.now())
    except (Conflict, TooMany) as refusal:
        return refused(_page(wrong=str(contact_id), refusal=refusal), refusal)
    return make_response(_page(tested=contact_id))


@family.post("/quiet/<int:contact_id>/remove")
@guardian
def remove_quiet(contact_id: int) -> Response:
    kind = subscribing.remove(contact_id, guardian_id=g.account.guardian_id, now=clock.now())
    if kind is QuietKind.PUSH:
        session[_PUSH_OFF] = True
    return make_response(redirect(url_for("family.quiet"), code=303))


@family.get("/sw.js")
@visitor
def service_worker() -> Response:
    """The worker that shows notices, at an address of this door: it may answer for nothing outside it."""
    script = (Path(str(current_app.static_folder)) / "family_sw.js").read_bytes()
    return Response(script, mimetype="text/javascript")


def _sent() -> tuple[str, str]:
    """The subscription as JSON, and the name of the key it was made with. Raises BadValue."""
    body = request.get_data(as_text=True)
    try:
        content: Any = json.loads(body) if len(body) <= _LONGEST else None
        return json.dumps(content["subscription"]), str(content["key_id"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BadValue("push.not_a_subscription") from None


def _back(contact_id: int) -> Response:
    return make_response(redirect(url_for("family.quiet", _anchor=f"contact-{contact_id}"), code=303))


def _page(*, wrong: str = "", typed: str = "", refusal: Refusal | None = None, tested: int = 0) -> str:
    """`wrong` names what a refusal is about: the kind that is added, or a contact's id."""
    kept = list_shown(g.account.guardian_id)
    kinds = subscribing.kinds()
    key_id, key = subscribing.push_offer() if QuietKind.PUSH in kinds else ("", "")
    return render_template(
        "guardian/quiet.html",
        door="family",
        contacts=kept,
        kinds=kinds,
        full=len(kept) >= QUIET_A_GUARDIAN,
        most=QUIET_A_GUARDIAN,
        push_off=session.get(_PUSH_OFF, False),
        push_key=key,
        push_key_id=key_id,
        wrong=wrong,
        typed={wrong: typed},
        error=sentence(refusal) if refusal else "",
        tested=tested,
        printed_messages=settings().demonstration,
    )
