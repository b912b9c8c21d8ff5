"""Two hundred guesses at once, over four processes: no more are evaluated than the budget holds, and one wins."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import datetime
from functools import cache

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.services.finders import FINDER_PHONE, grants, met, next_day, wrong_check
from tests.services.test_verifying import ask
from tests.world import World
from wristband import create_app
from wristband.bands.models import Band
from wristband.config import Settings
from wristband.db import db
from wristband.errors import Refusal
from wristband.house import house
from wristband.scans.models import Challenge
from wristband.scans.rules import CODE_TRIES, ChallengePurpose
from wristband.services import verifying
from wristband.values.code import CheckCode
from wristband.values.phone import Phone

PROCESSES, THREADS = 4, 50


def guess(settings: str, deed: str, reference: str, word: str, at: str) -> list[str]:
    """What fifty threads of one process were answered: `won`, or the refusal's code."""
    app = application(settings)
    now = datetime.fromisoformat(at)

    def one(_number: int) -> str:
        with app.app_context():
            try:
                if deed == "code":
                    verifying.enter_code(reference, Phone(FINDER_PHONE), word, now=now)
                else:
                    verifying.enter_check_code(reference, CheckCode.parse(word), now=now)
            except Refusal as refusal:
                return refusal.code
            return "won"

    with ThreadPoolExecutor(THREADS) as pool:
        said = list(pool.map(one, range(THREADS)))
    with app.app_context():
        db.engine.dispose()
    return said


@cache
def application(settings: str) -> Flask:
    """One a process: to start it takes longer than two hundred guesses."""
    return create_app(Settings(**json.loads(settings)))


@pytest.fixture(scope="module")
def processes() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(PROCESSES, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool


def guesses(processes: ProcessPoolExecutor, deed: str, reference: str, word: str, now: datetime) -> list[str]:
    """The answers to two hundred at once."""
    settings = house().settings.model_dump_json(include={"data_dir", "keys_dir", "database_url"})
    db.session.rollback()
    asked = [processes.submit(guess, settings, deed, reference, word, now.isoformat()) for _ in range(PROCESSES)]
    return [said for answers in asked for said in answers.result()]


@pytest.fixture
def now(world: World) -> datetime:
    return next_day(world)


def tries(reference: str) -> int:
    db.session.rollback()
    return db.session.scalar(sa.select(Challenge.tries).where(Challenge.purpose == ChallengePurpose.FINDER)) or 0


def test_of_two_hundred_right_codes_at_once_one_wins(
    world: World, processes: ProcessPoolExecutor, now: datetime
) -> None:
    reference = met(world, now)
    said = guesses(processes, "code", reference, ask(reference, now), now)
    assert len(said) == PROCESSES * THREADS
    assert said.count("won") == 1
    assert tries(reference) <= CODE_TRIES
    assert len(grants()) == 1


def test_of_two_hundred_wrong_codes_at_once_five_are_evaluated_and_none_wins(
    world: World, processes: ProcessPoolExecutor, now: datetime
) -> None:
    reference = met(world, now)
    right = ask(reference, now)
    said = guesses(processes, "code", reference, f"{(int(right) + 1) % 1_000_000:06d}", now)
    assert "won" not in said
    assert tries(reference) == CODE_TRIES
    assert grants() == []


def test_of_two_hundred_wrong_check_codes_at_once_three_are_evaluated(
    world: World, processes: ProcessPoolExecutor, now: datetime
) -> None:
    reference, wrong = met(world, now), wrong_check(world)
    said = guesses(processes, "check", reference, wrong.digits, now)
    assert said.count("scans.check_refused") == 3
    assert set(said) <= {"scans.check_refused", "bands.tries_spent", "scans.busy"}
    db.session.rollback()
    assert db.session.get_one(Band, world.her.band_id).check_tries == 3
    assert grants() == []
