"""Bands at the police door: the day's prints of the station, and a blank given to an elder at the counter."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import world as cast
from tests.blanks import blanks, check_of, wrong_check
from tests.crafts.prints import pages, symbols
from tests.doors.asking import ON_SQLITE, tells, value_of, words
from tests.world import DAUGHTER_PHONE, ELDER, World, every_row, last_body, new_rows
from wristband import clock
from wristband.bands.models import Band
from wristband.bands.rules import LARGEST_PRINT, BandEnd, BandForm, BandState
from wristband.config import Settings
from wristband.db import db
from wristband.services import issuing

pytestmark = ON_SQLITE


@pytest.fixture
def officer(client: FlaskClient, world: World) -> FlaskClient:
    cast.sign_in_officer(client)
    return client


@pytest.fixture
def blank(world: World) -> Band:
    return blanks(1, now=clock.now())[0]


def ask_print(client: FlaskClient, *bands: object, **fields: str) -> TestResponse:
    token = cast.csrf(client, "/police/bands")
    chosen = {"form": "wristband", "look": "loud", "language": "zh", **fields}
    return client.post("/police/bands/print", data={"csrf_token": token, "bands": list(bands), **chosen})


def ticked(page: TestResponse) -> list[str]:
    return re.findall(r'name="bands" value="(\d+)" checked', page.get_data(as_text=True))


# ---- the list


def test_the_list_says_whose_band_it_is_and_nothing_else_of_her(officer: FlaskClient, world: World) -> None:
    page = words(officer.get("/police/bands"))
    assert ELDER["called"] in page
    assert world.her.code in page
    assert "还没有打印" in page
    for kept in ("name", "address", "approach", "health"):
        assert ELDER[kept] not in page
    assert "138" not in page
    assert cast.NEIGHBOURS_ELDER["called"] not in page


def test_what_is_not_printed_is_ticked_and_what_is_printed_says_when(officer: FlaskClient, world: World) -> None:
    assert ticked(officer.get("/police/bands")) == [str(world.her.band_id)]
    assert ask_print(officer, world.her.band_id).status_code == 200
    page = officer.get("/police/bands")
    assert ticked(page) == []
    assert re.search(r"今天 \d\d:\d\d 打印", words(page))


def test_the_list_shows_the_form_of_which_most_is_waiting_and_offers_the_others(
    officer: FlaskClient, world: World
) -> None:
    for nth in range(2):
        issuing.issue(f"a-card-{nth}", world.elder_id, BandForm.CARD, guardian_id=world.daughter_id, now=clock.now())
    page = officer.get("/police/bands")
    assert value_of(page, "form") == "card"
    assert "待打印的卡片（2）" in words(page)
    assert "腕带：1 条待打印" in words(page)
    assert "待打印的腕带（1）" in words(officer.get("/police/bands?form=wristband"))
    assert "待打印的钥匙牌（0）" in words(officer.get("/police/bands?form=key_tag"))


def test_a_station_without_bands_is_told_what_to_do(officer: FlaskClient, world: World) -> None:
    issuing.end(world.her.band_id, BandEnd.LOST, guardian_id=world.daughter_id, now=clock.now())
    page = words(officer.get("/police/bands"))
    assert "本所还没有手环" in page
    assert "绑定空白手环" in page


# ---- printing


def test_one_file_holds_every_ticked_band_and_each_of_them_reads(officer: FlaskClient, world: World) -> None:
    ids = [world.her.band_id] + [
        issuing.issue(
            f"a-band-{nth}", world.elder_id, BandForm.WRISTBAND, guardian_id=world.daughter_id, now=clock.now()
        )
        for nth in range(6)
    ]
    before = every_row()
    answer = ask_print(officer, *ids, look="discreet", language="en")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=bands-wristband-")
    assert new_rows(before) == {"audit_row": 7, "message": 7}
    read = [symbol.text for page in pages(answer.data) for symbol in symbols(page)]
    assert len(read) == len(set(read)) == 7


def test_the_browsers_own_print_holds_them_too(officer: FlaskClient, world: World) -> None:
    page = ask_print(officer, world.her.band_id, kind="page", look="discreet")
    assert page.status_code == 200
    assert world.her.code in words(page)
    assert "扫码联系" in words(page)
    assert ELDER["called"] not in words(page)


def test_a_band_printed_already_is_printed_again_for_a_reason_that_the_family_reads(
    officer: FlaskClient, world: World
) -> None:
    assert ask_print(officer, world.her.band_id, kind="page").status_code == 200
    for reason in ("", "curiosity"):
        answer = ask_print(officer, world.her.band_id, kind="page", reason=reason)
        assert (answer.status_code, tells(answer, "bands.reprint_reason")) == (422, True)
        assert ticked(answer) == [str(world.her.band_id)]
    assert ask_print(officer, world.her.band_id, kind="page", reason="worn").status_code == 200
    daughter = officer.application.test_client()
    cast.sign_in_guardian(daughter)
    log = words(daughter.get(f"/family/elders/{world.elder_id}/log"))
    for said in ("大同派出所的民警", "打印了手环", "磨损补打"):
        assert said in log


def test_a_look_up_at_the_counter_is_in_the_familys_log(officer: FlaskClient, world: World, blank: Band) -> None:
    look_up(officer, blank.code.shown, check_of(blank).shown)
    daughter = officer.application.test_client()
    cast.sign_in_guardian(daughter)
    log = words(daughter.get(f"/family/elders/{world.elder_id}/log"))
    assert "为绑定手环查了您家登记的老人" in log
    assert "大同派出所的民警" in log


def test_another_stations_band_is_answered_like_none_and_nothing_is_printed(officer: FlaskClient, world: World) -> None:
    before = every_row()
    foreign, unknown = ask_print(officer, world.her.band_id, world.other.band_id), ask_print(officer, 1)
    assert foreign.status_code == unknown.status_code == 404
    assert words(foreign) == words(unknown)
    db.session.rollback()
    assert every_row()["audit_row"] == before["audit_row"]


@pytest.mark.parametrize(
    ("bands", "fields", "code"),
    [
        ([], {}, "bands.none_ticked"),
        (range(1, LARGEST_PRINT + 2), {}, "bands.print_too_many"),
        ([1], {"look": "x"}, "bands.print_choice"),
        ([1], {"form": "tattoo"}, "page.bad_request"),
        (["x"], {}, "page.bad_request"),
    ],
)
def test_a_print_that_cannot_be_is_a_sentence(
    officer: FlaskClient, world: World, bands: list[object], fields: dict[str, str], code: str
) -> None:
    answer = ask_print(officer, *bands, **fields)
    assert answer.status_code == 422
    assert tells(answer, code, most=LARGEST_PRINT) if code == "bands.print_too_many" else tells(answer, code)


def test_a_look_at_the_address_of_the_print_prints_nothing(officer: FlaskClient, world: World) -> None:
    assert officer.get("/police/bands/print").status_code == 405


class TestWhereNoFontIsInstalled:
    """The page keeps the ticks and offers the browser's own print beside the button that failed."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"print_font": settings.data_dir / "no-such-font.otf"})

    def test_the_page_prints_where_the_file_cannot(self, officer: FlaskClient, world: World) -> None:
        answer = ask_print(officer, world.her.band_id)
        assert answer.status_code == 503
        assert tells(answer, "print.no_font")
        assert ticked(answer) == [str(world.her.band_id)]
        assert ask_print(officer, world.her.band_id, kind="page").status_code == 200


