"""Letters on a band: no box in place of a character, no line too long, and the font that was asked for."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.t2CharStringPen import T2CharStringPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from tests.crafts.prints import band, fonts_of, pages, text_of
from wristband.bands.printing.fonts import coverage, find_font
from wristband.bands.printing.pdf import band_pdf
from wristband.bands.printing.pictures import side_png, side_svg
from wristband.bands.printing.typesetting import CAP_HEIGHT, Type, broken
from wristband.bands.rules import BandForm
from wristband.errors import BadValue, Unavailable

RARE = "\U0002b740"
NOBODYS = "\U0010fffd"


def built(path: Path, characters: str, *, truetype: bool = True) -> Path:
    """A font whose every character is a black square."""
    names = [".notdef", *(f"glyph{i}" for i in range(len(characters)))]
    builder = FontBuilder(1000, isTTF=truetype)
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({ord(character): name for character, name in zip(characters, names[1:], strict=True)})
    pens = {name: TTGlyphPen(None) if truetype else T2CharStringPen(1000, None) for name in names}
    for pen in pens.values():
        pen.moveTo((100, 0))
        for corner in ((100, 700), (900, 700), (900, 0)):
            pen.lineTo(corner)
        pen.closePath()
    if truetype:
        builder.setupGlyf({name: pen.glyph() for name, pen in pens.items()})
    else:
        builder.setupCFF("Own", {}, {name: pen.getCharString() for name, pen in pens.items()}, {})
    builder.setupHorizontalMetrics(dict.fromkeys(names, (1000, 100)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "Own", "styleName": "Regular", "psName": "Own-Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.save(path)
    return path


def test_without_a_font_printing_is_refused_and_nothing_else_is_tried(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as refused:
        band_pdf([band()], BandForm.CARD, font_path=tmp_path / "none.ttc")
    assert refused.value.code == "print.no_font"


@pytest.mark.parametrize("content", [b"", b"no font at all", b"OTTO" + bytes(40), b"ttcf" + bytes(8)])
@pytest.mark.parametrize("name", ["own.ttf", "own.otf", "own.ttc"])
def test_a_file_that_is_no_font_is_refused(tmp_path: Path, content: bytes, name: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(Unavailable) as refused:
        band_pdf([band()], BandForm.CARD, font_path=tmp_path / name)
    assert refused.value.code == "print.no_font"
    assert coverage(tmp_path / name) == frozenset()


def test_a_font_that_is_given_is_the_one_that_is_embedded(tmp_path: Path) -> None:
    alone = tmp_path / "Own.ttc"
    alone.write_bytes(find_font(None).read_bytes())
    names = set(fonts_of(band_pdf([band()], BandForm.CARD, font_path=alone)))
    assert len(names) == 1
    assert "Bold" not in names.pop()


@pytest.mark.parametrize("truetype", [True, False])
def test_a_font_without_chinese_is_helped_by_one_that_has_it(tmp_path: Path, truetype: bool) -> None:
    latin = built(tmp_path / "Own.otf", "0123456789-", truetype=truetype)
    pdf = band_pdf([band()], BandForm.CARD, font_path=latin)
    told = text_of(pdf)
    assert "我可能迷路了" in told
    assert "110" in told
    fonts = fonts_of(pdf)
    assert any(name.endswith("+Own-Regular") for name in fonts)
    assert any(not name.endswith("+Own-Regular") for name in fonts)
    programs = {
        key for font in fonts.values() for key in font["/DescendantFonts"][0]["/FontDescriptor"] if "File" in key
    }
    assert ("/FontFile2" in programs) == truetype


@pytest.mark.parametrize("truetype", [True, False])
def test_a_rare_character_is_drawn_by_a_font_that_lies_beside(tmp_path: Path, truetype: bool) -> None:
    main = tmp_path / "Main.ttc"
    main.symlink_to(find_font(None))
    built(tmp_path / "Rare.ttf", NOBODYS, truetype=truetype)
    one = band(issuer=f"同安{NOBODYS}社区", face=None)
    pdf = band_pdf([one], BandForm.CARD, font_path=main)
    assert f"同安{NOBODYS}社区" in text_of(pdf)
    (page,) = pages(pdf)
    plain, _ = pages(band_pdf([band(issuer="同安社区", face=None)] * 5, BandForm.CARD, font_path=main))
    # The square that stands for it is ink where there was none.
    assert page.convert("L").histogram()[0] > 100 + sum(plain.convert("L").histogram()[:1]) / 4
    assert side_png(one, BandForm.CARD, "inside", font_path=main)
    assert "M100 0V700H900V0Z" in side_svg(one, BandForm.CARD, "inside", font_path=main)


@pytest.mark.parametrize("character", ["𠮷", "𠀋", "𡈽", "龘"])
def test_characters_beyond_the_usual_are_printed_as_they_are(character: str) -> None:
    pdf = band_pdf([band(issuer=f"厦门{character}祥社区")], BandForm.KEY_TAG)
    assert f"厦门{character}祥社区" in text_of(pdf)


@pytest.mark.parametrize("form", list(BandForm))
@pytest.mark.parametrize("character", [NOBODYS, "\U0001faff", "\ue0f7", "\ufffe"])
def test_a_character_that_no_font_has_is_refused_and_named(form: BandForm, character: str) -> None:
    with pytest.raises(BadValue) as refused:
        band_pdf([band(issuer=f"同安{character}社区")], form)
    assert refused.value.code == "print.no_glyph"
    assert refused.value.facts == {"characters": character}


@pytest.mark.parametrize("text", ["جمعية", "קהילה", "བོད", "ᠮᠣᠩᠭᠣᠯ", "हिन्दी", "a\u200db", "a\u202eb", "e\u0328\u030b"])
def test_writing_that_has_to_be_joined_is_refused_rather_than_broken(text: str) -> None:
    with pytest.raises(BadValue) as refused:
        Type().line(text)
    assert refused.value.code == "print.no_glyph"


def test_a_sign_that_asks_for_another_form_of_a_character_is_left_out() -> None:
    assert Type().line("葛\U000e0100飾") == Type().line("葛飾")


def test_accents_that_are_typed_apart_are_put_together() -> None:
    assert Type().line("Ame\u0301lie") == Type().line("Amélie")


@given(
    st.text(alphabet="厦门市同安区，。/ .-abcXYZ019", min_size=1, max_size=60).filter(str.strip),
    st.floats(5, 80),
    st.integers(1, 4),
)
@settings(deadline=None, max_examples=30)
def test_broken_text_fits_and_loses_nothing(text: str, width: float, lines: int) -> None:
    height, made = broken(Type(), text, height=3.0, width=width, lines=lines)
    assert len(made) <= lines
    assert 0 < height <= 3.0
    assert all(line.advance * height / CAP_HEIGHT <= width for line in made)
    set_again = "".join(part for line in made for _, part in line.runs)
    assert set_again.replace(" ", "") == text.replace(" ", "")


def test_text_that_fits_is_neither_broken_nor_set_smaller() -> None:
    height, made = broken(Type(), "打开 hb.example/b 输入编号", height=2.0, width=60, lines=2)
    assert (height, len(made)) == (2.0, 1)


def test_a_host_stays_whole_where_it_fits_a_line() -> None:
    _, made = broken(Type(), "扫不出？打开 hb.example/b 输入编号", height=2.0, width=38, lines=2)
    assert ["".join(part for _, part in line.runs) for line in made] == ["扫不出？打开 hb.example/b", "输入编号"]


def test_every_glyph_says_what_it_means_and_how_wide_it_is() -> None:
    fonts = fonts_of(band_pdf([band(issuer="𠮷")], BandForm.CARD))
    for font in fonts.values():
        meant = font["/ToUnicode"].get_data().decode()
        widths = font["/DescendantFonts"][0]["/W"]
        assert meant.count("> <") - meant.count("<FFFF>") == len(widths) // 2
    assert any("<D842DFB7>" in font["/ToUnicode"].get_data().decode() for font in fonts.values())
    assert PdfReader(io.BytesIO(band_pdf([band()], BandForm.CARD))).is_encrypted is False
