"""From commit to the desk's screen: 200 desks listen to one server while officers write; how long until each has it.

One gunicorn process with a thread for each stream. The time runs from the end of the deed, which is its commit, to the
moment when a desk of that station has heard `changed`, and with --fetch has its new list too, as a browser would.
"""

from __future__ import annotations

import argparse
import http.client
import os
import random
import re
import secrets
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from flask import Flask

    from wristband.accounts.rules import OfficerAccount

Thing = TypeVar("Thing")
WITHIN_S = 10.0
PASSWORD = secrets.token_urlsafe(16)


@dataclass
class Desk:
    """One listening screen: its cookie, and when it had what was new, in monotonic seconds."""

    station: int
    cookie: str
    heard: list[float] = field(default_factory=list)
    open: bool = False


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--desks", type=int, default=200)
    words.add_argument("--stations", type=int, default=20, help="over which the desks are spread")
    words.add_argument("--rate", type=float, default=5, help="commits a second")
    words.add_argument("--seconds", type=float, default=30)
    words.add_argument("--fetch", action="store_true", help="each desk also asks for its new list")
    words.add_argument("--database", default="", help="a PostgreSQL URL; SQLite without")
    chosen = words.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        port = _free_port()
        os.environ["WRISTBAND_DATA_DIR"] = folder
        os.environ["WRISTBAND_BASE_URL"] = f"http://127.0.0.1:{port}"
        os.environ["WRISTBAND_STREAM_LIMIT"] = str(chosen.desks + 8)
        if chosen.database:
            os.environ["WRISTBAND_DATABASE_URL"] = chosen.database
        wristband = str(Path(sys.executable).parent / "wristband")
        subprocess.run([wristband, "setup"], check=True, capture_output=True)
        server = _serve(port, chosen.desks + 24)
        try:
            _measure(port, chosen)
        finally:
            os.killpg(server.pid, signal.SIGKILL)  # its open streams would be waited for
            server.wait(30)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _serve(port: int, threads: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "gunicorn", "-k", "gthread", "-w", "1", "--threads", str(threads)]
    command += ["-b", f"127.0.0.1:{port}", "--log-level", "error", "--timeout", "120", "wsgi:app"]
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True)
    latest = time.monotonic() + 60
    while time.monotonic() < latest:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return server
        time.sleep(0.1)
    raise SystemExit("the server did not start")


def _measure(port: int, chosen: argparse.Namespace) -> None:
    from wristband import create_app
    from wristband.config import load
    from wristband.db import db

    app = create_app(load())
    with app.app_context():
        officers = [_officer(number, number % chosen.stations) for number in range(chosen.desks)]
        incidents = {officer.station_id: _incident(officer) for officer in officers[: chosen.stations]}
        # In a thread, which has no context yet: forms of one context would share their token.
        with ThreadPoolExecutor(1) as pool:
            cookies = list(pool.map(_cookie, [app] * chosen.desks, range(chosen.desks)))
        desks = [Desk(officer.station_id, cookie) for officer, cookie in zip(officers, cookies, strict=True)]
        for desk in desks:
            threading.Thread(target=_listen, args=(port, desk, chosen.fetch), daemon=True).start()
        latest = time.monotonic() + 60
        while not all(desk.open for desk in desks):
            if time.monotonic() > latest:
                raise SystemExit(f"only {sum(desk.open for desk in desks)} streams are open")
            time.sleep(0.1)
        time.sleep(3)
        committed = _write(officers[: chosen.stations], incidents, chosen)
        time.sleep(WITHIN_S / 2)
        engine = db.engine.dialect.name
        db.session.remove()
    _say(committed, desks, chosen, engine)


def _officer(number: int, place: int) -> OfficerAccount:
    """An officer of a station; the station is made with its first."""
    import argon2

    from wristband import clock
    from wristband.accounts.queries import find_officer_account
    from wristband.accounts.rules import Role
    from wristband.db import db, transaction
    from wristband.services import staffing
    from wristband.stations.models import Station
    from wristband.stations.queries import find_station_by_name

    now, name = clock.now(), f"第{place}所"
    if find_station_by_name(name) is None:
        with transaction():
            where = {"latitude": 24 + place / 100, "longitude": 118.0}
            db.session.add(Station(source="bench", source_id=name, name=name, imported_at=now, **where))
    station = _there(find_station_by_name(name))
    cheap = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    officer_id = staffing.add_officer(
        f"desk{number}", name="desk", password_hash=cheap, role=Role.OFFICER, station_id=station.id, now=now
    )
    return _there(find_officer_account(officer_id))


