"""A family turns a band into a thing: five forms, two looks, two languages, and files for whatever prints them."""

from __future__ import annotations

import io
import re
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from tests import world as cast
from tests.crafts.prints import pages, symbols, text_of
from tests.doors.asking import ON_SQLITE, tells, words
from tests.world import World, every_row, new_rows
from wristband.bands.models import Band
from wristband.bands.nfc import ndef_message, tag_hex
from wristband.bands.rules import FORM_WORDS, BandEnd, BandForm
from wristband.config import Settings
from wristband.db import db
from wristband.house import house
from wristband.services import issuing

pytestmark = ON_SQLITE


@pytest.fixture
def daughter(client: FlaskClient, world: World) -> FlaskClient:
    cast.sign_in_guardian(client)
    return client


def printed(client: FlaskClient, world: World, kind: str, query: str = "") -> TestResponse:
    return client.get(f"/family/bands/{world.her.band_id}/print.{kind}?{query}")


# ---- making


def test_the_elders_page_offers_every_form_with_what_it_is_for(daughter: FlaskClient, world: World) -> None:
    page = daughter.get(f"/family/elders/{world.elder_id}")
    offered = re.findall(r'<input type="radio" id="form-\d" name="form" value="(\w+)"', page.get_data(as_text=True))
    assert offered == list(BandForm)
    for shown in FORM_WORDS.values():
        assert re.search(rf"{shown}\s+\S+。", words(page))


@pytest.mark.parametrize("form", BandForm)
def test_a_band_of_each_form_is_made_and_printed_as_itself(daughter: FlaskClient, world: World, form: BandForm) -> None:
    page = daughter.get(f"/family/elders/{world.elder_id}")
    fields = {name: cast.hidden(page, name) for name in ("csrf_token", "key")}
    answer = daughter.post(f"/family/elders/{world.elder_id}/bands", data={**fields, "form": form.value})
    pdf = daughter.get(f"{answer.location}/print.pdf")
    assert form.value in pdf.headers["Content-Disposition"]
    # A page of labels is filled with the one band; of the others there is one.
    read = [symbol.text for page in pages(pdf.data) for symbol in symbols(page)]
    assert len(set(read)) == 1
    assert (len(read) > 1) is (form is BandForm.LABEL)


# ---- looks and languages


def test_a_loud_print_says_lost_and_a_discreet_one_does_not(daughter: FlaskClient, world: World) -> None:
    loud, discreet = (text_of(printed(daughter, world, "pdf", f"look={look}").data) for look in ("loud", "discreet"))
    assert "我可能迷路了" in loud
    assert "迷路" not in discreet
    assert "扫码联系" in discreet


def test_the_words_are_in_the_language_that_was_chosen_whatever_the_page_speaks(
    daughter: FlaskClient, world: World
) -> None:
    assert "I may be lost" in text_of(printed(daughter, world, "pdf", "language=en").data)
    assert "我可能迷路了" in text_of(printed(daughter, world, "pdf", "language=zh&lang=en").data)


def test_the_browsers_own_print_honours_both(daughter: FlaskClient, world: World) -> None:
    path = f"/family/bands/{world.her.band_id}/print"
    assert "我可能迷路了" in words(daughter.get(path))
    page = words(daughter.get(f"{path}?look=discreet&language=en"))
    assert "Scan to contact" in page
    assert "lost" not in page
    assert world.her.code in page


def test_whatever_it_is_printed_as_it_is_the_same_band(daughter: FlaskClient, world: World) -> None:
    picture = Image.open(io.BytesIO(printed(daughter, world, "png", "look=discreet&dpi=300").data))
    first, second = (pages(printed(daughter, world, "pdf", f"look={look}").data)[0] for look in ("loud", "discreet"))
    read = {symbol.text for page in (picture, first, second) for symbol in symbols(page)}
    assert read == {house().settings.token_prefix + world.her.token}


# ---- kinds


def test_a_picture_knows_its_resolution_and_is_as_large_as_the_band(daughter: FlaskClient, world: World) -> None:
    picture = Image.open(io.BytesIO(printed(daughter, world, "png").data))
    assert tuple(map(round, picture.info["dpi"])) == (300, 300)
    assert tuple(round(dots / 300 * 25.4) for dots in picture.size) == (279, 50)


def test_a_drawing_is_as_large_as_the_band_and_asks_for_no_font(daughter: FlaskClient, world: World) -> None:
    answer = printed(daughter, world, "svg", "language=en")
    drawing = ElementTree.fromstring(answer.data)  # noqa: S314  our own
    assert (drawing.get("width"), drawing.get("height")) == ("279mm", "50mm")
    assert not drawing.findall(".//{http://www.w3.org/2000/svg}text")


