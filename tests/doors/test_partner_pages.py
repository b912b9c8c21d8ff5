"""An administrator's pages of partners, and the family's confirmation of what a community wrote down."""

from __future__ import annotations

import html
import re
import secrets
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.doors.asking import ON_SQLITE, statements, tells, words
from tests.doors.partners import EVERYTHING, HOST, Caller, partner
from tests.services.post import LEASE_S, Post
from tests.world import DAUGHTER_PHONE, World, csrf, hidden, sign_in_guardian, sign_in_officer
from wristband import clock
from wristband.accounts.models import Officer
from wristband.accounts.rules import Role
from wristband.db import db, transaction
from wristband.elders.models import Elder
from wristband.elders.rules import REQUIRED
from wristband.partners import queries
from wristband.partners.models import Partner, Proposal
from wristband.services.delivering import Worker

PATH = "/police/partners"
NEW: dict[str, Any] = {
    "name": "示例社区服务系统",
    "scopes": ["stations:read", "webhooks:manage"],
    "station_id": "",
    "district": "同安区",
    "hosts": HOST,
    "days": "30",
}


@pytest.fixture
def now(world: World) -> datetime:
    return clock.now()


@pytest.fixture
def desk(client: FlaskClient, world: World) -> FlaskClient:
    """An administrator, signed in."""
    with transaction():
        made = sa.update(Officer).where(Officer.id == world.officer.officer_id)
        db.session.execute(made.values(role=Role.ADMINISTRATOR))
    sign_in_officer(client)
    return client


def _post(desk: FlaskClient, path: str, at: str = PATH, **fields: Any) -> TestResponse:
    return desk.post(path, data={"csrf_token": csrf(desk, at), **fields})


def _kept(name: str = NEW["name"]) -> Partner:
    db.session.rollback()
    found = queries.find_partner_by_name(name)
    assert found is not None
    return found


def test_nobody_but_an_administrator_keeps_partners(client: FlaskClient, world: World) -> None:
    sign_in_officer(client)
    assert client.get(PATH).status_code == 403


def test_an_empty_list_says_what_to_do(desk: FlaskClient) -> None:
    assert "还没有合作单位" in words(desk.get(PATH))


def test_a_new_partners_key_is_shown_once_and_works(desk: FlaskClient) -> None:
    page = _post(desk, PATH, **NEW)
    found = re.search(r"wbk_[a-z2-7]{12}_[A-Za-z0-9_-]{43}", page.get_data(as_text=True))
    assert found
    made = _kept()
    assert (made.scopes, made.district, made.hosts) == ("stations:read webhooks:manage", "同安区", HOST)
    told = Caller(desk, made.id, found[0]).get("/key").get_json()
    assert told["partner"] == NEW["name"]
    for path in (PATH, f"{PATH}/{made.id}"):
        assert found[0] not in desk.get(path).get_data(as_text=True)


@pytest.mark.parametrize(
    ("wrong", "code", "facts"),
    [
        ({"name": " "}, "partners.name_missing", {}),
        ({"scopes": []}, "partners.scopes_missing", {}),
        ({"scopes": ["everything"]}, "partners.scopes_missing", {}),
        ({"days": "731"}, "partners.key_days", {"most": 730}),
        ({"days": "９"}, "partners.key_days", {"most": 730}),
        ({"hosts": "https://x.example/"}, "partners.hosts_wrong", {"most": 10}),
        ({"district": "没有的区"}, "partners.area_unknown", {}),
        ({"station_id": "x"}, "partners.area_unknown", {}),
    ],
)
@ON_SQLITE
def test_a_form_that_does_not_fit_comes_back_with_what_was_typed(
    desk: FlaskClient, wrong: dict[str, Any], code: str, facts: dict[str, Any]
) -> None:
    page = _post(desk, PATH, **{**NEW, **wrong})
    assert page.status_code == 422
    assert tells(page, code, **facts)
    assert "30" in page.get_data(as_text=True) or "days" in wrong


def test_other_rights_are_saved_and_an_old_page_saves_nothing(desk: FlaskClient) -> None:
    _post(desk, PATH, **NEW)
    made = _kept()
    path = f"{PATH}/{made.id}"
    old = hidden(desk.get(path), "version")
    changed = {**NEW, "scopes": ["bands:check"], "version": old}
    assert _post(desk, path, path, **changed).status_code == 303
    assert _kept().scopes == "bands:check"
    again = _post(desk, path, path, **{**changed, "scopes": ["stations:read"]})
    assert again.status_code == 409
    assert tells(again, "partners.changed_meanwhile")
    assert _kept().scopes == "bands:check"


def test_keys_are_renewed_and_ended(desk: FlaskClient, now: datetime) -> None:
    caller = partner(desk, now)
    path = f"{PATH}/{caller.partner_id}"
    page = _post(desk, f"{path}/keys", path, days="30")
    found = re.search(r"wbk_[a-z2-7]{12}_[A-Za-z0-9_-]{43}", page.get_data(as_text=True))
    assert found
    assert caller.get("/key").status_code == 200
    old = min(key.id for key in queries.list_keys(caller.partner_id))
    assert _post(desk, f"{path}/keys/{old}/end", path).status_code == 303
    assert caller.get("/key").status_code == 401
    assert Caller(desk, caller.partner_id, found[0]).get("/key").status_code == 200
    assert tells(_post(desk, f"{path}/keys", path, days="0"), "partners.key_days", most=730)


