"""What each proof opens, multiplied out: level by field, proof by level."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wristband.scans.disclosure import ConsentedCard, EmergencyCard, ScanPage, TracedCard
from wristband.scans.levels import (
    FIELD_WORDS,
    MOVES,
    OPENS,
    PROVISIONAL_FOR,
    SHOWN,
    Field,
    GrantState,
    Level,
    Proof,
    fields_shown,
    may_disclose,
)

# The table of the reference, written out once more by hand: a y in the code and not here is a leak.
TABLE = """
            called portrait approach health name sex age address phones voice
OPEN        -      -        -        -      -    -   -   -       -      -
TRACEABLE   y      -        -        -      -    -   -   -       -      y
WITH_ELDER  y      y        y        y      -    -   -   -       -      y
CONSENTED   y      y        y        y      y    y   y   y       -      y
DUTY        y      y        y        y      y    y   y   y       y      -
"""
NOW = datetime(2026, 11, 24, 6, 5, tzinfo=UTC)


def written() -> dict[tuple[Level, Field], bool]:
    head, *rows = TABLE.strip().splitlines()
    names = [Field(name) for name in head.split()]
    return {
        (Level[row.split()[0]], field): mark == "y"
        for row in rows
        for field, mark in zip(names, row.split()[1:], strict=True)
    }


@pytest.mark.parametrize(("level", "field"), list(product(Level, Field)))
def test_a_level_shows_what_the_table_says(level: Level, field: Field) -> None:
    assert (field in SHOWN[level]) is written()[level, field]


@pytest.mark.parametrize(
    ("card", "level"),
    [(TracedCard, Level.TRACEABLE), (EmergencyCard, Level.WITH_ELDER), (ConsentedCard, Level.CONSENTED)],
)
def test_a_card_has_no_place_for_what_its_level_does_not_show(card: type, level: Level) -> None:
    places = {"age" if field.name == "birth_year" else field.name for field in fields(card)} - {"until"}
    assert places == {field.value for field in SHOWN[level]}


def test_the_open_page_has_no_place_for_any_field() -> None:
    assert not {field.name for field in fields(ScanPage)} & {field.value for field in Field}


@pytest.mark.parametrize(("proof", "level"), list(product(Proof, Level)))
def test_a_proof_opens_its_own_levels_and_no_other(proof: Proof, level: Level) -> None:
    allowed = {
        Proof.LINK: {Level.OPEN},
        Proof.SMS_CODE: {Level.TRACEABLE},
        Proof.CHECK_CODE: {Level.WITH_ELDER},
        Proof.APPROVAL: {Level.WITH_ELDER, Level.CONSENTED},
        Proof.DUTY: {Level.DUTY},
    }
    assert (level in OPENS[proof]) is (level in allowed[proof])


@given(st.sampled_from(list(Level)), st.sets(st.sampled_from(list(Field))))
def test_ticking_never_opens_more_than_the_level(level: Level, ticked: set[Field]) -> None:
    shown = fields_shown(level, ticked)
    assert shown <= SHOWN[level]
    if level is Level.CONSENTED:
        assert shown <= ticked
    else:
        assert shown == SHOWN[level]


def test_no_finder_ever_sees_a_number() -> None:
    assert all(Field.PHONES not in fields_shown(level, set(Field)) for level in Level if level is not Level.DUTY)


def test_every_field_has_its_word() -> None:
    assert set(FIELD_WORDS) == set(Field)


def test_an_ended_grant_never_lives_again() -> None:
    assert MOVES[GrantState.ENDED] == frozenset()
    assert all(GrantState.ASKED not in after for after in MOVES.values())


@pytest.mark.parametrize(
    ("confirmed", "disputed", "old", "opens"),
    [
        (False, False, timedelta(0), False),
        (False, False, PROVISIONAL_FOR - timedelta(seconds=1), False),
        (False, False, PROVISIONAL_FOR, True),
        (True, False, timedelta(0), True),
        (True, True, timedelta(days=400), False),
        (False, True, timedelta(days=400), False),
    ],
)
def test_a_registration_is_believed_after_a_day_or_an_officer_and_a_dispute_shuts_it(
    confirmed: bool, disputed: bool, old: timedelta, opens: bool
) -> None:
    assert may_disclose(confirmed=confirmed, disputed=disputed, registered_at=NOW - old, now=NOW) is opens
