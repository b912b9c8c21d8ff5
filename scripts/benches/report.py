"""Durable reports a second: each POST of a finder is on the disk before its answer, on both engines.

Real parts: gunicorn with two processes, a database that syncs what it commits, callers in a process of their own.
Each report is another finder's; `unknown` opens an incident for each, `elders` joins or opens those of so many elders
and owes their families a message, as most honest reports do. On a shared machine the rate swings, the processor time
of a report does less: it is told beside, and what two cores could do with it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import os
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests import postgres  # noqa: E402

BIN = Path(sys.executable).parent
PROCESSES, THREADS = 2, 16
ELDERS = 200
_TICKS = os.sysconf("SC_CLK_TCK")


# ---- the house


@contextlib.contextmanager
def database(engine: str, folder: Path) -> Iterator[str]:
    """A durable store's address."""
    if engine == "sqlite":
        yield f"sqlite:///{folder / 'wristband.db'}"
        return
    with postgres.running(durable=True) as server:
        url = server.create()
        yield url.render_as_string(hide_password=False)


@contextlib.contextmanager
def instance(engine: str) -> Iterator[dict[str, str]]:
    """A migrated instance of one's own, as the environment of its processes; this process's too."""
    # On a real disk: a folder in memory would have nothing to sync.
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name, database(engine, Path(name)) as url:
        environment = {key: value for key, value in os.environ.items() if not key.startswith("WRISTBAND_")}
        environment |= {"WRISTBAND_DATA_DIR": name, "WRISTBAND_DATABASE_URL": url, "PYTHONPATH": str(ROOT)}
        os.environ.update(environment)
        subprocess.run([BIN / "wristband", "migrate"], env=environment, check=True, capture_output=True)
        yield environment


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def serve(environment: dict[str, str], port: int) -> subprocess.Popen[bytes]:
    """gunicorn in a group of its own; answers when it answers."""
    command = [str(BIN / "gunicorn"), "wsgi:app", "--bind", f"127.0.0.1:{port}", "--worker-class", "gthread"]
    command += ["--workers", str(PROCESSES), "--threads", str(THREADS), "--preload", "--log-level", "error"]
    server = subprocess.Popen(
        [*command, "--no-control-socket"], cwd=ROOT, env=environment, stderr=subprocess.DEVNULL, start_new_session=True
    )
    latest = time.monotonic() + 60
    while time.monotonic() < latest:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2):
            return server
        time.sleep(0.02)
    raise SystemExit("the server did not start")


def make_families(count: int) -> list[str]:
    """The tokens of so many elders' bands, each with a family of one telephone, made as rows: nothing is drawn."""
    from wristband import clock, create_app
    from wristband.bands import tokens
    from wristband.bands.models import Band
    from wristband.bands.rules import BandForm, BandState
    from wristband.db import db, transaction
    from wristband.elders.rules import Particulars, Purpose
    from wristband.house import house
    from wristband.services import registration, signing_in
    from wristband.values.phone import Phone

    made, now = [], clock.now()
    with create_app().app_context():
        for nth in range(count):
            guardian_id = signing_in.join(Phone(f"+86138001{nth:05d}"), language="zh-CN", now=now)
            particulars = Particulars.of(today=now.date(), consents=set(Purpose), name="测试", relation="child")
            elder_id = registration.register(
                secrets.token_urlsafe(16),
                particulars,
                guardian_id=guardian_id,
                guardian_name="测试",
                consents=set(Purpose),
                photo_id=None,
                station_id=None,
                second_phone=None,
                now=now,
            )
            serial = f"{secrets.randbelow(10**12):012d}"
            with transaction():
                db.session.add(
                    Band(
                        key=secrets.token_hex(32),
                        serial=serial,
                        key_id="1",
                        form=BandForm.WRISTBAND,
                        state=BandState.ACTIVE,
                        elder_id=elder_id,
                        design=b"",
                        check_code_hash="-",
                        issued_at=now,
                        issued_by="bench",
                    )
                )
            made.append(tokens.sign(serial, house().band_keys))
        db.session.remove()
        db.engine.dispose()
    return made


@dataclass(frozen=True)
class Tap:
    """A report that a finder sends, as often as he likes: its address is its key."""

    reference: str
    request: bytes


def taps(count: int, tokens: list[str]) -> list[Tap]:
    """So many finders' reports; of bands that are nobody's where there are no tokens."""
    from wristband import keys
    from wristband.scans import stamps

    ring = keys.load(Path(os.environ["WRISTBAND_DATA_DIR"]) / "keys").all("forms")
    made = []
    for nth in range(count):
        reference, stamp = stamps.make(ring)
        band = tokens[nth % len(tokens)] if tokens else ""
        body = f"stamp={stamp}&band={band}"
        head = f"POST /s/{reference}/police HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n"
        head += "Content-Type: application/x-www-form-urlencoded\r\nSec-Fetch-Site: same-origin\r\n\r\n"
        made.append(Tap(reference, (head + body).encode()))
    return made


# ---- the callers


