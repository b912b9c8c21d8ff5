"""Names: what two spellings share, and what a list shows."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wristband.elders.keeping import Standing, check_merge, standing
from wristband.elders.names import masked, normal
from wristband.elders.rules import ElderState
from wristband.errors import Conflict


@pytest.mark.parametrize(
    "typed",
    ["林秀英", " 林 秀英 ", "林\u3000秀英", "林\u200b秀英", "林秀英\n"],
)
def test_spaces_and_hidden_characters_make_no_other_name(typed: str) -> None:
    assert normal(typed) == normal("林秀英")


def test_width_case_and_the_dot_between_parts_make_no_other_name() -> None:
    assert normal("Ｍａｒｙ Ｌｉｎ") == normal("mary lin")
    assert normal("古丽·阿依") == normal("古丽•阿依") == normal("古丽阿依")


def test_traditional_characters_are_another_name() -> None:
    assert normal("陳美蘭") != normal("陈美兰")


@given(st.text())
@example("r\u061c\u0327")
@example("r\u00ad\u0327")
def test_what_is_normal_stays_so(name: str) -> None:
    assert normal(normal(name)) == normal(name)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("林秀英", "林某"),
        ("欧阳明", "欧阳某"),
        ("歐陽明", "歐陽某"),
        ("欧阳", "欧某"),
        ("Mary Lin", "M…"),
        ("", "某"),
        ("  ", "某"),
    ],
)
def test_a_list_shows_the_surname_and_no_more(name: str, shown: str) -> None:
    assert masked(name) == shown


@given(st.text(min_size=3, max_size=40))
def test_a_list_never_shows_a_whole_name(name: str) -> None:
    assert len(masked(name)) <= 3


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, Standing.ACTIVE),
        ({"state": ElderState.PROVISIONAL}, Standing.PROVISIONAL),
        ({"state": ElderState.PROVISIONAL, "disputed": True}, Standing.DISPUTED),
        ({"disputed": True, "leaving": True}, Standing.WITHDRAWN),
        ({"deceased": True, "leaving": True, "disputed": True}, Standing.DECEASED),
        ({"state": ElderState.ERASED}, Standing.WITHDRAWN),
    ],
)
def test_the_strongest_word_is_said_of_a_record(facts: dict[str, object], expected: Standing) -> None:
    at = datetime(2026, 11, 24, tzinfo=UTC)
    found = standing(
        state=ElderState(facts.get("state", ElderState.CONFIRMED)),
        disputed_at=at if facts.get("disputed") else None,
        deceased_at=at if facts.get("deceased") else None,
        leaving=bool(facts.get("leaving")),
    )
    assert found is expected


@pytest.mark.parametrize(
    ("one", "same", "incidents", "refusal"),
    [
        (Standing.ACTIVE, True, 0, "records.merge_itself"),
        (Standing.DISPUTED, False, 0, "records.merge_disputed"),
        (Standing.WITHDRAWN, False, 0, "records.merge_leaving"),
        (Standing.DECEASED, False, 0, "records.merge_deceased"),
        (Standing.ACTIVE, False, 2, "records.merge_incidents"),
    ],
)
def test_a_merge_is_refused_with_what_has_to_be_done_first(
    one: Standing, same: bool, incidents: int, refusal: str
) -> None:
    for pair in ((one, Standing.ACTIVE), (Standing.ACTIVE, one)):
        with pytest.raises(Conflict) as refused:
            check_merge(*pair, same=same, open_incidents=incidents)
        assert refused.value.code == refusal


def test_two_records_of_one_person_become_one() -> None:
    check_merge(Standing.ACTIVE, Standing.PROVISIONAL, same=False, open_incidents=1)