def _there(found: Thing | None) -> Thing:
    if found is None:
        raise SystemExit("the store does not keep what was put into it")
    return found


def _incident(officer: OfficerAccount) -> int:
    from wristband import clock
    from wristband.services import taking_calls
    from wristband.services.taking_calls import Call

    call = Call(None, "示例路口", "", None)
    return taking_calls.take_call(secrets.token_urlsafe(16), call, officer=officer, now=clock.now()).incident_id


def _cookie(app: Flask, number: int) -> str:
    """Signed in at the police door, from an address of its own: no budget is meant to be measured."""
    client, address = app.test_client(), {"REMOTE_ADDR": f"10.{number // 250}.{number % 250}.1"}
    page = client.get("/police/sign-in", environ_base=address).get_data(as_text=True)
    token = _there(re.search(r'name="csrf_token" value="([^"]*)"', page))
    form = {"csrf_token": token[1], "username": f"desk{number}", "password": PASSWORD}
    answer = client.post("/police/sign-in", data=form, environ_base=address)
    if answer.status_code != 303:
        raise SystemExit(f"nobody signs in: {answer.status}")
    return answer.headers["Set-Cookie"].partition(";")[0]


def _listen(port: int, desk: Desk, fetch: bool) -> None:
    """A stream, opened again when it ends, as a browser does."""
    while True:
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        line.request("GET", "/police/changes", headers={"Cookie": desk.cookie})
        answer = line.getresponse()
        if answer.status != 200:
            time.sleep(1)
            continue
        while text := answer.readline():
            if text.startswith(b"event: changed"):
                desk.open = True
                if fetch:
                    _fetch(port, desk)
                desk.heard.append(time.monotonic())


def _fetch(port: int, desk: Desk) -> None:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    line.request("GET", "/police", headers={"Cookie": desk.cookie, "X-Part": "desk"})
    answer = line.getresponse()
    answer.read()
    line.close()
    if answer.status != 200:
        raise SystemExit(f"the desk has no list: {answer.status}")


def _write(
    officers: list[OfficerAccount], incidents: dict[int, int], chosen: argparse.Namespace
) -> list[tuple[int, float]]:
    """Notes at a steady rate at stations by chance: each with the moment at which it was committed."""
    from wristband import clock
    from wristband.services import handling

    chance, began, committed = random.Random(110), time.monotonic(), []  # noqa: S311  which station writes
    for number in range(int(chosen.rate * chosen.seconds)):
        time.sleep(max(0.0, began + number / chosen.rate - time.monotonic()))
        officer = chance.choice(officers)
        key = secrets.token_urlsafe(16)
        handling.note(incidents[officer.station_id], key, "已联系", officer=officer, now=clock.now())
        committed.append((officer.station_id, time.monotonic()))
    return committed


def _say(committed: list[tuple[int, float]], desks: list[Desk], chosen: argparse.Namespace, engine: str) -> None:
    delays, missed = [], 0
    for station, at in committed:
        for desk in (desk for desk in desks if desk.station == station):
            after = next((heard for heard in desk.heard if heard >= at), None)
            if after is None or after - at > WITHIN_S:
                missed += 1
            else:
                delays.append((after - at) * 1000)
    cuts = statistics.quantiles(delays, n=100)
    until = "list on the screen" if chosen.fetch else "event at the desk"
    print(f"{engine}, {chosen.desks} desks of {chosen.stations} stations, {chosen.rate:g} commits a second")
    print(f"commit to {until}: p50 {cuts[49]:.0f} ms  p99 {cuts[98]:.0f} ms  max {max(delays):.0f} ms")
    print(f"{len(delays)} arrivals, {missed} missed")


if __name__ == "__main__":
    main()
