"""Partners: the systems that may call us, what each may do, its keys, and what became of the events it was told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, g, make_response, redirect, render_template, request, url_for

from wristband import clock
from wristband.accounts.rules import Act
from wristband.errors import BadValue, Conflict, NotFound
from wristband.partners import queries
from wristband.partners.rules import END_WORDS, EVENT_WORDS, KEY_LASTS_DAYS, SCOPE_WORDS, Event, Scope, is_live
from wristband.services import partnering
from wristband.services.partnering import NewKey, Rights
from wristband.stations.queries import list_districts, list_names
from wristband.web.errors import refused, sentence
from wristband.web.forms import find_id
from wristband.web.guards import officer
from wristband.web.language import gettext
from wristband.web.officer import police

_FIELDS = ("name", "station_id", "district", "hosts", "days")


@police.get("/partners")
@officer(Act.KEEP_PARTNERS)
def partners() -> str:
    return _list({"days": str(KEY_LASTS_DAYS)}, set())


@police.post("/partners")
@officer(Act.KEEP_PARTNERS, stepped_up=True)
def add_partner() -> Response:
    """The new partner's key, in this answer alone."""
    texts = {name: request.form.get(name, "")[:2000] for name in _FIELDS}
    ticked = set(request.form.getlist("scopes"))
    try:
        made = partnering.add(_rights(texts, ticked), days=_days(texts), by=g.account.actor, now=clock.now())
    except (BadValue, Conflict, NotFound) as refusal:
        return refused(_list(texts, ticked, error=sentence(refusal)), refusal)
    return make_response(_key_page(made))


@police.get("/partners/<int:partner_id>")
@officer(Act.KEEP_PARTNERS)
def partner(partner_id: int) -> str:
    return partner_page(partner_id)


@police.post("/partners/<int:partner_id>")
@officer(Act.KEEP_PARTNERS, stepped_up=True)
def change_partner(partner_id: int) -> Response:
    texts = {name: request.form.get(name, "")[:2000] for name in _FIELDS}
    ticked = set(request.form.getlist("scopes"))
    version = find_id(request.form.get("version", "")) or 0
    try:
        partnering.change(partner_id, _rights(texts, ticked), version=version, by=g.account.actor, now=clock.now())
    except (BadValue, Conflict) as refusal:
        return refused(partner_page(partner_id, typed=(texts, ticked), error=sentence(refusal)), refusal)
    return back_to(partner_id)


@police.post("/partners/<int:partner_id>/end")
@officer(Act.KEEP_PARTNERS, stepped_up=True)
def end_partner(partner_id: int) -> Response:
    partnering.end(partner_id, by=g.account.actor, now=clock.now())
    return back_to(partner_id)


@police.post("/partners/<int:partner_id>/keys")
@officer(Act.KEEP_PARTNERS, stepped_up=True)
def rotate_key(partner_id: int) -> Response:
    """A new key beside the old one, in this answer alone."""
    texts = {"days": request.form.get("days", "")}
    try:
        made = partnering.rotate(partner_id, days=_days(texts), by=g.account.actor, now=clock.now())
    except BadValue as refusal:
        return refused(partner_page(partner_id, error=sentence(refusal)), refusal)
    return make_response(_key_page(made))


@police.post("/partners/<int:partner_id>/keys/<int:key_id>/end")
@officer(Act.KEEP_PARTNERS)
def end_partner_key(partner_id: int, key_id: int) -> Response:
    partnering.end_key(partner_id, key_id, by=g.account.actor, now=clock.now())
    return back_to(partner_id)


def back_to(partner_id: int) -> Response:
    return make_response(redirect(url_for("police.partner", partner_id=partner_id), code=303))


def partner_page(
    partner_id: int,
    *,
    typed: tuple[dict[str, str], set[str]] | None = None,
    error: str = "",
    told: str = "",
    secret: str = "",
) -> str:
    """One partner; `secret` is a webhook's, shown in this answer alone."""
    now = clock.now()
    found = queries.get_partner(partner_id)
    texts, ticked = typed or _as_kept(found)
    webhooks = queries.list_webhooks(partner_id)
    return render_template(
        "officer/partner.html",
        door="police",
        partner=found,
        keys=[
            (key, is_live(expires_at=key.expires_at, ended_at=key.ended_at, now=now))
            for key in queries.list_keys(partner_id)
        ],
        webhooks=[
            (webhook, [gettext(EVENT_WORDS[Event(word)]) for word in webhook.events.split()]) for webhook in webhooks
        ],
        attempts=[
            (one, gettext(EVENT_WORDS[Event(one.event)])) for one in queries.list_attempts([one.id for one in webhooks])
        ],
        end_words=END_WORDS,
        values=texts,
        ticked=ticked,
        error=error,
        told=told,
        secret=secret,
        days=KEY_LASTS_DAYS,
        now=now,
        **_choices(),
    )


def _as_kept(found: queries.PartnerFacts) -> tuple[dict[str, str], set[str]]:
    texts = {
        "name": found.name,
        "station_id": str(found.station_id or ""),
        "district": found.district,
        "hosts": found.hosts.replace(" ", "\n"),
    }
    return texts, set(found.scopes.split())


def _list(texts: dict[str, str], ticked: set[str], *, error: str = "") -> str:
    now = clock.now()
    return render_template(
        "officer/partners.html",
        door="police",
        partners=queries.list_partners(now=now),
        values=texts,
        ticked=ticked,
        error=error,
        now=now,
        **_choices(),
    )


def _key_page(made: NewKey) -> str:
    return render_template(
        "officer/partner_key.html", door="police", made=made, partner=queries.get_partner(made.partner_id)
    )


def _choices() -> dict[str, Any]:
    return {
        "scopes": [(scope.value, gettext(SCOPE_WORDS[scope])) for scope in Scope],
        "stations": [(str(station_id), name) for station_id, name in list_names()],
        "districts": [(district, district) for district, _ in list_districts()],
    }


def _rights(texts: Mapping[str, str], ticked: set[str]) -> Rights:
    if texts["station_id"] and find_id(texts["station_id"]) is None:
        raise BadValue("partners.area_unknown")
    return Rights(texts["name"], ticked, find_id(texts["station_id"]), texts["district"], texts["hosts"])


def _days(texts: Mapping[str, str]) -> int:
    days = texts["days"].strip()
    return int(days) if days.isascii() and days.isdigit() and len(days) < 6 else 0
