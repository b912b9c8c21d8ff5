"""Opening a band: a page from the address alone, and a quiet line for the family's log."""

from __future__ import annotations

import hashlib
import queue
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

import structlog

from wristband.bands import tokens, trials
from wristband.bands.queries import ids_by_serial
from wristband.db import transaction
from wristband.errors import BadValue
from wristband.house import house
from wristband.scans import keeping, stamps
from wristband.scans.disclosure import ScanPage
from wristband.values.code import CROCKFORD, BandCode

log = structlog.get_logger(__name__)


def open_band(band: str) -> ScanPage:
    """The page for a token or a typed code: the same for a live, forged, revoked or unknown one. Reads no row."""
    reference, stamp = stamps.make(house().ring.all("forms"))
    return ScanPage(scan=reference, stamp=stamp, band=band, code_tail=_tail(band))


def serial_of(band: str) -> str | None:
    """The serial in a token of ours or in a well-typed band code; None for anything else."""
    token = tokens.read(band, house().band_keys)
    if token is not None:
        return token.serial
    try:
        return BandCode.parse(band).serial if len(band) < tokens.TOKEN_LENGTH else None
    except BadValue:
        return None


def code_of(scanned: str) -> str:
    """The band code of a scanned token as it is printed; whatever else it is, as it came."""
    serial = serial_of(scanned)
    return BandCode.from_serial(serial).shown if serial else scanned


def _tail(band: str) -> str:
    """The last three characters of the band's code; of something that is no band, three that look like them."""
    serial = serial_of(band)
    if serial is None and band[:12].isascii() and band[:12].isdigit() and len(band) >= 12:
        serial = band[:12]
    if serial is not None:
        return BandCode.from_serial(serial).tail
    digest = hashlib.sha256(band.encode(errors="replace")).digest()
    return "".join(CROCKFORD[byte % len(CROCKFORD)] for byte in digest[:3])


@dataclass(frozen=True, slots=True)
class Opening:
    """One opening, waiting to be written down."""

    reference: str
    band: str
    language: str
    at: datetime


class ScanLog:
    """Writes openings down behind the answer: a page costs no write, and tells nobody.

    One thread a process, started at the first opening (after the server's fork). What is still waiting when the
    process dies is lost: it is a log line, no report.
    """

    CAPACITY = 10_000
    BATCH = 200
    GATHER_S = 0.02
    """Openings of so long share one commit; a sync each would cost more than the pages themselves."""

    def __init__(self, context: Callable[[], AbstractContextManager[object]]) -> None:
        self._context = context
        self._waiting: queue.Queue[Opening | None] = queue.Queue(self.CAPACITY)
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def note(self, opening: Opening) -> None:
        """Take one opening; when thousands wait already it is dropped, since the page must be answered."""
        if self._thread is None or not self._thread.is_alive():
            self._start()
        try:
            self._waiting.put_nowait(opening)
        except queue.Full:
            log.warning("scan_log_full")

    def flush(self) -> None:
        """Return when everything noted so far has been written."""
        self._waiting.join()

    def close(self) -> None:
        """Write what was noted and end the thread; a later opening begins another."""
        self.flush()
        if self._thread is not None and self._thread.is_alive():
            self._waiting.put(None)
            self._thread.join()

    def _start(self) -> None:
        with self._starting:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="scan-log", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            batch = [self._waiting.get()]
            time.sleep(self.GATHER_S)
            while len(batch) < self.BATCH and not self._waiting.empty():
                batch.append(self._waiting.get_nowait())
            openings = [one for one in batch if one is not None]
            try:
                with self._context():
                    _write(openings)
            except Exception as fault:  # the log must outlive any one batch
                log.error("scan_log_fault", exc_info=fault, lost=len(openings))
            for _ in batch:
                self._waiting.task_done()
            if len(openings) < len(batch):
                return


def _write(batch: list[Opening]) -> None:
    serials = [serial_of(opening.band) for opening in batch]
    with transaction():
        bands = ids_by_serial({serial for serial in serials if serial})
        trials.note(
            [(bands[serial], opening.at) for opening, serial in zip(batch, serials, strict=True) if serial in bands]
        )
        # An opening of something that is no band of ours concerns no family.
        keeping.note_openings(
            [
                (opening.reference, bands[serial], opening.language, opening.at)
                for opening, serial in zip(batch, serials, strict=True)
                if serial in bands
            ]
        )
