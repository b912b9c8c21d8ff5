"""The family's own pages: bands, a call for help, an incident."""

from __future__ import annotations

import io

import pytest
from flask.testing import FlaskClient
from pypdf import PdfReader
from werkzeug.test import TestResponse

from tests import world as cast
from tests.doors.asking import ON_SQLITE, count, only, tells, value_of, words
from tests.world import World
from wristband.bands.models import Band
from wristband.bands.rules import BANDS_AN_ELDER, BandState
from wristband.db import db
from wristband.incidents.models import Incident
from wristband.incidents.rules import Disposition, IncidentState
from wristband.scans.models import Reach
from wristband.services import handling


@pytest.fixture
def daughter(client: FlaskClient, world: World) -> FlaskClient:
    cast.sign_in_guardian(client)
    return client


def _post(client: FlaskClient, path: str, **fields: str) -> TestResponse:
    return client.post(path, data={"csrf_token": cast.csrf(client, "/family"), **fields})


def _bands(world: World) -> int:
    db.session.rollback()
    return db.session.query(Band).where(Band.elder_id == world.elder_id).count()


# ---- bands


def test_the_form_on_the_elders_page_makes_one_band_however_often_it_is_sent(
    daughter: FlaskClient, world: World
) -> None:
    page = f"/family/elders/{world.elder_id}"
    key = value_of(daughter.get(page), "key")
    answers = [_post(daughter, f"{page}/bands", form="wristband", key=key) for _ in range(2)]
    assert answers[0].status_code == 303
    assert answers[0].location == answers[1].location
    assert _bands(world) == 2
    assert daughter.get(answers[0].location).status_code == 200


@ON_SQLITE
@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"form": "wristband"},
        {"form": "tattoo", "key": "k" * 20},
        {"form": "card", "key": "k" * 65},
        {"key": "k" * 20},
    ],
)
def test_a_band_of_no_known_form_is_not_made(daughter: FlaskClient, world: World, fields: dict[str, str]) -> None:
    answer = _post(daughter, f"/family/elders/{world.elder_id}/bands", **fields)
    assert answer.status_code == 422
    assert tells(answer, "page.bad_request")
    assert _bands(world) == 1


@ON_SQLITE
def test_a_thirteenth_band_is_refused(daughter: FlaskClient, world: World) -> None:
    for number in range(BANDS_AN_ELDER):
        answer = _post(
            daughter, f"/family/elders/{world.elder_id}/bands", form="card", key=f"a-form-of-hers-{number:03d}"
        )
    assert answer.status_code == 422
    assert tells(answer, "bands.too_many", most=BANDS_AN_ELDER)
    assert _bands(world) == BANDS_AN_ELDER


@ON_SQLITE
def test_a_band_is_printed_at_true_size_with_its_code(daughter: FlaskClient, world: World) -> None:
    answer = daughter.get(f"/family/bands/{world.her.band_id}/print.pdf")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert cast.ELDER["name"].encode() not in answer.data
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.data)).pages)
    assert world.her.code in text.replace("\0", "")
    page = words(daughter.get(f"/family/bands/{world.her.band_id}/print"))
    assert world.her.code in page


@ON_SQLITE
def test_a_band_is_ended_once_and_prints_no_more(daughter: FlaskClient, world: World) -> None:
    path = f"/family/bands/{world.her.band_id}"
    answer = _post(daughter, f"{path}/end", why="lost")
    assert (answer.status_code, answer.location) == (303, f"/family/elders/{world.elder_id}")
    assert _post(daughter, f"{path}/end", why="lost").status_code == 303  # the same tap once more
    again = _post(daughter, f"{path}/end", why="mistake")
    assert again.status_code == 409
    assert tells(again, "bands.ended")
    assert "已停用" in words(daughter.get(path))
    assert daughter.get(f"{path}/print.pdf").status_code == 409


