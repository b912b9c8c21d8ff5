"""What the police door shows of an elder: at first, with a reason, without an incident; and who judges it."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from itertools import product

import pytest
import sqlalchemy as sa
import time_machine
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import world as cast
from tests.doors.asking import ON_SQLITE, only, tells, value_of, words
from tests.world import ELDER, World
from wristband.accounts.hashing import hash_password
from wristband.accounts.rules import PERMISSIONS, Act, Role
from wristband.db import db
from wristband.elders.models import Elder
from wristband.elders.opened import UNREADABLE
from wristband.incidents.models import BreakGlassLook, Incident
from wristband.outbox.models import Message
from wristband.services import staffing
from wristband.values.code import BandCode

pytestmark = ON_SQLITE
NUMBER = "138 0013 8000"
WORDS = "独自坐在公园长椅上"
HELPFUL = (ELDER["name"], ELDER["called"], ELDER["approach"], ELDER["health"])


@pytest.fixture
def address(client: FlaskClient, world: World) -> str:
    """The address of her incident; an officer of its station is signed in."""
    cast.tap(client, cast.open_band(client, world.her.token), "police")
    cast.sign_in_officer(client)
    return f"/police/incidents/{only(Incident).id}"


def hired(client: FlaskClient, role: Role, station_id: int, world: World) -> FlaskClient:
    """Somebody of this role, signed in."""
    username = f"{role.value}-new"
    hashed = hash_password(cast.PASSWORD)
    staffing.add_officer(username, name=username, password_hash=hashed, role=role, station_id=station_id, now=world.now)
    who = client.application.test_client()
    cast.sign_in_officer(who, username)
    return who


def accept(client: FlaskClient, address: str) -> None:
    token = cast.csrf(client, "/police")
    assert client.post(f"{address}/move", data={"csrf_token": token, "state": "accepted"}).status_code == 303


def reveal(client: FlaskClient, address: str, reason: str = "escort") -> TestResponse:
    return client.post(f"{address}/reveal", data={"csrf_token": cast.csrf(client, "/police"), "reason": reason})


def break_glass(client: FlaskClient, code: str, **fields: str) -> TestResponse:
    data = {"csrf_token": cast.csrf(client, "/police/look"), "code": code, "reason": "health", "words": WORDS}
    return client.post("/police/look", data=data | fields)


# ---- one incident


def test_the_page_shows_what_helps_and_neither_address_nor_number(client: FlaskClient, address: str) -> None:
    page = words(client.get(address))
    assert all(word in page for word in HELPFUL)
    assert ELDER["address"] not in page
    assert NUMBER not in page
    assert "这次查看已经记录，也告诉了家人" in page


def test_with_a_reason_the_answer_shows_them_and_a_reload_hides_them_again(client: FlaskClient, address: str) -> None:
    early = reveal(client, address)
    assert (early.status_code, tells(early, "looks.accept_to_reveal")) == (403, True)
    assert NUMBER not in words(early)
    accept(client, address)
    answer = reveal(client, address)
    assert answer.status_code == 200
    assert ELDER["address"] in words(answer)
    assert NUMBER in words(answer)
    after = words(client.get(address))
    assert ELDER["address"] not in after
    assert NUMBER not in after
    assert client.get(f"{address}/reveal").status_code == 405


def test_the_family_reads_who_looked_at_what_and_why(client: FlaskClient, world: World, address: str) -> None:
    client.get(address)
    accept(client, address)
    reveal(client, address, "escort")
    daughter = client.application.test_client()
    cast.sign_in_guardian(daughter)
    log = words(daughter.get(f"/family/elders/{world.elder_id}/log"))
    for said in ("大同派出所的民警", "看了称呼、", "办理警情", "看了住址、家人电话", "送老人回家"):
        assert said in log, said


@pytest.mark.parametrize("reason", ["", "curiosity"])
def test_without_a_reason_it_is_asked_for(client: FlaskClient, address: str, reason: str) -> None:
    answer = reveal(client, address, reason)
    assert answer.status_code == 422
    assert tells(answer, "scans.reason_missing")
    assert NUMBER not in words(answer)


def test_another_stations_officer_and_an_unknown_incident_are_answered_alike(
    client: FlaskClient, world: World, address: str
) -> None:
    stranger = client.application.test_client()
    cast.sign_in_officer(stranger, "stranger")
    answers = [
        [stranger.get(path), stranger.get(f"{path}/portrait.jpg"), reveal(stranger, path)]
        for path in (address, "/police/incidents/1")
    ]
    assert {answer.status_code for pair in answers for answer in pair} == {404}
    for here, nowhere in zip(*answers, strict=True):
        assert re.sub(r'value="[^"]*"', "", here.get_data(as_text=True)).replace(address, "/police/incidents/1") == (
            re.sub(r'value="[^"]*"', "", nowhere.get_data(as_text=True))
        )


def test_a_day_after_it_was_closed_the_page_shows_the_steps_and_no_record(
    client: FlaskClient, world: World, address: str
) -> None:
    token = cast.csrf(client, "/police")
    client.post(f"{address}/move", data={"csrf_token": token, "state": "closed", "disposition": "at_station"})
    assert ELDER["name"] in words(client.get(address))
    with time_machine.travel(world.now + timedelta(hours=25)):
        cast.sign_in_officer(client)
        page = client.get(address)
        assert page.status_code == 200
        assert tells(page, "looks.incident_over")
        assert not [word for word in (*HELPFUL, ELDER["address"], NUMBER) if word in words(page)]
        assert only(Incident).number in words(page)


def test_an_incident_of_no_station_shows_its_record_once_it_is_accepted(client: FlaskClient, address: str) -> None:
    with db.engine.begin() as connection:
        connection.execute(sa.update(Incident).values(station_id=None))
    page = client.get(address)
    assert tells(page, "looks.accept_first")
    assert not [word for word in HELPFUL if word in words(page)]
    token = cast.csrf(client, "/police")
    client.post(f"{address}/move", data={"csrf_token": token, "state": "accepted"})
    assert ELDER["name"] in words(client.get(address))


def test_a_spent_budget_is_told_and_the_steps_go_on(client: FlaskClient, address: str) -> None:
    for _ in range(20):
        break_glass(client, "000-000-000")
    page = client.get(address)
    assert page.status_code == 429
    assert "请找值班领导" in words(page)
    assert not [word for word in HELPFUL if word in words(page)]
    token = cast.csrf(client, "/police")
    moved = client.post(f"{address}/move", data={"csrf_token": token, "state": "accepted"})
    assert moved.status_code == 303


def test_where_the_family_does_not_answer_an_officer_lets_the_finder_see_the_card(
    client: FlaskClient, world: World
) -> None:
    with time_machine.travel(world.now + timedelta(hours=25), tick=False) as journey:
        finder = cast.open_band(client, world.her.token)
        cast.tap(client, finder, "police")
        client.post(f"/s/{finder['scan']}/ask")
        cast.sign_in_officer(client)
        address = f"/police/incidents/{only(Incident).id}"
        assert "代家人同意" not in words(client.get(address))
        journey.shift(timedelta(minutes=3))
        page = client.get(address)
        action = re.search(rf'action="({address}/asks/\d+)"', page.get_data(as_text=True))
        assert action
        token = cast.hidden(page, "csrf_token")
        unsaid = client.post(action[1], data={"csrf_token": token, "reason": ""})
        assert (unsaid.status_code, tells(unsaid, "scans.reason_missing")) == (422, True)
        early = client.post(action[1], data={"csrf_token": token, "reason": "health"})
        assert tells(early, "looks.accept_to_reveal")
        client.post(f"{address}/move", data={"csrf_token": token, "state": "accepted"})
        said = client.post(action[1], data={"csrf_token": token, "reason": "health"})
        assert said.status_code == 303
        assert client.get(f"/s/{finder['scan']}/ask").text == "given"
        assert "代家人同意" not in words(client.get(address))


@pytest.fixture
def moved(client: FlaskClient, world: World) -> tuple[FlaskClient, str]:
    """An officer of another station, whose desk her incident came to by a place told beside it."""
    fields = cast.open_band(client, world.her.token)
    finder = cast.tap(client, fields, "police").location
    place = {"key": "k" * 20, "latitude": "24.7100", "longitude": "118.1400", "accuracy": "10"}
    client.post(f"{finder}/place", data=place)
    stranger = client.application.test_client()
    cast.sign_in_officer(stranger, "stranger")
    return stranger, f"/police/incidents/{only(Incident).id}"


def test_who_brings_an_incident_to_his_own_desk_reads_no_name_health_or_number_before_he_accepts(
    moved: tuple[FlaskClient, str],
) -> None:
    stranger, address = moved
    page = stranger.get(address)
    assert ELDER["called"] in words(page)
    assert ELDER["approach"] in words(page)
    assert "受理后能看到姓名" in words(page)
    early = reveal(stranger, address)
    assert (early.status_code, tells(early, "looks.accept_to_reveal")) == (403, True)
    for answer in (page, early):
        assert not [said for said in (ELDER["name"], ELDER["health"], "岁", NUMBER) if said in words(answer)]
    accept(stranger, address)
    assert ELDER["name"] in words(stranger.get(address))
    assert NUMBER in words(reveal(stranger, address))


def test_after_the_end_the_numbers_are_shown_no_more(client: FlaskClient, address: str) -> None:
    accept(client, address)
    token = cast.csrf(client, "/police")
    client.post(f"{address}/move", data={"csrf_token": token, "state": "closed", "disposition": "at_station"})
    assert tells(client.get(address), "looks.reveal_over")
    late = reveal(client, address)
    assert (late.status_code, tells(late, "looks.reveal_over")) == (403, True)
    assert NUMBER not in words(late)


def test_a_field_that_does_not_open_is_said_in_its_place(client: FlaskClient, world: World, address: str) -> None:
    with db.engine.begin() as connection:
        connection.execute(sa.update(Elder).where(Elder.id == world.elder_id).values(health_sealed="v1:x:y:z"))
    accept(client, address)
    page = client.get(address)
    assert (page.status_code, UNREADABLE in words(page)) == (200, True)
    assert ELDER["name"] in words(page)
    assert reveal(client, address).status_code == break_glass(client, world.her.code).status_code == 200


# ---- without an incident


def test_a_break_glass_look_shows_the_whole_record_once_and_the_family_hears_of_it(
    client: FlaskClient, world: World
) -> None:
    cast.sign_in_officer(client, "stranger")
    answer = break_glass(client, world.her.code)
    assert answer.status_code == 200
    assert all(word in words(answer) for word in (*HELPFUL, ELDER["address"], NUMBER))
    assert not [word for word in (*HELPFUL, NUMBER) if word in words(client.get("/police/look"))]
    db.session.rollback()
    wordings = db.session.scalars(sa.select(Message.wording)).all()
    assert wordings.count("officer_broke_glass") == 1


def test_what_was_typed_stays_where_the_code_was_wrong(client: FlaskClient, world: World) -> None:
    cast.sign_in_officer(client)
    for code, refusal, status in (("9", "code.not_a_band_code", 422), ("000-000-000", "looks.no_such_band", 404)):
        answer = break_glass(client, code)
        assert answer.status_code == status
        assert tells(answer, refusal)
        assert (value_of(answer, "code"), value_of(answer, "words")) == (code, WORDS)
        assert value_of(answer, "reason") == "health"


def test_a_supervisor_judges_a_break_glass_look_and_the_family_reads_it(client: FlaskClient, world: World) -> None:
    cast.sign_in_officer(client)
    break_glass(client, world.her.code)
    supervisor = hired(client, Role.SUPERVISOR, world.station_id, world)
    page = supervisor.get("/police/looks")
    assert WORDS in words(page)
    assert ELDER["name"] not in words(page)
    path, token = f"/police/looks/{only(BreakGlassLook).id}/review", cast.hidden(page, "csrf_token")
    empty = supervisor.post(path, data={"csrf_token": token, "verdict": "justified", "words": ""})
    assert (empty.status_code, tells(empty, "looks.review_missing")) == (422, True)
    done = supervisor.post(path, data={"csrf_token": token, "verdict": "unjustified", "words": "应当先报警"})
    assert (done.status_code, done.location) == (303, "/police/looks")
    assert "没有等待复核的查阅" in words(supervisor.get("/police/looks"))
    daughter = client.application.test_client()
    cast.sign_in_guardian(daughter)
    log = words(daughter.get(f"/family/elders/{world.elder_id}/log"))
    assert "复核了紧急查阅：不合理" in log
    assert "大同派出所的民警" in log
    assert "紧急查阅，看了" in log
    assert "应当先报警" not in log


# ---- no address shows it


def test_whatever_was_revealed_before_no_address_of_the_police_door_shows_address_or_number(
    client: FlaskClient, world: World, address: str
) -> None:
    accept(client, address)
    reveal(client, address)
    break_glass(client, world.her.code)
    supervisor = hired(client, Role.SUPERVISOR, world.station_id, world)
    looked = 0
    for rule in client.application.url_map.iter_rules():
        streams = rule.endpoint in ("police.changes", "police.bell")
        if rule.rule.startswith("/police") and "GET" in (rule.methods or ()) and not streams:
            path = re.sub(r"<[^>]+>", address.rpartition("/")[2], rule.rule)
            for who in (client, supervisor):
                page = html.unescape(who.get(path).data.decode(errors="ignore"))
                assert ELDER["address"] not in page, path
                assert NUMBER not in page, path
                looked += 1
    assert looked >= 20


# ---- who may do what


PAGES = {
    Act.SEE_DESK: "/police",
    Act.BREAK_GLASS: "/police/look",
    Act.REVIEW_LOOKS: "/police/looks",
}


@pytest.mark.parametrize("role", Role)
def test_a_role_sees_the_pages_of_its_acts_and_no_other(client: FlaskClient, world: World, role: Role) -> None:
    who = hired(client, role, world.station_id, world)
    for act, path in PAGES.items():
        refused = 303 if act is Act.SEE_DESK else 403  # a role without a desk is led to its own first page
        assert who.get(path).status_code == (200 if act in PERMISSIONS[role] else refused), act


@pytest.mark.parametrize("role", [role for role in Role if Act.BREAK_GLASS not in PERMISSIONS[role]])
def test_no_other_role_breaks_the_glass_or_reveals(client: FlaskClient, world: World, address: str, role: Role) -> None:
    who = hired(client, role, world.station_id, world)
    token = cast.csrf(who, "/police/looks") if Act.REVIEW_LOOKS in PERMISSIONS[role] else ""
    data = {"csrf_token": token, "reason": "health", "code": world.her.code, "words": WORDS}
    for path, method in product((f"{address}/reveal", "/police/look", address), ("POST", "GET")):
        answer = who.open(path, method=method, data=data if method == "POST" else None)
        assert answer.status_code in (403, 405), (path, method)
        assert not [word for word in (*HELPFUL, ELDER["address"], NUMBER) if word in words(answer)]
    assert BandCode.parse(world.her.code).serial == world.her.serial
