"""Blank stock: minted and printed in pieces, whatever breaks in between."""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import islice
from pathlib import Path

import pytest
import zxingcpp
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import func, select

from tests.world import World
from wristband.bands import queries, tokens
from wristband.bands.artwork import drawing
from wristband.bands.artwork.design import Design
from wristband.bands.models import Band
from wristband.bands.rules import BandForm, BandState
from wristband.clock import now as today
from wristband.db import db
from wristband.errors import BadValue, NotFound
from wristband.house import house
from wristband.services import stocking


@pytest.fixture
def now() -> datetime:
    return today()


def mint(batch_id: int, now: datetime, pieces: int | None = None) -> int:
    with ThreadPoolExecutor(2) as workers:
        return sum(islice(stocking.mint(batch_id, workers=workers, now=now), pieces))


def print_all(batch_id: int, folder: Path, pieces: int | None = None, **options: int) -> int:
    with ThreadPoolExecutor(2) as workers:
        printing = stocking.print_batch(batch_id, folder, workers=workers, in_flight=2, **options)
        return sum(islice(printing, pieces))


def test_a_batch_is_minted_whole_and_its_bands_are_nobodys(app: Flask, now: datetime) -> None:
    batch_id = stocking.begin(BandForm.CARD, 12, now=now)
    assert mint(batch_id, now) == 12
    bands = queries.list_minted(batch_id, 1, 100)
    assert [band.batch_number for band in bands] == list(range(1, 13))
    assert {(band.state, band.elder_id, band.form) for band in bands} == {(BandState.BLANK, None, BandForm.CARD)}
    assert len({band.serial for band in bands}) == len({band.check_code for band in bands}) == 12


def test_every_blank_reads_and_its_token_is_ours(app: Flask, now: datetime) -> None:
    batch_id = stocking.begin(BandForm.WRISTBAND, 3, now=now)
    mint(batch_id, now)
    for band in queries.list_minted(batch_id, 1, 3):
        drawn = Design.from_bytes(band.design)
        found = zxingcpp.read_barcodes(drawing.image(drawn, None))
        assert [code.text for code in found] == [drawn.payload]
        token = tokens.read(drawn.token, house().band_keys)
        assert token is not None
        assert token.serial == band.serial


def test_minting_that_broke_off_goes_on_where_it_was(app: Flask, now: datetime) -> None:
    batch_id = stocking.begin(BandForm.WRISTBAND, 230, now=now)
    assert mint(batch_id, now, pieces=1) == 100
    before = {band.serial for band in queries.list_minted(batch_id, 1, 230)}
    assert mint(batch_id, now) == 130
    assert mint(batch_id, now) == 0
    after = {band.serial for band in queries.list_minted(batch_id, 1, 230)}
    assert before < after
    assert db.session.scalar(select(func.count(Band.id)).where(Band.batch_id == batch_id)) == 230


@pytest.mark.parametrize("count", [0, -1, 100_001])
def test_a_batch_of_no_size_is_refused(app: Flask, now: datetime, count: int) -> None:
    with pytest.raises(BadValue):
        stocking.begin(BandForm.WRISTBAND, count, now=now)


def test_an_unknown_batch_is_a_sentence(world: World, now: datetime) -> None:
    with pytest.raises(NotFound):
        mint(7, now)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_print_that_broke_off_prints_no_band_twice_and_skips_none(app: Flask, now: datetime, tmp_path: Path) -> None:
    batch_id = stocking.begin(BandForm.WRISTBAND, 7, now=now)
    mint(batch_id, now)
    folder = tmp_path / "print"
    print_all(batch_id, folder, pieces=1, sheet_size=2)
    # A kill leaves a file half written, one whole that no manifest names yet, and one that somebody has altered.
    first = min(folder.glob("*.pdf"))
    kept = first.stat().st_mtime_ns
    (folder / f"{batch_id}-000003-000004.pdf").write_bytes(b"%PDF-half")
    assert print_all(batch_id, folder, sheet_size=2) == 7
    assert first.stat().st_mtime_ns == kept
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["bands"] == 7
    assert [(sheet["first"], sheet["last"]) for sheet in map(with_last, manifest["sheets"])] == [
        (1, 2),
        (3, 4),
        (5, 6),
        (7, 7),
    ]
    for sheet in manifest["sheets"]:
        assert hashlib.sha256((folder / sheet["file"]).read_bytes()).hexdigest() == sheet["sha256"]
    codes = [band.code.shown for band in queries.list_minted(batch_id, 1, 7)]
    text = "".join(page.extract_text() for path in sorted(folder.glob("*.pdf")) for page in PdfReader(path).pages)
    assert [text.count(code) for code in codes] == [1] * 7


def with_last(sheet: dict[str, int]) -> dict[str, int]:
    return {**sheet, "last": sheet["first"] + sheet["bands"] - 1}


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_folder_of_another_batch_is_left_alone(app: Flask, now: datetime, tmp_path: Path) -> None:
    first, second = (stocking.begin(BandForm.WRISTBAND, 1, now=now) for _ in range(2))
    for batch_id in (first, second):
        mint(batch_id, now)
    print_all(first, tmp_path / "print")
    with pytest.raises(BadValue) as refusal:
        print_all(second, tmp_path / "print")
    assert refusal.value.code == "bands.folder_of_another"


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"sheets": 3}', "\x00"])
def test_a_manifest_that_is_none_is_not_written_over(
    app: Flask, now: datetime, tmp_path: Path, content: str, engine: str
) -> None:
    batch_id = stocking.begin(BandForm.WRISTBAND, 1, now=now)
    mint(batch_id, now)
    (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(BadValue):
        print_all(batch_id, tmp_path)
    assert (tmp_path / "manifest.json").read_text() == content
