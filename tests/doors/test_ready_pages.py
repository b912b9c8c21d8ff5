"""The pages of a family that gets ready: the list, numbers, quiet contacts, a band tried, a drill."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import world as cast
from tests.doors.asking import ON_SQLITE, tells, words
from tests.services.finders import owed
from tests.services.test_subscribing import FCM, MAILBOX, kept
from tests.values.test_push import told
from tests.world import World
from wristband.db import db, transaction
from wristband.elders.models import Contact
from wristband.elders.readiness import CONFIRMED_LASTS
from wristband.scans.models import Reach
from wristband.services import drilling, subscribing

pytestmark = ON_SQLITE
AUNT = "13800138006"


@pytest.fixture
def daughter(client: FlaskClient, world: World) -> FlaskClient:
    cast.sign_in_guardian(client)
    return client


def _post(client: FlaskClient, path: str, **fields: str) -> TestResponse:
    return client.post(path, data={"csrf_token": cast.csrf(client, "/family"), **fields})


def _code(recipient: str) -> str:
    db.session.rollback()
    found = re.search(r"\d{6}", cast.last_body(recipient))
    assert found
    return found[0]


def _here(world: World) -> str:
    return f"/family/elders/{world.elder_id}"


# ---- the list


def test_the_list_says_what_is_ready_and_leads_to_what_is_not(daughter: FlaskClient, world: World) -> None:
    page = daughter.get(f"{_here(world)}/ready")
    assert "还差 3 项" in words(page)
    for way in (f"{_here(world)}/family#guardians", f"/family/bands/{world.her.band_id}#try", f"{_here(world)}/drills"):
        assert f'href="{way}"' in page.get_data(as_text=True)
    assert "还差 3 项没准备好" in words(daughter.get("/family"))
    assert "badge-danger" not in page.get_data(as_text=True)


def test_the_list_of_a_stranger_is_unknown(daughter: FlaskClient, world: World) -> None:
    assert daughter.get(f"/family/elders/{world.other.elder_id}/ready").status_code == 404


# ---- a number


def test_a_number_is_confirmed_by_the_code_that_went_to_it(daughter: FlaskClient, world: World) -> None:
    here = _here(world)
    _post(daughter, f"{here}/contacts", contact_phone=AUNT)
    page = daughter.get(f"{here}/family").get_data(as_text=True)
    assert "还没有确认" in page
    ask = re.findall(rf'action="({here}/contacts/\d+/code)"', page)[-1]
    asked = _post(daughter, ask)
    assert (asked.status_code, asked.location) == (303, ask)
    assert "138****8006" in words(daughter.get(ask))
    enter = ask.replace("/code", "/confirm")
    assert tells(_post(daughter, enter, code="12"), "quiet.code_missing")
    code = _code(f"+86{AUNT}")
    assert tells(_post(daughter, enter, code=f"{(int(code) + 1) % 1_000_000:06d}"), "accounts.code_wrong")
    assert _post(daughter, enter, code=f" {code} ").status_code == 303
    assert "还没有确认" not in words(daughter.get(f"{here}/family"))


def test_codes_asked_for_too_often_are_told_with_the_wait(daughter: FlaskClient, world: World) -> None:
    here = _here(world)
    ask = re.findall(rf'action="({here}/contacts/\d+/code)"', daughter.get(f"{here}/family").get_data(as_text=True))[0]
    answers = [_post(daughter, ask) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [303, 303, 303, 429]
    assert "Retry-After" in answers[-1].headers


def test_a_number_that_is_gone_is_told_so(daughter: FlaskClient, world: World) -> None:
    answer = _post(daughter, f"{_here(world)}/contacts/12345/code")
    assert answer.status_code == 404
    assert tells(answer, "elders.contact_unknown")


def test_an_officer_sees_which_number_was_confirmed_and_when(app: Flask, client: FlaskClient, world: World) -> None:
    desk = app.test_client()
    cast.sign_in_officer(desk)
    cast.tap(client, cast.open_band(client, world.her.token), "police")
    incident = re.search(r"/police/incidents/(\d+)", desk.get("/police").get_data(as_text=True))
    assert incident
    page = f"/police/incidents/{incident[1]}"
    desk.post(f"{page}/move", data={"csrf_token": cast.csrf(desk, page), "state": "accepted"})
    reveal = {"csrf_token": cast.csrf(desk, page), "reason": "reach"}
    shown = desk.post(f"{page}/reveal", data=reveal)
    assert "138 0013 8000" in words(shown)
    assert "已确认" in words(shown)


def test_a_number_confirmed_too_long_ago_says_since_when(daughter: FlaskClient, world: World) -> None:
    with transaction():
        long_ago = sa.update(Contact).values(confirmed_at=world.now - CONFIRMED_LASTS)
        db.session.execute(long_ago.where(Contact.elder_id == world.elder_id))
    assert "以后没有再确认" in words(daughter.get(f"{_here(world)}/family"))
    assert "还差 4 项" in words(daughter.get(f"{_here(world)}/ready"))


# ---- quiet contacts


def test_a_mailbox_is_added_proved_tried_and_removed(daughter: FlaskClient) -> None:
    added = _post(daughter, "/family/quiet", kind="mail", address=MAILBOX)
    assert added.status_code == 303
    (contact,) = kept()
    page = daughter.get("/family/quiet")
    assert "等您输入验证码" in words(page)
    assert MAILBOX not in page.get_data(as_text=True)
    here = f"/family/quiet/{contact.id}"
    assert tells(_post(daughter, f"{here}/test"), "quiet.not_ready")
    assert tells(_post(daughter, f"{here}/confirm", code="000"), "quiet.code_missing")
    assert _post(daughter, f"{here}/confirm", code=_code(MAILBOX)).status_code == 303
    assert "可以用" in words(daughter.get("/family/quiet"))
    assert _post(daughter, f"{here}/test").status_code == 200
    assert len(owed("quiet_test")) == 1
    assert _post(daughter, f"{here}/remove").status_code == 303
    assert not kept()


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"kind": "mail", "address": "lin@"}, "mailbox.not_a_mailbox"),
        ({"kind": "chat", "address": "hello"}, "chat.not_an_address"),
        ({"kind": "push", "address": "{}"}, "page.bad_request"),
        ({"kind": "pigeon", "address": "x"}, "page.bad_request"),
    ],
)
def test_what_is_no_address_comes_back_with_its_sentence(
    daughter: FlaskClient, fields: dict[str, str], code: str
) -> None:
    answer = _post(daughter, "/family/quiet", **fields)
    assert answer.status_code in (400, 422)
    assert tells(answer, code)
    if code != "page.bad_request":
        assert fields["address"] in answer.get_data(as_text=True)


def test_a_webhook_on_a_private_host_is_told_which_hosts_are_served(daughter: FlaskClient) -> None:
    answer = _post(daughter, "/family/quiet", kind="chat", address="http://10.0.0.8:8080/abcd1234")
    assert tells(answer, "chat.host_not_served", hosts="api.day.app")


def _push(client: FlaskClient, body: str, token: str | None = None) -> TestResponse:
    page = client.get("/family/quiet").get_data(as_text=True)
    found = re.search(r'data-csrf="([^"]+)"', page)
    assert found
    headers = {"X-CSRFToken": token if token is not None else found[1], "Content-Type": "application/json"}
    return client.post("/family/quiet/push", data=body, headers=headers)


def _envelope(endpoint: str = FCM) -> str:
    return f'{{"subscription": {told(endpoint=endpoint)}, "key_id": "{subscribing.push_offer()[0]}"}}'


def test_a_browsers_subscription_is_kept_with_the_pages_token(daughter: FlaskClient) -> None:
    assert _push(daughter, _envelope(), token="").status_code == 403
    assert not kept()
    assert _push(daughter, _envelope()).status_code == 204
    assert [contact.confirmed_at is not None for contact in kept()] == [True]


@pytest.mark.parametrize("body", ["", "[]", "null", "{", "[" * 4900, '{"subscription": 7}', "{" * 60_000, "\0\xff"])
def test_what_is_no_subscription_is_refused_and_keeps_nothing(daughter: FlaskClient, body: str) -> None:
    answer = _push(daughter, body)
    assert answer.status_code == 422
    assert tells(answer, "push.not_a_subscription")
    assert not kept()


def test_a_body_that_is_huge_is_refused_unread(daughter: FlaskClient) -> None:
    assert _push(daughter, "x" * 200_000).status_code == 413


def test_a_subscription_elsewhere_is_refused(daughter: FlaskClient) -> None:
    answer = _push(daughter, _envelope("https://elsewhere.example/push"))
    assert (answer.status_code, tells(answer, "quiet.push_service")) == (422, True)


def test_notices_that_were_taken_out_do_not_come_back_by_themselves(daughter: FlaskClient) -> None:
    _push(daughter, _envelope())
    assert "push.js" in daughter.get("/family/quiet").get_data(as_text=True)
    _post(daughter, f"/family/quiet/{kept()[0].id}/remove")
    assert "push.js" not in daughter.get("/family/quiet").get_data(as_text=True)
    assert "push.js" in daughter.get("/family/quiet?push=on").get_data(as_text=True)


def test_the_worker_of_notices_comes_from_this_door_as_a_script(client: FlaskClient) -> None:
    answer = client.get("/family/sw.js?title=x&home=/family/")
    assert answer.mimetype == "text/javascript"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "push" in answer.get_data(as_text=True)


def test_another_guardian_sees_none_of_it(app: Flask, daughter: FlaskClient) -> None:
    _push(daughter, _envelope())
    contact_id, neighbour = kept()[0].id, app.test_client()
    cast.sign_in_guardian(neighbour, cast.NEIGHBOUR_PHONE)
    assert "fcm.googleapis.com" not in neighbour.get("/family/quiet").get_data(as_text=True)
    assert _post(neighbour, f"/family/quiet/{contact_id}/remove").status_code == 404
    assert len(kept()) == 1


# ---- a band


def test_a_band_that_is_tried_says_when_it_opened(app: Flask, daughter: FlaskClient, world: World) -> None:
    band = f"/family/bands/{world.her.band_id}"
    assert "还没有试扫" in words(daughter.get(_here(world)))
    assert _post(daughter, f"{band}/try").status_code == 303
    part = {"X-Part": "trial"}
    assert "现在用任何一台手机扫" in words(daughter.get(band, headers=part))
    app.test_client().get(f"/t/{world.her.token}")
    app.extensions["scan_log"].flush()
    seen = daughter.get(band, headers=part)
    assert "打开了" in words(seen)
    assert "data-over" in seen.get_data(as_text=True)
    assert "试扫过" in words(daughter.get(_here(world)))
    assert not owed("band_scanned")


def test_a_trial_that_nobody_scans_says_what_to_do(daughter: FlaskClient, world: World) -> None:
    band = f"/family/bands/{world.her.band_id}"
    _post(daughter, f"{band}/try")
    with time_machine.travel(world.now + timedelta(minutes=30), tick=True):
        assert "十分钟里没有打开" in words(daughter.get(band))


# ---- a drill


def _begin(client: FlaskClient, world: World, **fields: str) -> TestResponse:
    page = f"{_here(world)}/drills"
    return _post(client, page, stamp=cast.hidden(client.get(page), "stamp"), **fields)


def test_a_drill_runs_is_shown_and_is_received(daughter: FlaskClient, world: World) -> None:
    begun = _begin(daughter, world)
    assert begun.status_code == 303
    page = daughter.get(begun.location)
    assert "演练，没有人走失" in words(page)
    assert "短信" in words(daughter.get(begun.location, headers={"X-Part": "drill"}))
    assert "正在演练" in words(daughter.get("/family"))
    assert "有人请您回应" not in words(daughter.get("/family"))
    path, finder = begun.location.split("?finder=")
    assert _post(daughter, f"{path}/received", finder=finder).location == begun.location
    assert "秒后有人收到" in words(daughter.get(path))
    again = _post(daughter, f"{path}/received")
    assert (again.status_code, tells(again, "drill.over")) == (409, True)
    assert "上次演练" in words(daughter.get(f"{_here(world)}/ready"))
    assert "秒后有人收到" in words(daughter.get(f"{_here(world)}/drills"))
    assert "演练了一次" in words(daughter.get(f"{_here(world)}/log"))


def test_what_the_finder_would_see_is_marked_and_offers_nothing(daughter: FlaskClient, world: World) -> None:
    begun = _begin(daughter, world)
    finder = begun.location.split("?finder=")[1]
    page = daughter.get(f"/s/{finder}")
    assert "这是演练，没有人走失" in words(page)
    assert "<form" not in page.get_data(as_text=True)


def test_only_who_began_it_is_led_to_the_finders_page(app: Flask, daughter: FlaskClient, world: World) -> None:
    begun = _begin(daughter, world)
    path = begun.location.split("?")[0]
    assert "/s/" not in daughter.get(path).get_data(as_text=True)
    assert "/s/x" not in daughter.get(f"{path}?finder=x").get_data(as_text=True)


def test_a_drill_without_its_stamp_is_stale_and_a_strangers_is_unknown(
    app: Flask, daughter: FlaskClient, world: World
) -> None:
    assert tells(_post(daughter, f"{_here(world)}/drills", stamp="forged"), "page.form_stale")
    begun = _begin(daughter, world)
    neighbour = app.test_client()
    cast.sign_in_guardian(neighbour, cast.NEIGHBOUR_PHONE)
    path = begun.location.split("?")[0]
    assert neighbour.get(path).status_code == 404
    assert _post(neighbour, f"{path}/received").status_code == 404
    assert neighbour.get(f"{_here(world)}/drills").status_code == 404


def test_a_fourth_drill_is_refused_with_its_wait(daughter: FlaskClient, world: World) -> None:
    for _ in range(3):
        path = _begin(daughter, world).location.split("?")[0]
        _post(daughter, f"{path}/received")
    answer = _begin(daughter, world)
    assert answer.status_code == 429
    assert "一天最多演练三次" in words(answer)


def test_a_drill_stands_on_no_desk(app: Flask, daughter: FlaskClient, world: World) -> None:
    before = _desk(app)
    _begin(daughter, world)
    db.session.rollback()
    assert db.session.query(Reach).count() == 1
    assert drilling.end_overdue(world.now + timedelta(minutes=30)) > 0
    assert _desk(app) == before


def _desk(app: Flask) -> str:
    desk = app.test_client()
    cast.sign_in_officer(desk)
    return re.sub(r'value="[^"]+"|\d\d:\d\d', "", desk.get("/police").get_data(as_text=True))