def test_an_ended_partner_stays_on_the_list_and_opens_nothing(desk: FlaskClient, now: datetime) -> None:
    caller = partner(desk, now)
    path = f"{PATH}/{caller.partner_id}"
    assert _post(desk, f"{path}/end", path).status_code == 303
    assert caller.get("/key").status_code == 401
    assert "已停用" in words(desk.get(PATH))
    assert "添加 webhook" not in words(desk.get(path))


def test_a_webhook_is_added_tested_renewed_and_deleted(desk: FlaskClient, now: datetime) -> None:
    caller = partner(desk, now)
    path = f"{PATH}/{caller.partner_id}"
    assert tells(_post(desk, f"{path}/webhooks", path, url="https://elsewhere.example/"), "partners.host_not_allowed")
    page = _post(desk, f"{path}/webhooks", path, url=f"https://{HOST}/in")
    secret = re.search(r"whs_[A-Za-z0-9_-]{43}", page.get_data(as_text=True))
    assert secret
    assert secret[0] not in desk.get(path).get_data(as_text=True)
    webhook_id = queries.list_webhooks(caller.partner_id)[0].id
    hook = f"{path}/webhooks/{webhook_id}"
    assert "已排上" in words(_post(desk, f"{hook}/test", path))
    Worker({"webhook": Post(), "sms": Post()}, lease_s=LEASE_S).drain()
    assert "已收下" in words(desk.get(path))
    renewed = re.search(r"whs_[A-Za-z0-9_-]{43}", _post(desk, f"{hook}/secret", path).get_data(as_text=True))
    assert renewed
    assert renewed[0] != secret[0]
    assert _post(desk, f"{hook}/end", path).status_code == 303
    assert queries.list_webhooks(caller.partner_id) == []


def test_the_list_is_a_fixed_number_of_questions(desk: FlaskClient, now: datetime) -> None:
    def asked() -> int:
        with statements() as seen:
            assert desk.get(PATH).status_code == 200
        return len(seen)

    partner(desk, now)
    few = asked()
    for number in range(5):
        partner(desk, now, name=f"示例单位{number}")
    assert asked() == few


# ---- the family confirms


def _proposed(client: FlaskClient, now: datetime) -> int:
    caller = partner(client, now, name="示例社区", scopes=EVERYTHING)
    body = {
        "elder": {"name": "示例阿婆", "called": "阿婆", "birth_year": 1943},
        "guardian": {"phone": DAUGHTER_PHONE, "relation": "child"},
        "guardian_agreed": True,
    }
    answer = caller.post("/elders", body, key=secrets.token_hex(8))
    assert (answer.status_code, answer.get_json()["state"]) == (201, "waiting")
    return int(answer.get_json()["id"])


def _elders() -> int:
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count(Elder.id))) or 0


def test_the_guardian_completes_it_and_agrees_and_only_then_it_counts(
    client: FlaskClient, world: World, now: datetime
) -> None:
    proposal_id = _proposed(client, now)
    before = _elders()
    sign_in_guardian(client)
    assert f"/family/proposals/{proposal_id}" in client.get("/family").get_data(as_text=True)
    page = client.get(f"/family/proposals/{proposal_id}")
    text = html.unescape(page.get_data(as_text=True))
    assert "示例社区 替您填了一部分" in text
    assert 'value="示例阿婆"' in text
    assert "checked" not in re.findall(r'<input[^>]*name="consents"[^>]*>', text)
    fields = {name: hidden(page, name) for name in ("csrf_token", "key", "proposal")}
    form = {**fields, "guardian_name": "女儿", "name": "示例阿婆", "relation": "child", "sex": "female"}
    refused = client.post("/family/elders/new", data=form)
    assert (refused.status_code, _elders()) == (422, before)
    agreed = {**form, "consents": [purpose.value for purpose in REQUIRED]}
    for _ in range(2):
        assert client.post("/family/elders/new", data=agreed).status_code == 303
    assert _elders() == before + 1
    assert db.session.get_one(Proposal, proposal_id, populate_existing=True).confirmed_at is not None
    assert client.get(f"/family/proposals/{proposal_id}").status_code == 404


def test_who_does_not_want_it_deletes_it(client: FlaskClient, world: World, now: datetime) -> None:
    proposal_id = _proposed(client, now)
    sign_in_guardian(client)
    path = f"/family/proposals/{proposal_id}"
    answer = client.post(f"{path}/decline", data={"csrf_token": csrf(client, path)})
    assert (answer.status_code, answer.location) == (303, "/family/")
    db.session.rollback()
    assert db.session.get_one(Proposal, proposal_id, populate_existing=True).texts is None
    assert client.get(path).status_code == 404
