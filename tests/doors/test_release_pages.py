"""The pages of a release: ticks with nothing ticked, what is shown now, who has read it, and the way back."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.services import released
from tests.services.released import DOMAIN, key_of, release_of
from tests.world import ELDER, World, csrf, every_row, sign_in_guardian, sign_in_officer
from wristband import clock
from wristband.interchange.pfif import Note
from wristband.interchange.pfif_reading import Reading
from wristband.interchange.rules import Shown
from wristband.partners.rules import Scope
from wristband.services import admitting, hearing_pfif, releasing, sharing
from wristband.services.sharing import Page


@pytest.fixture
def incident_id(world: World) -> int:
    return released.opened(world, clock.now())


def text(answer: TestResponse) -> str:
    assert answer.status_code == 200, answer.status
    return answer.get_data(as_text=True)


def send(client: FlaskClient, address: str, deed: str = "", **fields: object) -> TestResponse:
    form = {"csrf_token": csrf(client, address), "days": "3", "audience": "restricted", **fields}
    return client.post(f"{address}{deed}", data=form)


def police(incident_id: int) -> str:
    return f"/police/incidents/{incident_id}/release"


def family(incident_id: int) -> str:
    return f"/family/incidents/{incident_id}/release"


def test_nothing_is_ticked_beforehand_and_the_shortest_reach_is_chosen(
    client: FlaskClient, world: World, incident_id: int
) -> None:
    sign_in_officer(client)
    page = text(client.get(police(incident_id)))
    assert re.findall(r'type="checkbox"[^>]*name="fields"', page)
    assert not re.findall(r'type="checkbox"[^>]*checked', page)
    assert re.search(r'value="restricted" checked', page)


def test_an_officer_releases_sees_what_is_shown_and_withdraws(
    client: FlaskClient, world: World, incident_id: int
) -> None:
    sign_in_officer(client)
    answer = send(client, police(incident_id), fields=["age", "clothes"], clothes="灰色外套")
    assert (answer.status_code, answer.location) == (303, police(incident_id))
    page = text(client.get(police(incident_id)))
    shown = page.split('id="shown-now"')[1].split("</section>")[0]
    assert "80-84" in shown
    assert "灰色外套" in shown
    assert ELDER["name"] not in shown
    assert "正在公开" in text(client.get(f"/police/incidents/{incident_id}"))
    assert send(client, police(incident_id), "/withdraw").status_code == 303
    assert 'id="shown-now"' not in text(client.get(police(incident_id)))
    assert release_of(incident_id).ended_at is not None


def test_what_was_typed_wrongly_stays_in_the_form(client: FlaskClient, world: World, incident_id: int) -> None:
    sign_in_officer(client)
    answer = send(client, police(incident_id), fields=["clothes", "sex"], clothes="", days="7")
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert "勾选了衣着" in page
    assert set(re.findall(r'value="(\w+)" checked', page)) == {"sex", "clothes", "7", "restricted"}


@pytest.mark.parametrize("fields", [{"days": "x"}, {"days": ""}, {"fields": "address"}, {"audience": "moon"}])
def test_what_the_form_does_not_offer_changes_nothing(
    client: FlaskClient, world: World, incident_id: int, fields: dict[str, str]
) -> None:
    sign_in_officer(client)
    token = csrf(client, police(incident_id))
    before = every_row()["release"]
    form = {"csrf_token": token, "days": "3", "audience": "restricted", **fields}
    assert client.post(police(incident_id), data=form).status_code == 422
    assert every_row()["release"] == before


def test_a_guardian_releases_and_withdraws_by_herself(client: FlaskClient, world: World, incident_id: int) -> None:
    sign_in_guardian(client)
    assert family(incident_id) in text(client.get(f"/family/incidents/{incident_id}"))
    assert send(client, family(incident_id), fields=["name"]).status_code == 303
    page = text(client.get(family(incident_id)))
    assert ELDER["name"] in page.split('id="shown-now"')[1]
    assert "面向所有人" not in page
    assert send(client, family(incident_id), audience="public").status_code == 422
    assert send(client, family(incident_id), "/withdraw").status_code == 303
    assert release_of(incident_id).ended_by == f"guardian:{world.daughter_id}"


def test_the_family_sees_and_withdraws_what_an_officer_released(
    client: FlaskClient, world: World, incident_id: int
) -> None:
    releasing.release_on_duty(incident_id, released.wanted(), officer=world.officer, now=clock.now())
    sign_in_guardian(client)
    assert "由民警公开" in text(client.get(family(incident_id)))
    assert send(client, family(incident_id), "/withdraw").status_code == 303
    assert release_of(incident_id).ended_at is not None


def test_both_pages_say_which_partner_has_read_it(client: FlaskClient, world: World, incident_id: int) -> None:
    now = clock.now()
    releasing.release_on_duty(incident_id, released.wanted(), officer=world.officer, now=now)
    reader = admitting.admit(f"Bearer {key_of('示例救助站', [Scope.PFIF_READ], now)}", now=now)
    for _ in range(2):
        sharing.persons(Page(None, 0, 10), with_notes=True, partner=reader, now=now)
    sign_in_officer(client)
    assert re.search(r"示例救助站.*?>2</td>", text(client.get(police(incident_id))), re.DOTALL)
    sign_in_guardian(client)
    assert "示例救助站" in text(client.get(family(incident_id)))


def test_a_note_from_outside_is_for_officers_alone(client: FlaskClient, world: World, incident_id: int) -> None:
    now = clock.now()
    releasing.release_on_duty(incident_id, released.wanted(), officer=world.officer, now=now)
    note = Note(
        f"{DOMAIN}/n1",
        f"wristband.invalid/{release_of(incident_id).public_id}",
        linked_person_record_id=f"{DOMAIN}/p1",
        source_date=now - timedelta(minutes=1),
        author_name="站",
        text="在车站见过<b>",
        last_known_location="24.7300 118.1600",
    )
    hearing_pfif.hear(Reading(notes=[note]), domain=DOMAIN, actor="partner:1", now=now)
    sign_in_officer(client)
    page = text(client.get(f"/police/incidents/{incident_id}"))
    assert page.count("在车站见过&lt;b&gt;") == 1
    assert "24.7300, 118.1600" in page
    assert "<svg viewBox" in page
    own = text(client.get(police(incident_id)))
    link = re.search(rf"/police/incidents/{incident_id}/outside/\d+/link", own)
    assert link
    token = csrf(client, police(incident_id))
    assert client.post(link[0], data={"csrf_token": token}).status_code == 303
    assert "认定是同一位老人" in text(client.get(police(incident_id)))
    sign_in_guardian(client)
    for address in (family(incident_id), f"/family/incidents/{incident_id}"):
        assert "在车站见过" not in text(client.get(address))


def test_an_incident_that_is_not_accepted_says_what_to_do_first(client: FlaskClient, world: World) -> None:
    incident_id = released.opened(world, clock.now(), accepted=False)
    sign_in_officer(client)
    assert "请先受理" in text(client.get(police(incident_id)))
    form = {"csrf_token": csrf(client, police(incident_id)), "days": "3", "audience": "restricted"}
    assert client.post(police(incident_id), data=form).status_code == 409


def test_another_station_and_another_family_find_nothing(client: FlaskClient, world: World, incident_id: int) -> None:
    sign_in_officer(client, "stranger")
    assert client.get(police(incident_id)).status_code == 404
    sign_in_guardian(client, "+8613800138001")
    assert client.get(family(incident_id)).status_code == 404


def test_ticks_once_released_are_ticked_in_the_form(client: FlaskClient, world: World, incident_id: int) -> None:
    releasing.release_on_duty(incident_id, released.wanted([Shown.SEX]), officer=world.officer, now=clock.now())
    sign_in_officer(client)
    page = text(client.get(police(incident_id)))
    assert re.findall(r'name="fields" value="(\w+)" checked', page) == ["sex"]