@pytest.mark.parametrize(("dpi", "across"), [("203", 200), ("300", 295)])
def test_a_wristband_printer_gets_dots_of_its_own(daughter: FlaskClient, world: World, dpi: str, across: int) -> None:
    answer = printed(daughter, world, "zpl", f"dpi={dpi}")
    assert answer.data.startswith(b"^XA")
    assert f"^PW{across}".encode() in answer.data


def test_a_tag_writer_gets_the_address_as_a_file_and_as_digits(daughter: FlaskClient, world: World) -> None:
    address = house().settings.token_prefix + world.her.token
    assert printed(daughter, world, "ndef").data == ndef_message(address)
    assert tag_hex(address) in words(daughter.get(f"/family/bands/{world.her.band_id}"))


def test_every_file_is_saved_under_the_bands_tail_and_what_was_chosen_and_recorded(
    daughter: FlaskClient, world: World
) -> None:
    before, names = every_row(), []
    for kind in ("pdf", "png", "svg", "zpl", "ndef"):
        names.append(printed(daughter, world, kind).headers["Content-Disposition"].rpartition("=")[2])
    names.append(
        daughter.get(f"/family/bands/{world.her.band_id}/print.zpl?look=discreet&language=en&dpi=300")
        .headers["Content-Disposition"]
        .rpartition("=")[2]
    )
    assert names == [
        f"band-{world.her.code[-3:]}-wristband{ending}"
        for ending in (
            "-loud-zh.pdf",
            "-loud-zh.png",
            "-loud-zh.svg",
            "-loud-zh-203.zpl",
            ".ndef",
            "-discreet-en-300.zpl",
        )
    ]
    assert new_rows(before)["audit_row"] == 6


# ---- what is refused


@pytest.mark.parametrize(
    ("kind", "query"),
    [
        ("pdf", "look=x"),
        ("pdf", "language=ja"),
        ("pdf", "dpi=300"),
        ("png", "dpi=100000"),
        ("zpl", "dpi=600"),
        ("svg", "look=%00"),
        ("zpl", "dpi=" + "9" * 400),
    ],
)
def test_a_wrong_choice_is_a_sentence_and_no_print(daughter: FlaskClient, world: World, kind: str, query: str) -> None:
    before = every_row()
    answer = printed(daughter, world, kind, query)
    assert answer.status_code == 422
    assert tells(answer, "bands.print_choice")
    db.session.rollback()
    assert every_row()["band"] == before["band"]
    assert every_row()["audit_row"] == before["audit_row"]


@pytest.mark.parametrize("kind", ["exe", "PDF", "pdf.exe", "%00", "p" * 300])
def test_another_kind_is_an_unknown_page(daughter: FlaskClient, world: World, kind: str) -> None:
    assert printed(daughter, world, kind).status_code == 404


@pytest.mark.parametrize("kind", ["pdf", "png", "svg", "zpl", "ndef"])
def test_the_neighbour_prints_nothing_of_hers_and_an_ended_band_is_printed_no_more(
    client: FlaskClient, world: World, kind: str
) -> None:
    cast.sign_in_guardian(client, cast.NEIGHBOUR_PHONE)
    assert printed(client, world, kind).status_code == 404
    issuing.end(world.her.band_id, BandEnd.LOST, guardian_id=world.daughter_id, now=world.now)
    cast.sign_in_guardian(client)
    assert printed(client, world, kind).status_code == 409


class TestWhereNoFontIsInstalled:
    """The browser has fonts of its own: the refusal leads to its print page, with what was chosen."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"print_font": settings.data_dir / "no-such-font.otf"})

    def test_a_refused_pdf_leads_to_the_page_that_prints(self, daughter: FlaskClient, world: World) -> None:
        answer = printed(daughter, world, "pdf", "look=discreet&language=en")
        assert answer.status_code == 503
        assert tells(answer, "print.no_font")
        found = re.search(r'href="(/family/bands/\d+/print\?[^"]*)"', answer.get_data(as_text=True))
        assert found
        page = daughter.get(found[1].replace("&amp;", "&"))
        assert page.status_code == 200
        assert "Scan to contact" in words(page)

    def test_a_refused_print_is_not_recorded(self, daughter: FlaskClient, world: World) -> None:
        printed(daughter, world, "pdf")
        db.session.rollback()
        assert db.session.get_one(Band, world.her.band_id).printed_at is None

    def test_an_address_for_a_tag_needs_none(self, daughter: FlaskClient, world: World) -> None:
        assert printed(daughter, world, "ndef").status_code == 200
