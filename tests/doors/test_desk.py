"""The desk and its live stream: what a station has to do, the moment it is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from contextvars import copy_context
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from tests import world as cast
from tests.doors.asking import ON_SQLITE, count, only, tells, words
from tests.world import World
from wristband import clock
from wristband.audit.models import AuditRow
from wristband.config import Settings
from wristband.incidents.models import DutyCall, Incident
from wristband.incidents.rules import Disposition, IncidentState
from wristband.services import escalating, handling

SEATS = 2


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"stream_limit": SEATS})


@pytest.fixture
def desk(client: FlaskClient, world: World) -> FlaskClient:
    """An officer's browser, signed in."""
    cast.sign_in_officer(client)
    return client


@pytest.fixture
def finder(app: Flask) -> FlaskClient:
    return app.test_client()


def _report(finder: FlaskClient, token: str) -> None:
    assert cast.tap(finder, cast.open_band(finder, token), "police").status_code == 303


# ---- the list


def test_an_empty_desk_says_so(desk: FlaskClient) -> None:
    assert "现在没有警情" in words(desk.get("/police"))


def test_the_desk_lists_its_own_and_what_belongs_to_no_station_and_no_other(
    desk: FlaskClient, finder: FlaskClient, world: World
) -> None:
    for token in (world.her.token, world.other.token, "0" * 25):
        _report(finder, token)
    incidents = {incident.elder_id: incident.number for incident in Incident.query}
    page = words(desk.get("/police"))
    assert incidents[world.elder_id] in page
    assert incidents[None] in page
    assert incidents[world.other.elder_id] not in page
    assert "未识别" in page


@ON_SQLITE
def test_the_desk_shows_no_elders_name_and_records_no_look(
    desk: FlaskClient, finder: FlaskClient, world: World
) -> None:
    _report(finder, world.her.token)
    deeds = count(AuditRow)
    assert cast.ELDER["name"] not in desk.get("/police").get_data(as_text=True)
    assert count(AuditRow) == deeds


@ON_SQLITE
def test_a_part_is_the_list_alone(desk: FlaskClient, finder: FlaskClient, world: World) -> None:
    _report(finder, world.her.token)
    part = desk.get("/police", headers={"X-Part": "desk"}).get_data(as_text=True)
    assert only(Incident).number in part
    assert "<html" not in part
    assert part.strip() in desk.get("/police").get_data(as_text=True)


@ON_SQLITE
def test_a_part_asked_for_after_the_sign_in_has_ended_is_refused_not_redirected(
    desk: FlaskClient, world: World
) -> None:
    with time_machine.travel(clock.now() + timedelta(hours=1), tick=False):
        answer = desk.get("/police", headers={"X-Part": "desk"})
    assert answer.status_code == 401
    assert tells(answer, "accounts.sign_in_needed")


@ON_SQLITE
@pytest.mark.parametrize(("minutes", "level"), [(2, "calm"), (4, "amber"), (6, "red")])
def test_the_clock_of_a_waiting_report_turns_amber_then_red(
    desk: FlaskClient, finder: FlaskClient, world: World, minutes: int, level: str
) -> None:
    _report(finder, world.her.token)
    with time_machine.travel(clock.now() + timedelta(minutes=minutes), tick=False):
        assert f'class="level-{level}"' in desk.get("/police").get_data(as_text=True)


@ON_SQLITE
def test_what_is_closed_moves_to_the_lower_list(desk: FlaskClient, finder: FlaskClient, world: World) -> None:
    _report(finder, world.her.token)
    handling.move(
        only(Incident).id,
        IncidentState.CLOSED,
        officer=world.officer,
        disposition=Disposition.FALSE_REPORT,
        now=clock.now(),
    )
    page = words(desk.get("/police"))
    assert "现在没有警情" in page
    assert page.index(only(Incident).number) > page.index("现在没有警情")


# ---- the stream


def _chunks(desk: FlaskClient) -> Iterator[str]:
    """What the stream says, piece by piece; closing the generator hangs up."""
    answer = desk.get("/police/changes", buffered=False)
    assert (answer.status_code, answer.mimetype) == (200, "text/event-stream")
    assert answer.headers["Cache-Control"] == "no-store"
    with closing(answer):
        for chunk in answer.iter_encoded():
            yield chunk.decode()


def test_the_stream_says_that_a_report_has_come_and_not_what(
    desk: FlaskClient, finder: FlaskClient, world: World
) -> None:
    with closing(_chunks(desk)) as stream:
        assert next(stream).startswith("retry:")
        first = next(stream)
        assert first.startswith("event: changed\ndata: ")
        _report(finder, world.her.token)
        second = next(stream)
    assert second.startswith("event: changed\ndata: ")
    assert second != first
    assert only(Incident).number not in second


