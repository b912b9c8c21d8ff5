"""The staff: who has an account, what she may do, and letting her in anew. A code is shown in one answer alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Response, g, make_response, redirect, render_template, request, url_for

from wristband import clock
from wristband.accounts.rules import ACTIVATION_LASTS, KEEPS, Act, Role, keeps_everywhere
from wristband.accounts.staff import get_member, list_members, list_staffed_stations
from wristband.errors import BadValue, Conflict, NotFound, Refusal
from wristband.services import appointing
from wristband.services.appointing import Invitation
from wristband.stations.queries import find_station_by_name
from wristband.web.errors import refused, sentence
from wristband.web.forms import find_id
from wristband.web.guards import officer
from wristband.web.language import gettext
from wristband.web.officer import police, words
from wristband.web.pages import settings

_LONGEST = 100
_MOST_PAGES = 10_000


@police.get("/staff")
@officer(Act.KEEP_STAFF)
def staff() -> str:
    me, now = g.account, clock.now()
    everywhere = keeps_everywhere(me.role)
    station_id = find_id(request.args.get("station", "")) if everywhere else None
    page = min(max(find_id(request.args.get("page", "")) or 1, 1), _MOST_PAGES)
    members, more = list_members(me, station_id=station_id, page=page, now=now)
    return render_template(
        "officer/staff.html",
        door="police",
        members=members,
        more=more,
        page=page,
        everywhere=everywhere,
        station_id=station_id or "",
        stations=list_staffed_stations() if everywhere else [],
        role_words=words.ROLES,
        standing_words=words.STANDINGS,
    )


@police.get("/staff/new")
@officer(Act.KEEP_STAFF, stepped_up=True)
def new_member() -> str:
    return _form()


@police.post("/staff/new")
@officer(Act.KEEP_STAFF, stepped_up=True)
def add_member() -> Response:
    try:
        station_id = _station_typed() if keeps_everywhere(g.account.role) else None
        invitation = appointing.invite(
            request.form.get("username", "")[:_LONGEST],
            name=request.form.get("name", "")[:_LONGEST],
            role=_role(),
            station_id=station_id,
            keeper=g.account,
            now=clock.now(),
        )
    except (BadValue, Conflict, NotFound) as refusal:
        return refused(_form(refusal), refusal)
    return make_response(_activation(invitation))


@police.get("/staff/<int:officer_id>")
@officer(Act.KEEP_STAFF)
def member(officer_id: int) -> str:
    return _page(officer_id)


def _deed(view: Callable[[int], str | None]) -> Callable[..., Any]:
    """A deed at one officer's page: back there with what was done, or the page with why it was not."""

    @wraps(view)
    def done(officer_id: int) -> Response:
        try:
            page = view(officer_id)
        except (BadValue, Conflict) as refusal:
            return refused(_page(officer_id, sentence(refusal)), refusal)
        if page:
            return make_response(page)
        name = view.__name__.removeprefix("member_")
        return make_response(redirect(url_for("police.member", officer_id=officer_id, done=name), code=303))

    return done


@police.post("/staff/<int:officer_id>/role")
@officer(Act.KEEP_STAFF, stepped_up=True)
@_deed
def member_role(officer_id: int) -> None:
    was = request.form.get("was", "")
    if was not in set(Role):
        raise BadValue("page.bad_request")
    appointing.change_role(officer_id, _role(), was=Role(was), keeper=g.account, now=clock.now())


@police.post("/staff/<int:officer_id>/station")
@officer(Act.KEEP_STAFF, stepped_up=True)
@_deed
def member_station(officer_id: int) -> None:
    was = find_id(request.form.get("was", ""))
    if was is None:
        raise BadValue("page.bad_request")
    appointing.move(officer_id, _station_typed(), was=was, keeper=g.account, now=clock.now())


@police.post("/staff/<int:officer_id>/disable")
@officer(Act.KEEP_STAFF, stepped_up=True)
@_deed
def member_disable(officer_id: int) -> None:
    appointing.disable(officer_id, keeper=g.account, now=clock.now())


@police.post("/staff/<int:officer_id>/enable")
@officer(Act.KEEP_STAFF, stepped_up=True)
@_deed
def member_enable(officer_id: int) -> None:
    appointing.enable(officer_id, keeper=g.account, now=clock.now())


@police.post("/staff/<int:officer_id>/factors")
@officer(Act.KEEP_STAFF, stepped_up=True)
@_deed
def member_factors(officer_id: int) -> None:
    appointing.reset_factors(officer_id, keeper=g.account, now=clock.now())


@police.post("/staff/<int:officer_id>/sign-ins")
@officer(Act.KEEP_STAFF, stepped_up=True)
@_deed
def member_sign_ins(officer_id: int) -> None:
    appointing.end_sign_ins(officer_id, keeper=g.account, now=clock.now())


@police.post("/staff/<int:officer_id>/activation")
@officer(Act.KEEP_STAFF, stepped_up=True)
@_deed
def member_activation(officer_id: int) -> str:
    return _activation(appointing.renew_activation(officer_id, keeper=g.account, now=clock.now()))


def _role() -> Role:
    role = request.form.get("role", "")
    if role not in set(Role):
        raise BadValue("staff.role_missing")
    return Role(role)


def _station_typed() -> int:
    """The station whose name was typed: of ten thousand stations none is chosen from a list."""
    found = find_station_by_name(request.form.get("station", "").strip()[:_LONGEST])
    if found is None:
        raise BadValue("staff.station_unknown")
    return found.id


def _roles() -> list[tuple[str, str, str]]:
    kept = KEEPS[g.account.role]
    return [(role.value, gettext(words.ROLES[role]), gettext(words.ROLE_HELP[role])) for role in Role if role in kept]


def _activation(invitation: Invitation) -> str:
    now = clock.now()
    return render_template(
        "officer/activation.html",
        door="police",
        invitation=invitation,
        link=f"{settings().base_url}/police/activate/{invitation.code}",
        until=now + ACTIVATION_LASTS,
        now=now,
    )


def _form(refusal: Refusal | None = None) -> str:
    fields = {"accounts.username": "username", "accounts.username_taken": "username", "staff.role_missing": "role"}
    fields |= {"stations.unknown": "station", "staff.station_unknown": "station"}
    at = fields.get(refusal.code, "name") if refusal else ""
    return render_template(
        "officer/staff_new.html",
        door="police",
        errors={at: sentence(refusal)} if refusal else {},
        typed=request.form,
        roles=_roles(),
        everywhere=keeps_everywhere(g.account.role),
    )


def _page(officer_id: int, error: str = "") -> str:
    me = g.account
    return render_template(
        "officer/staff_member.html",
        door="police",
        member=get_member(officer_id, keeper=me, now=clock.now()),
        error=error,
        done=request.args.get("done", ""),
        roles=_roles(),
        everywhere=keeps_everywhere(me.role),
        role_words=words.ROLES,
        standing_words=words.STANDINGS,
    )
