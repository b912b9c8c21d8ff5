"""An honest finder under a lock-out attack: every budget of her band is being spent by others, how long does he wait?

One gunicorn. Attackers guess check codes, have codes sent, ask the family and knock on with forged bands, all of the
same elder; beside them many more post passwords of random names to the police's door. A finder comes every so often,
opens the band, tells the family and reports. The figures are his: of each tap, from opening the line until the answer
after it is on stable storage. He is a process of his own: what the attackers' threads wait for each other is no figure
of ours. Nothing is timed in a test.
"""

from __future__ import annotations

import argparse
import http.client
import multiprocessing
import os
import platform
import random
import re
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from pathlib import Path
from urllib.parse import urlencode

BENCHES = Path(__file__).resolve().parent
sys.path.insert(0, str(BENCHES))

from scan import THREADS, _free_port, _prepare, _serve  # noqa: E402

_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass
class Visitor:
    """A phone of somebody's, with the form fields of the page it opened."""

    port: int
    connection: http.client.HTTPConnection = field(init=False)

    def __post_init__(self) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def get(self, path: str) -> str:
        self.connection.request("GET", path)
        return self.connection.getresponse().read().decode()

    def post(self, path: str, fields: dict[str, str], more: dict[str, str] | None = None) -> int:
        self.connection.request("POST", path, urlencode(fields), _FORM | (more or {}))
        answer = self.connection.getresponse()
        answer.read()
        return answer.status

    def open(self, token: str) -> tuple[str, dict[str, str]]:
        """The address of the scan, and what its forms carry."""
        page = self.get(f"/t/{token}")
        scan = re.search(r'action="(/s/[^/"]+)/family"', page)
        hidden = dict(re.findall(r'<input type="hidden" name="(band|stamp)" value="([^"]*)"', page))
        if scan is None:
            raise SystemExit("the scan page has changed: this bench does not find its form")
        return scan[1], hidden


def attack(port: int, token: str, until: Event, said: Counter[int], seed: int) -> None:
    """One attacker, as fast as it goes: each try with a scan of its own, which its budgets cannot know again."""
    chance = random.Random(seed)  # noqa: S311 - the same attack at every run
    while not until.is_set():
        try:
            visitor = Visitor(port)
            scan, hidden = visitor.open(token if chance.random() < 0.8 else "0" * 25)
            said[visitor.post(f"{scan}/family", hidden)] += 1
            for _ in range(4):
                check = f"{chance.randrange(10**9):09d}"
                said[visitor.post(f"{scan}/check", {"check": check})] += 1
            phone = f"138001380{chance.randrange(100):02d}"
            said[visitor.post(f"{scan}/phone", {"phone": phone})] += 1
            said[visitor.post(f"{scan}/phone/code", {"phone": phone, "code": "123456"})] += 1
            said[visitor.post(f"{scan}/ask", {})] += 1
            said[visitor.post("/b", {"code": "AAA-AAA-AAA"})] += 1
        except (OSError, http.client.HTTPException):
            said[0] += 1


def flood(port: int, until: Event, said: Counter[int], seed: int) -> None:
    """One line on which password after password is posted, of names that nobody has."""
    chance = random.Random(seed)  # noqa: S311 - the same attack at every run
    while not until.is_set():
        try:
            visitor = Visitor(port)
            visitor.connection.request("GET", "/police/sign-in")
            answer = visitor.connection.getresponse()
            page, cookie = answer.read().decode(), (answer.getheader("Set-Cookie") or "").partition(";")[0]
            token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
            if token is None:
                raise SystemExit("the sign-in page has changed: this bench does not find its form")
            while not until.is_set():
                name = f"{chance.randrange(16**8):08x}"
                fields = {"csrf_token": token[1], "username": name, "password": "four quiet wooden bridges"}
                said[visitor.post("/police/sign-in", fields, {"Cookie": cookie})] += 1
        except (OSError, http.client.HTTPException):
            said[0] += 1


def honest(port: int, token: str) -> list[tuple[float, int]]:
    """Seconds until "tell the family" and "report" are answered, each by a finder of its own; and the statuses."""
    told = []
    for deed in ("family", "police"):
        visitor = Visitor(port)
        scan, hidden = visitor.open(token)
        visitor.connection.close()
        began = time.monotonic()
        status = visitor.post(f"{scan}/{deed}", hidden)  # on a line of its own, as after a minute's reading
        told.append((time.monotonic() - began, status))
        visitor.connection.close()
    return told


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--attackers", type=int, default=8)
    words.add_argument("--passwords", type=int, default=64, help="lines on which passwords are posted")
    words.add_argument("--seconds", type=float, default=60)
    chosen = words.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "WRISTBAND_DATA_DIR": folder, "PYTHONPATH": str(BENCHES)}
        token, port = _prepare(environment), _free_port()
        environment |= {"WRISTBAND_BASE_URL": f"http://127.0.0.1:{port}", "WRISTBAND_THREADS": str(THREADS)}
        server = _serve(environment, port)
        try:
            measure(port, token, chosen)
        finally:
            server.terminate()
            server.wait(20)


def besiege(port: int, token: str, until: Event, told: Queue[object], attackers: int, passwords: int) -> None:
    """All attackers, as threads of one process; what each kind was answered goes into `told`."""
    said, posted = Counter[int](), Counter[int]()
    threads = [threading.Thread(target=attack, args=(port, token, until, said, seed)) for seed in range(attackers)]
    threads += [threading.Thread(target=flood, args=(port, until, posted, seed)) for seed in range(passwords)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told.put((said, posted))


def measure(port: int, token: str, chosen: argparse.Namespace) -> None:
    """Before the attack and during it; and whether anything was answered with a fault."""
    print(f"machine: {platform.machine()}, {os.cpu_count()} cores, the attackers on them too")
    tell("at peace", [tap for _ in range(20) for tap in honest(port, token)])
    spawned = multiprocessing.get_context("spawn")
    until, told = spawned.Event(), spawned.Queue()
    attackers = spawned.Process(target=besiege, args=(port, token, until, told, chosen.attackers, chosen.passwords))
    attackers.start()
    reports, latest = [], time.monotonic() + chosen.seconds
    while time.monotonic() < latest:
        reports += honest(port, token)
        time.sleep(0.2)
    until.set()
    said, posted = told.get(timeout=60)
    attackers.join()
    tell("attacked", reports)
    for who, heard in ((f"{chosen.attackers} attackers", said), (f"{chosen.passwords} lines of passwords", posted)):
        answers = ", ".join(f"{status or 'broken off'}: {count}" for status, count in sorted(heard.items()))
        print(f"{who} were answered {sum(heard.values())} times ({answers})")
    faults = sum(count for status, count in (said + posted).items() if status >= 500 and status != 503)
    print(f"answers of 5xx but 503: {faults}")


def tell(when: str, reports: list[tuple[float, int]]) -> None:
    seconds = sorted(took for took, _ in reports)
    kept = sum(status == 303 for _, status in reports)
    worst = seconds[min(len(seconds) - 1, int(len(seconds) * 0.99))]
    figures = {"median": statistics.median(seconds), "99 %": worst, "worst": seconds[-1]}
    shown = ", ".join(f"{name} {took * 1000:.0f} ms" for name, took in figures.items())
    print(f"{when}: {kept} of {len(reports)} honest taps kept; {shown}")


if __name__ == "__main__":
    main()
