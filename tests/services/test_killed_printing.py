"""A batch whose minting and printing are killed outright: every band once, none twice, none missing."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from wristband.bands import queries
from wristband.bands.rules import BandForm
from wristband.clock import now as today
from wristband.db import db
from wristband.house import house
from wristband.services import stocking

WITHIN_S = 120
COUNT = 60

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture
def batch_id(app: object) -> int:
    now: datetime = today()
    return stocking.begin(BandForm.CARD, COUNT, now=now)


def command(*words: str) -> subprocess.Popen[bytes]:
    """`wristband bands ...` on this test's store, in a process group of its own."""
    settings = house().settings
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WRISTBAND_")}
    environment |= {
        "WRISTBAND_DATA_DIR": str(settings.data_dir),
        "WRISTBAND_KEYS_DIR": str(settings.keys_path),
        "WRISTBAND_DATABASE_URL": settings.database,
    }
    wristband = Path(sys.executable).parent / "wristband"
    return subprocess.Popen(
        [wristband, "bands", *words],
        env=environment,
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def killed_when(process: subprocess.Popen[bytes], there: Callable[[], bool]) -> bool:
    """Kill the process and its workers as soon as something is there. False where it ended before."""
    latest = time.monotonic() + WITHIN_S
    while process.poll() is None and not there() and time.monotonic() < latest:
        time.sleep(0.01)
    ended = process.poll() is not None
    if not ended:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(WITHIN_S)
    return not ended


def minted(batch_id: int) -> int:
    db.session.rollback()
    return queries.count_minted(batch_id)


def test_killed_again_and_again_every_band_is_minted_and_printed_once(batch_id: int, tmp_path: Path) -> None:
    folder = tmp_path / "tags"
    assert killed_when(command("mint", "--batch", str(batch_id), "--workers", "1"), lambda: minted(batch_id) > 0) or (
        minted(batch_id) == COUNT
    )
    assert command("mint", "--batch", str(batch_id)).wait(WITHIN_S) == 0
    assert minted(batch_id) == COUNT
    printing = ("print", str(batch_id), "--out", str(folder), "--output", "nfc", "--sheet", "7", "--workers", "1")
    for files in (1, 4):
        killed_when(command(*printing), lambda most=files: len(list(folder.glob("*.csv"))) >= most)
    assert command(*printing).wait(WITHIN_S) == 0
    numbers = [
        int(row[0])
        for path in sorted(folder.glob("*.csv"))
        for row in csv.reader(path.read_text(encoding="utf-8-sig").splitlines())
        if row[0].isdigit()
    ]
    assert sorted(numbers) == list(range(1, COUNT + 1))
