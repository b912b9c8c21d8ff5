"""What a guardian has agreed to, purpose by purpose."""

from __future__ import annotations

from flask import Response, g, make_response, redirect, render_template, request, url_for

from wristband import clock
from wristband.elders import queries
from wristband.elders.rules import CONSENT_TEXTS, KEPT_WITH_SERVICE, WITHDRAWAL_EFFECTS, Purpose
from wristband.errors import BadValue, NotAllowed, NotFound
from wristband.services import consenting
from wristband.web.errors import refused, sentence
from wristband.web.guardian import family
from wristband.web.guards import guardian


@family.get("/elders/<int:elder_id>/consents")
@guardian
def consents(elder_id: int) -> str:
    return _page(elder_id)


@family.post("/elders/<int:elder_id>/consents/<purpose>/give")
@guardian
def give_consent(elder_id: int, purpose: str) -> Response:
    words = request.form.get("health", "")
    try:
        consenting.give(elder_id, _purpose(purpose), health=words, guardian_id=g.account.guardian_id, now=clock.now())
    except BadValue as refusal:
        return refused(_page(elder_id, wrong=purpose, error=sentence(refusal), typed=words), refusal)
    return _back(elder_id, purpose)


@family.post("/elders/<int:elder_id>/consents/<purpose>/withdraw")
@guardian
def withdraw_consent(elder_id: int, purpose: str) -> Response:
    try:
        consenting.withdraw(elder_id, _purpose(purpose), guardian_id=g.account.guardian_id, now=clock.now())
    except NotAllowed as refusal:
        return refused(_page(elder_id, wrong=purpose, error=sentence(refusal)), refusal)
    return _back(elder_id, purpose)


def _purpose(word: str) -> Purpose:
    if word not in set(Purpose):
        raise NotFound("page.unknown")
    return Purpose(word)


def _back(elder_id: int, purpose: str) -> Response:
    where = url_for("family.consents", elder_id=elder_id, _anchor=f"consent-{purpose}")
    return make_response(redirect(where, code=303))


def _page(elder_id: int, *, wrong: str = "", error: str = "", typed: str = "") -> str:
    return render_template(
        "guardian/consents.html",
        door="family",
        elder=queries.get_elder(elder_id, guardian_id=g.account.guardian_id),
        consents=queries.consent_states(elder_id),
        texts=CONSENT_TEXTS,
        effects=WITHDRAWAL_EFFECTS,
        kept=KEPT_WITH_SERVICE,
        wrong=wrong,
        error=error,
        typed=typed,
    )
