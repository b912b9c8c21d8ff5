"""The form stamp: an address of a finder's own, made before anything is kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from wristband.scans import stamps
from wristband.scans.rules import STAMP_LASTS

KEYS = {"1": bytes(range(32))}
OTHER = {"1": bytes(range(1, 33))}
NOW = datetime(2026, 11, 24, 6, 5, tzinfo=UTC)


def test_a_stamp_gives_its_address_back() -> None:
    reference, stamp = stamps.make(KEYS)
    assert len(reference) == 22
    assert stamp.startswith(f"{reference}.")
    assert stamps.read(stamp, KEYS) == reference


def test_no_two_addresses_are_alike() -> None:
    assert len({stamps.make(KEYS)[0] for _ in range(1000)}) == 1000


def test_an_address_may_be_stamped_anew() -> None:
    reference, _ = stamps.make(KEYS)
    assert stamps.read(stamps.make(KEYS, reference)[1], KEYS) == reference


def test_a_stamp_holds_a_week_of_an_open_page_and_no_longer() -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        reference, stamp = stamps.make(KEYS)
        clock.move_to(NOW + STAMP_LASTS)
        assert stamps.read(stamp, KEYS) == reference
        clock.move_to(NOW + STAMP_LASTS + timedelta(seconds=1))
        assert stamps.read(stamp, KEYS) is None


def test_a_stamp_of_another_key_is_none() -> None:
    assert stamps.read(stamps.make(OTHER)[1], KEYS) is None


def test_after_a_new_key_the_pages_that_lie_open_still_report() -> None:
    reference, stamp = stamps.make(KEYS)
    newer = {**KEYS, "2": OTHER["1"]}
    assert stamps.read(stamp, newer) == reference
    assert stamps.read(stamps.make(newer)[1], KEYS) is None


@given(st.text(st.characters(exclude_categories=()), max_size=120))
def test_any_other_text_is_none(text: str) -> None:
    assert stamps.read(text, KEYS) is None


@given(st.data())
def test_a_stamp_altered_or_cut_leads_nowhere_else(data: st.DataObject) -> None:
    reference, stamp = stamps.make(KEYS)
    where = data.draw(st.integers(0, len(stamp) - 1))
    other = data.draw(st.characters().filter(lambda character: character != stamp[where]))
    # The last character of a base64 text has spare bits: whatever is read is the same address.
    assert stamps.read(stamp[:where] + other + stamp[where + 1 :], KEYS) in (None, reference)
    assert stamps.read(stamp[:where], KEYS) is None


@pytest.mark.parametrize("reference", ["", "short", "x" * 23, "林" * 22, "a.b" * 7 + "c"])
def test_only_an_address_of_its_form_is_read(reference: str) -> None:
    signed = stamps._signer(KEYS).sign(reference).decode()
    assert stamps.read(signed, KEYS) is None
