"""Delivery: from the commit of what is owed to its arrival at a gateway, and what a killed worker loses or doubles.

Real parts: a database server (PostgreSQL, or SQLite with --engine sqlite), `wristband deliver` as a process, and a
gateway beside it that takes each key once and notes when. The three figures:

    latency     messages owed five to a commit, --rate a second for --seconds: from commit until the gateway has read it
    backlog     --messages owed before the worker starts: how many a second it hands over
    killed      the same backlog, the worker killed with SIGKILL every two seconds: all arrive, each has one effect

Nothing is timed in a test.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import multiprocessing
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests import postgres  # noqa: E402

COMMAND = str(Path(sys.executable).with_name("wristband"))
SOME_PHONES = 500
ELDERS = 500
A_TAP = 5
"""What a finder's tap owes a family: two telephones, and what its guardians have besides."""
LEASE_S = 5
BATCH = 200


# ---- the gateway, in a process of its own


def gateway(pipe: Connection) -> None:
    """Answers POSTs, and remembers when each key came, first and again. Told to by the pipe it gives what it has."""
    came: dict[str, list[float]] = {}

    async def serve() -> None:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                head = await reader.readuntil(b"\r\n\r\n")
                fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:-2])
                body = json.loads(await reader.readexactly(int(fields[b"content-length"])))
                came.setdefault(body["key"], []).append(time.monotonic())
                said = b'{"accepted": true, "id": "r"}'
                writer.write(
                    b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(said), said)
                )
                await writer.drain()
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=512)
        pipe.send(server.sockets[0].getsockname()[1])
        while True:
            await asyncio.sleep(0.1)
            if pipe.poll():
                if pipe.recv() == "end":
                    return
                pipe.send(dict(came))

    asyncio.run(serve())


@dataclass
class Gateway:
    process: multiprocessing.Process
    pipe: Connection
    port: int

    @classmethod
    def start(cls) -> Gateway:
        ours, its = multiprocessing.Pipe()
        process = multiprocessing.Process(target=gateway, args=(its,), daemon=True)
        process.start()
        return cls(process, ours, ours.recv())

    def came(self) -> dict[str, list[float]]:
        self.pipe.send("tell")
        told: dict[str, list[float]] = self.pipe.recv()
        return told

    def wait_for(self, count: int, *, seconds: float) -> float:
        """Until so many keys have come; how long that was."""
        began = time.monotonic()
        while len(self.came()) < count and time.monotonic() - began < seconds:
            time.sleep(0.2)
        return time.monotonic() - began


# ---- the house


@contextlib.contextmanager
def database(engine: str, folder: Path) -> Iterator[str]:
    if engine == "sqlite":
        yield f"sqlite:///{folder / 'wristband.db'}"
        return
    with postgres.running() as server:
        url = server.create()
        yield url.render_as_string(hide_password=False)
        server.drop(url)


def settled(environment: dict[str, str]) -> None:
    subprocess.run([COMMAND, "migrate"], env=environment, check=True, capture_output=True)


