"""A report made by mistake is taken back; in the end the finder says what he thought of it, and is nobody."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.services.finders import deeds, owed, refused
from tests.services.reports import close, incident_of, leave, reported, say
from tests.together import raised, together
from tests.world import World, every_row, new_reference, new_rows
from wristband.clock import ZONE
from wristband.db import db
from wristband.incidents.queries import list_moves
from wristband.incidents.rules import Disposition, IncidentState
from wristband.reports.models import Rating, Withdrawal
from wristband.reports.rules import RATED_WITHIN, WITHDRAW_WITHIN, Score
from wristband.services import handling, purging, reporting, withdrawing

MINUTE = timedelta(minutes=1)


@pytest.fixture
def now(world: World) -> datetime:
    return world.now + MINUTE


@pytest.fixture
def finder(world: World, now: datetime) -> str:
    return reported(world, now)


# ---- taken back


def test_a_report_taken_back_ends_its_incident_and_the_family_hears_of_it(finder: str, now: datetime) -> None:
    withdrawing.withdraw(finder, now=now + MINUTE)
    incident = incident_of(finder)
    assert (incident.state, incident.disposition) == (IncidentState.CLOSED, Disposition.WITHDRAWN)
    assert (incident.closed_at, incident.accepted_at) == (now + MINUTE, None)
    assert [step.state for step in list_moves(incident.id)] == [IncidentState.REPORTED, IncidentState.CLOSED]
    assert owed("finder_news")
    assert all("已撤回" in (message.body or "") for message in owed("finder_news"))
    assert deeds()[-1] == "report.withdrawn"


def test_taken_back_twice_it_is_taken_back_once(app: Flask, finder: str, now: datetime) -> None:
    assert raised(together(app, [lambda: withdrawing.withdraw(finder, now=now)] * 4)) == []
    before = every_row()
    withdrawing.withdraw(finder, now=now + timedelta(days=1))
    assert every_row() == before
    assert db.session.scalar(sa.select(sa.func.count(Withdrawal.id))) == 1


def test_anothers_report_keeps_the_incident_open(world: World, finder: str, now: datetime) -> None:
    other = reported(world, now)
    withdrawing.withdraw(finder, now=now)
    assert incident_of(finder).state is IncidentState.REPORTED
    withdrawing.withdraw(other, now=now)
    assert incident_of(finder).disposition is Disposition.WITHDRAWN


def test_two_who_take_back_at_once_leave_nothing_open(app: Flask, world: World, finder: str, now: datetime) -> None:
    other = reported(world, now)
    taken = together(app, [lambda one=one: withdrawing.withdraw(one, now=now) for one in (finder, other)])
    assert raised(taken) == []
    assert incident_of(finder).state is IncidentState.CLOSED


def test_once_an_officer_has_it_or_after_ten_minutes_it_stays(world: World, finder: str, now: datetime) -> None:
    too_late = now + WITHDRAW_WITHIN
    assert refused(lambda: withdrawing.withdraw(finder, now=too_late)) == "reports.too_late_to_withdraw"
    handling.move(incident_of(finder).id, IncidentState.ACCEPTED, officer=world.officer, now=now)
    before = every_row()
    assert refused(lambda: withdrawing.withdraw(finder, now=now)) == "reports.too_late_to_withdraw"
    assert every_row() == before


def test_an_officer_who_accepts_in_that_moment_wins_or_is_told(
    app: Flask, world: World, finder: str, now: datetime
) -> None:
    incident_id = incident_of(finder).id

    def accept() -> None:
        handling.move(incident_id, IncidentState.ACCEPTED, officer=world.officer, now=now)

    faults = [str(fault) for fault in raised(together(app, [accept, lambda: withdrawing.withdraw(finder, now=now)]))]
    state = incident_of(finder).state
    assert (state, faults) in [
        (IncidentState.ACCEPTED, ["reports.too_late_to_withdraw"]),
        (IncidentState.CLOSED, ["incidents.moved_on"]),
    ]


def test_what_was_taken_back_takes_nothing_more(finder: str, now: datetime) -> None:
    withdrawing.withdraw(finder, now=now)
    assert refused(lambda: say(finder, "穿灰色外套", now)) == "reports.withdrawn"
    assert refused(lambda: leave(finder, now)) == "reports.withdrawn"


def test_the_next_finder_opens_a_new_incident(world: World, finder: str, now: datetime) -> None:
    withdrawing.withdraw(finder, now=now)
    assert incident_of(reported(world, now)).id != incident_of(finder).id


def test_a_report_about_nobody_known_is_taken_back_too(world: World, now: datetime) -> None:
    unknown = new_reference()
    reporting.report(unknown, None, language="zh-CN", low_trust=False, now=now)
    withdrawing.withdraw(unknown, now=now)
    assert incident_of(unknown).disposition is Disposition.WITHDRAWN
    assert owed("finder_news") == []


# ---- rated


def ended(world: World, finder: str, now: datetime) -> None:
    close(world, incident_of(finder).id, now)


def ratings() -> list[Rating]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Rating)))


def test_a_rating_holds_nothing_by_which_its_finder_could_be_found(world: World, finder: str, now: datetime) -> None:
    ended(world, finder, now)
    before = every_row()
    withdrawing.rate(finder, Score.GOOD, " 民警很快，电话 138 0013 8000 ", now=now)
    assert new_rows(before) == {"rating": 1}
    (kept,) = ratings()
    assert (kept.score, kept.words) == (3, "民警很快，电话 ＊＊＊ ＊＊＊＊ ＊＊＊＊")
    assert kept.rated_at.astimezone(ZONE).time().isoformat() == "00:00:00"
    assert {column.name for column in Rating.__table__.columns} == {"id", "once", "score", "words", "rated_at"}


def test_the_first_answer_counts(world: World, finder: str, now: datetime) -> None:
    ended(world, finder, now)
    for score in (Score.BAD, Score.GOOD):
        withdrawing.rate(finder, score, "", now=now)
    assert [one.score for one in ratings()] == [1]


def test_nobody_rates_before_the_end_nor_a_week_after_nor_what_was_taken_back(
    world: World, finder: str, now: datetime
) -> None:
    def rate(at: datetime) -> None:
        withdrawing.rate(finder, Score.GOOD, "", now=at)

    assert refused(lambda: rate(now)) == "reports.not_over"
    ended(world, finder, now)
    assert refused(lambda: rate(now + RATED_WITHIN)) == "reports.not_over"
    other = reported(world, now)
    withdrawing.withdraw(other, now=now)
    assert refused(lambda: withdrawing.rate(other, Score.BAD, "", now=now)) == "reports.not_over"
    assert ratings() == []


def test_the_words_of_a_rating_go_after_half_a_year_and_its_score_stays(
    world: World, finder: str, now: datetime
) -> None:
    ended(world, finder, now)
    withdrawing.rate(finder, Score.FAIR, "等了很久", now=now)
    for _ in purging.purge(now=now + timedelta(days=180)):
        pass
    assert [(one.score, one.words) for one in ratings()] == [(2, None)]
