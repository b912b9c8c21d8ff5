"""Whose it is not: foreign and unknown are answered alike at every address that names a row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import photographs
from tests import world as cast
from tests.doors.asking import ON_SQLITE, count, only, tells
from tests.world import World
from wristband.accounts.rules import PERMISSIONS, Role
from wristband.audit.models import AuditRow
from wristband.db import db, transaction
from wristband.elders.models import Elder, Invitation
from wristband.elders.queries import list_contacts
from wristband.incidents.models import DutyCall, Incident
from wristband.scans.models import Grant, Reach
from wristband.services import approving, drilling, family_circle, registration
from wristband.values.phone import Phone

pytestmark = ON_SQLITE
# Everything each form asks for, so that nothing is refused for its fields.
FIELDS = {
    "form": "wristband",
    "key": "k" * 22,
    "answer": "coming",
    "why": "lost",
    "replace_why": "lost",
    "left": "0.1",
    "top": "0.1",
    "size": "0.5",
    "state": "accepted",
}
NO_ROW = ["0", "-1", str(2**63), str(2**64), "9" * 5000, "abc", "１２", "1.5", "%00", "1'--", "0x10", "1e3", " 1"]


@pytest.fixture
def hers(client: FlaskClient, world: World) -> dict[str, int]:
    """The ids of everything that is the elder's, by the name they have in addresses."""
    data = photographs.encoded(photographs.portrait().resize((300, 375)), "JPEG")
    photo_id = registration.keep_photo(data, guardian_id=world.daughter_id, now=world.now)
    registration.replace_portrait(world.elder_id, photo_id, guardian_id=world.daughter_id, now=world.now)
    drill_id = drilling.begin(
        world.elder_id,
        cast.new_reference(),
        guardian_id=world.daughter_id,
        others=False,
        language="zh-CN",
        now=world.now,
    )
    fields = cast.open_band(client, world.her.token)
    cast.tap(client, fields, "family")
    cast.tap(client, fields, "police")
    reach_id = _call().id
    with transaction():  # a day old, so that a finder may ask
        db.session.execute(sa.update(Elder).values(registered_at=world.now - timedelta(days=2)))
        db.session.add(
            DutyCall(reach_id=reach_id, elder_id=world.elder_id, station_id=world.station_id, made_at=world.now)
        )
    approving.ask_family(fields["scan"], now=world.now)
    son = Phone(cast.SON_PHONE)
    family_circle.invite(world.elder_id, son, guardian_id=world.daughter_id, now=world.now)
    return {
        "elder_id": world.elder_id,
        "band_id": world.her.band_id,
        "reach_id": _call().id,
        "scan_id": _call().scan_id,
        "drill_id": drill_id,
        "duty_call_id": only(DutyCall).id,
        "number": 1,  # of a photograph on the board
        "incident_id": only(Incident).id,
        "grant_id": only(Grant).id,
        "contact_id": list_contacts(world.elder_id)[0].id,
        "invitation_id": only(Invitation).id,
        "who": world.daughter_id,
    }


def _call() -> Reach:
    """The finder's call for help: the drill is none."""
    db.session.rollback()
    return db.session.scalars(sa.select(Reach).where(Reach.drill.is_(False))).one()


def _addresses(app: Flask, door: str) -> Iterator[tuple[str, str]]:
    """Every address of a door that names a row, and each of its methods."""
    for rule in app.url_map.iter_rules():
        guard = getattr(app.view_functions[rule.endpoint], "guard", "")
        # What these officers' role may not do is refused before any row is asked for. A visitor's address
        # holds a secret and names no row. What is an officer's own is ended alike whether it is there or not.
        if (
            rule.rule.startswith(f"/{door}/")
            and rule.arguments
            and guard not in ("visitor", "linked", "halfway")
            and not (guard.startswith("officer:") and guard.removeprefix("officer:") not in PERMISSIONS[Role.OFFICER])
        ):
            for method in (rule.methods or set()) & {"GET", "POST"}:
                yield re.sub(r"<\w+:(\w+)>", r"{\1}", _spelt(rule.rule)), method


def _spelt(rule: str) -> str:
    """An address whose words are some of those it knows."""
    return rule.replace("<purpose>", "card").replace("<kind>", "ndef")


