"""Blank stock: minted and printed in pieces, whatever breaks in between."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import islice
from pathlib import Path

import pytest
import zxingcpp
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import func, select

from tests.world import World, every_row, new_rows
from wristband.audit.models import AuditRow
from wristband.bands import queries, tokens
from wristband.bands.artwork import drawing
from wristband.bands.artwork.checking import decoders
from wristband.bands.artwork.design import Design
from wristband.bands.models import Band
from wristband.bands.printing.stock import StockKind, StockPrint
from wristband.bands.rules import BandEnd, BandForm, BandState, Look, PrintStyle
from wristband.clock import now as today
from wristband.db import db
from wristband.errors import BadValue, Conflict, NotFound, Unavailable
from wristband.house import house
from wristband.services import binding, stocking
from wristband.values.code import CheckCode

USUAL = StockPrint()


@pytest.fixture
def now() -> datetime:
    return today()


def mint(batch_id: int, now: datetime, pieces: int | None = None) -> int:
    with ThreadPoolExecutor(2) as workers:
        return sum(islice(stocking.mint(batch_id, workers=workers, now=now), pieces))


def print_all(
    batch_id: int, folder: Path, pieces: int | None = None, *, sheet_size: int = 50, how: StockPrint = USUAL
) -> int:
    with ThreadPoolExecutor(2) as workers:
        printing = stocking.print_batch(batch_id, folder, workers=workers, in_flight=2, sheet_size=sheet_size, how=how)
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
    bands = queries.list_minted(batch_id, 1, 3)
    assert len(bands) == 3
    for band in bands:
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


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_blank_that_cannot_be_read_again_by_two_decoders_is_not_kept(
    app: Flask, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_id = stocking.begin(BandForm.WRISTBAND, 2, now=now)
    with monkeypatch.context() as lacking:
        for module in ("pyzbar.pyzbar", "cv2"):
            lacking.setitem(sys.modules, module, None)
        decoders.cache_clear()
        with pytest.raises(Unavailable) as refusal:
            mint(batch_id, now)
    assert refusal.value.code == "artwork.no_second_decoder"
    assert stocking.progress(batch_id) == (2, 0)
    assert mint(batch_id, now) == 2


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


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("kind", "ending"), [(StockKind.ZPL, "zpl"), (StockKind.NFC, "csv")])
def test_whatever_a_batch_is_printed_as_it_goes_on_where_it_was(
    app: Flask, now: datetime, tmp_path: Path, kind: StockKind, ending: str
) -> None:
    batch_id, how = stocking.begin(BandForm.WRISTBAND, 5, now=now), StockPrint(kind)
    mint(batch_id, now)
    print_all(batch_id, tmp_path, pieces=1, sheet_size=2, how=how)
    assert print_all(batch_id, tmp_path, sheet_size=2, how=how) == 5
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert (manifest["output"], manifest["bands"]) == (kind.value, 5)
    files = sorted(tmp_path.glob(f"*.{ending}"))
    assert [sheet["file"] for sheet in manifest["sheets"]] == [path.name for path in files]
    assert [sheet["sha256"] for sheet in manifest["sheets"]] == [
        hashlib.sha256(path.read_bytes()).hexdigest() for path in files
    ]
    texts = [path.read_text() for path in files]
    if kind is StockKind.ZPL:
        assert [text.count("^XA") for text in texts] == [2, 2, 1]
    else:
        codes = [band.code.shown for band in queries.list_minted(batch_id, 1, 5)]
        rows = [row.split(",") for text in texts for row in text.splitlines()[1:]]
        assert [row[:2] for row in rows] == [[str(number), code] for number, code in enumerate(codes, 1)]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_batch_is_printed_when_all_of_it_is_minted(app: Flask, now: datetime, tmp_path: Path) -> None:
    batch_id = stocking.begin(BandForm.WRISTBAND, 150, now=now)
    mint(batch_id, now, pieces=1)
    with pytest.raises(BadValue) as refusal:
        print_all(batch_id, tmp_path / "print")
    assert (refusal.value.code, refusal.value.facts["minted"]) == ("bands.batch_unfinished", 100)
    assert not (tmp_path / "print").exists()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_folder_holds_one_look_only(app: Flask, now: datetime, tmp_path: Path) -> None:
    batch_id = stocking.begin(BandForm.WRISTBAND, 1, now=now)
    mint(batch_id, now)
    print_all(batch_id, tmp_path, how=StockPrint(style=PrintStyle(Look.DISCREET)))
    with pytest.raises(BadValue) as refusal:
        print_all(batch_id, tmp_path)
    assert refusal.value.code == "bands.folder_of_another_print"
    assert refusal.value.facts == {"folder": str(tmp_path), "there": "--look discreet", "wanted": "--look loud"}
    with pytest.raises(BadValue) as refusal:
        print_all(batch_id, tmp_path, sheet_size=7, how=StockPrint(StockKind.ZPL))
    assert refusal.value.facts["there"] == "--output pdf --look discreet --sheet 50"
    assert refusal.value.facts["wanted"] == "--output zpl --look loud --dpi 203 --sheet 7"


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_two_prints_at_once_do_not_share_a_folder(app: Flask, now: datetime, tmp_path: Path) -> None:
    batch_id = stocking.begin(BandForm.WRISTBAND, 2, now=now)
    mint(batch_id, now)
    with ThreadPoolExecutor(1) as workers:
        first = stocking.print_batch(batch_id, tmp_path, workers=workers, in_flight=1, sheet_size=1)
        assert next(first) == 1
        with pytest.raises(Conflict) as refusal:
            print_all(batch_id, tmp_path, sheet_size=1)
        assert (refusal.value.code, refusal.value.facts) == ("bands.folder_busy", {"folder": str(tmp_path)})
        assert list(first) == [1]
    assert print_all(batch_id, tmp_path, sheet_size=1) == 2


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_printed_stock_is_for_its_owners_eyes(app: Flask, now: datetime, tmp_path: Path) -> None:
    batch_id, folder = stocking.begin(BandForm.WRISTBAND, 1, now=now), tmp_path / "new"
    mint(batch_id, now)
    before = os.umask(0)
    try:
        print_all(batch_id, folder)
    finally:
        os.umask(before)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_folder_that_cannot_be_is_named_as_it_was_given(app: Flask, now: datetime, tmp_path: Path) -> None:
    batch_id, folder = stocking.begin(BandForm.WRISTBAND, 1, now=now), tmp_path / "file" / "print"
    mint(batch_id, now)
    (tmp_path / "file").write_text("")
    with pytest.raises(BadValue) as refusal:
        print_all(batch_id, folder)
    assert (refusal.value.code, refusal.value.facts) == ("bands.folder_unwritable", {"folder": str(folder)})


def test_at_a_terminal_blanks_are_made_and_printed_by_as_many_processes_as_one_says(tmp_path: Path) -> None:
    environment = os.environ | {
        "WRISTBAND_DATA_DIR": str(tmp_path / "data"),
        "WRISTBAND_BASE_URL": "https://hb.example",
    }

    def wristband(*words: str) -> str:
        command = [sys.executable, "-c", "from wristband.cli import main; main()", *words]
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout

    wristband("migrate")
    begun = wristband("bands", "mint", "--count", "3", "--workers", "2")
    batch = begun.split("--batch ")[1].split()[0]
    wristband("bands", "print", batch, "--out", str(tmp_path / "tags"), "--output", "nfc", "--workers", "1")
    assert {path.name for path in (tmp_path / "tags").glob("[!.]*")} == {"manifest.json", f"{batch}-000001-000500.csv"}


# ---- ending


def end(batch_id: int, now: datetime, *numbers: int) -> tuple[int, int]:
    pieces = list(stocking.end_blanks(batch_id, numbers, BandEnd.MISTAKE, now=now))
    return sum(piece.ended for piece in pieces), sum(piece.bound for piece in pieces)


def test_blanks_of_a_lost_box_end_once_and_what_a_family_wears_is_left_alone(world: World, now: datetime) -> None:
    batch_id = stocking.begin(BandForm.WRISTBAND, 5, now=now)
    mint(batch_id, now)
    bands = list(queries.list_minted(batch_id, 1, 5))
    worn, kept = bands[1], CheckCode.parse(bands[2].check_code)
    binding.bind(worn.code, CheckCode.parse(worn.check_code), world.elder_id, guardian_id=world.daughter_id, now=now)
    before = every_row()
    assert end(batch_id, now, 1, 2) == (1, 1)
    assert end(batch_id, now) == (3, 1)
    assert end(batch_id, now) == (0, 1)
    assert new_rows(before) == {"audit_row": 2}
    rows = db.session.scalars(select(AuditRow).where(AuditRow.deed == "band.ended").order_by(AuditRow.i)).all()
    assert [(row.actor, row.subject, row.facts["count"], row.facts["why"]) for row in rows] == [
        ("operator", f"batch:{batch_id}", 1, "mistake"),
        ("operator", f"batch:{batch_id}", 3, "mistake"),
    ]
    bands = list(queries.list_minted(batch_id, 1, 5))
    assert [(band.state, band.check_code is None) for band in bands] == [
        (BandState.ACTIVE if band.batch_number == 2 else BandState.ENDED, band.batch_number != 2) for band in bands
    ]
    with pytest.raises(BadValue) as refusal:
        binding.bind(bands[2].code, kept, world.elder_id, guardian_id=world.daughter_id, now=now)
    assert refusal.value.code == "bands.bind_refused"


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_number_that_the_batch_has_not_ends_nothing(app: Flask, now: datetime) -> None:
    batch_id = stocking.begin(BandForm.WRISTBAND, 2, now=now)
    mint(batch_id, now)
    for number in (0, 3):
        with pytest.raises(BadValue) as refusal:
            end(batch_id, now, 1, number)
        assert (refusal.value.code, refusal.value.facts) == ("bands.number_unknown", {"number": number, "wanted": 2})
    with pytest.raises(NotFound):
        end(7, now)
    assert {band.state for band in queries.list_minted(batch_id, 1, 2)} == {BandState.BLANK}


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_what_has_ended_is_not_printed_any_more(app: Flask, now: datetime, tmp_path: Path) -> None:
    batch_id = stocking.begin(BandForm.WRISTBAND, 4, now=now)
    mint(batch_id, now)
    end(batch_id, now, 2, 3, 4)
    assert print_all(batch_id, tmp_path, sheet_size=2, how=StockPrint(StockKind.NFC)) == 1
    assert [path.name for path in tmp_path.glob("*.csv")] == [f"{batch_id}-000001-000002.csv"]


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
