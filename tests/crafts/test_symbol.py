"""The symbol is the standard's own, module for module, and its bits are known by name."""

from __future__ import annotations

import pytest
import qrcode
from hypothesis import given, settings
from hypothesis import strategies as st
from qrcode.util import MODE_8BIT_BYTE, MODE_ALPHA_NUM, MODE_NUMBER, QRData

from tests.crafts.specimens import ADDRESSES, LONG, LOWER, SHORT, UPPER, drawn, signed
from wristband.bands.artwork.advice import capacity_advice
from wristband.bands.artwork.design import chosen_layout, design
from wristband.bands.artwork.layout import Layout, layouts, segments
from wristband.bands.artwork.segments import Mode, Segment, padding
from wristband.bands.artwork.symbol import MASKS, Level, frame
from wristband.errors import BadValue

# ---- the symbol


MODES = {Mode.NUMERIC: MODE_NUMBER, Mode.ALPHANUMERIC: MODE_ALPHA_NUM, Mode.BYTE: MODE_8BIT_BYTE}


def by_the_book(said: tuple[Segment, ...], version: int, level: Level, mask: int) -> list[tuple[bool, ...]]:
    """What the `qrcode` package draws for these segments."""
    code = qrcode.QRCode(version=version, error_correction=level.indicator, mask_pattern=mask, border=0)
    for segment in said:
        code.add_data(QRData(segment.text.encode(), mode=MODES[segment.mode]), optimize=0)
    code.make(fit=False)
    return [tuple(map(bool, row)) for row in code.modules]


@pytest.mark.parametrize("version", range(2, 7))
@pytest.mark.parametrize("level", list(Level))
def test_our_symbol_is_the_one_the_qrcode_package_draws(version: int, level: Level) -> None:
    used = frame(version, level)
    said = (Segment(Mode.BYTE, "ä/"), Segment(Mode.NUMERIC, "1234"), Segment(Mode.ALPHANUMERIC, "A%B"))
    state = used.write(0, padding("".join(segment.bits for segment in said), used.capacity))
    for mask in MASKS:
        assert list(used.rows(used.dark(state, mask))) == by_the_book(said, version, level, mask)


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_plain_design_is_the_one_the_qrcode_package_draws(address: str) -> None:
    made = design(address, signed, None, seed=4)
    said = segments(made.address, made.token)
    assert list(made.modules) == by_the_book(said, made.version, made.level, made.mask)


def times(a: int, b: int) -> int:
    """In GF(256) with x^8 + x^4 + x^3 + x^2 + 1, the schoolbook way."""
    product = 0
    for bit in range(8):
        product ^= (a << bit) * (b >> bit & 1)
    for bit in range(14, 7, -1):
        product ^= (0x11D << bit - 8) * (product >> bit & 1)
    return product


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_block_of_a_portrait_is_a_codeword_of_reed_and_solomon(address: str) -> None:
    made = drawn(address)
    used, unmasked = made.frame, made.dark ^ made.frame.masks[made.mask]
    for places, block in zip(used.places, used.blocks, strict=True):
        octets = [
            int("".join(str(unmasked >> used.path[8 * place + bit] & 1) for bit in range(8)), 2) for place in places
        ]
        root = 1
        for _ in range(block.correction):
            value = 0
            for octet in octets:
                value = times(value, root) ^ octet
            assert value == 0
            root = times(root, 2)


@pytest.mark.parametrize("address", ADDRESSES)
def test_function_patterns_are_untouched(address: str) -> None:
    made = drawn(address)
    owned, dark = made.frame.fixed
    assert made.dark & owned == dark | made.frame.format(made.mask)


def test_versions_with_version_information_are_not_drawn() -> None:
    for version in (1, 7):
        with pytest.raises(ValueError, match="2 to 6"):
            frame(version, Level.Q)


@given(st.binary(min_size=44, max_size=44))
@settings(max_examples=30, deadline=None)
def test_data_codewords_go_in_and_come_out(data: bytes) -> None:
    used = frame(3, Level.M)
    assert used.data(used.state(data)) == data


# ---- the layout


@pytest.mark.parametrize(
    ("address", "with_face", "without"),
    [
        (SHORT, (3, Level.Q), (3, Level.Q)),
        (UPPER, (3, Level.M), (3, Level.Q)),
        (LOWER, (3, Level.M), (3, Level.M)),
        ("https://hb12345.example/t", (4, Level.Q), (3, Level.M)),
        ("HTTPS://WRISTBAND.XIAMEN.EXAMPLE/T/", (4, Level.Q), (3, Level.M)),
        (LONG, (4, Level.M), (4, Level.M)),
    ],
)
def test_an_address_gets_the_best_reading_symbol_that_leaves_a_face_its_bits(
    address: str, with_face: tuple[int, Level], without: tuple[int, Level]
) -> None:
    for wanted, with_portrait in ((with_face, True), (without, False)):
        used = chosen_layout(address, with_portrait=with_portrait).frame
        assert (used.version, used.level) == wanted


def test_capacity_is_as_the_standard_has_it() -> None:
    # Upper case: a host of 10 characters fills 3-Q, of 25 fits 3-M no longer; lower case: a host of 14 fills 3-M.
    def best(address: str) -> tuple[int, Level]:
        return layouts(address)[0].frame.version, layouts(address)[0].frame.level

    assert best("HTTPS://" + "H" * 10 + "/T/") == (3, Level.Q)
    assert best("HTTPS://" + "H" * 11 + "/T/") == (3, Level.M)
    assert best("https://" + "h" * 14 + "/t/") == (3, Level.M)
    assert best("https://" + "h" * 15 + "/t/") == (4, Level.Q)


def test_an_address_that_no_symbol_holds_is_refused() -> None:
    with pytest.raises(BadValue) as refused:
        layouts("https://" + "h" * 90 + "/t/")
    assert (refused.value.code, refused.value.facts) == ("artwork.address_too_long", {"characters": 101})


def test_an_operator_is_told_what_a_shorter_host_gains() -> None:
    best, good, long = capacity_advice(SHORT), capacity_advice(UPPER), capacity_advice(LONG)
    assert (best.version, best.level, best.shorten_by) == (3, Level.Q, None)
    assert "最好" in best.sentence
    assert (good.level, good.points_lost, good.shorten_by) == (Level.M, 1.6, 4)
    assert "再短 4 个字符" in good.sentence
    assert long.upper_case_helps
    assert "大写" in long.sentence
    assert best.module_mm > long.module_mm > 0.5


def test_layouts_know_their_own_bits() -> None:
    layout = Layout(UPPER, frame(3, Level.M))
    state = layout.with_mac(layout.with_groups([123, 45, 6, 511]), signed("123045006511"))
    assert layout.serial(state) == "123045006511"
    said = "".join(segment.bits for segment in segments(UPPER, signed("123045006511")))
    assert layout.frame.write(0, said) == state
