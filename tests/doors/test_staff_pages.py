"""The pages of accounts: activation, one's own account, the staff."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from tests import world as cast
from tests.doors.account_forms import post
from tests.doors.asking import ON_SQLITE, tells, words
from tests.services.officers import appoint, become, with_totp
from tests.world import PASSWORD, World
from wristband import clock
from wristband.accounts.models import Officer, SignIn
from wristband.accounts.queries import find_any_officer
from wristband.accounts.rules import Role, Stage
from wristband.db import db
from wristband.services import appointing

pytestmark = ON_SQLITE
NEW = "seven green paper lanterns"


@pytest.fixture
def now(world: World) -> datetime:
    return clock.now()


# ---- activation


def test_an_activation_link_sets_a_password_and_leads_to_the_second_factor(
    client: FlaskClient, world: World, now: datetime
) -> None:
    code = appointing.renew_activation(world.officer.officer_id, keeper=None, now=now).code
    path = f"/police/activate/{code}"
    differ = post(client, "/police/activate", path, code=code, new=NEW, again="other")
    assert differ.status_code == 422
    assert tells(differ, "accounts.passwords_differ")
    short = post(client, "/police/activate", path, code=code, new="short", again="short")
    assert tells(short, "accounts.password_length", shortest=15, longest=128)
    assert post(client, "/police/activate", path, code=code, new=NEW, again=NEW).location == "/police/own/factors"
    used = post(client, "/police/activate", path, code=code, new=NEW, again=NEW)
    assert used.status_code == 422
    assert tells(used, "accounts.activation_over")


# ---- the own account


def test_the_own_page_opens_for_every_role_and_lists_this_browser(client: FlaskClient, world: World) -> None:
    for role in Role:
        become(role)
        cast.sign_in_officer(client)
        page = words(client.get("/police/own"))
        assert "就是这里" in page
        post(client, "/police/sign-out", "/police/own")


def test_a_password_is_changed_knowing_the_old_one(client: FlaskClient, world: World) -> None:
    cast.sign_in_officer(client)
    wrong = post(client, "/police/own/password", "/police/own", old="no", new=NEW, again=NEW)
    assert tells(wrong, "accounts.old_password_wrong")
    done = post(client, "/police/own/password", "/police/own", old=PASSWORD, new=NEW, again=NEW)
    assert done.location == "/police/own?done=password"
    assert "密码已更换" in words(client.get(done.location))


def test_a_language_that_was_chosen_stays(client: FlaskClient, world: World) -> None:
    cast.sign_in_officer(client)
    post(client, "/police/own/language", "/police/own", language="en")
    assert '<html lang="en">' in client.get("/police/own").get_data(as_text=True)
    assert '<html lang="zh-CN">' in client.get("/police/own?lang=zh-CN").get_data(as_text=True)


def test_ending_this_sign_in_is_leaving(client: FlaskClient, world: World) -> None:
    cast.sign_in_officer(client)
    sign_in_id = db.session.scalar(sa.select(SignIn.id).where(SignIn.stage == Stage.WHOLE))
    db.session.rollback()
    answer = post(client, f"/police/own/sign-ins/{sign_in_id}/end", "/police/own")
    assert answer.location == "/police/sign-in"
    assert client.get("/police").status_code == 302


# ---- the staff


def test_a_supervisor_adds_somebody_and_the_code_is_shown_in_that_answer_alone(
    client: FlaskClient, world: World
) -> None:
    become(Role.SUPERVISOR)
    cast.sign_in_officer(client)
    fields = {"name": "王敏", "username": "Wang.Min", "role": "officer"}
    answer = post(client, "/police/staff/new", **fields)
    code = re.search(r"/police/activate/([0-9A-Z-]{23})", answer.get_data(as_text=True))
    assert code
    assert "等待激活" in words(client.get("/police/staff"))
    made = find_any_officer("wang.min")
    assert made
    assert code[1] not in client.get(f"/police/staff/{made.id}").get_data(as_text=True)
    twice = post(client, "/police/staff/new", **fields)
    assert twice.status_code == 409
    assert tells(twice, "accounts.username_taken")
    assert 'value="王敏"' in twice.get_data(as_text=True)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"username": "王"}, "accounts.username"),
        ({"name": " "}, "accounts.name_missing"),
        ({"role": "king"}, "staff.role_missing"),
        ({"username": "x" * 60_000}, "accounts.username"),
    ],
)
def test_a_wrong_field_is_told_at_the_field(
    client: FlaskClient, world: World, fields: dict[str, str], code: str
) -> None:
    become(Role.SUPERVISOR)
    cast.sign_in_officer(client)
    answer = post(client, "/police/staff/new", **{"name": "王敏", "username": "wang.min", "role": "officer", **fields})
    assert answer.status_code == 422
    assert tells(answer, code)


def test_every_deed_on_an_officers_page_comes_back_to_it(client: FlaskClient, world: World, now: datetime) -> None:
    become(Role.SUPERVISOR)
    other = appoint("other", Role.OFFICER, world, now)
    with_totp(now, "other")
    cast.sign_in_officer(client)
    page = f"/police/staff/{other.officer_id}"
    for deed, fields in (
        ("sign-ins", {}),
        ("factors", {}),
        ("role", {"role": "supervisor", "was": "officer"}),
        ("disable", {}),
        ("enable", {}),
    ):
        answer = post(client, f"{page}/{deed}", page, **fields)
        assert answer.location == f"{page}?done={deed.replace('-', '_')}", deed
        assert client.get(answer.location).status_code == 200
    assert "激活码" in words(post(client, f"{page}/activation", page))
    stale = post(client, f"{page}/role", page, role="supervisor", was="officer")
    assert stale.status_code == 409
    assert tells(stale, "staff.changed_meanwhile")
    twice = post(client, f"{page}/enable", page)
    assert tells(twice, "staff.enabled")


def test_an_administrator_sees_every_station_filters_and_moves(client: FlaskClient, world: World) -> None:
    become(Role.ADMINISTRATOR)
    cast.sign_in_officer(client)
    listed = words(client.get("/police/staff"))
    assert "大同派出所" in listed
    assert "祥平派出所" in listed
    assert "stranger" not in words(client.get(f"/police/staff?station={world.station_id}"))
    page = f"/police/staff/{world.stranger.officer_id}"
    here = str(world.other_station_id)
    unknown = post(client, f"{page}/station", page, station="没有这个所", was=here)
    assert tells(unknown, "staff.station_unknown")
    assert post(client, f"{page}/station", page, station="大同派出所", was=here).status_code == 303
    db.session.rollback()
    assert db.session.get_one(Officer, world.stranger.officer_id).station_id == world.station_id


@pytest.mark.parametrize("query", ["page=0", "page=9999999999999999999", "page=x", "station=x", "station=-1"])
def test_a_list_asked_for_strangely_is_still_a_list(client: FlaskClient, world: World, query: str) -> None:
    become(Role.ADMINISTRATOR)
    cast.sign_in_officer(client)
    assert client.get(f"/police/staff?{query}").status_code == 200


def test_an_officer_of_another_station_is_unknown(client: FlaskClient, world: World) -> None:
    become(Role.SUPERVISOR)
    cast.sign_in_officer(client)
    for officer_id in (world.stranger.officer_id, world.officer.officer_id, 1, 2**62):
        assert client.get(f"/police/staff/{officer_id}").status_code == 404


def test_an_officer_disabled_while_signed_in_is_out_at_once(client: FlaskClient, world: World, now: datetime) -> None:
    cast.sign_in_officer(client)
    assert client.get("/police").status_code == 200
    appointing.disable(world.officer.officer_id, keeper=None, now=now)
    assert client.get("/police").location == "/police/sign-in"


def test_each_role_begins_at_a_page_that_it_may_see(client: FlaskClient, world: World) -> None:
    for role in Role:
        become(role)
        cast.sign_in_officer(client)
        answer = client.get("/police")
        home = answer.location or "/police"
        assert client.get(home).status_code == 200, role
        post(client, "/police/sign-out", "/police/own")


def test_the_desk_says_that_a_second_factor_is_missing(client: FlaskClient, world: World) -> None:
    cast.sign_in_officer(client)
    assert "您还没有设置第二重验证" in words(client.get("/police"))
