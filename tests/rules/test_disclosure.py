"""What a finder's page may hold: no field about anybody, and never more than is true."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields
from datetime import UTC, datetime
from itertools import product

import pytest

from wristband.scans.disclosure import FamilyReached, Progress, ReportMade, ScanPage
from wristband.scans.rules import Answer

AT = datetime(2026, 11, 24, 6, 5, tzinfo=UTC)


def reached(
    *, of: int = 2, told: int = 0, failed: int = 0, seen: bool = False, answered: bool = False
) -> FamilyReached:
    return FamilyReached(
        at=AT,
        of=of,
        told=told,
        failed=failed,
        seen=int(seen),
        seen_at=AT if seen else None,
        answered_at=AT if answered else None,
        answer=Answer.COMING if answered else None,
    )


def test_a_page_has_the_fields_of_its_level_and_no_others() -> None:
    assert [field.name for field in fields(ScanPage)] == ["scan", "stamp", "band", "code_tail"]
    assert [field.name for field in fields(Progress)] == [
        "recognised",
        "family",
        "report",
        "places",
        "place_words",
        "drill",
        "last",
        "added",
    ]
    assert [field.name for field in fields(FamilyReached)] == [
        "at",
        "of",
        "told",
        "failed",
        "seen",
        "seen_at",
        "answered_at",
        "answer",
        "calls",
        "desk_at",
        "taken_at",
        "next_at",
        "next_kind",
    ]
    assert [field.name for field in fields(ReportMade)] == [
        "number",
        "at",
        "state",
        "moved_at",
        "station_name",
        "station_phone",
        "disposition",
    ]


def test_a_page_cannot_be_given_more_afterwards() -> None:
    page = ScanPage(scan="s", stamp="s", band="b", code_tail="ABC")
    with pytest.raises(FrozenInstanceError):
        page.band = "林秀英"  # type: ignore[misc]
    with pytest.raises((AttributeError, TypeError)):
        page.name = "林秀英"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("of", "told", "failed", "state"),
    [
        (2, 0, 0, "owed"),
        (2, 0, 1, "owed"),
        (2, 1, 0, "sent"),
        (2, 1, 1, "sent"),
        (2, 2, 0, "sent"),
        (2, 0, 2, "failed"),
        (1, 0, 1, "failed"),
        (0, 0, 0, "failed"),
    ],
)
def test_the_state_says_how_far_the_messages_have_come(of: int, told: int, failed: int, state: str) -> None:
    assert reached(of=of, told=told, failed=failed).state == state


@pytest.mark.parametrize(("told", "failed"), [*product((0, 1, 2), (0, 1, 2))])
def test_a_person_who_has_seen_or_answered_says_more_than_any_message(told: int, failed: int) -> None:
    assert reached(told=told, failed=failed, seen=True).state == "seen"
    assert reached(told=told, failed=failed, seen=True, answered=True).state == "answered"


@pytest.mark.parametrize("failed", range(4))
def test_nothing_is_called_sent_before_a_gateway_has_taken_it(failed: int) -> None:
    assert reached(told=0, failed=failed).state in {"owed", "failed"}
