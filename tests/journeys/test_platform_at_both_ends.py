"""The police platform as the other side sees it: scripts/reference_platform.py in a process of its own."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.serving import make_server

from tests.server import ROOT, free_port
from tests.services.platforms import KEY, events, incident, owed, report, with_platform
from tests.world import World
from wristband import clock
from wristband.config import Settings
from wristband.db import db, transaction
from wristband.incidents import platform_queries, queries
from wristband.incidents.platform_queries import Reached
from wristband.incidents.rules import Disposition, IncidentState
from wristband.outbox.models import Message
from wristband.outbox.rules import Channel, MessageState
from wristband.services import handling
from wristband.services.delivering import Worker

SCRIPT = ROOT / "scripts" / "reference_platform.py"


@dataclass
class Platform:
    """The reference platform: where it listens, what it kept, and its own terminal."""

    port: int
    store: Path
    key_file: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/events"

    @contextlib.contextmanager
    def running(self, back: str = "") -> Iterator[None]:
        """Up while this lasts; started again it remembers what it took."""
        command = [*self._command(back), "serve", "--port", str(self.port), "--store", str(self.store)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            assert process.stdout.readline().strip() == self.url
            try:
                yield
            finally:
                process.send_signal(signal.SIGTERM)
                ended = process.wait(20)
            assert ended == 0

    def say(self, back: str, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*self._command(back), *words], capture_output=True, text=True, check=False)

    def kept(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.store.read_text(encoding="utf-8").splitlines()]

    def _command(self, back: str) -> list[str]:
        return [sys.executable, str(SCRIPT), "--key-file", str(self.key_file), "--back", back]


@pytest.fixture
def doors() -> tuple[str, ...]:
    return ("platform",)


@pytest.fixture
def platform(tmp_path: Path) -> Platform:
    return Platform(free_port(), tmp_path / "platform.jsonl", tmp_path / "police.key")


@pytest.fixture
def settings(settings: Settings, tmp_path: Path, platform: Platform) -> Settings:
    made = with_platform(settings, tmp_path, platform.url)
    assert platform.key_file.read_bytes() == KEY
    return made


@pytest.fixture
def back(app: Flask) -> Iterator[str]:
    """The service's own address, at which the platform tells things."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def deliver(app: Flask) -> Callable[[], int]:
    """A worker's round, with the gateways of the application."""
    return lambda: Worker(app.extensions["gateways"], lease_s=60).drain().delivered


def standing(number: str) -> platform_queries.Standing:
    found = platform_queries.standing(incident(number).id)
    assert found is not None
    return found


def make_due() -> None:
    """As if the time of the next try had come."""
    with transaction():
        waiting = sa.update(Message).where(Message.state == MessageState.PENDING)
        db.session.execute(waiting.values(due_at=clock.now()))


def forget_settlement() -> None:
    """As if the worker had died after the platform took it, and its lease had run out."""
    with transaction():
        taken = sa.update(Message).where(Message.channel == Channel.PLATFORM)
        db.session.execute(taken.values(state=MessageState.PENDING, settled_at=None, due_at=clock.now()))


def eventually(is_so: Callable[[], bool]) -> bool:
    """Whether what another process brings about comes to be."""
    latest = time.monotonic() + 20
    while not is_so() and time.monotonic() < latest:
        time.sleep(0.02)
    return is_so()


def numbers(platform: Platform) -> list[tuple[str, int]]:
    return [(one["event"]["incident"]["number"], one["event"]["event"]["number"]) for one in platform.kept()]


def test_an_incident_lives_at_both_ends(
    world: World, platform: Platform, back: str, deliver: Callable[[], int]
) -> None:
    with platform.running(back):
        number = report(world, clock.now()).number
        there = incident(number).id
        deliver()
        # The receipt came by itself, with the platform's own number.
        assert numbers(platform) == [(number, 1)]
        assert eventually(lambda: standing(number).case_number == "P000001")
        [event] = events()
        assert platform.say(back, "receipt", "--event", event["event"]["id"], "--state", "seen").returncode == 0
        assert standing(number).seen_at is not None
        assert platform.say(back, "tell", "--incident", number, "--state", "accepted").returncode == 0
        handling.move(there, IncidentState.DISPATCHED, officer=world.officer, now=clock.now())
        late = platform.say(back, "tell", "--incident", number, "--state", "dispatched")
        assert late.returncode == 1
        assert re.match(r"409 .*platform\.does_not_fit", late.stdout)
        end = ("--state", "closed", "--disposition", "with_family", "--words", "老人已接回")
        assert platform.say(back, "tell", "--incident", number, *end).returncode == 0
        deliver()
    assert incident(number).disposition is Disposition.WITH_FAMILY
    assert queries.list_moves(there)[-1].words == "老人已接回"
    assert [one["event"]["event"]["kind"] for one in platform.kept()] == ["opened", "moved", "moved", "closed"]
    assert numbers(platform) == [(number, turn) for turn in (1, 2, 3, 4)]
    assert all(one["in_order"] for one in platform.kept())
    assert standing(number).reached is Reached.HANDED_OVER


def test_while_it_is_down_everything_waits_and_comes_once_and_in_order(
    world: World, platform: Platform, deliver: Callable[[], int]
) -> None:
    with platform.running():
        one = report(world, clock.now()).number
        deliver()
    began = clock.now()
    other = report(world, began, world.other.serial).number
    for _ in range(3):
        report(world, clock.now())
        deliver()
    assert numbers(platform) == [(one, 1)]
    assert (standing(one).reached, standing(one).code, standing(one).waiting) == (Reached.WAITING, "network", 3)
    assert platform_queries.waiting_since() == began
    make_due()
    with platform.running():
        deliver()
    assert [turn for number, turn in numbers(platform) if number == one] == [1, 2, 3, 4]
    assert [turn for number, turn in numbers(platform) if number == other] == [1]
    assert all(kept["in_order"] for kept in platform.kept())
    assert {message.state for message in owed()} == {MessageState.DELIVERED}


def test_an_answer_that_was_lost_is_told_again_and_kept_once(
    world: World, platform: Platform, deliver: Callable[[], int]
) -> None:
    with platform.running():
        report(world, clock.now())
        deliver()
    forget_settlement()
    with platform.running():  # started anew, it knows what it took
        deliver()
    assert len(platform.kept()) == 1
    assert owed()[0].state is MessageState.DELIVERED


def test_a_stranger_with_another_key_is_neither_heard_nor_told(
    world: World, platform: Platform, back: str, deliver: Callable[[], int]
) -> None:
    with platform.running():
        number = report(world, clock.now()).number
        platform.key_file.write_bytes(KEY[::-1])
        answer = platform.say(back, "tell", "--incident", number, "--state", "accepted")
    assert re.match(r"401 .*wrong_signature", answer.stdout)
    with platform.running():  # now it has the stranger's key
        deliver()
    assert not platform.store.exists()
    assert owed()[0].state is MessageState.PENDING