# ---- binding at the counter


def look_up(client: FlaskClient, code: str, check: str, phone: str = DAUGHTER_PHONE) -> TestResponse:
    token = cast.csrf(client, "/police/bind")
    fields = {"code": code, "check": check, "phone": phone}
    return client.post("/police/bind", data={"csrf_token": token, **fields})


def choose(client: FlaskClient, elder_id: int) -> TestResponse:
    page = client.get("/police/bind/elder")
    fields = {name: cast.hidden(page, name) for name in ("csrf_token", "code")}
    return client.post("/police/bind/elder", data={**fields, "elder_id": str(elder_id)})


def test_a_blank_is_bound_in_two_steps_and_the_family_hears_of_it(
    officer: FlaskClient, world: World, blank: Band
) -> None:
    answer = look_up(officer, blank.code.shown.lower(), check_of(blank).shown)
    assert (answer.status_code, answer.location) == (303, "/police/bind/elder")
    page = words(officer.get(answer.location))
    assert ELDER["name"] in page
    assert cast.NEIGHBOURS_ELDER["name"] not in page
    done = choose(officer, world.elder_id)
    assert done.status_code == 303
    assert "绑定好了" in words(officer.get(done.location))
    db.session.rollback()
    band = db.session.get_one(Band, blank.id)
    assert (band.state, band.elder_id) == (BandState.ACTIVE, world.elder_id)
    assert world.officer.station_name in last_body(DAUGHTER_PHONE)
    # What is done cannot be sent again.
    assert officer.get("/police/bind/elder").location == "/police/bind"


def test_an_unknown_number_is_a_sentence_and_costs_no_second_try_of_the_check_code(
    officer: FlaskClient, world: World, blank: Band
) -> None:
    for phone in ("+8613800138044", "13800138046", "138 0013 8047"):
        answer = look_up(officer, blank.code.shown, check_of(blank).shown, phone)
        assert answer.status_code == 422
        assert tells(answer, "bands.no_elders")
    assert look_up(officer, blank.code.shown, check_of(blank).shown).status_code == 303
    db.session.rollback()
    assert db.session.get_one(Band, blank.id).check_tries == 0


