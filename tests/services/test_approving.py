"""Approving: a guardian lets one phone see, by the two digits of its page."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask

from tests.services.finders import FINDER_PHONE, deeds, grants, met, next_day, owed, refused
from tests.together import raised, together
from tests.world import World
from wristband.db import db
from wristband.incidents.queries import find_open_incident
from wristband.incidents.rules import IncidentState, Reason
from wristband.scans.levels import Field, GrantState, Level
from wristband.services import approving, disclosing, handling, reporting
from wristband.values.phone import Phone


@pytest.fixture
def now(world: World) -> datetime:
    return next_day(world)


def ask(world: World, now: datetime, reference: str | None = None) -> tuple[str, str, int]:
    """The scan's reference, this phone's token, and the digits on its page."""
    reference = reference or met(world, now)
    token, number = approving.ask_family(reference, now=now)
    return reference, token, number


def approve(
    world: World, number: int | str, now: datetime, *, level: Level = Level.WITH_ELDER, ticked: set[Field] | None = None
) -> None:
    grant_id = grants()[-1].id
    approving.approve(grant_id, str(number), level, ticked or set(), guardian_id=world.daughter_id, now=now)


def test_a_question_tells_the_family_and_opens_nothing(world: World, now: datetime) -> None:
    reference, token, number = ask(world, now)
    assert 10 <= number <= 99
    assert len(owed("approval_asked")) == 1
    assert refused(lambda: disclosing.show(reference, token, now=now)) == "scans.grant_over"


def test_the_right_digits_open_the_card_for_that_phone(world: World, now: datetime) -> None:
    reference, token, number = ask(world, now)
    approve(world, number, now)
    card = disclosing.show(reference, token, now=now)
    assert card.called == "林阿姨"
    assert deeds(world.elder_id)[-1] == "grant.shown"
    assert len(owed("approval_given")) == 1


def test_other_digits_end_the_question(world: World, now: datetime) -> None:
    reference, token, number = ask(world, now)
    wrong = 10 + (number - 9) % 90
    assert refused(lambda: approve(world, wrong, now)) == "scans.number_wrong"
    assert refused(lambda: approve(world, number, now)) == "scans.ask_over"
    assert refused(lambda: disclosing.show(reference, token, now=now)) == "scans.grant_over"
    assert "approval.mistyped" in deeds(world.elder_id)


@pytest.mark.parametrize("typed", ["", " ", "7", "007", "ab", "９９９", "12 34", "-1", "1e1", "٣٤"])
def test_a_slip_is_no_answer(world: World, now: datetime, typed: str) -> None:
    _, _, number = ask(world, now)
    assert refused(lambda: approve(world, typed, now)) == "scans.number_missing"
    approve(world, number, now)


def test_full_width_digits_are_digits(world: World, now: datetime) -> None:
    _, _, number = ask(world, now)
    approve(world, str(number).translate({48 + digit: 0xFF10 + digit for digit in range(10)}), now)
    assert grants()[0].state is GrantState.GIVEN


def test_the_family_may_call_who_asks_and_nobody_else_reads_the_number(world: World, now: datetime) -> None:
    reference = met(world, now)
    approving.ask_family(reference, phone=Phone(FINDER_PHONE), now=now)
    (grant,) = grants()
    assert grant.phone == FINDER_PHONE
    assert FINDER_PHONE not in (grant.phone_sealed or "")
    assert not [message for message in owed("approval_asked") if "8009" in (message.body or "")]


def test_a_question_lasts_five_minutes(world: World, now: datetime) -> None:
    _, _, number = ask(world, now)
    assert refused(lambda: approve(world, number, now + timedelta(minutes=5))) == "scans.ask_over"


def test_only_what_was_ticked_is_shown(world: World, now: datetime) -> None:
    reference, token, number = ask(world, now)
    approve(world, number, now, level=Level.CONSENTED, ticked={Field.NAME, Field.ADDRESS, Field.PHONES})
    card = disclosing.show(reference, token, now=now)
    shown = {name: getattr(card, name) for name in ("name", "address", "called", "health", "portrait", "approach")}
    assert shown == {
        "name": "林秀英",
        "address": "同安区示例路九号",
        "called": None,
        "health": None,
        "portrait": None,
        "approach": None,
    }


def test_nothing_ticked_is_no_approval(world: World, now: datetime) -> None:
    _, _, number = ask(world, now)
    assert refused(lambda: approve(world, number, now, level=Level.CONSENTED)) == "scans.tick_something"
    approve(world, number, now)


@pytest.mark.parametrize("level", [Level.OPEN, Level.TRACEABLE, Level.DUTY])
def test_no_guardian_opens_a_level_that_is_not_theirs_to_open(world: World, now: datetime, level: Level) -> None:
    _, _, number = ask(world, now)
    assert refused(lambda: approve(world, number, now, level=level)) == "scans.tick_something"


def test_a_slip_after_the_yes_takes_nothing_back(world: World, now: datetime) -> None:
    reference, token, number = ask(world, now)
    approve(world, number, now)
    assert refused(lambda: approve(world, 10 + (number - 9) % 90, now)) == "scans.ask_over"
    assert disclosing.show(reference, token, now=now).called == "林阿姨"


def test_a_stranger_answers_no_question_of_hers(world: World, now: datetime) -> None:
    _, _, number = ask(world, now)
    grant_id = grants()[-1].id
    said = refused(
        lambda: approving.approve(
            grant_id, str(number), Level.WITH_ELDER, set(), guardian_id=world.neighbour_id, now=now
        )
    )
    assert said == "scans.ask_unknown"
    assert grants()[-1].state is GrantState.ASKED


def test_two_guardians_at_once_answer_once(world: World, app: Flask, now: datetime) -> None:
    _, _, number = ask(world, now)
    grant_id = grants()[-1].id

    def say() -> None:
        approving.approve(grant_id, str(number), Level.WITH_ELDER, set(), guardian_id=world.daughter_id, now=now)

    assert len(raised(together(app, [say] * 5))) == 4
    assert len(owed("approval_given")) == 1


def test_another_phone_with_the_same_address_sees_nothing(world: World, now: datetime) -> None:
    reference, _, number = ask(world, now)
    approve(world, number, now)
    assert refused(lambda: disclosing.show(reference, "x" * 43, now=now)) == "scans.grant_over"


def test_a_grant_does_not_travel_to_another_scan(world: World, now: datetime) -> None:
    _, token, number = ask(world, now)
    approve(world, number, now)
    elsewhere = met(world, now)
    assert refused(lambda: disclosing.show(elsewhere, token, now=now)) == "scans.grant_over"


def test_it_ends_after_half_an_hour_and_stays_ended_though_the_clock_be_set_back(world: World, now: datetime) -> None:
    reference, token, number = ask(world, now)
    approve(world, number, now)
    late = now + timedelta(minutes=30)
    assert refused(lambda: disclosing.show(reference, token, now=late)) == "scans.grant_over"
    assert refused(lambda: disclosing.show(reference, token, now=now)) == "scans.grant_over"


def test_a_guardian_takes_back_what_was_given_at_once(world: World, now: datetime) -> None:
    reference, token, number = ask(world, now)
    approve(world, number, now)
    disclosing.show(reference, token, now=now)
    approving.refuse(grants()[-1].id, guardian_id=world.daughter_id, now=now)
    assert refused(lambda: disclosing.show(reference, token, now=now)) == "scans.grant_over"
    assert deeds(world.elder_id)[-1] == "grant.ended"


def test_who_asks_on_and_on_buries_nobody_and_keeps_nobody_else_out(world: World, now: datetime) -> None:
    pest = met(world, now)
    ask(world, now, pest)
    ask(world, now, pest)
    assert refused(lambda: ask(world, now, pest)) == "scans.asks_spent"
    approving.ask_family(met(world, now), address="192.0.2.7", now=now)
    assert refused(lambda: approving.ask_family(met(world, now), address="192.0.2.7", now=now)) == "scans.asks_spent"
    honest = met(world, now)
    approving.ask_family(honest, address="198.51.100.1", now=now)
    assert len(owed("approval_asked")) == 4


def test_a_family_is_not_buried_by_many_places(world: World, now: datetime) -> None:
    for place in range(12):
        approving.ask_family(met(world, now), address=f"192.0.2.{place}", now=now)
    assert refused(lambda: approving.ask_family(met(world, now), address="198.51.100.1", now=now)) == (
        "scans.asks_spent"
    )


def test_asking_again_ends_the_question_before(world: World, now: datetime) -> None:
    reference, first, _ = ask(world, now)
    _, _, number = ask(world, now, reference)
    approve(world, number, now)
    assert [grant.state for grant in grants()] == [GrantState.ENDED, GrantState.GIVEN]
    assert refused(lambda: disclosing.show(reference, first, now=now)) == "scans.grant_over"


def test_an_officer_may_stand_in_after_three_minutes_with_the_incident(world: World, now: datetime) -> None:
    reference, token, _ = ask(world, now)
    reporting.report(reference, world.her.serial, language="zh-CN", low_trust=False, now=now)
    incident = find_open_incident(world.elder_id)
    assert incident is not None
    incident_id, grant_id = incident.id, grants()[-1].id

    def stand_in(minutes: int, officer: object = world.officer) -> None:
        approving.approve_on_duty(
            grant_id,
            incident_id,
            officer=officer,  # type: ignore[arg-type]
            reason=Reason.HEALTH,
            now=now + timedelta(minutes=minutes),
        )

    assert refused(lambda: stand_in(2)) == "scans.family_first"
    assert refused(lambda: stand_in(3, world.stranger)) == "incidents.unknown"
    assert refused(lambda: stand_in(3)) == "looks.accept_to_reveal"
    handling.move(incident_id, IncidentState.ACCEPTED, officer=world.officer, now=now)
    stand_in(3)
    card = disclosing.show(reference, token, now=now + timedelta(minutes=3))
    assert card.called == "林阿姨"
    assert not hasattr(card, "name")
    db.session.rollback()
    assert grants()[-1].given_by == world.officer.actor
    assert owed("approval_given")
