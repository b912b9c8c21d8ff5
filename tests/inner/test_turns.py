"""Turns at a store that is one file: what a deed has written is on the disk before its answer, many deeds to a sync."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from flask import Flask

from tests.together import raised, together
from tests.world import World, new_reference
from wristband import turns
from wristband.services import reporting


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The size of the file at each sync that has ended: so much of it is on the disk."""
    sizes: list[int] = []
    sync = os.fdatasync

    def noted(handle: int) -> None:
        size = os.fstat(handle).st_size
        sync(handle)
        sizes.append(size)

    monkeypatch.setattr(os, "fdatasync", noted)
    return sizes


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_report_is_on_the_disk_before_its_answer(world: World, tmp_path: Path, synced: list[int]) -> None:
    reporting.report(new_reference(), world.her.serial, language="zh-CN", low_trust=False, now=world.now)
    assert synced[-1:] == [(tmp_path / "wristband.db-wal").stat().st_size]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_report_whose_sync_fails_is_not_answered(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(handle: int) -> None:
        raise OSError("no such disk")

    monkeypatch.setattr(os, "fdatasync", broken)
    with pytest.raises(OSError, match="no such disk"):
        reporting.report(new_reference(), world.her.serial, language="zh-CN", low_trust=False, now=world.now)


def test_those_who_wait_while_another_syncs_share_the_next_one(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, begun, go_on, syncs = tmp_path / "log", threading.Event(), threading.Event(), []
    log.write_bytes(b"one")

    def slow(handle: int) -> None:
        syncs.append(os.fstat(handle).st_size)
        begun.set()
        go_on.wait(10)

    monkeypatch.setattr(os, "fdatasync", slow)
    first = threading.Thread(target=turns.wait_for_disk, args=(str(log),))
    first.start()
    assert begun.wait(10)
    log.write_bytes(b"one and more")
    waiting = threading.Thread(target=lambda: answers.extend(together(app, [wait] * 6)))
    answers: list[object] = []

    def wait() -> None:
        arrived.release()
        turns.wait_for_disk(str(log))

    arrived = threading.Semaphore(0)
    waiting.start()
    assert all(arrived.acquire(timeout=10) for _ in range(6))
    assert syncs == [3]  # nobody was let go by a sync that had begun before
    go_on.set()
    first.join(10)
    waiting.join(10)
    assert raised(answers) == []
    assert set(syncs[1:]) == {12}
    assert len(syncs) < 7  # not one each


def test_a_log_that_was_brought_home_and_removed_needs_no_sync(tmp_path: Path, synced: list[int]) -> None:
    turns.wait_for_disk(str(tmp_path / "gone"))
    assert synced == []