def test_a_move_and_a_confirmation_are_changes_too(desk: FlaskClient, finder: FlaskClient, world: World) -> None:
    _report(finder, world.her.token)
    incident_id = only(Incident).id
    with closing(_chunks(desk)) as stream:
        said = [next(stream), next(stream)]
        handling.move(incident_id, IncidentState.ACCEPTED, officer=world.officer, now=clock.now())
        said.append(next(stream))
        handling.move(
            incident_id,
            IncidentState.CLOSED,
            officer=world.officer,
            disposition=Disposition.WITH_FAMILY,
            now=clock.now(),
        )
        said.append(next(stream))
        handling.confirm(incident_id, guardian_id=world.daughter_id, now=clock.now())
        said.append(next(stream))
    assert len(set(said)) == 5


@ON_SQLITE
def test_one_stream_too_many_is_a_sentence_and_a_seat_given_up_is_free_again(app: Flask, world: World) -> None:
    desks = [app.test_client() for _ in range(SEATS + 1)]
    for desk in desks:
        cast.sign_in_officer(desk)
    # Hung up in the order in which contexts nest.
    first, second = _chunks(desks[0]), _chunks(desks[1])
    with closing(first):
        next(first)
        with closing(second):
            next(second)
            refused = desks[2].get("/police/changes")
            assert refused.status_code == 503
            assert tells(refused, "incidents.streams_full")
        with closing(_chunks(desks[2])) as third:
            assert next(third).startswith("retry:")


class TestWithManySeats:
    """One sign-in has three streams at most, however many seats there are."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"stream_limit": 5})

    @ON_SQLITE
    def test_a_fourth_page_takes_the_place_of_the_oldest_and_leaves_the_other_seats_to_others(
        self, app: Flask, world: World
    ) -> None:
        mine = app.test_client()
        cast.sign_in_officer(mine)
        colleagues = [app.test_client() for _ in range(2)]
        for colleague in colleagues:
            cast.sign_in_officer(colleague)
        with ExitStack() as open_pages:

            def opened(desk: FlaskClient) -> Callable[[], str | None]:
                """A stream in a context of its own, so that any may end first; the next it says, None at its end."""
                own, stream = copy_context(), _chunks(desk)
                open_pages.callback(own.run, stream.close)  # type: ignore[attr-defined]
                assert (own.run(next, stream) or "").startswith("retry: 2000")
                return lambda: own.run(next, stream, None)

            first, *others = [opened(mine) for _ in range(3)]
            for _ in range(2):
                others.append(opened(mine))
            assert [first(), first(), first()][1:] == ["retry: 15000\n\n", None]
            assert all((other() or "").startswith("event: changed") for other in others)
            for colleague in colleagues:
                opened(colleague)


@ON_SQLITE
def test_a_stranger_gets_no_stream(client: FlaskClient, world: World) -> None:
    assert client.get("/police/changes").location == "/police/sign-in"


# ---- a family that does not answer


def _unanswered(finder: FlaskClient, token: str, traveller: time_machine.Traveller) -> str:
    """A finder told the family, and five minutes have passed. Returns the finder's own page."""
    progress = cast.tap(finder, cast.open_band(finder, token), "family").location
    traveller.shift(timedelta(minutes=5, seconds=1))
    escalating.take_due(clock.now())
    return progress


def test_a_family_that_does_not_answer_is_on_the_desk_of_its_station_alone(
    desk: FlaskClient, finder: FlaskClient, world: World
) -> None:
    with time_machine.travel(clock.now(), tick=False) as traveller:
        progress = _unanswered(finder, world.her.token, traveller)
        page = words(desk.get("/police"))
        assert "家人没有回应（1）" in page
        assert "5 分钟" in page
        assert cast.ELDER["name"] not in page
        assert "已转给派出所值班民警" in words(finder.get(progress))
        stranger = finder.application.test_client()
        cast.sign_in_officer(stranger, "stranger")
        assert "家人没有回应" not in words(stranger.get("/police"))


def test_who_takes_it_has_the_incident_before_him_and_the_finder_sees_it(
    desk: FlaskClient, finder: FlaskClient, world: World
) -> None:
    with time_machine.travel(clock.now(), tick=False) as traveller:
        progress = _unanswered(finder, world.her.token, traveller)
        address = f"/police/duty-calls/{only(DutyCall).id}/take"
        csrf = {"csrf_token": cast.csrf(desk, "/police")}
        taken = desk.post(address, data=csrf)
        incident = only(Incident)
        assert (taken.status_code, taken.location) == (303, f"/police/incidents/{incident.id}")
        assert "家人没有回应" not in words(desk.get("/police"))
        page = words(finder.get(progress))
        assert "值班民警已经接手" in page
        assert incident.number in page
        again = desk.post(address, data=csrf)
        assert again.status_code == 409
        assert tells(again, "incidents.duty_call_taken")
