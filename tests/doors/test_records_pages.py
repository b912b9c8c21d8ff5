"""Records at the police door: listed masked, opened with a reason, changed, merged, registered at the counter."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import world as cast
from tests.doors.asking import ON_SQLITE, statements, tells, value_of, words
from tests.services.records_cast import colleague, deeds, elder, register
from tests.world import DAUGHTER_PHONE, ELDER, NEIGHBOURS_ELDER, World, every_row
from wristband import clock
from wristband.accounts.rules import PERMISSIONS, Act, Role
from wristband.db import db
from wristband.elders import at_station
from wristband.elders.models import ElderMerge
from wristband.sealing import box
from wristband.services import disputing, transferring

pytestmark = ON_SQLITE
SECRETS = (ELDER["name"], ELDER["address"], ELDER["approach"], ELDER["health"], DAUGHTER_PHONE.removeprefix("+86"))


@pytest.fixture
def officer(client: FlaskClient, world: World) -> FlaskClient:
    cast.sign_in_officer(client)
    return client


@pytest.fixture
def leader(client: FlaskClient, world: World) -> FlaskClient:
    colleague(world, "leader", Role.SUPERVISOR)
    cast.sign_in_officer(client, "leader")
    return client


def at(elder_id: int) -> str:
    return f"/police/records/{elder_id}"


def post(client: FlaskClient, path: str, **fields: object) -> TestResponse:
    return client.post(path, data={"csrf_token": cast.csrf(client, "/police/records"), **fields})


def find(client: FlaskClient, typed: str) -> TestResponse:
    return post(client, "/police/records/search", typed=typed)


def opened(client: FlaskClient, elder_id: int, reason: str = "counter") -> TestResponse:
    answer = post(client, f"{at(elder_id)}/open", reason=reason)
    return client.get(at(elder_id)) if answer.status_code == 303 else answer


# ---- the list


def test_a_list_shows_surnames_and_states_of_the_station_and_nothing_else(officer: FlaskClient, world: World) -> None:
    for show in ("elders", "bands", "guardians"):
        page = words(officer.get(f"/police/records?show={show}"))
        assert "林某" in page
        assert "陈某" not in page
        assert not [secret for secret in SECRETS if secret in page]
    assert world.her.code in words(officer.get("/police/records?show=bands"))
    assert "138****8000" in words(officer.get("/police/records?show=guardians"))


@pytest.mark.parametrize("show", ["elders", "bands", "guardians"])
@pytest.mark.parametrize("ready", ["", "stale", "lacking"])
def test_a_list_asks_the_same_number_of_questions_however_long_it_is(
    officer: FlaskClient, world: World, show: str, ready: str
) -> None:
    path = f"/police/records?show={show}&ready={ready}"
    officer.get(path)  # the first of a process reads what it then knows
    few = questions(officer, path)
    for number in range(4):
        register(world, clock.now(), phone=f"+861380013802{number}", name=f"林{number}")
    assert questions(officer, path) == few


def questions(client: FlaskClient, path: str) -> int:
    """How many a page asks that no earlier one has left any key for."""
    box().forget([row["id"] for row in every_row()["data_key"]])
    with statements() as asked:
        client.get(path)
    return len(asked)


@pytest.mark.parametrize(
    "query", ["standing=nonsense", "before=abc", f"before={'9' * 4000}", "show=%00", "ready=READY", "before=-1"]
)
def test_an_address_that_no_page_of_ours_makes_shows_the_list(officer: FlaskClient, query: str) -> None:
    assert officer.get(f"/police/records?{query}").status_code == 200


def test_a_filter_that_finds_nobody_says_so(officer: FlaskClient) -> None:
    assert "没有符合的资料" in words(officer.get("/police/records?standing=deceased"))


# ---- searching


@pytest.mark.parametrize("typed", ["林秀英", "林 秀英", DAUGHTER_PHONE, "138 0013 8000", "１３８００１３８０００"])
def test_a_name_or_a_number_finds_the_record_masked(officer: FlaskClient, world: World, typed: str) -> None:
    page = find(officer, typed)
    assert at(world.elder_id) in page.get_data(as_text=True)
    assert ELDER["address"] not in words(page)


def test_who_is_not_found_is_explained(officer: FlaskClient) -> None:
    page = words(find(officer, "陳美蘭"))
    assert "没有找到" in page
    assert "简体、繁体" in page


@pytest.mark.parametrize(
    "typed", ["", "   ", "\u202e林秀英", "林" * 200, "<script>alert(1)</script>", "'; DROP TABLE elder"]
)
def test_hostile_words_find_nobody_and_break_nothing(officer: FlaskClient, typed: str) -> None:
    assert find(officer, typed).status_code in (200, 422)


def test_a_bands_code_leads_to_the_record_here_and_to_a_telephone_elsewhere(officer: FlaskClient, world: World) -> None:
    assert at(world.elder_id) in find(officer, world.her.code).get_data(as_text=True)
    page = find(officer, world.other.code.lower())
    assert "祥平派出所" in words(page)
    assert NEIGHBOURS_ELDER["called"] not in words(page)
    assert f"/police/look?code={world.other.code}" in page.get_data(as_text=True)
    assert deeds(world.other.elder_id)[-1] == "band.looked_up"


def test_no_address_holds_what_was_searched_for(officer: FlaskClient, world: World) -> None:
    assert officer.get("/police/records/search").status_code == 405


# ---- one record


def test_a_record_is_masked_until_a_reason_is_given_and_again_later(officer: FlaskClient, world: World) -> None:
    page = words(officer.get(at(world.elder_id)))
    assert "林某" in page
    assert not [secret for secret in SECRETS if secret in page]
    refused = opened(officer, world.elder_id, reason="curiosity")
    assert tells(refused, "records.reason_missing")
    shown = words(opened(officer, world.elder_id))
    assert all(secret in shown.replace(" ", "") for secret in SECRETS)
    with time_machine.travel(clock.now() + timedelta(minutes=14)):
        officer.get("/police")  # the desk is not left idle
    with time_machine.travel(clock.now() + timedelta(minutes=16)):
        assert ELDER["name"] not in words(officer.get(at(world.elder_id)))


def test_the_family_reads_who_opened_it_and_why(officer: FlaskClient, client: FlaskClient, world: World) -> None:
    opened(officer, world.elder_id, reason="verify")
    cast.sign_in_guardian(client)
    page = words(client.get(f"/family/elders/{world.elder_id}/log"))
    assert "大同派出所的民警" in page
    assert "核实登记" in page


def test_another_stations_record_is_unknown_at_every_address(client: FlaskClient, world: World) -> None:
    colleague(world, "leader", Role.SUPERVISOR)
    cast.sign_in_officer(client, "leader")
    theirs, fields = at(world.other.elder_id), {"reason": "counter", "words": "原因", "typed_name": "陈美兰"}
    before = every_row()
    for path in ("", "/edit", "/transfer", "/duplicates", "/registered"):
        answer = client.get(f"{theirs}{path}")
        assert answer.status_code == 404, path
    for path in ("/open", "/edit", "/confirm", "/dispute", "/settle", "/death", "/death/undo", "/leave", "/take"):
        assert post(client, f"{theirs}{path}", **fields, key="k" * 22, form="card").status_code == 404, path
    for path in ("/decline", "/transfer", "/duplicates", "/merge", "/merges/1/undo", "/removals/1", "/bands"):
        assert post(client, f"{theirs}{path}", other=str(world.elder_id), key="k" * 22, form="card").status_code == 404
    after = every_row()
    # That somebody is still at the desk is noted, and nothing else is.
    assert {name: rows for name, rows in after.items() if name != "sign_in"} == {
        name: rows for name, rows in before.items() if name != "sign_in"
    }


@pytest.mark.parametrize("role", Role)
def test_a_role_sees_records_where_its_acts_say_so(client: FlaskClient, world: World, role: Role) -> None:
    colleague(world, "somebody", role)
    cast.sign_in_officer(client, "somebody")
    acts = PERMISSIONS[role]
    assert client.get("/police/records").status_code == (200 if Act.SEE_RECORDS in acts else 403)
    assert client.get("/police/records/new").status_code == (200 if Act.KEEP_RECORDS in acts else 403)
    duplicates = client.get(f"{at(world.elder_id)}/duplicates")
    assert duplicates.status_code == (200 if Act.MERGE_RECORDS in acts else 403)


def test_an_edit_keeps_what_was_before_and_shows_it_only_in_an_open_record(officer: FlaskClient, world: World) -> None:
    path = f"{at(world.elder_id)}/edit"
    assert officer.get(path).status_code == 303  # nothing is shown of a shut record
    opened(officer, world.elder_id)
    form = officer.get(path)
    assert value_of(form, "address") == ELDER["address"]
    texts = {name: ELDER[name] for name in ("name", "called", "sex", "birth_year", "approach", "health")}
    seen = cast.hidden(form, "seen")
    assert post(officer, path, **texts, address="新住址一号", seen=seen).status_code == 303
    page = words(officer.get(at(world.elder_id)))
    assert ELDER["address"] in page
    assert "新住址一号" in page
    # Whoever edited the older page is told, with his words kept and the newest beside them.
    late = post(officer, path, **texts, address="迟到的住址", seen=seen)
    assert late.status_code == 409
    assert tells(late, "elders.changed_meanwhile")
    assert value_of(late, "address") == "迟到的住址"
    assert "新住址一号" in words(late)
    again = post(officer, path, **texts, address="迟到的住址", seen=cast.hidden(late, "seen"))
    assert again.status_code == 303


def test_what_is_wrong_in_an_edit_comes_back_with_its_words(officer: FlaskClient, world: World) -> None:
    opened(officer, world.elder_id)
    path = f"{at(world.elder_id)}/edit"
    seen = cast.hidden(officer.get(path), "seen")
    answer = post(officer, path, name="", birth_year="3000", called="林" * 50, seen=seen, address="某路")
    assert answer.status_code == 422
    assert tells(answer, "elders.name_missing")
    assert tells(answer, "elders.birth_year")
    assert value_of(answer, "address") == "某路"


def test_a_dispute_is_noted_and_settled_on_the_page(officer: FlaskClient, world: World) -> None:
    empty = post(officer, f"{at(world.elder_id)}/dispute", words=" ")
    assert tells(empty, "records.words_missing")
    assert post(officer, f"{at(world.elder_id)}/dispute", words="弟弟不同意").status_code == 303
    assert "有争议" in words(officer.get(at(world.elder_id)))
    assert post(officer, f"{at(world.elder_id)}/settle", words="看过户口本").status_code == 303
    assert elder(world.elder_id).disputed_at is None


def test_a_removal_waits_for_somebody_else(officer: FlaskClient, world: World) -> None:
    disputing.open_dispute(world.elder_id, "女儿不认识他", officer=world.officer, now=clock.now())
    path = f"{at(world.elder_id)}/guardians/{world.daughter_id}/remove"
    assert post(officer, path, words="不是亲属").status_code == 303
    (removal,) = at_station.list_removals(world.elder_id)
    answer = post(officer, f"{at(world.elder_id)}/removals/{removal.id}", answer="agreed")
    assert tells(answer, "records.removal_own")
    assert "等另一位同事处理" in words(officer.get(at(world.elder_id)))


def test_a_death_needs_the_name_and_says_what_it_does(officer: FlaskClient, world: World) -> None:
    answer = post(officer, f"{at(world.elder_id)}/death", typed_name="林")
    assert tells(answer, "records.name_differs")
    assert post(officer, f"{at(world.elder_id)}/death", typed_name=ELDER["name"]).status_code == 303
    assert "老人已去世" in words(officer.get(at(world.elder_id)))
    assert post(officer, f"{at(world.elder_id)}/death/undo").status_code == 303
    assert elder(world.elder_id).deceased_at is None


def test_a_guardian_at_the_counter_asks_for_the_same_erasure_as_at_home(officer: FlaskClient, world: World) -> None:
    missing = post(officer, f"{at(world.elder_id)}/leave", leave_name=ELDER["name"])
    assert tells(missing, "records.guardian_missing")
    stranger = post(officer, f"{at(world.elder_id)}/leave", leave_name=ELDER["name"], guardian=str(world.neighbour_id))
    assert tells(stranger, "records.guardian_missing")
    fields = {"leave_name": ELDER["name"], "guardian": str(world.daughter_id)}
    assert post(officer, f"{at(world.elder_id)}/leave", **fields).status_code == 303
    assert "退出中" in words(officer.get(at(world.elder_id)))


# ---- transferred and merged


def test_a_record_is_offered_and_the_other_station_sees_it_masked(
    officer: FlaskClient, client: FlaskClient, world: World
) -> None:
    path = f"{at(world.elder_id)}/transfer"
    assert "祥平派出所" in words(officer.get(path))
    assert tells(post(officer, path), "records.transfer_station")
    assert post(officer, path, station=str(world.other_station_id)).status_code == 303
    assert "等祥平派出所接收" in words(officer.get(at(world.elder_id)))
    cast.sign_in_officer(client, "stranger")
    assert "大同派出所移交" in words(client.get("/police/records"))
    page = words(client.get(at(world.elder_id)))
    assert "接收到本所" in page
    assert not [secret for secret in SECRETS if secret in page]
    assert post(client, f"{at(world.elder_id)}/take").status_code == 303
    assert elder(world.elder_id).station_id == world.other_station_id


def test_who_declines_is_led_back_to_the_list(client: FlaskClient, world: World) -> None:
    transferring.offer(world.elder_id, world.other_station_id, officer=world.officer, now=clock.now())
    cast.sign_in_officer(client, "stranger")
    answer = post(client, f"{at(world.elder_id)}/decline", then="list")
    assert answer.headers["Location"].endswith("/police/records")


def test_two_records_are_compared_side_by_side_and_merged_and_parted(leader: FlaskClient, world: World) -> None:
    twin = register(world, clock.now(), address="另一个住址")
    path = f"{at(world.elder_id)}/duplicates"
    assert str(twin) in leader.get(path).get_data(as_text=True)
    assert tells(post(leader, path), "records.merge_choice")
    both = post(leader, path, other=str(twin))
    assert ELDER["address"] in words(both)
    assert "另一个住址" in words(both)
    assert tells(post(leader, f"{at(world.elder_id)}/merge", other=str(twin)), "records.merge_choice")
    merged = post(leader, f"{at(world.elder_id)}/merge", other=str(twin), keep=str(world.elder_id))
    assert merged.headers["Location"].endswith(at(world.elder_id))
    assert leader.get(at(twin)).status_code == 404
    merge_id = db.session.scalars(sa.select(ElderMerge.id)).one()
    assert post(leader, f"{at(world.elder_id)}/merges/{merge_id}/undo").status_code == 303
    assert leader.get(at(twin)).status_code == 200


# ---- stations


def test_other_stations_are_listed_with_their_telephones(officer: FlaskClient, world: World) -> None:
    page = words(officer.get("/police/records/stations"))
    assert "大同派出所" in page
    assert "祥平派出所" in page
    assert "祥平派出所" not in words(officer.get("/police/records/stations?name=大同"))
    assert "没有找到派出所" in words(officer.get("/police/records/stations?name=%00"))
