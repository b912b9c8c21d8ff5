"""The gateway of development: messages are printed to a file, one JSON object a line."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from pathlib import Path

from wristband.gateways.contract import Gateway, GatewayFault, Handover, Receipt


class PrintedGateway(Gateway):
    """Appends `{time, kind, to, body, key, wording}` to `messages.jsonl`, synced before the receipt.

    A receiver that honours the idempotency key: a key already in the file is not printed again, whichever process
    printed it. While `messages.fail` lies beside the file it fails: for good if that says "permanent", else in passing.
    """

    name = "printed"

    def __init__(self, folder: Path) -> None:
        self._file = folder / "messages.jsonl"
        self._fail = folder / "messages.fail"
        self._keys: set[str] = set()
        self._read_to = 0

    def _call(self, handover: Handover) -> Receipt:
        with contextlib.suppress(FileNotFoundError):
            permanent = self._fail.read_text().strip() == "permanent"
            raise GatewayFault(permanent=permanent, code="told_to_fail")
        handle = os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)  # the lock belongs to this opening: it holds between threads too
            self._read_on(handle)
            if handover.idempotency_key not in self._keys:
                self._append(handle, handover)
            fcntl.flock(handle, fcntl.LOCK_UN)
            # Outside the lock, so that many hands share one sync; also for a line somebody else has just written.
            os.fsync(handle)
        finally:
            os.close(handle)
        return Receipt(handover.idempotency_key)

    def _read_on(self, handle: int) -> None:
        """Learn the keys of the lines written since the last look, by anybody."""
        size = os.fstat(handle).st_size
        if size < self._read_to:  # somebody emptied the file: a fresh start
            self._keys.clear()
            self._read_to = 0
        new = os.pread(handle, size - self._read_to, self._read_to)
        for line in new.split(b"\n"):
            with contextlib.suppress(ValueError, KeyError, TypeError):
                self._keys.add(json.loads(line)["key"])
        self._read_to += new.rfind(b"\n") + 1

    def _append(self, handle: int, handover: Handover) -> None:
        line = {
            "time": handover.at.isoformat(),
            "kind": handover.kind,
            "to": handover.recipient,
            "body": handover.body,
            "key": handover.idempotency_key,
            "wording": handover.wording,
            **({"link": handover.link} if handover.link else {}),
        }
        end = os.lseek(handle, 0, os.SEEK_END)
        # A line torn by a crash gets its end here, and counts as never printed.
        ending = b"\n" if end > self._read_to else b""
        data = ending + json.dumps(line, ensure_ascii=False).encode() + b"\n"
        if os.write(handle, data) != len(data):
            raise GatewayFault(permanent=False, code="disk_full")
