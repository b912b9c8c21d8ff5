"""The portrait by agreement: the face has its way with what is free, and the design is kept exactly."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.crafts.specimens import ADDRESSES, LOWER, SHORT, UPPER, drawn, face, repeatable, signed
from wristband.bands.artwork import portrait
from wristband.bands.artwork.agreement import Agreement, Freedom, Wish, bits, eliminate, wish
from wristband.bands.artwork.checking import CheckResult, Trial, check
from wristband.bands.artwork.design import Design, chosen_layout, design, designs, largest_side, plain
from wristband.bands.artwork.layout import Window, segments
from wristband.bands.artwork.release import release
from wristband.bands.artwork.symbol import Level, frame

# ---- the agreement


ROWS = st.lists(st.integers(1, 2**20 - 1), max_size=12)


@settings(deadline=None)
@given(ROWS, st.permutations(range(20)))
def test_elimination_settles_as_many_modules_as_the_rows_reach(rows: list[int], order: list[int]) -> None:
    settled = eliminate(rows, order)
    assert len(settled) == rank(rows) == rank(rows + [row for _, row in settled])
    for module, row in settled:
        assert [other for other, _ in settled if row >> other & 1] == [module]


def rank(rows: list[int]) -> int:
    """Of a matrix over GF(2), by the highest bit."""
    basis: list[int] = []
    for row in rows:
        for other in basis:
            row = min(row, row ^ other)
        if row:
            basis.append(row)
    return len(basis)


def agreement(address: str, number: int) -> Agreement:
    layout = chosen_layout(address, with_portrait=True)
    side = largest_side(layout.frame.version)
    light = portrait.by_module(portrait.prepare(face(number)), side)
    return Agreement(layout, wish(light, Window.centred(layout.frame.size, side), layout.frame.size), signed)


def weighed(weights: list[int], dark: int) -> Wish:
    """A wish for twenty modules, heaviest first."""
    order = sorted(range(20), key=lambda module: -weights[module])
    return Wish(
        modules=tuple(order),
        dark=np.array([bool(dark >> module & 1) for module in order]),
        weights=np.array([weights[module] for module in order], dtype=np.float32) / sum(weights),
    )


@settings(deadline=None)
@given(ROWS, st.lists(st.integers(1, 99), min_size=20, max_size=20), st.integers(0, 2**20 - 1))
def test_free_bits_bring_a_symbol_nearer_and_polishing_nearer_still(
    rows: list[int], weights: list[int], dark: int
) -> None:
    wanted = weighed(weights, dark)
    freedom = Freedom.of(wanted, rows)
    wrong = wanted.dark[None, :].astype(np.float32)
    settled, turned = freedom.settle(wrong)
    polished, turned_too = freedom.polish(settled, turned)
    assert not settled[0, list(freedom.pivots)].any()
    assert wanted.weights @ polished[0] <= wanted.weights @ settled[0] + 1e-6
    for left, moved in ((settled, turned), (polished, turned_too)):
        symbol = freedom.flipped(moved[0])
        assert wanted.disagreement(symbol) == pytest.approx(float(wanted.weights @ left[0]), abs=1e-5)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(1, 2**20 - 1), max_size=2), st.integers(0, 2**20 - 1))
def test_with_two_free_bits_nothing_nearer_is_missed(rows: list[int], dark: int) -> None:
    wanted = weighed(list(range(20, 0, -1)), dark)
    freedom = Freedom.of(wanted, rows)
    found = freedom.flipped(freedom.polish(*freedom.settle(wanted.dark[None, :].astype(np.float32)))[1][0])
    reachable = {0, *rows, *(a ^ b for a in rows for b in rows)}
    assert wanted.disagreement(found) == pytest.approx(min(map(wanted.disagreement, reachable)), abs=1e-5)


@given(st.lists(st.integers(0, 2**70 - 1), min_size=1, max_size=5), st.lists(st.integers(0, 69), max_size=9))
def test_bits_are_looked_up_by_place(states: list[int], places: list[int]) -> None:
    assert bits(states, places).tolist() == [[state >> place & 1 for place in places] for state in states]


@pytest.mark.parametrize("address", [SHORT, UPPER, LOWER])
def test_free_bits_are_not_left_unused(address: str) -> None:
    search = agreement(address, 1)
    assert search.solved >= 0.9 * search.layout.freedom


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_candidate_is_as_near_to_the_face_as_it_says(address: str) -> None:
    search = agreement(address, 2)
    candidates = list(search.candidates(3, repeatable(7)))
    assert candidates
    for found in candidates:
        symbol = search.layout.frame.dark(found.state, found.mask)
        assert search.wish.disagreement(symbol) == pytest.approx(found.disagreement, abs=1e-5)


def test_the_symbol_holds_the_serial_and_mac_it_was_signed_with() -> None:
    for address in ADDRESSES:
        search = agreement(address, 3)
        layout = search.layout
        candidates = list(search.candidates(2, repeatable(3)))
        assert candidates
        for found in candidates:
            assert found.token == signed(layout.serial(found.state))
            said = "".join(segment.bits for segment in segments(address, found.token))
            octets = "".join(f"{octet:08b}" for octet in layout.frame.data(found.state))
            assert octets.startswith(said + "0" * (layout.end - len(said)))


def test_heavier_modules_come_first_and_darkness_is_wanted_where_the_face_is_dark() -> None:
    light = np.ones((7, 7), dtype=np.float32)
    light[3, 3], light[0, 0] = 0, 0.55
    wanted = wish(light, Window.centred(29, 7, rounded=False), 29)
    assert wanted.modules[0] == 14 * 29 + 14
    dark = dict(zip(wanted.modules, wanted.dark.tolist(), strict=True))
    assert dark[14 * 29 + 14]
    assert not dark[11 * 29 + 12]
    assert wanted.weights.sum() == pytest.approx(1)


@pytest.mark.parametrize("version", range(3, 7))
def test_the_largest_portrait_touches_no_function_pattern(version: int) -> None:
    used = frame(version, Level.Q)
    owned, _ = used.fixed
    for side in range(7, largest_side(version) + 1, 2):
        modules = Window.centred(used.size, side).modules(used.size)
        assert not any(owned >> module & 1 for module in modules)
        assert 0.8 * side**2 < len(modules) < 0.95 * side**2


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("number", [1, 2])
def test_a_design_agrees_with_the_face_far_better_than_chance(address: str, number: int) -> None:
    made = drawn(address, number)
    search = agreement(address, number)
    chance = repeatable(1)
    plains = [plain(replace(made, token=signed(f"{chance.randrange(10**12):012d}"))) for _ in range(12)]
    usual = sorted(search.wish.disagreement(each.dark) for each in plains)[6]
    assert made.disagreement < 0.6 * usual
    assert made.disagreement == pytest.approx(search.wish.disagreement(made.dark), abs=1e-5)


def test_designs_come_best_first_without_end_and_never_twice() -> None:
    found = list(islice(designs(UPPER, signed, face(1), seed=5), 200))
    assert len({each.serial for each in found}) == 200
    first_round = [each.disagreement for each in found[:16]]
    assert all(later >= earlier - 0.006 for earlier, later in pairwise(first_round))


def test_a_taken_serial_is_passed_over_for_the_next_best() -> None:
    first, second, third = islice(designs(SHORT, signed, face(1), seed=5), 3)
    taken = {first.serial, second.serial}
    assert design(SHORT, signed, face(1), taken=taken.__contains__, seed=5) == third


def test_a_seed_repeats_a_design_and_without_one_chance_decides() -> None:
    assert design(LOWER, signed, face(1), seed="a") == design(LOWER, signed, face(1), seed="a")
    assert design(LOWER, signed, face(1)).serial != design(LOWER, signed, face(1)).serial
    assert design(LOWER, signed, None).serial != design(LOWER, signed, None).serial


# ---- keeping


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_kept_design_is_drawn_again_exactly(address: str) -> None:
    for made in (drawn(address), design(address, signed, None, seed=1)):
        again = Design.from_bytes(made.to_bytes())
        assert (again.payload, again.mask, again.portrait, again.modules) == (
            made.payload,
            made.mask,
            made.portrait,
            made.modules,
        )
        assert len(made.to_bytes()) < 140


def test_a_band_printed_with_a_square_portrait_is_still_drawn_as_it_was_printed() -> None:
    made = replace(drawn(UPPER), portrait=Window.centred(29, 11, rounded=False))
    assert made.to_bytes()[0] == 1
    assert Design.from_bytes(made.to_bytes()).portrait == made.portrait
    assert drawn(UPPER).to_bytes()[0] == 2


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_a_damaged_record_is_not_drawn(data: st.DataObject) -> None:
    octets = bytearray(drawn(UPPER).to_bytes())
    spoken = 6 + len(UPPER) + 25
    place = data.draw(st.integers(6, spoken + 25))
    octets[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ValueError):  # noqa: PT011 - undecodable text is a ValueError of its own
        Design.from_bytes(bytes(octets))


@settings(deadline=None)
@given(st.binary(max_size=120))
def test_other_bytes_are_no_design(octets: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the sentence depends on how the bytes are wrong
        Design.from_bytes(octets)


# ---- the release


@pytest.mark.parametrize("address", ADDRESSES)
def test_what_is_released_has_passed(address: str) -> None:
    for number in (4, 5):
        given_out = release(address, signed, face(number), seed=number)
        assert given_out.check.passed
        assert given_out.design.portrait is not None
        assert given_out.design.token == signed(given_out.design.serial)


def test_a_portrait_that_does_not_read_is_drawn_smaller_and_at_last_left_out() -> None:
    sides: list[int] = []

    def strict(made: Design, tone: portrait.Tone | None) -> CheckResult:
        found = check(made, tone)
        sides.append(made.portrait.side if made.portrait else 0)
        lost = (Trial("stricter", "untouched", None),) if made.portrait else ()
        return replace(found, lost=found.lost + lost)

    given_out = release(UPPER, signed, face(1), seed=1, checked=strict)
    assert sides == [13, 11, 9, 7, 0]
    assert given_out.design.portrait is None
    assert [made.portrait.side for made, _ in given_out.refused if made.portrait] == [13, 11, 9, 7]


def test_a_band_without_a_photograph_is_a_plain_symbol() -> None:
    given_out = release(UPPER, signed, None, seed=1)
    assert (given_out.design.version, given_out.design.level, given_out.design.portrait) == (3, Level.Q, None)
    assert not given_out.refused