@ON_SQLITE
@pytest.mark.parametrize("why", ["", "bored", "LOST"])
def test_a_band_is_not_ended_without_a_reason(daughter: FlaskClient, world: World, why: str) -> None:
    assert _post(daughter, f"/family/bands/{world.her.band_id}/end", why=why).status_code == 422
    band = db.session.get(Band, world.her.band_id)
    assert band
    assert band.state is BandState.ACTIVE


# ---- a call for help


@pytest.fixture
def finder(daughter: FlaskClient, world: World) -> str:
    """The page of a finder who told the family and the police."""
    fields = cast.open_band(daughter, world.her.token)
    cast.tap(daughter, fields, "family")
    return cast.tap(daughter, fields, "police").location


@ON_SQLITE
def test_the_home_page_alone_is_no_look_at_a_call(daughter: FlaskClient, finder: str) -> None:
    page = daughter.get("/family").get_data(as_text=True)
    assert f"/family/calls/{only(Reach).id}" in page
    assert only(Reach).seen_at is None


def test_opening_a_call_is_seen_and_an_answer_is_told(daughter: FlaskClient, finder: str) -> None:
    path = f"/family/calls/{only(Reach).id}"
    assert daughter.get(path).status_code == 200
    assert "家人已经看到" in words(daughter.get(finder))
    answer = _post(daughter, f"{path}/answer", answer="coming")
    assert (answer.status_code, answer.location) == (303, path)
    assert "家人说" in words(daughter.get(finder))


@ON_SQLITE
@pytest.mark.parametrize("said", ["", "never", "<b>", "coming\n"])
def test_a_family_answers_only_with_the_words_there_are(daughter: FlaskClient, finder: str, said: str) -> None:
    answer = _post(daughter, f"/family/calls/{only(Reach).id}/answer", answer=said)
    assert answer.status_code == 422
    assert only(Reach).answer is None


@ON_SQLITE
def test_a_place_is_shown_to_the_family_with_the_way_there(daughter: FlaskClient, finder: str) -> None:
    daughter.post(
        f"{finder}/place",
        data={"key": "k" * 20, "latitude": "24.7101", "longitude": "118.1409", "words": "<i>桥边</i>"},
    )
    for path in (f"/family/calls/{only(Reach).id}", f"/family/incidents/{only(Incident).id}"):
        page = daughter.get(path).get_data(as_text=True)
        assert "&lt;i&gt;桥边" in page
        assert "24.71010" in page
        assert "amap.com" in page


# ---- an incident


def test_an_incident_is_confirmed_after_it_is_closed_and_once(daughter: FlaskClient, world: World, finder: str) -> None:
    incident_id = only(Incident).id
    path = f"/family/incidents/{incident_id}"
    early = _post(daughter, f"{path}/confirm")
    assert early.status_code == 409
    assert tells(early, "incidents.still_open")
    handling.move(
        incident_id, IncidentState.CLOSED, officer=world.officer, disposition=Disposition.WITH_FAMILY, now=world.now
    )
    for _ in range(2):
        assert _post(daughter, f"{path}/confirm").location == path
    assert only(Incident).confirmed_by == world.daughter_id
    assert "已确认老人平安" in words(daughter.get(path))


@ON_SQLITE
def test_what_an_officer_notes_is_not_shown_to_the_family(daughter: FlaskClient, world: World, finder: str) -> None:
    incident_id = only(Incident).id
    handling.move(incident_id, IncidentState.ACCEPTED, officer=world.officer, words="内部说明", now=world.now)
    assert "内部说明" not in daughter.get(f"/family/incidents/{incident_id}").get_data(as_text=True)


@ON_SQLITE
def test_a_guardian_without_an_elder_is_shown_where_to_begin(client: FlaskClient, world: World) -> None:
    cast.sign_in_guardian(client, "+8613900139000")
    page = client.get("/family").get_data(as_text=True)
    assert 'href="/family/elders/new"' in page
    assert cast.ELDER["name"] not in page
    assert count(Band) == 2