def test_without_the_band_in_hand_no_family_is_looked_up(officer: FlaskClient, world: World, blank: Band) -> None:
    before = every_row()
    answer = look_up(officer, blank.code.shown, wrong_check(blank).digits)
    assert answer.status_code == 422
    assert tells(answer, "bands.bind_refused")
    db.session.rollback()
    assert every_row()["audit_row"] == before["audit_row"]
    assert officer.get("/police/bind/elder").location == "/police/bind"


def test_slips_are_named_beside_their_fields(officer: FlaskClient, world: World) -> None:
    answer = look_up(officer, "ABC", "12", "999")
    assert answer.status_code == 422
    for code in ("code.not_a_band_code", "code.not_a_check_code", "phone.not_a_phone"):
        assert tells(answer, code)


def test_a_stale_choice_binds_nothing(officer: FlaskClient, world: World, blank: Band) -> None:
    look_up(officer, blank.code.shown, check_of(blank).shown)
    with time_machine.travel(clock.now() + timedelta(minutes=11)):
        token = cast.csrf(officer, "/police/bind")
        fields = {"csrf_token": token, "code": blank.code.shown, "elder_id": str(world.elder_id)}
        answer = officer.post("/police/bind/elder", data=fields)
    assert answer.status_code == 409
    assert tells(answer, "bands.binding_over")
    db.session.rollback()
    assert db.session.get_one(Band, blank.id).state is BandState.BLANK


@pytest.mark.parametrize("elder_id", [0, 1])
def test_an_elder_of_nobody_at_the_counter_gets_no_band(
    officer: FlaskClient, world: World, blank: Band, elder_id: int
) -> None:
    look_up(officer, blank.code.shown, check_of(blank).shown)
    assert choose(officer, elder_id and world.other.elder_id).status_code == 404
    db.session.rollback()
    assert db.session.get_one(Band, blank.id).state is BandState.BLANK


# ---- a wrong digit, and the way from a scan


def altered(digits: str) -> str:
    """One digit off: Damm's check says so."""
    return digits[:-1] + str((int(digits[-1]) + 1) % 10)


def test_a_check_code_with_a_wrong_digit_spends_nothing_at_either_door(client: FlaskClient, world: World) -> None:
    blank = blanks(1, now=clock.now())[0]
    cast.sign_in_guardian(client)
    cast.sign_in_officer(client)
    before = every_row()
    mistyped = altered(check_of(blank).digits)
    family_token = cast.csrf(client, "/family/bind")
    for _ in range(12):
        fields = {"code": blank.code.text, "check": mistyped, "elder_id": str(world.elder_id)}
        answer = client.post("/family/bind", data={"csrf_token": family_token, **fields})
        assert tells(answer, "code.mistyped")
        assert tells(look_up(client, blank.code.text, mistyped), "code.mistyped")
    db.session.rollback()
    after = every_row()
    assert (after["spent_budget"], after["band"]) == (before["spent_budget"], before["band"])


@pytest.mark.parametrize("door", ["family", "police"])
def test_a_scanned_blank_comes_along_through_the_sign_in(client: FlaskClient, world: World, door: str) -> None:
    """The scan page links with what was scanned; signing in leads back; the page shows the code of the token."""
    as_a_browser = {"Accept": "text/html,application/xhtml+xml"}
    token, code = world.her.token, world.her.code
    scan = client.get(f"/t/{token}").get_data(as_text=True)
    link = re.search(r'href="(/family/bind\?code=[^"]+)"', scan)
    assert link
    assert client.get(link[1], headers=as_a_browser).location == "/family/sign-in"
    if door == "family":
        back = cast.sign_in_guardian(client).location
    else:
        across = re.search(r'href="(/police/bind\?[^"]+)"', client.get("/family/sign-in").get_data(as_text=True))
        assert across
        assert client.get(across[1], headers=as_a_browser).location == "/police/sign-in"
        token = cast.csrf(client, "/police/sign-in")
        fields = {"csrf_token": token, "username": "officer", "password": cast.PASSWORD}
        back = client.post("/police/sign-in", data=fields).location
    assert value_of(client.get(back), "code") == code


@pytest.mark.parametrize("scanned", ["", "x", "老人" * 40, "\"'><script>", "7" * 5000])
def test_whatever_was_scanned_the_binding_page_opens(client: FlaskClient, world: World, scanned: str) -> None:
    cast.sign_in_guardian(client)
    assert client.get("/family/bind", query_string={"code": scanned}).status_code == 200
