"""The sheets of the browser's own print: every form at its true size, in vectors and in letters the browser has."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from tests.crafts.prints import FORMS as EVERY_FORM
from tests.crafts.prints import band
from wristband.bands.printing import strip
from wristband.bands.printing.forms import FORMS, Join
from wristband.bands.printing.page_surface import PageSurface, page_element
from wristband.bands.printing.surface import BLEED_MM, MARKS_MM
from wristband.bands.printing.words import WORDS, Language
from wristband.bands.rules import BandForm

SVG = "{http://www.w3.org/2000/svg}"
LANGUAGES: list[Language] = ["zh", "en"]


def parsed(form: BandForm, language: Language = "zh", **other: object) -> ElementTree.Element:
    drawn = page_element(band(1, language, **other), form, symbol_title="二维码")
    return ElementTree.fromstring(drawn)  # noqa: S314  our own


def texts(tree: ElementTree.Element) -> dict[str, ElementTree.Element]:
    return {element.text or "": element for element in tree.iter(f"{SVG}text")}


def type_size(tree: ElementTree.Element, text: str) -> float:
    return float(texts(tree)[text].get("font-size", ""))


@pytest.mark.parametrize("form", EVERY_FORM)
def test_each_form_is_as_large_as_its_pdf_with_bleed_and_marks_round_it(form: BandForm) -> None:
    tree = parsed(form)
    width, height = FORMS[form].size
    assert tree.get("width") == f"{width + 2 * BLEED_MM:g}mm"
    assert tree.get("height") == f"{height + 2 * MARKS_MM:g}mm"
    assert (tree.get("viewBox") or "").split()[2:] == [f"{width + 2 * BLEED_MM:g}", f"{height + 2 * MARKS_MM:g}"]


@pytest.mark.parametrize("form", EVERY_FORM)
def test_an_inside_below_stands_on_its_head_and_no_other_does(form: BandForm) -> None:
    drawn = page_element(band(1), form, symbol_title="二维码")
    assert ("rotate(180" in drawn) is (FORMS[form].join is Join.BELOW)


@pytest.mark.parametrize("form", EVERY_FORM)
def test_only_what_is_folded_or_cut_apart_is_dashed(form: BandForm) -> None:
    rules = [path for path in parsed(form).iter(f"{SVG}path") if path.get("stroke")]
    assert [bool(path.get("stroke-dasharray")) for path in rules] == [True, False, False, False, False]


@pytest.mark.parametrize("form", EVERY_FORM)
def test_nothing_in_it_asks_for_a_style_a_script_or_another_address(form: BandForm) -> None:
    drawn = page_element(band(1, issuer="<b>&\"'"), form, symbol_title="二维码")
    assert not re.search(r"style=|href|data:|<script|<image|<b>", drawn)
    assert "&lt;b&gt;&amp;" in drawn


@pytest.mark.parametrize(("form", "shown"), [(form, form in (BandForm.CARD, BandForm.LABEL)) for form in EVERY_FORM])
def test_card_and_label_show_the_photograph_too(form: BandForm, shown: bool) -> None:
    greys = {f"#{level:02x}{level:02x}{level:02x}" for level in range(1, 255)}

    def has_greys(tree: ElementTree.Element) -> bool:
        return len({path.get("fill") for path in tree.iter(f"{SVG}path")} & greys) > 8

    assert has_greys(parsed(form)) is shown
    assert not has_greys(parsed(form, face=None))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("form", "height"), [(BandForm.WRISTBAND, 25.0), (BandForm.SHOE_LABEL, 26.0)])
def test_the_word_at_the_fold_keeps_clear_of_the_dashes(form: BandForm, height: float, language: Language) -> None:
    tree = parsed(form, language)
    fold = texts(tree)[WORDS[language].fold]
    below_baseline = 0.25 * type_size(tree, WORDS[language].fold)
    assert height - float(fold.get("y", "")) - below_baseline > 0.6


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_strip_of_one_side_says_when_to_renew_it(language: Language) -> None:
    surface = PageSurface("二维码")
    strip.on_one_side(surface, band(1, language, issuer="示例派出所"))
    said = surface.element(strip.WIDTH_MM, strip.HEIGHT_MM, "")
    assert WORDS[language].renew in said
    assert "示例派出所" in said


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_cards_address_is_set_as_large_as_its_date(language: Language) -> None:
    one = band(1, language)
    tree = parsed(BandForm.CARD, language)
    assert type_size(tree, one.typed) == type_size(tree, one.month)
