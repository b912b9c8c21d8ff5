"""The real service as a person starts it, scripts/serve.py with its processes, on an instance of its own."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
STARTED_WITHIN_S = 240
STOPPED_WITHIN_S = 30
PATIENCE_S = 30
MESSAGES_FILE = "messages.jsonl"
STANDS = "服务已就绪。"


@dataclass(frozen=True)
class Server:
    """A running service and the terminal it was started in."""

    base_url: str
    folder: Path
    environment: dict[str, str]
    process_id: int
    printed: str
    """What the terminal showed at the start: what to open, and who signs in."""

    def messages(self, to: str | None = None) -> list[dict[str, Any]]:
        """What the printing gateway was handed, oldest first: time, kind, to, body, key. `to` keeps one address's."""
        path = self.folder / MESSAGES_FILE
        # What follows the last line's end is being written at this moment.
        whole, _, _ = (path.read_text() if path.exists() else "").rpartition("\n")
        return [message for message in map(json.loads, whole.splitlines()) if to in (None, message["to"])]

    def next_message(self, to: str, *, after: int = 0) -> dict[str, Any]:
        """The first message to an address beyond the `after` it already had; waits for it."""
        assert self.eventually(lambda: len(self.messages(to)) > after), f"no message number {after + 1} to {to}"
        return self.messages(to)[after]

    def eventually(self, is_so: Callable[[], object]) -> bool:
        """Whether something other processes bring about comes to be, before patience ends."""
        latest = time.monotonic() + PATIENCE_S
        while not is_so():
            if time.monotonic() > latest:
                return False
            time.sleep(0.05)
        return True

    def run(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """`wristband ...` on this instance, as an operator types it."""
        wristband = Path(sys.executable).parent / "wristband"
        return subprocess.run(
            [wristband, *command],
            cwd=ROOT,
            env=self.environment,
            check=check,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )


@contextlib.contextmanager
def running(folder: Path, **settings: str) -> Iterator[Server]:
    """Start the service on `folder`, `settings` being further WRISTBAND_ variables; stop all of it afterwards."""
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WRISTBAND_")}
    environment |= {"WRISTBAND_DATA_DIR": str(folder), "WRISTBAND_DEMONSTRATION": "true", **settings}
    environment["PYTHONUNBUFFERED"] = "1"
    base_url = f"http://127.0.0.1:{port}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "serve.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, ROOT / "scripts" / "serve.py", "--port", str(port)],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
        )
    try:
        printed = _until_it_stands(process, folder / "serve.log")
        yield Server(base_url, folder, environment | {"WRISTBAND_BASE_URL": base_url}, process.pid, printed)
    finally:
        children = children_of(process.pid)
        process.terminate()
        process.wait(STOPPED_WITHIN_S)
        if process.stdout:
            process.stdout.close()
        left = [child for child in children if Path(f"/proc/{child}").exists()]
        assert not left, f"the service left processes behind: {left}"


def children_of(process: int) -> list[int]:
    """The ids of a process's own children; none when it has ended."""
    try:
        return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    except FileNotFoundError:
        return []


def free_port() -> int:
    """A port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _until_it_stands(process: subprocess.Popen[bytes], log: Path) -> str:
    """What was printed up to the closing line, after which the service answers."""
    if process.stdout is None:
        raise RuntimeError("the terminal is not read")
    latest = time.monotonic() + STARTED_WITHIN_S
    printed = b""
    with selectors.DefaultSelector() as ready:
        ready.register(process.stdout, selectors.EVENT_READ)
        while time.monotonic() < latest and process.poll() is None:
            if ready.select(timeout=1):
                printed += os.read(process.stdout.fileno(), 65536)
                if STANDS.encode() in printed:
                    return printed.decode()
    raise AssertionError(f"the service did not start:\n{printed.decode()}\n{log.read_text()}")
