"""The retention table: everything personal has a line, and every line its number."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

import wristband.partners.models
import wristband.sheets.models  # noqa: F401  every table is known
from wristband.audit.expiry import STEPS
from wristband.audit.retention import RETENTION, Kept
from wristband.db import Row
from wristband.sealing import sealed

NOW = datetime(2026, 11, 24, 6, 5, tzinfo=UTC)


def sealed_columns() -> set[str]:
    return {
        seal.place(mapper.local_table.name)
        for mapper in Row.registry.mappers
        for seal in vars(mapper.class_).values()
        if isinstance(seal, sealed)
    }


def test_every_sealed_column_has_a_line_that_says_how_long_it_is_kept() -> None:
    answered = [column for line in RETENTION.values() for column in line.columns]
    assert sorted(answered) == sorted(sealed_columns())


def test_every_kind_has_a_line_and_every_line_with_an_end_somebody_who_ends_it() -> None:
    assert list(RETENTION) == list(Kept)
    assert set(STEPS) == {kept for kept, line in RETENTION.items() if line.keep is not None}


def test_the_numbers_are_those_that_are_promised() -> None:
    days = {kept.value: line.keep / timedelta(days=1) for kept, line in RETENTION.items() if line.keep is not None}
    assert days == {
        "finders_phones": 30,
        "sightings": 30,
        "places": 180,
        "board_posts": 30,
        "finders_numbers": 0,
        "supplements": 30,
        "pickups": 30,
        "ratings": 180,
        "masked_calls": 30,
        "messages": 30,
        "steps": 180,
        "notes": 180,
        "callers_phones": 30,
        "invitations": 30,
        "hand_over_codes": 1,
        "releases": 30,
        "broadcasts": 30,
        "outside_notes": 30,
        "outside_people": 0,
        "ended_grants": 30,
        "idle_scans": 180,
        "challenges": 1 / 24,
        "budgets": 0,
        "sign_ins": 30,
        "activations": 1,
        "officer_notices": 180,
        "quiet_contacts": 1,
        "idle_accounts": 180,
        "proposals": 0,
        "partner_calls": 1,
        "partner_references": 30,
        "imports": 7,
        "export_reasons": 180,
        "unfinished_photos": 1,
        "replaced_photos": 30,
    }


def test_what_lasts_as_long_as_it_is_needed_has_no_cutoff() -> None:
    with pytest.raises(RuntimeError):
        RETENTION[Kept.ELDERS].cutoff(NOW)
    assert RETENTION[Kept.SIGN_INS].cutoff(NOW) == NOW - timedelta(days=30)
