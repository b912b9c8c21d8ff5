"""Bands to one PDF, and blank stock minted and printed: time and peak memory, for some bands and for all.

scripts/bench print [--bands 1000] [--forms wristband card] [--stock 1000]

Designs and portraits are prepared beforehand, as the store keeps them; a band is read, drawn and written while the
next is still asleep. Each run is a process of its own, so that its start, its fonts and its peak are counted.
"""

from __future__ import annotations

import argparse
import base64
import io
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

import numpy as np
from PIL import Image

from wristband.bands.artwork.design import Design, design
from wristband.bands.artwork.portrait import prepare
from wristband.bands.printing.band import BandPrint
from wristband.bands.printing.pdf import write_pdf
from wristband.bands.printing.stock import StockKind
from wristband.bands.rules import BandForm
from wristband.bands.tokens import BandKeys, sign
from wristband.values.code import BandCode, CheckCode

PORTRAITS = Path(__file__).resolve().parents[2] / "wristband" / "demonstration" / "portraits"
ADDRESS = "HTTPS://HB.EXAMPLE/T/"
SECONDS_A_THOUSAND, MEGABYTES = 60, 300
DIFFERENT = 24
FACE_PX = 480
_FEW = 20


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--bands", type=int, default=1000)
    words.add_argument("--stock", type=int, default=600, help="Blank bands to mint and print; 0 for none.")
    words.add_argument("--forms", nargs="+", default=[BandForm.WRISTBAND.value, BandForm.CARD.value])
    words.add_argument("--child", nargs=3, metavar=("FOLDER", "FORM", "BANDS"), help=argparse.SUPPRESS)
    chosen = words.parse_args()
    if chosen.child:
        folder, form, bands = chosen.child
        with (Path(folder) / "bands.pdf").open("wb") as file:
            write_pdf(_bands(Path(folder), int(bands)), BandForm(form), file)
        return
    with tempfile.TemporaryDirectory() as folder:
        _prepare(Path(folder))
        print(f"machine: {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
        print(f"ceilings: {SECONDS_A_THOUSAND} s for 1000 bands, {MEGABYTES} MB, flat in the number of bands")
        for form in chosen.forms:
            for bands in (max(1, chosen.bands // 10), chosen.bands):
                _measure(folder, form, bands)
    if chosen.stock:
        _stock(chosen.stock)


def _prepare(folder: Path) -> None:
    """Some designs, each with its face as a grey JPEG and as the tone in its symbol."""
    keys, tones, kept = BandKeys({"A": bytes(range(32))}), [], []
    files = sorted(PORTRAITS.glob("*.jpg"))
    for number in range(DIFFERENT):
        with Image.open(files[number % len(files)]) as photo:
            face = photo.convert("L").resize((FACE_PX, FACE_PX))
        tones.append(prepare(face))
        made = design(ADDRESS, lambda serial: sign(serial, keys), tones[-1], seed=number)
        out = io.BytesIO()
        face.save(out, "JPEG", quality=88)
        kept.append([base64.b64encode(octets).decode() for octets in (made.to_bytes(), out.getvalue())])
    np.save(folder / "tones.npy", np.array(tones))
    (folder / "bands.json").write_text(json.dumps(kept))


def _bands(folder: Path, count: int) -> Iterator[BandPrint]:
    """One band after another; nothing that was worked out for an earlier one is at hand."""
    tones = np.load(folder / "tones.npy", mmap_mode="r")
    kept = json.loads((folder / "bands.json").read_text())
    for number in range(count):
        octets, face = map(base64.b64decode, kept[number % DIFFERENT])
        made = Design.from_bytes(octets)
        tone = np.array(tones[number % DIFFERENT])
        code = BandCode.from_serial(made.serial)
        yield BandPrint(made, face, code, CheckCode("000005724"), date(2026, 11, 1), tone=tone)


def _measure(folder: str, form: str, bands: int) -> None:
    took, used = _run([sys.executable, __file__, "--child", folder, form, str(bands)])
    size = (Path(folder) / "bands.pdf").stat().st_size
    print(
        f"{form}: {bands} bands in {took:.1f} s ({used.ru_utime + used.ru_stime:.1f} s of processor, "
        f"{1000 * took / bands:.1f} s a thousand), peak {used.ru_maxrss / 1024:.0f} MB, file {size / 2**20:.1f} MB"
    )


def _run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> tuple[float, resource.struct_rusage]:
    """A process from its start to its end: seconds, and what it and the processes it waited for have used."""
    began = time.monotonic()
    child = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{command} ended with {child.returncode}")
    return time.monotonic() - began, used


def _stock(bands: int) -> None:
    """Blank stock by the operator's own commands, each in a store of its own, with one process and with every core."""
    print(f"\nblank stock: {bands} minted (drawn, decoded twice as printed and worn, kept), then printed by the batch")
    cores = len(os.sched_getaffinity(0))
    for processes in sorted({1, cores}):
        with tempfile.TemporaryDirectory() as folder:
            environment = {**os.environ, "WRISTBAND_DATA_DIR": folder, "WRISTBAND_BASE_URL": "https://hb.example"}
            wristband = [str(Path(sys.executable).parent / "wristband")]
            shared = ["--workers", str(processes)]
            _run([*wristband, "migrate"], environment)
            few, _ = _run([*wristband, "bands", "mint", "--count", str(_FEW), *shared], environment)
            many, used = _run([*wristband, "bands", "mint", "--count", str(bands), *shared], environment)
            peak = f"largest process {used.ru_maxrss / 1024:.0f} MB"
            print(f"mint, {processes} processes: {(bands - _FEW) / (many - few):.1f} bands a second, {peak}")
            if processes < cores:
                continue
            listed = subprocess.check_output([*wristband, "bands", "list"], env=environment, text=True).splitlines()
            for output in StockKind:
                for line in reversed(listed):  # the small batch was begun first
                    batch, count = line.split()[0], line.split()[-1].partition("/")[0]
                    out = str(Path(folder) / f"{output}-{batch}")
                    command = [*wristband, "bands", "print", batch, "--out", out, "--output", output.value, *shared]
                    took, used = _run(command, environment)
                    print(f"{output}: {count} bands in {took:.1f} s, largest process {used.ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