def worker(environment: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [COMMAND, "deliver"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


_numbers = itertools.count()


def owe(count: int, *, at_once: int) -> dict[str, float]:
    """Owe `count` messages, `at_once` to a commit; when each was committed, by its idempotency key."""
    from wristband import clock
    from wristband.db import transaction
    from wristband.outbox.queue import enqueue
    from wristband.outbox.rules import Channel

    owed: dict[str, float] = {}
    for start in range(0, count, at_once):
        ids = []
        with transaction():
            # To another elder each time: what is said to one address is said one after the other.
            for number in islice(_numbers, min(at_once, count - start)):
                ids.append(
                    enqueue(
                        key=f"bench:{time.monotonic_ns()}:{number}",
                        channel=Channel.SMS,
                        wording="incident_accepted",
                        language="zh-CN",
                        recipient=f"+861380013{8000 + number % SOME_PHONES}",
                        facts={"organisation": "bench", "number": str(number), "station": ""},
                        at=clock.now(),
                        elder_id=1 + number % ELDERS,
                    )
                )
        now = time.monotonic()
        owed.update({f"message-{one}": now for one in ids})
    return owed


def owe_steadily(rate: float, seconds: float) -> dict[str, float]:
    """A_TAP messages a commit, `rate` messages a second: a schedule, so that a slow commit is not waited for twice."""
    owed: dict[str, float] = {}
    began = time.monotonic()
    for number in range(int(rate * seconds / A_TAP)):
        time.sleep(max(0.0, began + number * A_TAP / rate - time.monotonic()))
        owed.update(owe(A_TAP, at_once=A_TAP))
    print(f"  owed {len(owed) / (time.monotonic() - began):.0f} a second, {A_TAP} to a commit")
    return owed


# ---- the figures


def latency(hand: Gateway, environment: dict[str, str], rate: float, seconds: float) -> None:
    print(f"latency: {rate:.0f} messages a second for {seconds:.0f} s, one worker")
    process = worker(environment)
    try:
        warm = owe(ELDERS, at_once=50)  # every elder has a data key by then, as registered ones do
        hand.wait_for(len(warm), seconds=30)
        owed = owe_steadily(rate, seconds)
        hand.wait_for(len(warm) + len(owed), seconds=60)
        came = hand.came()
        waits = sorted((came[key][0] - at) * 1000 for key, at in owed.items() if key in came)
        lost = len(owed) - len(waits)
        p99 = waits[int(len(waits) * 0.99)]
        print(f"  commit to gateway: median {statistics.median(waits):.0f} ms, p99 {p99:.0f}, worst {waits[-1]:.0f}")
        print(f"  not come: {lost}")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def backlog(hand: Gateway, environment: dict[str, str], count: int) -> None:
    print(f"backlog: {count} messages, one worker")
    before = len(hand.came())
    owe(count, at_once=BATCH)
    process = worker(environment)
    try:
        hand.wait_for(before + count, seconds=300)
        came = sorted(times[0] for times in hand.came().values())[before:]
        print(f"  handed over {len(came)}, {len(came) / (came[-1] - came[0]):.0f} a second")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def killed(hand: Gateway, environment: dict[str, str], count: int) -> None:
    print(f"killed: {count} messages, the worker killed every 2 s")
    before = set(hand.came())
    owed = owe(count, at_once=BATCH)
    kills, began = 0, time.monotonic()
    while len(set(hand.came()) - before) < count and time.monotonic() - began < 600:
        process = worker(environment)
        time.sleep(2 + 1.5)  # it takes a while to start: it is killed at work
        process.kill()
        process.wait()
        kills += 1
    came = hand.came()
    again = Counter(len(came[key]) for key in owed if key in came)
    missing = sum(key not in came for key in owed)
    print(
        f"  killed {kills} times; not come {missing}; came once {again[1]}, came again {sum(again.values()) - again[1]}"
    )
    print("  the gateway takes a key once: what came again had no second effect")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", choices=["postgresql", "sqlite"], default="postgresql")
    parser.add_argument("--rate", type=float, default=300)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--only", choices=["latency", "backlog", "killed"])
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, database(asked.engine, Path(name)) as url:
        hand = Gateway.start()
        os.environ |= {
            "WRISTBAND_DATA_DIR": name,
            "WRISTBAND_DATABASE_URL": url,
            "WRISTBAND_SMS_URL": f"http://127.0.0.1:{hand.port}/send",
            "WRISTBAND_WORKER_LEASE_S": str(LEASE_S),
        }
        environment = dict(os.environ) | {"PYTHONPATH": str(ROOT)}
        settled(environment)
        print(f"{asked.engine}, {os.cpu_count()} cores, everything on this machine")
        from wristband import create_app

        with create_app().app_context():
            if asked.only in (None, "latency"):
                latency(hand, environment, asked.rate, asked.seconds)
            if asked.only in (None, "backlog"):
                backlog(hand, environment, asked.messages)
            if asked.only in (None, "killed"):
                killed(hand, environment, asked.messages)
        hand.pipe.send("end")


if __name__ == "__main__":
    main()
