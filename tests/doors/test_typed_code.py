"""The typed code: for a band whose symbol does not read."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests import world as cast
from tests.doors.asking import ON_SQLITE, count, fields_of, only, statements, tells, value_of, words
from tests.world import World
from wristband.incidents.models import Incident
from wristband.outbox.models import Message
from wristband.scans.models import Scan
from wristband.values.code import BandCode

pytestmark = ON_SQLITE
FULL_WIDTH = {ord(" "): "\u3000"} | {code: code + 0xFEE0 for code in range(0x21, 0x7F)}


@pytest.mark.parametrize("path", ["/b", "/B"])
def test_the_field_is_there_in_either_case_of_the_address(client: FlaskClient, path: str) -> None:
    page = client.get(path)
    assert page.status_code == 200
    assert 'name="code"' in page.get_data(as_text=True)


@pytest.mark.parametrize(
    "typed",
    [
        lambda code: code,
        lambda code: code.replace("-", ""),
        lambda code: code.lower(),
        lambda code: code.replace("-", " "),
        lambda code: f"  {code}  ",
        lambda code: code.translate(FULL_WIDTH),
        lambda code: code.replace("-", "—"),
        lambda code: code.replace("0", "O").replace("1", "l"),
    ],
    ids=["as printed", "in one", "in lower case", "with blanks", "with edges", "full width", "long dashes", "O and l"],
)
def test_a_code_opens_its_band_however_it_is_typed(
    client: FlaskClient, world: World, typed: Callable[[str], str]
) -> None:
    page = client.post("/b", data={"code": typed(world.her.code)})
    assert page.status_code == 200
    cast.tap(client, fields_of(page), "police")
    assert only(Incident).elder_id == world.elder_id


def test_a_code_nobody_wears_opens_the_same_page(client: FlaskClient, world: World) -> None:
    known = client.post("/b", data={"code": world.her.code})
    unknown = client.post("/b", data={"code": BandCode.from_serial("000000000007").shown})
    assert (known.status_code, words(known)[:400]) == (unknown.status_code, words(unknown)[:400])
    assert {*known.headers.keys()} == {*unknown.headers.keys()}
    cast.tap(client, fields_of(unknown), "police")
    assert only(Incident).elder_id is None


def test_no_token_is_made_of_a_code(client: FlaskClient, world: World) -> None:
    assert world.her.token not in client.post("/b", data={"code": world.her.code}).get_data(as_text=True)


def test_typing_a_code_reads_no_row_and_owes_no_message(app: Flask, client: FlaskClient, world: World) -> None:
    owed = count(Message)
    with statements() as seen:
        client.post("/b", data={"code": world.her.code})
    app.extensions["scan_log"].flush()
    assert seen == []
    assert count(Message) == owed
    assert only(Scan).acted_at is None


def test_a_mistyped_code_is_told_so_and_stays_in_its_field(client: FlaskClient, world: World) -> None:
    code = world.her.code
    wrong = code[:-1] + ("2" if code[-1] != "2" else "3")
    page = client.post("/b", data={"code": wrong})
    assert page.status_code == 422
    assert tells(page, "code.mistyped")
    assert value_of(page, "code") == wrong


@pytest.mark.parametrize("typed", ["", "   ", "12345", "林" * 9, "<b>", "\0" * 9, "UUUUUUUUU", "x" * 10_000])
def test_what_can_be_no_code_is_told_so(client: FlaskClient, typed: str) -> None:
    page = client.post("/b", data={"code": typed})
    assert page.status_code == 422
    assert tells(page, "page.bad_request" if "\0" in typed else "code.not_a_band_code")
    assert 'href="tel:110"' in page.get_data(as_text=True)