def _ask(client: FlaskClient, address: str, method: str, token: str) -> TestResponse:
    return client.open(address, method=method, data={**FIELDS, "csrf_token": token} if method == "POST" else None)


def _plain(answer: TestResponse) -> str:
    """The page without the form's own token and what a language switch says of its address."""
    page = answer.get_data(as_text=True)
    return re.sub(r'name="csrf_token" value="[^"]*"|href="[^"]*\?lang=', "", page)


def _filled(address: str, ids: dict[str, int], by: int = 0) -> str:
    # What her story has none of, a pickup or a photograph, is nobody's id.
    return address.format(**{name: ids.get(name, 7) + by for name in re.findall(r"{(\w+)}", address)})


def test_a_neighbour_sees_nothing_of_another_family(app: Flask, world: World, hers: dict[str, int]) -> None:
    neighbour = app.test_client()
    cast.sign_in_guardian(neighbour, cast.NEIGHBOUR_PHONE)
    token = cast.csrf(neighbour, "/family")
    deeds = count(AuditRow)
    asked = 0
    for address, method in _addresses(app, "family"):
        foreign = _ask(neighbour, _filled(address, hers), method, token)
        unknown = _ask(neighbour, _filled(address, hers, by=1), method, token)
        assert foreign.status_code == unknown.status_code == 404, (method, address)
        assert _plain(foreign) == _plain(unknown), (method, address)
        asked += 1
    assert asked >= 13
    assert count(AuditRow) == deeds
    assert _call().seen_at is None


def test_her_daughter_opens_every_one_of_these_pages(app: Flask, world: World, hers: dict[str, int]) -> None:
    daughter = app.test_client()
    cast.sign_in_guardian(daughter)
    for address, method in _addresses(app, "family"):
        # An invitation is whoever's is invited; nobody has put a photograph on the board, nor recorded or proposed
        # anything.
        if method == "GET" and not re.search(r"invitation_id|number|voice\.mp3|proposal_id", address):
            assert daughter.get(_filled(address, hers)).status_code == 200, address


def test_an_officer_of_another_station_sees_nothing(app: Flask, world: World, hers: dict[str, int]) -> None:
    stranger = app.test_client()
    cast.sign_in_officer(stranger, "stranger")
    token = cast.csrf(stranger, "/police")
    assert only(Incident).number not in stranger.get("/police").get_data(as_text=True)
    deeds = count(AuditRow)
    for address, method in _addresses(app, "police"):
        foreign = _ask(stranger, _filled(address, hers), method, token)
        unknown = _ask(stranger, _filled(address, hers, by=1), method, token)
        assert foreign.status_code == unknown.status_code == 404, (method, address)
        assert _plain(foreign) == _plain(unknown), (method, address)
    assert count(AuditRow) == deeds


def test_an_officer_is_nobody_at_the_family_s_door_and_a_guardian_nobody_at_the_police_s(
    app: Flask, world: World, hers: dict[str, int]
) -> None:
    client = app.test_client()
    cast.sign_in_officer(client)
    assert client.get(f"/family/elders/{hers['elder_id']}").location == "/family/sign-in"
    client = app.test_client()
    cast.sign_in_guardian(client)
    assert client.get(f"/police/incidents/{hers['incident_id']}").location == "/police/sign-in"


@pytest.mark.parametrize("door", ["family", "police"])
def test_what_can_be_no_id_is_an_unknown_address(app: Flask, world: World, door: str) -> None:
    client = app.test_client()
    (cast.sign_in_guardian if door == "family" else cast.sign_in_officer)(client)
    token = cast.csrf(client, f"/{door}")
    for text in NO_ROW:
        for address, method in _addresses(app, door):
            answer = _ask(client, re.sub(r"\{\w+\}", text, address), method, token)
            assert answer.status_code == 404, (method, address, text[:20])


def test_an_unknown_address_of_each_door_leads_back_into_it(app: Flask, client: FlaskClient) -> None:
    for door in ("family", "police"):
        answer = client.get(f"/{door}/nothing")
        assert answer.status_code == 404
        assert tells(answer, "page.unknown")
        assert f'href="/{door}"' in answer.get_data(as_text=True)