@dataclass
class Told:
    """What the callers were answered: milliseconds of each that was kept, and how many of each other status."""

    kept: dict[str, float] = field(default_factory=dict)
    other: Counter[int] = field(default_factory=Counter)
    processor_s: float = 0.0
    """What the callers themselves took from the cores that the service is measured on."""


async def call(port: int, mine: list[Tap], connections: int, seconds: float) -> Told:
    """Send the reports over so many connections until they are sent, the time is up or nobody answers."""
    told, waiting, latest = Told(), iter(mine), time.monotonic() + seconds

    async def caller() -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            for tap in waiting:
                if time.monotonic() > latest:
                    break
                began = time.monotonic()
                writer.write(tap.request)
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    (line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), b":0"
                )
                await reader.readexactly(int(length.partition(b":")[2]))
                status = int(head.split(b" ", 2)[1])
                if status == 303:
                    told.kept[tap.reference] = (time.monotonic() - began) * 1000
                else:
                    told.other[status] += 1
            writer.close()

    await asyncio.gather(*(caller() for _ in range(connections)))
    return told


def processor_s(group: int) -> float:
    """Seconds of processor time of a process group, its ended children included."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[2]) == group:
                ticks += sum(map(int, fields[11:15]))
    return ticks / _TICKS


def postgres_s() -> float:
    """The same of every PostgreSQL server here: nobody else's should work meanwhile."""
    ticks = 0
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError):
            if (folder / "comm").read_text().startswith("postgres"):
                ticks += sum(map(int, (folder / "stat").read_text().rpartition(")")[2].split()[11:13]))
    return ticks / _TICKS


# ---- the figures


def measure(engine: str, asked: argparse.Namespace) -> None:
    with instance(engine) as environment:
        tokens = make_families(ELDERS)
        port = free_port()
        server = serve(environment, port)
        try:
            for name, bands in (("unknown", []), ("elders", tokens)):
                rounds = [_round(server.pid, port, bands, asked, warm=nth == 0) for nth in range(asked.rounds + 1)]
                _print(engine, name, rounds[1:])
        finally:
            server.terminate()
            server.wait(20)


def _round(group: int, port: int, bands: list[str], asked: argparse.Namespace, *, warm: bool) -> dict[str, float]:
    seconds = 1.0 if warm else asked.seconds
    mine = taps(int(1500 * seconds), bands)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        pool.apply(int)
        ours, its, began = processor_s(group), postgres_s(), time.monotonic()
        told = pool.apply(_call, (port, mine, asked.connections, seconds))
        lasted = time.monotonic() - began
    waits = sorted(told.kept.values()) or [0.0]
    return {
        "rate": len(told.kept) / lasted,
        "p50": statistics.median(waits),
        "p99": waits[int(len(waits) * 0.99)],
        "worst": waits[-1],
        "ours_ms": (processor_s(group) - ours) * 1000 / max(1, len(told.kept)),
        "its_ms": (postgres_s() - its) * 1000 / max(1, len(told.kept)),
        "callers_ms": told.processor_s * 1000 / max(1, len(told.kept)),
        "errors": sum(count for status, count in told.other.items() if status >= 500),
        "others": sum(count for status, count in told.other.items() if status < 500),
    }


def _call(port: int, mine: list[Tap], connections: int, seconds: float) -> Told:
    before = time.process_time()
    told = asyncio.run(call(port, mine, connections, seconds))
    told.processor_s = time.process_time() - before
    return told


def _print(engine: str, name: str, rounds: list[dict[str, float]]) -> None:
    middle = {key: statistics.median(one[key] for one in rounds) for key in rounds[0]}
    low, high = min(one["rate"] for one in rounds), max(one["rate"] for one in rounds)
    each_ms = middle["ours_ms"] + (middle["its_ms"] if engine == "postgresql" else 0)
    print(
        f"{engine:10} {name:8} {middle['rate']:5.0f}/s ({low:.0f}-{high:.0f})  p50 {middle['p50']:4.0f} ms"
        f"  p99 {middle['p99']:4.0f}  worst {middle['worst']:4.0f}  5xx {sum(one['errors'] for one in rounds):.0f}"
        f"  other {sum(one['others'] for one in rounds):.0f}  processor {middle['ours_ms']:.2f}"
        f" + {middle['its_ms']:.2f} ms (callers {middle['callers_ms']:.2f}):"
        f" two cores alone {2000 / max(each_ms, 0.01):.0f}/s",
        flush=True,
    )


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--engine", choices=["sqlite", "postgresql"], action="append")
    words.add_argument("--seconds", type=float, default=5)
    words.add_argument("--rounds", type=int, default=3)
    words.add_argument("--connections", type=int, default=24)
    asked = words.parse_args()
    print(f"{PROCESSES} processes x {THREADS} threads, {asked.connections} callers, {os.cpu_count()} cores")
    print(json.dumps({"load before": os.getloadavg()}))
    for engine in asked.engine or ["sqlite", "postgresql"]:
        measure(engine, asked)


if __name__ == "__main__":
    main()
