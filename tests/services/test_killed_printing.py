"""A batch whose minting and printing are killed outright: every band once, none twice, none missing."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
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
    """Kill the process, and it alone, as soon as something is there. False where it ended before.

    Returns when nobody of its group is left: its workers go with it, and whoever stayed would print on.
    """
    latest = time.monotonic() + WITHIN_S
    while process.poll() is None and not there() and time.monotonic() < latest:
        time.sleep(0.01)
    ended = process.poll() is not None
    if not ended:
        process.kill()
    process.wait(WITHIN_S)
    while living(process.pid):
        assert time.monotonic() < latest, f"left behind: {living(process.pid)}"
        time.sleep(0.05)
    return not ended


def living(group: int) -> list[int]:
    """The processes of a group that still run."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            # After the name, which may hold anything: state, parent, group.
            state, _parent, of_group = (folder / "stat").read_text().rpartition(") ")[2].split()[:3]
            if int(of_group) == group and state != "Z":
                found.append(int(folder.name))
    return found


def minted(batch_id: int) -> int:
    db.session.rollback()
    return queries.count_minted(batch_id)


def test_workers_that_draw_and_workers_that_print_end_with_the_command_that_is_killed(
    batch_id: int, tmp_path: Path
) -> None:
    minting = command("mint", "--batch", str(batch_id), "--workers", "2")
    assert killed_when(minting, lambda: len(living(minting.pid)) >= 3)
    assert command("mint", "--batch", str(batch_id)).wait(WITHIN_S) == 0
    printing = command("print", str(batch_id), "--out", str(tmp_path / "stock"), "--sheet", "1", "--workers", "2")
    assert killed_when(printing, lambda: any((tmp_path / "stock").glob("*.pdf")))


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
